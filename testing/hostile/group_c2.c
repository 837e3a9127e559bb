/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group C: SA, proposals, transforms of quick mode. */
#include "hostile/spoil.h"

#include <string.h>

/* clang-format off */

#define ESP  "P1/3/c0ffee01 "
#define GOOD "T1/12 6=128 5=5 4=1 1=1 2=3600"

/* QM1 with this SA: the exchange fails, or QM2 comes. */
#define REFUSED(name_, text_, notify_, reason_) \
    { name_, .at = AT_QM1, .make = make_sa, .text = text_, .reaction = FAIL, .notify = notify_, \
      .reason = reason_ }
#define TAKEN(name_, text_) \
    { name_, .at = AT_QM1, .make = make_sa, .text = text_, .reaction = ANSWER }
#define CHOICE(name_, text_, reason_) \
    { "QM2: " name_, .at = AT_QM2, .make = make_sa, .text = text_, .reaction = FAIL, .notify = 15, \
      .reason = reason_ }

static const struct variant choices[] = {
    CHOICE("another cipher", ESP "T1/3 5=5 4=1 1=1 2=3600", CYG_R_CHOICE_NOT_OFFERED),
    CHOICE("a longer key", ESP "T1/12 6=256 5=5 4=1 1=1 2=3600", CYG_R_CHOICE_NOT_OFFERED),
    CHOICE("no authentication", ESP "T1/12 6=128 4=1 1=1 2=3600", CYG_R_CHOICE_NOT_OFFERED),
    CHOICE("NULL", ESP "T1/11 5=5 4=1 1=1 2=3600", CYG_R_CHOICE_NOT_OFFERED),
    CHOICE("transport mode", ESP "T1/12 6=128 5=5 4=2 1=1 2=3600", CYG_R_CHOICE_NOT_OFFERED),
    CHOICE("a group", ESP "T1/12 6=128 5=5 4=1 3=14 1=1 2=3600", CYG_R_CHOICE_NOT_OFFERED),
    CHOICE("a longer lifetime", ESP "T1/12 6=128 5=5 4=1 1=1 2:7fffffff", CYG_R_CHOICE_NOT_OFFERED),
    CHOICE("another proposal number", "P7/3/c0ffee01 " GOOD, CYG_R_CHOICE_NOT_OFFERED),
    CHOICE("AH", "P1/2/c0ffee01 T1/5 5=5 4=1", CYG_R_CHOICE_NOT_OFFERED),
    CHOICE("two transforms", ESP GOOD " T2/12 6=128 5=5 4=1", CYG_R_CHOICE_NOT_ONE),
    CHOICE("two proposals", ESP GOOD " P2/3/c0ffee02 " GOOD, CYG_R_CHOICE_NOT_ONE),
};

static const struct variant algorithms[] = {
    REFUSED("AEAD with an authentication attribute", ESP "T1/20 6=128 5=5 4=1", 14,
            CYG_R_TRANSFORM_AEAD_INTEG),
    REFUSED("AES without authentication", ESP "T1/12 6=128 4=1", 14, CYG_R_TRANSFORM_NO_INTEG),
    REFUSED("AES-GMAC", ESP "T1/23 6=128 4=1", 14, CYG_R_TRANSFORM_ESP_CIPHER),
    REFUSED("NULL without authentication", ESP "T1/11 4=1", 14, 0),
    REFUSED("NULL with authentication", ESP "T1/11 5=5 4=1", 14, 0),
    REFUSED("cipher 0", ESP "T1/0 6=128 5=5 4=1", 14, CYG_R_TRANSFORM_ESP_CIPHER),
    REFUSED("cipher 255", ESP "T1/255 6=128 5=5 4=1", 14, CYG_R_TRANSFORM_ESP_CIPHER),
    REFUSED("AES without key length", ESP "T1/12 5=5 4=1", 14, CYG_R_TRANSFORM_ESP_CIPHER),
    REFUSED("AES, key length 0", ESP "T1/12 6=0 5=5 4=1", 14, CYG_R_TRANSFORM_ESP_CIPHER),
    REFUSED("AES, key length 136", ESP "T1/12 6=136 5=5 4=1", 14, CYG_R_TRANSFORM_ESP_CIPHER),
    REFUSED("authentication 0", ESP "T1/12 6=128 5=0 4=1", 14, 0),
    REFUSED("authentication 65535", ESP "T1/12 6=128 5=65535 4=1", 14, CYG_R_TRANSFORM_INTEG),
    REFUSED("authentication twice", ESP "T1/12 6=128 5=5 5=2 4=1", 14, CYG_R_ATTRIBUTE_TWICE),
    REFUSED("lifetime 0", ESP "T1/12 6=128 5=5 4=1 1=1 2=0", 14, CYG_R_ATTRIBUTE_LIFE_ZERO),
    REFUSED("lifetime 1 s", ESP "T1/12 6=128 5=5 4=1 1=1 2=1", 14, CYG_R_LIFETIME_SHORT),
    TAKEN("GMAC, and a good one behind it", ESP "T1/23 6=128 4=1 T2/12 6=128 5=5 4=1"),
};

