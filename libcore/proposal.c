/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proposal strings of swanctl.conf: "aes256-sha256-modp2048" to struct cyg_proposal and back. A
 * word that is wrong is named together with what would be right there. */
#include "text_internal.h"

#include <cygnet/algorithm.h>

#include <ctype.h>
#include <strings.h>

/* Words of swanctl.conf that mean something we do not negotiate: the reader shall not look for a
 * spelling mistake. */
static const char *const known_elsewhere[] = {
    "esn",         "camellia128",  "camellia192",  "camellia256",  "aes128ctr",
    "aes192ctr",   "aes256ctr",    "aes128ccm8",   "aes192ccm8",   "aes256ccm8",
    "aes128ccm12", "aes192ccm12",  "aes256ccm12",  "aes128ccm16",  "aes192ccm16",
    "aes256ccm16", "aes128ccm64",  "aes192ccm64",  "aes256ccm64",  "aes128ccm96",
    "aes192ccm96", "aes256ccm96",  "aes128ccm128", "aes192ccm128", "aes256ccm128",
    "aes128gcm8",  "aes192gcm8",   "aes256gcm8",   "aes128gcm12",  "aes192gcm12",
    "aes256gcm12", "aes128gcm64",  "aes192gcm64",  "aes256gcm64",  "aes128gcm96",
    "aes192gcm96", "aes256gcm96",  "aes128gmac",   "aes192gmac",   "aes256gmac",
    "blowfish",    "blowfish128",  "blowfish192",  "blowfish256",  "cast128",
    "idea",        "serpent128",   "serpent192",   "serpent256",   "twofish128",
    "twofish192",  "twofish256",   "aesxcbc",      "aescmac",      "md5_128",
    "sha1_160",    "modp1024s160", "modp2048s224", "modp2048s256", "modpnone",
    "modpnull",    "ecp192",       "ecp224",       "ecp224bp",     "ecp256bp",
    "ecp384bp",    "ecp512bp",     "curve448",     "x448",         "chacha20poly1305",
    "prfaesxcbc",  "prfaescmac",
};

static bool is_word(struct cyg_span text, const char *word)
{
    return text.len == strlen(word) && strncasecmp((const char *)text.data, word, text.len) == 0;
}

static struct cyg_span trim(struct cyg_span s)
{
    while (s.len > 0 && isspace(s.data[0])) {
        s = cyg_span_after(s, 1);
    }
    while (s.len > 0 && isspace(s.data[s.len - 1])) {
        s.len--;
    }
    return s;
}

static struct cyg_quote example(enum cyg_proposal_for protocol)
{
    switch (protocol) {
    case CYG_PROPOSAL_IKE:
        return cyg_quote_text("aes256-sha256-modp2048");
    case CYG_PROPOSAL_ESP:
        return cyg_quote_text("aes256-sha256");
    case CYG_PROPOSAL_AH:
        return cyg_quote_text("sha256");
    }
    cyg_unreachable();
}

static struct cyg_quote protocol_name(enum cyg_proposal_for protocol)
{
    switch (protocol) {
    case CYG_PROPOSAL_IKE:
        return cyg_quote_text("IKE");
    case CYG_PROPOSAL_ESP:
        return cyg_quote_text("ESP");
    case CYG_PROPOSAL_AH:
        return cyg_quote_text("AH");
    }
    cyg_unreachable();
}

static enum cyg_code unknown_word(enum cyg_proposal_for protocol, struct cyg_span word,
                                  struct cyg_error *err)
{
    for (size_t i = 0; i < CYG_LEN(known_elsewhere); i++) {
        if (is_word(word, known_elsewhere[i])) {
            return CYG_FAIL(err, CYG_R_PROPOSAL_NOT_NEGOTIATED,
                            .got_quote = cyg_quote(CYG_QUOTE_TEXT, word),
                            .want_quote = example(protocol));
        }
    }
    return CYG_FAIL(err, CYG_R_PROPOSAL_WORD, .got_quote = cyg_quote(CYG_QUOTE_TEXT, word),
                    .want_quote = example(protocol));
}

/* Whether the row can stand in a proposal for the protocol at all. */
static bool fits_protocol(enum cyg_proposal_for protocol, const struct cyg_alg_info *row)
{
    if (row->kind == CYG_ALG_KIND_GROUP) {
        return true; /* of ESP and AH: PFS */
    }
    switch (protocol) {
    case CYG_PROPOSAL_IKE:
        return row->ike != 0;
    case CYG_PROPOSAL_ESP:
        return row->esp != 0;
    case CYG_PROPOSAL_AH:
        return row->ah != 0;
    }
    return false;
}

