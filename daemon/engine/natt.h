/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NAT traversal: which of RFC 3947 and the drafts both sides speak, whether a NAT stands between
 * them and in front of whom, the change to port 4500, and the encapsulation modes that go with it.
 * The outcome is UDP encapsulation or not, never an identity or selector (H-152). Thread: the
 * engine's. Source: RFC 3947, draft-ietf-ipsec-nat-t-ike-02, -03. */
#pragma once

#include "codec/builder.h"
#include "codec/vid.h"
#include "exchange.h"

#define NATD_MAX 16u /* looked at per message (H-027) */

/* Add the vendor IDs that an initiator with this policy (enum cyg_nat_vids) shows. */
void natt_offer(struct builder *b, uint8_t nat_vids);

/* The best one that the message shows and the policy allows; VID_UNKNOWN: none. */
enum vid_id natt_choose(const struct message *m, uint8_t nat_vids);

/* What a vendor ID stands for. */
enum natt_kind natt_kind_of(enum vid_id id);

struct natt_result {
    bool local, remote; /* we, the peer is behind a NAT */
};

/* Compare the NAT-D payloads of a message that came on this path. Without any, or with wrong ones
 * only, the side counts as translated. Payloads of the kind not agreed upon are ignored (H-026).
 * CYG_R_CRYPTO_FAILED. */
CYG_MUST_USE enum cyg_code natt_detect(const struct ike_sa *sa, enum cyg_alg hash,
                                       const struct message *m, const struct cyg_path *path,
                                       struct natt_result *ret, struct cyg_error *err);

/* Add our NAT-D payloads: first the receiver, then ourselves. forced: ours is made wrong, so that
 * the peer encapsulates. */
CYG_MUST_USE enum cyg_code natt_prove(struct builder *b, const struct ike_sa *sa, enum cyg_alg hash,
                                      const struct cyg_path *path, bool forced,
                                      struct cyg_error *err);

/* The path after the change of ports (RFC 3947 4): only from the plain ports. */
struct cyg_path natt_float(const struct engine_settings *settings, const struct cyg_path *path);

/* The number of an encapsulation mode on the wire, and back: 0 for one that does not fit (H-049:
 * RFC's and drafts' are equal with a NAT, none of them is right without). */
uint16_t natt_mode_encode(enum natt_kind kind, bool encapsulated, uint8_t mode);
uint8_t natt_mode_decode(bool encapsulated, uint16_t number);
