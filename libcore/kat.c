/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running the known-answer tests. A provider is treated as one that may be wrong in any way: sizes
 * are ours, results are compared, functions may be missing. */
#include "kat_internal.h"

#include <stdio.h>
#include <string.h>

#define BYTES_MAX 1024u /* of one value in the tables: MODP8192 */

struct bytes {
    uint8_t data[BYTES_MAX];
    size_t len;
};

static unsigned digit(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
}

/* The tables are ours, so they are well-formed; NULL is empty. */
static struct bytes of_hex(const char *hex)
{
    struct bytes b = { .len = 0 };
    for (; hex != NULL && *hex != '\0' && b.len < BYTES_MAX; hex += 2) {
        b.data[b.len++] = (uint8_t)(digit(hex[0]) << 4 | digit(hex[1]));
    }
    return b;
}

static struct cyg_span span(const struct bytes *b)
{
    return (struct cyg_span){ b->data, b->len };
}

static bool is_hex(const uint8_t *data, size_t len, const char *hex)
{
    struct bytes want = of_hex(hex);
    return len == want.len && memcmp(data, want.data, len) == 0;
}

static enum cyg_code failed(enum cyg_alg alg, const char *step, struct cyg_error *err)
{
    const struct cyg_alg_info *info = cyg_alg_info(alg);
    return CYG_FAIL(err, CYG_R_KAT_FAILED,
                    .got_quote = cyg_quote_text(info != NULL ? info->keyword : "random numbers"),
                    .want_quote = cyg_quote_text(step));
}

/* ---- ciphers ---- */

/* The name of the step that failed, NULL if none did. */
static const char *run_cbc(const struct cyg_cipher_ops *ops, void *ctx,
                           const struct kat_cipher *row)
{
    struct bytes iv = of_hex(row->iv), text = of_hex(row->plain);
    uint8_t out[BYTES_MAX];
    if (ops->encrypt(ctx, span(&iv), text.data, out, text.len) != CYG_OK
        || !is_hex(out, text.len, row->cipher)) {
        return "encryption";
    }
    if (!is_hex(iv.data, iv.len, row->iv)) {
        return "encryption changes the IV";
    }
    if (ops->decrypt(ctx, span(&iv), out, out, text.len) != CYG_OK
        || !is_hex(out, text.len, row->plain)) {
        return "decryption in place";
    }
    return NULL;
}

static const char *run_aead(const struct cyg_cipher_ops *ops, void *ctx,
                            const struct kat_cipher *row)
{
    struct bytes nonce = of_hex(row->iv), aad = of_hex(row->aad), text = of_hex(row->plain);
    struct bytes sealed = of_hex(row->cipher), tag = of_hex(row->tag);
    uint8_t out[BYTES_MAX], mac[BYTES_MAX];
    if (ops->seal(ctx, span(&nonce), span(&aad), text.data, out, text.len, mac, tag.len) != CYG_OK
        || !is_hex(out, text.len, row->cipher) || !is_hex(mac, tag.len, row->tag)) {
        return "sealing";
    }
    if (ops->open(ctx, span(&nonce), span(&aad), out, out, text.len, mac, tag.len) != CYG_OK
        || !is_hex(out, text.len, row->plain)) {
        return "opening in place";
    }
    tag.data[tag.len - 1] ^= 1;
    if (ops->open(ctx, span(&nonce), span(&aad), sealed.data, out, sealed.len, tag.data, tag.len)
        != CYG_REFUSED) {
        return "a wrong tag is taken";
    }
    tag.data[tag.len - 1] ^= 1;
    sealed.data[0] ^= 0x80;
    if (ops->open(ctx, span(&nonce), span(&aad), sealed.data, out, sealed.len, tag.data, tag.len)
        != CYG_REFUSED) {
        return "a changed text is taken";
    }
    return NULL;
}

static const char *run_cipher(const struct cyg_cipher_ops *ops, void *self,
                              const struct kat_cipher *row)
{
    bool aead = row->tag != NULL;
    struct bytes key = of_hex(row->key);
    void *ctx = NULL;
    if (ops->ctx_new == NULL || ops->ctx_free == NULL
        || (aead ? ops->seal == NULL || ops->open == NULL
                 : ops->encrypt == NULL || ops->decrypt == NULL)) {
        return "a function is missing";
    }
    if (ops->ctx_new(self, row->alg, span(&key), &ctx) != CYG_OK) {
        return "no context";
    }
    const char *step = aead ? run_aead(ops, ctx, row) : run_cbc(ops, ctx, row);
    ops->ctx_free(ctx);
    return step;
}

