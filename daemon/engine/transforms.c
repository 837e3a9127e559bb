/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Choosing, and checking the other side's choice; see transforms.h. One pass reads the offer, so a
 * payload of 255 transforms costs no more than reading it (H-037); no heap. */
#include "transforms.h"

#include "events.h"
#include "exchange.h"
#include "records.h"

#include <string.h>

#define OFFERED_MAX SA_TRANSFORMS_MAX
#define SHOWN_MAX   8u /* records of transforms that do not parse; the rest is only counted */

struct offer {
    struct offered items[OFFERED_MAX];
    size_t n;
    bool phase1;
};

/* ---- reading the offer ---- */

/* Equal numbers of adjacent proposals mean "all of them together" (AH and ESP): not done. */
static bool is_bundle(const struct sa *sa, int before, const struct sa_proposal *p)
{
    struct sa_proposal behind = *p;
    return before == p->number || (sa_next_proposal(sa, &behind) && behind.number == p->number);
}

static enum cyg_code check_proposal(const struct sa *sa, int before, const struct sa_proposal *p,
                                    bool phase1, struct cyg_error *err)
{
    uint8_t want = phase1 ? PROTOCOL_ISAKMP : PROTOCOL_ESP;
    uint32_t spi;
    if (is_bundle(sa, before, p)) {
        return CYG_FAIL(err, CYG_R_PROPOSAL_BUNDLE, .payload = PAYLOAD_SA, .level = 1,
                        .got = p->number);
    }
    enum cyg_code code = phase1 ? CYG_OK : sa_proposal_spi(p, &spi, err);
    if (code == CYG_OK && p->protocol != want) {
        return CYG_FAIL(err, CYG_R_PROPOSAL_OTHER_PROTOCOL, .payload = PAYLOAD_SA, .level = 1,
                        .got = p->protocol, .want = want);
    }
    return code;
}

/* H-047: an offer of which no proposal is sound is refused for what is wrong with the first, so
 * that the peer learns it; one that only is not for us is refused as any other. */
static enum cyg_code check_sound(const struct sa *sa, struct cyg_error *err)
{
    struct sa_proposal p = { 0 };
    enum cyg_code code = CYG_OK; /* of the first */
    int before = -1;
    for (; sa_next_proposal(sa, &p); before = p.number) {
        struct cyg_error fault = { 0 };
        if (check_proposal(sa, before, &p, false, &fault) == CYG_OK
            || cyg_reason_info(fault.reason)->notify == NOTIFY_NO_PROPOSAL_CHOSEN) {
            return CYG_OK;
        }
        if (code == CYG_OK) {
            code = cyg_reason_info(fault.reason)->code;
            *err = fault;
        }
    }
    return code;
}

static void show(struct exchange *x, const struct cyg_error *err, size_t *shown)
{
    if (x != NULL && (*shown)++ < SHOWN_MAX) {
        records_add(x, err);
    }
}

static void read_offer(struct exchange *x, const struct sa *sa, bool phase1,
                       const struct transforms_policy *policy, struct offer *ret)
{
    struct sa_proposal p = { 0 };
    size_t shown = 0;
    int before = -1;
    ret->n = 0;
    ret->phase1 = phase1;
    for (size_t i = 0; sa_next_proposal(sa, &p); i++) {
        struct cyg_error err = { 0 };
        bool usable = check_proposal(sa, before, &p, phase1, &err) == CYG_OK;
        before = p.number;
        if (!usable) {
            show(x, &err, &shown);
        }
        struct sa_transform t = { 0 };
        for (size_t k = 0; sa_next_transform(&p, &t) && ret->n < OFFERED_MAX; k++) {
            struct offered *o = &ret->items[ret->n++];
            *o = (struct offered){ .proposal = (uint8_t)i, .transform = (uint8_t)k };
            if (!usable) {
                continue;
            }
            enum cyg_code code = phase1 ? transforms_read_ike(&t, policy->min_lifetime_s, o, &err)
                                        : transforms_read_esp(&t, policy, o, &err);
            o->usable = code == CYG_OK;
            if (code != CYG_OK) {
                show(x, &err, &shown);
            }
        }
    }
}

/* ---- comparing ---- */

enum difference {
    DIFFERS_CIPHER = 1u << 0,
    DIFFERS_INTEG = 1u << 1,
    DIFFERS_GROUP = 1u << 2,
    DIFFERS_AUTH = 1u << 3,
    DIFFERS_MODE = 1u << 4,
};

/* Place of an algorithm in a list; n when it is not there. */
static unsigned place(const uint8_t *list, unsigned n, uint8_t alg)
{
    unsigned i = 0;
    while (i < n && list[i] != alg) {
        i++;
    }
    return i;
}

