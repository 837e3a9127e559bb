/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Toy algorithms under the names of the real ones: a few nanoseconds each and worthless as
 * cryptography, but of the right shape, so that the engine's mistakes show. A hash depends on every
 * byte and every boundary of the whole; a cipher is a keyed permutation of blocks, chained; a group
 * is the field of 2^61 - 1, its values padded to the group's real length by bytes that depend on
 * the value, so that a changed or made-up public value is refused. Real ones are tested elsewhere
 * (vectors, interop). */
#include "simulation/sim_internal.h"

#include <stdlib.h>

/* ---- hash and MAC: a small sponge ---- */

struct sponge {
    uint64_t s[4];
    uint8_t word[8];
    size_t total;
};

static uint64_t turn(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

static void stir(struct sponge *k, uint64_t word)
{
    k->s[3] ^= word;
    for (int i = 0; i < 2; i++) { /* SipHash's round, reordered */
        k->s[0] += k->s[1];
        k->s[1] = turn(k->s[1], 13) ^ k->s[0];
        k->s[0] = turn(k->s[0], 32);
        k->s[2] += k->s[3];
        k->s[3] = turn(k->s[3], 16) ^ k->s[2];
        k->s[0] += k->s[3];
        k->s[3] = turn(k->s[3], 21) ^ k->s[0];
        k->s[2] += k->s[1];
        k->s[1] = turn(k->s[1], 17) ^ k->s[2];
        k->s[2] = turn(k->s[2], 32);
    }
    k->s[0] ^= word;
}

static uint64_t word_of(const uint8_t bytes[8])
{
    uint64_t word;
    memcpy(&word, bytes, 8);
    return word;
}

static void soak(struct sponge *k, struct cyg_span bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        k->word[k->total++ % 8] = bytes.data[i];
        if (k->total % 8 == 0) {
            stir(k, word_of(k->word));
        }
    }
}

static void squeeze(struct sponge *k, uint8_t *out, size_t len)
{
    uint64_t total = k->total;
    static const uint8_t zeros[8];
    soak(k, (struct cyg_span){ zeros, (8 - total % 8) % 8 });
    stir(k, total ^ 0xffu);
    for (size_t done = 0; done < len; done += 8) {
        stir(k, 0x5eed);
        uint64_t word = k->s[0] ^ k->s[1] ^ k->s[2] ^ k->s[3];
        memcpy(out + done, &word, len - done < 8 ? len - done : 8);
    }
}

static struct sponge sponge_of(uint64_t kind, struct cyg_span key)
{
    struct sponge k = { .s = { 0x736f6d6570736575u, 0x646f72616e646f6du, 0x6c7967656e657261u,
                               0x7465646279746573u ^ kind } };
    soak(&k, key);
    stir(&k, key.len);
    stir(&k, key.len > 0 && k.total % 8 != 0 ? word_of(k.word) : 0);
    k.total = 0;
    memset(k.word, 0, sizeof(k.word));
    return k;
}

void sim_toy_mac(enum cyg_alg alg, struct cyg_span key, const struct cyg_span *parts, size_t n,
                 uint8_t *out, size_t len)
{
    struct sponge k = sponge_of((uint64_t)alg, key);
    for (size_t i = 0; i < n; i++) {
        soak(&k, parts[i]);
    }
    squeeze(&k, out, len);
}

static const struct cyg_alg_info *integ_of(enum cyg_alg alg)
{
    const struct cyg_alg_info *info = cyg_alg_info(alg);
    return info != NULL && info->kind == CYG_ALG_KIND_INTEG ? info : NULL;
}

static enum cyg_code toy_digest(void *self, enum cyg_alg alg, const struct cyg_span *parts,
                                size_t n, uint8_t *out)
{
    (void)self;
    const struct cyg_alg_info *info = integ_of(alg);
    if (info == NULL) {
        return CYG_UNSUPPORTED;
    }
    sim_toy_mac(info->mac, (struct cyg_span){ NULL, 0 }, parts, n, out, info->mac_out);
    return CYG_OK;
}

struct toy_mac {
    enum cyg_alg alg;
    uint8_t out;
    size_t key_len;
    uint8_t key[];
};

static enum cyg_code toy_mac_new(void *self, enum cyg_alg alg, struct cyg_span key, void **ret_ctx)
{
    (void)self;
    const struct cyg_alg_info *info = integ_of(alg);
    if (info == NULL) {
        return CYG_UNSUPPORTED;
    }
    struct toy_mac *mac = malloc(sizeof(*mac) + key.len); /* counted: its owner must free it */
    if (mac == NULL) {
        return CYG_NOMEM;
    }
    mac->alg = (enum cyg_alg)(info->mac + CYG_ALG_COUNT); /* a MAC is no hash */
    mac->out = info->mac_out;
    mac->key_len = key.len;
    if (key.len > 0) {
        memcpy(mac->key, key.data, key.len);
    }
    sim_secret_seen(key);
    *ret_ctx = mac;
    return CYG_OK;
}