/* ---- hashes and MACs: the data comes in two parts, to see that parts are joined ---- */

static void split(const struct bytes *data, struct cyg_span parts[2])
{
    parts[0] = cyg_span_first(span(data), data->len / 3);
    parts[1] = cyg_span_after(span(data), data->len / 3);
}

static const char *run_hash(const struct cyg_hash_ops *ops, void *self, const struct kat_hash *row)
{
    struct bytes data = of_hex(row->data);
    struct cyg_span parts[2];
    uint8_t out[BYTES_MAX];
    split(&data, parts);
    if (ops->digest == NULL) {
        return "a function is missing";
    }
    if (ops->digest(self, row->alg, parts, 2, out) != CYG_OK
        || !is_hex(out, strlen(row->digest) / 2, row->digest)) {
        return "digest";
    }
    return NULL;
}

static const char *run_mac(const struct cyg_mac_ops *ops, void *self, const struct kat_mac *row)
{
    struct bytes key = of_hex(row->key), data = of_hex(row->data);
    struct cyg_span parts[2];
    uint8_t out[BYTES_MAX];
    void *ctx = NULL;
    const char *step = NULL;
    split(&data, parts);
    if (ops->ctx_new == NULL || ops->ctx_free == NULL || ops->compute == NULL) {
        return "a function is missing";
    }
    if (ops->ctx_new(self, row->alg, span(&key), &ctx) != CYG_OK) {
        return "no context";
    }
    for (int turn = 0; turn < 2 && step == NULL; turn++) { /* a context can be used again */
        if (ops->compute(ctx, parts, 2, out) != CYG_OK
            || !is_hex(out, strlen(row->mac) / 2, row->mac)) {
            step = turn == 0 ? "MAC" : "MAC with a used context";
        }
    }
    ops->ctx_free(ctx);
    return step;
}

/* ---- groups ---- */

static bool refuses(const struct cyg_group_ops *ops, void *self, enum cyg_alg alg,
                    const struct cyg_secret *own, const uint8_t *public_value, size_t len)
{
    struct cyg_secret shared = { .len = 0 };
    struct cyg_error err;
    bool refused =
        ops->shared(self, alg, own, (struct cyg_span){ public_value, len }, &shared, &err)
        == CYG_REFUSED;
    cyg_secret_clear(&shared);
    return refused;
}

/* 0, 1, p-1, p, and 2^n-1 for MODP; a point off the curve and 0 for ECP; 0 for Curve25519, whose
 * product is all zero (RFC 7748 6.1); wrong lengths for all. */
static const char *run_bad_publics(const struct cyg_group_ops *ops, void *self,
                                   const struct kat_group *row, const struct cyg_secret *own)
{
    struct bytes value = of_hex(row->peer);
    size_t n = value.len;
    if (!refuses(ops, self, row->alg, own, value.data, n - 1)
        || !refuses(ops, self, row->alg, own, value.data, 0)) {
        return "a public value that is too short is taken";
    }
    value.data[n - 1] ^= 1; /* y of the point */
    if (cyg_alg_info(row->alg)->group_kind == CYG_GROUP_ECP
        && !refuses(ops, self, row->alg, own, value.data, n)) {
        return "a point off the curve is taken";
    }
    memset(value.data, 0, n);
    if (!refuses(ops, self, row->alg, own, value.data, n)) {
        return "0 is taken for a public value";
    }
    if (row->prime == NULL) {
        return NULL;
    }
    value.data[n - 1] = 1;
    if (!refuses(ops, self, row->alg, own, value.data, n)) {
        return "1 is taken for a public value";
    }
    value = of_hex(row->prime); /* odd: the last byte loses nothing but its lowest bit */
    if (!refuses(ops, self, row->alg, own, value.data, n)) {
        return "p is taken for a public value";
    }
    value.data[n - 1] ^= 1;
    if (!refuses(ops, self, row->alg, own, value.data, n)) {
        return "p-1 is taken for a public value";
    }
    memset(value.data, 0xff, n);
    if (!refuses(ops, self, row->alg, own, value.data, n)) {
        return "a public value above p is taken";
    }
    return NULL;
}

