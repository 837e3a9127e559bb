/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A datagram: its chain of payloads in clear and as if decrypted, every payload through its own
 * decoder, and the whole written again to the same bytes. */
#include "codec/builder.h"
#include "codec/cert.h"
#include "codec/delete.h"
#include "codec/fragment.h"
#include "codec/id.h"
#include "codec/mode_config.h"
#include "codec/natoa.h"
#include "codec/notify.h"
#include "codec/sa.h"
#include "codec/vid.h"
#include "fuzz/fuzz.h"

#include <string.h>

/* Every decoder sees every body: what the type promises need not be true. */
static void decode_all(const struct message *m, const struct payload *p)
{
    struct sa sa;
    struct id id;
    struct cert cert;
    struct notify n;
    struct delete_payload d;
    struct mode_config c;
    struct cyg_address a;
    struct fragment f;
    struct cyg_error err = { 0 };
    FUZZ_CALL(payload_failed(m, p, sa_decode(p->body, &sa, &err), &err));
    FUZZ_CHECK(err.offset <= HEADER_LEN + m->bytes.len);
    FUZZ_CALL(id_decode(p->body, &id, &err));
    FUZZ_CALL(cert_decode(p->body, &cert, &err));
    FUZZ_CALL(notify_decode(p->body, &n, &err));
    FUZZ_CALL(delete_decode(p->body, &d, &err));
    FUZZ_CALL(mode_config_decode(p->body, &c, &err));
    FUZZ_CALL(fragment_decode(p->body, &f, &err));
    FUZZ_CALL(nonce_check(p->body, &err));
    (void)vid_identify(p->body);
    if (natoa_decode(p->body, &a, &err) == CYG_OK) {
        uint8_t again[20];
        struct cyg_writer w = cyg_writer_of(again, sizeof(again));
        natoa_encode(&a, &w);
        FUZZ_CHECK(
            cyg_span_equal(cyg_span_after(cyg_writer_span(&w), 4), cyg_span_after(p->body, 4)));
    }
}

static void check_message(const struct message *m)
{
    size_t total = 0;
    size_t count = 0;
    FUZZ_CHECK(m->n >= 1 && m->n <= PAYLOADS_MAX);
    for (size_t i = 0; i < m->n; i++) {
        const struct payload *p = &m->payloads[i];
        FUZZ_CHECK((m->present & 1u << p->kind) != 0 && p->whole.len == p->body.len + 4);
        FUZZ_CHECK(message_offset(m, p) == HEADER_LEN + total);
        total += p->whole.len;
        FUZZ_CHECK(message_after(m, p).len == m->payload_bytes.len - total);
        decode_all(m, p);
    }
    for (size_t kind = 0; kind < PK_COUNT; kind++) {
        size_t n = m->count[kind];
        count += n;
        FUZZ_CHECK((n == 0) == (message_find(m, (enum payload_kind)kind, 0) == NULL));
        FUZZ_CHECK(message_find(m, (enum payload_kind)kind, n) == NULL);
    }
    FUZZ_CHECK(count == m->n && total == m->payload_bytes.len);
    FUZZ_CHECK(m->payload_bytes.len + m->padding.len == m->bytes.len);
}

/* Written again, a chain is the same: everything in it is determined by types and bodies. */
static void write_again(const struct message *m)
{
    struct cyg_writer w = fuzz_writer(HEADER_LEN + m->payload_bytes.len);
    uint8_t *room = w.begin;
    struct builder b;
    struct header h = m->header;
    builder_begin(&b, &w, &h);
    for (size_t i = 0; i < m->n; i++) {
        builder_payload(&b, m->payloads[i].type, m->payloads[i].body);
    }
    builder_end(&b);
    FUZZ_CHECK(cyg_writer_ok(&w));
    FUZZ_CHECK(cyg_span_equal(builder_body(&b), m->payload_bytes));
    FUZZ_CHECK(builder_message(&b).data[16] == m->payloads[0].type);
    free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct cyg_span datagram = { data, len };
    struct message m;
    struct cyg_error err = { 0 };
    if (len > FUZZ_DATAGRAM || header_decode(datagram, &m.header, &err) != CYG_OK) {
        return 0;
    }
    struct cyg_span body = cyg_span_after(datagram, HEADER_LEN);
    for (int padding = 0; padding <= 1; padding++) {
        if (message_decode_chain(m.header.next, body, padding == 1, &m, &err) == CYG_OK) {
            FUZZ_CHECK(m.padding.len <= (padding == 1 ? PADDING_MAX : 0));
            check_message(&m);
            write_again(&m);
        } else {
            FUZZ_CHECK(m.n == 0 && m.present == 0 && err.offset <= len);
        }
    }
    return 0;
}
