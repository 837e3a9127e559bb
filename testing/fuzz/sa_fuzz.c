/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The body of an SA payload: the iterators agree with the validation, what is written again is the
 * same, and so is what transforms mean. */
#include "codec/sa.h"
#include "fuzz/fuzz.h"

#include <string.h>

/* A transform out of its attributes, each in the form it came in. */
static void transform_again(const struct sa_transform *t, struct sa_encoder *e)
{
    struct cyg_span rest = t->attributes;
    struct attribute a;
    sa_encode_transform(e, t->number, t->id);
    while (attribute_next(&rest, &a)) {
        if (a.basic) {
            attribute_encode(e->w, a.type, a.value);
        } else {
            attribute_encode_tlv(e->w, a.type, a.raw);
        }
    }
}

/* raw: byte for byte; else out of what was read. Returns the bytes, in w's room. */
static struct cyg_span write_again(const struct sa *sa, bool raw, struct cyg_writer *w)
{
    struct sa_encoder e;
    struct sa_proposal p = { 0 };
    size_t transforms = 0;
    size_t proposals = 0;
    sa_encode_begin(&e, w, sa->doi, sa->situation);
    for (; sa_next_proposal(sa, &p); proposals++) {
        sa_encode_proposal(&e, p.number, p.protocol, p.spi);
        struct sa_transform t = { 0 };
        size_t n = 0;
        for (; sa_next_transform(&p, &t); n++) {
            if (raw) {
                sa_encode_transform_raw(&e, &t);
            } else {
                transform_again(&t, &e);
            }
        }
        FUZZ_CHECK(n == p.n_transforms);
        transforms += n;
    }
    FUZZ_CHECK(proposals == sa->n_proposals && transforms == sa->n_transforms);
    sa_encode_end(&e);
    return cyg_writer_span(w);
}

/* Whether all transforms of both mean the same; true also when both are refused alike. */
static void same_meaning(const struct sa *a, const struct sa *b)
{
    struct sa_proposal pa = { 0 };
    struct sa_proposal pb = { 0 };
    while (sa_next_proposal(a, &pa) && sa_next_proposal(b, &pb)) {
        struct sa_transform ta = { 0 };
        struct sa_transform tb = { 0 };
        uint32_t spi;
        FUZZ_CALL(sa_proposal_spi(&pa, &spi, NULL));
        while (sa_next_transform(&pa, &ta) && sa_next_transform(&pb, &tb)) {
            struct transform_values va;
            struct transform_values vb;
            struct cyg_error ea = { 0 };
            struct cyg_error eb = { 0 };
            memset(&va, 0, sizeof(va));
            memset(&vb, 0, sizeof(vb));
            enum cyg_code ca = transform_decode(pa.protocol, &ta, &va, &ea);
            enum cyg_code cb = transform_decode(pb.protocol, &tb, &vb, &eb);
            FUZZ_CHECK(ca == cb && ea.reason == eb.reason);
            FUZZ_CHECK(va.present == vb.present && va.seconds == vb.seconds
                       && va.kilobytes == vb.kilobytes && va.n_others == vb.n_others
                       && memcmp(va.value, vb.value, sizeof(va.value)) == 0);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct sa sa;
    struct sa again;
    struct cyg_error err = { 0 };
    struct cyg_span body = { data, len };
    if (len > FUZZ_DATAGRAM) {
        return 0;
    }
    if (sa_decode(body, &sa, &err) != CYG_OK) {
        FUZZ_CHECK(cyg_reason_info(err.reason) != NULL && err.offset <= len);
        return 0;
    }
    for (int raw = 0; raw <= 1; raw++) {
        struct cyg_writer w = fuzz_writer(len);
        uint8_t *room = w.begin;
        struct cyg_span written = write_again(&sa, raw == 1, &w);
        FUZZ_CHECK(cyg_writer_ok(&w)); /* never more than came */
        if (raw == 1) {
            FUZZ_CHECK(cyg_span_equal(written, body));
        } else { /* RESERVED2 and cut attributes are not written again */
            FUZZ_CHECK(sa_decode(written, &again, &err) == CYG_OK);
            if (written.len == len) {
                same_meaning(&sa, &again);
            }
        }
        free(room);
    }
    return 0;
}
