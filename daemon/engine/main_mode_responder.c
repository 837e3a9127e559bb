/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Main mode as responder, RFC 2409 5. The peer is not known before MM5: MM1 is answered from the
 * policies of the address group, the secret is the group's best fit, the identity decides at the
 * end (DESIGN.md "Peers"). */
#include "by_peer.h"
#include "events.h"
#include "jobs.h"
#include "main_mode.h"
#include "outgoing.h"
#include "records.h"
#include "unique.h"
#include "why.h"

#include "codec/notify.h"

#include <string.h>

#define CANDIDATES_MAX 16u /* distinct policies in one group (DESIGN.md) */

static step_handler take_offer, take_key, take_proof;

/* One row for each message that we accept. */
static const struct step steps[] = {
    /* clang-format off */
    { .name = "main 1", .state = MM_R_START,  .next = MM_R_CHOSEN, .protect = PROTECT_NONE,
      .first = AT(SA), .required = PL(SA), .allowed = PL(CR), .many = PL(CR),
      .handle = take_offer },
    { .name = "main 3", .state = MM_R_CHOSEN, .next = MM_R_KEYED,  .protect = PROTECT_NONE,
      .required = PL(KE) | PL(NONCE), .allowed = PL(CR) | PL(NATD), .many = PL(CR) | PL(NATD),
      .handle = take_key },
    { .name = "main 5", .state = MM_R_KEYED,  .next = MM_R_DONE,   .protect = PROTECT_ENCRYPTED,
      .required = PL(ID), .allowed = PL(HASH) | PL(SIG) | PL(CERT) | PL(CR),
      .many = PL(ID) | PL(HASH) | PL(SIG) | PL(CERT) | PL(CR), .handle = take_proof },
    /* clang-format on */
};
_Static_assert(CYG_LEN(steps) == MM_R_DONE, "a state without a step");

const struct exchange_kind main_mode_responder = {
    .name = "main mode",
    .type = EXCHANGE_MAIN,
    .phase1 = true,
    .n_steps = CYG_LEN(steps),
    .done = MM_R_DONE,
    .steps = steps,
    .ended = main_ended,
};

/* ---- main 1: choose ---- */

static enum cyg_code send_choice(struct exchange *x, const struct transforms_choice *choice,
                                 struct cyg_error *err)
{
    struct main_mode *mm = x->data;
    struct outgoing o;
    outgoing_begin(&o, x, PROTECT_NONE);
    builder_payload_begin(&o.b, PAYLOAD_SA);
    transforms_echo(&o.w, choice, (struct cyg_span){ NULL, 0 });
    builder_payload_end(&o.b);
    if (mm->natt_vid != VID_UNKNOWN) {
        builder_payload(&o.b, PAYLOAD_VID, vid_info(mm->natt_vid)->send);
    }
    builder_payload(&o.b, PAYLOAD_VID, vid_info(VID_DPD)->send);
    return outgoing_send(&o, err);
}

/* Take over what a candidate and a transform have decided. */
static enum cyg_code settle(struct exchange *x, const struct cyg_candidate *candidate,
                            const struct transforms_choice *choice, struct cyg_error *err)
{
    struct main_mode *mm = x->data;
    enum cyg_code code = main_find_auth(x, candidate->auth_method, err);
    if (code != CYG_OK) {
        return code;
    }
    mm->candidate = candidate;
    mm->auth_method = candidate->auth_method;
    mm->encap = candidate->encap;
    mm->algs = (struct ike_algs){ choice->cipher, choice->integ, choice->group };
    mm->offered = choice->lifetime;
    mm->psk = (struct cyg_span){ candidate->secret.data, candidate->secret.len };
    mm->natt_vid = (enum vid_id)mm->natt_vids[candidate->nat_vids];
    x->sa->natt = (uint8_t)natt_kind_of(mm->natt_vid);
    return CYG_OK;
}

/* The candidates as policies; those without the secret they need are said and left out. */
static size_t policies_of(struct exchange *x, const struct cyg_candidates *all,
                          struct transforms_policy *ret, const struct cyg_candidate **ret_candidate)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n && n < CANDIDATES_MAX; i++) {
        const struct cyg_candidate *c = &all->items[i];
        struct cyg_error note = { 0 };
        if (c->aggressive) {
            continue; /* its peers begin with aggressive mode only */
        }
        if (!c->has_secret && c->auth_method == IKE_AUTH_PSK) {
            (void)CYG_FAIL(&note, CYG_R_NO_SECRET, .got_quote = cyg_quote_text(c->peer_name));
            records_add(x, &note);
            continue;
        }
        ret[n] = (struct transforms_policy){
            .proposals = c->proposals,
            .n_proposals = c->n_proposals,
            .auth_method = c->auth_method,
            .prefer_own = c->prefer_own,
            .min_lifetime_s = x->engine->settings.min_lifetime_s,
        };
        ret_candidate[n++] = c;
    }
    return n;
}