/* An empty list means "none": no PFS, no integrity beside AEAD. */
static bool fits(const uint8_t *list, unsigned n, uint8_t alg)
{
    return n == 0 ? alg == CYG_ALG_NONE : place(list, n, alg) < n;
}

/* The integrity algorithm that a policy means: with sha256_96 every sha256 is the short one. */
static bool integ_fits(const struct transforms_policy *policy, const struct cyg_proposal *p,
                       uint8_t integ)
{
    if (policy->sha256_96 && integ == CYG_ALG_SHA256_96) {
        return fits(p->integs, p->n_integs, CYG_ALG_SHA256_96)
               || fits(p->integs, p->n_integs, CYG_ALG_SHA256);
    }
    return fits(p->integs, p->n_integs, integ);
}

static unsigned differences(const struct offered *o, bool phase1,
                            const struct transforms_policy *policy, const struct cyg_proposal *p)
{
    unsigned d = 0;
    d |= fits(p->ciphers, p->n_ciphers, o->cipher) ? 0 : DIFFERS_CIPHER;
    d |= integ_fits(policy, p, o->integ) ? 0 : DIFFERS_INTEG;
    d |= fits(p->groups, p->n_groups, o->group) ? 0 : DIFFERS_GROUP;
    if (phase1) {
        d |= o->auth_method == policy->auth_method ? 0 : DIFFERS_AUTH;
    } else {
        d |= o->mode == policy->mode ? 0 : DIFFERS_MODE;
    }
    return d;
}

/* Rank of an allowed transform in our own order: the proposal, then its lists from the left. */
static unsigned rank(const struct offered *o, const struct cyg_proposal *p, unsigned index)
{
    unsigned r = index;
    r = r * 16 + place(p->ciphers, p->n_ciphers, o->cipher);
    r = r * 16 + place(p->integs, p->n_integs, o->integ);
    return r * 16 + place(p->groups, p->n_groups, o->group);
}

/* The transform to take under one policy; NULL. */
static const struct offered *choose(const struct offer *offer,
                                    const struct transforms_policy *policy)
{
    const struct offered *best = NULL;
    unsigned best_rank = 0;
    for (size_t i = 0; i < offer->n; i++) {
        const struct offered *o = &offer->items[i];
        for (unsigned k = 0; o->usable && k < policy->n_proposals; k++) {
            const struct cyg_proposal *p = &policy->proposals[k];
            if (differences(o, offer->phase1, policy, p) != 0) {
                continue;
            }
            unsigned r = rank(o, p, k);
            if (best == NULL || r < best_rank) {
                best = o;
                best_rank = r;
            }
            break;
        }
        if (best != NULL && !policy->prefer_own) {
            return best; /* the initiator's first */
        }
    }
    return best;
}

/* ---- what was near ---- */

struct pair {
    const struct offered *offered;
    const struct transforms_policy *policy;
    const struct cyg_proposal *proposal;
    unsigned differences, distance;
};

static void pairs_add(struct pair pairs[NEAREST_MAX], size_t *n, struct pair pair)
{
    size_t at = *n;
    while (at > 0 && pairs[at - 1].distance > pair.distance) {
        at--;
    }
    if (at >= NEAREST_MAX) {
        return;
    }
    size_t last = *n < NEAREST_MAX ? *n : NEAREST_MAX - 1;
    memmove(&pairs[at + 1], &pairs[at], (last - at) * sizeof *pairs);
    pairs[at] = pair;
    *n = last + 1;
}

static enum cyg_reason reason_of(unsigned d)
{
    static const enum cyg_reason by_difference[8] = {
        [DIFFERS_CIPHER] = CYG_R_DIFFERS_CIPHER,
        [DIFFERS_INTEG] = CYG_R_DIFFERS_HASH,
        [DIFFERS_CIPHER | DIFFERS_INTEG] = CYG_R_DIFFERS_CIPHER_HASH,
        [DIFFERS_GROUP] = CYG_R_DIFFERS_GROUP,
        [DIFFERS_CIPHER | DIFFERS_GROUP] = CYG_R_DIFFERS_CIPHER_GROUP,
        [DIFFERS_INTEG | DIFFERS_GROUP] = CYG_R_DIFFERS_HASH_GROUP,
        [DIFFERS_CIPHER | DIFFERS_INTEG | DIFFERS_GROUP] = CYG_R_DIFFERS_ALL,
    };
    if ((d & DIFFERS_AUTH) != 0) {
        return CYG_R_DIFFERS_AUTH;
    }
    if ((d & DIFFERS_MODE) != 0) {
        return CYG_R_DIFFERS_MODE;
    }
    return by_difference[d];
}

