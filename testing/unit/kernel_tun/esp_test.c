/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel_tun/esp.h"
#include "unit/crypto_gnutls/crypto.h"
#include "unit/test.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    enum cyg_alg cipher, integ;
} suites[] = {
    { CYG_ALG_AES128, CYG_ALG_SHA1 },      { CYG_ALG_AES192, CYG_ALG_SHA256 },
    { CYG_ALG_AES256, CYG_ALG_SHA256_96 }, { CYG_ALG_AES256, CYG_ALG_SHA384 },
    { CYG_ALG_AES128, CYG_ALG_SHA512 },    { CYG_ALG_3DES, CYG_ALG_MD5 },
    { CYG_ALG_AES128GCM16, CYG_ALG_NONE }, { CYG_ALG_AES192GCM16, CYG_ALG_NONE },
    { CYG_ALG_AES256GCM16, CYG_ALG_NONE }, { CYG_ALG_NULL, CYG_ALG_SHA1 },
};

static struct esp_keys keys_of(size_t suite)
{
    static uint8_t bytes[128];
    const struct cyg_alg_info *c = cyg_alg_info(suites[suite].cipher);
    const struct cyg_alg_info *i = cyg_alg_info(suites[suite].integ);
    struct esp_keys keys;
    struct cyg_error err;
    for (size_t n = 0; n < sizeof(bytes); n++) {
        bytes[n] = (uint8_t)(n * 7 + suite);
    }
    enum cyg_code code =
        esp_keys_init(&keys, test_crypto(), suites[suite].cipher, suites[suite].integ,
                      (struct cyg_span){ bytes, c->key_bits / 8u + c->salt },
                      (struct cyg_span){ bytes + 64, i != NULL ? i->mac_key : 0u }, &err);
    assert_int_equal(code, CYG_OK);
    return keys;
}

/* Seal `len` bytes into an exact heap buffer. */
static uint8_t *sealed(const struct esp_keys *keys, size_t len, uint32_t seq, size_t *ret_len)
{
    static const uint8_t iv[16] = "unpredictable..";
    const struct esp_seal how = { .spi = 0x11223344, .seq = seq, .next_header = 4, .iv = iv };
    *ret_len = esp_sealed_len(keys, len);
    uint8_t *packet = malloc(*ret_len);
    assert_non_null(packet);
    for (size_t i = 0; i < len; i++) {
        packet[esp_payload_offset(keys) + i] = (uint8_t)(i ^ 0x55);
    }
    assert_int_equal(esp_seal(keys, &how, packet, len), CYG_OK);
    return packet;
}

static void test_opens_what_it_sealed(void **state)
{
    (void)state;
    for (size_t suite = 0; suite < CYG_LEN(suites); suite++) {
        struct esp_keys keys = keys_of(suite);
        for (size_t len = 0; len < 70; len++) {
            size_t total;
            uint8_t *packet = sealed(&keys, len, 9, &total);
            uint32_t spi, seq;
            struct esp_opened opened;
            assert_true(total - len <= ESP_OVERHEAD_MAX);
            assert_true(esp_header((struct cyg_span){ packet, total }, &spi, &seq));
            assert_int_equal(spi, 0x11223344);
            assert_int_equal(seq, 9);
            assert_int_equal(esp_open(&keys, packet, total, &opened), DROP_NONE);
            assert_int_equal(opened.len, len);
            assert_int_equal(opened.next_header, 4);
            for (size_t i = 0; i < len; i++) {
                assert_int_equal(opened.payload[i], (uint8_t)(i ^ 0x55));
            }
            free(packet);
        }
        esp_keys_clear(&keys);
    }
}

/* H-159: lengths are looked at before any cryptography, and never read beyond. */
static void test_h159_refuses_every_truncation(void **state)
{
    (void)state;
    for (size_t suite = 0; suite < CYG_LEN(suites); suite++) {
        struct esp_keys keys = keys_of(suite);
        size_t total;
        uint8_t *packet = sealed(&keys, 40, 1, &total);
        for (size_t len = 0; len < total; len++) {
            uint8_t *copy = test_memdup(packet, len);
            struct esp_opened opened = { .len = 77 };
            enum drop drop = esp_open(&keys, copy, len, &opened);
            bool is_short = len < esp_payload_offset(&keys) + keys.icv_len + keys.block;
            bool uneven = (len - esp_payload_offset(&keys) - keys.icv_len) % keys.block != 0;
            assert_int_equal(drop, is_short ? DROP_SHORT : uneven ? DROP_BLOCK : DROP_INTEGRITY);
            assert_int_equal(opened.len, 77);
            free(copy);
        }
        free(packet);
        esp_keys_clear(&keys);
    }
}