static void list_of(struct cyg_proposal *p, enum cyg_alg_kind kind, uint8_t **ret_list,
                    uint8_t **ret_n)
{
    switch (kind) {
    case CYG_ALG_KIND_CIPHER:
        *ret_list = p->ciphers;
        *ret_n = &p->n_ciphers;
        return;
    case CYG_ALG_KIND_INTEG:
        *ret_list = p->integs;
        *ret_n = &p->n_integs;
        return;
    case CYG_ALG_KIND_GROUP:
        *ret_list = p->groups;
        *ret_n = &p->n_groups;
        return;
    }
    cyg_unreachable();
}

static enum cyg_code add_alg(struct cyg_proposal *p, const struct cyg_alg_info *row,
                             struct cyg_span word, struct cyg_error *err)
{
    if (!fits_protocol(p->protocol, row)) {
        return CYG_FAIL(err,
                        row->icv > 0 && row->kind == CYG_ALG_KIND_CIPHER
                            ? CYG_R_PROPOSAL_AEAD_PHASE1
                            : CYG_R_PROPOSAL_MISFIT,
                        .got_quote = cyg_quote(CYG_QUOTE_TEXT, word),
                        .want_quote = row->kind == CYG_ALG_KIND_CIPHER && row->icv > 0
                                          ? example(p->protocol)
                                          : protocol_name(p->protocol));
    }
    uint8_t *list, *n;
    list_of(p, row->kind, &list, &n);
    if (memchr(list, (int)row->id, *n) != NULL) {
        return CYG_OK; /* said twice, by two names perhaps */
    }
    if (*n == CYG_PROPOSAL_ALTERNATIVES) {
        return CYG_FAIL(err, CYG_R_PROPOSAL_LONG, .got_quote = cyg_quote(CYG_QUOTE_TEXT, word),
                        .want = CYG_PROPOSAL_ALTERNATIVES);
    }
    list[(*n)++] = (uint8_t)row->id;
    return CYG_OK;
}

/* "prfsha256": IKEv1 has no PRF of its own, the hash is it (RFC 2409 5). */
static const struct cyg_alg_info *prf_of(struct cyg_span word)
{
    if (word.len <= 3 || strncasecmp((const char *)word.data, "prf", 3) != 0) {
        return NULL;
    }
    const struct cyg_alg_info *row = cyg_alg_by_keyword(cyg_span_after(word, 3));
    return row != NULL && row->kind == CYG_ALG_KIND_INTEG && row->ike != 0 ? row : NULL;
}

static enum cyg_code check_whole(const struct cyg_proposal *p, struct cyg_error *err)
{
    bool aead = false, classic = false;
    for (size_t i = 0; i < p->n_ciphers; i++) {
        bool is_aead = cyg_alg_info(p->ciphers[i])->icv > 0;
        aead = aead || is_aead;
        classic = classic || !is_aead;
    }
    struct cyg_quote want = example(p->protocol);
    if (p->protocol != CYG_PROPOSAL_AH && p->n_ciphers == 0) {
        return CYG_FAIL(err, CYG_R_PROPOSAL_NO_CIPHER, .got_quote = protocol_name(p->protocol),
                        .want_quote = want);
    }
    if (aead && classic) {
        return CYG_FAIL(err, CYG_R_PROPOSAL_MIXED,
                        .want_quote = cyg_quote_text("aes256gcm16, aes256-sha256"));
    }
    if (aead && p->n_integs > 0) {
        return CYG_FAIL(err, CYG_R_PROPOSAL_AEAD_INTEG,
                        .got_quote = cyg_quote_text(cyg_alg_info(p->ciphers[0])->keyword),
                        .want_quote = cyg_quote_text(cyg_alg_info(p->integs[0])->keyword));
    }
    if (!aead && p->n_integs == 0) {
        return CYG_FAIL(err, CYG_R_PROPOSAL_NO_INTEG, .got_quote = protocol_name(p->protocol),
                        .want_quote = want);
    }
    if (p->protocol == CYG_PROPOSAL_IKE && p->n_groups == 0) {
        return CYG_FAIL(err, CYG_R_PROPOSAL_NO_GROUP, .want_quote = want);
    }
    return CYG_OK;
}

