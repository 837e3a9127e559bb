/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SA payload: validation and iteration. What its attributes mean stands in transform.c, writing in
 * sa_encode.c. */
#include "sa.h"

#define PART_HEAD_LEN      4u /* generic header of proposals and transforms */
#define PROPOSAL_HEAD_LEN  8u
#define TRANSFORM_HEAD_LEN 8u

enum {
    LEVEL_PROPOSAL = 1,
    LEVEL_TRANSFORM = 2,
};

/* Where we are in the body, for errors: offsets count from its begin. */
struct place {
    struct cyg_span body;
    uint8_t level;
};

/* from: a position in the body. */
static uint32_t offset_of(const struct place *at, struct cyg_span from)
{
    struct cyg_span begin = { at->body.data, 0 };
    struct cyg_span here = { from.data, 0 };
    return from.len == 0 && from.data == NULL
               ? (uint32_t)at->body.len
               : (uint32_t)cyg_span_between(at->body, begin, here).len;
}

static enum cyg_code sa_failed(const struct place *at, enum cyg_reason reason, struct cyg_span from,
                               size_t field, uint64_t got, uint64_t want, struct cyg_error *err)
{
    return CYG_FAIL(err, reason, .payload = PAYLOAD_SA, .level = at->level,
                    .offset = offset_of(at, from) + (uint32_t)field, .got = got, .want = want);
}

/* Take a proposal or transform off *rest: its generic header checked, *ret_whole its bytes. type:
 * 2 or 3, what the next-payload field of one that is not the last must say. */
static enum cyg_code part_take(const struct place *at, uint8_t type, struct cyg_span *rest,
                               struct cyg_span *ret_whole, bool *ret_more, struct cyg_error *err)
{
    struct cyg_reader r = cyg_reader_of(*rest);
    uint8_t next = cyg_reader_u8(&r);
    uint8_t reserved = cyg_reader_u8(&r);
    uint16_t len = cyg_reader_u16(&r);
    if (!cyg_reader_ok(&r)) {
        return sa_failed(at, CYG_R_SA_PART_BEYOND, *rest, 0, PART_HEAD_LEN, rest->len, err);
    }
    if (next != PAYLOAD_NONE && next != type) { /* H-036 */
        return sa_failed(at, CYG_R_SA_CHAIN, *rest, 0, next, type, err);
    }
    if (reserved != 0) {
        return sa_failed(at, CYG_R_SA_RESERVED, *rest, 1, reserved, 0, err);
    }
    if (len < PROPOSAL_HEAD_LEN) { /* H-003; both heads have 8 bytes */
        return sa_failed(at, CYG_R_SA_PART_LENGTH, *rest, 2, len, PROPOSAL_HEAD_LEN, err);
    }
    if (len > rest->len) { /* H-004 */
        return sa_failed(at, CYG_R_SA_PART_BEYOND, *rest, 2, len, rest->len, err);
    }
    *ret_whole = cyg_span_first(*rest, len);
    *ret_more = next != PAYLOAD_NONE;
    *rest = cyg_span_after(*rest, len);
    return CYG_OK;
}

_Static_assert(PROPOSAL_HEAD_LEN == TRANSFORM_HEAD_LEN, "part_take checks one length for both");

/* Read a proposal whose length fits; false when its SPI does not. */
static bool proposal_read(struct cyg_span whole, struct sa_proposal *p)
{
    struct cyg_reader r = cyg_reader_of(whole);
    (void)cyg_reader_u32(&r); /* generic header */
    p->whole = whole;
    p->number = cyg_reader_u8(&r);
    p->protocol = cyg_reader_u8(&r);
    uint8_t spi_len = cyg_reader_u8(&r);
    p->n_transforms = cyg_reader_u8(&r);
    p->spi = cyg_reader_take(&r, spi_len);
    p->transforms = cyg_reader_rest(&r);
    return cyg_reader_ok(&r);
}

