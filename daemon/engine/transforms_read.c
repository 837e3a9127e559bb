/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Transforms of the wire in our terms; see transforms.h. */
#include "natt.h"
#include "transforms.h"

static bool has(const struct transform_values *v, enum transform_value which)
{
    return (v->present & 1u << which) != 0;
}

static enum cyg_code check_others(const struct transform_values *v, struct cyg_error *err)
{
    if (v->n_others > 0) { /* private groups (H-041), what nobody has defined (H-038) */
        return CYG_FAIL(err, CYG_R_TRANSFORM_ATTRIBUTE, .payload = PAYLOAD_SA, .level = 3,
                        .got = v->first_other);
    }
    return CYG_OK;
}

static enum cyg_code unknown(struct cyg_error *err, enum cyg_reason reason, uint64_t got,
                             uint64_t key_bits)
{
    return CYG_FAIL(err, reason, .payload = PAYLOAD_SA, .level = 3, .got = got, .want = key_bits);
}

enum cyg_code transforms_read_ike(const struct sa_transform *t, uint32_t min_s, struct offered *ret,
                                  struct cyg_error *err)
{
    struct transform_values v;
    if (t->id != IKE_TRANSFORM_KEY_IKE) {
        return unknown(err, CYG_R_TRANSFORM_ID, t->id, 0);
    }
    enum cyg_code code = transform_decode(PROTOCOL_ISAKMP, t, &v, err);
    if (code == CYG_OK) {
        code = check_others(&v, err);
    }
    if (code != CYG_OK) {
        return code;
    }
    const struct cyg_alg_info *cipher =
        cyg_alg_ike_cipher(v.value[TRANSFORM_CIPHER], v.value[TRANSFORM_KEY_LENGTH]);
    const struct cyg_alg_info *hash = cyg_alg_ike_hash(v.value[TRANSFORM_HASH]);
    const struct cyg_alg_info *group = cyg_alg_group(v.value[TRANSFORM_GROUP]);
    if (cipher == NULL
        || (has(&v, TRANSFORM_KEY_LENGTH) && v.value[TRANSFORM_KEY_LENGTH] == 0)) { /* H-040 */
        return unknown(err, CYG_R_TRANSFORM_CIPHER, v.value[TRANSFORM_CIPHER],
                       v.value[TRANSFORM_KEY_LENGTH]);
    }
    if (hash == NULL) {
        return unknown(err, CYG_R_TRANSFORM_HASH, v.value[TRANSFORM_HASH], 0);
    }
    if (group == NULL) {
        return unknown(err, CYG_R_TRANSFORM_GROUP, v.value[TRANSFORM_GROUP], 0);
    }
    if (has(&v, TRANSFORM_PRF)) {
        return unknown(err, CYG_R_TRANSFORM_ATTRIBUTE, IKE_ATTR_PRF, 0);
    }
    struct lifetime lifetime = lifetime_of(&v);
    ret->cipher = (uint8_t)cipher->id;
    ret->integ = (uint8_t)hash->id;
    ret->group = (uint8_t)group->id;
    ret->auth_method = v.value[TRANSFORM_AUTH];
    ret->lifetime = lifetime;
    return lifetime_check(lifetime, min_s, err);
}

/* AEAD with an integrity algorithm, or anything else without one, is refused (H-046). */
static enum cyg_code read_integ(const struct cyg_alg_info *cipher, const struct transform_values *v,
                                bool sha256_96, uint8_t *ret, struct cyg_error *err)
{
    bool given = has(v, TRANSFORM_INTEG) && v->value[TRANSFORM_INTEG] != 0;
    if (cipher->icv != 0) {
        *ret = CYG_ALG_NONE;
        return given ? unknown(err, CYG_R_TRANSFORM_AEAD_INTEG, v->value[TRANSFORM_INTEG], 0)
                     : CYG_OK;
    }
    const struct cyg_alg_info *integ = cyg_alg_esp_integ(v->value[TRANSFORM_INTEG]);
    if (!given) {
        return unknown(err, CYG_R_TRANSFORM_NO_INTEG, 0, 0);
    }
    if (integ == NULL) {
        return unknown(err, CYG_R_TRANSFORM_INTEG, v->value[TRANSFORM_INTEG], 0);
    }
    *ret = (uint8_t)(integ->mac == CYG_ALG_SHA256 && sha256_96 ? CYG_ALG_SHA256_96 : integ->id);
    return CYG_OK;
}

