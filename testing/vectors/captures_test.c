/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Real datagrams, and hostile ones that stopped others: what each is read as, or the reason and the
 * byte for which it is refused. Every message that is read is written again to the same bytes. */
#include "codec/builder.h"
#include "codec/id.h"
#include "codec/names.h"
#include "codec/notify.h"
#include "codec/sa.h"
#include "codec/vid.h"
#include "vectors/pcap.h"
#include "vectors/vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the datagrams of a file are read as: "SA VID VID" for the payloads of one, "encrypted", or
 * "!REASON@offset"; " | " between two datagrams. SA! is an SA payload that its own decoder
 * refuses. */
struct summary {
    char text[4096];
    size_t len, datagrams, messages;
};

__attribute__((format(printf, 2, 3))) static void add(struct summary *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(s->text + s->len, sizeof(s->text) - s->len, format, args);
    va_end(args);
    assert_true(n >= 0 && (size_t)n < sizeof(s->text) - s->len);
    s->len += (size_t)n;
}

static void write_again(const struct message *m, struct cyg_span datagram)
{
    uint8_t *room = malloc(datagram.len);
    struct cyg_writer w = cyg_writer_of(room, datagram.len);
    struct builder b;
    builder_begin(&b, &w, &m->header);
    for (size_t i = 0; i < m->n; i++) {
        builder_payload(&b, m->payloads[i].type, m->payloads[i].body);
    }
    builder_end(&b);
    assert_true(cyg_span_equal(builder_message(&b), datagram));
    free(room);
}

static void add_payloads(struct summary *s, const struct message *m)
{
    char name[NAME_TEXT];
    struct sa sa;
    for (size_t i = 0; i < m->n; i++) {
        const struct payload *p = &m->payloads[i];
        bool bad = p->kind == PK_SA && sa_decode(p->body, &sa, NULL) != CYG_OK;
        add(s, "%s%s%s", i > 0 ? " " : "", name_format(NAME_PAYLOAD, p->type, name, sizeof(name)),
            bad ? "!" : "");
    }
}

static void summarize(void *context, const struct pcap_datagram *d)
{
    struct summary *s = (struct summary *)context;
    uint8_t *copy = test_memdup(d->bytes.data, d->bytes.len);
    struct cyg_span datagram = { copy, d->bytes.len };
    struct message m;
    struct cyg_error err = { 0 };
    add(s, "%s", s->datagrams++ > 0 ? " | " : "");
    enum cyg_code code = header_decode(datagram, &m.header, &err);
    if (code == CYG_OK) {
        code = header_check(&m.header, datagram.len, false, &err);
    }
    if (code == CYG_OK && (m.header.flags & FLAG_ENCRYPTION) != 0) {
        add(s, "encrypted");
    } else if (code == CYG_OK && message_decode(datagram, &m, &err) == CYG_OK) {
        add_payloads(s, &m);
        write_again(&m, datagram);
        s->messages++;
    } else {
        add(s, "!%s@%u", cyg_reason_info(err.reason)->name, err.offset);
    }
    free(copy);
}

/* The bytes of a file; skips the test when it is not there. Free data. */
static struct cyg_span load(const char *relative)
{
    const char *path = vectors_path(relative);
    FILE *file = path != NULL ? fopen(path, "rb") : NULL;
    if (file == NULL) {
        test_skip("the captures are not there, see CYG_VECTORS");
    }
    uint8_t *bytes = malloc(1 << 20);
    assert_non_null(bytes);
    size_t len = fread(bytes, 1, 1 << 20, file);
    assert_true(feof(file) != 0);
    fclose(file);
    return (struct cyg_span){ bytes, len };
}

static void reads_capture_as(const char *relative, const char *want)
{
    struct cyg_span file = load(relative);
    struct summary s = { .len = 0 };
    int n = pcap_each(file, summarize, &s);
    free((void *)(uintptr_t)file.data);
    assert_int_equal(n, (int)s.datagrams);
    assert_string_equal(s.text, want);
}