/* The next word up to "-"; false when there is none. */
static bool next_word(struct cyg_span *rest, struct cyg_span *ret)
{
    if (rest->data == NULL) {
        return false;
    }
    const uint8_t *dash = rest->len > 0 ? memchr(rest->data, '-', rest->len) : NULL;
    size_t n = dash != NULL ? (size_t)(dash - rest->data) : rest->len;
    *ret = cyg_span_first(*rest, n);
    *rest = dash != NULL ? (struct cyg_span){ dash + 1, rest->len - n - 1 }
                         : (struct cyg_span){ NULL, 0 };
    return true;
}

static enum cyg_code parse_word(struct cyg_proposal *p, struct cyg_span word, struct cyg_error *err)
{
    const struct cyg_alg_info *row = cyg_alg_by_keyword(word);
    if (row != NULL) {
        return add_alg(p, row, word, err);
    }
    if (prf_of(word) != NULL && p->protocol == CYG_PROPOSAL_IKE) {
        return CYG_OK; /* compared with the hashes when all are known */
    }
    if (is_word(word, "noesn") && p->protocol != CYG_PROPOSAL_IKE) {
        return CYG_OK; /* what IKEv1 does unless told otherwise */
    }
    return unknown_word(p->protocol, word, err);
}

static enum cyg_code check_prfs(const struct cyg_proposal *p, struct cyg_span text,
                                struct cyg_error *err)
{
    struct cyg_span rest = text, word;
    while (next_word(&rest, &word)) {
        const struct cyg_alg_info *prf = prf_of(word);
        if (prf != NULL && memchr(p->integs, (int)prf->id, p->n_integs) == NULL) {
            return CYG_FAIL(err, CYG_R_PROPOSAL_PRF, .got_quote = cyg_quote(CYG_QUOTE_TEXT, word),
                            .want_quote = cyg_quote_text(prf->keyword));
        }
    }
    return CYG_OK;
}

enum cyg_code cyg_proposal_parse(enum cyg_proposal_for protocol, struct cyg_span text,
                                 struct cyg_proposal *ret, struct cyg_error *err)
{
    struct cyg_proposal p = { .protocol = protocol };
    text = trim(text);
    if (text.len == 0) {
        return CYG_FAIL(err, CYG_R_PROPOSAL_EMPTY, .want_quote = example(protocol));
    }
    if (is_word(text, "default")) {
        cyg_proposal_default(protocol, ret);
        return CYG_OK;
    }
    struct cyg_span rest = text, word;
    while (next_word(&rest, &word)) {
        enum cyg_code code = parse_word(&p, word, err);
        if (code != CYG_OK) {
            return code;
        }
    }
    enum cyg_code code = check_whole(&p, err);
    if (code == CYG_OK) {
        code = check_prfs(&p, text, err);
    }
    if (code == CYG_OK) {
        *ret = p;
    }
    return code;
}

/* 2 ciphers x 3 hashes x 4 groups are 24 transforms of 36 bytes: MM1 stays below 1280 bytes. SHA1
 * last: it is still the most that some peers can. */
void cyg_proposal_default(enum cyg_proposal_for protocol, struct cyg_proposal *ret)
{
    *ret = (struct cyg_proposal){
        .protocol = protocol,
        .n_integs = 3,
        .integs = { CYG_ALG_SHA512, CYG_ALG_SHA256, CYG_ALG_SHA1 },
    };
    if (protocol != CYG_PROPOSAL_AH) {
        ret->n_ciphers = 2;
        ret->ciphers[0] = CYG_ALG_AES256;
        ret->ciphers[1] = CYG_ALG_AES128;
    }
    if (protocol == CYG_PROPOSAL_IKE) {
        static const uint8_t groups[] = { CYG_ALG_MODP3072, CYG_ALG_CURVE25519, CYG_ALG_ECP256,
                                          CYG_ALG_MODP2048 };
        memcpy(ret->groups, groups, sizeof groups);
        ret->n_groups = CYG_LEN(groups);
    }
}

static void add_keywords(struct text *t, const uint8_t *list, size_t n)
{
    for (size_t i = 0; i < n && i < CYG_PROPOSAL_ALTERNATIVES; i++) {
        const struct cyg_alg_info *row = cyg_alg_info(list[i]);
        text_add(t, "%s%s", t->len > 0 ? "-" : "", row != NULL ? row->keyword : "?");
    }
}

const char *cyg_proposal_format(const struct cyg_proposal *proposal, char *buffer, size_t size)
{
    struct text t = text_of(buffer, size);
    add_keywords(&t, proposal->ciphers, proposal->n_ciphers);
    add_keywords(&t, proposal->integs, proposal->n_integs);
    add_keywords(&t, proposal->groups, proposal->n_groups);
    return buffer;
}