static void test_header_needs_eight_bytes(void **state)
{
    (void)state;
    static const uint8_t bytes[8] = { 0, 0, 1, 0, 0, 0, 0, 5 };
    for (size_t len = 0; len <= 8; len++) {
        uint8_t *copy = test_memdup(bytes, len);
        uint32_t spi, seq;
        assert_int_equal(esp_header((struct cyg_span){ copy, len }, &spi, &seq), len == 8);
        free(copy);
    }
}

static void test_any_changed_bit_is_noticed(void **state)
{
    (void)state;
    for (size_t suite = 0; suite < CYG_LEN(suites); suite++) {
        struct esp_keys keys = keys_of(suite);
        size_t total;
        uint8_t *packet = sealed(&keys, 30, 1, &total);
        for (size_t bit = 0; bit < total * 8; bit++) {
            uint8_t *copy = test_memdup(packet, total);
            struct esp_opened opened;
            copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(esp_open(&keys, copy, total, &opened), DROP_INTEGRITY);
            free(copy);
        }
        free(packet);
        esp_keys_clear(&keys);
    }
}

/* H-162: trailers that only a holder of the key can make. Built with the provider itself, behind
 * esp_seal's back. */
static enum drop open_text(const uint8_t *text, size_t len)
{
    struct esp_keys keys = keys_of(6); /* AES-128-GCM */
    uint8_t packet[512] = { 0, 0, 1, 0, 0, 0, 0, 1 }, nonce[12];
    memcpy(nonce, keys.salt, 4);
    memcpy(nonce + 4, packet + 8, 8);
    memcpy(packet + 16, text, len);
    assert_int_equal(keys.cipher->seal(keys.cipher_ctx, cyg_span_of_array(nonce),
                                       (struct cyg_span){ packet, 8 }, packet + 16, packet + 16,
                                       len, packet + 16 + len, 16),
                     CYG_OK);
    uint8_t *copy = test_memdup(packet, 16 + len + 16);
    struct esp_opened opened;
    enum drop drop = esp_open(&keys, copy, 16 + len + 16, &opened);
    free(copy);
    esp_keys_clear(&keys);
    return drop;
}

static void test_h162_padding(void **state)
{
    (void)state;
    static const uint8_t whole[8] = { 1, 2, 3, 4, 5, 6, 6, 4 };
    static const uint8_t beyond[8] = { 1, 2, 3, 4, 5, 6, 7, 4 };
    static const uint8_t far[8] = { 1, 2, 3, 4, 5, 6, 255, 4 };
    static const uint8_t zeros[8] = { 0, 0, 0, 0, 0, 0, 6, 4 };
    static const uint8_t last[8] = { 1, 2, 3, 4, 5, 9, 6, 4 };
    static const uint8_t none[4] = { 'a', 'b', 0, 4 };
    assert_int_equal(open_text(whole, 8), DROP_NONE);
    assert_int_equal(open_text(none, 4), DROP_NONE);
    assert_int_equal(open_text(beyond, 8), DROP_PADDING);
    assert_int_equal(open_text(far, 8), DROP_PADDING);
    assert_int_equal(open_text(zeros, 8), DROP_PADDING);
    assert_int_equal(open_text(last, 8), DROP_PADDING);
}

static void test_h163_what_is_not_offered(void **state)
{
    (void)state;
    const struct cyg_crypto *crypto = test_crypto();
    assert_false(esp_supports(crypto, CYG_ALG_AES128, CYG_ALG_NONE));
    assert_false(esp_supports(crypto, CYG_ALG_NULL, CYG_ALG_NONE));
    assert_false(esp_supports(crypto, CYG_ALG_AES128GCM16, CYG_ALG_SHA256));
    assert_false(esp_supports(crypto, CYG_ALG_SHA256, CYG_ALG_SHA256));
    assert_false(esp_supports(crypto, CYG_ALG_AES128, CYG_ALG_AES128));
    assert_false(esp_supports(crypto, CYG_ALG_NONE, CYG_ALG_SHA1));
    assert_false(esp_supports(crypto, CYG_ALG_COUNT, CYG_ALG_NONE));
    for (size_t i = 0; i < CYG_LEN(suites); i++) {
        assert_true(esp_supports(crypto, suites[i].cipher, suites[i].integ));
    }
    static const struct cyg_crypto nobody;
    assert_false(esp_supports(&nobody, CYG_ALG_AES128GCM16, CYG_ALG_NONE));
}

