/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/test.h"

#include <cygnet/algorithm.h>

#include <ctype.h>
#include <string.h>

static enum cyg_alg find(const char *keyword)
{
    const struct cyg_alg_info *info = cyg_alg_by_keyword(cyg_span_str(keyword));
    return info != NULL ? info->id : CYG_ALG_NONE;
}

static enum cyg_alg id_of(const struct cyg_alg_info *info)
{
    return info != NULL ? info->id : CYG_ALG_NONE;
}

static void test_every_row_is_found_by_what_it_says(void **state)
{
    (void)state;
    for (enum cyg_alg id = CYG_ALG_NONE + 1; id < CYG_ALG_COUNT; id++) {
        const struct cyg_alg_info *row = cyg_alg_info(id);
        assert_non_null(row);
        assert_int_equal(row->id, id);
        assert_int_equal(find(row->keyword), id);
        uint16_t bits = row->key_attribute ? row->key_bits : 0;
        switch (row->kind) {
        case CYG_ALG_KIND_CIPHER:
            assert_int_equal(id_of(cyg_alg_esp_cipher((uint8_t)row->esp, bits)), id);
            if (row->ike != 0) {
                assert_int_equal(id_of(cyg_alg_ike_cipher(row->ike, bits)), id);
            }
            break;
        case CYG_ALG_KIND_INTEG:
            if (row->mac == id) {
                assert_int_equal(id_of(cyg_alg_ike_hash(row->ike)), id);
                assert_int_equal(id_of(cyg_alg_esp_integ(row->esp)), id);
            }
            assert_non_null(row->charon_prf);
            assert_true(row->icv <= row->mac_out);
            assert_int_equal(cyg_alg_info(row->mac)->mac_out, row->mac_out);
            break;
        case CYG_ALG_KIND_GROUP:
            assert_int_equal(id_of(cyg_alg_group(row->ike)), id);
            break;
        }
    }
    assert_null(cyg_alg_info(CYG_ALG_NONE));
    assert_null(cyg_alg_info(CYG_ALG_COUNT));
}

static void test_aliases_of_swanctl_conf_are_known(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        enum cyg_alg id;
    } rows[] = {
        { "aes", CYG_ALG_AES128 },
        { "AES256", CYG_ALG_AES256 },
        { "aes128gcm128", CYG_ALG_AES128GCM16 },
        { "aes192gcm", CYG_ALG_AES192GCM16 },
        { "Sha", CYG_ALG_SHA1 },
        { "sha2_512", CYG_ALG_SHA512 },
        { "sha2_256_96", CYG_ALG_SHA256_96 },
        { "x25519", CYG_ALG_CURVE25519 },
        { "ecp256", CYG_ALG_ECP256 },
        { "", CYG_ALG_NONE },
        { "aes25", CYG_ALG_NONE },
        { "aes2566", CYG_ALG_NONE },
        { "none", CYG_ALG_NONE },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        assert_int_equal(find(rows[i].word), rows[i].id);
    }
    assert_null(cyg_alg_by_keyword((struct cyg_span){ (const uint8_t *)"aes256\0", 7 }));
    assert_null(cyg_alg_by_keyword((struct cyg_span){ NULL, 0 }));
}

/* H-040: every key length that a peer can write, against each cipher's own. */
static void test_key_length_is_there_exactly_when_it_has_to_be(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits <= 65535; bits++) {
        enum cyg_alg aes = bits == 128   ? CYG_ALG_AES128
                           : bits == 192 ? CYG_ALG_AES192
                           : bits == 256 ? CYG_ALG_AES256
                                         : CYG_ALG_NONE;
        enum cyg_alg gcm = bits == 128   ? CYG_ALG_AES128GCM16
                           : bits == 192 ? CYG_ALG_AES192GCM16
                           : bits == 256 ? CYG_ALG_AES256GCM16
                                         : CYG_ALG_NONE;
        enum cyg_alg des3 = bits == 0 ? CYG_ALG_3DES : CYG_ALG_NONE;
        assert_int_equal(id_of(cyg_alg_ike_cipher(7, (uint16_t)bits)), aes);
        assert_int_equal(id_of(cyg_alg_esp_cipher(12, (uint16_t)bits)), aes);
        assert_int_equal(id_of(cyg_alg_esp_cipher(20, (uint16_t)bits)), gcm);
        assert_int_equal(id_of(cyg_alg_ike_cipher(5, (uint16_t)bits)), des3);
        assert_int_equal(id_of(cyg_alg_esp_cipher(3, (uint16_t)bits)), des3);
    }
}

/* H-041: no number finds a row of which it is not the wire number; 0 is nothing anywhere. */
static void test_only_wire_numbers_find_rows(void **state)
{
    (void)state;
    for (uint32_t number = 0; number <= 65535; number++) {
        const struct cyg_alg_info *hash = cyg_alg_ike_hash((uint16_t)number);
        const struct cyg_alg_info *integ = cyg_alg_esp_integ((uint16_t)number);
        const struct cyg_alg_info *group = cyg_alg_group((uint16_t)number);
        assert_true(hash == NULL
                    || (hash->kind == CYG_ALG_KIND_INTEG && hash->ike == number && number != 0));
        assert_true(integ == NULL
                    || (integ->kind == CYG_ALG_KIND_INTEG && integ->esp == number && number != 0));
        assert_true(group == NULL
                    || (group->kind == CYG_ALG_KIND_GROUP && group->ike == number && number != 0));
    }
    assert_null(cyg_alg_ike_cipher(0, 0));
    assert_null(cyg_alg_esp_cipher(0, 0));
    assert_null(cyg_alg_group(22));
    assert_null(cyg_alg_group(1025));
    assert_int_equal(id_of(cyg_alg_esp_integ(5)), CYG_ALG_SHA256); /* never the 96-bit one */
}

static void test_sizes_fit_what_holds_them(void **state)
{
    (void)state;
    for (enum cyg_alg id = CYG_ALG_NONE + 1; id < CYG_ALG_COUNT; id++) {
        const struct cyg_alg_info *row = cyg_alg_info(id);
        assert_int_equal(row->key_bits % 8, 0);
        assert_true(row->key_bits / 8 + row->salt <= 64); /* CYG_KEY_MAX */
        assert_true(row->mac_out <= 64);
        assert_true(row->secret_bytes <= 1024); /* CYG_SECRET_MAX */
        assert_true(row->group_kind != CYG_GROUP_ECP || row->public_bytes == 2 * row->secret_bytes);
        for (const char *p = row->keyword; *p != '\0'; p++) {
            assert_true(isdigit((unsigned char)*p) || islower((unsigned char)*p) || *p == '_');
        }
    }
}

TEST_MAIN(cmocka_unit_test(test_every_row_is_found_by_what_it_says),
          cmocka_unit_test(test_aliases_of_swanctl_conf_are_known),
          cmocka_unit_test(test_key_length_is_there_exactly_when_it_has_to_be),
          cmocka_unit_test(test_only_wire_numbers_find_rows),
          cmocka_unit_test(test_sizes_fit_what_holds_them));