/* Two made values agree on a secret; the same random bytes make the same value. */
static const char *run_generate(const struct cyg_group_ops *ops, void *self, enum cyg_alg alg)
{
    const struct cyg_alg_info *info = cyg_alg_info(alg);
    uint8_t random[BYTES_MAX], publics[3][BYTES_MAX];
    struct cyg_secret own[3], shared[2];
    size_t n = ops->random_bytes(self, alg);
    memset(own, 0, sizeof own);
    memset(shared, 0, sizeof shared);
    if (n == 0 || n > sizeof random) {
        return "it wants no random bytes, or too many";
    }
    for (size_t i = 0; i < 3; i++) {
        for (size_t j = 0; j < n; j++) {
            random[j] = (uint8_t)((i % 2 + 1) * (j + 77)); /* third as first */
        }
        if (ops->generate(self, alg, (struct cyg_span){ random, n }, &own[i], publics[i])
            != CYG_OK) {
            return "no private value can be made";
        }
    }
    size_t len = info->public_bytes;
    if (memcmp(publics[0], publics[1], len) == 0 || memcmp(publics[0], publics[2], len) != 0) {
        return "private values do not depend on the random bytes alone";
    }
    for (size_t i = 0; i < 2; i++) {
        struct cyg_span peer = { publics[1 - i], len };
        if (ops->shared(self, alg, &own[i], peer, &shared[i], NULL) != CYG_OK
            || shared[i].len != info->secret_bytes) {
            return "no secret from values of its own";
        }
    }
    return memcmp(shared[0].data, shared[1].data, shared[0].len) == 0 ? NULL
                                                                      : "the two sides disagree";
}

static const char *run_group(const struct cyg_group_ops *ops, void *self,
                             const struct kat_group *row)
{
    struct bytes private_value = of_hex(row->private), peer = of_hex(row->peer);
    struct cyg_secret own = { .len = 0 }, shared = { .len = 0 };
    if (ops->random_bytes == NULL || ops->generate == NULL || ops->shared == NULL) {
        return "a function is missing";
    }
    if (cyg_secret_set(&own, span(&private_value)) != CYG_OK
        || ops->shared(self, row->alg, &own, span(&peer), &shared, NULL) != CYG_OK
        || !is_hex(shared.data, shared.len, row->shared)) {
        return "shared secret";
    }
    const char *step = run_bad_publics(ops, self, row, &own);
    return step != NULL ? step : run_generate(ops, self, row->alg);
}

/* ---- random numbers: only that there are some ---- */

static const char *run_rng(const struct cyg_rng_ops *ops, void *self)
{
    uint8_t first[32] = { 0 }, second[32] = { 0 };
    static const uint8_t zero[32];
    if (ops->fill == NULL) {
        return "a function is missing";
    }
    if (ops->fill(self, first, sizeof first) != CYG_OK
        || ops->fill(self, second, sizeof second) != CYG_OK) {
        return "no random numbers";
    }
    return memcmp(first, zero, sizeof zero) == 0 || memcmp(first, second, sizeof first) == 0
               ? "the numbers are not random"
               : NULL;
}

/* Run every row of the algorithm, count them, stop at the first that fails. */
#define RUN_ROWS(table, function, ops_type)                                   \
    for (size_t i = 0; (table)[i].alg != CYG_ALG_NONE && step == NULL; i++) { \
        if ((table)[i].alg == alg) {                                          \
            step = function((const struct ops_type *)ops, self, &(table)[i]); \
            rows++;                                                           \
        }                                                                     \
    }

enum cyg_code kat_run(enum cyg_feature_type type, enum cyg_alg alg, const void *ops, void *self,
                      struct cyg_error *err)
{
    const char *step = NULL;
    size_t rows = 0;
    if (type == CYG_FEATURE_CIPHER) {
        RUN_ROWS(kat_ciphers, run_cipher, cyg_cipher_ops)
    } else if (type == CYG_FEATURE_HASH) {
        RUN_ROWS(kat_hashes, run_hash, cyg_hash_ops)
    } else if (type == CYG_FEATURE_MAC) {
        RUN_ROWS(kat_macs, run_mac, cyg_mac_ops)
    } else if (type == CYG_FEATURE_GROUP) {
        RUN_ROWS(kat_groups, run_group, cyg_group_ops)
    } else if (type == CYG_FEATURE_RNG) {
        step = run_rng(ops, self);
        rows++;
    }
    if (rows == 0) {
        const struct cyg_alg_info *info = cyg_alg_info(alg);
        return CYG_FAIL(err, CYG_R_KAT_NONE,
                        .got_quote = cyg_quote_text(info != NULL ? info->keyword : "that"));
    }
    return step == NULL ? CYG_OK : failed(alg, step, err);
}
