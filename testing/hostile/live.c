/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plays rows of the hostile suite against a running cygnetd over UDP, with real algorithms: puppet
 * and honest peer are engines in this process, new ones with addresses of their own for each
 * variant; what strangers and the puppet's wire carry goes through raw sockets. It sees what comes
 * back and whether honest peers come up in their usual time. Not seen from here: the daemon's state
 * and records; its log, memory and life are the scenario's business (hostile_live.sh), and exact
 * reasons are the other runner's. Rows that need that, minutes of time or a victim that begins are
 * counted as left out. Peers from FIRST_PFS on have PFS there, those from FIRST_NAT on encap = yes.
 * What it prints as "secret" must not be found in the log. Of a row with many variants a few are
 * played. Addresses as for testing/bench/load.c. testing/hostile/live [--variants N] GROUPS, such
 * as AB */
#include "bench/bench.h"
#include "engine/ike_sa.h"
#include "hostile/hostile.h"
#include "io/sockets.h"
#include "unit/crypto_gnutls/crypto.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STRANGERS 8u
#define FIRST_PFS 701u
#define FIRST_NAT 851u
#define IP_UDP    28u

struct live {
    struct stage stage;
    struct sockets *sockets;
    int raw;
    struct cyg_address gateway;
    unsigned number;  /* of the puppet; the honest peer is the next one */
    unsigned next[3]; /* number: plain, with PFS, behind a NAT */
    unsigned first_stranger;
    struct bench_host *host[3]; /* by enum actor; the victim's is NULL */
    unsigned up_before[3];
    uint64_t sent[STRANGERS], received[STRANGERS];
};

/* ---- the wire ---- */

static uint16_t sum_of(const uint8_t *data, size_t len, uint32_t sum)
{
    for (size_t i = 0; i < len; i++) {
        sum += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
    }
    while (sum >> 16 != 0) {
        sum = (sum & 0xffffu) + (sum >> 16);
    }
    return (uint16_t)sum;
}

static void put16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* A UDP datagram from any address and port; the kernel makes the IP checksum and length. */
static void raw_send(struct live *l, const struct cyg_address *src, const struct cyg_address *dst,
                     struct cyg_span payload)
{
    static uint8_t packet[65535];
    struct sockaddr_in to = { .sin_family = AF_INET };
    if (payload.len > sizeof packet - IP_UDP) {
        return;
    }
    memset(packet, 0, IP_UDP);
    packet[0] = 0x45;
    packet[8] = 64;
    packet[9] = 17;
    memcpy(packet + 12, src->bytes, 4);
    memcpy(packet + 16, dst->bytes, 4);
    put16(packet + 20, src->port);
    put16(packet + 22, dst->port);
    put16(packet + 24, payload.len + 8);
    if (payload.len > 0) {
        memcpy(packet + IP_UDP, payload.data, payload.len);
    }
    const uint32_t pseudo = sum_of(packet + 12, 8, 17u + (uint32_t)payload.len + 8u);
    const uint16_t sum = sum_of(packet + 20, payload.len + 8, pseudo);
    put16(packet + 26, sum == 0xffff ? 0xffff : (uint16_t)~sum);
    memcpy(&to.sin_addr, dst->bytes, 4);
    if (sendto(l->raw, packet, IP_UDP + payload.len, 0, (struct sockaddr *)&to, sizeof to) < 0) {
        bench_die("can't send %zu bytes: %s", payload.len, strerror(errno));
    }
}

static struct cyg_address stranger_address(const struct live *l, unsigned stranger)
{
    return bench_peer_address(0x00640000u + l->first_stranger + stranger); /* 10.100.0.0 */
}

static void puppet_sends(void *context, const struct cyg_path *path, struct cyg_span datagram)
{
    struct live *l = context;
    if (stage_puppet_sends(&l->stage, path->remote.port, datagram)) {
        sockets_send(l->sockets, path, datagram);
    }
}

static void honest_sends(void *context, const struct cyg_path *path, struct cyg_span datagram)
{
    struct live *l = context;
    sockets_send(l->sockets, path, datagram);
}

