/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of peers and children. Terms and defaults are swanctl.conf's. */
#include "sql/rows.h"
#include "row_reader.h"
#include "sql/database.h"

#include <string.h>

#define YEAR_S    31536000
#define DAY_S     86400
#define BYTES_MAX (INT64_C(1) << 60)

static const char *const auth_words[] = { "psk" };
static const char *const unique_words[] = { "replace", "no", "keep", "never" };
static const char *const nat_vids_words[] = { "both", "rfc", "drafts", "none" };
static const char *const mode_words[] = { "tunnel", "transport" };
static const char *const start_words[] = { "none", "trap", "start" };
_Static_assert(CYG_UNIQUE_REPLACE == 0 && CYG_UNIQUE_NO == 1 && CYG_UNIQUE_KEEP == 2
                   && CYG_UNIQUE_NEVER == 3,
               "unique_words is in another order");
_Static_assert(CYG_NAT_VIDS_BOTH == 0 && CYG_NAT_VIDS_RFC == 1 && CYG_NAT_VIDS_DRAFTS == 2
                   && CYG_NAT_VIDS_NONE == 3,
               "nat_vids_words is in another order");
_Static_assert(CYG_START_NONE == 0 && CYG_START_TRAP == 1 && CYG_START_START == 2,
               "start_words is in another order");

/* ---- addresses ---- */

static bool is_name(struct cyg_span word)
{
    bool letter = false;
    for (size_t i = 0; i < word.len; i++) {
        uint8_t c = word.data[i];
        bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        letter = letter || alpha;
        if (!alpha && !(c >= '0' && c <= '9') && c != '.' && c != '-') {
            return false;
        }
    }
    return letter;
}

static void add_prefix(struct cyg_peer_build *build, bool remote, const struct cyg_prefix *prefix)
{
    if (remote) {
        cyg_peer_build_remote_addr(build, prefix);
        size_t len = cyg_address_len(&prefix->address);
        if (len > 0 && prefix->bits == len * 8) {
            cyg_peer_build_initiate_to(build, &prefix->address);
        }
    } else {
        cyg_peer_build_local_addr(build, prefix);
    }
}

static enum cyg_code add_range(struct cyg_peer_build *build, bool remote, struct cyg_span from_text,
                               struct cyg_span to_text, struct cyg_error *err)
{
    struct cyg_address from, to;
    enum cyg_code code = cyg_address_parse(from_text, false, &from, err);
    if (code == CYG_OK) {
        code = cyg_address_parse(to_text, false, &to, err);
    }
    if (code != CYG_OK) {
        return code;
    }
    if (from.family != to.family || from.family == 0 || cyg_address_compare(&from, &to) > 0) {
        return CYG_FAIL(err, CYG_R_ROW_RANGE_ORDER,
                        .got_quote = cyg_quote(CYG_QUOTE_TEXT, to_text));
    }
    struct cyg_prefix parts[CYG_PEER_ADDRESSES];
    size_t n = 0;
    if (db_range_to_prefixes(&from, &to, parts, CYG_LEN(parts), &n) != CYG_OK) {
        return CYG_FAIL(err, CYG_R_ROW_LIST_LONG, .want = CYG_LEN(parts));
    }
    for (size_t i = 0; i < n; i++) {
        add_prefix(build, remote, &parts[i]);
    }
    return CYG_OK;
}

static enum cyg_code add_address(struct cyg_peer_build *build, bool remote, struct cyg_span word,
                                 struct cyg_error *err)
{
    if (is_name(word)) {
        return CYG_FAIL(err, CYG_R_ROW_DNS_NAME, .got_quote = cyg_quote(CYG_QUOTE_TEXT, word));
    }
    const uint8_t *dash = word.len > 0 ? memchr(word.data, '-', word.len) : NULL;
    if (dash != NULL) {
        size_t at = (size_t)(dash - word.data);
        return add_range(build, remote, cyg_span_first(word, at), cyg_span_after(word, at + 1),
                         err);
    }
    struct cyg_prefix prefix;
    enum cyg_code code = cyg_prefix_parse(word, &prefix, err);
    if (code == CYG_OK) {
        add_prefix(build, remote, &prefix);
    }
    return code;
}

static void read_addresses(struct row *r, struct cyg_peer_build *build, bool remote)
{
    struct cyg_span list = row_text(r), word;
    bool first = true;
    if (cyg_span_equal(list, cyg_span_str("%any"))) {
        return; /* no prefix at all says the same */
    }
    while (!r->failed && row_list_next(&list, &first, &word)) {
        struct cyg_error err = { 0 };
        if (add_address(build, remote, word, &err) != CYG_OK) {
            row_fail(r, &err);
        }
    }
}

/* ---- proposals, identities, selectors ---- */

