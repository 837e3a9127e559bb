/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One peer of a simulated host out of its lines: a table of keys, as swanctl.conf has them. */
#include "simulation/sim_store.h"

#include <cygnet/peer_build.h>

#include <stdlib.h>

/* What the lines are collected in. */
struct making {
    struct sim_store *store;
    struct sim_entry *entry;
    struct cyg_peer_build *build;
    struct cyg_peer *peer;        /* plain fields */
    struct cyg_peer_child *child; /* of the child that is being made; NULL: the peer itself */
};

static bool number(struct cyg_span text, uint64_t *ret)
{
    *ret = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        *ret = *ret * 10 + (uint64_t)(text.data[i] - '0');
    }
    return text.len > 0;
}

static bool is_word(struct cyg_span text, const char *word)
{
    return cyg_span_equal(text, cyg_span_str(word));
}

/* The place of a word in a NULL-ended list. */
static bool one_of(struct cyg_span text, const char *const *words, uint8_t *ret)
{
    for (uint8_t i = 0; words[i] != NULL; i++) {
        if (is_word(text, words[i])) {
            *ret = i;
            return true;
        }
    }
    return false;
}

/* ---- lists: one item of a value ---- */

static bool add_local(struct making *m, struct cyg_span text)
{
    struct cyg_prefix prefix;
    if (cyg_prefix_parse(text, &prefix, NULL) != CYG_OK) {
        return false;
    }
    cyg_peer_build_local_addr(m->build, &prefix);
    return true;
}

static bool add_remote(struct making *m, struct cyg_span text)
{
    struct cyg_prefix prefix;
    if (cyg_prefix_parse(text, &prefix, NULL) != CYG_OK) {
        return false;
    }
    cyg_peer_build_remote_addr(m->build, &prefix);
    if (!cyg_address_is_any(&prefix.address)
        && prefix.bits == cyg_address_len(&prefix.address) * 8) {
        cyg_peer_build_initiate_to(m->build, &prefix.address);
    }
    return true;
}

static bool add_proposal(struct making *m, struct cyg_span text)
{
    struct cyg_proposal proposal;
    if (cyg_proposal_parse(CYG_PROPOSAL_IKE, text, &proposal, NULL) != CYG_OK) {
        return false;
    }
    cyg_peer_build_proposal(m->build, &proposal);
    return true;
}

static bool add_esp(struct making *m, struct cyg_span text)
{
    struct cyg_proposal proposal;
    if (cyg_proposal_parse(CYG_PROPOSAL_ESP, text, &proposal, NULL) != CYG_OK) {
        return false;
    }
    cyg_peer_build_child_proposal(m->build, &proposal);
    return true;
}

static bool add_selector(struct making *m, struct cyg_span text,
                         void (*add)(struct cyg_peer_build *build, const struct cyg_selector *s))
{
    struct cyg_selector selector;
    if (cyg_selector_parse(text, &selector, NULL) != CYG_OK) {
        return false;
    }
    add(m->build, &selector);
    return true;
}

static bool add_local_ts(struct making *m, struct cyg_span text)
{
    return add_selector(m, text, cyg_peer_build_local_ts);
}

static bool add_remote_ts(struct making *m, struct cyg_span text)
{
    return add_selector(m, text, cyg_peer_build_remote_ts);
}

/* ---- single values ---- */

static bool set_local_id(struct making *m, struct cyg_span text)
{
    return cyg_identity_parse(text, &m->peer->local_id, NULL) == CYG_OK;
}

static bool set_remote_id(struct making *m, struct cyg_span text)
{
    return cyg_identity_parse(text, &m->peer->remote_id, NULL) == CYG_OK;
}

static bool set_secret(struct making *m, struct cyg_span text)
{
    struct cyg_peer_secret *secret = &m->entry->secret;
    if (text.len == 0 || text.len > CYG_PSK_MAX) {
        return false;
    }
    memcpy(secret->data, text.data, text.len);
    secret->len = (uint16_t)text.len;
    m->entry->has_secret = true;
    cyg_peer_build_mix(m->build, text);
    return true;
}

static bool set_unique(struct making *m, struct cyg_span text)
{
    static const char *const words[] = { "replace", "no", "keep", "never", NULL };
    return one_of(text, words, &m->peer->unique);
}