static void transform_read(struct cyg_span whole, struct sa_transform *t)
{
    struct cyg_reader r = cyg_reader_of(whole);
    (void)cyg_reader_u32(&r); /* generic header */
    t->whole = whole;
    t->number = cyg_reader_u8(&r);
    t->id = cyg_reader_u8(&r);
    (void)cyg_reader_u16(&r); /* RESERVED2: harmless, and echoed as it came */
    t->attributes = cyg_reader_rest(&r);
}

/* All transforms of a proposal: whole, in a right chain, and as many as announced. */
static enum cyg_code transforms_check(struct place at, const struct sa_proposal *p,
                                      uint16_t *n_transforms, struct cyg_error *err)
{
    struct cyg_span rest = p->transforms;
    size_t n = 0;
    bool more = rest.len > 0;
    at.level = LEVEL_TRANSFORM;
    while (more) {
        struct cyg_span whole;
        enum cyg_code code = part_take(&at, PAYLOAD_T, &rest, &whole, &more, err);
        if (code != CYG_OK) {
            return code;
        }
        if (*n_transforms == SA_TRANSFORMS_MAX) { /* H-037 */
            return sa_failed(&at, CYG_R_SA_TRANSFORMS_TOO_MANY, whole, 0, SA_TRANSFORMS_MAX + 1,
                             SA_TRANSFORMS_MAX, err);
        }
        (*n_transforms)++;
        n++;
    }
    if (rest.len > 0) {
        return sa_failed(&at, CYG_R_SA_TRAILING, rest, 0, rest.len, 0, err);
    }
    if (n != p->n_transforms || n == 0) { /* H-036 */
        at.level = LEVEL_PROPOSAL;
        return sa_failed(&at, CYG_R_PROPOSAL_COUNT, p->whole, 7, n, p->n_transforms, err);
    }
    return CYG_OK;
}

static enum cyg_code proposal_check(const struct place *at, struct cyg_span whole,
                                    struct sa_proposal *p, struct cyg_error *err)
{
    if (!proposal_read(whole, p)) {
        return sa_failed(at, CYG_R_PROPOSAL_SPI_SHORT, whole, 6, whole.len - PROPOSAL_HEAD_LEN,
                         whole.data[6], err);
    }
    if (p->protocol == PROTOCOL_ISAKMP && p->spi.len > SA_SPI_MAX) { /* H-035 */
        return sa_failed(at, CYG_R_PROPOSAL_SPI_LONG, whole, 6, p->spi.len, SA_SPI_MAX, err);
    }
    return CYG_OK;
}

static enum cyg_code proposals_check(const struct place *at, struct sa *sa, struct cyg_error *err)
{
    struct cyg_span rest = sa->proposals;
    bool more = true;
    if (rest.len == 0) {
        return sa_failed(at, CYG_R_SA_NO_PROPOSAL, rest, 0, 0, 0, err);
    }
    while (more) {
        struct sa_proposal p = { 0 };
        struct cyg_span whole;
        enum cyg_code code = part_take(at, PAYLOAD_P, &rest, &whole, &more, err);
        if (code == CYG_OK) {
            code = proposal_check(at, whole, &p, err);
        }
        if (code == CYG_OK) {
            code = transforms_check(*at, &p, &sa->n_transforms, err);
        }
        if (code != CYG_OK) {
            return code;
        }
        sa->n_proposals++; /* each has a transform, so this too stays below 256 */
    }
    if (rest.len > 0) {
        return sa_failed(at, CYG_R_SA_TRAILING, rest, 0, rest.len, 0, err);
    }
    return CYG_OK;
}