static void reads_datagram_as(const char *relative, const char *want)
{
    struct cyg_span file = load(relative);
    struct summary s = { .len = 0 };
    summarize(&s, &(const struct pcap_datagram){ .bytes = file });
    free((void *)(uintptr_t)file.data);
    assert_string_equal(s.text, want);
}

static void test_main_modes_of_real_peers(void **state)
{
    (void)state;
    /* H-026: this peer uses 15 for NAT-D, as draft 07 says; nobody is offered that draft by us. */
    reads_capture_as("captures/tcpdump/ISAKMP_sa_setup.pcap",
                     "SA VID VID VID | SA VID | !PAYLOAD_TYPE@224 | !PAYLOAD_TYPE@224 | encrypted "
                     "| encrypted | encrypted | encrypted | encrypted");
    reads_capture_as("captures/zeek-spicy-ipsec/ikev1-certs.pcap",
                     "SA VID VID | SA VID VID VID VID VID VID VID VID VID | KE NONCE | KE NONCE CR "
                     "| encrypted | encrypted | encrypted | encrypted | encrypted | encrypted");
    reads_capture_as("captures/zeek-spicy-ipsec/ipsec-ikev1-isakmp-main-mode.pcap",
                     "SA VID VID VID VID | SA VID | KE NONCE VID VID VID NAT-D NAT-D "
                     "| KE NONCE VID VID VID VID NAT-D NAT-D | encrypted | encrypted | encrypted "
                     "| encrypted | encrypted");
    /* H-018: whether the SA has to be first is the step's business. */
    reads_capture_as("captures/libreswan/01-isakmp-vid-first.pcap", "VID SA");
    reads_capture_as("captures/libreswan/01-isakmp-vid-first-resp.pcap", "VID SA");
    reads_capture_as("captures/libreswan/01-isakmp-vid-second-resp.pcap", "SA VID");
    reads_capture_as("captures/libreswan/01-isakmp-broadcast.pcap", "VID SA");
    reads_capture_as("captures/suricata-verify/ikev1-duplicate-proposals.pcap",
                     "SA VID VID VID VID");
}

static void test_captures_that_crashed_dissectors(void **state)
{
    (void)state;
    reads_capture_as("captures/tcpdump/isakmp-pointer-loop.pcap", "!HEADER_LENGTH_SMALL@24");
    reads_capture_as("captures/tcpdump/isakmp-delete-segfault.pcap", "!VERSION_MAJOR@17");
    reads_capture_as("captures/tcpdump/isakmp-no-none-np.pcapng", "!HEADER_TAIL@24");
    reads_capture_as("captures/tcpdump/isakmp-ikev1_n_print-oobr.pcap",
                     "!VERSION_MAJOR@17 | !VERSION_MAJOR@17");
    reads_capture_as("captures/tcpdump/isakmp-various-oobr.pcap", "!HEADER_LENGTH_BEYOND@24");
    reads_capture_as("captures/tcpdump/ikev1_id_ipv6_addr_subnet-oobr.pcap",
                     "!HEADER_LENGTH_BEYOND@24");
    reads_capture_as("captures/tcpdump/isakmp-3948-oobr-2.pcap", ""); /* H-154: no IKE in it */
    reads_capture_as("captures/zeek-spicy-ipsec/ipsec-ikev1-payload-bad-length.pcap",
                     "!PAYLOAD_LENGTH_SMALL@90");
}

static void test_ikev2_is_refused_by_its_version(void **state)
{
    (void)state;
    struct cyg_span file = load("captures/tcpdump/ikev2four.pcap");
    struct summary s = { .len = 0 };
    assert_int_equal(pcap_each(file, summarize, &s), 21);
    free((void *)(uintptr_t)file.data);
    assert_int_equal(s.messages, 0);
    size_t refused = 0;
    for (const char *at = s.text; (at = strstr(at, "!VERSION_MAJOR@17")) != NULL; at++) {
        refused++;
    }
    assert_int_equal(refused, 21);
    reads_datagram_as("captures/ike-scan/pkt-ikev2.dat", "!VERSION_MAJOR@17");
    reads_datagram_as("captures/ike-scan/pkt-v2-sainit-response.dat", "!VERSION_MAJOR@17");
}

