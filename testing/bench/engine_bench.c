/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a handshake (main mode and quick mode without PFS) costs the engine: CPU time of each side
 * alone, next to its bare Diffie-Hellman and to its other crypto operations done with the library
 * alone. Rounds of all three by turns, medians; two engines in this process with nothing between
 * them. Then the same with many SAs established, and what one takes in memory; and what a handshake
 * does of which only the first message has come.
 *   testing/bench/engine_bench [ESTABLISHED [GROUP...]]       default: 1000, four groups */
#include "bench.h"

#include "unit/crypto_gnutls/crypto.h"

#include <gnutls/crypto.h>
#include <malloc.h>
#include <nettle/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW 32u /* handshakes under way together: one look at the clock for all of them */
#define ROUNDS 15u
#define MAIL   1024u
#define TEXT   100u /* bytes of a typical hash or message */
#define HALVES 10000u

/* ---- the crypto operations of one side, counted ---- */

struct operations {
    unsigned mac_keys, macs, hashes, cipher_keys, ciphers;
};

static struct operations *counted; /* of the side that runs; NULL: not counting */
static const struct cyg_mac_ops *real_mac;
static const struct cyg_hash_ops *real_hash;
static const struct cyg_cipher_ops *real_cipher;

static enum cyg_code mac_new(void *self, enum cyg_alg alg, struct cyg_span key, void **ret_ctx)
{
    counted->mac_keys++;
    return real_mac->ctx_new(self, alg, key, ret_ctx);
}

static enum cyg_code mac_compute(void *ctx, const struct cyg_span *parts, size_t n, uint8_t *out)
{
    counted->macs++;
    return real_mac->compute(ctx, parts, n, out);
}

static enum cyg_code digest(void *self, enum cyg_alg alg, const struct cyg_span *parts, size_t n,
                            uint8_t *out)
{
    counted->hashes++;
    return real_hash->digest(self, alg, parts, n, out);
}

static enum cyg_code cipher_new(void *self, enum cyg_alg alg, struct cyg_span key, void **ret_ctx)
{
    counted->cipher_keys++;
    return real_cipher->ctx_new(self, alg, key, ret_ctx);
}

static enum cyg_code encrypt(void *ctx, struct cyg_span iv, const uint8_t *in, uint8_t *out,
                             size_t len)
{
    counted->ciphers++;
    return real_cipher->encrypt(ctx, iv, in, out, len);
}

static enum cyg_code decrypt(void *ctx, struct cyg_span iv, const uint8_t *in, uint8_t *out,
                             size_t len)
{
    counted->ciphers++;
    return real_cipher->decrypt(ctx, iv, in, out, len);
}

static const struct cyg_crypto *counting_crypto(void)
{
    static struct cyg_crypto crypto;
    static struct cyg_mac_ops mac;
    static struct cyg_hash_ops hash;
    static struct cyg_cipher_ops cipher;
    crypto = *test_crypto();
    real_mac = crypto.mac[CYG_ALG_SHA256].ops;
    real_hash = crypto.hash[CYG_ALG_SHA256].ops;
    real_cipher = crypto.cipher[CYG_ALG_AES256].ops;
    mac = *real_mac;
    mac.ctx_new = mac_new;
    mac.compute = mac_compute;
    hash = *real_hash;
    hash.digest = digest;
    cipher = *real_cipher;
    cipher.ctx_new = cipher_new;
    cipher.encrypt = encrypt;
    cipher.decrypt = decrypt;
    crypto.mac[CYG_ALG_SHA256].ops = &mac;
    crypto.hash[CYG_ALG_SHA256].ops = &hash;
    crypto.cipher[CYG_ALG_AES256].ops = &cipher;
    return &crypto;
}