static enum cyg_code toy_mac_compute(void *ctx, const struct cyg_span *parts, size_t n,
                                     uint8_t *out)
{
    const struct toy_mac *mac = ctx;
    sim_toy_mac(mac->alg, (struct cyg_span){ mac->key, mac->key_len }, parts, n, out, mac->out);
    return CYG_OK;
}

/* ---- ciphers: a Feistel network of four rounds, chained ---- */

struct toy_cipher {
    size_t block;
    uint64_t keys[4];
};

static enum cyg_code toy_cipher_new(void *self, enum cyg_alg alg, struct cyg_span key,
                                    void **ret_ctx)
{
    (void)self;
    const struct cyg_alg_info *info = cyg_alg_info(alg);
    if (info == NULL || info->kind != CYG_ALG_KIND_CIPHER || info->icv > 0) {
        return CYG_UNSUPPORTED;
    }
    if (key.len != info->key_bits / 8) {
        return CYG_INTERNAL; /* our own bug, as a library would say it */
    }
    struct toy_cipher *cipher = malloc(sizeof(*cipher));
    if (cipher == NULL) {
        return CYG_NOMEM;
    }
    cipher->block = info->block;
    sim_secret_seen(key);
    sim_toy_mac(alg, key, NULL, 0, (uint8_t *)cipher->keys, sizeof(cipher->keys));
    *ret_ctx = cipher;
    return CYG_OK;
}

static uint64_t mix(uint64_t key, uint64_t half)
{
    uint64_t x = (key ^ half) * 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 29) * 0xbf58476d1ce4e5b9u;
    return x ^ x >> 32;
}

/* One block in place; halves of 4 or 8 bytes. */
static void permute(const struct toy_cipher *cipher, uint8_t *block, bool forward)
{
    size_t half = cipher->block / 2;
    uint64_t left = 0, right = 0;
    memcpy(&left, block, half);
    memcpy(&right, block + half, half);
    uint64_t mask = half == 8 ? UINT64_MAX : 0xffffffffu;
    for (unsigned i = 0; i < 4; i++) {
        uint64_t old = forward ? right : left;
        uint64_t other = forward ? left : right;
        uint64_t fresh = (other ^ mix(cipher->keys[forward ? i : 3 - i], old)) & mask;
        left = forward ? old : fresh;
        right = forward ? fresh : old;
    }
    memcpy(block, &left, half);
    memcpy(block + half, &right, half);
}

static bool cbc_fits(const struct toy_cipher *cipher, struct cyg_span iv, size_t len)
{
    return iv.len == cipher->block && len % cipher->block == 0;
}

static enum cyg_code toy_encrypt(void *ctx, struct cyg_span iv, const uint8_t *in, uint8_t *out,
                                 size_t len)
{
    const struct toy_cipher *cipher = ctx;
    const uint8_t *last = iv.data;
    if (!cbc_fits(cipher, iv, len)) {
        return CYG_INTERNAL;
    }
    for (size_t at = 0; at < len; at += cipher->block) {
        for (size_t i = 0; i < cipher->block; i++) {
            out[at + i] = in[at + i] ^ last[i];
        }
        permute(cipher, out + at, true);
        last = out + at;
    }
    return CYG_OK;
}

static enum cyg_code toy_decrypt(void *ctx, struct cyg_span iv, const uint8_t *in, uint8_t *out,
                                 size_t len)
{
    const struct toy_cipher *cipher = ctx;
    uint8_t last[16], here[16];
    if (!cbc_fits(cipher, iv, len)) {
        return CYG_INTERNAL;
    }
    memcpy(last, iv.data, cipher->block);
    for (size_t at = 0; at < len; at += cipher->block) {
        memcpy(here, in + at, cipher->block);
        memcpy(out + at, here, cipher->block);
        permute(cipher, out + at, false);
        for (size_t i = 0; i < cipher->block; i++) {
            out[at + i] ^= last[i];
        }
        memcpy(last, here, cipher->block);
    }
    return CYG_OK;
}

/* ---- groups: the numbers modulo 2^61 - 1 ---- */

#define PRIME ((UINT64_C(1) << 61) - 1)

__extension__ typedef unsigned __int128 wide;

static uint64_t power(uint64_t base, uint64_t exponent)
{
    uint64_t result = 1;
    for (; exponent > 0; exponent >>= 1) {
        result = (exponent & 1) != 0 ? (uint64_t)((wide)result * base % PRIME) : result;
        base = (uint64_t)((wide)base * base % PRIME);
    }
    return result;
}

/* The value in its first 8 bytes, then bytes that follow from it. */
static void stretch(enum cyg_alg alg, uint64_t value, uint8_t *out, size_t len)
{
    uint8_t head[8];
    for (size_t i = 0; i < 8; i++) {
        head[i] = (uint8_t)(value >> (56 - 8 * i));
    }
    memcpy(out, head, 8);
    sim_toy_mac(alg, cyg_span_of_array(head), NULL, 0, out + 8, len - 8);
}

