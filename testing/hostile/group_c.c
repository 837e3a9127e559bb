/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group C: SA, proposals, transforms of phase 1; group_c2.c has those of quick mode. */
#include "hostile/spoil.h"

#include "engine/engine_internal.h"

#include <string.h>

/* clang-format off */

#define GOOD    "1=7 14=256 2=4 3=1 4=14 11=1 12:00007080"
#define AND_GOOD " T2/1 " GOOD

/* A first message with this SA: dropped, refused, or taken. */
#define DROPPED(name_, text_, reason_) \
    { name_, .make = make_sa, .text = text_, .reaction = DROP, .reason = reason_ }
#define REFUSED(name_, text_, reason_) \
    { name_, .make = make_sa, .text = text_, .reaction = NOTIFY, .notify = 14, .reason = reason_ }
#define TAKEN(name_, text_) \
    { name_, .make = make_sa, .text = text_, .reaction = ANSWER }

static const struct variant frames[] = {
    { "of so many bytes", .make = make_resized, .a = PAYLOAD_SA, .b = 0, .reaction = DROP,
      .reason = CYG_R_SA_SHORT },
    { "of 7 bytes", .make = make_resized, .a = PAYLOAD_SA, .b = 7, .reaction = DROP,
      .reason = CYG_R_SA_SHORT },
    { "of 8 bytes, no proposal", .make = make_resized, .a = PAYLOAD_SA, .b = 8, .reaction = DROP,
      .reason = CYG_R_SA_NO_PROPOSAL },
    { "of 11 bytes", .make = make_resized, .a = PAYLOAD_SA, .b = 11, .reaction = DROP },
    DROPPED("DOI 0", "doi=0 P1/1 T1/1 " GOOD, CYG_R_SA_DOI),
    DROPPED("DOI 2", "doi=2 P1/1 T1/1 " GOOD, CYG_R_SA_DOI),
    DROPPED("DOI 0xffffffff", "doi=4294967295 P1/1 T1/1 " GOOD, CYG_R_SA_DOI),
};

static const struct variant situations[] = {
    DROPPED("situation 0", "sit=0 P1/1 T1/1 " GOOD, CYG_R_SA_SITUATION),
    DROPPED("situation 2", "sit=2 P1/1 T1/1 " GOOD, CYG_R_SA_SITUATION),
    DROPPED("situation 4", "sit=4 P1/1 T1/1 " GOOD, CYG_R_SA_SITUATION),
    DROPPED("situation 7, labels that are not there", "sit=7", CYG_R_SA_SITUATION),
    DROPPED("situation 0xffffffff", "sit=4294967295 P1/1 T1/1 " GOOD, CYG_R_SA_SITUATION),
};

static const struct variant spis[] = {
    TAKEN("SPI of 1 byte", "P1/1/ff T1/1 " GOOD),
    TAKEN("SPI of 4 bytes", "P1/1/01020304 T1/1 " GOOD),
    TAKEN("SPI of 8 bytes", "P1/1/0102030405060708 T1/1 " GOOD),
    TAKEN("SPI of 16 bytes", "P1/1/00112233445566778899aabbccddeeff T1/1 " GOOD),
    DROPPED("SPI of 17 bytes", "P1/1/00112233445566778899aabbccddeeff00 T1/1 " GOOD,
            CYG_R_PROPOSAL_SPI_LONG),
    DROPPED("SPI of 8 bytes, 4 are there", "P1/1/01020304=8 T1/1 " GOOD, 0),
    DROPPED("SPI of 255 bytes, none is there", "P1/1=255 T1/1 " GOOD, CYG_R_PROPOSAL_SPI_SHORT),
};

/* An SPI of 255 bytes, all there. */
static void make_long_spi(struct draft *d, const struct variant *v)
{
    static char text[600];
    (void)v;
    memcpy(text, "P1/1/", 5);
    memset(text + 5, 'a', 510);
    memcpy(text + 515, " T1/1 " GOOD, sizeof(" T1/1 " GOOD));
    draft_sa(d, text);
}

