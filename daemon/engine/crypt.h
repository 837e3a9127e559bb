/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages and the keys of an IKE SA: encryption with a working IV, and the hash that a step wants.
 * Thread: the engine's. Source: RFC 2409 5.5, 5.7, App. B. */
#pragma once

#include "exchange.h"

/* Encrypt or decrypt whole blocks in place; iv becomes the last block of cipher text. CYG_INTERNAL
 * and the like: data is not to be used, iv is unchanged. */
CYG_MUST_USE enum cyg_code crypt_encrypt(const struct ike_keys *keys, uint8_t iv[IV_MAX],
                                         uint8_t *data, size_t len,
                                         const struct cyg_crypto *crypto);
CYG_MUST_USE enum cyg_code crypt_decrypt(const struct ike_keys *keys, uint8_t iv[IV_MAX],
                                         uint8_t *data, size_t len,
                                         const struct cyg_crypto *crypto);

/* HASH(1), (2) or (3) of the exchange over the bytes behind the HASH payload. */
CYG_MUST_USE enum cyg_code crypt_hash(const struct exchange *x, enum protect protect,
                                      struct cyg_span rest, struct cyg_key *ret);

/* The first IV of a phase 2 exchange, from the block that phase 1 ended with. */
CYG_MUST_USE enum cyg_code crypt_iv(const struct ike_sa *sa, const uint8_t last_block[IV_MAX],
                                    uint32_t message_id, uint8_t ret[IV_MAX]);

/* The block that phase 1 ended with: frozen, or what the last message of an unfinished one left.
 * Keys are known. */
const uint8_t *crypt_last_block(const struct ike_sa *sa);
