/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SA payload: what is read, every inner length and count, and the responder's echo. */
#include "codec/sa.h"

#include "codec_test.h"

/* Quick mode: ESP with two transforms AND IPComp (equal numbers), OR AH. */
static const uint8_t offer[] = {
    0, 0, 0, 1,  0, 0,  0, 1,                                  /*  0: DOI, situation */
    2, 0, 0, 40, 1, 3,  4, 2, 0xc1, 2,    3, 4,                /*  8: P 1 ESP */
    3, 0, 0, 16, 1, 12, 0, 0, 0x80, 4,    0, 1, 0x80, 6, 1, 0, /* 20: T 1 AES, tunnel, 256 */
    0, 0, 0, 12, 2, 3,  0, 0, 0x80, 4,    0, 1,                /* 36: T 2 3DES */
    2, 0, 0, 18, 1, 4,  2, 1, 0x12, 0x34,                      /* 48: P 1 IPComp, CPI */
    0, 0, 0, 8,  1, 2,  0, 0,                                  /* 58: T 1 DEFLATE */
    0, 0, 0, 20, 2, 2,  4, 1, 0xc5, 6,    7, 8,                /* 66: P 2 AH */
    0, 0, 0, 8,  1, 3,  0, 0,                                  /* 78: T 1 SHA */
};
_Static_assert(sizeof(offer) == 86, "offsets in the comments");

static enum cyg_code try_sa(struct cyg_span body, struct cyg_error *err)
{
    struct sa sa = { .doi = 7 };
    enum cyg_code code = sa_decode(body, &sa, err);
    assert_true(code == CYG_OK || sa.doi == 7);
    return code;
}

static void refuses_change(size_t at, uint8_t value, uint16_t reason, uint32_t offset)
{
    uint8_t *copy = test_memdup(offer, sizeof(offer));
    struct cyg_error err = { 0 };
    copy[at] = value;
    assert_int_not_equal(try_sa((struct cyg_span){ copy, sizeof(offer) }, &err), CYG_OK);
    assert_int_equal(err.reason, reason);
    assert_int_equal(err.offset, offset);
    free(copy);
}

static void test_walks_proposals_and_transforms(void **state)
{
    (void)state;
    static const struct {
        uint8_t number, protocol, spi_len, transforms;
    } want[] = { { 1, 3, 4, 2 }, { 1, 4, 2, 1 }, { 2, 2, 4, 1 } };
    static const uint8_t ids[] = { 12, 3, 2, 3 };
    struct sa sa;
    assert_int_equal(sa_decode(cyg_span_of_array(offer), &sa, NULL), CYG_OK);
    assert_int_equal(sa.n_proposals, 3);
    assert_int_equal(sa.n_transforms, 4);
    assert_span_equal(sa.body, cyg_span_of_array(offer));
    struct sa_proposal p = { 0 };
    size_t n = 0;
    size_t id = 0;
    while (sa_next_proposal(&sa, &p)) {
        assert_int_equal(p.number, want[n].number);
        assert_int_equal(p.protocol, want[n].protocol);
        assert_int_equal(p.spi.len, want[n].spi_len);
        assert_int_equal(p.n_transforms, want[n].transforms);
        struct sa_transform t = { 0 };
        size_t count = 0;
        while (sa_next_transform(&p, &t)) {
            assert_int_equal(t.number, ++count);
            assert_int_equal(t.id, ids[id++]);
        }
        assert_int_equal(count, want[n].transforms);
        n++;
    }
    assert_int_equal(n, 3);
    assert_int_equal(p.whole.len, 0);
}

/* H-017: no truncation is taken for a smaller SA. */
static void test_refuses_every_truncation(void **state)
{
    (void)state;
    test_refuses_truncations(cyg_span_of_array(offer), sizeof(offer), 0, try_sa);
}

/* H-033, H-034 */
static void test_doi_and_situation(void **state)
{
    (void)state;
    for (size_t len = 0; len < 8; len++) {
        struct cyg_error err;
        assert_int_equal(try_sa((struct cyg_span){ offer, len }, &err), CYG_MALFORMED);
        assert_int_equal(err.reason, CYG_R_SA_SHORT);
    }
    refuses_change(3, 0, CYG_R_SA_DOI, 0);
    refuses_change(3, 2, CYG_R_SA_DOI, 0);
    refuses_change(0, 0xff, CYG_R_SA_DOI, 0);
    static const uint8_t situations[] = { 0, 2, 3, 4, 5, 7, 0xff };
    for (size_t i = 0; i < CYG_LEN(situations); i++) {
        refuses_change(7, situations[i], CYG_R_SA_SITUATION, 4);
    }
}

