/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The attributes of a transform by meaning, RFC 2409 App. A (phase 1) and RFC 2407 4.5 (phase 2).
 * Whatever is wrong here refuses this transform; the others are still considered (H-038). */
#include "sa.h"

#define NO_VALUE  0xffu
#define LIFE_TYPE 0xfeu
#define LIFE_TIME 0xfdu

/* What an attribute number means in each phase; 0 (a hole): nothing, it is counted as other. */
/* clang-format off */
#define MEANS(value) ((value) + 1)
static const uint8_t ike_meaning[] = {
    [IKE_ATTR_CIPHER] = MEANS(TRANSFORM_CIPHER),         [IKE_ATTR_HASH] = MEANS(TRANSFORM_HASH),
    [IKE_ATTR_AUTH_METHOD] = MEANS(TRANSFORM_AUTH),      [IKE_ATTR_GROUP] = MEANS(TRANSFORM_GROUP),
    [IKE_ATTR_LIFE_TYPE] = LIFE_TYPE,                    [IKE_ATTR_LIFE_DURATION] = LIFE_TIME,
    [IKE_ATTR_PRF] = MEANS(TRANSFORM_PRF),
    [IKE_ATTR_KEY_LENGTH] = MEANS(TRANSFORM_KEY_LENGTH),
};
static const uint8_t ipsec_meaning[] = {
    [IPSEC_ATTR_LIFE_TYPE] = LIFE_TYPE,                  [IPSEC_ATTR_LIFE_DURATION] = LIFE_TIME,
    [IPSEC_ATTR_GROUP] = MEANS(TRANSFORM_GROUP),         [IPSEC_ATTR_ENCAP] = MEANS(TRANSFORM_ENCAP),
    [IPSEC_ATTR_INTEG] = MEANS(TRANSFORM_INTEG),
    [IPSEC_ATTR_KEY_LENGTH] = MEANS(TRANSFORM_KEY_LENGTH),
    [IPSEC_ATTR_ECN_TUNNEL] = MEANS(TRANSFORM_ECN),      [IPSEC_ATTR_ESN] = MEANS(TRANSFORM_ESN),
};
/* clang-format on */

static uint8_t meaning_of(uint8_t protocol, uint16_t type)
{
    const uint8_t *table = ipsec_meaning;
    size_t n = CYG_LEN(ipsec_meaning);
    if (protocol == PROTOCOL_ISAKMP) {
        table = ike_meaning;
        n = CYG_LEN(ike_meaning);
    }
    return type < n && table[type] != 0 ? table[type] : NO_VALUE;
}

/* The reading of one transform. */
struct reading {
    const struct sa_transform *t;
    struct cyg_span rest;
    struct transform_values v;
    uint16_t life_type;              /* waits for its duration; 0: none does */
    uint16_t others[ATTRIBUTES_MAX]; /* types seen that have no meaning here */
};

static enum cyg_code refuse(const struct reading *g, const struct attribute *a,
                            enum cyg_reason reason, uint64_t got, uint64_t want,
                            struct cyg_error *err)
{
    size_t behind = g->t->attributes.len - g->rest.len; /* a has been taken off */
    return CYG_FAIL(err, reason, .payload = PAYLOAD_SA, .level = 3,
                    .offset = (uint32_t)(behind - a->whole.len), .got = got, .want = want);
}

static enum cyg_code number_of(const struct reading *g, const struct attribute *a, size_t max_len,
                               uint64_t max, struct cyg_error *err)
{
    if (a->raw.len == 0 || a->raw.len > max_len) { /* H-038 */
        return refuse(g, a, CYG_R_ATTRIBUTE_SIZE, a->raw.len, a->type, err);
    }
    if (a->value > max) {
        return refuse(g, a, CYG_R_ATTRIBUTE_LARGE, a->value, a->type, err);
    }
    return CYG_OK;
}

