/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/glass.h"

#include "simulation/sim_internal.h"

#include <stdlib.h>

/* ---- ciphers: the text itself ---- */

struct pane {
    const struct cyg_alg_info *info;
};

static enum cyg_code pane_new(enum cyg_alg alg, enum cyg_alg_kind kind, void **ret_ctx)
{
    const struct cyg_alg_info *info = cyg_alg_info(alg);
    if (info == NULL || info->kind != kind) {
        return CYG_UNSUPPORTED;
    }
    struct pane *pane = malloc(sizeof(*pane)); /* counted: its owner must free it */
    if (pane == NULL) {
        return CYG_NOMEM;
    }
    pane->info = info;
    *ret_ctx = pane;
    return CYG_OK;
}

static enum cyg_code cipher_new(void *self, enum cyg_alg alg, struct cyg_span key, void **ret_ctx)
{
    const struct cyg_alg_info *info = cyg_alg_info(alg);
    (void)self;
    if (info != NULL && key.len != info->key_bits / 8u) {
        return CYG_INTERNAL; /* our own bug, as a library would say it */
    }
    return pane_new(alg, CYG_ALG_KIND_CIPHER, ret_ctx);
}

static enum cyg_code cipher_pass(void *ctx, struct cyg_span iv, const uint8_t *in, uint8_t *out,
                                 size_t len)
{
    const struct pane *pane = ctx;
    if (iv.len != pane->info->block || len % pane->info->block != 0) {
        return CYG_INTERNAL;
    }
    memmove(out, in, len);
    return CYG_OK;
}

/* ---- hashes: the toys'; MACs: all the same ---- */

static enum cyg_code hash_digest(void *self, enum cyg_alg alg, const struct cyg_span *parts,
                                 size_t n, uint8_t *out)
{
    const struct cyg_alg_info *info = cyg_alg_info(alg);
    (void)self;
    if (info == NULL || info->kind != CYG_ALG_KIND_INTEG) {
        return CYG_UNSUPPORTED;
    }
    sim_toy_mac(info->mac, (struct cyg_span){ NULL, 0 }, parts, n, out, info->mac_out);
    return CYG_OK;
}

static enum cyg_code mac_new(void *self, enum cyg_alg alg, struct cyg_span key, void **ret_ctx)
{
    (void)self;
    (void)key;
    return pane_new(alg, CYG_ALG_KIND_INTEG, ret_ctx);
}

static enum cyg_code mac_compute(void *ctx, const struct cyg_span *parts, size_t n, uint8_t *out)
{
    const struct pane *pane = ctx;
    (void)parts;
    (void)n;
    memset(out, GLASS_MAC, pane->info->mac_out);
    return CYG_OK;
}

/* ---- groups ---- */

static const struct cyg_alg_info *group_of(enum cyg_alg alg)
{
    const struct cyg_alg_info *info = cyg_alg_info(alg);
    return info != NULL && info->kind == CYG_ALG_KIND_GROUP ? info : NULL;
}

static size_t group_random_bytes(void *self, enum cyg_alg alg)
{
    (void)self;
    (void)alg;
    return 32;
}

static enum cyg_code group_generate(void *self, enum cyg_alg alg, struct cyg_span random,
                                    struct cyg_secret *ret_private, uint8_t *ret_public)
{
    const struct cyg_alg_info *info = group_of(alg);
    (void)self;
    if (info == NULL || random.len != 32) {
        return CYG_INTERNAL;
    }
    memcpy(ret_private->data, random.data, 32);
    ret_private->len = 32;
    for (size_t i = 0; i < info->public_bytes; i++) {
        ret_public[i] = random.data[i % 32] | 1u;
    }
    return CYG_OK;
}

/* A public value that begins with a zero byte stands for all the bad ones. */
static enum cyg_code group_shared(void *self, enum cyg_alg alg,
                                  const struct cyg_secret *private_value,
                                  struct cyg_span peer_public, struct cyg_secret *ret_shared,
                                  struct cyg_error *err)
{
    const struct cyg_alg_info *info = group_of(alg);
    (void)self;
    (void)private_value;
    if (info == NULL) {
        return CYG_UNSUPPORTED;
    }
    if (peer_public.len != info->public_bytes) {
        return CYG_FAIL(err, CYG_R_DH_PUBLIC_SIZE, .got = peer_public.len,
                        .want = info->public_bytes);
    }
    if (peer_public.data[0] == 0) {
        return CYG_FAIL(err, CYG_R_DH_PUBLIC_BAD, 0);
    }
    memset(ret_shared->data, GLASS_MAC, info->secret_bytes);
    ret_shared->len = info->secret_bytes;
    return CYG_OK;
}

/* ---- the table ---- */

static const struct cyg_cipher_ops cipher_ops = { .size = sizeof(cipher_ops),
                                                  .ctx_new = cipher_new,
                                                  .ctx_free = free,
                                                  .encrypt = cipher_pass,
                                                  .decrypt = cipher_pass };
static const struct cyg_hash_ops hash_ops = { .size = sizeof(hash_ops), .digest = hash_digest };
static const struct cyg_mac_ops mac_ops = {
    .size = sizeof(mac_ops), .ctx_new = mac_new, .ctx_free = free, .compute = mac_compute
};
static const struct cyg_group_ops group_ops = { .size = sizeof(group_ops),
                                                .random_bytes = group_random_bytes,
                                                .generate = group_generate,
                                                .shared = group_shared };

const struct cyg_crypto *glass_crypto(void)
{
    /* clang-format off */
    static const struct cyg_crypto glass = {
        .cipher = {
#define CIPHER(name, ...) [CYG_ALG_##name] = { &cipher_ops, NULL, "glass" },
#include <cygnet/algorithm.def>
        },
        .hash = {
#define INTEG(name, ...) [CYG_ALG_##name] = { &hash_ops, NULL, "glass" },
#include <cygnet/algorithm.def>
        },
        .mac = {
#define INTEG(name, ...) [CYG_ALG_##name] = { &mac_ops, NULL, "glass" },
#include <cygnet/algorithm.def>
        },
        .group = {
#define GROUP(name, ...) [CYG_ALG_##name] = { &group_ops, NULL, "glass" },
#include <cygnet/algorithm.def>
        },
    };
    /* clang-format on */
    return &glass;
}
