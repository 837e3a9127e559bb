/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of algorithms and its look-ups. Proposal strings: proposal.c. */
#include <cygnet/algorithm.h>

#include <string.h>
#include <strings.h>

static const struct cyg_alg_info rows[CYG_ALG_COUNT] = {
#define CIPHER(name, row_keyword, row_ike, row_esp, row_bits, row_attribute, row_block, row_iv, \
               row_icv, row_salt, row_weak, row_charon)                                         \
    [CYG_ALG_##name] = { .id = CYG_ALG_##name,                                                  \
                         .kind = CYG_ALG_KIND_CIPHER,                                           \
                         .keyword = (row_keyword),                                              \
                         .charon = (row_charon),                                                \
                         .weak = (row_weak),                                                    \
                         .ike = (row_ike),                                                      \
                         .esp = (row_esp),                                                      \
                         .key_bits = (row_bits),                                                \
                         .key_attribute = (row_attribute),                                      \
                         .block = (row_block),                                                  \
                         .iv = (row_iv),                                                        \
                         .icv = (row_icv),                                                      \
                         .salt = (row_salt) },
#define INTEG(name, row_keyword, row_ike, row_esp, row_ah, row_mac, row_key, row_out, row_icv, \
              row_weak, row_charon, row_prf)                                                   \
    [CYG_ALG_##name] = { .id = CYG_ALG_##name,                                                 \
                         .kind = CYG_ALG_KIND_INTEG,                                           \
                         .keyword = (row_keyword),                                             \
                         .charon = (row_charon),                                               \
                         .charon_prf = (row_prf),                                              \
                         .weak = (row_weak),                                                   \
                         .ike = (row_ike),                                                     \
                         .esp = (row_esp),                                                     \
                         .ah = (row_ah),                                                       \
                         .icv = (row_icv),                                                     \
                         .mac = CYG_ALG_##row_mac,                                             \
                         .mac_key = (row_key),                                                 \
                         .mac_out = (row_out) },
#define GROUP(name, row_keyword, row_wire, row_kind, row_public, row_secret, row_weak, row_charon) \
    [CYG_ALG_##name] = { .id = CYG_ALG_##name,                                                     \
                         .kind = CYG_ALG_KIND_GROUP,                                               \
                         .keyword = (row_keyword),                                                 \
                         .charon = (row_charon),                                                   \
                         .weak = (row_weak),                                                       \
                         .ike = (row_wire),                                                        \
                         .group_kind = CYG_GROUP_##row_kind,                                       \
                         .public_bytes = (row_public),                                             \
                         .secret_bytes = (row_secret) },
#include <cygnet/algorithm.def>
};

_Static_assert(CYG_ALG_COUNT <= UINT8_MAX, "an algorithm's id does not fit one byte");

/* Other names that swanctl.conf, ipsec.conf and people use. */
static const struct {
    const char *word;
    enum cyg_alg alg;
} aliases[] = {
    { "aes", CYG_ALG_AES128 },
    { "aes128gcm", CYG_ALG_AES128GCM16 },
    { "aes192gcm", CYG_ALG_AES192GCM16 },
    { "aes256gcm", CYG_ALG_AES256GCM16 },
    { "aes128gcm128", CYG_ALG_AES128GCM16 },
    { "aes192gcm128", CYG_ALG_AES192GCM16 },
    { "aes256gcm128", CYG_ALG_AES256GCM16 },
    { "sha", CYG_ALG_SHA1 },
    { "sha2_256", CYG_ALG_SHA256 },
    { "sha2_384", CYG_ALG_SHA384 },
    { "sha2_512", CYG_ALG_SHA512 },
    { "sha2_256_96", CYG_ALG_SHA256_96 },
    { "x25519", CYG_ALG_CURVE25519 },
};

const struct cyg_alg_info *cyg_alg_info(enum cyg_alg id)
{
    return id > CYG_ALG_NONE && id < CYG_ALG_COUNT ? &rows[id] : NULL;
}

static bool is_word(struct cyg_span text, const char *word)
{
    return text.len == strlen(word) && strncasecmp((const char *)text.data, word, text.len) == 0;
}

const struct cyg_alg_info *cyg_alg_by_keyword(struct cyg_span keyword)
{
    if (keyword.len == 0) {
        return NULL;
    }
    for (size_t i = CYG_ALG_NONE + 1; i < CYG_ALG_COUNT; i++) {
        if (is_word(keyword, rows[i].keyword)) {
            return &rows[i];
        }
    }
    for (size_t i = 0; i < CYG_LEN(aliases); i++) {
        if (is_word(keyword, aliases[i].word)) {
            return &rows[aliases[i].alg];
        }
    }
    return NULL;
}

/* H-040: the key length attribute has to be there exactly when the row says so, and has to be
 * equal; 0 stands for "absent" and for a length of 0 on the wire, which no row has. */
static bool fits_key_length(const struct cyg_alg_info *row, uint16_t key_bits)
{
    return key_bits == (row->key_attribute ? row->key_bits : 0);
}

const struct cyg_alg_info *cyg_alg_ike_cipher(uint16_t number, uint16_t key_bits)
{
    for (size_t i = CYG_ALG_NONE + 1; number != 0 && i < CYG_ALG_COUNT; i++) {
        if (rows[i].kind == CYG_ALG_KIND_CIPHER && rows[i].ike == number
            && fits_key_length(&rows[i], key_bits)) {
            return &rows[i];
        }
    }
    return NULL;
}

const struct cyg_alg_info *cyg_alg_esp_cipher(uint8_t transform, uint16_t key_bits)
{
    for (size_t i = CYG_ALG_NONE + 1; transform != 0 && i < CYG_ALG_COUNT; i++) {
        if (rows[i].kind == CYG_ALG_KIND_CIPHER && rows[i].esp == transform
            && fits_key_length(&rows[i], key_bits)) {
            return &rows[i];
        }
    }
    return NULL;
}

const struct cyg_alg_info *cyg_alg_ike_hash(uint16_t number)
{
    for (size_t i = CYG_ALG_NONE + 1; number != 0 && i < CYG_ALG_COUNT; i++) {
        if (rows[i].kind == CYG_ALG_KIND_INTEG && rows[i].ike == number) {
            return &rows[i];
        }
    }
    return NULL;
}

/* SHA256 comes before SHA256_96, which shares its number and is chosen by a setting alone. */
const struct cyg_alg_info *cyg_alg_esp_integ(uint16_t number)
{
    for (size_t i = CYG_ALG_NONE + 1; number != 0 && i < CYG_ALG_COUNT; i++) {
        if (rows[i].kind == CYG_ALG_KIND_INTEG && rows[i].esp == number) {
            return &rows[i];
        }
    }
    return NULL;
}

const struct cyg_alg_info *cyg_alg_group(uint16_t number)
{
    for (size_t i = CYG_ALG_NONE + 1; number != 0 && i < CYG_ALG_COUNT; i++) {
        if (rows[i].kind == CYG_ALG_KIND_GROUP && rows[i].ike == number) {
            return &rows[i];
        }
    }
    return NULL;
}
