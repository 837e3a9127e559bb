/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which pre-shared key belongs to a peer, PROTOCOL "PSK of a main mode responder": the only place
 * that decides it, for initiator and responder, for rows of every database. Values only: looking
 * secrets up is secret.c's business. */
#pragma once

#include <cygnet/address.h>
#include <cygnet/identity.h>

/* What is known of the two ends when the key is needed. In main mode the peer's identity is not:
 * only what its row says of it. */
struct psk_ask {
    struct cyg_identity local_id;  /* of the row; ANY: the address in use */
    struct cyg_identity remote_id; /* of the row; ANY: anybody */
    bool remote_owns_none; /* the row has a remote_id, but no secret belongs to it; remote_id is not
                              set then */
    bool remote_is_host;   /* the row names the peer's address itself, so that stands for its
                              identity where it has none */
    struct cyg_address local, remote; /* as on the wire: with a NAT the outer address */
};

/* How well a secret fits, best first. */
enum psk_fit {
    PSK_NO_FIT = 0,
    PSK_ADDRESSES, /* its owners are the two addresses */
    PSK_NO_OWNER,  /* it is everybody's */
    PSK_ONE,       /* one of the two identities owns it, and nobody else is named against it */
    PSK_BOTH,
};

/* How well a secret with these owners (none of them ANY) fits. */
enum psk_fit psk_fit(const struct psk_ask *ask, const struct cyg_identity *owners, size_t n);

/* The identities whose secrets could fit, without those that nobody owns: at most PSK_OWNERS. */
#define PSK_OWNERS 4u
size_t psk_possible_owners(const struct psk_ask *ask, struct cyg_identity ret[PSK_OWNERS]);