static void test_datagrams_of_scanners(void **state)
{
    (void)state;
    reads_datagram_as("captures/ike-scan/pkt-default-proposal.dat", "SA");
    reads_datagram_as("captures/ike-scan/pkt-single-trans.dat", "SA");
    reads_datagram_as("captures/ike-scan/pkt-custom-proposal.dat", "!PAYLOAD_RESERVED@29");
    reads_datagram_as("captures/ike-scan/pkt-main-mode-response.dat", "SA VID");
    reads_datagram_as("captures/ike-scan/pkt-aggressive.dat", "SA KE NONCE ID");
    reads_datagram_as("captures/ike-scan/pkt-aggr-mode-response.dat",
                      "SA VID VID VID KE NONCE ID HASH");
    reads_datagram_as("captures/ike-scan/pkt-notify-response.dat", "N");
    reads_datagram_as("captures/ike-scan/pkt-checkpoint-notify.dat", "N");
    reads_datagram_as("captures/scapy/isakmp-1.bin", "SA KE NONCE ID VID VID VID VID VID");
}

/* Decode a whole clear datagram of a file; free file->data. */
static void message_of(const char *relative, struct cyg_span *file, struct message *m)
{
    *file = load(relative);
    assert_int_equal(message_decode(*file, m, NULL), CYG_OK);
}

static void release(struct cyg_span file)
{
    free((void *)(uintptr_t)file.data);
}

static void test_fields_of_an_aggressive_offer(void **state)
{
    (void)state;
    struct cyg_span file;
    struct message m;
    struct sa sa;
    struct id id;
    struct sa_proposal p = { 0 };
    struct sa_transform t = { 0 };
    struct transform_values v;
    message_of("captures/scapy/isakmp-1.bin", &file, &m);
    assert_int_equal(m.header.exchange, EXCHANGE_AGGRESSIVE);
    assert_int_equal(sa_decode(message_body(&m, PK_SA), &sa, NULL), CYG_OK);
    assert_true(sa_next_proposal(&sa, &p) && sa_next_transform(&p, &t));
    assert_int_equal(transform_decode(p.protocol, &t, &v, NULL), CYG_OK);
    assert_int_equal(v.value[TRANSFORM_CIPHER], IKE_CIPHER_AES);
    assert_int_equal(v.value[TRANSFORM_KEY_LENGTH], 128);
    assert_int_equal(v.value[TRANSFORM_HASH], IKE_HASH_MD5);
    assert_int_equal(v.value[TRANSFORM_GROUP], GROUP_DESC_MODP4096);
    assert_int_equal(v.value[TRANSFORM_AUTH], IKE_AUTH_PSK);
    assert_int_equal(v.seconds, 132);
    assert_int_equal(message_body(&m, PK_KE).len, 512);
    assert_int_equal(id_decode(message_body(&m, PK_ID), &id, NULL), CYG_OK);
    assert_int_equal(id.type, CYG_ID_IPV4_ADDR);
    assert_memory_equal(id.data.data, "\2\2\2\2", 4);
    static const enum vid_id vids[] = { VID_XAUTH, VID_DPD, VID_FRAGMENTATION, VID_NATT_RFC3947,
                                        VID_NATT_02N };
    for (size_t i = 0; i < CYG_LEN(vids); i++) {
        assert_int_equal(vid_identify(message_find(&m, PK_VID, i)->body)->id, vids[i]);
    }
    release(file);
}