static bool set_nat_vids(struct making *m, struct cyg_span text)
{
    static const char *const words[] = { "both", "rfc", "drafts", "none", NULL };
    return one_of(text, words, &m->peer->nat_vids);
}

static bool set_mode(struct making *m, struct cyg_span text)
{
    static const char *const words[] = { "", "tunnel", "transport", NULL };
    return one_of(text, words, &m->child->mode) && m->child->mode != 0;
}

static bool set_start(struct making *m, struct cyg_span text)
{
    static const char *const words[] = { "none", "trap", "start", NULL };
    return one_of(text, words, &m->child->start_action);
}

/* ---- the tables ---- */

enum form {
    FORM_LIST,
    FORM_VALUE,
    FORM_YES_NO,
    FORM_U16,
    FORM_U32,
    FORM_U64,
};

struct key {
    const char *name;
    enum form form;
    bool (*set)(struct making *m, struct cyg_span text); /* LIST, VALUE */
    size_t offset;                                       /* the others: in the plain fields */
};

/* clang-format off */
static const struct key peer_keys[] = {
    { "local_addrs",  FORM_LIST,   add_local, 0 },
    { "remote_addrs", FORM_LIST,   add_remote, 0 },
    { "proposals",    FORM_LIST,   add_proposal, 0 },
    { "local_id",     FORM_VALUE,  set_local_id, 0 },
    { "remote_id",    FORM_VALUE,  set_remote_id, 0 },
    { "secret",       FORM_VALUE,  set_secret, 0 },
    { "unique",       FORM_VALUE,  set_unique, 0 },
    { "nat_vids",     FORM_VALUE,  set_nat_vids, 0 },
    { "local_port",   FORM_U16,    NULL, offsetof(struct cyg_peer, local_port) },
    { "remote_port",  FORM_U16,    NULL, offsetof(struct cyg_peer, remote_port) },
    { "aggressive",   FORM_YES_NO, NULL, offsetof(struct cyg_peer, aggressive) },
    { "prefer_own",   FORM_YES_NO, NULL, offsetof(struct cyg_peer, prefer_own) },
    { "encap",        FORM_YES_NO, NULL, offsetof(struct cyg_peer, encap) },
    { "keyingtries",  FORM_U32,    NULL, offsetof(struct cyg_peer, keyingtries) },
    { "rekey_time",   FORM_U32,    NULL, offsetof(struct cyg_peer, rekey_time_s) },
    { "reauth_time",  FORM_U32,    NULL, offsetof(struct cyg_peer, reauth_time_s) },
    { "over_time",    FORM_U32,    NULL, offsetof(struct cyg_peer, over_time_s) },
    { "rand_time",    FORM_U32,    NULL, offsetof(struct cyg_peer, rand_time_s) },
    { "lifetime",     FORM_U32,    NULL, offsetof(struct cyg_peer, lifetime_s) },
    { "dpd_delay",    FORM_U32,    NULL, offsetof(struct cyg_peer, dpd_delay_s) },
    { "dpd_timeout",  FORM_U32,    NULL, offsetof(struct cyg_peer, dpd_timeout_s) },
};

static const struct key child_keys[] = {
    { "esp_proposals", FORM_LIST,   add_esp, 0 },
    { "local_ts",      FORM_LIST,   add_local_ts, 0 },
    { "remote_ts",     FORM_LIST,   add_remote_ts, 0 },
    { "mode",          FORM_VALUE,  set_mode, 0 },
    { "start_action",  FORM_VALUE,  set_start, 0 },
    { "sha256_96",     FORM_YES_NO, NULL, offsetof(struct cyg_peer_child, sha256_96) },
    { "prefer_own",    FORM_YES_NO, NULL, offsetof(struct cyg_peer_child, prefer_own) },
    { "rekey_time",    FORM_U32,    NULL, offsetof(struct cyg_peer_child, rekey_time_s) },
    { "life_time",     FORM_U32,    NULL, offsetof(struct cyg_peer_child, life_time_s) },
    { "rand_time",     FORM_U32,    NULL, offsetof(struct cyg_peer_child, rand_time_s) },
    { "replay_window", FORM_U32,    NULL, offsetof(struct cyg_peer_child, replay_window) },
    { "rekey_bytes",   FORM_U64,    NULL, offsetof(struct cyg_peer_child, rekey_bytes) },
    { "life_bytes",    FORM_U64,    NULL, offsetof(struct cyg_peer_child, life_bytes) },
};
/* clang-format on */