static void read_proposals(struct row *r, struct cyg_peer_build *build,
                           enum cyg_proposal_for protocol)
{
    struct cyg_span list = row_text(r), word;
    bool first = true;
    while (!r->failed && row_list_next(&list, &first, &word)) {
        struct cyg_error err = { 0 };
        struct cyg_proposal proposal;
        if (cyg_proposal_parse(protocol, word, &proposal, &err) != CYG_OK) {
            row_fail(r, &err);
        } else if (protocol == CYG_PROPOSAL_IKE) {
            cyg_peer_build_proposal(build, &proposal);
        } else {
            cyg_peer_build_child_proposal(build, &proposal);
        }
    }
}

static void read_identity(struct row *r, bool own, struct cyg_identity *ret)
{
    struct cyg_span text = row_text(r);
    struct cyg_error err = { 0 };
    if (r->failed) {
        return;
    }
    if (cyg_identity_parse(text, ret, &err) != CYG_OK) {
        row_fail(r, &err);
    } else if (own && ret->type != CYG_ID_ANY && cyg_identity_is_pattern(ret)) {
        row_fail(r, &(struct cyg_error){ .reason = CYG_R_ROW_OWN_PATTERN,
                                         .got_quote = cyg_quote(CYG_QUOTE_TEXT, text) });
    }
}

static void read_selectors(struct row *r, struct cyg_peer_build *build, bool remote)
{
    struct cyg_span list = row_text(r), word;
    bool first = true;
    while (!r->failed && row_list_next(&list, &first, &word)) {
        struct cyg_error err = { 0 };
        struct cyg_selector selector;
        if (cyg_selector_parse(word, &selector, &err) != CYG_OK) {
            row_fail(r, &err);
        } else if (remote) {
            cyg_peer_build_remote_ts(build, &selector);
        } else {
            cyg_peer_build_local_ts(build, &selector);
        }
    }
}

/* esp_proposals, then ah_proposals: AH where it is given and ESP left as it was. */
static void read_child_proposals(struct row *r, struct cyg_peer_build *build)
{
    if (sqlite3_column_bytes(r->stmt, r->at + 1) == 0) {
        read_proposals(r, build, CYG_PROPOSAL_ESP);
        row_text(r);
        return;
    }
    struct cyg_span esp = row_text(r);
    if (esp.len > 0 && !cyg_span_equal(esp, cyg_span_str("default"))) {
        row_fail(r, &(struct cyg_error){ .reason = CYG_R_ROW_ESP_AND_AH });
    }
    read_proposals(r, build, CYG_PROPOSAL_AH);
}

/* ---- rows ---- */

static const char *row_name(struct row *r, char name[CYG_PEER_NAME + 1])
{
    struct cyg_span text = row_text(r);
    if (!r->failed
        && (text.len == 0 || text.len > CYG_PEER_NAME || memchr(text.data, 0, text.len) != NULL)) {
        row_fail(r, &(struct cyg_error){ .reason = CYG_R_ROW_NAME,
                                         .got_quote = cyg_quote(CYG_QUOTE_TEXT, text),
                                         .want = CYG_PEER_NAME });
    }
    if (r->failed) {
        return NULL;
    }
    memcpy(name, text.data, text.len);
    name[text.len] = '\0';
    return name;
}

/* The lifetime that we propose: the earlier of renewal and new authentication, and the time over in
 * which it may still fail, as charon does. */
static void read_times(struct row *r, struct cyg_peer *peer)
{
    uint32_t rekey = (uint32_t)row_number(r, 0, YEAR_S);
    uint32_t reauth = (uint32_t)row_number(r, 0, YEAR_S);
    uint32_t base = reauth != 0 && (rekey == 0 || reauth < rekey) ? reauth : rekey;
    uint32_t over = (uint32_t)row_number_or(r, 0, YEAR_S, base / 10);
    peer->rekey_time_s = rekey;
    peer->reauth_time_s = reauth;
    peer->over_time_s = over;
    peer->rand_time_s = (uint32_t)row_number_or(r, 0, YEAR_S, over);
    peer->lifetime_s = base != 0 ? base + over : 0;
}

