/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Exchanges of real peers whose keys are known: decrypted here, decoded, and the responder's answer
 * made again out of the offer, byte for byte. */
#include "codec/cert.h"
#include "codec/id.h"
#include "codec/message.h"
#include "codec/sa.h"
#include "unit/crypto_gnutls/crypto.h"
#include "vectors/vectors.h"

#include <stdlib.h>
#include <string.h>

/* A message of a file, decoded; decrypted first when it has the flag. */
struct opened {
    struct message m;
    uint8_t plain[4096];
};

static void open_message(struct opened *o, struct cyg_span datagram, enum cyg_alg cipher,
                         struct cyg_span key, struct cyg_span iv)
{
    struct header *h = &o->m.header;
    assert_int_equal(header_decode(datagram, h, NULL), CYG_OK);
    assert_int_equal(header_check(h, datagram.len, false, NULL), CYG_OK);
    struct cyg_span body = header_body(h, datagram);
    bool encrypted = (h->flags & FLAG_ENCRYPTION) != 0;
    assert_true(body.len <= sizeof(o->plain));
    memcpy(o->plain, body.data, body.len);
    if (encrypted) {
        assert_int_equal(
            cyg_cbc_once(test_crypto(), cipher, false, key, iv, body.data, o->plain, body.len),
            CYG_OK);
    }
    struct cyg_error err;
    assert_int_equal(message_decode_chain(h->next, (struct cyg_span){ o->plain, body.len },
                                          encrypted, &o->m, &err),
                     CYG_OK);
}

/* The answer that a responder makes of the offer when it chooses like the one in answer did. */
static void assert_echo(struct cyg_span offered, struct cyg_span answered)
{
    struct sa offer;
    struct sa answer;
    struct sa_proposal chosen = { 0 };
    struct sa_transform transform = { 0 };
    assert_int_equal(sa_decode(offered, &offer, NULL), CYG_OK);
    assert_int_equal(sa_decode(answered, &answer, NULL), CYG_OK);
    assert_int_equal(answer.n_proposals, 1);
    assert_int_equal(answer.n_transforms, 1);
    assert_true(sa_next_proposal(&answer, &chosen) && sa_next_transform(&chosen, &transform));

    uint8_t room[256];
    struct cyg_writer w = cyg_writer_of(room, sizeof(room));
    struct sa_encoder e;
    struct sa_proposal p = { 0 };
    struct sa_transform t = { 0 };
    assert_true(sa_next_proposal(&offer, &p));
    while (sa_next_transform(&p, &t) && t.number != transform.number) {
    }
    assert_true(t.whole.len > 0);
    sa_encode_begin(&e, &w, offer.doi, offer.situation);
    sa_encode_proposal(&e, p.number, p.protocol, chosen.spi); /* in quick mode its own */
    sa_encode_transform_raw(&e, &t);
    sa_encode_end(&e);
    assert_true(cyg_span_equal(cyg_writer_span(&w), answered));
}