static const struct variant spis[] = {
    REFUSED("no SPI", "P1/3 " GOOD, 15, CYG_R_PROPOSAL_SPI_SIZE),
    REFUSED("SPI of 3 bytes", "P1/3/c0ffee " GOOD, 15, CYG_R_PROPOSAL_SPI_SIZE),
    REFUSED("SPI of 8 bytes", "P1/3/c0ffee01c0ffee02 " GOOD, 15, CYG_R_PROPOSAL_SPI_SIZE),
    REFUSED("SPI of 16 bytes", "P1/3/000102030405060708090a0b0c0d0e0f " GOOD, 15,
            CYG_R_PROPOSAL_SPI_SIZE),
    REFUSED("SPI 0", "P1/3/00000000 " GOOD, 11, CYG_R_PROPOSAL_SPI_RESERVED),
    REFUSED("SPI 1", "P1/3/00000001 " GOOD, 11, CYG_R_PROPOSAL_SPI_RESERVED),
    REFUSED("SPI 255", "P1/3/000000ff " GOOD, 11, CYG_R_PROPOSAL_SPI_RESERVED),
    TAKEN("SPI 256", "P1/3/00000100 " GOOD),
    TAKEN("SPI 0xffffffff", "P1/3/ffffffff " GOOD),
    REFUSED("protocol 0", "P1/0/c0ffee01 " GOOD, 15, CYG_R_PROPOSAL_PROTOCOL),
    REFUSED("protocol 1", "P1/1/c0ffee01 " GOOD, 15, CYG_R_PROPOSAL_PROTOCOL),
    REFUSED("protocol 5", "P1/5/c0ffee01 " GOOD, 15, CYG_R_PROPOSAL_PROTOCOL),
    REFUSED("protocol 255", "P1/255/c0ffee01 " GOOD, 15, CYG_R_PROPOSAL_PROTOCOL),
    REFUSED("AH alone", "P1/2/c0ffee01 T1/5 5=5 4=1", 14, CYG_R_PROPOSAL_OTHER_PROTOCOL),
    REFUSED("IPComp alone, CPI of 2 bytes", "P1/4/0003 T1/2 4=1", 14, CYG_R_PROPOSAL_OTHER_PROTOCOL),
    REFUSED("IPComp alone, CPI of 4 bytes", "P1/4/00000003 T1/2 4=1", 14,
            CYG_R_PROPOSAL_OTHER_PROTOCOL),
    REFUSED("IPComp alone, CPI of 0 bytes", "P1/4 T1/2 4=1", 15, CYG_R_PROPOSAL_SPI_SIZE),
    REFUSED("IPComp alone, CPI of 1 byte", "P1/4/03 T1/2 4=1", 15, CYG_R_PROPOSAL_SPI_SIZE),
    REFUSED("IPComp alone, CPI of 3 bytes", "P1/4/000003 T1/2 4=1", 15, CYG_R_PROPOSAL_SPI_SIZE),
    REFUSED("SPI 0, and a sound one of another cipher behind it",
            "P1/3/00000000 " GOOD " P2/3/c0ffee02 T1/3 5=5 4=1", 14, CYG_R_PROPOSAL_SPI_RESERVED),
    TAKEN("SPI 0, and a good one behind it", "P1/3/00000000 " GOOD " P2/3/c0ffee02 " GOOD),
    REFUSED("ESP and IPComp together", ESP GOOD " P1/4/0003 T1/2 4=1", 14, CYG_R_PROPOSAL_BUNDLE),
    TAKEN("AH, and ESP behind it", "P1/2/c0ffee01 T1/5 5=5 4=1 P2/3/c0ffee02 " GOOD),
    { "QM2: SPI 0", .at = AT_QM2, .make = make_sa, .text = "P1/3/00000000 " GOOD, .reaction = FAIL },
    { "QM2: SPI of 3 bytes", .at = AT_QM2, .make = make_sa, .text = "P1/3/c0ffee " GOOD,
      .reaction = FAIL },
    { "QM2: SPI 255", .at = AT_QM2, .make = make_sa, .text = "P1/3/000000ff " GOOD,
      .reaction = FAIL },
};