static const struct variant long_spi[] = {
    { "SPI of 255 bytes", .make = make_long_spi, .reaction = DROP,
      .reason = CYG_R_PROPOSAL_SPI_LONG },
};

static const struct variant chains[] = {
    DROPPED("0 transforms announced, 1 there", "P1/1#0 T1/1 " GOOD, 0),
    DROPPED("2 announced, 1 there", "P1/1#2 T1/1 " GOOD, CYG_R_PROPOSAL_COUNT),
    DROPPED("255 announced, 1 there", "P1/1#255 T1/1 " GOOD, CYG_R_PROPOSAL_COUNT),
    DROPPED("1 announced, 2 there", "P1/1#1 T1/1 " GOOD AND_GOOD, CYG_R_PROPOSAL_COUNT),
    DROPPED("0 announced, none there", "P1/1", 0),
    DROPPED("a proposal that is followed by a transform", "P1/1>3 T1/1 " GOOD " P2/1 T1/1 " GOOD,
            CYG_R_SA_CHAIN),
    DROPPED("a transform that is followed by type 1", "P1/1 T1/1>1 " GOOD AND_GOOD, CYG_R_SA_CHAIN),
    DROPPED("a transform that is followed by type 2", "P1/1 T1/1>2 " GOOD AND_GOOD, CYG_R_SA_CHAIN),
    DROPPED("a transform that is followed by type 255", "P1/1 T1/1>255 " GOOD AND_GOOD,
            CYG_R_SA_CHAIN),
    DROPPED("a last transform that announces another", "P1/1 T1/1>3 " GOOD, 0),
    DROPPED("a last proposal that announces another", "P1/1>2 T1/1 " GOOD, 0),
    DROPPED("a good proposal, then one that does not parse", "P1/1 T1/1 " GOOD " P2/1#9 T1/1 " GOOD,
            CYG_R_PROPOSAL_COUNT),
    TAKEN("transforms both of number 1", "P1/1 T1/1 1=5 2=1 3=1 4=2 T1/1 " GOOD),
    TAKEN("transforms 2, 1", "P1/1 T2/1 1=5 2=1 3=1 4=2 T1/1 " GOOD),
    TAKEN("proposal and transform of number 0", "P0/1 T0/1 " GOOD),
    TAKEN("numbers 255", "P255/1 T255/1 " GOOD),
    TAKEN("proposals 2, 1", "P2/1 T1/1 1=5 2=1 3=1 4=2 P1/1 T1/1 " GOOD),
    REFUSED("ISAKMP and ISAKMP together", "P1/1 T1/1 " GOOD " P1/1 T1/1 " GOOD,
            CYG_R_PROPOSAL_BUNDLE),
    REFUSED("ESP and AH together", "P1/3/01020304 T1/12 4=1 5=5 P1/2/01020305 T1/5 4=1 5=5",
            CYG_R_PROPOSAL_BUNDLE),
    REFUSED("ESP in phase 1", "P1/3/01020304 T1/12 4=1 5=5 6=128", CYG_R_PROPOSAL_OTHER_PROTOCOL),
    REFUSED("protocol 255 in phase 1", "P1/255 T1/1 " GOOD, CYG_R_PROPOSAL_OTHER_PROTOCOL),
    TAKEN("ESP, and ISAKMP behind it", "P1/3/01020304 T1/12 4=1 5=5 6=128 P2/1 T1/1 " GOOD),
    REFUSED("transform id 0", "P1/1 T1/0 " GOOD, CYG_R_TRANSFORM_ID),
    REFUSED("transform id 2", "P1/1 T1/2 " GOOD, CYG_R_TRANSFORM_ID),
};