/* The same with Nettle and GnuTLS alone. */
static void bare_operations(const struct operations *o)
{
    static const uint8_t key[32] = { 1 };
    static uint8_t text[TEXT], out[64];
    struct hmac_sha256_ctx mac;
    struct sha256_ctx hash;
    gnutls_datum_t cipher_key = { (uint8_t *)(uintptr_t)key, sizeof key }, iv = { out, 16 };
    gnutls_cipher_hd_t cipher;
    for (unsigned i = 0; i < o->mac_keys; i++) {
        hmac_sha256_set_key(&mac, sizeof key, key);
    }
    for (unsigned i = 0; i < o->macs; i++) {
        hmac_sha256_update(&mac, TEXT, text);
        hmac_sha256_digest(&mac, 32, out);
    }
    for (unsigned i = 0; i < o->hashes; i++) {
        sha256_init(&hash);
        sha256_update(&hash, TEXT, text);
        sha256_digest(&hash, 32, out);
    }
    for (unsigned i = 0; i < o->cipher_keys; i++) {
        if (gnutls_cipher_init(&cipher, GNUTLS_CIPHER_AES_256_CBC, &cipher_key, &iv) < 0) {
            bench_die("no AES in GnuTLS");
        }
        for (unsigned k = 0; k * o->cipher_keys < o->ciphers; k++) {
            gnutls_cipher_encrypt(cipher, text, TEXT / 16 * 16);
        }
        gnutls_cipher_deinit(cipher);
    }
}

static void bare_group(enum cyg_alg alg, const struct cyg_secret *private_value,
                       struct cyg_span public_value)
{
    const struct cyg_provider *provider = &test_crypto()->group[alg];
    const struct cyg_group_ops *ops = provider->ops;
    static uint8_t random[CYG_SECRET_MAX] = { 0, 1 }, made[CYG_SECRET_MAX];
    static struct cyg_secret own, shared;
    random[0]++;
    if (ops->generate(provider->self, alg,
                      (struct cyg_span){ random, ops->random_bytes(provider->self, alg) }, &own,
                      made)
            != CYG_OK
        || ops->shared(provider->self, alg, private_value, public_value, &shared, NULL) != CYG_OK) {
        bench_die("the group fails");
    }
}

/* ---- two sides and the mail between them ---- */

struct letter {
    struct cyg_path path; /* as the receiver sees it */
    size_t len;
    uint8_t bytes[2048];
};

struct side {
    struct bench_host *host;
    struct side *other;
    struct letter mail[MAIL]; /* for us; of fixed size, so that no memory is counted for it */
    size_t first, n;
    double seconds;
    size_t memory; /* what it has taken so far and not given back; wraps around below 0 */
    struct operations operations;
    bool weigh; /* memory is looked at, which takes long where much of it is in pieces */
};

static size_t memory_of(const struct side *s)
{
    return s->weigh ? mallinfo2().uordblks : 0;
}

static void deliver(void *context, const struct cyg_path *path, struct cyg_span datagram)
{
    struct side *to = ((struct side *)context)->other;
    struct letter *letter = &to->mail[(to->first + to->n++) % MAIL];
    if (to->n > MAIL || datagram.len > sizeof letter->bytes) {
        bench_die("too much mail");
    }
    letter->path = (struct cyg_path){ .local = path->remote, .remote = path->local };
    if (letter->path.remote.port == 0) {
        letter->path.remote.port = 500;
    }
    letter->len = datagram.len;
    memcpy(letter->bytes, datagram.data, datagram.len);
}

/* What this side has to do, measured. */
static void take_turn(struct side *s, unsigned from, unsigned to)
{
    const size_t memory = memory_of(s);
    counted = &s->operations;
    const double begin = bench_seconds();
    for (unsigned n = from; n < to; n++) {
        bench_host_initiate(s->host, n);
        (void)bench_host_run(s->host);
    }
    for (; s->n > 0; s->n--, s->first = (s->first + 1) % MAIL) {
        const struct letter *letter = &s->mail[s->first];
        bench_host_receive(s->host, &letter->path, (struct cyg_span){ letter->bytes, letter->len });
        (void)bench_host_run(s->host);
    }
    s->seconds += bench_seconds() - begin;
    s->memory += memory_of(s) - memory;
}

