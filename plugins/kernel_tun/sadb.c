/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SAs and request ids; policies are in policy.c. */
#include "sadb_internal.h"

#include <cygnet/peer.h>

#include <stdlib.h>

enum cyg_code sadb_init(struct sadb *db)
{
    *db = (struct sadb){ 0 };
    if (table_init(&db->inbound) != CYG_OK || table_init(&db->outbound) != CYG_OK
        || table_init(&db->groups) != CYG_OK || table_init(&db->policies) != CYG_OK) {
        sadb_clear(db);
        return CYG_NOMEM;
    }
    return CYG_OK;
}

/* --- Groups --- */

struct group *group_hold(struct sadb *db, uint32_t reqid)
{
    struct node *n = table_first(&db->groups, reqid);
    struct group *group = (struct group *)(void *)n; /* the hash is the id itself */
    if (group == NULL) {
        group = calloc(1, sizeof(*group));
        if (group == NULL) {
            return NULL;
        }
        group->reqid = reqid;
        table_insert(&db->groups, &group->node, reqid);
    }
    group->uses++;
    return group;
}

void group_release(struct sadb *db, struct group *group)
{
    if (group != NULL && --group->uses == 0) {
        table_remove(&db->groups, &group->node);
        free(group);
    }
}

/* --- SAs --- */

static struct sa *next_sa(struct node *n)
{
    return (struct sa *)(void *)n;
}

static void sa_free(struct sa *sa)
{
    if (sa != NULL) {
        esp_keys_clear(&sa->keys);
        replay_clear(&sa->replay);
        cyg_wipe(sa, sizeof(*sa));
        free(sa);
    }
}
CYG_DEFINE_CLEANUP(struct sa *, sa_free);

static void unlink_sender(struct sa *sa)
{
    if (sa->group == NULL || sa->inbound) {
        return;
    }
    for (struct sa **at = &sa->group->senders; *at != NULL; at = &(*at)->next_sender) {
        if (*at == sa) {
            *at = sa->next_sender;
            return;
        }
    }
}

void sadb_remove(struct sadb *db, struct sa *sa)
{
    table_remove(sa->inbound ? &db->inbound : &db->outbound, &sa->node);
    unlink_sender(sa);
    group_release(db, sa->group);
    sa_free(sa);
}

static void remove_node(void *context, struct node *node)
{
    sadb_remove(context, next_sa(node));
}

void sadb_clear(struct sadb *db)
{
    table_each(&db->inbound, remove_node, db);
    table_each(&db->outbound, remove_node, db);
    policies_clear(db);
    table_clear(&db->inbound);
    table_clear(&db->outbound);
    table_clear(&db->groups);
    table_clear(&db->policies);
}

static struct sa *inbound_of(const struct sadb *db, uint32_t spi)
{
    return next_sa(table_first(&db->inbound, spi));
}

static bool is_full(const struct sadb *db)
{
    return db->inbound.count + db->outbound.count >= SADB_SAS_MAX;
}

enum cyg_code sadb_reserve(struct sadb *db, uint32_t spi)
{
    if (spi < 256 || inbound_of(db, spi) != NULL) {
        return CYG_REFUSED;
    }
    if (is_full(db)) {
        return CYG_LIMIT;
    }
    struct sa *sa = calloc(1, sizeof(*sa));
    if (sa == NULL) {
        return CYG_NOMEM;
    }
    sa->spi = spi;
    sa->inbound = sa->reserved = true;
    table_insert(&db->inbound, &sa->node, spi);
    return CYG_OK;
}

enum cyg_code sadb_release(struct sadb *db, uint32_t spi)
{
    struct sa *sa = inbound_of(db, spi);
    if (sa == NULL || !sa->reserved) {
        return CYG_NOT_FOUND;
    }
    sadb_remove(db, sa);
    return CYG_OK;
}

struct sa *sadb_find_inbound(const struct sadb *db, uint32_t spi)
{
    struct sa *sa = inbound_of(db, spi);
    return sa != NULL && !sa->reserved ? sa : NULL;
}

static bool is_meant(const struct sa *sa, const struct cyg_sa_spec *spec)
{
    return spec->reqid != 0 ? sa->reqid == spec->reqid
                            : cyg_endpoint_equal(&sa->path.remote, &spec->path.remote);
}

