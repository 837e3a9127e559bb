/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See unique.h. */
#include "unique.h"

#include "by_peer.h"
#include "child_sa.h"
#include "events.h"
#include "orders.h"
#include "principal.h"

/* A replaced SA stays a moment, empty, for messages that are on their way. */
#define REPLACED_KEEP (10 * CYG_SEC)

/* As responder we don't know whether MM6 has arrived: while it may be asked for again, the peer has
 * only the old SA, and its Delete would end what hangs on it there. */
static cyg_usec keep_of(const struct ike_sa *sa)
{
    return sa->initiator ? REPLACED_KEEP : REPLIES_KEEP;
}

static bool is_older(const struct ike_sa *old, const struct ike_sa *sa)
{
    return old != sa && !old->replaced && old->established < sa->created;
}

/* Those that are up. One that a quick mode is still making belongs to that exchange and stays with
 * its IKE SA: it moves when it is up, at the latest when the old SA ends. */
static void move_children(struct ike_sa *from, struct ike_sa *to)
{
    struct child_sa *next;
    for (struct child_sa *child = from->children; child != NULL; child = next) {
        next = child->next;
        if (child->state == CYG_CHILD_INSTALLED) {
            child_sa_adopt(to, child);
        }
    }
}

/* The flows move first, so traffic goes on; then the old one ends, telling its peer. */
static void replace(struct ike_sa *old, struct ike_sa *sa)
{
    struct engine *engine = sa->engine;
    struct cyg_error err;
    (void)CYG_FAIL(&err, CYG_R_IKE_REPLACED, .got = old->uniqueid, .want = sa->uniqueid);
    events_log(engine, old, &old->path, 0, &err);
    move_children(old, sa);
    orders_ike_replaced(old, sa);
    old->replaced = true;
    cyg_usec end = cyg_usec_add(engine->now, keep_of(sa));
    if (end < old->expires) {
        old->expires = end;
        ike_sa_timer_restart(old);
    }
}

/* The peer has lost everything: what is left of before is dead. It is told all the same, for it may
 * be another machine with the same identity that loses its SA now. */
static void forget(struct ike_sa *old, const struct ike_sa *sa)
{
    struct cyg_error err;
    (void)CYG_FAIL(&err, CYG_R_INITIAL_CONTACT, .got = old->uniqueid, .want = sa->uniqueid);
    events_log(sa->engine, old, &old->path, 0, &err);
    ike_sa_end(old, true, &err);
}

void unique_apply(struct ike_sa *sa, bool initial_contact)
{
    enum cyg_unique unique = (enum cyg_unique)sa->peer->unique;
    bool obeys = initial_contact && unique != CYG_UNIQUE_NEVER;
    struct ike_sa *old = sa->principal->sas;
    while (old != NULL) {
        struct ike_sa *next = old->next;
        if (is_older(old, sa) && obeys) {
            forget(old, sa);
        } else if (is_older(old, sa) && unique == CYG_UNIQUE_REPLACE) {
            replace(old, sa);
        }
        old = next;
    }
}

void unique_move_children(struct ike_sa *sa)
{
    struct ike_sa *heir = NULL;
    for (struct ike_sa *other = sa->principal->sas; other != NULL; other = other->next) {
        if (other != sa && !other->replaced) {
            heir = other; /* the newest stands last */
        }
    }
    if (heir != NULL) {
        move_children(sa, heir);
    }
}

enum cyg_code unique_check(const struct ike_sa *sa, const struct cyg_identity *identity,
                           struct cyg_error *err)
{
    const struct principal *p = principal_find(sa, identity);
    if (sa->peer->unique == CYG_UNIQUE_KEEP && p != NULL) {
        return CYG_FAIL(err, CYG_R_UNIQUE_KEEP, .got_quote = events_quote_identity(identity),
                        .want = p->sas->uniqueid);
    }
    const struct engine *engine = sa->engine;
    size_t n = engine->counts.ike_sas - engine->counts.half_open;
    if (p != NULL && p->n_sas >= engine->settings.max_ike_sas_per_identity) {
        return CYG_FAIL(err, CYG_R_IKE_SAS_TOO_MANY, .got_quote = events_quote_identity(identity),
                        .want = engine->settings.max_ike_sas_per_identity);
    }
    if (n >= engine->settings.max_ike_sas) { /* H-103 */
        return CYG_FAIL(err, CYG_R_IKE_SAS_FULL, .got = n, .want = engine->settings.max_ike_sas);
    }
    return CYG_OK;
}

bool unique_is_first_contact(const struct ike_sa *sa)
{
    const struct ike_sa *other = by_peer_first(sa->engine, sa->peer->source, sa->peer->id);
    for (; other != NULL; other = other->row_next) {
        if (other != sa && other->state == CYG_IKE_ESTABLISHED) {
            return false;
        }
    }
    return true;
}