/* In phase 2 the group is PFS, which one side may not want at all. */
static enum cyg_reason pfs_reason_of(const struct pair *pair)
{
    if (pair->proposal->n_groups == 0) {
        return CYG_R_PFS_UNWANTED;
    }
    return pair->offered->group == CYG_ALG_NONE ? CYG_R_PFS_LACKING : CYG_R_DIFFERS_PFS;
}

/* What {got} and {want} are for a difference that is a number. */
static void set_numbers(const struct pair *pair, struct cyg_error *err)
{
    if ((pair->differences & DIFFERS_AUTH) != 0) {
        err->got = pair->offered->auth_method;
        err->want = pair->policy->auth_method;
    } else if ((pair->differences & DIFFERS_MODE) != 0) {
        err->got = pair->offered->mode;
        err->want = pair->policy->mode;
    }
}

/* The nearest of all goes into the deciding record too. */
static void record_nearest(struct exchange *x, const struct offer *offer,
                           const struct transforms_policy *policies, size_t n_policies,
                           struct cyg_error *decision)
{
    struct pair pairs[NEAREST_MAX];
    size_t n = 0;
    for (size_t i = 0; i < offer->n; i++) {
        if (!offer->items[i].usable) {
            continue;
        }
        for (size_t k = 0; k < n_policies; k++) {
            for (size_t m = 0; m < policies[k].n_proposals; m++) {
                struct pair pair = {
                    .offered = &offer->items[i],
                    .policy = &policies[k],
                    .proposal = &policies[k].proposals[m],
                };
                pair.differences =
                    differences(pair.offered, offer->phase1, pair.policy, pair.proposal);
                pair.distance = (unsigned)__builtin_popcount(pair.differences);
                pairs_add(pairs, &n, pair);
            }
        }
    }
    for (size_t i = 0; i < n; i++) {
        struct cyg_proposal theirs;
        struct cyg_error err;
        offered_quote(pairs[i].offered, offer->phase1, &theirs);
        bool pfs = !offer->phase1 && pairs[i].differences == DIFFERS_GROUP;
        (void)CYG_FAIL(&err, pfs ? pfs_reason_of(&pairs[i]) : reason_of(pairs[i].differences),
                       .payload = PAYLOAD_SA, .level = 2,
                       .got_quote = events_quote_proposal(&theirs),
                       .want_quote = events_quote_proposal(pairs[i].proposal));
        set_numbers(&pairs[i], &err);
        records_add(x, &err);
        if (i == 0) {
            decision->got_quote = err.got_quote;
            decision->want_quote = err.want_quote;
        }
    }
}

/* ---- the responder's choice ---- */

static void fill(const struct sa *sa, const struct offered *o, struct transforms_choice *ret)
{
    struct sa_proposal p = { 0 };
    struct sa_transform t = { 0 };
    for (size_t i = 0; i <= o->proposal; i++) {
        (void)sa_next_proposal(sa, &p);
    }
    for (size_t i = 0; i <= o->transform; i++) {
        (void)sa_next_transform(&p, &t);
    }
    *ret = (struct transforms_choice){
        .cipher = (enum cyg_alg)o->cipher,
        .integ = (enum cyg_alg)o->integ,
        .group = (enum cyg_alg)o->group,
        .lifetime = o->lifetime,
        .proposal = p,
        .transform = t,
    };
}

enum cyg_code transforms_choose_ike(struct exchange *x, const struct sa *sa,
                                    const struct transforms_policy *policies, size_t n_policies,
                                    struct transforms_choice *ret, size_t *ret_policy,
                                    struct cyg_error *err)
{
    struct offer offer;
    read_offer(x, sa, true, policies, &offer);
    for (size_t i = 0; i < n_policies; i++) {
        const struct offered *o = choose(&offer, &policies[i]);
        if (o != NULL) {
            fill(sa, o, ret);
            *ret_policy = i;
            return CYG_OK;
        }
    }
    enum cyg_code code = CYG_FAIL(err, CYG_R_NO_PROPOSAL_IKE, .payload = PAYLOAD_SA, .got = offer.n,
                                  .want = n_policies);
    if (n_policies > 0 && policies[0].n_proposals > 0) {
        err->want_quote = events_quote_proposal(&policies[0].proposals[0]);
    }
    record_nearest(x, &offer, policies, n_policies, err);
    return code;
}

