/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Known-answer tests of crypto providers, run by the loader before an algorithm may be used. Bytes
 * of the vectors are hex; each table ends with CYG_ALG_NONE. */
#pragma once

#include <cygnet/plugin.h>

struct kat_cipher {
    enum cyg_alg alg;
    const char *key, *iv, *aad, *plain, *cipher, *tag; /* aad, tag: of AEAD ciphers, else NULL */
};

struct kat_hash {
    enum cyg_alg alg;
    const char *data, *digest;
};

struct kat_mac {
    enum cyg_alg alg;
    const char *key, *data, *mac;
};

struct kat_group {
    enum cyg_alg alg;
    const char *prime; /* of MODP, else NULL */
    const char *private, *peer, *shared;
};

extern const struct kat_cipher kat_ciphers[];
extern const struct kat_hash kat_hashes[];
extern const struct kat_mac kat_macs[];
extern const struct kat_group kat_groups[];

/* Test one algorithm of a provider; type is one of CIPHER, HASH, MAC, GROUP, RNG (alg NONE).
 * CYG_R_KAT_FAILED names the step that went wrong, CYG_R_KAT_NONE says that we have no vector. */
CYG_MUST_USE enum cyg_code kat_run(enum cyg_feature_type type, enum cyg_alg alg, const void *ops,
                                   void *self, struct cyg_error *err);
