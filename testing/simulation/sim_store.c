/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Peers of a simulated host, in memory: lines with the keys of swanctl.conf, compiled by libcore's
 * parsers and builder. The real store is tested by itself (testing/unit/store_sqlite). */
#include "simulation/sim_store.h"

#include <cygnet/peer_build.h>

#include <stdlib.h>

/* ---- lines ---- */

static struct cyg_span trim(struct cyg_span s)
{
    while (s.len > 0 && (s.data[0] == ' ' || s.data[0] == '\t')) {
        s = cyg_span_after(s, 1);
    }
    while (s.len > 0 && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t')) {
        s.len--;
    }
    return s;
}

/* Cut off what stands before a separator (all, if there is none); *rest is what follows it. */
static struct cyg_span cut(struct cyg_span *rest, char separator)
{
    const uint8_t *at = rest->len > 0 ? memchr(rest->data, separator, rest->len) : NULL;
    struct cyg_span part = *rest;
    part.len = at != NULL ? (size_t)(at - rest->data) : rest->len;
    *rest = cyg_span_after(*rest, part.len + 1);
    return trim(part);
}

static bool put_text(char *out, size_t size, struct cyg_span text)
{
    if (text.len >= size) {
        return false;
    }
    if (text.len > 0) {
        memcpy(out, text.data, text.len);
    }
    out[text.len] = '\0';
    return true;
}

static struct sim_entry *entry_of(struct sim_store *store, const char *name)
{
    for (size_t i = 0; i < store->n_entries; i++) {
        if (strcmp(store->entries[i].name, name) == 0) {
            return &store->entries[i];
        }
    }
    if (store->n_entries == SIM_STORE_PEERS) {
        cyg_unreachable();
    }
    struct sim_entry *entry = &store->entries[store->n_entries++];
    (void)snprintf(entry->name, sizeof(entry->name), "%s", name);
    entry->id = (int64_t)store->n_entries;
    return entry;
}

static void row_set(struct sim_store *store, const struct sim_row *row)
{
    for (size_t i = 0; i < store->n_rows; i++) {
        struct sim_row *old = &store->rows[i];
        if (strcmp(old->peer, row->peer) == 0 && strcmp(old->child, row->child) == 0
            && strcmp(old->key, row->key) == 0) {
            *old = *row;
            return;
        }
    }
    SIM_GROW(store->rows, store->n_rows, store->room_rows);
    store->rows[store->n_rows++] = *row;
}

static void rows_delete(struct sim_store *store, const char *peer, const char *child)
{
    size_t kept = 0;
    for (size_t i = 0; i < store->n_rows; i++) {
        const struct sim_row *row = &store->rows[i];
        bool goes =
            strcmp(row->peer, peer) == 0 && (child[0] == '\0' || strcmp(row->child, child) == 0);
        if (!goes) {
            store->rows[kept++] = *row;
        }
    }
    store->n_rows = kept;
}

/* "delete PEER[.CHILD]", "PEER.KEY = VALUE", "PEER.CHILD.KEY = VALUE". */
static bool line_apply(struct sim_store *store, struct cyg_span line)
{
    struct sim_row row = { .peer = "" };
    struct cyg_span value = line;
    struct cyg_span name = cut(&value, '=');
    value = trim(value);
    bool deletes = name.len > 7 && memcmp(name.data, "delete ", 7) == 0;
    name = deletes ? trim(cyg_span_after(name, 7)) : name;
    struct cyg_span peer = cut(&name, '.');
    struct cyg_span second = cut(&name, '.');
    bool has_child = name.len > 0 || deletes;
    bool fits =
        put_text(row.peer, sizeof(row.peer), peer)
        && put_text(row.child, sizeof(row.child), has_child ? second : (struct cyg_span){ NULL, 0 })
        && put_text(row.key, sizeof(row.key), has_child ? name : second)
        && put_text(row.value, sizeof(row.value), value);
    if (!fits || row.peer[0] == '\0' || (!deletes && row.key[0] == '\0')) {
        return false;
    }
    if (deletes) {
        rows_delete(store, row.peer, row.child);
    } else {
        row_set(store, &row);
    }
    entry_of(store, row.peer)->touched = true;
    return true;
}

static bool has_rows(const struct sim_store *store, const char *peer)
{
    for (size_t i = 0; i < store->n_rows; i++) {
        if (strcmp(store->rows[i].peer, peer) == 0) {
            return true;
        }
    }
    return false;
}

void sim_peers(struct sim_host *h, const char *lines)
{
    struct sim_store *store = h->store;
    struct cyg_span rest = cyg_span_str(lines);
    bool changed[SIM_STORE_PEERS] = { false };
    bool before[SIM_STORE_PEERS];
    for (size_t i = 0; i < SIM_STORE_PEERS; i++) {
        before[i] = store->entries[i].touched;
        store->entries[i].touched = false;
    }
    while (rest.len > 0) {
        struct cyg_span line = cut(&rest, '\n');
        if (line.len > 0 && !line_apply(store, line)) {
            SIM_BROKEN(h->sim, "%s: not a line about a peer: %.*s", h->name, (int)line.len,
                       (const char *)line.data);
            return;
        }
    }
    for (size_t i = 0; i < store->n_entries; i++) {
        struct sim_entry *entry = &store->entries[i];
        changed[i] = entry->touched;
        entry->touched |= before[i];
        if (changed[i]) {
            cyg_peer_release(entry->peer);
            entry->peer = has_rows(store, entry->name) ? sim_store_compile(store, entry) : NULL;
        }
    }
    store->generation++;
}

void sim_peersf(struct sim_host *h, const char *format, ...)
{
    char lines[4096];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(lines, sizeof(lines), format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof(lines)) {
        cyg_unreachable();
    }
    sim_peers(h, lines);
}

static void tunnel_side(struct sim_host *a, struct sim_host *b)
{
    char local[CYG_ADDRESS_TEXT], remote[CYG_ADDRESS_TEXT];
    sim_peersf(a,
               "%s.local_addrs = %s\n"
               "%s.remote_addrs = %s\n"
               "%s.proposals = aes256-sha256-modp2048\n"
               "%s.secret = " SIM_SECRET "\n"
               "%s.net.esp_proposals = aes128-sha256\n"
               "%s.net.local_ts = 10.%zu.0.0/16\n"
               "%s.net.remote_ts = 10.%zu.0.0/16\n",
               b->name, cyg_address_format(&a->addresses[0], local, sizeof(local)), b->name,
               cyg_address_format(&b->addresses[0], remote, sizeof(remote)), b->name, b->name,
               b->name, b->name, a->index + 1, b->name, b->index + 1);
}

void sim_tunnel(struct sim_host *a, struct sim_host *b)
{
    tunnel_side(a, b);
    tunnel_side(b, a);
}

void sim_store_failing(struct sim_host *h, unsigned permille)
{
    h->store->failing_permille = permille;
}

struct sim_store *sim_store_new(struct sim_host *h)
{
    struct sim_store *store = sim_alloc(sizeof(*store));
    store->host = h;
    store->random = pcg_of(h->sim->seed, SIM_STREAM_HOST + 4 * h->index + 3);
    return store;
}

void sim_store_free(struct sim_store *store)
{
    for (size_t i = 0; i < store->n_entries; i++) {
        cyg_peer_release(store->entries[i].peer);
        cyg_wipe(&store->entries[i].secret, sizeof(store->entries[i].secret));
    }
    sim_release(store->rows);
    sim_release(store);
}
