/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Policies: which SA a packet from our side belongs to. Looking through all of them would cost a
 * gateway with thousands of peers more than the cipher, so policies are grouped by shape (prefix
 * lengths, protocol and ports given or not); real configurations have a handful of shapes, and each
 * takes one hash look-up, however many policies there are. */
#include "sadb_internal.h"

#include <stdlib.h>

/* What a policy of this shape looks at in a packet, or in the selectors themselves. */
struct key {
    struct ip local, remote;
    uint16_t local_port, remote_port;
    uint8_t protocol;
};

static struct ip mask_ip(struct ip a, uint8_t family, unsigned bits)
{
    if (family == 4) {
        bits += 96;
        a.high = 0;
    }
    uint64_t high = bits >= 64 ? UINT64_MAX : bits == 0 ? 0 : UINT64_MAX << (64 - bits);
    uint64_t low = bits >= 128 ? UINT64_MAX : bits <= 64 ? 0 : UINT64_MAX << (128 - bits);
    return (struct ip){ a.high & high, a.low & low };
}

static uint32_t hash_of(const struct shape *s, const struct key *k)
{
    struct ip local = mask_ip(k->local, s->family, s->local_bits);
    struct ip remote = mask_ip(k->remote, s->family, s->remote_bits);
    uint64_t upper = s->protocol ? k->protocol : 0;
    upper |= (uint64_t)(s->local_port ? k->local_port : 0) << 8;
    upper |= (uint64_t)(s->remote_port ? k->remote_port : 0) << 24;
    upper |= (uint64_t)s->local_bits << 40 | (uint64_t)s->remote_bits << 48;
    uint64_t h = hash_mix(local.high, local.low);
    h = h << 32 | hash_mix(remote.high, remote.low);
    return hash_mix(h, upper);
}

static uint32_t hash_of_policy(const struct policy *p)
{
    struct key k = { .local = p->match.local.from,
                     .remote = p->match.remote.from,
                     .local_port = p->match.local.port,
                     .remote_port = p->match.remote.port,
                     .protocol = p->match.protocol };
    return hash_of(p->shape, &k);
}

static struct policy *policy_of(struct node *n)
{
    return (struct policy *)(void *)n;
}

struct policy *sadb_policy_for(const struct sadb *db, const struct inner *p)
{
    const struct key k = { p->source, p->destination, p->source_port, p->destination_port,
                           p->protocol };
    struct policy *best = NULL;
    for (unsigned i = 0; i < db->n_shapes; i++) {
        const struct shape *s = &db->shapes[i];
        if (s->policies == 0 || s->family != p->family) {
            continue;
        }
        struct node *n = table_first(&db->policies, hash_of(s, &k));
        for (; n != NULL; n = table_next(n)) {
            struct policy *policy = policy_of(n);
            if ((best == NULL || policy->rank < best->rank)
                && flow_has_outbound(&policy->match, p)) {
                best = policy;
            }
        }
    }
    for (struct policy *odd = db->odd; odd != NULL; odd = odd->next_odd) {
        if ((best == NULL || odd->rank < best->rank) && flow_has_outbound(&odd->match, p)) {
            best = odd;
        }
    }
    return best;
}

/* Leading bits that all addresses of a range share. */
static unsigned common_bits(const struct match *m)
{
    uint64_t high = m->from.high ^ m->to.high, low = m->from.low ^ m->to.low;
    unsigned bits = high != 0  ? (unsigned)__builtin_clzll(high)
                    : low != 0 ? 64u + (unsigned)__builtin_clzll(low)
                               : 128u;
    return m->family == 4 ? bits - 96 : bits;
}

/* Narrow before wide: every fixed bit of both sides counts. */
static uint32_t rank_of(const struct cyg_policy_spec *spec, const struct flow_match *m)
{
    if (spec->priority != 0) {
        return spec->priority;
    }
    unsigned fixed = common_bits(&m->local) + common_bits(&m->remote) + (m->protocol != 0 ? 8 : 0)
                     + (m->local.port != 0 ? 16 : 0) + (m->remote.port != 0 ? 16 : 0);
    return 100000u - fixed;
}

static struct shape *shape_for(struct sadb *db, const struct policy *p)
{
    int local = cyg_selector_prefix_bits(&p->flow.local);
    int remote = cyg_selector_prefix_bits(&p->flow.remote);
    if (local < 0 || remote < 0) {
        return NULL;
    }
    const struct shape want = { .family = p->match.local.family,
                                .local_bits = (uint8_t)local,
                                .remote_bits = (uint8_t)remote,
                                .protocol = p->match.protocol != 0,
                                .local_port = p->match.local.port != 0,
                                .remote_port = p->match.remote.port != 0 };
    struct shape *empty = NULL;
    for (unsigned i = 0; i < db->n_shapes; i++) {
        struct shape *s = &db->shapes[i];
        if (s->family == want.family && s->local_bits == want.local_bits
            && s->remote_bits == want.remote_bits && s->protocol == want.protocol
            && s->local_port == want.local_port && s->remote_port == want.remote_port) {
            return s;
        }
        if (s->policies == 0) {
            empty = s;
        }
    }
    if (empty == NULL && db->n_shapes < SADB_SHAPES_MAX) {
        empty = &db->shapes[db->n_shapes++];
    }
    if (empty != NULL) {
        *empty = want;
    }
    return empty;
}

