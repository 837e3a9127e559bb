/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Secrets: fixed capacity, wiped by their cleanup, compared in constant time. Three sizes, so that
 * an established SA stays small: a key of the PRF or of a cipher, a pre-shared key, a
 * Diffie-Hellman value. Never logged, never formatted. Units: bytes. Thread: values, any. */
#pragma once

#include <cygnet/span.h>

#define CYG_KEY_MAX    64u   /* longest PRF output and integrity key (SHA2-512) */
#define CYG_PSK_MAX    256u  /* longest pre-shared key that can be configured */
#define CYG_SECRET_MAX 1024u /* MODP8192 */

/* A key of the PRF (SKEYID, SKEYID_d, _a, _e), of a cipher or of an integrity algorithm. */
struct cyg_key {
    uint8_t data[CYG_KEY_MAX];
    uint8_t len;
};

/* A Diffie-Hellman private value or shared secret. */
struct cyg_secret {
    size_t len;
    uint8_t data[CYG_SECRET_MAX];
};

/* Overwrite with zeros, not to be optimised away. data may be NULL when len is 0. */
CYG_PUBLIC void cyg_wipe(void *data, size_t len);

/* Whether two byte strings are equal, in time that depends on their lengths only. */
CYG_MUST_USE CYG_PUBLIC bool cyg_equal_ct(struct cyg_span a, struct cyg_span b);

/* Wipe and set the length to 0. For CYG_CLEANUP too. */
CYG_PUBLIC void cyg_key_clear(struct cyg_key *key);
CYG_PUBLIC void cyg_secret_clear(struct cyg_secret *secret);

/* Copy bytes in. CYG_LIMIT, nothing changed, when they do not fit. */
CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_key_set(struct cyg_key *key, struct cyg_span bytes);
CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_secret_set(struct cyg_secret *secret,
                                                     struct cyg_span bytes);

/* Borrow the bytes. */
static inline struct cyg_span cyg_key_span(const struct cyg_key *key)
{
    return (struct cyg_span){ key->data, key->len };
}

static inline struct cyg_span cyg_secret_span(const struct cyg_secret *secret)
{
    return (struct cyg_span){ secret->data, secret->len };
}