/* `a` transforms in `b` proposals each, only the last one acceptable. */
static void make_many_transforms(struct draft *d, const struct variant *v)
{
    static char text[400000];
    size_t at = 0;
    for (uint64_t p = 1; p <= v->b; p++) {
        at += (size_t)snprintf(text + at, sizeof(text) - at, "P%u/1 ", (unsigned)(p & 255));
        for (uint64_t t = 1; t <= v->a; t++) {
            bool last = p == v->b && t == v->a;
            at += (size_t)snprintf(text + at, sizeof(text) - at, "T%u/1 %s ", (unsigned)(t & 255),
                                   last ? GOOD : "1=5 2=1 3=1 4=2");
        }
    }
    text[at - 1] = '\0';
    draft_sa(d, text);
}

static const struct variant many[] = {
    { "255 transforms, the last one good", .make = make_many_transforms, .a = 255, .b = 1,
      .reaction = ANSWER },
    { "255 proposals, the last one good", .make = make_many_transforms, .a = 1, .b = 255,
      .reaction = ANSWER },
    { "51 proposals of 5", .make = make_many_transforms, .a = 5, .b = 51, .reaction = ANSWER },
    { "256 proposals", .make = make_many_transforms, .a = 1, .b = 256, .reaction = DROP,
      .reason = CYG_R_SA_TRANSFORMS_TOO_MANY },
    { "1200 transforms", .make = make_many_transforms, .a = 240, .b = 5, .reaction = DROP,
      .reason = CYG_R_SA_TRANSFORMS_TOO_MANY },
};

/* ---- attributes ---- */

static const struct variant attribute_forms[] = {
    REFUSED("length one byte beyond the transform", "P1/1 T1/1 1=7 14=256 2=4 3=1 4=14 11=1 12:0e10+1",
            CYG_R_ATTRIBUTE_CUT),
    REFUSED("length 65535", "P1/1 T1/1 1=7 14=256 2=4 3=1 4=14 11=1 12:0e10+65533", CYG_R_ATTRIBUTE_CUT),
    TAKEN("length beyond the transform, the next one good",
          "P1/1 T1/1 1=7 14=256 2=4 3=1 4=14 11=1 12:0e10+1" AND_GOOD),
    TAKEN("numbers in long form", "P1/1 T1/1 1:0007 14:0100 2:0004 3:0001 4:000e 11:0001 12:00007080"),
    TAKEN("numbers of 1 byte", "P1/1 T1/1 1:07 14:0100 2:04 3:01 4:0e 11:01 12:7080"),
    TAKEN("numbers of 4 bytes", "P1/1 T1/1 1:00000007 14:00000100 2:00000004 3:00000001 4:0000000e"),
    REFUSED("a number of 0 bytes", "P1/1 T1/1 1: 14=256 2=4 3=1 4=14", CYG_R_ATTRIBUTE_SIZE),
    REFUSED("a number of 5 bytes", "P1/1 T1/1 1:0000000007 14=256 2=4 3=1 4=14",
            CYG_R_ATTRIBUTE_SIZE),
    REFUSED("a number of 17 bytes", "P1/1 T1/1 1=7 14=256 2=4 3=1 4:00000000000000000000000000000000ee",
            CYG_R_ATTRIBUTE_SIZE),
    REFUSED("a number above 65535", "P1/1 T1/1 1:00010007 14=256 2=4 3=1 4=14", CYG_R_ATTRIBUTE_LARGE),
    REFUSED("type 0", "P1/1 T1/1 " GOOD " 0=1", CYG_R_TRANSFORM_ATTRIBUTE),
    REFUSED("type 0x7fff", "P1/1 T1/1 " GOOD " 32767=1", CYG_R_TRANSFORM_ATTRIBUTE),
    REFUSED("type 0x7fff in long form", "P1/1 T1/1 " GOOD " 32767:0102030405", CYG_R_TRANSFORM_ATTRIBUTE),
    TAKEN("type 0, the next transform good", "P1/1 T1/1 " GOOD " 0=1" AND_GOOD),
};