static bool same_match(const struct match *a, const struct match *b)
{
    return a->family == b->family && a->port == b->port && ip_equal(a->from, b->from)
           && ip_equal(a->to, b->to);
}

static bool same_flow(const struct flow_match *a, const struct flow_match *b)
{
    return a->protocol == b->protocol && same_match(&a->local, &b->local)
           && same_match(&a->remote, &b->remote);
}

/* The policy of this flow, whoever holds it. */
static struct policy *find_flow(const struct sadb *db, const struct policy *like)
{
    if (like->shape != NULL) {
        struct node *n = table_first(&db->policies, hash_of_policy(like));
        for (; n != NULL; n = table_next(n)) {
            if (same_flow(&policy_of(n)->match, &like->match)) {
                return policy_of(n);
            }
        }
    }
    /* Also one that was odd when it came because all shapes were taken. */
    for (struct policy *odd = db->odd; odd != NULL; odd = odd->next_odd) {
        if (same_flow(&odd->match, &like->match)) {
            return odd;
        }
    }
    return NULL;
}

struct cyg_quote flow_quote(const struct cyg_flow *flow)
{
    return cyg_quote(CYG_QUOTE_FLOW, (struct cyg_span){ (const uint8_t *)flow, sizeof(*flow) });
}

static void enter(struct sadb *db, struct policy *p)
{
    if (p->shape != NULL) {
        p->shape->policies++;
        table_insert(&db->policies, &p->node, hash_of_policy(p));
        return;
    }
    p->next_odd = db->odd;
    db->odd = p;
}

enum cyg_code sadb_policy_add(struct sadb *db, const struct cyg_policy_spec *spec,
                              struct policy **ret, bool *ret_is_new, struct cyg_error *err)
{
    struct policy like = {
        .flow = spec->flow, .path = spec->path, .mode = spec->mode, .action = spec->action
    };
    if (flow_match_of(&spec->flow, &like.match) != CYG_OK) {
        return CYG_FAIL(err, CYG_R_POLICY_FLOW, .got_quote = flow_quote(&spec->flow));
    }
    if (spec->action != 0 && spec->action != 2) {
        return CYG_FAIL(err, CYG_R_POLICY_ACTION, .got = spec->action);
    }
    like.shape = shape_for(db, &like);
    struct policy *held = find_flow(db, &like);
    if (held != NULL) {
        if (held->group->reqid != spec->reqid) {
            return CYG_FAIL(err, CYG_R_POLICY_HELD, .got = held->group->reqid, .want = spec->reqid,
                            .got_quote = flow_quote(&spec->flow));
        }
        held->path = spec->path;
        *ret_is_new = false;
        *ret = held;
        return CYG_OK;
    }
    if (db->policies.count >= SADB_POLICIES_MAX) {
        return CYG_FAIL(err, CYG_R_SA_LIMIT, .want = SADB_POLICIES_MAX);
    }
    like.rank = rank_of(spec, &like.match);
    struct policy *p = malloc(sizeof(*p));
    like.group = p != NULL ? group_hold(db, spec->reqid) : NULL;
    if (like.group == NULL) {
        free(p);
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    *p = like;
    enter(db, p);
    *ret_is_new = true;
    *ret = p;
    return CYG_OK;
}

static void policy_free(struct sadb *db, struct policy *p)
{
    if (p->shape != NULL) {
        table_remove(&db->policies, &p->node);
        p->shape->policies--;
    } else {
        for (struct policy **at = &db->odd; *at != NULL; at = &(*at)->next_odd) {
            if (*at == p) {
                *at = p->next_odd;
                break;
            }
        }
    }
    group_release(db, p->group);
    free(p);
}

enum cyg_code sadb_policy_remove(struct sadb *db, const struct cyg_policy_spec *spec)
{
    struct policy like = { .flow = spec->flow };
    if (flow_match_of(&spec->flow, &like.match) != CYG_OK) {
        return CYG_NOT_FOUND;
    }
    like.shape = shape_for(db, &like);
    struct policy *p = find_flow(db, &like);
    if (p == NULL || p->group->reqid != spec->reqid) {
        return CYG_NOT_FOUND;
    }
    policy_free(db, p);
    return CYG_OK;
}

static void free_node(void *context, struct node *node)
{
    policy_free(context, policy_of(node));
}

void policies_clear(struct sadb *db)
{
    table_each(&db->policies, free_node, db);
    while (db->odd != NULL) {
        policy_free(db, db->odd);
    }
}
