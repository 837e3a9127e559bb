/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading the history: which negotiations, newest first, then their entries in order; and what was
 * dropped without one. */
#include "history_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READ_MAX   1024u
#define READ_BYTES (16u << 20) /* older negotiations are left out of what is longer */
#define READ_DROPS 32u         /* the newest */

/* The newest that fit, newest first. */
struct found {
    int64_t ids[READ_MAX];
    size_t n, max;
};

static const char *column(sqlite3_stmt *s, int at)
{
    const unsigned char *text = sqlite3_column_text(s, at);
    return text != NULL ? (const char *)text : "";
}

static bool is_in(const char *source, const struct cyg_prefix *addresses, size_t n)
{
    struct cyg_address a = { 0 };
    if (cyg_address_parse(cyg_span_str(source), false, &a, NULL) != CYG_OK) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (addresses[i].bits > 0 && cyg_prefix_contains(&addresses[i], &a)) {
            return true;
        }
    }
    return false;
}

/* Walk a statement that gives id, source, peer. addresses: NULL, all do. */
static enum cyg_code walk(struct history *h, sqlite3_stmt *s, const struct cyg_history_query *query,
                          const struct cyg_prefix *addresses, size_t n_addresses,
                          struct found *found, struct cyg_error *err)
{
    int rc = SQLITE_DONE;
    found->n = 0;
    while (found->n < found->max && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        const char *source = column(s, 1);
        if ((query->source[0] == '\0' || strcmp(query->source, source) == 0)
            && (addresses == NULL || is_in(source, addresses, n_addresses))) {
            found->ids[found->n++] = sqlite3_column_int64(s, 0);
        }
    }
    history_reset(s);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? CYG_OK : db_failure(h->db, rc, err);
}

static enum cyg_code walk_peer(struct history *h, const char *peer,
                               const struct cyg_history_query *query,
                               const struct cyg_prefix *addresses, size_t n_addresses,
                               struct found *found, struct cyg_error *err)
{
    sqlite3_stmt *s = history_start(h, H_NEWEST_OF_PEER);
    sqlite3_bind_text(s, 1, peer, -1, SQLITE_STATIC);
    return walk(h, s, query, addresses, n_addresses, found, err);
}

/* Two descending lists into one. */
static void merge(struct found *into, const struct found *other)
{
    static const size_t max = READ_MAX;
    int64_t ids[READ_MAX] = { 0 };
    size_t n = 0, a = 0, b = 0;
    while (n < into->max && n < max && (a < into->n || b < other->n)) {
        const bool first = b == other->n || (a < into->n && into->ids[a] > other->ids[b]);
        ids[n++] = first ? into->ids[a++] : other->ids[b++];
    }
    memcpy(into->ids, ids, n * sizeof ids[0]);
    into->n = n;
}

static enum cyg_code find(struct history *h, const struct cyg_history_query *query,
                          const struct cyg_prefix *addresses, size_t n_addresses, struct found *ret,
                          struct cyg_error *err)
{
    ret->max = query->limit == 0 ? 1 : query->limit < READ_MAX ? query->limit : READ_MAX;
    if (query->unknown) {
        return walk_peer(h, "", query, NULL, 0, ret, err);
    }
    if (query->peer[0] == '\0') {
        return walk(h, history_start(h, H_NEWEST), query, NULL, 0, ret, err);
    }
    enum cyg_code code = walk_peer(h, query->peer, query, NULL, 0, ret, err);
    if (code == CYG_OK && n_addresses > 0) {
        struct found unknown = { .max = ret->max };
        code = walk_peer(h, "", query, addresses, n_addresses, &unknown, err);
        if (code == CYG_OK) {
            merge(ret, &unknown);
        }
    }
    return code;
}

static uint8_t kind_of(const char *name)
{
    for (unsigned i = 1; i < CYG_HISTORY_KINDS; i++) {
        if (strcmp(name, cyg_history_kind_name(i)) == 0) {
            return (uint8_t)i;
        }
    }
    return CYG_HISTORY_DECISION;
}

static uint8_t begun_by(int column)
{
    return column == CYG_HISTORY_BY_PEER || column == CYG_HISTORY_BY_US ? (uint8_t)column
                                                                        : CYG_HISTORY_BY_NONE;
}