enum cyg_code db_read_peer(sqlite3_stmt *stmt, struct cyg_peer_build **ret,
                           struct db_problem *ret_problem)
{
    struct row r = { .stmt = stmt, .problem = ret_problem };
    char name[CYG_PEER_NAME + 1];
    if (row_name(&r, name) == NULL) {
        return CYG_REFUSED;
    }
    CYG_CLEANUP(cyg_peer_build_freep) struct cyg_peer_build *build = cyg_peer_build_new(name);
    if (build == NULL) {
        return CYG_NOMEM;
    }
    struct cyg_peer *peer = cyg_peer_build_fields(build);
    row_flag(&r); /* enabled */
    read_addresses(&r, build, false);
    read_addresses(&r, build, true);
    peer->local_port = (uint16_t)row_number(&r, 0, UINT16_MAX);
    peer->remote_port = (uint16_t)row_number(&r, 0, UINT16_MAX);
    read_proposals(&r, build, CYG_PROPOSAL_IKE);
    peer->auth_method = (uint16_t)(row_word(&r, auth_words, CYG_LEN(auth_words)) + 1);
    read_identity(&r, true, &peer->local_id);
    read_identity(&r, false, &peer->remote_id);
    peer->aggressive = row_flag(&r);
    peer->prefer_own = row_flag(&r);
    peer->encap = row_flag(&r);
    peer->unique = (uint8_t)row_word(&r, unique_words, CYG_LEN(unique_words));
    peer->nat_vids = (uint8_t)row_word(&r, nat_vids_words, CYG_LEN(nat_vids_words));
    peer->keyingtries = (uint32_t)row_number(&r, 0, 1000);
    read_times(&r, peer);
    peer->dpd_delay_s = (uint32_t)row_number(&r, 0, DAY_S);
    peer->dpd_timeout_s = (uint32_t)row_number(&r, 0, DAY_S);
    if (r.failed) {
        return CYG_REFUSED;
    }
    *ret = CYG_TAKE(build);
    return CYG_OK;
}

/* Rekeying before the end, and by how much the moment is shifted, from what is not NULL. */
static void read_child_life(struct row *r, struct cyg_peer_child *child)
{
    uint32_t rekey = (uint32_t)row_number(r, 0, YEAR_S);
    uint32_t life = (uint32_t)row_number_or(r, 0, YEAR_S, rekey + rekey / 10);
    if (!r->failed && life != 0 && life < rekey) {
        row_fail(r, &(struct cyg_error){ .reason = CYG_R_ROW_LIFE, .got = life, .want = rekey });
    }
    child->rekey_time_s = rekey;
    child->life_time_s = life;
    child->rand_time_s = (uint32_t)row_number_or(r, 0, YEAR_S, life > rekey ? life - rekey : 0);
    uint64_t rekey_bytes = (uint64_t)row_number(r, 0, BYTES_MAX);
    uint64_t life_bytes =
        (uint64_t)row_number_or(r, 0, BYTES_MAX, (int64_t)(rekey_bytes + rekey_bytes / 10));
    if (!r->failed && life_bytes != 0 && life_bytes < rekey_bytes) {
        row_fail(r, &(struct cyg_error){
                        .reason = CYG_R_ROW_LIFE, .got = life_bytes, .want = rekey_bytes });
    }
    child->rekey_bytes = rekey_bytes;
    child->life_bytes = life_bytes;
}

enum cyg_code db_read_child(sqlite3_stmt *stmt, struct cyg_peer_build *build,
                            struct db_problem *ret_problem)
{
    struct row r = { .stmt = stmt, .problem = ret_problem };
    char name[CYG_PEER_NAME + 1];
    r.child = row_name(&r, name);
    if (r.child == NULL) {
        return CYG_REFUSED;
    }
    struct cyg_peer_child *child = cyg_peer_build_child(build, name);
    read_selectors(&r, build, false);
    read_selectors(&r, build, true);
    read_child_proposals(&r, build);
    child->mode = (uint8_t)(row_word(&r, mode_words, CYG_LEN(mode_words)) + CYG_MODE_TUNNEL);
    child->start_action = (uint8_t)row_word(&r, start_words, CYG_LEN(start_words));
    child->prefer_own = row_flag(&r);
    child->sha256_96 = row_flag(&r);
    read_child_life(&r, child);
    child->replay_window = (uint32_t)row_number(&r, 64, 4096);
    return r.failed ? CYG_REFUSED : CYG_OK;
}

bool db_peer_enabled(sqlite3_stmt *row)
{
    return sqlite3_column_type(row, 1) != SQLITE_INTEGER || sqlite3_column_int64(row, 1) != 0;
}

enum cyg_code db_load_peer(sqlite3_stmt *peer, sqlite3_stmt *children, struct cyg_peer_build **ret,
                           bool *ret_enabled, struct db_problem *ret_problem, struct cyg_error *err)
{
    int rc = sqlite3_step(peer);
    if (rc == SQLITE_DONE) {
        return CYG_NOT_FOUND;
    }
    if (rc != SQLITE_ROW) {
        return db_failure(sqlite3_db_handle(peer), rc, err);
    }
    *ret_enabled = db_peer_enabled(peer);
    CYG_CLEANUP(cyg_peer_build_freep) struct cyg_peer_build *build = NULL;
    enum cyg_code code = db_read_peer(peer, &build, ret_problem);
    while (code == CYG_OK && (rc = sqlite3_step(children)) == SQLITE_ROW) {
        code = db_read_child(children, build, ret_problem);
    }
    if (code == CYG_OK && rc != SQLITE_DONE) {
        return db_failure(sqlite3_db_handle(children), rc, err);
    }
    if (code == CYG_NOMEM) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    if (code == CYG_OK) {
        *ret = CYG_TAKE(build);
    }
    return code;
}
