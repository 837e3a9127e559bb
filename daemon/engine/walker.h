/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every message must pass before a handler sees it, driven by the row of its step: flags,
 * encryption with a copy of the IV, the chain of payloads, which and how many, HASH(n). And what
 * happens when it is refused. receive.c finds the exchange that a datagram belongs to. Thread: the
 * engine's. */
#pragma once

#include "exchange.h"

/* A message opened: clear text and where it stands. Init with zeros; opened_clear wipes. */
struct opened {
    struct message message;
    uint8_t *clear; /* NULL: it came in clear and was borrowed */
    uint8_t iv[IV_MAX];
};
void opened_clear(struct opened *opened);

/* Read a clear message and check it against a row. */
CYG_MUST_USE enum cyg_code walker_open_clear(const struct step *step, const struct header *h,
                                             struct cyg_span datagram, struct opened *ret,
                                             struct cyg_error *err);

/* A datagram, and what is computed of it once. Borrowed. */
struct arrival {
    const struct cyg_path *path; /* that it came on */
    struct cyg_span datagram;
    uint64_t seen; /* its keyed hash, to know it when it comes again */
};
struct arrival walker_arrival(const struct engine *engine, const struct cyg_path *path,
                              struct cyg_span datagram);

/* A message for an exchange: a repetition, one to wait, or the next one. */
void walker_exchange(struct exchange *x, const struct arrival *in);

/* Give an opened message to its handler and conclude. */
void walker_handle(struct exchange *x, const struct step *step, const struct arrival *in,
                   struct opened *opened, bool proved);

/* A message, a job or an operation has led to a refusal: record it and do what its row says. */
void walker_react(struct exchange *x, struct cyg_error *err);

/* The row of a state; NULL: no message is expected. */
const struct step *walker_step(const struct exchange_kind *kind, uint8_t state);

/* ---- receive.c ---- */

void receive_packet(struct engine *engine, const struct cyg_path *path, struct cyg_span datagram);