static void add_row(sqlite3_stmt *s, sqlite3_stmt *head, int64_t id, struct cyg_history_builder *b)
{
    const struct cyg_history_entry e = {
        .negotiation = (uint64_t)id,
        .peer = column(head, 0),
        .source = column(head, 1),
        .remote_id = column(head, 2),
        .begun_by = begun_by(sqlite3_column_int(head, 3)),
        .ike_uniqueid = (uint32_t)sqlite3_column_int64(head, 4),
        .cookie_i = column(head, 5),
        .cookie_r = column(head, 6),
        .seq = (uint32_t)sqlite3_column_int64(s, 0),
        .when = sqlite3_column_int64(s, 1),
        .kind = kind_of(column(s, 2)),
        .phase = (uint8_t)sqlite3_column_int(s, 3),
        .sent = sqlite3_column_int(s, 4) != 0,
        .resent = sqlite3_column_int(s, 5) != 0,
        .reason = (uint16_t)sqlite3_column_int(s, 6),
        .group = (uint8_t)sqlite3_column_int(s, 7),
        .level = (int8_t)sqlite3_column_int(s, 8),
        .message_id = (uint32_t)sqlite3_column_int64(s, 9),
        .bytes = (uint32_t)sqlite3_column_int64(s, 10),
        .local = column(s, 11),
        .remote = column(s, 12),
        .exchange = column(s, 13),
        .text = column(s, 14),
        .mend = column(s, 15),
        .payloads = column(s, 16),
        .what = column(s, 17),
        .ours = column(s, 18),
        .theirs = column(s, 19),
        .differs = column(s, 20),
        .result = column(s, 21),
    };
    cyg_history_add(b, &e);
}

static enum cyg_code read_one(struct history *h, int64_t id, struct cyg_history_builder *b,
                              struct cyg_error *err)
{
    sqlite3_stmt *head = history_start(h, H_READ_NEGOTIATION);
    sqlite3_stmt *s = history_start(h, H_READ_ENTRIES);
    sqlite3_bind_int64(head, 1, id);
    sqlite3_bind_int64(s, 1, id);
    int rc = sqlite3_step(head);
    if (rc == SQLITE_ROW) {
        while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
            add_row(s, head, id, b);
        }
    }
    history_reset(head);
    history_reset(s);
    return rc == SQLITE_DONE ? CYG_OK : db_failure(h->db, rc, err);
}

static uint16_t reason_of(const char *name)
{
    const struct cyg_reason_info *row;
    for (size_t i = 0; (row = cyg_reason_at(i)) != NULL; i++) {
        if (strcmp(row->name, name) == 0) {
            return row->id;
        }
    }
    return 0; /* written by a newer one */
}

static enum cyg_code read_drops(struct history *h, struct cyg_history *ret, struct cyg_error *err)
{
    ret->drops = calloc(READ_DROPS, sizeof *ret->drops);
    if (ret->drops == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    sqlite3_stmt *s = history_start(h, H_READ_DROPPED);
    int rc = SQLITE_DONE;
    sqlite3_bind_int(s, 1, READ_DROPS);
    while (ret->n_drops < READ_DROPS && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        struct cyg_history_drop *d = &ret->drops[ret->n_drops++];
        d->reason = reason_of(column(s, 0));
        (void)snprintf(d->network, sizeof d->network, "%s", column(s, 1));
        d->count = (uint64_t)sqlite3_column_int64(s, 2);
        d->first = sqlite3_column_int64(s, 3);
        d->last = sqlite3_column_int64(s, 4);
    }
    history_reset(s);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? CYG_OK : db_failure(h->db, rc, err);
}

enum cyg_code history_read(struct history *h, const struct cyg_history_query *query,
                           const struct cyg_prefix *addresses, size_t n_addresses,
                           cyg_usec deadline, struct cyg_history **ret, struct cyg_error *err)
{
    struct found found = { 0 };
    struct cyg_history_builder b = { 0 };
    history_set_deadline(h, deadline);
    enum cyg_code code = find(h, query, addresses, n_addresses, &found, err);
    for (size_t i = found.n; code == CYG_OK && i > 0 && b.bytes < READ_BYTES; i--) {
        code = read_one(h, found.ids[i - 1], &b, err);
    }
    b.failed |= code != CYG_OK;
    if (cyg_history_finish(&b, ret) != CYG_OK) {
        return code != CYG_OK ? code : CYG_FAIL(err, CYG_R_NOMEM);
    }
    if (query->peer[0] == '\0' && query->source[0] == '\0') {
        code = read_drops(h, *ret, err);
    }
    if (code != CYG_OK) {
        cyg_history_free(*ret);
        *ret = NULL;
    }
    return code;
}
