/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Wiping, comparing and holding secrets. */
#include <cygnet/secret.h>

#include <string.h>

void cyg_wipe(void *data, size_t len)
{
    if (len > 0) {
        explicit_bzero(data, len);
    }
}

bool cyg_equal_ct(struct cyg_span a, struct cyg_span b)
{
    if (a.len != b.len) {
        return false;
    }
    /* volatile: the compiler must not turn the loop into one that ends at the first difference. */
    volatile uint8_t different = 0;
    for (size_t i = 0; i < a.len; i++) {
        different = different | (uint8_t)(a.data[i] ^ b.data[i]);
    }
    return different == 0;
}

void cyg_key_clear(struct cyg_key *key)
{
    cyg_wipe(key, sizeof *key);
}

void cyg_secret_clear(struct cyg_secret *secret)
{
    cyg_wipe(secret, sizeof *secret);
}

enum cyg_code cyg_key_set(struct cyg_key *key, struct cyg_span bytes)
{
    if (bytes.len > sizeof key->data) {
        return CYG_LIMIT;
    }
    cyg_key_clear(key);
    if (bytes.len > 0) {
        memcpy(key->data, bytes.data, bytes.len);
    }
    key->len = (uint8_t)bytes.len;
    return CYG_OK;
}

enum cyg_code cyg_secret_set(struct cyg_secret *secret, struct cyg_span bytes)
{
    if (bytes.len > sizeof secret->data) {
        return CYG_LIMIT;
    }
    cyg_secret_clear(secret);
    if (bytes.len > 0) {
        memcpy(secret->data, bytes.data, bytes.len);
    }
    secret->len = bytes.len;
    return CYG_OK;
}
