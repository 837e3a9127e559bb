/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Quick mode, RFC 2409 5.5, in both roles: one SA pair for one flow. What both roles share stands
 * here and in quick_mode_common.c; flows.c says which flows a child has. Who installs when:
 * DESIGN.md "Who installs when". Thread: the engine's. */
#pragma once

#include "child_sa.h"
#include "exchange.h"
#include "exchange_kinds.h"
#include "kernel_ops.h"
#include "natt.h"
#include "transforms.h"

enum quick_initiator_state {
    QM_I_START = 0,
    QM_I_OFFERED, /* QM1 is out */
    QM_I_DONE,
};

enum quick_responder_state {
    QM_R_START = 0,
    QM_R_ANSWERED, /* QM2 is out, inbound is installed */
    QM_R_DONE,
};

struct quick_mode {
    struct cyg_peer *peer; /* held */
    const struct cyg_peer_child *config;
    struct cyg_flow flow;
    uint64_t order; /* whose flow it is, 0: none */
    struct transforms_policy policy;
    enum cyg_alg cipher, integ, group;
    struct lifetime offered, agreed;
    struct cyg_span sa_i;         /* SA payload of QM1 */
    struct cyg_span id_ci, id_cr; /* bodies of the IDs; empty: none */
    struct cyg_span public_value; /* ours */
    struct cyg_span peer_public;  /* theirs, empty: no KE */
    struct cyg_secret *private_value;
    struct cyg_span shared;          /* of PFS */
    struct transforms_choice choice; /* responder: borrows from sa_i */
    uint32_t spi_in, spi_out;
    struct child_sa *child;
    struct child_keys *keys_in, *keys_out;
};

/* Begin one for a flow; peer is held. The order hears of its end; order_id is its name outside, for
 * events. */
CYG_MUST_USE enum cyg_code quick_mode_initiate(struct ike_sa *sa, struct cyg_peer *peer,
                                               const struct cyg_peer_child *config,
                                               const struct cyg_flow *flow, uint64_t order,
                                               uint64_t order_id, struct cyg_error *err);

/* The peer's SPI of a quick mode under way, as chosen or else as offered first; 0: not known. */
uint32_t quick_mode_peer_spi(const struct exchange *x);

/* The quick mode with this SPI of ours; else the only one that waits for QM2; NULL. */
struct exchange *quick_mode_by_spi(struct ike_sa *sa, uint32_t spi_in);

/* The peer has refused one of several that wait for QM2, without saying which (charon names no
 * SPI): all are suspected, and end when there are as many refusals as quick modes. false: it is not
 * about one of them. */
bool quick_mode_refused(struct ike_sa *sa, uint16_t notify);

/* A child is going; end the quick mode that is still making it (H-082). */
void quick_mode_child_deleted(struct child_sa *child, const struct cyg_error *why);

/* ---- quick_mode_common.c ---- */

/* KEYMAT of both directions into the arena. */
CYG_MUST_USE enum cyg_code quick_derive(struct exchange *x, struct cyg_error *err);

/* Make the child of what was agreed. */
CYG_MUST_USE enum cyg_code quick_make_child(struct exchange *x, struct cyg_error *err);

/* Check the other side's KE against the group: both or none, full length (H-048, H-054). */
CYG_MUST_USE enum cyg_code quick_check_ke(struct exchange *x, const struct message *in,
                                          enum cyg_alg group, struct cyg_error *err);

/* NAT-OA payloads of transport mode behind a NAT (RFC 3947 5.2). */
void quick_put_natoa(struct exchange *x, struct builder *b, struct cyg_writer *w);

/* What the data plane answered as an error. */
void quick_kernel_failed(const struct exchange *x, const struct cyg_kernel_result *result,
                         struct cyg_error *err);

/* Give back what the exchange holds; ends an unfinished child. */
void quick_ended(struct exchange *x, const struct cyg_error *why);
