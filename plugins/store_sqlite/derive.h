/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of deriving: what a peer's row comes to in the look-up tables, and putting that in or
 * out. Private to derive*.c. */
#pragma once

#include "lookup.h"

/* Pairs of a local and a remote prefix that one peer may have. */
#define PEER_GROUPS 64u
#define PATTERNS    1000u

struct derivation {
    struct connection *c;
    int64_t generation;
    int64_t secrets_generation;
};

/* What the tables hold of a peer. */
struct members {
    int64_t policy, psk;
    size_t form_len;                    /* 0: nothing is held */
    uint8_t form[CYG_IDENTITY_MAX + 2]; /* of remote_id, with 0xff in front of a pattern */
    size_t n_groups;
    int64_t groups[PEER_GROUPS];
};

/* The remote identity's form, marked where it is a pattern. */
size_t members_form(const struct cyg_identity *id, uint8_t ret[CYG_IDENTITY_MAX + 2]);

/* Put a compiled peer in. CYG_REFUSED with *err when a bound stands against it; nothing has changed
 * then. */
CYG_MUST_USE enum cyg_code members_add(struct derivation *d, const struct cyg_peer *peer,
                                       int64_t id, struct members *ret, struct cyg_error *err);

/* Take out what is held of the peer of this name. */
CYG_MUST_USE enum cyg_code members_remove(struct derivation *d, const char *name,
                                          const struct members *m, struct cyg_error *err);

/* The groups as text of lookup_peer and back. */
#define MEMBERS_TEXT (PEER_GROUPS * 21u)
void members_format_groups(const struct members *m, char ret[MEMBERS_TEXT]);
void members_parse_groups(struct members *m, const char *text);

/* Derive one row of secrets; the peers that it concerns are marked as changed. */
CYG_MUST_USE enum cyg_code derive_secret(struct derivation *d, const char *name,
                                         struct cyg_error *err);

/* Mark the peers that have this remote_id, in the open transaction. */
CYG_MUST_USE enum cyg_code derive_mark_peers(struct connection *c, struct cyg_span form,
                                             struct cyg_error *err);

/* Write or delete the row's problem; NULL: it has none. */
CYG_MUST_USE enum cyg_code derive_problem(struct derivation *d, const char *kind, const char *name,
                                          const char *problem, struct cyg_error *err);
