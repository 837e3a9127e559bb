/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of an IKE SA; see ike_sa.h. */
#include "ike_sa.h"

#include "by_peer.h"
#include "child_sa.h"
#include "events.h"
#include "exchange.h"
#include "flows.h"
#include "informational.h"
#include "orders.h"
#include "principal.h"
#include "unique.h"

#include <cygnet/secret.h>

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define EXCHANGES_MIN 16u

/* ---- index by uniqueid ---- */

static void index_compact(struct ike_index *index)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < index->n; i++) {
        if (index->items[i].sa != NULL) {
            index->items[i].sa->index_at = n;
            index->items[n++] = index->items[i];
        }
    }
    index->n = n;
}

/* Room for so many in all, so that numbering one never fails. */
static enum cyg_code index_reserve(struct ike_index *index, size_t n)
{
    if (n <= index->capacity) {
        return CYG_OK;
    }
    uint32_t capacity = index->capacity == 0 ? 64 : index->capacity * 2;
    struct ike_index_item *items = realloc(index->items, capacity * sizeof *items);
    if (items == NULL) {
        return CYG_NOMEM;
    }
    index->items = items;
    index->capacity = capacity;
    return CYG_OK;
}

/* The newest number is the highest, so it goes to the end; but numbers begin anew after 2^32. */
static void index_add(struct ike_index *index, struct ike_sa *sa)
{
    if (index->n == index->capacity) {
        index_compact(index);
    }
    uint32_t at = index->n++;
    for (; at > 0 && index->items[at - 1].uniqueid > sa->uniqueid; at--) {
        index->items[at] = index->items[at - 1];
        if (index->items[at].sa != NULL) {
            index->items[at].sa->index_at = at;
        }
    }
    index->items[at] = (struct ike_index_item){ .sa = sa, .uniqueid = sa->uniqueid };
    sa->index_at = at;
    index->live++;
}

static void index_remove(struct ike_index *index, struct ike_sa *sa)
{
    if (sa->uniqueid == 0) {
        return;
    }
    index->items[sa->index_at].sa = NULL;
    if (--index->live * 2 < index->n && index->n > 64) {
        index_compact(index);
    }
}

