/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whole ESP packets made by others (vectors/esp/esp_packets.json): opened, and where the IV is
 * given to CBC sealed again to the same bytes. */
#include "kernel_tun/esp.h"
#include "unit/crypto_gnutls/crypto.h"
#include "vectors/vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum cyg_alg cipher_of(const json_t *entry, size_t key_len)
{
    const char *aead = vectors_text(entry, "aead"), *cipher = vectors_text(entry, "cipher");
    char keyword[32] = "";
    if (strcmp(aead, "AES_GCM") == 0) {
        snprintf(keyword, sizeof(keyword), "aes%zugcm16", key_len * 8);
    } else if (strcmp(cipher, "AES_CBC") == 0) {
        snprintf(keyword, sizeof(keyword), "aes%zu", key_len * 8);
    } else if (strcmp(cipher, "3DES_CBC") == 0) {
        snprintf(keyword, sizeof(keyword), "3des");
    } else if (strcmp(cipher, "DES_CBC") == 0) {
        snprintf(keyword, sizeof(keyword), "des");
    }
    const struct cyg_alg_info *info = cyg_alg_by_keyword(cyg_span_str(keyword));
    return info != NULL ? info->id : CYG_ALG_NONE;
}

static enum cyg_alg integ_of(const json_t *entry)
{
    static const struct {
        const char *name;
        enum cyg_alg alg;
    } names[] = { { "MD5_HMAC", CYG_ALG_MD5 },
                  { "SHA1_HMAC", CYG_ALG_SHA1 },
                  { "SHA256_HMAC", CYG_ALG_SHA256 },
                  { "SHA384_HMAC", CYG_ALG_SHA384 },
                  { "SHA512_HMAC", CYG_ALG_SHA512 } };
    for (size_t i = 0; i < CYG_LEN(names); i++) {
        if (strcmp(names[i].name, vectors_text(entry, "auth")) == 0) {
            return names[i].alg;
        }
    }
    return CYG_ALG_NONE;
}

/* False: not an algorithm of ours. */
static bool run(const json_t *entry)
{
    struct cyg_span key = vectors_bytes(entry, "key");
    enum cyg_alg cipher = cipher_of(entry, key.len), integ = integ_of(entry);
    if (strcmp(vectors_text(entry, "proto"), "ESP") != 0
        || !esp_supports(test_crypto(), cipher, integ)) {
        return false;
    }
    bool gcm = integ == CYG_ALG_NONE;
    struct cyg_span auth = gcm ? (struct cyg_span){ 0 } : vectors_bytes(entry, "auth_key");
    uint8_t material[CYG_KEY_MAX];
    memcpy(material, key.data, key.len);
    size_t key_len = key.len;
    if (gcm) {
        struct cyg_span salt = vectors_bytes(entry, "salt");
        memcpy(material + key_len, salt.data, salt.len);
        key_len += salt.len;
    }
    struct esp_keys keys;
    struct cyg_error err;
    if (esp_keys_init(&keys, test_crypto(), cipher, integ, (struct cyg_span){ material, key_len },
                      auth, &err)
        != CYG_OK) {
        return false; /* a key of a length that ESP does not give this algorithm */
    }
    struct cyg_span outer = vectors_bytes(entry, "output_text");
    struct cyg_span inner = vectors_bytes(entry, "input_text");
    struct cyg_span esp = cyg_span_after(outer, outer.data[0] >> 4 == 4 ? 20 : 40);
    uint8_t *packet = test_memdup(esp.data, esp.len);
    uint32_t spi, seq;
    struct esp_opened opened;
    assert_true(esp_header(esp, &spi, &seq));
    assert_int_equal(spi, strtoul(vectors_text(entry, "spi"), NULL, 0));
    assert_int_equal(esp_open(&keys, packet, esp.len, &opened), DROP_NONE);
    assert_int_equal(opened.next_header, vectors_number(entry, "next_header"));
    assert_bytes_equal(entry, ((struct cyg_span){ opened.payload, opened.len }), inner);
    if (!gcm) {
        const struct esp_seal how = {
            .spi = spi, .seq = seq, .next_header = opened.next_header, .iv = esp.data + ESP_HEADER
        };
        assert_int_equal(esp_seal(&keys, &how, packet, opened.len), CYG_OK);
        assert_bytes_equal(entry, ((struct cyg_span){ packet, esp.len }), esp);
    }
    free(packet);
    esp_keys_clear(&keys);
    return true;
}

static void test_packets_of_others(void **state)
{
    (void)state;
    const json_t *entries = vectors_load("esp/esp_packets.json", "vectors"), *entry;
    size_t index, ran = 0, not_for_us = 0;
    json_array_foreach(entries, index, entry)
    {
        bool is_ours = json_object_get(entry, "key") != NULL && run(entry);
        ran += is_ours;
        not_for_us += !is_ours;
        vectors_release();
    }
    vectors_end("ESP packets", ran, not_for_us);
}

TEST_MAIN(cmocka_unit_test(test_packets_of_others));
