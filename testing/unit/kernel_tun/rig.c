/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/kernel_tun/rig.h"

#include "kernel_tun/checksum.h"
#include "unit/crypto_gnutls/crypto.h"
#include "unit/test.h"

#include <cygnet/writer.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void write_to_tun(void *context, const struct iovec *parts, unsigned n)
{
    struct worker *w = context;
    assert_true(tun_write(&w->tun, parts, n));
}

static struct cyg_address address(const char *text)
{
    struct cyg_address a;
    struct cyg_error err;
    assert_int_equal(cyg_address_parse(cyg_span_str(text), true, &a, &err), CYG_OK);
    return a;
}

struct cyg_selector rig_selector(const char *text)
{
    struct cyg_selector s;
    struct cyg_error err;
    assert_int_equal(cyg_selector_parse(cyg_span_str(text), &s, &err), CYG_OK);
    return s;
}

struct cyg_sa_spec rig_spec(const struct rig_options *o, bool inbound)
{
    bool v6 = o->family == 6;
    struct cyg_sa_spec spec = {
        .spi = RIG_SPI,
        .reqid = 7,
        .inbound = inbound,
        .udp_encap = !o->raw,
        .protocol = CYG_IPSEC_ESP,
        .mode = o->mode != 0 ? o->mode : CYG_MODE_TUNNEL,
        .cipher = (uint8_t)(o->cipher != CYG_ALG_NONE ? o->cipher : CYG_ALG_AES128GCM16),
        .integ = (uint8_t)o->integ,
        .path = { address(v6 ? "2001:db8::1" : "192.0.2.1"),
                  address(v6 ? "2001:db8::2" : "192.0.2.2") },
        .flow = { rig_selector(o->local != NULL ? o->local : "10.1.0.0/16"),
                  rig_selector(o->remote != NULL ? o->remote : "10.2.0.0/16") },
        .replay_window = 64,
        .life_bytes = o->life_bytes,
    };
    if (!o->raw) {
        spec.path.local.port = spec.path.remote.port = 4500;
    }
    const struct cyg_alg_info *c = cyg_alg_info((enum cyg_alg)spec.cipher);
    const struct cyg_alg_info *i = cyg_alg_info(o->integ);
    spec.cipher_key.len = (uint8_t)(c->key_bits / 8u + c->salt);
    spec.integ_key.len = i != NULL ? i->mac_key : 0;
    memset(spec.cipher_key.data, 0x5a, CYG_KEY_MAX);
    memset(spec.integ_key.data, 0xa5, CYG_KEY_MAX);
    return spec;
}

struct rig *rig_new(struct rig_options options)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    struct worker *w = calloc(1, sizeof(*w));
    assert_true(rig != NULL && w != NULL);
    fake_host_init(&rig->fake, NULL, test_crypto());
    rig->w = w;
    w->host = &rig->fake.host;
    w->options.fragments = w->options.copy_dscp = true;
    w->now = 100 * CYG_SEC;
    w->ivs_used = IV_POOL;
    w->send.arena = malloc(SEND_ARENA);
    w->scratch = malloc(SCRATCH_BYTES);
    w->gro = (struct gro){ .udp = true, .write = write_to_tun, .context = w };
    assert_int_equal(sadb_init(&w->sadb), CYG_OK);
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair), 0);
    w->tun.fd = pair[0];
    rig->device = pair[1];

    struct cyg_error err;
    struct cyg_sa_spec in = rig_spec(&options, true), out = rig_spec(&options, false);
    assert_int_equal(sadb_add(&w->sadb, &in, test_crypto(), &rig->in, &err), CYG_OK);
    assert_int_equal(sadb_add(&w->sadb, &out, test_crypto(), &rig->out, &err), CYG_OK);
    struct cyg_policy_spec policy = { .reqid = in.reqid,
                                      .protocol = CYG_IPSEC_ESP,
                                      .mode = in.mode,
                                      .path = in.path,
                                      .flow = in.flow };
    struct policy *added;
    bool is_new;
    assert_int_equal(sadb_policy_add(&w->sadb, &policy, &added, &is_new, &err), CYG_OK);
    rig->socket = (struct esp_socket){ .fd = -1, .raw = options.raw, .segments = !options.raw };
    rig->out->socket = &rig->socket;
    rig->out->inner_mtu = 1400;
    rig->from = (struct arrival){ .path = in.path, .udp = !options.raw };
    return rig;
}

