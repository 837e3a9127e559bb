/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ESP packets, RFC 4303: seal and open one packet in place. No I/O, no SA look-up, no replay
 * window. Algorithms: CBC with HMAC (RFC 2451, 3602, 2404, 4868), AES-GCM (RFC 4106).
 * Ownership: keys belong to the SA; packet buffers to the caller. Units: bytes; SPI and sequence
 * number in host order. Thread: one struct esp_keys from one thread at a time. */
#pragma once

#include "drop.h"

#include <cygnet/crypto.h>

#define ESP_HEADER 8u  /* SPI, sequence number */
#define ESP_IV_MAX 16u /* AES-CBC */
/* What sealing can add at most: header, IV, 15 bytes of padding, trailer, SHA2-512's ICV. */
#define ESP_OVERHEAD_MAX 76u

/* The algorithms of one SA in one direction, with contexts that are kept. */
struct esp_keys {
    const struct cyg_cipher_ops *cipher;
    void *cipher_ctx;
    const struct cyg_mac_ops *mac; /* NULL: the cipher is AEAD */
    void *mac_ctx;
    uint8_t iv_len, icv_len, block, mac_out, salt_len;
    uint8_t salt[4];
};

/* Whether cipher and integ make an ESP SA that this file can carry and that is authenticated
 * (H-163), given what the providers offer. integ: CYG_ALG_NONE for AEAD. */
bool esp_supports(const struct cyg_crypto *crypto, enum cyg_alg cipher, enum cyg_alg integ);

/* Make contexts. cipher_key: key, then salt. Refusals: CYG_R_SA_ALGORITHM, CYG_R_SA_KEY_SIZE;
 * *ret is untouched then. */
CYG_MUST_USE enum cyg_code esp_keys_init(struct esp_keys *ret, const struct cyg_crypto *crypto,
                                         enum cyg_alg cipher, enum cyg_alg integ,
                                         struct cyg_span cipher_key, struct cyg_span integ_key,
                                         struct cyg_error *err);
/* Wipe and free. A zeroed struct is allowed. */
void esp_keys_clear(struct esp_keys *keys);

/* Where the payload begins, from the begin of the ESP header. */
static inline size_t esp_payload_offset(const struct esp_keys *keys)
{
    return ESP_HEADER + keys->iv_len;
}

/* Length of the ESP packet around a payload. */
size_t esp_sealed_len(const struct esp_keys *keys, size_t payload_len);

/* Longest payload whose ESP packet is not longer than `room`; 0: none. */
size_t esp_payload_max(const struct esp_keys *keys, size_t room);

struct esp_seal {
    uint32_t spi, seq; /* seq: never 0, never twice under one key (H-161) */
    uint8_t next_header;
    const uint8_t *iv; /* CBC: iv_len unpredictable bytes; AEAD: not used, the IV is seq */
};

/* Seal in place: the payload stands at packet + esp_payload_offset(); the buffer has room for
 * esp_sealed_len() bytes, which is the length of the result. */
CYG_MUST_USE enum cyg_code esp_seal(const struct esp_keys *keys, const struct esp_seal *how,
                                    uint8_t *packet, size_t payload_len);

/* Read the header: false when there are fewer than 8 bytes. */
CYG_MUST_USE bool esp_header(struct cyg_span packet, uint32_t *ret_spi, uint32_t *ret_seq);

struct esp_opened {
    uint8_t *payload; /* in the packet's buffer */
    size_t len;
    uint8_t next_header;
};

/* Check lengths, then the ICV, then decrypt in place, then check the padding, in this order. Any
 * verdict but DROP_NONE leaves *ret untouched and the buffer not to be used. DROP_PADDING means
 * that the ICV was right. */
CYG_MUST_USE enum drop esp_open(const struct esp_keys *keys, uint8_t *packet, size_t len,
                                struct esp_opened *ret);
