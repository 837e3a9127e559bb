/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Slow work: Diffie-Hellman on the crypto lane, queries on the storage lane. A job owns a copy of
 * all it needs and names who waits for it by id; a result whose owner has gone, or no longer waits
 * for it, is discarded (H-062). Thread: engine_job_run on a worker, the rest on the engine's. */
#pragma once

#include "exchange.h"

#include <cygnet/host.h>
#include <cygnet/store.h>

enum job_owner {
    JOB_OF_EXCHANGE = 0,
    JOB_OF_ORDER,
    JOB_OF_ENGINE, /* the poll for changes */
    JOB_OF_IKE_SA, /* by uniqueid: a newer snapshot of its peer */
    JOB_OF_START,  /* peers whose children may have to start by themselves */
};

/* Diffie-Hellman: a private value is made unless one is given; the shared secret is computed when
 * the peer's value is given. */
struct job_dh {
    enum cyg_alg group;
    const struct cyg_group_ops *ops;
    void *ops_self;
    bool generate;
    uint8_t random[CYG_SECRET_MAX];
    size_t random_len;
    struct cyg_secret private_value, shared, peer_public;
    uint8_t public_value[CYG_SECRET_MAX];
    size_t public_len;
};

struct job_query {
    struct cyg_path path;
    struct cyg_identity identity;
    struct cyg_peer_query query; /* its pointers lead into this job */
    uint8_t psk[CYG_PSK_MAX];
    char name[CYG_NAME_MAX], child[CYG_NAME_MAX];
    int64_t peer_id;
    uint8_t source;
    struct cyg_peer *peer; /* asked about (held), or the answer */
    struct cyg_candidates *candidates;
    struct cyg_peer_changes *changes;
    struct cyg_peer_secret secret;
    struct cyg_peer_row *rows; /* a page of the list */
    size_t n_rows;
};

#define JOB_ROWS 32u /* peers per page */

struct engine_job {
    void (*run)(struct engine_job *job);
    uint64_t id, owner;
    enum job_owner owner_kind;
    enum cyg_lane lane;
    cyg_usec deadline;
    const struct cyg_store_ops *store;
    void *store_self;
    enum cyg_code code; /* the result; err says why */
    struct cyg_error err;
    struct job_dh *dh; /* one of the two */
    struct job_query *query;
};

/* Diffie-Hellman for an exchange. private_value NULL: make one. peer_public empty: that alone.
 * STEP_REFUSED with CYG_R_BUSY when the lane is full: nothing has changed. */
enum step_result job_dh(struct exchange *x, enum cyg_alg group,
                        const struct cyg_secret *private_value, struct cyg_span peer_public,
                        job_handler *then, struct cyg_error *err);

/* The candidates for a path; the peer behind an identity; the newest snapshot of sa->peer. */
enum step_result job_candidates(struct exchange *x, const struct cyg_path *path, job_handler *then,
                                struct cyg_error *err);
enum step_result job_peer_by_identity(struct exchange *x, const struct cyg_peer_query *query,
                                      job_handler *then, struct cyg_error *err);
enum step_result job_peer_newest(struct exchange *x, job_handler *then, struct cyg_error *err);

/* For orders: a peer by name, its secret. For IKE SAs: a newer snapshot of the peer. The poll. */
CYG_MUST_USE enum cyg_code job_peer_by_name(struct engine *engine, uint64_t order, const char *peer,
                                            const char *child, struct cyg_error *err);
CYG_MUST_USE enum cyg_code job_secret(struct engine *engine, uint64_t order, struct cyg_peer *peer,
                                      const struct cyg_path *path, struct cyg_error *err);
CYG_MUST_USE enum cyg_code job_peer_refresh(struct ike_sa *sa, struct cyg_error *err);
/* The page of peers behind this name ("": the first); one peer. */
CYG_MUST_USE enum cyg_code job_list(struct engine *engine, const char *after,
                                    struct cyg_error *err);
CYG_MUST_USE enum cyg_code job_peer_start(struct engine *engine, uint8_t source, int64_t id,
                                          struct cyg_error *err);
CYG_MUST_USE enum cyg_code job_poll(struct engine *engine, struct cyg_error *err);

/* A job came back: find who waits for it, then free it. */
void jobs_done(struct engine *engine, struct engine_job *job);