static const struct variant groups[] = {
    REFUSED("a group, no KE, none configured", ESP "T1/12 6=128 5=5 4=1 3=14", 14,
            CYG_R_NO_PROPOSAL_ESP),
    { "KE without a group", .at = AT_QM1, .make = make_with, .a = PAYLOAD_KE, .b = 256,
      .reaction = FAIL, .notify = 17, .reason = CYG_R_PFS_KE_UNWANTED },
    REFUSED("one transform with a group, one without", ESP GOOD " T2/12 6=128 5=5 4=1 3=14", 14,
            CYG_R_TRANSFORM_GROUPS),
    REFUSED("group 0", ESP "T1/12 6=128 5=5 4=1 3=0", 14, 0),
    REFUSED("group 1025", ESP "T1/12 6=128 5=5 4=1 3=1025", 14, 0),
    { "QM2 with a KE that nobody asked for", .at = AT_QM2, .make = make_with, .a = PAYLOAD_KE,
      .b = 256, .reaction = FAIL, .notify = 17 },
};

static const struct variant groups_pfs[] = {
    { "no KE", .at = AT_QM1, .make = make_without, .a = PAYLOAD_KE, .reaction = FAIL, .notify = 17,
      .reason = CYG_R_PFS_KE_MISSING },
    REFUSED("no group, though one is configured", ESP GOOD, 14, CYG_R_NO_PROPOSAL_ESP),
    REFUSED("another group", ESP "T1/12 6=128 5=5 4=1 3=15", 14, CYG_R_NO_PROPOSAL_ESP),
    REFUSED("two groups", ESP "T1/12 6=128 5=5 4=1 3=14 T2/12 6=128 5=5 4=1 3=15", 14,
            CYG_R_TRANSFORM_GROUPS),
    { "QM2 without KE", .at = AT_QM2, .make = make_without, .a = PAYLOAD_KE, .reaction = FAIL,
      .notify = 17 },
};

#define MODE(number) ESP "T1/12 6=128 5=5 4=" #number " 1=1 2=3600"

static const struct variant modes[] = {
    REFUSED("mode 0", MODE(0), 14, 0),
    REFUSED("transport where tunnel is configured", MODE(2), 14, CYG_R_NO_PROPOSAL_ESP),
    REFUSED("mode 3 without NAT", MODE(3), 14, CYG_R_TRANSFORM_MODE),
    REFUSED("mode 4 without NAT", MODE(4), 14, CYG_R_TRANSFORM_MODE),
    REFUSED("mode 5", MODE(5), 14, CYG_R_TRANSFORM_MODE),
    REFUSED("mode 61443 without NAT", MODE(61443), 14, CYG_R_TRANSFORM_MODE),
    REFUSED("mode 61444 without NAT", MODE(61444), 14, CYG_R_TRANSFORM_MODE),
    REFUSED("mode 65535", MODE(65535), 14, CYG_R_TRANSFORM_MODE),
    REFUSED("tunnel and transport", ESP "T1/12 6=128 5=5 4=1 4=2", 14, CYG_R_ATTRIBUTE_TWICE),
};