/* So that the attributes end b bytes into the next one. */
static void make_odd_attributes(struct draft *d, const struct variant *v)
{
    draft_sa(d, "P1/1 T1/1 1=7 14=256 2=4 3=1 4=14");
    struct part *p = draft_find(d, PAYLOAD_SA, 0);
    size_t more = (size_t)v->a;
    draft_resize(d, PAYLOAD_SA, p->len + more);
    p->body[11] = (uint8_t)(p->body[11] + more); /* length of the proposal */
    p->body[19] = (uint8_t)(p->body[19] + more); /* of the transform */
    memset(p->body + p->len - more, 0x7f, more);
}

static const struct variant attribute_odd[] = {
    { "so many bytes of another attribute", .make = make_odd_attributes, .a = 1, .to = 3,
      .reaction = NOTIFY, .notify = 14, .reason = CYG_R_ATTRIBUTE_CUT },
};

static const struct variant attributes_twice[] = {
    REFUSED("two ciphers", "P1/1 T1/1 1=7 1=5 14=256 2=4 3=1 4=14", CYG_R_ATTRIBUTE_TWICE),
    REFUSED("the same cipher twice", "P1/1 T1/1 1=7 1=7 14=256 2=4 3=1 4=14", CYG_R_ATTRIBUTE_TWICE),
    REFUSED("the same in both forms", "P1/1 T1/1 1=7 1:0007 14=256 2=4 3=1 4=14", CYG_R_ATTRIBUTE_TWICE),
    REFUSED("two hashes", "P1/1 T1/1 1=7 14=256 2=4 2=1 3=1 4=14", CYG_R_ATTRIBUTE_TWICE),
    REFUSED("two methods", "P1/1 T1/1 1=7 14=256 2=4 3=1 3=3 4=14", CYG_R_ATTRIBUTE_TWICE),
    REFUSED("two groups", "P1/1 T1/1 1=7 14=256 2=4 3=1 4=14 4=1", CYG_R_ATTRIBUTE_TWICE),
    REFUSED("two key lengths", "P1/1 T1/1 1=7 14=256 14=128 2=4 3=1 4=14", CYG_R_ATTRIBUTE_TWICE),
    TAKEN("two ciphers, the next transform good", "P1/1 T1/1 1=7 1=5 14=256 2=4 3=1 4=14" AND_GOOD),
};

static const struct variant attributes_missing[] = {
    REFUSED("no cipher", "P1/1 T1/1 14=256 2=4 3=1 4=14", 0),
    REFUSED("no hash", "P1/1 T1/1 1=7 14=256 3=1 4=14", 0),
    REFUSED("no method", "P1/1 T1/1 1=7 14=256 2=4 4=14", 0),
    REFUSED("no group", "P1/1 T1/1 1=7 14=256 2=4 3=1", 0),
    REFUSED("nothing at all", "P1/1 T1/1", 0),
    REFUSED("AES without key length", "P1/1 T1/1 1=7 2=4 3=1 4=14", 0),
    REFUSED("AES, key length 0", "P1/1 T1/1 1=7 14=0 2=4 3=1 4=14", CYG_R_TRANSFORM_CIPHER),
    REFUSED("AES, key length 1", "P1/1 T1/1 1=7 14=1 2=4 3=1 4=14", CYG_R_TRANSFORM_CIPHER),
    REFUSED("AES, key length 127", "P1/1 T1/1 1=7 14=127 2=4 3=1 4=14", CYG_R_TRANSFORM_CIPHER),
    REFUSED("AES, key length 129", "P1/1 T1/1 1=7 14=129 2=4 3=1 4=14", CYG_R_TRANSFORM_CIPHER),
    REFUSED("AES, key length 65535", "P1/1 T1/1 1=7 14=65535 2=4 3=1 4=14", CYG_R_TRANSFORM_CIPHER),
    REFUSED("AES, key length negative", "P1/1 T1/1 1=7 14:ffffff80 2=4 3=1 4=14",
            CYG_R_ATTRIBUTE_LARGE),
    REFUSED("3DES with a key length", "P1/1 T1/1 1=5 14=192 2=4 3=1 4=14", CYG_R_TRANSFORM_CIPHER),
    REFUSED("cipher 0", "P1/1 T1/1 1=0 14=256 2=4 3=1 4=14", CYG_R_TRANSFORM_CIPHER),
    REFUSED("cipher 65535", "P1/1 T1/1 1=65535 14=256 2=4 3=1 4=14", CYG_R_TRANSFORM_CIPHER),
    REFUSED("hash 0", "P1/1 T1/1 1=7 14=256 2=0 3=1 4=14", CYG_R_TRANSFORM_HASH),
    REFUSED("hash 65535", "P1/1 T1/1 1=7 14=256 2=65535 3=1 4=14", CYG_R_TRANSFORM_HASH),
};