static bool set_number(char *field, enum form form, struct cyg_span text)
{
    uint64_t n;
    bool fits = number(text, &n);
    uint16_t n16 = (uint16_t)n;
    uint32_t n32 = (uint32_t)n;
    if (form == FORM_U16) {
        memcpy(field, &n16, sizeof(n16));
        return fits && n == n16;
    }
    if (form == FORM_U32) {
        memcpy(field, &n32, sizeof(n32));
        return fits && n == n32;
    }
    memcpy(field, &n, sizeof(n));
    return fits;
}

static bool key_apply(struct making *m, const struct key *key, const char *value)
{
    struct cyg_span rest = cyg_span_str(value);
    char *fields = m->child != NULL ? (char *)m->child : (char *)m->peer;
    switch (key->form) {
    case FORM_LIST:
        while (rest.len > 0) {
            const uint8_t *comma = memchr(rest.data, ',', rest.len);
            size_t len = comma != NULL ? (size_t)(comma - rest.data) : rest.len;
            struct cyg_span item = cyg_span_first(rest, len);
            while (item.len > 0 && item.data[0] == ' ') {
                item = cyg_span_after(item, 1);
            }
            if (!key->set(m, item)) {
                return false;
            }
            rest = cyg_span_after(rest, len + 1);
        }
        return true;
    case FORM_VALUE:
        return key->set(m, rest);
    case FORM_YES_NO:
        *(bool *)(void *)(fields + key->offset) = is_word(rest, "yes");
        return is_word(rest, "yes") || is_word(rest, "no");
    case FORM_U16:
    case FORM_U32:
    case FORM_U64:
        return set_number(fields + key->offset, key->form, rest);
    }
    return false;
}

static bool row_apply(struct making *m, const struct sim_row *row)
{
    const struct key *keys = m->child != NULL ? child_keys : peer_keys;
    size_t n = m->child != NULL ? CYG_LEN(child_keys) : CYG_LEN(peer_keys);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(keys[i].name, row->key) == 0 && key_apply(m, &keys[i], row->value)) {
            return true;
        }
    }
    SIM_BROKEN(m->store->host->sim, "%s: not a setting: %s.%s.%s = %s", m->store->host->name,
               row->peer, row->child, row->key, row->value);
    return false;
}

/* All rows of one child, or ("") of the peer itself. */
static bool part_apply(struct making *m, const char *child)
{
    for (size_t i = 0; i < m->store->n_rows; i++) {
        const struct sim_row *row = &m->store->rows[i];
        if (strcmp(row->peer, m->entry->name) == 0 && strcmp(row->child, child) == 0
            && !row_apply(m, row)) {
            return false;
        }
    }
    return true;
}

/* Whether a row is the first one of its child. */
static bool is_new_child(const struct sim_store *store, size_t at)
{
    const struct sim_row *row = &store->rows[at];
    for (size_t i = 0; i < at; i++) {
        if (strcmp(store->rows[i].peer, row->peer) == 0
            && strcmp(store->rows[i].child, row->child) == 0) {
            return false;
        }
    }
    return row->child[0] != '\0';
}

struct cyg_peer *sim_store_compile(struct sim_store *store, struct sim_entry *entry)
{
    CYG_CLEANUP(cyg_peer_build_freep)
    struct cyg_peer_build *build = cyg_peer_build_new(entry->name);
    struct cyg_peer *peer = NULL;
    struct making m = {
        .store = store, .entry = entry, .build = build, .peer = cyg_peer_build_fields(build)
    };
    m.peer->id = entry->id;
    entry->has_secret = false;
    if (!part_apply(&m, "")) {
        return NULL;
    }
    for (size_t i = 0; i < store->n_rows; i++) {
        if (strcmp(store->rows[i].peer, entry->name) == 0 && is_new_child(store, i)) {
            m.child = cyg_peer_build_child(build, store->rows[i].child);
            if (!part_apply(&m, store->rows[i].child)) {
                return NULL;
            }
        }
    }
    struct cyg_error err = { 0 };
    if (cyg_peer_build_finish(build, &peer, &err) != CYG_OK) {
        char text[256];
        SIM_BROKEN(store->host->sim, "%s: %s", entry->name,
                   cyg_error_format(&err, text, sizeof(text)));
        return NULL;
    }
    return peer;
}
