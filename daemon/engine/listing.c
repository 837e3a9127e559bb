/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See listing.h, and engine_list in engine.h. */
#include "listing.h"

#include "kernel_ops.h"
#include "principal.h"

#include <string.h>

static void copy_name(char ret[CYG_NAME_MAX], const char *name)
{
    size_t len = strnlen(name, CYG_NAME_MAX - 1);
    memcpy(ret, name, len);
    ret[len] = '\0';
}

void listing_ike(const struct ike_sa *sa, struct cyg_ike_record *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->uniqueid = sa->uniqueid;
    copy_name(ret->name, ike_sa_name(sa));
    ret->state = sa->state;
    ret->initiator = sa->initiator;
    ret->nat_local = sa->nat_local;
    ret->nat_remote = sa->nat_remote;
    ret->nat_any = sa->nat_local || sa->nat_remote || sa->nat_fake;
    ret->nat_fake = sa->nat_fake;
    ret->dpd = sa->dpd;
    memcpy(ret->cookie_i, sa->cookie_i, COOKIE_LEN);
    memcpy(ret->cookie_r, sa->cookie_r, COOKIE_LEN);
    ret->path = sa->path;
    ike_sa_local_id(sa, &ret->local_id);
    if (sa->principal != NULL) {
        principal_identity(sa->principal, &ret->remote_id);
    } else if (sa->peer != NULL) {
        ret->remote_id = sa->peer->remote_id;
    }
    if (sa->keys != NULL) {
        ret->cipher = sa->keys->cipher;
        ret->integ = sa->keys->hash;
        ret->group = sa->keys->group;
    }
    ret->established = sa->established;
    ret->rekey_at = CYG_NEVER;
    ret->reauth_at = CYG_NEVER;
    ret->expires_at = sa->expires;
    ret->n_children = sa->n_children;
}

void listing_child(const struct child_sa *child, struct cyg_child_record *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->uniqueid = child->uniqueid;
    ret->ike_uniqueid = child->sa->uniqueid;
    ret->reqid = child->use->reqid;
    copy_name(ret->name, child->config->name);
    ret->state = child->state;
    ret->mode = child->use->mode;
    ret->protocol = child->use->protocol;
    ret->cipher = child->cipher;
    ret->integ = child->integ;
    ret->group = child->group;
    ret->encap = child->udp_encap;
    ret->spi_in = child->spi_in;
    ret->spi_out = child->spi_out;
    ret->bytes_in = child->bytes_in;
    ret->packets_in = child->packets_in;
    ret->bytes_out = child->bytes_out;
    ret->packets_out = child->packets_out;
    ret->used_in = child->used_in;
    ret->used_out = child->used_out;
    ret->installed = child->installed;
    ret->rekey_at = CYG_NEVER;
    ret->expires_at = child->expires;
    ret->flow = child->use->flow;
}

void engine_list(struct engine *engine, cyg_usec now, uint32_t after,
                 struct cyg_ike_record *ret_ike, size_t max_ike, size_t *ret_n_ike,
                 struct cyg_child_record *ret_children, size_t max_children, size_t *ret_n_children)
{
    engine->now = now;
    size_t n = 0, n_children = 0;
    const struct ike_index *index = &engine->index;
    for (uint32_t i = ike_sa_index_after(engine, after); i < index->n && n < max_ike; i++) {
        const struct ike_sa *sa = index->items[i].sa;
        if (sa == NULL || (sa->peer == NULL && sa->principal == NULL)) {
            continue; /* a stranger's handshake is nothing to show */
        }
        if (max_children > 0 && n > 0 && sa->n_children > max_children - n_children) {
            break; /* children of one SA stand together: the next call begins with it */
        }
        struct cyg_ike_record *record = &ret_ike[n++];
        listing_ike(sa, record);
        record->n_children = 0;
        for (struct child_sa *child = sa->children; child != NULL && n_children < max_children;
             child = child->next) {
            listing_child(child, &ret_children[n_children++]);
            record->n_children++;
            kernel_query(child);
        }
    }
    *ret_n_ike = n;
    *ret_n_children = n_children;
}