/* Main and quick mode with certificates: 3DES, every IV published with its message. */
static void test_opens_every_message_of_the_certificate_exchange(void **state)
{
    (void)state;
    static const struct {
        uint32_t present;
        uint8_t padding;
    } want[] = { { PL(ID) | PL(CERT) | PL(CR) | PL(SIG), 7 },
                 { PL(ID) | PL(CERT) | PL(SIG), 2 },
                 { PL(HASH) | PL(SA) | PL(NONCE) | PL(KE) | PL(ID), 0 },
                 { PL(HASH) | PL(SA) | PL(NONCE) | PL(KE) | PL(ID), 0 },
                 { PL(HASH), 4 } };
    const json_t *messages = vectors_load("captures/exchanges/ikev1-certs.json", "messages");
    static const uint8_t key[] = { 0x73, 0x5b, 0xe0, 0xcb, 0x62, 0xf8, 0x26, 0x75,
                                   0xc4, 0xf7, 0xbf, 0x8f, 0xba, 0xb9, 0xb5, 0x68,
                                   0x34, 0xba, 0x76, 0xd6, 0xab, 0x4f, 0xa2, 0x40 };
    struct opened *o = calloc(1, sizeof(*o));
    size_t run = 0;
    for (size_t i = 0; i < json_array_size(messages); i++) {
        const json_t *entry = json_array_get(messages, i);
        if (json_object_get(entry, "plain") == NULL) {
            continue; /* in clear, or a retransmission */
        }
        open_message(o, vectors_bytes(entry, "hex"), CYG_ALG_3DES, cyg_span_of_array(key),
                     vectors_bytes(entry, "iv"));
        assert_bytes_equal(entry, o->m.bytes, vectors_bytes(entry, "plain"));
        const json_t *types = json_object_get(entry, "payloads");
        assert_int_equal(o->m.n, json_array_size(types));
        for (size_t k = 0; k < o->m.n; k++) {
            assert_int_equal(o->m.payloads[k].type, json_integer_value(json_array_get(types, k)));
        }
        assert_true(run < CYG_LEN(want));
        assert_int_equal(o->m.present, want[run].present);
        assert_int_equal(o->m.padding.len, want[run].padding);
        assert_int_equal(o->m.padding.len, vectors_number(entry, "padding"));
        run++;
        vectors_release();
    }
    free(o);
    assert_int_equal(run, CYG_LEN(want));
    vectors_end("encrypted messages", run, json_array_size(messages) - run);
}

/* The body of the SA payload of message n (from 1), kept in o. */
static struct cyg_span sa_of(const json_t *messages, size_t n, struct opened *o)
{
    const json_t *entry = json_array_get(messages, n - 1);
    struct cyg_span plain = json_object_get(entry, "plain") != NULL
                                ? vectors_bytes(entry, "plain")
                                : cyg_span_after(vectors_bytes(entry, "hex"), HEADER_LEN);
    assert_int_equal(header_decode(vectors_bytes(entry, "hex"), &o->m.header, NULL), CYG_OK);
    assert_int_equal(message_decode_chain(o->m.header.next, plain, true, &o->m, NULL), CYG_OK);
    return message_body(&o->m, PK_SA);
}

static void test_echoes_as_the_real_responder_did(void **state)
{
    (void)state;
    const json_t *messages = vectors_load("captures/exchanges/ikev1-certs.json", "messages");
    struct opened *o = calloc(2, sizeof(*o));
    assert_echo(sa_of(messages, 1, &o[0]), sa_of(messages, 2, &o[1]));
    assert_echo(sa_of(messages, 7, &o[0]), sa_of(messages, 9, &o[1]));
    vectors_end("answers", 2, 0);

    messages = vectors_load("captures/openswan/parent.json", "messages"); /* first of six */
    assert_echo(sa_of(messages, 1, &o[0]), sa_of(messages, 2, &o[1]));
    vectors_end("answers", 1, 0);
    messages = vectors_load("captures/openswan/v1rwnat.json", "messages");
    assert_echo(sa_of(messages, 1, &o[0]), sa_of(messages, 2, &o[1]));
    vectors_end("answers", 1, 0);
    free(o);
}

