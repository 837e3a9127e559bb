/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Main mode, RFC 2409 5, in both roles; authentication by whatever method a plugin provides. What
 * both roles share stands here and in main_mode_common.c. Thread: the engine's. */
#pragma once

#include "exchange.h"
#include "exchange_kinds.h"
#include "groups.h"
#include "keys.h"
#include "natt.h"
#include "transforms.h"

#include <cygnet/auth.h>

/* States: how many messages of the other side have been taken. */
enum main_initiator_state {
    MM_I_START = 0,
    MM_I_OFFERED, /* MM1 is out */
    MM_I_SHARED,  /* MM3 is out */
    MM_I_PROVED,  /* MM5 is out */
    MM_I_DONE,
};

enum main_responder_state {
    MM_R_START = 0,
    MM_R_CHOSEN, /* MM2 is out */
    MM_R_KEYED,  /* MM4 is out */
    MM_R_DONE,
};

/* What lives for one handshake. */
struct main_mode {
    struct ike_algs algs;
    struct lifetime offered, agreed;
    uint16_t auth_method;
    bool initial_contact; /* authenticated, from the peer; or to be said by us */
    uint8_t nat_vids;
    bool encap;
    uint8_t natt_vids[CYG_NAT_VIDS_NONE + 1]; /* responder: the best vid_id under each policy */
    enum vid_id natt_vid;                     /* of them the one that we show */
    const struct cyg_auth_ops *auth;
    void *auth_self;
    struct cyg_span sa_i;       /* SAi_b: the initiator's bytes as sent; in the arena */
    struct cyg_span ke_i, ke_r; /* bodies */
    struct cyg_span psk;        /* in the arena, or in the group */
    struct cyg_quote *key;      /* initiator: whose it is, for records; in the arena */
    struct cyg_secret *private_value;
    struct cyg_key *skeyid;
    struct natt_result nat;
    uint8_t cookie_r[COOKIE_LEN]; /* initiator: of MM2, until MM3 is out */
    struct group *group;          /* responder: held */
    const struct cyg_candidate *candidate;
    uint8_t offer[]; /* responder: what sa_i is; one piece, which often fits a block (H-097) */
};

/* Make an IKE SA and its main mode as initiator, with a peer (held by the SA) and its secret
 * (copied; NULL: the method needs none). The caller starts it: exchange_start(sa->exchanges). */
CYG_MUST_USE enum cyg_code main_mode_prepare(struct engine *engine, struct cyg_peer *peer,
                                             const struct cyg_path *path,
                                             const struct cyg_peer_secret *secret,
                                             uint64_t order_id, struct ike_sa **ret,
                                             struct cyg_error *err);

/* ---- main_mode_common.c ---- */

/* The plugin of an authentication method. CYG_R_AUTH_METHOD. */
CYG_MUST_USE enum cyg_code main_find_auth(struct exchange *x, uint16_t method,
                                          struct cyg_error *err);

/* Features that the peer shows in MM1 to MM4 (H-028). */
void main_learn_vids(struct exchange *x, const struct message *in);

/* Check and keep KE and nonce of MM3, MM4; see whether there is a NAT. */
CYG_MUST_USE enum cyg_code main_take_key(struct exchange *x, const struct message *in,
                                         struct cyg_error *err);

/* SKEYID and what follows from it; the IV of the first encrypted message goes into x->work. */
CYG_MUST_USE enum cyg_code main_derive(struct exchange *x, const struct cyg_secret *shared,
                                       struct cyg_error *err);

/* Write KE, nonce and NAT-D of MM3, MM4. */
CYG_MUST_USE enum cyg_code main_put_key(struct exchange *x, struct builder *b,
                                        struct cyg_span public_value, struct cyg_span nonce,
                                        struct cyg_error *err);

/* What NAT detection has shown holds from now on. */
void main_apply_nat(struct exchange *x);

/* Read the identity and check the proof of MM5, MM6. *ret_id is the peer's. */
CYG_MUST_USE enum cyg_code main_check_proof(struct exchange *x, const struct message *in,
                                            struct cyg_identity *ret_id, struct cyg_error *err);

/* Write our identity and proof. */
CYG_MUST_USE enum cyg_code main_put_proof(struct exchange *x, struct builder *b,
                                          struct cyg_error *err);

/* It is over, one way or the other. */
void main_ended(struct exchange *x, const struct cyg_error *why);
