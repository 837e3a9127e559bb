/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See principal.h. */
#include "principal.h"

#include "ike_sa.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define KEY_MAX (9u + CYG_IDENTITY_MAX + 1u)

static size_t make_key(const struct cyg_peer *peer, const struct cyg_identity *identity,
                       uint8_t key[KEY_MAX])
{
    key[0] = peer->source;
    for (size_t i = 0; i < 8; i++) {
        key[1 + i] = (uint8_t)((uint64_t)peer->id >> (8 * i));
    }
    return 9 + cyg_identity_match_form(identity, key + 9);
}

struct principal *principal_find(const struct ike_sa *sa, const struct cyg_identity *identity)
{
    uint8_t key[KEY_MAX];
    size_t len = make_key(sa->peer, identity, key);
    return TABLE_OWNER(
        struct principal, by_key,
        table_find(sa->engine, sa->engine->principals, (struct cyg_span){ key, len }));
}

enum cyg_code principal_join(struct ike_sa *sa, const struct cyg_identity *identity,
                             struct cyg_error *err)
{
    struct engine *engine = sa->engine;
    uint8_t key[KEY_MAX];
    size_t len = make_key(sa->peer, identity, key);
    struct principal *p = principal_find(sa, identity);
    if (p == NULL) {
        p = calloc(1, sizeof *p + identity->len + len);
        if (p == NULL) {
            return CYG_FAIL(err, CYG_R_NOMEM);
        }
        p->id_type = identity->type;
        p->id_len = identity->len;
        p->key_len = (uint16_t)len;
        memcpy(p->bytes, identity->data, identity->len);
        memcpy(p->bytes + identity->len, key, len);
        if (!table_add(engine, &engine->principals, &p->by_key,
                       (struct cyg_span){ p->bytes + identity->len, len })) {
            free(p);
            return CYG_FAIL(err, CYG_R_NOMEM);
        }
    }
    DL_APPEND(p->sas, sa);
    p->n_sas++;
    sa->principal = p;
    return CYG_OK;
}

void principal_leave(struct ike_sa *sa)
{
    struct principal *p = sa->principal;
    if (p == NULL) {
        return;
    }
    DL_DELETE(p->sas, sa);
    p->n_sas--;
    sa->principal = NULL;
    if (p->sas == NULL) {
        table_remove(&sa->engine->principals, &p->by_key);
        free(p);
    }
}

void principal_identity(const struct principal *principal, struct cyg_identity *ret)
{
    ret->type = principal->id_type;
    ret->len = principal->id_len;
    memcpy(ret->data, principal->bytes, principal->id_len);
}