void rig_free(struct rig *rig)
{
    esp_sockets_close(&rig->w->sockets); /* the probes of path_mtu */
    close(rig->w->tun.fd);
    close(rig->device);
    sadb_clear(&rig->w->sadb);
    fragments_clear(&rig->w->fragments);
    free(rig->w->send.arena);
    free(rig->w->scratch);
    free(rig->w);
    fake_host_clear(&rig->fake);
    free(rig);
}

size_t rig_udp(uint8_t *out, const char *source, const char *destination, uint16_t source_port,
               uint16_t destination_port, size_t len)
{
    struct cyg_address from = address(source), to = address(destination);
    bool v4 = from.family == 4;
    size_t header = v4 ? 20 : 40, total = header + 8 + len;
    struct cyg_writer w = cyg_writer_of(out, total);
    if (v4) {
        cyg_writer_u16(&w, 0x4500);
        cyg_writer_u16(&w, (uint16_t)total);
        cyg_writer_u32(&w, 0x4000);
        cyg_writer_u16(&w, 64 << 8 | PROTO_UDP);
        cyg_writer_u16(&w, 0);
    } else {
        cyg_writer_u32(&w, 6u << 28);
        cyg_writer_u16(&w, (uint16_t)(8 + len));
        cyg_writer_u16(&w, PROTO_UDP << 8 | 64);
    }
    cyg_writer_bytes(&w, cyg_address_span(&from));
    cyg_writer_bytes(&w, cyg_address_span(&to));
    cyg_writer_u16(&w, source_port);
    cyg_writer_u16(&w, destination_port);
    cyg_writer_u16(&w, (uint16_t)(8 + len));
    cyg_writer_u16(&w, 0);
    for (size_t i = 0; i < len; i++) {
        cyg_writer_u8(&w, (uint8_t)i);
    }
    assert_true(cyg_writer_ok(&w));
    if (v4) {
        checksum_put(checksum_add(0, out, 20), out + 10);
    }
    uint64_t sum = v4 ? checksum_pseudo(out + 12, 8, PROTO_UDP, 8 + len)
                      : checksum_pseudo(out + 8, 32, PROTO_UDP, 8 + len);
    checksum_put(checksum_add(sum, out + header, 8 + len), out + header + 6);
    return total;
}

void rig_seal(struct rig *rig, uint32_t seq, uint8_t next_header, const uint8_t *payload,
              size_t len)
{
    static const uint8_t iv[ESP_IV_MAX] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    const struct esp_keys *keys = &rig->out->keys;
    rig->esp_len = esp_sealed_len(keys, len);
    assert_true(rig->esp_len <= sizeof(rig->esp));
    if (len > 0) {
        memcpy(rig->esp + esp_payload_offset(keys), payload, len);
    }
    const struct esp_seal how = {
        .spi = RIG_SPI, .seq = seq, .next_header = next_header, .iv = iv
    };
    assert_int_equal(esp_seal(keys, &how, rig->esp, len), CYG_OK);
}

void rig_receive_bytes(struct rig *rig, const uint8_t *data, size_t len)
{
    uint8_t *copy = test_memdup(data, len);
    inbound_datagram(rig->w, &rig->from, copy, len);
    gro_flush(&rig->w->gro);
    rig->w->scratch_used = 0;
    free(copy);
}

void rig_receive(struct rig *rig)
{
    rig_receive_bytes(rig, rig->esp, rig->esp_len);
}

ssize_t rig_read(struct rig *rig, struct vnet *vnet, uint8_t *packet, size_t size)
{
    static uint8_t buffer[70000];
    struct vnet header;
    ssize_t got = recv(rig->device, buffer, sizeof(buffer), MSG_DONTWAIT);
    if (got < 0) {
        return -1;
    }
    assert_true(vnet_read(buffer, (size_t)got, &header));
    size_t len = (size_t)got - sizeof(header);
    assert_true(len <= size);
    memcpy(packet, buffer + sizeof(header), len);
    if (vnet != NULL) {
        *vnet = header;
    }
    return (ssize_t)len;
}

void rig_assert_drops(struct rig *rig, enum drop drop, unsigned n)
{
    struct worker *w = rig->w;
    for (unsigned i = 1; i < DROP_COUNT; i++) {
        uint64_t want = i == drop ? n : 0, got = w->drops[i] - w->told_drops[i];
        if (got != want) {
            fail_msg("%u packets dropped for \"%s\", not %u", (unsigned)got,
                     drop_words((enum drop)i), (unsigned)want);
        }
        w->told_drops[i] = w->drops[i];
    }
}