/* H-036 */
static void test_counts_and_chains_must_agree(void **state)
{
    (void)state;
    refuses_change(15, 0, CYG_R_PROPOSAL_COUNT, 15);
    refuses_change(15, 1, CYG_R_PROPOSAL_COUNT, 15);
    refuses_change(15, 3, CYG_R_PROPOSAL_COUNT, 15);
    refuses_change(15, 255, CYG_R_PROPOSAL_COUNT, 15);
    refuses_change(8, 3, CYG_R_SA_CHAIN, 8);   /* proposals are chained with 2 */
    refuses_change(20, 2, CYG_R_SA_CHAIN, 20); /* transforms with 3 */
    refuses_change(20, 1, CYG_R_SA_CHAIN, 20);
    refuses_change(66, 255, CYG_R_SA_CHAIN, 66);
    refuses_change(20, 0, CYG_R_SA_TRAILING, 36); /* ends early */
    refuses_change(8, 0, CYG_R_SA_TRAILING, 48);
    refuses_change(66, 2, CYG_R_SA_PART_BEYOND, 86); /* promises one more */
    refuses_change(36, 3, CYG_R_SA_PART_BEYOND, 86);
}

/* H-003, H-004, H-005, H-035 */
static void test_inner_lengths(void **state)
{
    (void)state;
    for (uint8_t len = 0; len < 8; len++) {
        refuses_change(11, len, CYG_R_SA_PART_LENGTH, 10);
        refuses_change(23, len, CYG_R_SA_PART_LENGTH, 22);
    }
    refuses_change(10, 0xff, CYG_R_SA_PART_BEYOND, 10);
    refuses_change(69, 21, CYG_R_SA_PART_BEYOND, 68);
    refuses_change(81, 9, CYG_R_SA_PART_BEYOND, 80);
    refuses_change(9, 1, CYG_R_SA_RESERVED, 9);
    refuses_change(21, 0x80, CYG_R_SA_RESERVED, 21);
    refuses_change(72, 255, CYG_R_PROPOSAL_SPI_SHORT, 72);
    refuses_change(72, 13, CYG_R_PROPOSAL_SPI_SHORT, 72);
    refuses_change(72, 12, CYG_R_PROPOSAL_COUNT, 73); /* swallows the transform */
}

static void test_numbers_may_start_anywhere(void **state)
{
    (void)state;
    static const uint8_t places[] = { 12, 24, 40, 52, 62, 70, 82 };
    uint8_t copy[sizeof(offer)];
    for (size_t i = 0; i < CYG_LEN(places); i++) { /* H-036: only echoed */
        memcpy(copy, offer, sizeof(copy));
        copy[places[i]] = (uint8_t)(i % 2 == 0 ? 0 : 255);
        assert_int_equal(try_sa(cyg_span_of_array(copy), NULL), CYG_OK);
    }
}

/* H-035: an ISAKMP proposal may carry an SPI of up to 16 bytes that says nothing. */
static void test_spi_of_phase_1(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 255; len++) {
        uint8_t buffer[400];
        static const uint8_t spi[255];
        struct cyg_writer w = cyg_writer_of(buffer, sizeof(buffer));
        struct sa_encoder e;
        sa_encode_begin(&e, &w, DOI_IPSEC, SITUATION_IDENTITY_ONLY);
        sa_encode_proposal(&e, 0, PROTOCOL_ISAKMP, (struct cyg_span){ spi, len });
        sa_encode_transform(&e, 0, IKE_TRANSFORM_KEY_IKE);
        sa_encode_end(&e);
        assert_true(cyg_writer_ok(&w));
        struct cyg_error err = { 0 };
        assert_int_equal(try_sa(cyg_writer_span(&w), &err), len <= 16 ? CYG_OK : CYG_MALFORMED);
        assert_int_equal(err.reason, len <= 16 ? 0 : CYG_R_PROPOSAL_SPI_LONG);
    }
}