struct sa *sadb_find(const struct sadb *db, const struct cyg_sa_spec *spec)
{
    if (spec->inbound) {
        return sadb_find_inbound(db, spec->spi);
    }
    for (struct node *n = table_first(&db->outbound, spec->spi); n != NULL; n = table_next(n)) {
        if (is_meant(next_sa(n), spec)) {
            return next_sa(n);
        }
    }
    return NULL;
}

static enum cyg_code check_spec(const struct sadb *db, const struct cyg_sa_spec *spec,
                                struct cyg_error *err)
{
    if (spec->protocol != CYG_IPSEC_ESP) {
        return CYG_FAIL(err, CYG_R_SA_PROTOCOL, .got = spec->protocol, .want = CYG_IPSEC_ESP);
    }
    uint8_t family = spec->path.local.family;
    if ((spec->mode != CYG_MODE_TUNNEL && spec->mode != CYG_MODE_TRANSPORT)
        || (family != 4 && family != 6) || family != spec->path.remote.family
        || (spec->udp_encap && (spec->path.local.port == 0 || spec->path.remote.port == 0))) {
        return CYG_FAIL(err, CYG_R_SA_PATH, .got = spec->mode);
    }
    if (spec->spi < 256 || sadb_find(db, spec) != NULL) {
        return CYG_FAIL(err, CYG_R_SA_SPI, .got = spec->spi);
    }
    if (is_full(db)) {
        return CYG_FAIL(err, CYG_R_SA_LIMIT, .want = SADB_SAS_MAX);
    }
    return CYG_OK;
}

/* Put a finished SA into its table, in place of its reservation. */
static void enter(struct sadb *db, struct sa *sa)
{
    if (sa->inbound) {
        struct sa *reserved = inbound_of(db, sa->spi);
        if (reserved != NULL) {
            sadb_remove(db, reserved);
        }
        table_insert(&db->inbound, &sa->node, sa->spi);
        return;
    }
    table_insert(&db->outbound, &sa->node, sa->spi);
    sa->next_sender = sa->group->senders;
    sa->group->senders = sa;
}

enum cyg_code sadb_add(struct sadb *db, const struct cyg_sa_spec *spec,
                       const struct cyg_crypto *crypto, struct sa **ret, struct cyg_error *err)
{
    enum cyg_code code = check_spec(db, spec, err);
    if (code != CYG_OK) {
        return code;
    }
    CYG_CLEANUP(sa_freep) struct sa *sa = calloc(1, sizeof(*sa));
    if (sa == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    if (flow_match_of(&spec->flow, &sa->flow) != CYG_OK
        || (spec->mode == CYG_MODE_TRANSPORT && sa->flow.local.family != spec->path.local.family)) {
        return CYG_FAIL(err, CYG_R_POLICY_FLOW, .got_quote = flow_quote(&spec->flow));
    }
    code = esp_keys_init(&sa->keys, crypto, (enum cyg_alg)spec->cipher, (enum cyg_alg)spec->integ,
                         cyg_key_span(&spec->cipher_key), cyg_key_span(&spec->integ_key), err);
    if (code != CYG_OK) {
        return code;
    }
    if (spec->inbound && replay_init(&sa->replay, spec->replay_window) != CYG_OK) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    struct group *group = group_hold(db, spec->reqid);
    if (group == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    sa->group = group;
    sa->spi = spec->spi;
    sa->reqid = spec->reqid;
    sa->inbound = spec->inbound;
    sa->udp_encap = spec->udp_encap;
    sa->mode = spec->mode;
    sa->cipher = spec->cipher;
    sa->path = spec->path;
    sa->told_at = spec->path.remote;
    sa->life_bytes = spec->life_bytes;
    enter(db, sa);
    *ret = CYG_TAKE(sa);
    return CYG_OK;
}

struct each {
    void (*callback)(void *context, struct sa *sa);
    void *context;
};

static void each_node(void *context, struct node *node)
{
    const struct each *each = context;
    if (!next_sa(node)->reserved) {
        each->callback(each->context, next_sa(node));
    }
}

void sadb_each(const struct table *sas, void (*callback)(void *context, struct sa *sa),
               void *context)
{
    struct each each = { callback, context };
    table_each(sas, each_node, &each);
}