static void test_fields_of_notifies(void **state)
{
    (void)state;
    struct cyg_span file;
    struct message m;
    struct notify n;
    message_of("captures/ike-scan/pkt-notify-response.dat", &file, &m);
    assert_int_equal(notify_decode(message_body(&m, PK_N), &n, NULL), CYG_OK);
    assert_int_equal(n.type, NOTIFY_NO_PROPOSAL_CHOSEN);
    assert_int_equal(n.doi, 0);
    assert_int_equal(n.spi.len, 0);
    release(file);
    message_of("captures/ike-scan/pkt-checkpoint-notify.dat", &file, &m);
    assert_int_equal(notify_decode(message_body(&m, PK_N), &n, NULL), CYG_OK);
    assert_int_equal(n.type, 9101);
    assert_memory_equal(n.data.data, "User testing unknown.", 22);
    release(file);
}

struct first_transform {
    struct cyg_error err;
    enum cyg_code code;
};

static void take_first_transform(void *context, const struct pcap_datagram *d)
{
    struct first_transform *f = (struct first_transform *)context;
    struct message m;
    struct sa sa;
    struct sa_proposal p = { 0 };
    struct sa_transform t = { 0 };
    struct transform_values v;
    assert_int_equal(message_decode(d->bytes, &m, NULL), CYG_OK);
    assert_int_equal(sa_decode(message_body(&m, PK_SA), &sa, NULL), CYG_OK);
    assert_true(sa_next_proposal(&sa, &p) && sa_next_transform(&p, &t));
    f->code = transform_decode(p.protocol, &t, &v, &f->err);
}

/* H-039, H-043: a duration in front of its type, and two of them. */
static void test_duplicate_life_durations_refuse_the_transform(void **state)
{
    (void)state;
    struct first_transform f = { .code = CYG_OK };
    struct cyg_span file = load("captures/suricata-verify/ikev1-duplicate-proposals.pcap");
    assert_int_equal(pcap_each(file, take_first_transform, &f), 1);
    assert_int_equal(f.code, CYG_REFUSED);
    assert_int_equal(f.err.reason, CYG_R_ATTRIBUTE_LIFE_ORDER);
    release(file);
}

/* H-004, H-034, H-003: datagrams that stopped other daemons. */
static void test_datagrams_with_a_cve(void **state)
{
    (void)state;
    static const struct {
        const char *name, *want;
    } cases[] = {
        { "cve-2009-0790-1", "!VERSION_MAJOR@17" },
        { "cve-2015-3204-1", "SA!" },
        { "cve-2022-23094-1", "!PAYLOAD_LENGTH_SMALL@122" },
        { "cve-2020-1763-1", "SA VID" },
    };
    const json_t *datagrams = vectors_load("hostile/regression_datagrams.json", "datagrams");
    size_t run = 0;
    for (size_t i = 0; i < json_array_size(datagrams); i++) {
        const json_t *entry = json_array_get(datagrams, i);
        struct summary s = { .len = 0 };
        summarize(&s, &(const struct pcap_datagram){ .bytes = vectors_bytes(entry, "hex") });
        for (size_t k = 0; k < CYG_LEN(cases); k++) {
            if (strcmp(vectors_text(entry, "name"), cases[k].name) == 0) {
                assert_string_equal(s.text, cases[k].want);
                run++;
            }
        }
        vectors_release();
    }
    vectors_end("datagrams with a CVE", run, json_array_size(datagrams) - run);
    assert_int_equal(run, CYG_LEN(cases));
}

TEST_MAIN(cmocka_unit_test(test_main_modes_of_real_peers),
          cmocka_unit_test(test_captures_that_crashed_dissectors),
          cmocka_unit_test(test_ikev2_is_refused_by_its_version),
          cmocka_unit_test(test_datagrams_of_scanners),
          cmocka_unit_test(test_fields_of_an_aggressive_offer),
          cmocka_unit_test(test_fields_of_notifies),
          cmocka_unit_test(test_duplicate_life_durations_refuse_the_transform),
          cmocka_unit_test(test_datagrams_with_a_cve));