static enum cyg_code read_group(const struct transform_values *v, uint8_t *ret,
                                struct cyg_error *err)
{
    *ret = CYG_ALG_NONE;
    if (!has(v, TRANSFORM_GROUP) || v->value[TRANSFORM_GROUP] == 0) {
        return has(v, TRANSFORM_GROUP) ? unknown(err, CYG_R_TRANSFORM_GROUP, 0, 0) : CYG_OK;
    }
    const struct cyg_alg_info *group = cyg_alg_group(v->value[TRANSFORM_GROUP]);
    if (group == NULL) {
        return unknown(err, CYG_R_TRANSFORM_GROUP, v->value[TRANSFORM_GROUP], 0);
    }
    *ret = (uint8_t)group->id;
    return CYG_OK;
}

enum cyg_code transforms_read_esp(const struct sa_transform *t,
                                  const struct transforms_policy *policy, struct offered *ret,
                                  struct cyg_error *err)
{
    struct transform_values v;
    enum cyg_code code = transform_decode(PROTOCOL_ESP, t, &v, err);
    if (code == CYG_OK) {
        code = check_others(&v, err);
    }
    if (code != CYG_OK) {
        return code;
    }
    const struct cyg_alg_info *cipher = cyg_alg_esp_cipher(t->id, v.value[TRANSFORM_KEY_LENGTH]);
    if (cipher == NULL || (has(&v, TRANSFORM_KEY_LENGTH) && v.value[TRANSFORM_KEY_LENGTH] == 0)) {
        return unknown(err, CYG_R_TRANSFORM_ESP_CIPHER, t->id, v.value[TRANSFORM_KEY_LENGTH]);
    }
    code = read_integ(cipher, &v, policy->sha256_96, &ret->integ, err);
    if (code == CYG_OK) {
        code = read_group(&v, &ret->group, err);
    }
    if (code != CYG_OK) {
        return code;
    }
    if (has(&v, TRANSFORM_ESN) && v.value[TRANSFORM_ESN] != 1) { /* RFC 4304: 1 is ESN, 2 is not */
        code = v.value[TRANSFORM_ESN] == 2
                   ? CYG_OK
                   : unknown(err, CYG_R_TRANSFORM_ESN, v.value[TRANSFORM_ESN], 0);
    } else if (has(&v, TRANSFORM_ESN)) {
        code = unknown(err, CYG_R_TRANSFORM_ESN, v.value[TRANSFORM_ESN], 0);
    }
    ret->mode = has(&v, TRANSFORM_ENCAP)
                    ? natt_mode_decode(policy->encapsulated, v.value[TRANSFORM_ENCAP])
                    : policy->mode; /* unspecified: as it pleases us */
    if (code == CYG_OK && ret->mode == 0) {
        code = CYG_FAIL(err, policy->encapsulated ? CYG_R_TRANSFORM_MODE_NAT : CYG_R_TRANSFORM_MODE,
                        .payload = PAYLOAD_SA, .level = 3, .got = v.value[TRANSFORM_ENCAP]);
    }
    if (code != CYG_OK) {
        return code;
    }
    ret->cipher = (uint8_t)cipher->id;
    ret->lifetime = lifetime_of(&v);
    return lifetime_check(ret->lifetime, policy->min_lifetime_s, err);
}

void offered_quote(const struct offered *offered, bool phase1, struct cyg_proposal *ret)
{
    *ret = (struct cyg_proposal){
        .protocol = phase1 ? CYG_PROPOSAL_IKE : CYG_PROPOSAL_ESP,
        .n_ciphers = 1,
        .n_integs = offered->integ != CYG_ALG_NONE,
        .n_groups = offered->group != CYG_ALG_NONE,
        .ciphers = { offered->cipher },
        .integs = { offered->integ },
        .groups = { offered->group },
    };
}
