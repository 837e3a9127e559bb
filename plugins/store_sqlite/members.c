/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Putting a peer into the look-up tables and taking it out again. What is shared (groups, policies,
 * classes of secrets, patterns) is counted, and goes with its last peer. */
#include "derive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROPOSALS_TEXT 8192u

size_t members_form(const struct cyg_identity *id, uint8_t ret[CYG_IDENTITY_MAX + 2])
{
    if (!cyg_identity_is_pattern(id)) {
        return cyg_identity_match_form(id, ret);
    }
    uint8_t form[CYG_IDENTITY_MAX + 1];
    size_t len = cyg_identity_match_form(id, form);
    ret[0] = 0xff; /* no identity type: what a peer presents never equals it */
    memcpy(ret + 1, form, len);
    return len + 1;
}

void members_format_groups(const struct members *m, char ret[MEMBERS_TEXT])
{
    size_t used = 0;
    ret[0] = '\0';
    for (size_t i = 0; i < m->n_groups; i++) {
        used += (size_t)snprintf(ret + used, MEMBERS_TEXT - used, "%s%lld", i == 0 ? "" : " ",
                                 (long long)m->groups[i]);
    }
}

void members_parse_groups(struct members *m, const char *text)
{
    m->n_groups = 0;
    while (*text != '\0' && m->n_groups < PEER_GROUPS) {
        char *end = NULL;
        long long id = strtoll(text, &end, 10);
        if (end == text) {
            break;
        }
        m->groups[m->n_groups++] = id;
        text = end;
    }
}