enum cyg_code transforms_choose_esp(struct exchange *x, const struct sa *sa,
                                    const struct transforms_policy *policy,
                                    struct transforms_choice *ret, struct cyg_error *err)
{
    struct offer offer;
    enum cyg_code code = check_sound(sa, err);
    if (code != CYG_OK) {
        return code;
    }
    read_offer(x, sa, false, policy, &offer);
    const struct offered *o = choose(&offer, policy);
    if (o == NULL) {
        code = CYG_FAIL(err, CYG_R_NO_PROPOSAL_ESP, .payload = PAYLOAD_SA, .got = offer.n);
        record_nearest(x, &offer, policy, 1, err);
        return code;
    }
    for (size_t i = 0; i < offer.n; i++) { /* H-048: one KE serves one group */
        if (offer.items[i].usable && offer.items[i].group != o->group) {
            return CYG_FAIL(err, CYG_R_TRANSFORM_GROUPS, .payload = PAYLOAD_SA);
        }
    }
    fill(sa, o, ret);
    return sa_proposal_spi(&ret->proposal, &ret->spi, err);
}

/* ---- the initiator's check ---- */

/* Equal in everything but a lifetime that may be shorter (H-044). */
static bool is_choice_of(const struct sa_transform *ours, const struct sa_transform *theirs,
                         uint8_t protocol)
{
    struct transform_values a, b;
    if (ours->id != theirs->id || transform_decode(protocol, ours, &a, NULL) != CYG_OK
        || transform_decode(protocol, theirs, &b, NULL) != CYG_OK) {
        return false;
    }
    struct lifetime offered = lifetime_of(&a), taken = lifetime_of(&b);
    return a.present == b.present && memcmp(a.value, b.value, sizeof a.value) == 0
           && b.n_others == 0 && (!b.has_seconds || taken.seconds <= offered.seconds)
           && (offered.bytes == 0 || !b.has_kilobytes
               || (taken.bytes != 0 && taken.bytes <= offered.bytes));
}

static bool was_offered(const struct sa *offer, const struct sa_proposal *p,
                        const struct sa_transform *t)
{
    struct sa_proposal ours = { 0 };
    while (sa_next_proposal(offer, &ours)) {
        struct sa_transform transform = { 0 };
        while (ours.number == p->number && ours.protocol == p->protocol
               && sa_next_transform(&ours, &transform)) {
            if (is_choice_of(&transform, t, p->protocol)) {
                return true;
            }
        }
    }
    return false;
}

enum cyg_code transforms_check(const struct sa *offer, const struct sa *answer,
                               const struct transforms_policy *policy,
                               struct transforms_choice *ret, struct cyg_error *err)
{
    struct sa_proposal p = { 0 };
    struct sa_transform t = { 0 };
    if (answer->n_proposals != 1 || answer->n_transforms != 1 || !sa_next_proposal(answer, &p)
        || !sa_next_transform(&p, &t)) {
        return CYG_FAIL(err, CYG_R_CHOICE_NOT_ONE, .payload = PAYLOAD_SA,
                        .got = answer->n_transforms, .want = 1);
    }
    if (!was_offered(offer, &p, &t)) {
        return CYG_FAIL(err, CYG_R_CHOICE_NOT_OFFERED, .payload = PAYLOAD_SA, .got = p.number,
                        .want = t.number);
    }
    struct offered o = { 0 };
    bool phase1 = p.protocol == PROTOCOL_ISAKMP;
    enum cyg_code code = phase1 ? transforms_read_ike(&t, policy->min_lifetime_s, &o, err)
                                : transforms_read_esp(&t, policy, &o, err);
    if (code != CYG_OK) {
        return code;
    }
    fill(answer, &o, ret);
    return phase1 ? CYG_OK : sa_proposal_spi(&p, &ret->spi, err);
}

bool transforms_allow(const struct cyg_proposal *proposals, size_t n, enum cyg_alg cipher,
                      enum cyg_alg integ, enum cyg_alg group)
{
    for (size_t i = 0; i < n; i++) {
        const struct cyg_proposal *p = &proposals[i];
        if (fits(p->ciphers, p->n_ciphers, (uint8_t)cipher)
            && fits(p->integs, p->n_integs, (uint8_t)integ)
            && fits(p->groups, p->n_groups, (uint8_t)group)) {
            return true;
        }
    }
    return false;
}

void transforms_echo(struct cyg_writer *w, const struct transforms_choice *choice,
                     struct cyg_span spi)
{
    struct sa_encoder e;
    sa_encode_begin(&e, w, DOI_IPSEC, SITUATION_IDENTITY_ONLY);
    sa_encode_proposal(&e, choice->proposal.number, choice->proposal.protocol, spi);
    sa_encode_transform_raw(&e, &choice->transform);
    sa_encode_end(&e);
}
