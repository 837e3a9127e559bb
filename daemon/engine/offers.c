/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See offers.h. */
#include "offers.h"

#include <string.h>

/* What was offered already, so that a combination stands once. */
struct combinations {
    uint8_t items[SA_TRANSFORMS_MAX][3];
    size_t n;
};

/* false: it is there already, or there is no room. */
static bool combinations_add(struct combinations *c, uint8_t cipher, uint8_t integ, uint8_t group)
{
    const uint8_t item[3] = { cipher, integ, group };
    for (size_t i = 0; i < c->n; i++) {
        if (memcmp(c->items[i], item, sizeof item) == 0) {
            return false;
        }
    }
    if (c->n == SA_TRANSFORMS_MAX) {
        return false;
    }
    memcpy(c->items[c->n++], item, sizeof item);
    return true;
}

/* ---- phase 1 ---- */

uint64_t offer_ike_lifetime(uint32_t lifetime_s)
{
    return lifetime_s != 0 ? lifetime_s : LIFETIME_IKE_OFFER;
}

static void write_ike_transform(struct sa_encoder *e, uint8_t number, const uint8_t item[3],
                                const struct cyg_peer *peer)
{
    const struct cyg_alg_info *cipher = cyg_alg_info((enum cyg_alg)item[0]);
    sa_encode_transform(e, number, IKE_TRANSFORM_KEY_IKE);
    attribute_encode(e->w, IKE_ATTR_CIPHER, cipher->ike);
    if (cipher->key_attribute) {
        attribute_encode(e->w, IKE_ATTR_KEY_LENGTH, cipher->key_bits);
    }
    attribute_encode(e->w, IKE_ATTR_HASH, cyg_alg_info((enum cyg_alg)item[1])->ike);
    attribute_encode(e->w, IKE_ATTR_GROUP, cyg_alg_info((enum cyg_alg)item[2])->ike);
    attribute_encode(e->w, IKE_ATTR_AUTH_METHOD, peer->auth_method);
    lifetime_encode(e->w, IKE_ATTR_LIFE_TYPE,
                    (struct lifetime){ .seconds = offer_ike_lifetime(peer->lifetime_s) });
}

static void combine_ike(const struct engine *engine, const struct cyg_proposal *p,
                        struct combinations *c)
{
    const struct cyg_crypto *crypto = engine->providers.crypto;
    unsigned n_pairs = (unsigned)p->n_integs * p->n_groups;
    for (unsigned i = 0; i < p->n_ciphers * n_pairs; i++) {
        uint8_t cipher = p->ciphers[i / n_pairs];
        uint8_t integ = p->integs[i % n_pairs / p->n_groups];
        uint8_t group = p->groups[i % p->n_groups];
        if (cyg_crypto_has(crypto, (enum cyg_alg)cipher)
            && cyg_crypto_has(crypto, (enum cyg_alg)integ)
            && cyg_crypto_has(crypto, (enum cyg_alg)group)) {
            (void)combinations_add(c, cipher, integ, group);
        }
    }
}

enum cyg_code offer_ike(struct cyg_writer *w, const struct engine *engine,
                        const struct cyg_peer *peer, struct cyg_error *err)
{
    struct combinations c = { .n = 0 };
    for (size_t i = 0; i < peer->n_proposals; i++) {
        combine_ike(engine, &peer->proposals[i], &c);
    }
    if (c.n == 0) {
        return CYG_FAIL(err, CYG_R_OFFER_EMPTY, .got_quote = cyg_quote_text(peer->name));
    }
    struct sa_encoder e;
    sa_encode_begin(&e, w, DOI_IPSEC, SITUATION_IDENTITY_ONLY);
    sa_encode_proposal(&e, 1, PROTOCOL_ISAKMP, (struct cyg_span){ NULL, 0 });
    for (size_t i = 0; i < c.n; i++) {
        write_ike_transform(&e, (uint8_t)(i + 1), c.items[i], peer);
    }
    sa_encode_end(&e);
    return CYG_OK;
}

/* ---- phase 2 ---- */

struct lifetime offer_child_lifetime(const struct cyg_peer_child *config)
{
    return (struct lifetime){
        .seconds = config->life_time_s != 0 ? config->life_time_s : LIFETIME_CHILD_OFFER,
        .bytes = config->life_bytes,
    };
}

enum cyg_alg offer_pfs(const struct engine *engine, const struct cyg_peer_child *config)
{
    if (config->n_proposals == 0) {
        return CYG_ALG_NONE;
    }
    const struct cyg_proposal *first = &config->proposals[0];
    for (unsigned i = 0; i < first->n_groups; i++) {
        if (cyg_crypto_has(engine->providers.crypto, (enum cyg_alg)first->groups[i])) {
            return (enum cyg_alg)first->groups[i];
        }
    }
    return CYG_ALG_NONE;
}