/* Run a statement that takes up to three numbers and gives nothing. */
static enum cyg_code run(struct derivation *d, enum query which, int64_t a, int64_t b, int64_t c,
                         struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    enum cyg_code code = query_start(d->c, which, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    const int64_t numbers[] = { a, b, c };
    for (int i = 0; i < sqlite3_bind_parameter_count(s) && i < 3; i++) {
        query_bind_number(s, i + 1, numbers[i]);
    }
    return query_run(s, err);
}

static enum cyg_code run_form(struct connection *c, enum query which, struct cyg_span form,
                              bool *ret_row, struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    enum cyg_code code = query_start(c, which, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_bytes(s, 1, form);
    return query_step(s, ret_row, err);
}

/* ---- policies ---- */

static size_t format_proposals(const struct cyg_peer *peer, char ret[PROPOSALS_TEXT])
{
    size_t used = 0;
    ret[0] = '\0';
    for (size_t i = 0; i < peer->n_proposals && used < PROPOSALS_TEXT - 1; i++) {
        char one[512];
        cyg_proposal_format(&peer->proposals[i], one, sizeof one);
        used += (size_t)snprintf(ret + used, PROPOSALS_TEXT - used, "%s%s", i == 0 ? "" : ",", one);
    }
    return used;
}

/* The id of the policy, 0 when nobody has it yet and `add` is not set. */
static enum cyg_code find_policy(struct derivation *d, const struct cyg_peer *peer, bool add,
                                 int64_t *ret, struct cyg_error *err)
{
    char proposals[PROPOSALS_TEXT];
    if (format_proposals(peer, proposals) >= PROPOSALS_TEXT) {
        return CYG_FAIL(err, CYG_R_ROW_PROPOSALS_LONG, .want = PROPOSALS_TEXT);
    }
    const enum query both[] = { Q_POLICY_FIND, Q_POLICY_ADD };
    for (size_t i = 0; i < (add ? 2u : 1u); i++) {
        CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
        bool row = false;
        enum cyg_code code = query_start(d->c, both[i], &s, err);
        if (code != CYG_OK) {
            return code;
        }
        query_bind_text(s, 1, proposals);
        query_bind_number(s, 2, peer->auth_method);
        query_bind_number(s, 3, peer->aggressive);
        query_bind_number(s, 4, peer->prefer_own);
        query_bind_number(s, 5, peer->encap);
        query_bind_number(s, 6, peer->nat_vids);
        query_bind_number(s, 7, peer->lifetime_s);
        code = query_step(s, &row, err);
        if (code != CYG_OK) {
            return code;
        }
        if (row) {
            *ret = sqlite3_column_int64(s, 0);
            return CYG_OK;
        }
    }
    *ret = 0;
    return CYG_OK;
}

/* ---- groups ---- */

struct pair {
    struct group_key remote, local;
};

static size_t keys_of(const struct cyg_prefix *prefixes, size_t n, struct group_key *ret)
{
    if (n == 0) {
        ret[0] = (struct group_key){ 0 };
        return 1;
    }
    for (size_t i = 0; i < n; i++) {
        ret[i] = group_key_of(&prefixes[i].address, prefixes[i].bits);
    }
    return n;
}

static bool same_key(const struct group_key *a, const struct group_key *b)
{
    return a->family == b->family && a->bits == b->bits && memcmp(a->bytes, b->bytes, 16) == 0;
}

/* All pairs of the lists, each once. 0: there are too many. */
static size_t pairs_of(const struct cyg_peer *peer, struct pair ret[PEER_GROUPS])
{
    struct group_key remote[CYG_PEER_ADDRESSES], local[CYG_PEER_ADDRESSES];
    size_t n_remote = keys_of(peer->remote_addrs, peer->n_remote_addrs, remote);
    size_t n_local = keys_of(peer->local_addrs, peer->n_local_addrs, local);
    size_t n = 0;
    for (size_t i = 0; i < n_remote; i++) {
        for (size_t k = 0; k < n_local; k++) {
            bool known = false;
            for (size_t j = 0; j < n && !known; j++) {
                known = same_key(&ret[j].remote, &remote[i]) && same_key(&ret[j].local, &local[k]);
            }
            if (known) {
                continue;
            }
            if (n == PEER_GROUPS) {
                return 0;
            }
            ret[n++] = (struct pair){ remote[i], local[k] };
        }
    }
    return n;
}

static enum cyg_code start_pair(struct derivation *d, enum query which, const struct pair *pair,
                                sqlite3_stmt **ret, struct cyg_error *err)
{
    enum cyg_code code = query_start(d->c, which, ret, err);
    if (code != CYG_OK) {
        return code;
    }
    const struct group_key *keys[] = { &pair->remote, &pair->local };
    for (int i = 0; i < 2; i++) {
        query_bind_number(*ret, 3 * i + 1, keys[i]->family);
        query_bind_number(*ret, 3 * i + 2, keys[i]->bits);
        query_bind_bytes(*ret, 3 * i + 3, (struct cyg_span){ keys[i]->bytes, keys[i]->len });
    }
    return CYG_OK;
}

/* Whether one more policy has room in the group. */
static enum cyg_code check_pair(struct derivation *d, const struct pair *pair, int64_t policy,
                                struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    bool row = false;
    enum cyg_code code = start_pair(d, Q_GROUP, pair, &s, err);
    if (code == CYG_OK) {
        code = query_step(s, &row, err);
    }
    if (code != CYG_OK || !row) {
        return code;
    }
    int64_t policies[POLICIES + 1];
    size_t n = 0;
    code = group_policies(d->c, sqlite3_column_int64(s, 0), policies, &n, err);
    for (size_t i = 0; i < n; i++) {
        if (policies[i] == policy) {
            return code;
        }
    }
    if (code == CYG_OK && n >= POLICIES) {
        struct cyg_address remote = { .family = (uint8_t)pair->remote.family };
        memcpy(remote.bytes, pair->remote.bytes, sizeof remote.bytes);
        return CYG_FAIL(
            err, CYG_R_ROW_POLICIES, .want = POLICIES,
            .got_quote = cyg_quote(CYG_QUOTE_ADDRESS,
                                   (struct cyg_span){ (const uint8_t *)&remote, sizeof remote }));
    }
    return code;
}

static enum cyg_code add_pair(struct derivation *d, const struct pair *pair, int64_t *ret,
                              struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    bool row = false;
    enum cyg_code code = start_pair(d, Q_GROUP_ADD, pair, &s, err);
    if (code == CYG_OK) {
        code = query_step(s, &row, err);
    }
    if (code != CYG_OK) {
        return code;
    }
    *ret = row ? sqlite3_column_int64(s, 0) : 0;
    return query_step(s, &row, err); /* RETURNING: the statement ends with the next step */
}

/* ---- the rest of a peer ---- */

/* The class of its secret: PROTOCOL's (configured local id, configured remote id), where a remote
 * identity that owns nothing says no more than that. */
static enum cyg_code add_psk(struct derivation *d, const struct cyg_peer *peer,
                             struct cyg_span remote_form, int64_t *ret, struct cyg_error *err)
{
    uint8_t local[CYG_IDENTITY_MAX + 1];
    size_t local_len = cyg_identity_match_form(&peer->local_id, local);
    static const uint8_t any[] = { CYG_ID_ANY };
    struct cyg_span remote = remote_form;
    enum cyg_code code = CYG_OK;
    bool row = false;
    if (peer->remote_id.type == CYG_ID_ANY) {
        remote = cyg_span_of_array(any);
    } else if (!cyg_identity_is_pattern(&peer->remote_id)) {
        code = run_form(d->c, Q_OWNER_EXISTS, remote_form, &row, err);
        if (code == CYG_OK && !row && d->c->other != NULL) { /* swanctl loads secrets alone, too */
            code = run_form(d->c->other, Q_OWNER_EXISTS, remote_form, &row, err);
        }
        if (!row) {
            remote.len = 0;
        }
    }
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    if (code == CYG_OK) {
        code = query_start(d->c, Q_PSK_ADD, &s, err);
    }
    if (code != CYG_OK) {
        return code;
    }
    query_bind_bytes(s, 1, (struct cyg_span){ local, local_len });
    query_bind_bytes(s, 2, remote);
    code = query_step(s, &row, err);
    if (code != CYG_OK) {
        return code;
    }
    *ret = sqlite3_column_int64(s, 0);
    return query_step(s, &row, err);
}

static enum cyg_code check_pattern(struct derivation *d, struct cyg_span form,
                                   struct cyg_error *err)
{
    bool known = false, row = false;
    if (form.data[0] != 0xff) {
        return CYG_OK;
    }
    enum cyg_code code = run_form(d->c, Q_PATTERN_FIND, form, &known, err);
    if (code != CYG_OK || known) {
        return code;
    }
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    code = query_start(d->c, Q_PATTERN_COUNT, &s, err);
    if (code == CYG_OK) {
        code = query_step(s, &row, err);
    }
    if (code == CYG_OK && sqlite3_column_int64(s, 0) >= (int64_t)PATTERNS) {
        return CYG_FAIL(err, CYG_R_ROW_PATTERNS, .want = PATTERNS);
    }
    return code;
}

static enum cyg_code add_member(struct derivation *d, const struct cyg_peer *peer, int64_t id,
                                const struct members *m, int64_t group, struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    enum cyg_code code = run(d, Q_ENTRY_ADD, group, m->policy, m->psk, err);
    if (code == CYG_OK) {
        code = query_start(d->c, Q_MEMBER_ADD, &s, err);
    }
    if (code != CYG_OK) {
        return code;
    }
    query_bind_number(s, 1, group);
    query_bind_number(s, 2, m->policy);
    query_bind_text(s, 3, peer->name);
    query_bind_number(s, 4, m->psk);
    query_bind_bytes(s, 5, (struct cyg_span){ m->form, m->form_len });
    query_bind_number(s, 6, id);
    query_bind_number(s, 7, d->generation);
    return query_run(s, err);
}

/* Everything that can be refused, before anything is written. */
static enum cyg_code check(struct derivation *d, const struct cyg_peer *peer,
                           const struct pair *pairs, size_t n, struct cyg_span form,
                           struct cyg_error *err)
{
    if (n == 0) {
        return CYG_FAIL(err, CYG_R_ROW_GROUPS, .want = PEER_GROUPS);
    }
    int64_t policy = 0;
    enum cyg_code code = find_policy(d, peer, false, &policy, err);
    if (code == CYG_OK) {
        code = check_pattern(d, form, err);
    }
    for (size_t i = 0; i < n && code == CYG_OK; i++) {
        code = check_pair(d, &pairs[i], policy, err);
    }
    return code;
}

enum cyg_code members_add(struct derivation *d, const struct cyg_peer *peer, int64_t id,
                          struct members *ret, struct cyg_error *err)
{
    struct pair pairs[PEER_GROUPS];
    struct members m = { 0 };
    size_t n = pairs_of(peer, pairs);
    m.form_len = members_form(&peer->remote_id, m.form);
    struct cyg_span form = { m.form, m.form_len };
    enum cyg_code code = check(d, peer, pairs, n, form, err);
    bool row = false;
    if (code == CYG_OK) {
        code = find_policy(d, peer, true, &m.policy, err);
    }
    if (code == CYG_OK) {
        code = run(d, Q_POLICY_MORE, m.policy, 0, 0, err);
    }
    if (code == CYG_OK) {
        code = add_psk(d, peer, form, &m.psk, err);
    }
    if (code == CYG_OK && m.form[0] == 0xff) {
        code = run_form(d->c, Q_PATTERN_ADD, form, &row, err);
    }
    for (size_t i = 0; i < n && code == CYG_OK; i++) {
        code = add_pair(d, &pairs[i], &m.groups[i], err);
        if (code == CYG_OK) {
            m.n_groups = i + 1;
            code = add_member(d, peer, id, &m, m.groups[i], err);
        }
    }
    if (code == CYG_OK) {
        *ret = m;
    }
    return code;
}

static enum cyg_code remove_from_group(struct derivation *d, const char *name,
                                       const struct members *m, int64_t group,
                                       struct cyg_error *err)
{
    CYG_CLEANUP(query_endp) sqlite3_stmt *s = NULL;
    enum cyg_code code = query_start(d->c, Q_MEMBER_DELETE, &s, err);
    if (code != CYG_OK) {
        return code;
    }
    query_bind_number(s, 1, group);
    query_bind_number(s, 2, m->policy);
    query_bind_text(s, 3, name);
    code = query_run(s, err);
    const enum query less[] = { Q_ENTRY_LESS, Q_ENTRY_EMPTY, Q_GROUP_LESS, Q_GROUP_EMPTY };
    for (size_t i = 0; i < CYG_LEN(less) && code == CYG_OK; i++) {
        code = run(d, less[i], group, m->policy, m->psk, err);
    }
    return code;
}

enum cyg_code members_remove(struct derivation *d, const char *name, const struct members *m,
                             struct cyg_error *err)
{
    enum cyg_code code = CYG_OK;
    if (m->form_len == 0) {
        return CYG_OK;
    }
    for (size_t i = 0; i < m->n_groups && code == CYG_OK; i++) {
        code = remove_from_group(d, name, m, m->groups[i], err);
    }
    const struct {
        enum query which;
        int64_t id;
    } less[] = { { Q_POLICY_LESS, m->policy },
                 { Q_POLICY_EMPTY, m->policy },
                 { Q_PSK_LESS, m->psk },
                 { Q_PSK_EMPTY, m->psk } };
    for (size_t i = 0; i < CYG_LEN(less) && code == CYG_OK; i++) {
        code = run(d, less[i].which, less[i].id, 0, 0, err);
    }
    bool row = false;
    struct cyg_span form = { m->form, m->form_len };
    if (code == CYG_OK && form.data[0] == 0xff) {
        code = run_form(d->c, Q_PATTERN_LESS, form, &row, err);
        if (code == CYG_OK) {
            code = run_form(d->c, Q_PATTERN_EMPTY, form, &row, err);
        }
    }
    return code;
}