static void received(void *context, const struct cyg_path *path, struct cyg_span datagram)
{
    struct live *l = context;
    const uint8_t *a = path->local.bytes;
    const unsigned n = (unsigned)a[1] << 16 | (unsigned)a[2] << 8 | a[3];
    const unsigned stranger = n - 0x00640000u - l->first_stranger;
    if (n == l->number) {
        if (stage_victim_sends(&l->stage, -1, path->remote.port, datagram)) {
            bench_host_receive(l->host[PUPPET], path, datagram);
        }
    } else if (n == l->number + 1) {
        bench_host_receive(l->host[HONEST], path, datagram);
    } else if (n >= 0x00640000u && stranger < STRANGERS) {
        l->received[stranger] += datagram.len;
        (void)stage_victim_sends(&l->stage, (int)stranger, path->remote.port, datagram);
    }
}

static void turn(struct live *l, cyg_usec limit)
{
    struct pollfd fds[SOCKETS_MAX];
    const size_t n = sockets_count(l->sockets);
    (void)bench_host_run(l->host[PUPPET]);
    (void)bench_host_run(l->host[HONEST]);
    for (size_t i = 0; i < n; i++) {
        fds[i] = (struct pollfd){ .fd = sockets_fd(l->sockets, i), .events = POLLIN };
    }
    if (poll(fds, n, (int)((limit + 999) / 1000)) > 0) {
        for (size_t i = 0; i < n; i++) {
            if (fds[i].revents != 0) {
                sockets_readable(l->sockets, i, received, l);
            }
        }
    }
    (void)bench_host_run(l->host[PUPPET]);
    (void)bench_host_run(l->host[HONEST]);
}

/* ---- the stage ---- */

static void hosts_free(struct live *l)
{
    for (size_t i = 0; i < CYG_LEN(l->host); i++) {
        if (l->host[i] != NULL) {
            bench_host_free(l->host[i]);
            l->host[i] = NULL;
        }
    }
}

static bool live_reset(void *context, bool natt)
{
    struct live *l = context;
    struct bench_settings settings = { .ike = "aes256-sha256-modp2048",
                                       .esp = "aes128-sha256",
                                       .gateway_address = l->gateway,
                                       .crypto = test_crypto(),
                                       .send = puppet_sends,
                                       .context = l };
    const unsigned kind = natt ? 2 : l->stage.row->pfs ? 1 : 0;
    hosts_free(l);
    l->number = l->next[kind];
    l->next[kind] += 2;
    if (l->number >= (kind == 0 ? FIRST_PFS : kind == 1 ? FIRST_NAT : 1000)) {
        bench_die("there are no more peers: fewer variants");
    }
    if (l->stage.row->pfs) {
        settings.esp = "aes128-sha256-modp2048";
    }
    l->first_stranger += STRANGERS;
    l->host[PUPPET] = bench_host_new(&settings);
    settings.send = honest_sends;
    l->host[HONEST] = bench_host_new(&settings);
    memset(l->sent, 0, sizeof l->sent);
    memset(l->received, 0, sizeof l->received);
    return true;
}

static void live_send_stranger(void *context, unsigned stranger, uint16_t from_port,
                               uint16_t to_port, struct cyg_span payload)
{
    struct live *l = context;
    struct cyg_address src = stranger_address(l, stranger), dst = l->gateway;
    src.port = from_port != 0 ? from_port : to_port;
    dst.port = to_port;
    l->sent[stranger % STRANGERS] += payload.len;
    raw_send(l, &src, &dst, payload);
}

/* With the marker that io puts in front on port 4500. */
static void live_send_puppet(void *context, uint16_t to_port, struct cyg_span payload)
{
    static uint8_t marked[65535];
    struct live *l = context;
    if (to_port == 4500 && payload.len + 4 <= sizeof marked) {
        memcpy(marked + 4, payload.data, payload.len);
        payload = (struct cyg_span){ marked, payload.len + 4 };
    }
    struct cyg_address src = bench_peer_address(l->number), dst = l->gateway;
    src.port = dst.port = to_port;
    raw_send(l, &src, &dst, payload);
}