/* H-037 */
static void test_at_most_255_transforms_in_all(void **state)
{
    (void)state;
    static uint8_t buffer[8192];
    for (unsigned n = 255; n <= 256; n++) {
        struct cyg_writer w = cyg_writer_of(buffer, sizeof(buffer));
        struct sa_encoder e;
        sa_encode_begin(&e, &w, DOI_IPSEC, SITUATION_IDENTITY_ONLY);
        for (unsigned i = 0; i < n; i++) {
            if (i % 200 == 0) {
                sa_encode_proposal(&e, (uint8_t)i, PROTOCOL_ISAKMP, (struct cyg_span){ NULL, 0 });
            }
            sa_encode_transform(&e, (uint8_t)i, IKE_TRANSFORM_KEY_IKE);
        }
        sa_encode_end(&e);
        assert_true(cyg_writer_ok(&w));
        struct cyg_error err = { 0 };
        assert_int_equal(try_sa(cyg_writer_span(&w), &err), n <= 255 ? CYG_OK : CYG_LIMIT);
        assert_int_equal(err.reason, n <= 255 ? 0 : CYG_R_SA_TRANSFORMS_TOO_MANY);
    }
}

static void test_an_sa_needs_a_proposal(void **state)
{
    (void)state;
    struct cyg_error err;
    assert_int_equal(try_sa((struct cyg_span){ offer, 8 }, &err), CYG_MALFORMED);
    assert_int_equal(err.reason, CYG_R_SA_NO_PROPOSAL);
    static const uint8_t none[] = { 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 8, 1, 1, 0, 0 };
    assert_int_equal(try_sa(cyg_span_of_array(none), &err), CYG_MALFORMED);
    assert_int_equal(err.reason, CYG_R_PROPOSAL_COUNT);
}

/* H-047 */
static void test_spi_of_phase_2(void **state)
{
    (void)state;
    static const struct {
        uint8_t protocol, spi[5];
        size_t len;
        uint16_t reason;
        uint32_t spi_value;
    } cases[] = {
        { 3, { 0xc1, 2, 3, 4 }, 4, 0, 0xc1020304 },
        { 2, { 0, 0, 1, 0 }, 4, 0, 256 },
        { 3, { 0, 0, 0, 255 }, 4, CYG_R_PROPOSAL_SPI_RESERVED, 0 },
        { 3, { 0, 0, 0, 0 }, 4, CYG_R_PROPOSAL_SPI_RESERVED, 0 },
        { 3, { 0 }, 0, CYG_R_PROPOSAL_SPI_SIZE, 0 },
        { 3, { 1, 2, 3 }, 3, CYG_R_PROPOSAL_SPI_SIZE, 0 },
        { 2, { 1, 2, 3, 4, 5 }, 5, CYG_R_PROPOSAL_SPI_SIZE, 0 },
        { 4, { 0x12, 0x34 }, 2, 0, 0x1234 },
        { 4, { 0, 0, 0x12, 0x34 }, 4, 0, 0x1234 },
        { 4, { 1 }, 1, CYG_R_PROPOSAL_SPI_SIZE, 0 },
        { 4, { 1, 2, 3 }, 3, CYG_R_PROPOSAL_SPI_SIZE, 0 },
        { 0, { 1, 2, 3, 4 }, 4, CYG_R_PROPOSAL_PROTOCOL, 0 },
        { 1, { 1, 2, 3, 4 }, 4, CYG_R_PROPOSAL_PROTOCOL, 0 },
        { 255, { 1, 2, 3, 4 }, 4, CYG_R_PROPOSAL_PROTOCOL, 0 },
    };
    for (size_t i = 0; i < CYG_LEN(cases); i++) {
        const struct sa_proposal p = { .protocol = cases[i].protocol,
                                       .spi = { cases[i].spi, cases[i].len } };
        struct cyg_error err = { 0 };
        uint32_t spi = 0;
        enum cyg_code code = sa_proposal_spi(&p, &spi, &err);
        assert_int_equal(code, cases[i].reason == 0 ? CYG_OK : CYG_REFUSED);
        assert_int_equal(err.reason, cases[i].reason);
        assert_int_equal(spi, cases[i].spi_value);
    }
}

/* What was read can be written again: all of it, byte for byte. */
static void test_encodes_the_offer_again(void **state)
{
    (void)state;
    uint8_t buffer[sizeof(offer)];
    struct cyg_writer w = cyg_writer_of(buffer, sizeof(buffer));
    struct sa sa;
    struct sa_encoder e;
    assert_int_equal(sa_decode(cyg_span_of_array(offer), &sa, NULL), CYG_OK);
    sa_encode_begin(&e, &w, sa.doi, sa.situation);
    struct sa_proposal p = { 0 };
    while (sa_next_proposal(&sa, &p)) {
        sa_encode_proposal(&e, p.number, p.protocol, p.spi);
        struct sa_transform t = { 0 };
        while (sa_next_transform(&p, &t)) {
            sa_encode_transform_raw(&e, &t);
        }
    }
    sa_encode_end(&e);
    assert_span_equal(cyg_writer_span(&w), cyg_span_of_array(offer));
}

