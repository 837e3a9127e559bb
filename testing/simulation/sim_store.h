/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The peers of a simulated host, shared by sim_store.c (lines to peers) and sim_store_ops.c
 * (queries). */
#pragma once

#include "simulation/sim_internal.h"

#define SIM_STORE_PEERS 64u

/* One line: what was said last about a key of a peer or of a child ("" for the peer itself). */
struct sim_row {
    char peer[CYG_NAME_MAX], child[CYG_NAME_MAX], key[32], value[256];
};

struct sim_entry {
    char name[CYG_NAME_MAX];
    int64_t id;
    struct cyg_peer *peer; /* compiled; NULL: deleted */
    struct cyg_peer_secret secret;
    bool has_secret, touched; /* since the last poll */
};

struct sim_store {
    struct sim_host *host;
    struct pcg random;
    struct sim_row *rows;
    size_t n_rows, room_rows;
    struct sim_entry entries[SIM_STORE_PEERS]; /* deleted ones keep their place: ids stay */
    size_t n_entries;
    uint64_t generation;
    unsigned failing_permille;
};

/* Make a peer of the rows that name it; NULL and the run fails when one does not parse. */
struct cyg_peer *sim_store_compile(struct sim_store *store, struct sim_entry *entry);
