/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/test.h"

#include <cygnet/algorithm.h>

#include <string.h>

static enum cyg_code parse(enum cyg_proposal_for protocol, const char *text,
                           struct cyg_proposal *ret, struct cyg_error *err)
{
    return cyg_proposal_parse(protocol, cyg_span_str(text), ret, err);
}

static void test_reads_what_swanctl_conf_writes(void **state)
{
    (void)state;
    static const struct {
        enum cyg_proposal_for protocol;
        const char *text, *canonical;
    } rows[] = {
        { CYG_PROPOSAL_IKE, "aes256-sha256-modp2048", "aes256-sha256-modp2048" },
        { CYG_PROPOSAL_IKE, "AES256-SHA2_256-MODP2048", "aes256-sha256-modp2048" },
        { CYG_PROPOSAL_IKE, " aes-sha-modp1024\t", "aes128-sha1-modp1024" },
        { CYG_PROPOSAL_IKE, "3des-md5-modp1024", "3des-md5-modp1024" },
        { CYG_PROPOSAL_IKE, "modp2048-ecp256-sha1-sha256-aes128-aes256",
          "aes128-aes256-sha1-sha256-modp2048-ecp256" },
        { CYG_PROPOSAL_IKE, "aes256-sha256-prfsha256-x25519", "aes256-sha256-curve25519" },
        { CYG_PROPOSAL_IKE, "prfsha2_512-aes256-sha512-sha1-modp4096",
          "aes256-sha512-sha1-modp4096" },
        { CYG_PROPOSAL_IKE, "aes256-aes256-sha1-sha-modp2048", "aes256-sha1-modp2048" },
        { CYG_PROPOSAL_ESP, "aes256gcm128", "aes256gcm16" },
        { CYG_PROPOSAL_ESP, "aes128gcm-aes256gcm16-modp3072", "aes128gcm16-aes256gcm16-modp3072" },
        { CYG_PROPOSAL_ESP, "aes256-sha256_96", "aes256-sha256_96" },
        { CYG_PROPOSAL_ESP, "null-sha256-noesn", "null-sha256" },
        { CYG_PROPOSAL_AH, "sha512-sha256-modp2048", "sha512-sha256-modp2048" },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        struct cyg_proposal p, again;
        struct cyg_error err = { 0 };
        char text[256];
        if (parse(rows[i].protocol, rows[i].text, &p, &err) != CYG_OK) {
            fail_msg("%s: %s", rows[i].text, cyg_error_format(&err, text, sizeof text));
        }
        assert_int_equal(p.protocol, rows[i].protocol);
        assert_string_equal(cyg_proposal_format(&p, text, sizeof text), rows[i].canonical);
        assert_int_equal(parse(rows[i].protocol, text, &again, NULL), CYG_OK);
        assert_memory_equal(&p, &again, sizeof p);
    }
}