#define GROUP_OF(number) "P1/1 T1/1 1=7 14=256 2=4 3=1 4=" #number

static const struct variant groups[] = {
    REFUSED("group 0", GROUP_OF(0), CYG_R_TRANSFORM_GROUP),
    REFUSED("group 1", GROUP_OF(1), 0), REFUSED("group 2", GROUP_OF(2), 0),
    REFUSED("group 22", GROUP_OF(22), CYG_R_TRANSFORM_GROUP),
    REFUSED("group 23", GROUP_OF(23), CYG_R_TRANSFORM_GROUP),
    REFUSED("group 24", GROUP_OF(24), CYG_R_TRANSFORM_GROUP),
    REFUSED("group 1025", GROUP_OF(1025), CYG_R_TRANSFORM_GROUP),
    REFUSED("group 32768", GROUP_OF(32768), CYG_R_TRANSFORM_GROUP),
    REFUSED("group 65535", GROUP_OF(65535), CYG_R_TRANSFORM_GROUP),
    REFUSED("a group of his own: type 1, prime, generator",
            "P1/1 T1/1 1=7 14=256 2=4 3=1 5=1 6:ffffffffffffffc5 7=2", CYG_R_TRANSFORM_ATTRIBUTE),
    REFUSED("group 14 and a prime of his own", GROUP_OF(14) " 6:ffffffffffffffc5",
            CYG_R_TRANSFORM_ATTRIBUTE),
    REFUSED("group 14 and a curve of his own", GROUP_OF(14) " 9:00000001 10:00000002",
            CYG_R_TRANSFORM_ATTRIBUTE),
};

/* A group's number is what our own code uses inside, here all up to 255. */
static void make_group(struct draft *d, const struct variant *v)
{
    char text[96];
    (void)snprintf(text, sizeof(text), "P1/1 T1/1 1=7 14=256 2=4 3=1 4=%u", (unsigned)v->a);
    draft_sa(d, text);
}

static const struct variant group_numbers[] = {
    { "group", .make = make_group, .a = 32, .to = 255, .reaction = NOTIFY, .notify = 14,
      .reason = CYG_R_TRANSFORM_GROUP },
};

static void make_method(struct draft *d, const struct variant *v)
{
    char text[96];
    (void)snprintf(text, sizeof(text), "P1/1 T1/1 1=7 14=256 2=4 3=%u 4=14", (unsigned)v->a);
    draft_sa(d, text);
}

static const struct variant methods[] = {
    { "method 0", .make = make_method, .a = 0, .reaction = NOTIFY, .notify = 14 },
    { "signatures, RSA encryption", .make = make_method, .a = 2, .to = 12, .reaction = NOTIFY,
      .notify = 14 },
    { "hybrid", .make = make_method, .a = 64221, .to = 64222, .reaction = NOTIFY, .notify = 14 },
    { "GSSAPI, XAUTH", .make = make_method, .a = 65001, .to = 65010, .reaction = NOTIFY,
      .notify = 14 },
    { "method 65535", .make = make_method, .a = 65535, .reaction = NOTIFY, .notify = 14 },
};

#define LIFE(attributes) "P1/1 T1/1 1=7 14=256 2=4 3=1 4=14 " attributes