static void test_fields_of_the_certificate_exchange(void **state)
{
    (void)state;
    const json_t *messages = vectors_load("captures/exchanges/ikev1-certs.json", "messages");
    struct opened *o = calloc(1, sizeof(*o));
    (void)sa_of(messages, 5, o);
    struct id id;
    struct cert cert;
    assert_int_equal(id_decode(message_body(&o->m, PK_ID), &id, NULL), CYG_OK);
    assert_int_equal(id.type, CYG_ID_IPV4_ADDR);
    assert_memory_equal(id.data.data, "\xc0\xa8\x0c\x76", 4);
    assert_int_equal(cert_decode(message_body(&o->m, PK_CERT), &cert, NULL), CYG_OK);
    assert_int_equal(cert.encoding, CERT_X509_SIGN);
    assert_int_equal(message_body(&o->m, PK_SIG).len, 128);

    struct sa sa;
    struct sa_proposal p = { 0 };
    struct sa_transform t = { 0 };
    struct transform_values v;
    uint32_t spi;
    assert_int_equal(sa_decode(sa_of(messages, 7, o), &sa, NULL), CYG_OK);
    assert_int_equal(o->m.count[PK_ID], 2);
    assert_true(sa_next_proposal(&sa, &p) && sa_next_transform(&p, &t));
    assert_int_equal(p.protocol, PROTOCOL_ESP);
    assert_int_equal(sa_proposal_spi(&p, &spi, NULL), CYG_OK);
    assert_int_equal(t.id, ESP_3DES);
    assert_int_equal(transform_decode(p.protocol, &t, &v, NULL), CYG_OK);
    assert_int_equal(v.value[TRANSFORM_GROUP], GROUP_DESC_MODP1024);
    assert_int_equal(v.value[TRANSFORM_INTEG], INTEG_ATTR_HMAC_MD5);
    free(o);
    vectors_end("messages", 2, 0);
}

/* MM5 of two exchanges of pluto, with the key and IV of the test that made them. */
static void opens_mm5(const char *relative, enum cyg_alg cipher, struct cyg_span key,
                      struct cyg_span iv)
{
    const json_t *messages = vectors_load(relative, "messages");
    struct opened *o = calloc(1, sizeof(*o));
    const json_t *mm5 = json_array_get(messages, 4);
    assert_string_equal(vectors_text(mm5, "name"), "MM5");
    open_message(o, vectors_bytes(mm5, "hex"), cipher, key, iv);
    assert_int_equal(o->m.count[PK_ID], 1);
    assert_int_equal(o->m.count[PK_SIG], 1);
    struct id id;
    assert_int_equal(id_decode(message_body(&o->m, PK_ID), &id, NULL), CYG_OK);
    struct cyg_identity identity;
    assert_int_equal(cyg_identity_of(id.type, id.data, &identity, NULL), CYG_OK);
    free(o);
    vectors_end(relative, 1, 0);
}

static void test_opens_mm5_of_pluto(void **state)
{
    (void)state;
    static const uint8_t aes_key[] = { 0x56, 0x4c, 0x62, 0xb3, 0x52, 0xd9, 0x33, 0x45,
                                       0x0a, 0xd1, 0xdf, 0x32, 0x4e, 0xa5, 0x7d, 0x69 };
    static const uint8_t des_key[] = { 0x56, 0x4c, 0x62, 0xb3, 0x52, 0xd9, 0x33, 0x45,
                                       0x56, 0x4c, 0x62, 0xb3, 0x52, 0xd9, 0x33, 0x45,
                                       0x0a, 0xd1, 0xdf, 0x32, 0x4e, 0xa5, 0x7d, 0x69 };
    static const uint8_t iv[] = { 0xbc, 0xd5, 0x89, 0x68, 0x0c, 0x42, 0x2e, 0xcd,
                                  0x14, 0x72, 0xae, 0xa3, 0x97, 0x42, 0x67, 0x41 };
    opens_mm5("captures/openswan/parent.json", CYG_ALG_AES128, cyg_span_of_array(aes_key),
              cyg_span_of_array(iv));
    opens_mm5("captures/openswan/v1rwnat.json", CYG_ALG_3DES, cyg_span_of_array(des_key),
              (struct cyg_span){ iv, 8 });
}

TEST_MAIN(cmocka_unit_test(test_opens_every_message_of_the_certificate_exchange),
          cmocka_unit_test(test_echoes_as_the_real_responder_did),
          cmocka_unit_test(test_fields_of_the_certificate_exchange),
          cmocka_unit_test(test_opens_mm5_of_pluto));