static void test_names_the_wrong_word_and_what_would_be_right(void **state)
{
    (void)state;
    static const struct {
        enum cyg_proposal_for protocol;
        const char *text;
        enum cyg_reason reason;
        const char *word, *right;
    } rows[] = {
        { CYG_PROPOSAL_IKE, "", CYG_R_PROPOSAL_EMPTY, "", "aes256-sha256-modp2048" },
        { CYG_PROPOSAL_ESP, "  ", CYG_R_PROPOSAL_EMPTY, "", "aes256-sha256" },
        { CYG_PROPOSAL_IKE, "aes257-sha256-modp2048", CYG_R_PROPOSAL_WORD, "\"aes257\"", "aes256" },
        { CYG_PROPOSAL_IKE, "aes256--modp2048", CYG_R_PROPOSAL_WORD, "\"\"", "aes256" },
        { CYG_PROPOSAL_IKE, "aes256-sha256-", CYG_R_PROPOSAL_WORD, "\"\"", "aes256" },
        { CYG_PROPOSAL_IKE, "aes256-sha256-modp2048!", CYG_R_PROPOSAL_WORD, "\"modp2048!\"", "" },
        { CYG_PROPOSAL_IKE, "aes256-sha256\n-modp2048", CYG_R_PROPOSAL_WORD, "sha256\\x0a", "" },
        { CYG_PROPOSAL_IKE, "default-aes256", CYG_R_PROPOSAL_WORD, "\"default\"", "" },
        { CYG_PROPOSAL_ESP, "aes256-sha256-prfsha256", CYG_R_PROPOSAL_WORD, "prfsha256", "" },
        { CYG_PROPOSAL_IKE, "aes256-sha256-modp2048-noesn", CYG_R_PROPOSAL_WORD, "noesn", "" },
        { CYG_PROPOSAL_IKE, "camellia128-sha1-modp1024", CYG_R_PROPOSAL_NOT_NEGOTIATED,
          "camellia128", "aes256" },
        { CYG_PROPOSAL_ESP, "aes256-sha256-esn", CYG_R_PROPOSAL_NOT_NEGOTIATED, "esn", "" },
        { CYG_PROPOSAL_IKE, "aes256-sha256-prfaesxcbc-modp2048", CYG_R_PROPOSAL_NOT_NEGOTIATED,
          "prfaesxcbc", "" },
        { CYG_PROPOSAL_IKE, "null-sha256-modp2048", CYG_R_PROPOSAL_MISFIT, "null", "IKE" },
        { CYG_PROPOSAL_IKE, "aes128-sha256_96-modp2048", CYG_R_PROPOSAL_MISFIT, "sha256_96",
          "IKE" },
        { CYG_PROPOSAL_AH, "aes128-sha256", CYG_R_PROPOSAL_MISFIT, "aes128", "AH" },
        { CYG_PROPOSAL_IKE, "aes256gcm16-sha256-modp2048", CYG_R_PROPOSAL_AEAD_PHASE1,
          "aes256gcm16", "aes256-sha256-modp2048" },
        { CYG_PROPOSAL_ESP,
          "modp768-modp1024-modp1536-modp2048-modp3072-modp4096-modp6144-modp8192-ecp256",
          CYG_R_PROPOSAL_LONG, "ecp256", "8 are allowed" },
        { CYG_PROPOSAL_IKE, "sha256-modp2048", CYG_R_PROPOSAL_NO_CIPHER, "IKE", "aes256" },
        { CYG_PROPOSAL_ESP, "sha256", CYG_R_PROPOSAL_NO_CIPHER, "ESP", "aes256-sha256" },
        { CYG_PROPOSAL_ESP, "aes256-aes256gcm16-sha256", CYG_R_PROPOSAL_MIXED, "mixes",
          "aes256gcm16, aes256-sha256" },
        { CYG_PROPOSAL_ESP, "aes256gcm16-sha256", CYG_R_PROPOSAL_AEAD_INTEG, "aes256gcm16",
          "Leave \"sha256\" out" },
        { CYG_PROPOSAL_ESP, "aes256", CYG_R_PROPOSAL_NO_INTEG, "ESP", "aes256-sha256" },
        { CYG_PROPOSAL_AH, "modp2048", CYG_R_PROPOSAL_NO_INTEG, "AH", "\"sha256\"" },
        { CYG_PROPOSAL_IKE, "aes256-sha256", CYG_R_PROPOSAL_NO_GROUP, "group", "modp2048" },
        { CYG_PROPOSAL_IKE, "aes256-sha256-prfsha384-modp2048", CYG_R_PROPOSAL_PRF, "prfsha384",
          "Add \"sha384\"" },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        struct cyg_proposal p = { .n_ciphers = 77 };
        struct cyg_error err = { 0 };
        char line[512];
        enum cyg_code code = parse(rows[i].protocol, rows[i].text, &p, &err);
        cyg_error_format(&err, line, sizeof line);
        if (code == CYG_OK || err.reason != rows[i].reason || strstr(line, rows[i].word) == NULL
            || strstr(line, rows[i].right) == NULL) {
            fail_msg("row %zu, %s: %s", i, rows[i].text, line);
        }
        assert_int_equal(p.n_ciphers, 77); /* untouched */
    }
}

static void test_the_defaults_are_whole_and_not_weak(void **state)
{
    (void)state;
    static const enum cyg_proposal_for protocols[] = { CYG_PROPOSAL_IKE, CYG_PROPOSAL_ESP,
                                                       CYG_PROPOSAL_AH };
    for (size_t i = 0; i < CYG_LEN(protocols); i++) {
        struct cyg_proposal p, again;
        char text[256];
        assert_int_equal(parse(protocols[i], "Default", &p, NULL), CYG_OK);
        cyg_proposal_format(&p, text, sizeof text);
        assert_int_equal(parse(protocols[i], text, &again, NULL), CYG_OK);
        assert_memory_equal(&p, &again, sizeof p);
        const uint8_t *lists[] = { p.ciphers, p.integs, p.groups };
        const size_t counts[] = { p.n_ciphers, p.n_integs, p.n_groups };
        for (size_t kind = 0; kind < 3; kind++) {
            for (size_t j = 0; j < counts[kind]; j++) {
                assert_false(cyg_alg_info(lists[kind][j])->weak);
            }
        }
        /* IKEv1 expands all into transforms: they have to fit one datagram. */
        size_t transforms =
            (p.n_ciphers > 0 ? p.n_ciphers : 1u) * p.n_integs * (p.n_groups > 0 ? p.n_groups : 1u);
        assert_true(transforms <= 30);
    }
}

static void test_format_cuts_and_survives_unknown_ids(void **state)
{
    (void)state;
    struct cyg_proposal p = { .n_ciphers = 2, .ciphers = { CYG_ALG_AES128, 250 }, .n_groups = 255 };
    char text[8];
    assert_string_equal(cyg_proposal_format(&p, text, sizeof text), "aes128-");
    p.n_groups = 0;
    char whole[64];
    assert_string_equal(cyg_proposal_format(&p, whole, sizeof whole), "aes128-?");
}

TEST_MAIN(cmocka_unit_test(test_reads_what_swanctl_conf_writes),
          cmocka_unit_test(test_names_the_wrong_word_and_what_would_be_right),
          cmocka_unit_test(test_the_defaults_are_whole_and_not_weak),
          cmocka_unit_test(test_format_cuts_and_survives_unknown_ids));