static const struct variant lifetimes[] = {
    REFUSED("duration in front of type", LIFE("12:00007080 11=1"), CYG_R_ATTRIBUTE_LIFE_ORDER),
    REFUSED("duration without type", LIFE("12:00007080"), CYG_R_ATTRIBUTE_LIFE_ORDER),
    REFUSED("type without duration", LIFE("11=1"), CYG_R_ATTRIBUTE_LIFE_ORDER),
    REFUSED("type 0", LIFE("11=0 12:00007080"), CYG_R_ATTRIBUTE_LIFE_TYPE),
    REFUSED("type 3", LIFE("11=3 12:00007080"), CYG_R_ATTRIBUTE_LIFE_TYPE),
    REFUSED("seconds twice", LIFE("11=1 12:00007080 11=1 12:00003840"), CYG_R_ATTRIBUTE_LIFE_TWICE),
    REFUSED("type twice, one duration", LIFE("11=1 11=1 12:00007080"), CYG_R_ATTRIBUTE_LIFE_ORDER),
    REFUSED("duration of 0 bytes", LIFE("11=1 12:"), CYG_R_ATTRIBUTE_SIZE),
    TAKEN("duration of 8 bytes", LIFE("11=1 12:0000000000007080")),
    REFUSED("duration of 16 bytes", LIFE("11=1 12:00000000000000000000000000007080"),
            CYG_R_ATTRIBUTE_SIZE),
    REFUSED("0 seconds", LIFE("11=1 12:00000000"), CYG_R_ATTRIBUTE_LIFE_ZERO),
    REFUSED("0 seconds in short form", LIFE("11=1 12=0"), CYG_R_ATTRIBUTE_LIFE_ZERO),
    REFUSED("1 second", LIFE("11=1 12=1"), CYG_R_LIFETIME_SHORT),
    REFUSED("59 seconds", LIFE("11=1 12=59"), CYG_R_LIFETIME_SHORT),
    TAKEN("60 seconds", LIFE("11=1 12=60")),
    TAKEN("2^32-1 seconds", LIFE("11=1 12:ffffffff")),
    TAKEN("2^64-1 seconds", LIFE("11=1 12:ffffffffffffffff")),
    REFUSED("0 kilobytes", LIFE("11=2 12=0"), CYG_R_ATTRIBUTE_LIFE_ZERO),
    TAKEN("kilobytes too", LIFE("11=1 12:00007080 11=2 12:ffffffff")),
};

/* ---- H-044, H-045 ---- */

#define CHOICE(name_, text_, reason_) \
    { name_, .at = AT_MM2, .make = make_sa, .text = text_, .reaction = HOLD, .reason = reason_ }

static const struct variant choices[] = {
    CHOICE("3DES, never offered", "P1/1 T1/1 1=5 2=4 3=1 4=14 11=1 12=28800",
           CYG_R_CHOICE_NOT_OFFERED),
    CHOICE("a shorter key", "P1/1 T1/1 1=7 14=128 2=4 3=1 4=14 11=1 12=14400",
           CYG_R_CHOICE_NOT_OFFERED),
    CHOICE("another hash", "P1/1 T1/1 1=7 14=256 2=1 3=1 4=14 11=1 12=14400",
           CYG_R_CHOICE_NOT_OFFERED),
    CHOICE("another group", "P1/1 T1/1 1=7 14=256 2=4 3=1 4=2 11=1 12=14400",
           CYG_R_CHOICE_NOT_OFFERED),
    CHOICE("an attribute more", "P1/1 T1/1 1=7 14=256 2=4 3=1 4=14 13=1", CYG_R_CHOICE_NOT_OFFERED),
    CHOICE("no key length", "P1/1 T1/1 1=7 2=4 3=1 4=14", CYG_R_CHOICE_NOT_OFFERED),
    CHOICE("another proposal number", "P9/1 T1/1 1=7 14=256 2=4 3=1 4=14 11=1 12=14400",
           CYG_R_CHOICE_NOT_OFFERED),
    CHOICE("two transforms", "P1/1 T1/1 1=7 14=256 2=4 3=1 4=14 T2/1 1=7 14=256 2=4 3=1 4=14",
           CYG_R_CHOICE_NOT_ONE),
    CHOICE("two proposals", "P1/1 T1/1 1=7 14=256 2=4 3=1 4=14 P2/1 T1/1 1=7 14=256 2=4 3=1 4=14",
           CYG_R_CHOICE_NOT_ONE),
    CHOICE("a longer lifetime", "P1/1 T1/1 1=7 14=256 2=4 3=1 4=14 11=1 12:7fffffff",
           CYG_R_CHOICE_NOT_OFFERED),
    CHOICE("another protocol", "P1/3 T1/1 1=7 14=256 2=4 3=1 4=14", CYG_R_CHOICE_NOT_OFFERED),
};

