/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Algorithms by internal id, keyword and wire number; the rows stand in algorithm.def. Also the
 * parsed form of a proposal string of swanctl.conf. No keys, no operations: see crypto.h.
 * Thread: constant tables and values, any. */
#pragma once

#include <cygnet/error.h>
#include <cygnet/span.h>

/* Internal ids: 0 is none; fits one byte; not stable between releases, never stored or sent. */
enum cyg_alg {
    CYG_ALG_NONE = 0,
#define CIPHER(name, ...) CYG_ALG_##name,
#define INTEG(name, ...)  CYG_ALG_##name,
#define GROUP(name, ...)  CYG_ALG_##name,
#include <cygnet/algorithm.def>
    CYG_ALG_COUNT,
};

enum cyg_alg_kind {
    CYG_ALG_KIND_CIPHER = 1,
    CYG_ALG_KIND_INTEG, /* hash, PRF and integrity: one row serves the three */
    CYG_ALG_KIND_GROUP,
};

enum cyg_group_kind {
    CYG_GROUP_MODP = 1,
    CYG_GROUP_ECP, /* RFC 5903: x and y */
    CYG_GROUP_X,   /* RFC 7748 */
};

struct cyg_alg_info {
    enum cyg_alg id;
    enum cyg_alg_kind kind;
    const char *keyword;    /* "aes256", "sha256", "modp2048" */
    const char *charon;     /* name in swanctl's listings */
    const char *charon_prf; /* of INTEG, else NULL */
    bool weak;              /* negotiated only where a proposal names it */
    uint16_t ike, esp, ah;  /* wire numbers, 0 none; for a group `ike` is the group description */
    /* cipher */
    uint16_t key_bits;
    bool key_attribute;
    uint8_t block, iv, icv, salt; /* bytes; icv also of INTEG */
    /* integrity */
    enum cyg_alg mac;
    uint8_t mac_key, mac_out; /* bytes */
    /* group */
    enum cyg_group_kind group_kind;
    uint16_t public_bytes, secret_bytes;
};

/* The row of an id; NULL for CYG_ALG_NONE and anything out of range. */
CYG_PUBLIC const struct cyg_alg_info *cyg_alg_info(enum cyg_alg id);

/* Find by keyword ("aes256", case-insensitive); aliases of swanctl.conf such as "sha2_256", "sha",
 * "aes128gcm128", "x25519", "ecp256" are known. NULL if there is none. */
CYG_PUBLIC const struct cyg_alg_info *cyg_alg_by_keyword(struct cyg_span keyword);

/* Find by wire number. key_bits is 0 where the attribute is absent; a cipher that needs the
 * attribute is then not found (H-040), and neither is one that forbids it when it is there. */
CYG_PUBLIC const struct cyg_alg_info *cyg_alg_ike_cipher(uint16_t number, uint16_t key_bits);
CYG_PUBLIC const struct cyg_alg_info *cyg_alg_esp_cipher(uint8_t transform, uint16_t key_bits);
CYG_PUBLIC const struct cyg_alg_info *cyg_alg_ike_hash(uint16_t number);
CYG_PUBLIC const struct cyg_alg_info *cyg_alg_esp_integ(uint16_t number);
CYG_PUBLIC const struct cyg_alg_info *cyg_alg_group(uint16_t number);

/* One proposal: alternatives of each kind in order of preference, as swanctl.conf writes them in
 * one string, "aes256-aes128-sha256-modp2048". IKEv1 expands the lists into transforms. */
#define CYG_PROPOSAL_ALTERNATIVES 8u
enum cyg_proposal_for {
    CYG_PROPOSAL_IKE = 1,
    CYG_PROPOSAL_ESP,
    CYG_PROPOSAL_AH
};

struct cyg_proposal {
    enum cyg_proposal_for protocol;
    uint8_t n_ciphers, n_integs, n_groups;
    uint8_t ciphers[CYG_PROPOSAL_ALTERNATIVES]; /* enum cyg_alg */
    uint8_t integs[CYG_PROPOSAL_ALTERNATIVES];
    uint8_t groups[CYG_PROPOSAL_ALTERNATIVES]; /* of ESP, AH: PFS; empty: none */
};

/* Parse one proposal string. The word "default" gives one of ours (cyg_proposal_default).
 * CYG_MALFORMED with the word that is wrong and what would be right; *ret untouched. */
CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_proposal_parse(enum cyg_proposal_for protocol,
                                                         struct cyg_span text,
                                                         struct cyg_proposal *ret,
                                                         struct cyg_error *err);

/* The default proposals, strongest first, none weak. */
CYG_PUBLIC void cyg_proposal_default(enum cyg_proposal_for protocol, struct cyg_proposal *ret);

/* Write it as keywords, always NUL-terminated, cut where it does not fit. Returns buffer. */
CYG_PUBLIC const char *cyg_proposal_format(const struct cyg_proposal *proposal, char *buffer,
                                           size_t size);