/* The offer against the group. */
static enum step_result answer_offer(struct exchange *x, const struct sa *offer,
                                     struct cyg_error *err)
{
    struct main_mode *mm = x->data;
    const struct cyg_candidates *all = mm->group->candidates;
    struct transforms_policy policies[CANDIDATES_MAX];
    const struct cyg_candidate *candidates[CANDIDATES_MAX];
    struct transforms_choice choice;
    size_t chosen = 0;
    if (all->n == 0) {
        (void)CYG_FAIL(err, CYG_R_NO_PEER_FOR_ADDRESS,
                       .got_quote = events_quote_endpoint(&x->sa->path.remote),
                       .want_quote = events_quote_endpoint(&x->sa->path.local));
        return STEP_REFUSED;
    }
    size_t n = policies_of(x, all, policies, candidates);
    if (n == 0) {
        (void)CYG_FAIL(err, CYG_R_NO_CANDIDATE, .got = all->n);
        return STEP_REFUSED;
    }
    if (transforms_choose_ike(x, offer, policies, n, &choice, &chosen, err) != CYG_OK
        || settle(x, candidates[chosen], &choice, err) != CYG_OK
        || send_choice(x, &choice, err) != CYG_OK) {
        return STEP_REFUSED;
    }
    return STEP_TAKEN;
}

static enum step_result candidates_found(struct exchange *x, struct engine_job *job,
                                         struct cyg_error *err)
{
    struct main_mode *mm = x->data;
    if (job->code != CYG_OK) {
        *err = job->err;
        return STEP_REFUSED;
    }
    mm->group = groups_add(x->engine, &x->sa->path, CYG_TAKE(job->query->candidates));
    if (mm->group == NULL) {
        (void)CYG_FAIL(err, CYG_R_NOMEM);
        return STEP_REFUSED;
    }
    if (group_is_known(mm->group)) {
        half_open_known(x->engine, x->half_open);
    }
    struct sa offer; /* kept as it came */
    if (sa_decode(mm->sa_i, &offer, err) != CYG_OK) {
        return STEP_REFUSED;
    }
    return answer_offer(x, &offer, err);
}

/* The walker has checked payloads, counts and order. */
static enum step_result take_offer(struct exchange *x, const struct message *in,
                                   struct cyg_error *err)
{
    const struct payload *p = message_find(in, PK_SA, 0);
    struct main_mode *mm = arena_take(&x->arena, sizeof *mm + p->body.len);
    struct sa offer;
    if (sa_decode(p->body, &offer, err) != CYG_OK) {
        (void)payload_failed(in, p, CYG_MALFORMED, err);
        return STEP_REFUSED;
    }
    if (mm == NULL) {
        (void)CYG_FAIL(err, CYG_R_NOMEM);
        return STEP_REFUSED;
    }
    memcpy(mm->offer, p->body.data, p->body.len); /* not empty: it was decoded */
    mm->sa_i = (struct cyg_span){ mm->offer, p->body.len };
    x->data = mm;
    main_learn_vids(x, in);
    for (size_t policy = 0; policy < CYG_LEN(mm->natt_vids); policy++) {
        /* which of them counts is known when the group is */
        mm->natt_vids[policy] = (uint8_t)natt_choose(in, (uint8_t)policy);
    }
    mm->group = groups_find(x->engine, &x->sa->path);
    if (mm->group == NULL) {
        return job_candidates(x, &x->sa->path, candidates_found, err);
    }
    return answer_offer(x, &offer, err);
}

/* ---- main 3: keys ---- */

static enum step_result key_made(struct exchange *x, struct engine_job *job, struct cyg_error *err)
{
    struct main_mode *mm = x->data;
    struct outgoing o;
    if (job->code != CYG_OK) {
        *err = job->err;
        return STEP_REFUSED;
    }
    struct cyg_span public_value = { job->dh->public_value, job->dh->public_len };
    if (cyg_span_equal(public_value, mm->ke_i)) { /* H-058 */
        (void)CYG_FAIL(err, CYG_R_REFLECTED, .payload = PAYLOAD_KE);
        return STEP_REFUSED;
    }
    if (arena_copy(&x->arena, public_value, &mm->ke_r) != CYG_OK) {
        (void)CYG_FAIL(err, CYG_R_NOMEM);
        return STEP_REFUSED;
    }
    if (exchange_make_nonce(x, &x->nonce_r, err) != CYG_OK
        || main_derive(x, &job->dh->shared, err) != CYG_OK) {
        return STEP_REFUSED;
    }
    outgoing_begin(&o, x, PROTECT_NONE);
    if (main_put_key(x, &o.b, mm->ke_r, x->nonce_r, err) != CYG_OK
        || outgoing_send(&o, err) != CYG_OK) {
        return STEP_REFUSED;
    }
    main_apply_nat(x);
    return STEP_TAKEN;
}

