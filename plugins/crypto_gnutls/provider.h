/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of this plugin share, and what tests use that link it instead of loading it.
 * Thread: an instance may be used from any thread; all but the tables of modp.c is constant. */
#pragma once

#include "modp_internal.h"

#include <cygnet/plugin.h>

#define MODP_GROUPS 8u

struct crypto_gnutls {
    struct modp_group modp[MODP_GROUPS];
};

extern const struct cyg_cipher_ops provider_cbc, provider_aead, provider_null;
extern const struct cyg_hash_ops provider_hash;
extern const struct cyg_mac_ops provider_hmac;
extern const struct cyg_group_ops provider_modp, provider_ecp, provider_x25519;

/* The list of the plugin's descriptor, and its two functions. The host is not used. */
extern const struct cyg_feature crypto_gnutls_features[];
enum cyg_code crypto_gnutls_load(const struct cyg_host *host, void **ret_self,
                                 struct cyg_error *err);
void crypto_gnutls_unload(void *self);

/* Make and free the MODP groups; groups is an array of MODP_GROUPS, zeroed. */
CYG_MUST_USE enum cyg_code modp_init(struct modp_group *groups);
void modp_clear(struct modp_group *groups);

/* From now on, in the whole process, what GMP frees is wiped before: Nettle's elliptic curves keep
 * secrets in GMP's memory and do not wipe it. Counted; only while no other thread uses GMP, that is
 * when plugins are loaded and unloaded. */
void gmp_memory_wipe(void);
void gmp_memory_restore(void);

/* An algorithm's keyword for a reason. */
struct cyg_quote provider_quote(enum cyg_alg alg);
