/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making a struct cyg_peer: fields are collected one by one, then packed with all that they point
 * to into one allocation. Errors are remembered: add everything, ask at the end. Ownership: texts
 * and values are copied; the builder belongs to its caller. Thread: one at a time. */
#pragma once

#include <cygnet/peer.h>

struct cyg_peer_build;

/* Bounds of one peer; what is beyond fails with CYG_LIMIT. */
#define CYG_PEER_ADDRESSES 64u /* of each kind */
#define CYG_PEER_PROPOSALS 32u /* of phase 1, and of each child */
#define CYG_PEER_CHILDREN  256u
#define CYG_PEER_SELECTORS 256u /* of each side of each child */
#define CYG_PEER_NAME      63u  /* bytes of a peer's or child's name */

/* Begin a peer of this name. NULL when there is no memory. */
CYG_PUBLIC struct cyg_peer_build *cyg_peer_build_new(const char *name);

/* Free, made or not. NULL is allowed. */
CYG_PUBLIC void cyg_peer_build_free(struct cyg_peer_build *build);
CYG_DEFINE_CLEANUP(struct cyg_peer_build *, cyg_peer_build_free);

/* The peer's plain fields, to be set directly, with the defaults: auth_method 1, keyingtries 1,
 * identities ANY. References, names, lists, counts and hashes in it are ignored. Borrowed until the
 * builder is freed. */
CYG_PUBLIC struct cyg_peer *cyg_peer_build_fields(struct cyg_peer_build *build);

/* Add to the lists of the peer, in order of preference. */
CYG_PUBLIC void cyg_peer_build_local_addr(struct cyg_peer_build *build,
                                          const struct cyg_prefix *prefix);
CYG_PUBLIC void cyg_peer_build_remote_addr(struct cyg_peer_build *build,
                                           const struct cyg_prefix *prefix);
CYG_PUBLIC void cyg_peer_build_initiate_to(struct cyg_peer_build *build,
                                           const struct cyg_address *address);
CYG_PUBLIC void cyg_peer_build_proposal(struct cyg_peer_build *build,
                                        const struct cyg_proposal *proposal);

/* Begin a child; what follows belongs to it. Returns its plain fields, to be set directly, with the
 * defaults mode tunnel and replay_window 64; borrowed until the next child is begun. After a
 * failure it is a place that nobody reads, never NULL. */
CYG_PUBLIC struct cyg_peer_child *cyg_peer_build_child(struct cyg_peer_build *build,
                                                       const char *name);
CYG_PUBLIC void cyg_peer_build_child_proposal(struct cyg_peer_build *build,
                                              const struct cyg_proposal *proposal);
CYG_PUBLIC void cyg_peer_build_local_ts(struct cyg_peer_build *build,
                                        const struct cyg_selector *selector);
CYG_PUBLIC void cyg_peer_build_remote_ts(struct cyg_peer_build *build,
                                         const struct cyg_selector *selector);

/* Mix bytes into phase1_hash that phase 1 depends on but the peer does not hold: its secret. Only
 * for telling changes apart in memory: the hash must never be shown or stored. */
CYG_PUBLIC void cyg_peer_build_mix(struct cyg_peer_build *build, struct cyg_span bytes);

/* Pack. The caller holds the one reference. CYG_NOMEM or CYG_LIMIT as remembered from above, *ret
 * untouched. The builder can only be freed afterwards. */
CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_peer_build_finish(struct cyg_peer_build *build,
                                                            struct cyg_peer **ret,
                                                            struct cyg_error *err);