void offer_policy(const struct ike_sa *sa, const struct cyg_peer_child *config,
                  struct transforms_policy *ret)
{
    *ret = (struct transforms_policy){
        .proposals = config->proposals,
        .n_proposals = config->n_proposals,
        .prefer_own = config->prefer_own,
        .min_lifetime_s = sa->engine->settings.min_lifetime_s,
        .sha256_96 = config->sha256_96,
        .encapsulated = sa->nat_local || sa->nat_remote || sa->nat_fake,
        .mode = config->mode,
    };
    for (size_t i = 0; i < config->n_proposals; i++) {
        for (unsigned k = 0; k < config->proposals[i].n_integs; k++) {
            if (config->proposals[i].integs[k] == CYG_ALG_SHA256_96) {
                ret->sha256_96 = true;
            }
        }
    }
}

bool offer_mode_supported(const struct engine *engine, uint8_t mode, bool encapsulated)
{
    const struct cyg_kernel_ops *kernel = engine->providers.kernel;
    if (kernel == NULL || kernel->capabilities == NULL) {
        return true;
    }
    uint32_t has = kernel->capabilities(engine->providers.kernel_self);
    uint32_t want = mode == CYG_MODE_TUNNEL ? CYG_KERNEL_TUNNEL : CYG_KERNEL_TRANSPORT;
    want |= encapsulated ? CYG_KERNEL_UDP_ENCAP : CYG_KERNEL_RAW_ESP;
    return (has & want) == want;
}

bool offer_esp_supported(const struct engine *engine, enum cyg_alg cipher, enum cyg_alg integ)
{
    const struct cyg_kernel_ops *kernel = engine->providers.kernel;
    return kernel == NULL || kernel->supports == NULL
           || kernel->supports(engine->providers.kernel_self, cipher, integ);
}

static void combine_esp(const struct engine *engine, const struct transforms_policy *policy,
                        const struct cyg_proposal *p, struct combinations *c)
{
    unsigned n_integs = p->n_integs == 0 ? 1 : p->n_integs;
    bool has_group = policy->group == CYG_ALG_NONE && p->n_groups == 0;
    for (unsigned i = 0; i < p->n_groups; i++) {
        has_group = has_group || p->groups[i] == policy->group;
    }
    for (unsigned i = 0; has_group && i < p->n_ciphers; i++) {
        for (unsigned k = 0; k < n_integs; k++) {
            uint8_t integ = p->n_integs == 0 ? CYG_ALG_NONE : p->integs[k];
            if (integ == CYG_ALG_SHA256 && policy->sha256_96) {
                integ = CYG_ALG_SHA256_96;
            }
            if (offer_esp_supported(engine, (enum cyg_alg)p->ciphers[i], (enum cyg_alg)integ)) {
                (void)combinations_add(c, p->ciphers[i], integ, (uint8_t)policy->group);
            }
        }
    }
}

static void write_esp_transform(struct sa_encoder *e, uint8_t number, const uint8_t item[3],
                                uint16_t mode, struct lifetime lifetime)
{
    const struct cyg_alg_info *cipher = cyg_alg_info((enum cyg_alg)item[0]);
    const struct cyg_alg_info *integ = cyg_alg_info((enum cyg_alg)item[1]);
    const struct cyg_alg_info *group = cyg_alg_info((enum cyg_alg)item[2]);
    sa_encode_transform(e, number, (uint8_t)cipher->esp);
    if (cipher->key_attribute) {
        attribute_encode(e->w, IPSEC_ATTR_KEY_LENGTH, cipher->key_bits);
    }
    if (integ != NULL) {
        attribute_encode(e->w, IPSEC_ATTR_INTEG, integ->esp);
    }
    attribute_encode(e->w, IPSEC_ATTR_ENCAP, mode);
    if (group != NULL) {
        attribute_encode(e->w, IPSEC_ATTR_GROUP, group->ike);
    }
    lifetime_encode(e->w, IPSEC_ATTR_LIFE_TYPE, lifetime);
}

enum cyg_code offer_esp(struct cyg_writer *w, const struct engine *engine,
                        const struct transforms_policy *policy, enum natt_kind natt,
                        struct lifetime lifetime, uint32_t spi, struct cyg_error *err)
{
    struct combinations c = { .n = 0 };
    if (!offer_mode_supported(engine, policy->mode, policy->encapsulated)) {
        return CYG_FAIL(err, CYG_R_KERNEL_MODE, .got = policy->mode, .want = policy->encapsulated);
    }
    for (size_t i = 0; i < policy->n_proposals; i++) {
        if (policy->proposals[i].protocol == CYG_PROPOSAL_ESP) {
            combine_esp(engine, policy, &policy->proposals[i], &c);
        }
    }
    if (c.n == 0) {
        return CYG_FAIL(err, CYG_R_OFFER_EMPTY_ESP);
    }
    const uint8_t spi_bytes[4] = { (uint8_t)(spi >> 24), (uint8_t)(spi >> 16), (uint8_t)(spi >> 8),
                                   (uint8_t)spi };
    uint16_t mode = natt_mode_encode(natt, policy->encapsulated, policy->mode);
    struct sa_encoder e;
    sa_encode_begin(&e, w, DOI_IPSEC, SITUATION_IDENTITY_ONLY);
    sa_encode_proposal(&e, 1, PROTOCOL_ESP, cyg_span_of_array(spi_bytes));
    for (size_t i = 0; i < c.n; i++) {
        write_esp_transform(&e, (uint8_t)(i + 1), c.items[i], mode, lifetime);
    }
    sa_encode_end(&e);
    return CYG_OK;
}
