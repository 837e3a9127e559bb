/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Our own messages: begun with header and, where the step wants one, room for HASH(n); filled
 * through the builder; then hashed, shown in clear to whoever listens, padded, encrypted with the
 * working IV, kept for repetition and sent. Nothing is ever encrypted twice. Thread: the
 * engine's. */
#pragma once

#include "codec/builder.h"
#include "exchange.h"

#define OUTGOING_MAX 16384u /* bytes; an SA payload of 255 transforms and a KE of MODP8192 fit */

struct outgoing {
    struct exchange *x;
    struct cyg_writer w;
    struct builder b;
    size_t hash_at, hash_len;
    uint8_t protect; /* enum protect */
};

/* Begin the exchange's next message. */
void outgoing_begin(struct outgoing *o, struct exchange *x, enum protect protect);

/* Finish and send it on the SA's path. On failure nothing was sent and nothing has changed:
 * CYG_R_NOMEM, CYG_R_CRYPTO_FAILED, CYG_R_AMPLIFICATION. */
CYG_MUST_USE enum cyg_code outgoing_send(struct outgoing *o, struct cyg_error *err);

/* Send bytes again on the SA's path. */
void outgoing_repeat(struct ike_sa *sa, const struct datagram *sent);

/* A notify in clear to somebody without an SA: at most as long as what he sent (H-006 …). sa: under
 * which the message is told, may be NULL. */
void outgoing_notify_clear(struct engine *engine, const struct ike_sa *sa,
                           const struct cyg_path *path, const struct header *to, size_t to_len,
                           uint16_t type);

/* The same to the stranger whose handshake this is. */
void outgoing_refuse_clear(struct exchange *x, uint16_t type);