static enum cyg_code take_value(struct reading *g, const struct attribute *a, uint8_t which,
                                struct cyg_error *err)
{
    if ((g->v.present & 1u << which) != 0) { /* H-039: neither the first nor the last one wins */
        return refuse(g, a, CYG_R_ATTRIBUTE_TWICE, a->type, 0, err);
    }
    enum cyg_code code = number_of(g, a, 4, UINT16_MAX, err);
    if (code == CYG_OK) {
        g->v.present |= 1u << which;
        g->v.value[which] = (uint16_t)a->value;
    }
    return code;
}

static enum cyg_code take_life_type(struct reading *g, const struct attribute *a,
                                    struct cyg_error *err)
{
    enum cyg_code code = number_of(g, a, 4, UINT16_MAX, err);
    if (code != CYG_OK) {
        return code;
    }
    if (g->life_type != 0) { /* H-043: type and duration are pairs */
        return refuse(g, a, CYG_R_ATTRIBUTE_LIFE_ORDER, a->type, 0, err);
    }
    if (a->value != LIFE_SECONDS && a->value != LIFE_KILOBYTES) {
        return refuse(g, a, CYG_R_ATTRIBUTE_LIFE_TYPE, a->value, 0, err);
    }
    if (a->value == LIFE_SECONDS ? g->v.has_seconds : g->v.has_kilobytes) {
        return refuse(g, a, CYG_R_ATTRIBUTE_LIFE_TWICE, a->value, 0, err);
    }
    g->life_type = (uint16_t)a->value;
    return CYG_OK;
}

static enum cyg_code take_life_time(struct reading *g, const struct attribute *a,
                                    struct cyg_error *err)
{
    enum cyg_code code = number_of(g, a, 8, UINT64_MAX, err);
    if (code != CYG_OK) {
        return code;
    }
    if (g->life_type == 0) {
        return refuse(g, a, CYG_R_ATTRIBUTE_LIFE_ORDER, a->type, 0, err);
    }
    if (a->value == 0) {
        return refuse(g, a, CYG_R_ATTRIBUTE_LIFE_ZERO, g->life_type, 0, err);
    }
    if (g->life_type == LIFE_SECONDS) {
        g->v.has_seconds = true;
        g->v.seconds = a->value;
    } else {
        g->v.has_kilobytes = true;
        g->v.kilobytes = a->value;
    }
    g->life_type = 0;
    return CYG_OK;
}

/* Not known here, but twice is wrong all the same. At most 64 of them, so comparing is cheap. */
static enum cyg_code take_other(struct reading *g, const struct attribute *a, struct cyg_error *err)
{
    for (size_t i = 0; i < g->v.n_others; i++) {
        if (g->others[i] == a->type) {
            return refuse(g, a, CYG_R_ATTRIBUTE_TWICE, a->type, 0, err);
        }
    }
    g->others[g->v.n_others++] = a->type;
    return CYG_OK;
}

static enum cyg_code take_attribute(struct reading *g, uint8_t protocol, const struct attribute *a,
                                    struct cyg_error *err)
{
    uint8_t meaning = meaning_of(protocol, a->type);
    switch (meaning) {
    case NO_VALUE:
        return take_other(g, a, err);
    case LIFE_TYPE:
        return take_life_type(g, a, err);
    case LIFE_TIME:
        return take_life_time(g, a, err);
    default:
        return take_value(g, a, (uint8_t)(meaning - 1), err);
    }
}

enum cyg_code transform_decode(uint8_t protocol, const struct sa_transform *t,
                               struct transform_values *ret, struct cyg_error *err)
{
    struct reading g = { .t = t, .rest = t->attributes };
    struct attribute a = { 0 };
    enum cyg_code code = attributes_check(t->attributes, err);
    while (code == CYG_OK && attribute_next(&g.rest, &a)) {
        code = take_attribute(&g, protocol, &a, err);
    }
    if (code == CYG_OK && g.life_type != 0) {
        code = refuse(&g, &a, CYG_R_ATTRIBUTE_LIFE_ORDER, g.life_type, 0, err);
    }
    if (code != CYG_OK) {
        return code;
    }
    g.v.first_other = g.others[0];
    *ret = g.v;
    return CYG_OK;
}