/* Somebody takes the strong transforms out; here the lifetime becomes shorter, so that nobody
 * notices before the proofs. */
static void play_downgrade(struct stage *s, const struct variant *v)
{
    struct stage_facts f;
    REQUIRE(s, stage_catch(s, AT_MM1));
    REQUIRE(s, stage_read_caught(s, s->draft));
    draft_sa(s->draft, v->text);
    draft_encode(s->draft);
    stage_send(s, (struct cyg_span){ s->draft->out, s->draft->out_len });
    s->held = false;
    s->hold = AT_NONE;
    s->ops->run(s->context, 3 * CYG_SEC);
    REQUIRE(s, !s->ops->is_up(s->context, PUPPET));
    REQUIRE(s, stage_reasons(s, CYG_R_PROOF_CHANGED) > 0);
    s->mute = true;
    s->ops->run(s->context, 60 * CYG_SEC);
    s->ops->facts(s->context, &f);
    REQUIRE(s, f.ike_sas == 0 && f.half_open == 0 && f.exchanges == 0);
}

static const struct variant downgrades[] = {
    { "a shorter lifetime", .text = "P1/1 T1/1 1=7 14=256 2=4 3=1 4=14 11=1 12=3600" },
};

/* ---- H-051 ---- */

/* The victim chose it in MM2; then its provider has gone. */
static void play_gone(struct stage *s, const struct variant *v)
{
    static struct cyg_crypto crippled;
    struct engine *victim = s->ops->engine(s->context, VICTIM);
    const struct cyg_crypto *whole = victim->providers.crypto;
    struct stage_facts f;
    REQUIRE(s, stage_catch(s, v->at));
    crippled = *whole;
    struct cyg_provider *all[] = { crippled.cipher, crippled.hash, crippled.mac, crippled.group };
    all[v->a][v->b].ops = NULL;
    victim->providers.crypto = &crippled;
    stage_release(s);
    s->ops->run(s->context, 3 * CYG_SEC);
    s->mute = true;
    s->ops->run(s->context, 200 * CYG_SEC);
    s->ops->facts(s->context, &f);
    bool up = s->ops->is_up(s->context, PUPPET);
    victim->providers.crypto = whole;
    REQUIRE(s, !up && f.children == 0 && f.exchanges == 0 && f.half_open == 0);
}

static const struct variant gone[] = {
    { "the group, behind MM2", .at = AT_MM3, .a = 3, .b = CYG_ALG_MODP2048 },
    { "the PRF, behind MM2", .at = AT_MM3, .a = 2, .b = CYG_ALG_SHA256 },
    { "the hash, behind MM2", .at = AT_MM3, .a = 1, .b = CYG_ALG_SHA256 },
    { "the cipher, behind MM4", .at = AT_MM5, .a = 0, .b = CYG_ALG_AES256 },
    { "the PRF, behind MM4", .at = AT_MM5, .a = 2, .b = CYG_ALG_SHA256 },
    { "the cipher, of phase 2", .at = AT_QM1, .a = 0, .b = CYG_ALG_AES256 },
    { "the PRF, of phase 2", .at = AT_QM1, .a = 2, .b = CYG_ALG_SHA256 },
    { "as initiator, the group", .at = AT_MM2, .a = 3, .b = CYG_ALG_MODP2048 },
    { "as initiator, the PRF", .at = AT_MM4, .a = 2, .b = CYG_ALG_SHA256 },
    { "as initiator, the cipher", .at = AT_MM6, .a = 0, .b = CYG_ALG_AES256 },
};