static void live_forge(void *context, const struct cyg_address *src, const struct cyg_address *dst,
                       struct cyg_span payload)
{
    raw_send(context, src, dst, payload);
}

static cyg_usec live_now(void *context)
{
    (void)context;
    return cyg_time_now();
}

static void live_run(void *context, cyg_usec duration)
{
    const cyg_usec end = cyg_time_now() + duration;
    do {
        const cyg_usec now = cyg_time_now();
        turn(context, now >= end ? 0 : end - now < 20000 ? end - now : 20000);
    } while (cyg_time_now() < end);
}

static void live_initiate(void *context, enum actor who)
{
    struct live *l = context;
    l->up_before[who] = l->host[who]->up;
    bench_host_initiate(l->host[who], l->number + (who == HONEST ? 1 : 0));
    (void)bench_host_run(l->host[who]);
}

static void live_terminate(void *context, enum actor who)
{
    struct live *l = context;
    struct cyg_order order = { .type = CYG_ORDER_TERMINATE, .id = 1u << 30 };
    (void)snprintf(order.ike, sizeof order.ike, "p%u", l->number + (who == HONEST ? 1 : 0));
    engine_order(l->host[who]->engine, cyg_time_now(), &order);
    (void)bench_host_run(l->host[who]);
}

static bool live_is_up(void *context, enum actor who)
{
    const struct live *l = context;
    return l->host[who] != NULL && l->host[who]->up > l->up_before[who];
}

static bool live_ping(void *context, enum actor who)
{
    (void)context;
    (void)who;
    return true; /* no data plane on this side; the scenario sends traffic */
}

static struct engine *live_engine(void *context, enum actor who)
{
    const struct live *l = context;
    return l->host[who] != NULL ? l->host[who]->engine : NULL;
}

/* The victim's IKE SA with the puppet, as the puppet knows it: it would be told of its end. One
 * that the puppet never saw established it goes on asking for, whatever the victim has done. */
static void live_facts(void *context, struct stage_facts *ret)
{
    const struct live *l = context;
    struct cyg_ike_record ike[4];
    size_t n = 0, n_children = 0;
    engine_list(l->host[PUPPET]->engine, cyg_time_now(), 0, ike, CYG_LEN(ike), &n, NULL, 0,
                &n_children);
    *ret = (struct stage_facts){ 0 };
    for (size_t i = 0; i < n; i++) {
        ret->ike_sas += ike[i].state == CYG_IKE_ESTABLISHED;
    }
}

static uint64_t live_digest(void *context)
{
    (void)context;
    return 0;
}

static void live_traffic(void *context, unsigned stranger, uint64_t *ret_sent,
                         uint64_t *ret_received)
{
    const struct live *l = context;
    *ret_sent = l->received[stranger % STRANGERS]; /* by the victim */
    *ret_received = l->sent[stranger % STRANGERS];
}

static void live_records(void *context, void (*each)(void *arg, const struct stage_record *r),
                         void *arg)
{
    (void)context;
    (void)each;
    (void)arg;
}

static void live_tell(void *context, const char *line)
{
    (void)context;
    if (getenv("CYG_STORY") != NULL) {
        printf("#   %s\n", line);
    }
}

static const struct stage_ops ops = { .name = "live",
                                      .reset = live_reset,
                                      .send_stranger = live_send_stranger,
                                      .send_puppet = live_send_puppet,
                                      .now = live_now,
                                      .run = live_run,
                                      .initiate = live_initiate,
                                      .terminate = live_terminate,
                                      .is_up = live_is_up,
                                      .ping = live_ping,
                                      .engine = live_engine,
                                      .facts = live_facts,
                                      .digest = live_digest,
                                      .traffic = live_traffic,
                                      .records = live_records,
                                      .forge = live_forge,
                                      .tell = live_tell };

/* ---- rows ---- */