uint32_t ike_sa_index_after(const struct engine *engine, uint32_t uniqueid)
{
    const struct ike_index *index = &engine->index;
    uint32_t low = 0, high = index->n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (index->items[middle].uniqueid <= uniqueid) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct ike_sa *ike_sa_by_uniqueid(const struct engine *engine, uint32_t uniqueid)
{
    const struct ike_index *index = &engine->index;
    uint32_t i = uniqueid == 0 ? index->n : ike_sa_index_after(engine, uniqueid - 1);
    for (; i < index->n && index->items[i].uniqueid == uniqueid; i++) {
        if (index->items[i].sa != NULL) { /* a number that came again may stand behind its gap */
            return index->items[i].sa;
        }
    }
    return NULL;
}

void ike_sa_number(struct ike_sa *sa)
{
    struct engine *engine = sa->engine;
    if (sa->uniqueid != 0 || sa->ended) {
        return;
    }
    do {
        engine->next_uniqueid++;
    } while (engine->next_uniqueid == 0
             || ike_sa_by_uniqueid(engine, engine->next_uniqueid) != NULL);
    sa->uniqueid = engine->next_uniqueid;
    index_add(&engine->index, sa);
}

/* ---- birth ---- */

const uint8_t *ike_sa_own_cookie(const struct ike_sa *sa)
{
    return sa->initiator ? sa->cookie_i : sa->cookie_r;
}

static struct ike_sa *find_own(const struct engine *engine, const uint8_t cookie[COOKIE_LEN])
{
    return TABLE_OWNER(struct ike_sa, by_cookie,
                       table_find(engine, engine->sas, (struct cyg_span){ cookie, COOKIE_LEN }));
}

static const uint8_t no_cookie[COOKIE_LEN];

static enum cyg_code make_cookie(struct engine *engine, uint8_t ret[COOKIE_LEN],
                                 struct cyg_error *err)
{
    for (unsigned tries = 0; tries < 100; tries++) {
        enum cyg_code code = engine_random(engine, ret, COOKIE_LEN, err);
        if (code != CYG_OK) {
            return code;
        }
        if (memcmp(ret, no_cookie, COOKIE_LEN) != 0 && find_own(engine, ret) == NULL) {
            return CYG_OK;
        }
    }
    return CYG_FAIL(err, CYG_R_RANDOM_FAILED);
}

/* Enter it everywhere; each step undone when a later one has no memory. */
static enum cyg_code enter(struct engine *engine, struct ike_sa *sa)
{
    if (timers_reserve(&engine->timers) != CYG_OK) {
        return CYG_NOMEM;
    }
    const uint8_t *own = ike_sa_own_cookie(sa);
    if (!table_add(engine, &engine->sas, &sa->by_cookie, (struct cyg_span){ own, COOKIE_LEN })) {
        timers_release(&engine->timers, &sa->timer);
        return CYG_NOMEM;
    }
    if (index_reserve(&engine->index, engine->counts.ike_sas + 1) != CYG_OK) {
        table_remove(&engine->sas, &sa->by_cookie);
        timers_release(&engine->timers, &sa->timer);
        return CYG_NOMEM;
    }
    return CYG_OK;
}

enum cyg_code ike_sa_new(struct engine *engine, const struct cyg_path *path, bool initiator,
                         struct cyg_peer *peer, struct ike_sa **ret, struct cyg_error *err)
{
    struct ike_sa *sa = calloc(1, sizeof *sa);
    if (sa == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    sa->engine = engine;
    sa->path = *path;
    sa->initiator = initiator;
    sa->created = engine->now;
    sa->expires = CYG_NEVER;
    sa->childless = CYG_NEVER;
    sa->state = CYG_IKE_CONNECTING;
    sa->timer.owner = TIMER_IKE_SA;
    enum cyg_code code = make_cookie(engine, initiator ? sa->cookie_i : sa->cookie_r, err);
    if (code == CYG_OK && enter(engine, sa) != CYG_OK) {
        code = CYG_FAIL(err, CYG_R_NOMEM);
    }
    if (code != CYG_OK) {
        free(sa);
        return code;
    }
    engine->counts.ike_sas++;
    if (initiator) {
        ike_sa_number(sa);
    }
    if (peer != NULL && by_peer_join(sa, cyg_peer_hold(peer)) != CYG_OK) {
        cyg_peer_release(peer);
        code = CYG_FAIL(err, CYG_R_NOMEM);
        ike_sa_end(sa, false, err);
        return code;
    }
    *ret = sa;
    return CYG_OK;
}

bool ike_sa_fits(const struct ike_sa *sa, const struct header *h)
{
    bool learnt = !sa->initiator || memcmp(sa->cookie_r, no_cookie, COOKIE_LEN) != 0;
    return memcmp(sa->cookie_i, h->cookie_i, COOKIE_LEN) == 0
           && (!learnt || memcmp(sa->cookie_r, h->cookie_r, COOKIE_LEN) == 0);
}

struct ike_sa *ike_sa_find(const struct engine *engine, const struct header *h)
{
    struct ike_sa *sa = NULL;
    if (memcmp(h->cookie_r, no_cookie, COOKIE_LEN) != 0) {
        sa = find_own(engine, h->cookie_r);
    }
    if (sa != NULL) {
        return !sa->initiator && ike_sa_fits(sa, h) ? sa : NULL;
    }
    sa = find_own(engine, h->cookie_i);
    return sa != NULL && sa->initiator && ike_sa_fits(sa, h) ? sa : NULL;
}

struct ike_sa *ike_sa_by_initiator(const struct engine *engine, const struct cyg_path *path,
                                   const uint8_t cookie_i[COOKIE_LEN])
{
    struct ike_sa *sa = TABLE_OWNER(
        struct ike_sa, by_peer,
        table_find(engine, engine->sas_by_initiator, (struct cyg_span){ cookie_i, COOKIE_LEN }));
    return sa != NULL && cyg_address_equal(&sa->path.remote, &path->remote) ? sa : NULL;
}

void ike_sa_cookies(const struct ike_sa *sa, uint8_t ret[2 * COOKIE_LEN])
{
    memcpy(ret, sa->cookie_i, COOKIE_LEN);
    memcpy(ret + COOKIE_LEN, sa->cookie_r, COOKIE_LEN);
}

void ike_sa_learn_cookie(struct ike_sa *sa, const uint8_t cookie_r[COOKIE_LEN])
{
    memcpy(sa->cookie_r, cookie_r, COOKIE_LEN);
}

/* ---- keys ---- */

static void keys_free(struct ike_keys *keys)
{
    if (keys != NULL) {
        cyg_wipe(keys, sizeof *keys);
        free(keys);
    }
}
CYG_DEFINE_CLEANUP(struct ike_keys *, keys_free);

enum cyg_code ike_sa_set_keys(struct ike_sa *sa, struct ike_algs algs, struct cyg_span skeyid,
                              struct cyg_span shared, struct cyg_error *err)
{
    const struct cyg_crypto *crypto = sa->engine->providers.crypto;
    CYG_CLEANUP(keys_freep) struct ike_keys *keys = calloc(1, sizeof *keys);
    if (keys == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    keys->cipher = (uint8_t)algs.cipher;
    keys->hash = (uint8_t)algs.hash;
    keys->group = (uint8_t)algs.group;
    keys->block = cyg_alg_info(algs.cipher)->block;
    enum cyg_code code =
        keys_derive(crypto, algs.hash, skeyid, shared, cyg_span_of_array(sa->cookie_i),
                    cyg_span_of_array(sa->cookie_r), &keys->skeyid);
    if (code == CYG_OK) {
        code = keys_cipher(crypto, algs.hash, algs.cipher, cyg_key_span(&keys->skeyid.e),
                           &keys->cipher_key);
    }
    if (code != CYG_OK) {
        return CYG_FAIL(err, CYG_R_CRYPTO_FAILED, .got_quote = cyg_quote_text("SKEYID"));
    }
    cyg_key_clear(&keys->skeyid.e); /* only the cipher's key was made of it */
    const struct engine_world *world = &sa->engine->world;
    if (world->ike_key != NULL) {
        world->ike_key(world->context, cyg_span_of_array(sa->cookie_i),
                       cyg_key_span(&keys->cipher_key));
    }
    keys_free(sa->keys);
    sa->keys = CYG_TAKE(keys);
    return CYG_OK;
}

void ike_sa_freeze(struct ike_sa *sa, const uint8_t before[IV_MAX], const uint8_t last[IV_MAX])
{
    memcpy(sa->keys->iv_before, before, IV_MAX);
    memcpy(sa->keys->iv, last, IV_MAX);
    sa->keys->frozen = true;
    sa->keys->has_before = true;
}

/* ---- life ---- */

void ike_sa_timer_restart(struct ike_sa *sa)
{
    cyg_usec next = replies_expire(sa);
    cyg_usec idle = cyg_usec_add(sa->childless, sa->engine->settings.childless_timeout);
    next = next < sa->expires ? next : sa->expires;
    timer_set(&sa->engine->timers, &sa->timer, next < idle ? next : idle);
}

void ike_sa_children_changed(struct ike_sa *sa)
{
    if (sa->engine->settings.childless_timeout == CYG_NEVER || sa->ended) {
        return;
    }
    sa->childless = sa->n_children == 0 ? sa->engine->now : CYG_NEVER;
    ike_sa_timer_restart(sa);
}

/* H-103. What is being negotiated just now may become a child: it gets its time. */
static bool is_idle(struct ike_sa *sa)
{
    struct engine *engine = sa->engine;
    if (engine->now < cyg_usec_add(sa->childless, engine->settings.childless_timeout)) {
        return false;
    }
    if (sa->n_exchanges > 0) {
        sa->childless = engine->now;
    }
    return sa->n_exchanges == 0;
}

void ike_sa_timer(struct ike_sa *sa)
{
    struct cyg_error err;
    if (sa->engine->now < sa->expires) {
        if (!is_idle(sa)) {
            ike_sa_timer_restart(sa);
            return;
        }
        (void)CYG_FAIL(&err, CYG_R_IKE_CHILDLESS,
                       .got = (sa->engine->now - sa->childless) / CYG_SEC);
        events_log(sa->engine, sa, &sa->path, 0, &err);
        ike_sa_end(sa, true, &err);
        return;
    }
    if (sa->replaced) {           /* that was said when it happened */
        unique_move_children(sa); /* those that came up since */
        ike_sa_end(sa, true, NULL);
        return;
    }
    (void)CYG_FAIL(&err, CYG_R_IKE_EXPIRED, .got = (sa->engine->now - sa->established) / CYG_SEC);
    events_log(sa->engine, sa, &sa->path, 0, &err);
    ike_sa_end(sa, true, &err);
}

void ike_sa_shorten(struct ike_sa *sa, uint64_t lifetime_s)
{
    cyg_usec life = lifetime_s > UINT32_MAX ? CYG_NEVER : lifetime_s * CYG_SEC;
    cyg_usec expires = cyg_usec_add(life, sa->established);
    if (expires < sa->expires) {
        sa->expires = expires;
        ike_sa_timer_restart(sa);
    }
}

void ike_sa_move(struct ike_sa *sa, const struct cyg_path *path)
{
    if (cyg_endpoint_equal(&sa->path.local, &path->local)
        && cyg_endpoint_equal(&sa->path.remote, &path->remote)) {
        return;
    }
    struct cyg_path old = sa->path;
    sa->path = *path;
    struct cyg_error err;
    (void)CYG_FAIL(&err, CYG_R_PATH_MOVED, .got_quote = events_quote_endpoint(&path->remote),
                   .want_quote = events_quote_endpoint(&old.remote));
    events_log(sa->engine, sa, path, 0, &err);
    for (struct child_sa *child = sa->children; child != NULL; child = child->next) {
        child_sa_move(child, path);
    }
}

void ike_sa_heard(struct ike_sa *sa, const struct cyg_path *path)
{
    sa->heard = sa->engine->now;
    if (sa->nat_local || sa->nat_remote || sa->nat_fake) {
        ike_sa_move(sa, path);
    }
}

enum cyg_code ike_sa_establish(struct ike_sa *sa, const struct cyg_identity *remote,
                               uint64_t lifetime_s, struct cyg_error *err)
{
    struct engine *engine = sa->engine;
    enum cyg_code code = principal_join(sa, remote, err);
    if (code != CYG_OK) {
        return code;
    }
    sa->state = CYG_IKE_ESTABLISHED;
    sa->established = engine->now;
    sa->by_initiator = !sa->initiator
                       && table_add(engine, &engine->sas_by_initiator, &sa->by_peer,
                                    cyg_span_of_array(sa->cookie_i));
    ike_sa_shorten(sa, lifetime_s);
    ike_sa_children_changed(sa);
    half_open_proven(engine, &sa->path);
    return CYG_OK;
}

void ike_sa_tell(struct ike_sa *sa, uint64_t order_id)
{
    sa->told = true;
    sa->engine->counts.handshakes_done++;
    events_ike(sa, CYG_EVENT_IKE_UP, order_id);
}

unsigned ike_sa_max_exchanges(const struct ike_sa *sa)
{
    unsigned max = sa->engine->settings.max_exchanges;
    if (max != 0) {
        return max;
    }
    size_t flows = 4;
    for (size_t i = 0; sa->peer != NULL && i < sa->peer->n_children; i++) {
        flows += flows_count(&sa->peer->children[i], &sa->path);
    }
    return flows > EXCHANGES_MIN ? (unsigned)flows : EXCHANGES_MIN;
}

void ike_sa_local_id(const struct ike_sa *sa, struct cyg_identity *ret)
{
    if (sa->peer != NULL && sa->peer->local_id.type != CYG_ID_ANY
        && !cyg_identity_is_pattern(&sa->peer->local_id)) {
        *ret = sa->peer->local_id;
    } else {
        cyg_identity_of_address(&sa->path.local, ret);
    }
}

const char *ike_sa_name(const struct ike_sa *sa)
{
    return sa->peer == NULL ? "" : sa->peer->name;
}

/* ---- end ---- */

static void say_goodbye(struct ike_sa *sa)
{
    if (sa->state != CYG_IKE_ESTABLISHED) {
        return;
    }
    for (struct child_sa *child = sa->children; child != NULL; child = child->next) {
        informational_delete_child(sa, child);
    }
    informational_delete_ike(sa);
}

void ike_sa_end(struct ike_sa *sa, bool with_delete, const struct cyg_error *why)
{
    struct engine *engine = sa->engine;
    if (sa->ended) {
        return;
    }
    if (with_delete) {
        say_goodbye(sa);
    }
    sa->ended = true;
    while (sa->children != NULL) {
        child_sa_end(sa->children, why);
    }
    while (sa->exchanges != NULL) {
        exchange_end(sa->exchanges, why);
    }
    sa->state = CYG_IKE_DELETING;
    if (sa->told) {
        events_ike(sa, CYG_EVENT_IKE_DOWN, 0);
    }
    principal_leave(sa);
    by_peer_leave(sa);
    table_remove(&engine->sas, &sa->by_cookie);
    if (sa->by_initiator) {
        table_remove(&engine->sas_by_initiator, &sa->by_peer);
    }
    index_remove(&engine->index, sa);
    timers_release(&engine->timers, &sa->timer);
    engine->counts.ike_sas--;
    sa->next_ended = engine->ended_sas;
    engine->ended_sas = sa;
    orders_ike_ended(sa, why);
}

void ike_sa_end_all(struct engine *engine, bool with_delete, const struct cyg_error *why)
{
    while (engine->sas != NULL) {
        ike_sa_end(TABLE_OWNER(struct ike_sa, by_cookie, engine->sas), with_delete, why);
    }
}

void ike_sa_reap(struct ike_sa *sa)
{
    keys_free(sa->keys);
    replies_clear(sa);
    free(sa->ids.items);
    free(sa->info_ids.items);
    cyg_peer_release(sa->peer);
    free(sa);
}
