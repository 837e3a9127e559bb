/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers that outlive their exchange (DESIGN.md "Who installs when, who repeats what"): MM6, QM3,
 * refusals. Repeated byte for byte, for nothing is ever encrypted twice. */
#include "exchange.h"
#include "ike_sa.h"
#include "outgoing.h"

#include <stdlib.h>
#include <string.h>

#define REPEAT_EVERY CYG_SEC
#define REPEAT_MAX   5u

/* The place for one more: an empty one; else the ring grows; else the oldest goes. NULL: no memory.
 */
static struct reply *place(struct ike_sa *sa)
{
    struct replies *r = sa->replies;
    for (size_t i = 0; r != NULL && i < r->capacity; i++) {
        if (r->items[i].sent == NULL) {
            return &r->items[i];
        }
    }
    if (r == NULL || r->capacity < REPLIES_MAX) {
        size_t capacity = r == NULL ? REPLIES_MIN : r->capacity * 2u;
        struct replies *grown = calloc(1, sizeof *grown + capacity * sizeof(struct reply));
        if (grown != NULL) {
            if (r != NULL) {
                memcpy(grown->items, r->items, r->capacity * sizeof(struct reply));
            }
            size_t first = r == NULL ? 0 : r->capacity;
            grown->capacity = (uint8_t)capacity;
            free(r);
            sa->replies = grown;
            return &grown->items[first];
        }
    }
    if (r == NULL) {
        return NULL;
    }
    struct reply *oldest = &r->items[r->next];
    r->next = r->next + 1u < r->capacity ? (uint8_t)(r->next + 1u) : 0;
    return oldest;
}

void replies_keep(struct ike_sa *sa, uint64_t seen, struct datagram *sent)
{
    if (sent == NULL) {
        return;
    }
    struct reply *reply = place(sa);
    if (reply == NULL) {
        free(sent); /* a lost answer: the peer will time out, nothing worse */
        return;
    }
    free(reply->sent);
    *reply = (struct reply){
        .seen = seen,
        .sent = sent,
        .until = cyg_usec_add(sa->engine->now, REPLIES_KEEP),
        .answered_at = sa->engine->now,
    };
    ike_sa_timer_restart(sa);
}

bool replies_repeat(struct ike_sa *sa, uint64_t seen)
{
    cyg_usec now = sa->engine->now;
    for (size_t i = 0; sa->replies != NULL && i < sa->replies->capacity; i++) {
        struct reply *reply = &sa->replies->items[i];
        if (reply->sent == NULL || reply->seen != seen || now >= reply->until) {
            continue;
        }
        if (reply->answered >= REPEAT_MAX || now < cyg_usec_add(reply->answered_at, REPEAT_EVERY)) {
            sa->engine->counts.dropped++;
            return true;
        }
        reply->answered++;
        reply->answered_at = now;
        outgoing_repeat(sa, reply->sent);
        return true;
    }
    return false;
}

cyg_usec replies_expire(struct ike_sa *sa)
{
    cyg_usec now = sa->engine->now, next = CYG_NEVER;
    for (size_t i = 0; sa->replies != NULL && i < sa->replies->capacity; i++) {
        struct reply *reply = &sa->replies->items[i];
        if (reply->sent != NULL && now >= reply->until) {
            free(reply->sent);
            *reply = (struct reply){ 0 };
        }
        if (reply->sent != NULL && reply->until < next) {
            next = reply->until;
        }
    }
    if (next == CYG_NEVER) { /* an idle SA stays small */
        free(sa->replies);
        sa->replies = NULL;
    }
    return next;
}

void replies_clear(struct ike_sa *sa)
{
    for (size_t i = 0; sa->replies != NULL && i < sa->replies->capacity; i++) {
        free(sa->replies->items[i].sent);
    }
    free(sa->replies);
    sa->replies = NULL;
}