/* Why a variant is not for this runner; NULL: it is. */
static const char *left_out(const struct row *row, const struct variant *v)
{
    if (row->needs != 0) {
        return "needs a look inside, virtual time, or a victim that begins";
    }
    if (v->reaction == GONE) {
        return "the puppet is not told that its IKE SA is gone";
    }
    return v->at == AT_MM2 || v->at == AT_MM4 || v->at == AT_MM6 || v->at == AT_QM2
               ? "the victim begins"
               : NULL;
}

/* What the daemon knows too and its log must not show: keys of the IKE SAs, their first bytes. */
static void print_secrets(const struct live *l)
{
    for (enum actor who = PUPPET; who <= HONEST; who++) {
        for (struct table_item *i = l->host[who]->engine->sas; i != NULL; i = table_next(i)) {
            const struct ike_sa *sa = TABLE_OWNER(struct ike_sa, by_cookie, i);
            const struct cyg_key *keys[3] = { NULL };
            if (sa->keys != NULL) {
                keys[0] = &sa->keys->skeyid.d;
                keys[1] = &sa->keys->skeyid.a;
                keys[2] = &sa->keys->cipher_key;
            }
            for (size_t k = 0; k < CYG_LEN(keys) && keys[k] != NULL; k++) {
                printf("secret ");
                for (size_t n = 0; n < SECRET_BYTES; n++) {
                    printf("%02x", keys[k]->data[n]);
                }
                printf("\n");
            }
        }
    }
}

struct totals {
    unsigned rows, played, failed, left_out;
};

static void play_row(struct live *l, const struct row *row, size_t most, struct totals *t)
{
    const size_t n = row_variants(row), step = n > most ? n / most : 1;
    unsigned played = 0, failed = 0;
    for (size_t i = 0; i < n; i += step) {
        struct variant v = row_variant(row, i);
        if (left_out(row, &v) != NULL) {
            t->left_out++;
            continue;
        }
        v.reason = (enum cyg_reason)0; /* not seen from here */
        l->stage.ops = &ops;
        l->stage.context = l;
        played++;
        bool passed = scene_play(&l->stage, row, &v);
        if (!passed && v.reaction == NOTIFY) { /* those to strangers are rate-limited */
            (void)sleep(2);
            passed = scene_play(&l->stage, row, &v);
        }
        print_secrets(l);
        if (!passed) {
            failed++;
            printf("# %s/%zu, %s: %s\n", row->id, i, v.name, l->stage.failure);
        }
    }
    if (played > 0) {
        t->rows++;
        t->played += played;
        t->failed += failed;
        printf("%s - %s: %s (%u variants)\n", failed == 0 ? "pass" : "fail", row->id, row->what,
               played);
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    static struct live l = { .next = { 1, FIRST_PFS, FIRST_NAT } };
    struct totals t = { 0 };
    struct cyg_error err = { 0 };
    struct cyg_address any = { 0 };
    size_t most = 3;
    int at = 1;
    if (argc > 2 && strcmp(argv[1], "--variants") == 0) {
        most = strtoul(argv[2], NULL, 10);
        at = 3;
    }
    if (at + 1 != argc || most == 0) {
        bench_die("see the head of live.c");
    }
    l.raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    if (l.raw < 0 || cyg_address_parse(cyg_span_str("%any4"), false, &any, &err) != CYG_OK
        || cyg_address_parse(cyg_span_str(BENCH_GATEWAY), false, &l.gateway, &err) != CYG_OK
        || sockets_open(&any, 1, 500, 4500, 0, &l.sockets, &err) != CYG_OK) {
        bench_die("no sockets");
    }
    for (const struct group *const *g = hostile_groups; *g != NULL; g++) {
        for (size_t i = 0; strstr(argv[at], (*g)->letter) != NULL && i < (*g)->n; i++) {
            play_row(&l, &(*g)->rows[i], most, &t);
        }
    }
    hosts_free(&l);
    sockets_close(l.sockets);
    (void)close(l.raw);
    printf("total %u rows, %u variants, %u failed, %u left out\n", t.rows, t.played, t.failed,
           t.left_out);
    return t.failed == 0 && t.played > 0 ? 0 : 1;
}