enum cyg_code sa_decode(struct cyg_span body, struct sa *ret, struct cyg_error *err)
{
    struct cyg_reader r = cyg_reader_of(body);
    struct sa sa = { .body = body };
    sa.doi = cyg_reader_u32(&r);
    sa.situation = cyg_reader_u32(&r);
    sa.proposals = cyg_reader_rest(&r);
    if (!cyg_reader_ok(&r)) { /* H-033 */
        return CYG_FAIL(err, CYG_R_SA_SHORT, .payload = PAYLOAD_SA,
                        .offset = (uint32_t)cyg_reader_offset(&r), .got = body.len);
    }
    if (sa.doi != DOI_IPSEC) {
        return CYG_FAIL(err, CYG_R_SA_DOI, .payload = PAYLOAD_SA, .offset = 0, .got = sa.doi,
                        .want = DOI_IPSEC);
    }
    if (sa.situation != SITUATION_IDENTITY_ONLY) { /* H-034: others are followed by more fields */
        return CYG_FAIL(err, CYG_R_SA_SITUATION, .payload = PAYLOAD_SA, .offset = 4,
                        .got = sa.situation, .want = SITUATION_IDENTITY_ONLY);
    }
    struct place at = { .body = body, .level = LEVEL_PROPOSAL };
    enum cyg_code code = proposals_check(&at, &sa, err);
    if (code != CYG_OK) {
        return code;
    }
    *ret = sa;
    return CYG_OK;
}

/* The length that a part's own head says; validated before. */
static struct cyg_span part_first(struct cyg_span rest)
{
    struct cyg_reader r = cyg_reader_of(cyg_span_after(rest, 2));
    return cyg_span_first(rest, cyg_reader_u16(&r));
}

bool sa_next_proposal(const struct sa *sa, struct sa_proposal *p)
{
    struct cyg_span rest = p->whole.len == 0 ? sa->proposals : p->rest;
    struct sa_proposal next = { 0 };
    struct cyg_span whole = part_first(rest);
    bool ok = whole.len >= PROPOSAL_HEAD_LEN && proposal_read(whole, &next);
    next.rest = cyg_span_after(rest, whole.len);
    *p = ok ? next : (struct sa_proposal){ 0 };
    return ok;
}

bool sa_next_transform(const struct sa_proposal *p, struct sa_transform *t)
{
    struct cyg_span rest = t->whole.len == 0 ? p->transforms : t->rest;
    struct sa_transform next = { 0 };
    struct cyg_span whole = part_first(rest);
    bool ok = whole.len >= TRANSFORM_HEAD_LEN;
    if (ok) {
        transform_read(whole, &next);
    }
    next.rest = cyg_span_after(rest, whole.len);
    *t = ok ? next : (struct sa_transform){ 0 };
    return ok;
}

enum cyg_code sa_proposal_spi(const struct sa_proposal *p, uint32_t *ret_spi, struct cyg_error *err)
{
    const uint32_t first_free_spi = 256; /* RFC 2406 2.1, RFC 2402 2.4, RFC 3173 3.3 */
    bool ipcomp = p->protocol == PROTOCOL_IPCOMP;
    if (!ipcomp && p->protocol != PROTOCOL_ESP && p->protocol != PROTOCOL_AH) {
        return CYG_FAIL(err, CYG_R_PROPOSAL_PROTOCOL, .payload = PAYLOAD_SA,
                        .level = LEVEL_PROPOSAL, .got = p->protocol);
    }
    if (p->spi.len != 4 && !(ipcomp && p->spi.len == 2)) {
        return CYG_FAIL(err, CYG_R_PROPOSAL_SPI_SIZE, .payload = PAYLOAD_SA,
                        .level = LEVEL_PROPOSAL, .got = p->spi.len, .want = ipcomp ? 2 : 4);
    }
    struct cyg_reader r = cyg_reader_of(p->spi);
    uint32_t spi = p->spi.len == 2 ? cyg_reader_u16(&r) : cyg_reader_u32(&r);
    if (spi < first_free_spi && !ipcomp) { /* a CPI below names a well-known algorithm */
        return CYG_FAIL(err, CYG_R_PROPOSAL_SPI_RESERVED, .payload = PAYLOAD_SA,
                        .level = LEVEL_PROPOSAL, .got = spi, .want = first_free_spi);
    }
    *ret_spi = spi;
    return CYG_OK;
}