static void test_keys_of_a_wrong_length_are_refused(void **state)
{
    (void)state;
    uint8_t bytes[80] = { 0 };
    for (size_t len = 0; len <= 40; len++) {
        struct esp_keys keys = { .block = 99 };
        struct cyg_error err;
        enum cyg_code code =
            esp_keys_init(&keys, test_crypto(), CYG_ALG_AES128GCM16, CYG_ALG_NONE,
                          (struct cyg_span){ bytes, len }, (struct cyg_span){ 0 }, &err);
        if (len == 20) {
            assert_int_equal(code, CYG_OK);
            esp_keys_clear(&keys);
        } else {
            assert_int_equal(code, CYG_REFUSED);
            assert_int_equal(err.reason, CYG_R_SA_KEY_SIZE);
            assert_int_equal(keys.block, 99);
        }
    }
    struct esp_keys keys;
    struct cyg_error err;
    assert_int_equal(esp_keys_init(&keys, test_crypto(), CYG_ALG_AES128, CYG_ALG_SHA256,
                                   (struct cyg_span){ bytes, 16 }, (struct cyg_span){ bytes, 31 },
                                   &err),
                     CYG_REFUSED);
    assert_int_equal(esp_keys_init(&keys, test_crypto(), CYG_ALG_AES128, CYG_ALG_NONE,
                                   (struct cyg_span){ bytes, 16 }, (struct cyg_span){ 0 }, &err),
                     CYG_UNSUPPORTED);
    assert_int_equal(err.reason, CYG_R_SA_ALGORITHM);
}

/* The packet of draft-mcgrew-gcm-test-01: inner UDP, SPI 0xa5f8, sequence number 1. */
static void test_opens_the_packet_of_the_gcm_draft(void **state)
{
    (void)state;
    static const char key[] = "feffe9928665731c6d6a8f9467308308cafebabe";
    static const char packet[] =
        "0000a5f800000001facedbaddecaf888deb22cd9b07c72c16e3a65beeb8df304a5a5897d33ae530f1ba76d5d11"
        "4d2a5c3de81827c10e9a4f51330d0eec416642cfbb85a5b47e48a4ec3b9ba95d918bd429c737579ff19e58cffc"
        "607a3bce8994";
    static const char inner[] = "4500003e698f000080114dccc0a80102c0a801010a980035002a2343b2d0010000"
                                "01000000000000037369700963796265726369747902646b0000010001";
    uint8_t key_bytes[20], bytes[128], want[64];
    struct cyg_span esp = test_hex(packet, bytes, sizeof(bytes));
    struct cyg_span plain = test_hex(inner, want, sizeof(want));
    struct esp_keys keys;
    struct cyg_error err;
    assert_int_equal(esp_keys_init(&keys, test_crypto(), CYG_ALG_AES128GCM16, CYG_ALG_NONE,
                                   test_hex(key, key_bytes, sizeof(key_bytes)),
                                   (struct cyg_span){ 0 }, &err),
                     CYG_OK);
    struct esp_opened opened;
    assert_int_equal(esp_open(&keys, bytes, esp.len, &opened), DROP_NONE);
    assert_int_equal(opened.next_header, 4);
    assert_int_equal(opened.len, plain.len);
    assert_memory_equal(opened.payload, plain.data, plain.len);
    esp_keys_clear(&keys);
}

/* H-161: the IV of AES-GCM is the sequence number, so it can't come twice while that does not. */
static void test_h161_gcm_iv_counts(void **state)
{
    (void)state;
    struct esp_keys keys = keys_of(6);
    static const uint32_t seqs[] = { 1, 2, 256, UINT32_MAX };
    for (size_t i = 0; i < CYG_LEN(seqs); i++) {
        size_t total;
        uint8_t *packet = sealed(&keys, 8, seqs[i], &total);
        const uint8_t zero[4] = { 0 };
        assert_memory_equal(packet + 8, zero, 4);
        assert_memory_equal(packet + 12, packet + 4, 4);
        free(packet);
    }
    esp_keys_clear(&keys);
}

static void test_longest_payload_for_a_room(void **state)
{
    (void)state;
    for (size_t suite = 0; suite < CYG_LEN(suites); suite++) {
        struct esp_keys keys = keys_of(suite);
        for (size_t room = 0; room < 1600; room++) {
            size_t max = esp_payload_max(&keys, room);
            if (max > 0) {
                assert_true(esp_sealed_len(&keys, max) <= room);
                assert_true(esp_sealed_len(&keys, max + 1) > room);
            } else {
                assert_true(esp_sealed_len(&keys, 1) > room);
            }
        }
        esp_keys_clear(&keys);
    }
}

TEST_MAIN(cmocka_unit_test(test_opens_what_it_sealed),
          cmocka_unit_test(test_h159_refuses_every_truncation),
          cmocka_unit_test(test_header_needs_eight_bytes),
          cmocka_unit_test(test_any_changed_bit_is_noticed), cmocka_unit_test(test_h162_padding),
          cmocka_unit_test(test_h163_what_is_not_offered),
          cmocka_unit_test(test_keys_of_a_wrong_length_are_refused),
          cmocka_unit_test(test_opens_the_packet_of_the_gcm_draft),
          cmocka_unit_test(test_h161_gcm_iv_counts),
          cmocka_unit_test(test_longest_payload_for_a_room));