/* Bring up peers from..to-1. */
static void handshakes(struct side *initiator, struct side *responder, unsigned from, unsigned to)
{
    const unsigned up = responder->host->up;
    take_turn(initiator, from, to);
    while (responder->n > 0 || initiator->n > 0) {
        take_turn(responder, 0, 0);
        take_turn(initiator, 0, 0);
    }
    if (responder->host->up - up != to - from) {
        bench_die("%u of %u handshakes came up: %s", responder->host->up - up, to - from,
                  initiator->host->failure);
    }
}

static struct side *side_new(const char *group, bool gateway)
{
    static char ike[2][64];
    struct side *s = calloc(1, sizeof *s);
    if (s == NULL) {
        bench_die("no memory");
    }
    (void)snprintf(ike[gateway], sizeof ike[gateway], "aes256-sha256-%s", group);
    struct bench_settings settings = { .gateway = gateway,
                                       .ike = ike[gateway],
                                       .esp = "aes256gcm16",
                                       .half_open_max = HALVES,
                                       .crypto = counting_crypto(),
                                       .send = deliver,
                                       .context = s };
    counted = &s->operations;
    if (cyg_address_parse(cyg_span_str(BENCH_GATEWAY), false, &settings.gateway_address, NULL)
        != CYG_OK) {
        bench_die("no address");
    }
    s->host = bench_host_new(&settings);
    return s;
}

static void side_free(struct side *s)
{
    bench_host_free(s->host);
    free(s);
}

/* ---- rounds ---- */

struct costs {
    double responder, initiator, dh, symmetric; /* microseconds of one handshake */
};

static double since(double begin)
{
    return (bench_seconds() - begin) / WINDOW * 1e6;
}

/* ROUNDS times WINDOW handshakes and as many bare ones, by turns. */
static struct costs measure(struct side *initiator, struct side *responder, enum cyg_alg group,
                            unsigned from)
{
    double responders[ROUNDS], initiators[ROUNDS], groups[ROUNDS], symmetrics[ROUNDS];
    const struct cyg_provider *provider = &test_crypto()->group[group];
    const struct cyg_group_ops *ops = provider->ops;
    static const uint8_t random[CYG_SECRET_MAX] = { 1, 2, 3 };
    static uint8_t public_value[CYG_SECRET_MAX];
    static struct cyg_secret private_value;
    struct operations one = responder->operations;
    const unsigned done = responder->host->up;
    if (ops->generate(provider->self, group,
                      (struct cyg_span){ random, ops->random_bytes(provider->self, group) },
                      &private_value, public_value)
        != CYG_OK) {
        bench_die("the group fails");
    }
    one.mac_keys /= done;
    one.macs /= done;
    one.hashes /= done;
    one.cipher_keys /= done;
    one.ciphers /= done;
    for (unsigned i = 0; i < ROUNDS; i++, from += WINDOW) {
        responder->seconds = initiator->seconds = 0;
        handshakes(initiator, responder, from, from + WINDOW);
        responders[i] = responder->seconds / WINDOW * 1e6;
        initiators[i] = initiator->seconds / WINDOW * 1e6;
        double begin = bench_seconds();
        for (unsigned k = 0; k < WINDOW; k++) {
            bare_group(group, &private_value,
                       (struct cyg_span){ public_value, cyg_alg_info(group)->public_bytes });
        }
        groups[i] = since(begin);
        begin = bench_seconds();
        for (unsigned k = 0; k < WINDOW; k++) {
            bare_operations(&one);
        }
        symmetrics[i] = since(begin);
    }
    return (struct costs){ bench_median(responders, ROUNDS), bench_median(initiators, ROUNDS),
                           bench_median(groups, ROUNDS), bench_median(symmetrics, ROUNDS) };
}