static enum step_result take_key(struct exchange *x, const struct message *in,
                                 struct cyg_error *err)
{
    struct main_mode *mm = x->data;
    if (main_take_key(x, in, err) != CYG_OK) {
        return STEP_REFUSED; /* H-053: the genuine message may still come */
    }
    main_learn_vids(x, in);
    return job_dh(x, mm->algs.group, NULL, mm->ke_i, key_made, err);
}

/* ---- main 5: proof ---- */

static struct lifetime own_lifetime(const struct exchange *x)
{
    const struct cyg_peer *peer = x->sa->peer;
    uint64_t seconds = peer->lifetime_s != 0 ? peer->lifetime_s : LIFETIME_IKE_OFFER;
    return (struct lifetime){ .seconds = seconds };
}

/* RESPONDER-LIFETIME under the protection of MM6, when ours is shorter (PROTOCOL "Lifetimes"). */
static void put_lifetime(struct exchange *x, struct builder *b, struct cyg_writer *w)
{
    const struct main_mode *mm = x->data;
    struct lifetime ours = own_lifetime(x);
    if (!lifetime_must_tell(mm->offered, ours)) {
        return;
    }
    uint8_t cookies[2 * COOKIE_LEN], data[32];
    ike_sa_cookies(x->sa, cookies);
    struct cyg_writer attributes = cyg_writer_of(data, sizeof data);
    lifetime_encode(&attributes, IKE_ATTR_LIFE_TYPE, ours);
    const struct notify n = {
        .doi = DOI_IPSEC,
        .protocol = PROTOCOL_ISAKMP,
        .type = NOTIFY_RESPONDER_LIFETIME,
        .spi = cyg_span_of_array(cookies),
        .data = cyg_writer_span(&attributes),
    };
    builder_payload_begin(b, PAYLOAD_N);
    notify_encode(&n, w);
    builder_payload_end(b);
}

/* The identity has a peer and everything agrees: prove ourselves; the SA is up. */
static enum step_result peer_found(struct exchange *x, struct engine_job *job,
                                   struct cyg_error *err)
{
    struct main_mode *mm = x->data;
    struct ike_sa *sa = x->sa;
    struct outgoing o;
    uint8_t before[IV_MAX];
    if (job->code != CYG_OK) {
        *err = job->err;
        return STEP_REFUSED;
    }
    if (by_peer_join(sa, job->query->peer) != CYG_OK) {
        (void)CYG_FAIL(err, CYG_R_NOMEM);
        return STEP_REFUSED;
    }
    job->query->peer = NULL;
    if (unique_check(sa, &job->query->identity, err) != CYG_OK) {
        by_peer_leave(sa); /* it stays, to name who was refused */
        return STEP_REFUSED;
    }
    struct lifetime agreed = lifetime_shorter(mm->offered, own_lifetime(x));
    memcpy(before, x->work.iv, IV_MAX);
    outgoing_begin(&o, x, PROTECT_ENCRYPTED);
    enum cyg_code code = main_put_proof(x, &o.b, err);
    if (code == CYG_OK) {
        put_lifetime(x, &o.b, &o.w);
        code = ike_sa_establish(sa, &job->query->identity, agreed.seconds, err);
    }
    if (code != CYG_OK) {
        by_peer_leave(sa);
        cyg_peer_release(sa->peer);
        sa->peer = NULL;
        return STEP_REFUSED;
    }
    if (outgoing_send(&o, err) != CYG_OK) {
        records_add(x, err);
        ike_sa_end(sa, false, err); /* established, but the peer would never learn it */
        return STEP_REFUSED;
    }
    ike_sa_freeze(sa, before, x->work.iv);
    return STEP_TAKEN;
}

static bool says_initial_contact(const struct message *in)
{
    for (size_t n = 0; n < in->count[PK_N]; n++) {
        struct notify notify;
        if (notify_decode(message_find(in, PK_N, n)->body, &notify, NULL) == CYG_OK
            && notify.type == NOTIFY_INITIAL_CONTACT) {
            return true;
        }
    }
    return false;
}

static enum step_result take_proof(struct exchange *x, const struct message *in,
                                   struct cyg_error *err)
{
    struct main_mode *mm = x->data;
    struct cyg_identity identity;
    if (main_check_proof(x, in, &identity, err) != CYG_OK) {
        return STEP_REFUSED;
    }
    exchange_proved(x); /* he holds the secret: the path follows him, and MM6 goes there */
    mm->initial_contact = says_initial_contact(in);
    const struct cyg_peer_query query = {
        .path = x->sa->path,
        .remote_id = &identity,
        .auth_method = mm->auth_method,
        .psk = mm->psk,
        .cipher = mm->algs.cipher,
        .integ = mm->algs.hash,
        .group = mm->algs.group,
        .key_bits = cyg_alg_info(mm->algs.cipher)->key_bits,
    };
    return job_peer_by_identity(x, &query, peer_found, err);
}