static const struct cyg_alg_info *group_of(enum cyg_alg alg)
{
    const struct cyg_alg_info *info = cyg_alg_info(alg);
    return info != NULL && info->kind == CYG_ALG_KIND_GROUP ? info : NULL;
}

static size_t toy_random_bytes(void *self, enum cyg_alg alg)
{
    (void)self;
    return alg % 2 == 0 ? 32 : 40; /* groups differ in it, as real ones do */
}

static enum cyg_code toy_generate(void *self, enum cyg_alg alg, struct cyg_span random,
                                  struct cyg_secret *ret_private, uint8_t *ret_public)
{
    const struct cyg_alg_info *info = group_of(alg);
    if (info == NULL) {
        return CYG_UNSUPPORTED;
    }
    if (random.len != toy_random_bytes(self, alg)) {
        return CYG_INTERNAL;
    }
    uint64_t exponent = word_of(random.data) % (PRIME - 3) + 2;
    memcpy(ret_private->data, &exponent, sizeof(exponent));
    ret_private->len = sizeof(exponent);
    sim_secret_seen(cyg_secret_span(ret_private));
    stretch(alg, power(3, exponent), ret_public, info->public_bytes);
    return CYG_OK;
}

static enum cyg_code toy_shared(void *self, enum cyg_alg alg,
                                const struct cyg_secret *private_value, struct cyg_span peer_public,
                                struct cyg_secret *ret_shared, struct cyg_error *err)
{
    (void)self;
    const struct cyg_alg_info *info = group_of(alg);
    if (info == NULL) {
        return CYG_UNSUPPORTED;
    }
    if (peer_public.len != info->public_bytes) {
        return CYG_FAIL(err, CYG_R_DH_PUBLIC_SIZE, .got = peer_public.len,
                        .want = info->public_bytes);
    }
    struct cyg_reader r = cyg_reader_of(peer_public);
    uint64_t value = cyg_reader_u64(&r);
    uint8_t right[CYG_SECRET_MAX];
    stretch(alg, value, right, info->public_bytes);
    if (value < 2 || value >= PRIME - 1
        || !cyg_span_equal(peer_public, (struct cyg_span){ right, info->public_bytes })) {
        return CYG_FAIL(err, CYG_R_DH_PUBLIC_BAD, 0);
    }
    uint64_t exponent = word_of(private_value->data);
    ret_shared->len = info->secret_bytes;
    stretch(alg, power(value, exponent), ret_shared->data, ret_shared->len);
    /* Its first bits are 0 anyway; in one of 16 the whole first byte (H-057). */
    if ((ret_shared->data[7] & 15) == 0) {
        ret_shared->data[0] = 0;
    }
    sim_secret_seen(cyg_secret_span(ret_shared));
    return CYG_OK;
}

static enum cyg_code toy_fill(void *self, uint8_t *out, size_t len)
{
    (void)self;
    (void)out;
    (void)len;
    return CYG_UNSUPPORTED; /* an engine takes its bytes from its world alone */
}

/* ---- the table ---- */

static const struct cyg_cipher_ops toy_cipher_ops = { .size = sizeof(toy_cipher_ops),
                                                      .ctx_new = toy_cipher_new,
                                                      .ctx_free = free,
                                                      .encrypt = toy_encrypt,
                                                      .decrypt = toy_decrypt };
static const struct cyg_hash_ops toy_hash_ops = { .size = sizeof(toy_hash_ops),
                                                  .digest = toy_digest };
static const struct cyg_mac_ops toy_mac_ops = { .size = sizeof(toy_mac_ops),
                                                .ctx_new = toy_mac_new,
                                                .ctx_free = free,
                                                .compute = toy_mac_compute };
static const struct cyg_group_ops toy_group_ops = { .size = sizeof(toy_group_ops),
                                                    .random_bytes = toy_random_bytes,
                                                    .generate = toy_generate,
                                                    .shared = toy_shared };
static const struct cyg_rng_ops toy_rng_ops = { .size = sizeof(toy_rng_ops), .fill = toy_fill };

const struct cyg_crypto *sim_crypto(void)
{
    /* clang-format off */
    static const struct cyg_crypto toys = {
        .cipher = {
#define CIPHER(name, ...) [CYG_ALG_##name] = { &toy_cipher_ops, NULL, "toy" },
#include <cygnet/algorithm.def>
        },
        .hash = {
#define INTEG(name, ...) [CYG_ALG_##name] = { &toy_hash_ops, NULL, "toy" },
#include <cygnet/algorithm.def>
        },
        .mac = {
#define INTEG(name, ...) [CYG_ALG_##name] = { &toy_mac_ops, NULL, "toy" },
#include <cygnet/algorithm.def>
        },
        .group = {
#define GROUP(name, ...) [CYG_ALG_##name] = { &toy_group_ops, NULL, "toy" },
#include <cygnet/algorithm.def>
        },
        .rng = { &toy_rng_ops, NULL, "toy" },
    };
    /* clang-format on */
    return &toys;
}
