/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "psk_select.h"

static struct cyg_identity of_address(const struct cyg_address *a)
{
    struct cyg_identity id;
    cyg_identity_of_address(a, &id);
    return id;
}

/* Who the two ends are, as far as the row says it; ANY where it says nothing. */
static struct cyg_identity own_identity(const struct psk_ask *ask)
{
    return ask->local_id.type != CYG_ID_ANY ? ask->local_id : of_address(&ask->local);
}

static struct cyg_identity peer_identity(const struct psk_ask *ask)
{
    return ask->remote_id.type == CYG_ID_ANY && ask->remote_is_host ? of_address(&ask->remote)
                                                                    : ask->remote_id;
}

static bool is_address(const struct cyg_identity *id)
{
    return id->type == CYG_ID_IPV4_ADDR || id->type == CYG_ID_IPV6_ADDR;
}

/* Whether an owner that is neither of the two could still be the peer that is not known yet. */
static bool may_be_peer(const struct psk_ask *ask, const struct cyg_identity *owner)
{
    if (ask->remote_owns_none) {
        return false;
    }
    if (ask->remote_id.type == CYG_ID_ANY) {
        /* The outer address is known; another one is somebody else's. */
        struct cyg_identity outer = of_address(&ask->remote);
        return !is_address(owner) || cyg_identity_equal(owner, &outer);
    }
    return cyg_identity_is_pattern(&ask->remote_id)
           && cyg_identity_match(&ask->remote_id, owner) > 0;
}

/* Whether all owners are addresses of the two ends. */
static bool are_addresses(const struct psk_ask *ask, const struct cyg_identity *owners, size_t n)
{
    struct cyg_identity local = of_address(&ask->local), remote = of_address(&ask->remote);
    for (size_t i = 0; i < n; i++) {
        if (!cyg_identity_equal(&owners[i], &local) && !cyg_identity_equal(&owners[i], &remote)) {
            return false;
        }
    }
    return true;
}

enum psk_fit psk_fit(const struct psk_ask *ask, const struct cyg_identity *owners, size_t n)
{
    if (n == 0) {
        return PSK_NO_OWNER;
    }
    struct cyg_identity own = own_identity(ask), peer = peer_identity(ask);
    bool by_own = false, by_peer = false, by_other = false;
    for (size_t i = 0; i < n; i++) {
        if (cyg_identity_equal(&owners[i], &own)) {
            by_own = true;
        } else if (!ask->remote_owns_none && peer.type != CYG_ID_ANY
                   && cyg_identity_equal(&owners[i], &peer)) {
            by_peer = true;
        } else if (!may_be_peer(ask, &owners[i])) {
            by_other = true;
        }
    }
    if (by_own && by_peer) {
        return PSK_BOTH; /* further owners share it: swanctl.conf allows a list */
    }
    /* A row without an identity of ours leaves room for any that the secret names beside the
     * peer's. */
    if ((by_own && !by_other) || (by_peer && (!by_other || ask->local_id.type == CYG_ID_ANY))) {
        return PSK_ONE;
    }
    return are_addresses(ask, owners, n) ? PSK_ADDRESSES : PSK_NO_FIT;
}

size_t psk_possible_owners(const struct psk_ask *ask, struct cyg_identity ret[PSK_OWNERS])
{
    struct cyg_identity all[PSK_OWNERS] = {
        peer_identity(ask),
        own_identity(ask),
        of_address(&ask->remote),
        of_address(&ask->local),
    };
    if (ask->remote_owns_none) {
        all[0].type = CYG_ID_ANY;
    }
    size_t n = 0;
    for (size_t i = 0; i < PSK_OWNERS; i++) {
        bool known = all[i].type == CYG_ID_ANY;
        for (size_t j = 0; j < n && !known; j++) {
            known = cyg_identity_equal(&all[i], &ret[j]);
        }
        if (!known) {
            ret[n++] = all[i];
        }
    }
    return n;
}