/* ---- H-052 ---- */

static const struct variant sweep[] = {
    { "each byte becomes 0", .spoil = spoil_u8, .a = 16, .to = 103, .b = 0, .reaction = ANYTHING },
    { "each byte becomes 1", .spoil = spoil_u8, .a = 16, .to = 103, .b = 1, .reaction = ANYTHING },
    { "each byte becomes 0xfe", .spoil = spoil_u8, .a = 16, .to = 103, .b = 0xfe,
      .reaction = ANYTHING },
    { "each byte becomes 0xff", .spoil = spoil_u8, .a = 16, .to = 103, .b = 0xff,
      .reaction = ANYTHING },
};

static const struct row rows[] = {
    { "H-033", "SA payloads that are short, or of another DOI", "nothing of it can be read",
      SCENE_STRANGER, VARIANTS(frames) },
    { "H-034", "situations", "only identity is known; others are followed by more fields",
      SCENE_STRANGER, VARIANTS(situations) },
    { "H-035", "SPIs in proposals of phase 1", "up to 16 bytes are passed over", SCENE_STRANGER,
      VARIANTS(spis) },
    { "H-035b", "an SPI of 255 bytes", "up to 16 bytes are passed over", SCENE_STRANGER,
      VARIANTS(long_spi) },
    { "H-036", "counts, chains and numbers of proposals and transforms",
      "nothing is chosen from what does not parse whole; numbers are only echoed", SCENE_STRANGER,
      VARIANTS(chains) },
    { "H-037", "very many transforms", "255 in all; one pass", SCENE_STRANGER, VARIANTS(many) },
    { "H-038", "attributes in other forms and sizes",
      "a transform with a wrong attribute is refused, the others count", SCENE_STRANGER,
      VARIANTS(attribute_forms) },
    { "H-038b", "attribute lists of odd length", "the transform is refused", SCENE_STRANGER,
      VARIANTS(attribute_odd) },
    { "H-039", "the same attribute twice", "neither the first nor the last wins", SCENE_STRANGER,
      VARIANTS(attributes_twice) },
    { "H-040", "missing attributes, impossible key lengths", "the transform is refused",
      SCENE_STRANGER, VARIANTS(attributes_missing) },
    { "H-041", "groups", "only those configured by name; nobody brings his own prime",
      SCENE_STRANGER, VARIANTS(groups) },
    { "H-041b", "group numbers that only our code might use",
      "numbers of the wire and our own never share a table", SCENE_STRANGER,
      VARIANTS(group_numbers) },
    { "H-042", "authentication methods", "only what is configured", SCENE_STRANGER,
      VARIANTS(methods) },
    { "H-043", "lifetimes", "type and duration are a pair; at least 60 s", SCENE_STRANGER,
      VARIANTS(lifetimes) },
    { "H-044", "a responder's choice that was never offered",
      "held, for it may be spoofed; nothing weaker is ever used", SCENE_PATH, VARIANTS(choices) },
    { "H-045", "transforms taken out of MM1", "HASH_I covers SAi as it was sent", SCENE_PLAY,
      .needs = NEED_TIME, VARIANTS(downgrades), .play = play_downgrade },
    { "H-051", "an algorithm that its provider can't make any more",
      "the attempt ends with an error; nobody uses what is not there", SCENE_PLAY,
      .needs = NEED_INSIDE, VARIANTS(gone), .play = play_gone },
    { "H-052", "each byte of a first message replaced", "the reaction of that field's row",
      SCENE_STRANGER, VARIANTS(sweep) },
};

/* clang-format on */

const struct group hostile_group_c = { "C", "SA, proposal, transform", rows, CYG_LEN(rows) };
