/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Holding, releasing and freeing what a store hands out. How a peer is made: peer_build.c. */
#include <cygnet/store.h>

#include <stdlib.h>

struct cyg_peer *cyg_peer_hold(struct cyg_peer *peer)
{
    if (peer != NULL) {
        __atomic_fetch_add(&peer->references, 1, __ATOMIC_RELAXED);
    }
    return peer;
}

void cyg_peer_release(struct cyg_peer *peer)
{
    if (peer != NULL && __atomic_sub_fetch(&peer->references, 1, __ATOMIC_ACQ_REL) == 0) {
        free(peer);
    }
}

void cyg_candidates_free(struct cyg_candidates *candidates)
{
    if (candidates == NULL) {
        return;
    }
    for (size_t i = 0; i < candidates->n; i++) {
        cyg_wipe(&candidates->items[i].secret, sizeof candidates->items[i].secret);
    }
    free(candidates);
}

void cyg_peer_changes_free(struct cyg_peer_changes *changes)
{
    free(changes);
}