static const struct variant modes_natt[] = {
    TAKEN("mode 3 behind a NAT", MODE(3)),
    TAKEN("mode 61443 behind a NAT", MODE(61443)),
    REFUSED("mode 1 behind a NAT", MODE(1), 14, CYG_R_TRANSFORM_MODE_NAT),
    REFUSED("mode 2 behind a NAT", MODE(2), 14, CYG_R_TRANSFORM_MODE_NAT),
    REFUSED("mode 4 where tunnel is configured", MODE(4), 14, CYG_R_NO_PROPOSAL_ESP),
};

static void make_many_sa(struct draft *d, const struct variant *v)
{
    struct part sa = *draft_find(d, PAYLOAD_SA, 0);
    for (uint64_t i = 1; i < v->a; i++) {
        (void)draft_insert(d, 2, PAYLOAD_SA, (struct cyg_span){ sa.body, sa.len });
    }
}

static const struct variant many_sa[] = {
    { "two", .at = AT_QM1, .make = make_many_sa, .a = 2, .reaction = FAIL, .notify = 16,
      .reason = CYG_R_STEP_PAYLOAD_TWICE },
    { "50", .at = AT_QM1, .make = make_many_sa, .a = 50, .reaction = FAIL, .notify = 16,
      .reason = CYG_R_STEP_PAYLOAD_TWICE },
    { "two in QM2", .at = AT_QM2, .make = make_many_sa, .a = 2, .reaction = FAIL, .notify = 16,
      .reason = CYG_R_STEP_PAYLOAD_TWICE },
};

static const struct variant frames[] = {
    REFUSED("DOI 0", "doi=0 " ESP GOOD, 0, CYG_R_SA_DOI),
    REFUSED("situation 4", "sit=4 " ESP GOOD, 0, CYG_R_SA_SITUATION),
    REFUSED("2 transforms announced, 1 there", "P1/3/c0ffee01#2 " GOOD, 0, CYG_R_PROPOSAL_COUNT),
    REFUSED("SPI of 200 bytes claimed", "P1/3/c0ffee01=200 " GOOD, 0, CYG_R_PROPOSAL_SPI_SHORT),
    REFUSED("transform of length 0", ESP "T1/12-28 6=128 5=5 4=1 1=1 2=3600", 0,
            CYG_R_SA_PART_LENGTH),
    { "SA of 4 bytes", .at = AT_QM1, .make = make_resized, .a = PAYLOAD_SA, .b = 4,
      .reaction = FAIL, .reason = CYG_R_SA_SHORT },
};

static const struct row rows[] = {
    { "H-033c", "SA payloads of quick mode that do not parse", "the peer holds the keys: it is told",
      SCENE_PEER, VARIANTS(frames) },
    { "H-044b", "a responder's choice in quick mode that was never offered",
      "it holds the keys, so it is no forgery: the exchange fails", SCENE_PEER, VARIANTS(choices) },
    { "H-046", "ESP transforms without a sound pair of algorithms", "the transform is refused",
      SCENE_PEER, VARIANTS(algorithms) },
    { "H-047", "SPIs and protocols of quick mode", "refused as what is wrong with it; others count",
      SCENE_PEER, VARIANTS(spis) },
    { "H-048", "PFS that nobody configured", "a KE of a group that is not agreed is never computed",
      SCENE_PEER, VARIANTS(groups) },
    { "H-048b", "PFS that is missing or another", "the same", SCENE_PEER, .pfs = true,
      VARIANTS(groups_pfs) },
    { "H-049", "encapsulation modes without NAT", "those of UDP only behind a NAT", SCENE_PEER,
      VARIANTS(modes) },
    { "H-049b", "encapsulation modes behind a NAT", "draft and RFC numbers are equal", SCENE_PEER,
      .natt = true, VARIANTS(modes_natt) },
    { "H-050", "several SA payloads in a quick mode", "all or nothing: nothing", SCENE_PEER,
      VARIANTS(many_sa) },
};

/* clang-format on */

const struct group hostile_group_c2 = { "C", "SA, proposal, transform of quick mode", rows,
                                        CYG_LEN(rows) };