static void bench(const char *group, unsigned established)
{
    const struct cyg_alg_info *info = cyg_alg_by_keyword(cyg_span_str(group));
    if (info == NULL || info->kind != CYG_ALG_KIND_GROUP) {
        bench_die("not a group: %s", group);
    }
    struct side *initiator = side_new(group, false), *responder = side_new(group, true);
    const unsigned first = 2 * WINDOW, then = first + ROUNDS * WINDOW;
    initiator->other = responder;
    responder->other = initiator;
    const unsigned last = established > then ? established : then;
    bench_host_prepare(initiator->host, 1, last + ROUNDS * WINDOW);
    bench_host_prepare(responder->host, 1, last + ROUNDS * WINDOW);
    handshakes(initiator, responder, 1, first); /* tables, caches */
    const struct costs c = measure(initiator, responder, info->id, first);
    bench_figure(c.responder, "us", "engine.%s.responder", group);
    bench_figure(c.initiator, "us", "engine.%s.initiator", group);
    bench_figure(c.dh, "us", "engine.%s.dh", group);
    bench_figure(c.symmetric, "us", "engine.%s.symmetric", group);
    bench_figure(c.dh + c.symmetric, "us", "engine.%s.bare", group);
    if (established > then) {
        responder->weigh = true;
        for (unsigned n = then; n < last; n += WINDOW) {
            handshakes(initiator, responder, n, n + WINDOW < last ? n + WINDOW : last);
        }
        responder->weigh = false;
        const struct costs many = measure(initiator, responder, info->id, last);
        bench_figure(many.responder, "us", "engine.%s.responder_many", group);
        bench_figure(many.dh + many.symmetric, "us", "engine.%s.bare_many", group);
        bench_figure((double)responder->memory / (last - then), "bytes", "engine.%s.memory", group);
        bench_figure(last, "SAs", "engine.%s.many", group);
    }
    side_free(initiator);
    side_free(responder);
}

/* Memory of a handshake of which only the first message has come, each from another address
 * (H-097): everything that malloc gives out, its overhead too. */
static void bench_half_open(void)
{
    struct side *initiator = side_new("ecp256", false), *responder = side_new("ecp256", true);
    initiator->other = responder;
    responder->other = initiator;
    bench_host_prepare(initiator->host, 1, 2);
    take_turn(initiator, 1, 2);
    if (responder->n != 1) {
        bench_die("no first message");
    }
    const struct letter first = responder->mail[responder->first];
    responder->n = 0;
    responder->weigh = true;
    for (unsigned n = 0; n < HALVES; n += WINDOW) {
        unsigned answered = 0;
        for (unsigned k = n; k < n + WINDOW && k < HALVES; k++, answered++) {
            struct letter *letter = &responder->mail[responder->n++];
            *letter = first;
            letter->path.remote = bench_peer_address(k + 1);
            letter->path.remote.port = 500;
            memcpy(letter->bytes, &(uint64_t){ k + 1 }, sizeof(uint64_t)); /* the cookie */
        }
        responder->first = 0;
        take_turn(responder, 0, 0);
        if (initiator->n != answered) {
            bench_die("%zu answers to %u first messages", initiator->n, answered);
        }
        initiator->n = 0;
    }
    bench_figure((double)responder->memory / HALVES, "bytes", "engine.half_open.memory");
    bench_figure(responder->seconds / HALVES * 1e6, "us", "engine.half_open.responder");
    side_free(initiator);
    side_free(responder);
}

int main(int argc, char **argv)
{
    const unsigned established = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000;
    static const char *const groups[] = { "modp2048", "modp3072", "ecp256", "curve25519" };
    if (argc > 2) {
        for (int i = 2; i < argc; i++) {
            bench(argv[i], established);
        }
        return 0;
    }
    bench_half_open();
    for (size_t i = 0; i < CYG_LEN(groups); i++) {
        bench(groups[i], i < 2 ? 0 : established); /* the slow ones need not show it too */
    }
    return 0;
}