/* A responder's answer: one proposal, one transform, its bytes as offered but for the chain. */
static void test_echoes_the_chosen_transform(void **state)
{
    (void)state;
    static const uint8_t want[] = { 0, 0,  0, 1, 0,    0,    0,    1,    0,    0, 0, 28,
                                    1, 3,  4, 1, 0xd1, 0xd2, 0xd3, 0xd4, 0,    0, 0, 16,
                                    1, 12, 0, 0, 0x80, 4,    0,    1,    0x80, 6, 1, 0 };
    uint8_t buffer[100];
    struct cyg_writer w = cyg_writer_of(buffer, sizeof(buffer));
    struct sa sa;
    struct sa_encoder e;
    struct sa_proposal p = { 0 };
    struct sa_transform t = { 0 };
    assert_int_equal(sa_decode(cyg_span_of_array(offer), &sa, NULL), CYG_OK);
    assert_true(sa_next_proposal(&sa, &p));
    assert_true(sa_next_transform(&p, &t));
    sa_encode_begin(&e, &w, sa.doi, sa.situation);
    sa_encode_proposal(&e, p.number, p.protocol,
                       (struct cyg_span){ (const uint8_t[]){ 0xd1, 0xd2, 0xd3, 0xd4 }, 4 });
    sa_encode_transform_raw(&e, &t);
    sa_encode_end(&e);
    assert_span_equal(cyg_writer_span(&w), cyg_span_of_array(want));
}

static void test_encoding_stops_at_what_does_not_fit(void **state)
{
    (void)state;
    static uint8_t buffer[8192];
    struct sa_encoder e;
    struct cyg_writer w = cyg_writer_of(buffer, sizeof(buffer));
    sa_encode_begin(&e, &w, DOI_IPSEC, SITUATION_IDENTITY_ONLY);
    sa_encode_transform(&e, 1, 1); /* outside of a proposal */
    assert_false(cyg_writer_ok(&w));

    w = cyg_writer_of(buffer, sizeof(buffer));
    sa_encode_begin(&e, &w, DOI_IPSEC, SITUATION_IDENTITY_ONLY);
    sa_encode_proposal(&e, 1, PROTOCOL_ESP, (struct cyg_span){ NULL, 0 });
    for (unsigned i = 0; i < 256; i++) {
        assert_true(cyg_writer_ok(&w));
        sa_encode_transform(&e, (uint8_t)i, ESP_AES_CBC);
    }
    sa_encode_end(&e);
    assert_false(cyg_writer_ok(&w));

    for (size_t size = 0; size < sizeof(offer); size++) { /* any buffer too small */
        uint8_t *small = malloc(size);
        w = cyg_writer_of(small, size);
        sa_encode_begin(&e, &w, DOI_IPSEC, SITUATION_IDENTITY_ONLY);
        sa_encode_proposal(&e, 1, PROTOCOL_ESP, (struct cyg_span){ offer, 60 });
        sa_encode_transform(&e, 1, ESP_AES_CBC);
        attribute_encode(&w, IPSEC_ATTR_LIFE_DURATION, 1 << 20);
        sa_encode_end(&e);
        assert_false(cyg_writer_ok(&w) && size < 8 + 8 + 60 + 8 + 8);
        free(small);
    }
}

TEST_MAIN(cmocka_unit_test(test_walks_proposals_and_transforms),
          cmocka_unit_test(test_refuses_every_truncation), cmocka_unit_test(test_doi_and_situation),
          cmocka_unit_test(test_counts_and_chains_must_agree), cmocka_unit_test(test_inner_lengths),
          cmocka_unit_test(test_numbers_may_start_anywhere), cmocka_unit_test(test_spi_of_phase_1),
          cmocka_unit_test(test_at_most_255_transforms_in_all),
          cmocka_unit_test(test_an_sa_needs_a_proposal), cmocka_unit_test(test_spi_of_phase_2),
          cmocka_unit_test(test_encodes_the_offer_again),
          cmocka_unit_test(test_echoes_the_chosen_transform),
          cmocka_unit_test(test_encoding_stops_at_what_does_not_fit));
