/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Main mode as initiator, RFC 2409 5. The peer and its secret are known from the start. */
#include "codec/notify.h"
#include "events.h"
#include "jobs.h"
#include "main_mode.h"
#include "offers.h"
#include "outgoing.h"
#include "principal.h"
#include "unique.h"
#include "why.h"

#include <string.h>

static step_handler take_choice, take_key, take_proof;
static enum step_result send_offer(struct exchange *x, struct cyg_error *err);

/* One row for each message that we accept. */
static const struct step steps[] = {
    /* clang-format off */
    { .name = "main 2", .state = MM_I_OFFERED, .next = MM_I_SHARED, .protect = PROTECT_NONE,
      .first = AT(SA), .required = PL(SA), .allowed = PL(CR), .many = PL(CR),
      .handle = take_choice },
    { .name = "main 4", .state = MM_I_SHARED,  .next = MM_I_PROVED, .protect = PROTECT_NONE,
      .required = PL(KE) | PL(NONCE), .allowed = PL(CR) | PL(NATD), .many = PL(CR) | PL(NATD),
      .handle = take_key },
    { .name = "main 6", .state = MM_I_PROVED,  .next = MM_I_DONE,   .protect = PROTECT_ENCRYPTED,
      .required = PL(ID), .allowed = PL(HASH) | PL(SIG) | PL(CERT) | PL(CR),
      .many = PL(ID) | PL(HASH) | PL(SIG) | PL(CERT) | PL(CR), .handle = take_proof },
    /* clang-format on */
};
_Static_assert(CYG_LEN(steps) == MM_I_DONE - MM_I_OFFERED, "a state without a step");

const struct exchange_kind main_mode_initiator = {
    .name = "main mode",
    .type = EXCHANGE_MAIN,
    .initiator = true,
    .phase1 = true,
    .n_steps = CYG_LEN(steps),
    .done = MM_I_DONE,
    .repeat = 1u << MM_I_OFFERED | 1u << MM_I_SHARED | 1u << MM_I_PROVED,
    .steps = steps,
    .start = send_offer,
    .ended = main_ended,
};

/* ---- main 1 ---- */

enum cyg_code main_mode_prepare(struct engine *engine, struct cyg_peer *peer,
                                const struct cyg_path *path, const struct cyg_peer_secret *secret,
                                uint64_t order_id, struct ike_sa **ret, struct cyg_error *err)
{
    struct ike_sa *sa = NULL;
    struct exchange *x = NULL;
    enum cyg_code code = ike_sa_new(engine, path, true, peer, &sa, err);
    if (code != CYG_OK) {
        return code;
    }
    code = exchange_new(sa, &main_mode_initiator, 0, &x, err);
    if (code != CYG_OK) {
        ike_sa_end(sa, false, err);
        return code;
    }
    struct main_mode *mm = arena_take(&x->arena, sizeof *mm);
    x->data = mm;
    x->order_id = order_id;
    struct cyg_span psk = { NULL, 0 };
    if (secret != NULL) {
        psk = (struct cyg_span){ secret->data, secret->len };
    }
    struct cyg_quote *key = arena_take(&x->arena, sizeof *key);
    if (mm == NULL || key == NULL || arena_copy(&x->arena, psk, &mm->psk) != CYG_OK) {
        code = CYG_FAIL(err, CYG_R_NOMEM);
    } else {
        mm->key = key;
        if (secret != NULL) {
            *key = why_key(secret);
        }
        mm->auth_method = peer->auth_method;
        mm->nat_vids = peer->nat_vids;
        mm->encap = peer->encap;
        code = main_find_auth(x, peer->auth_method, err);
    }
    if (code != CYG_OK) {
        exchange_end(x, err); /* takes the SA with it */
        return code;
    }
    *ret = sa;
    return CYG_OK;
}

static enum step_result send_offer(struct exchange *x, struct cyg_error *err)
{
    struct main_mode *mm = x->data;
    struct outgoing o;
    outgoing_begin(&o, x, PROTECT_NONE);
    builder_payload_begin(&o.b, PAYLOAD_SA);
    size_t at = cyg_writer_offset(&o.w);
    if (offer_ike(&o.w, x->engine, x->sa->peer, err) != CYG_OK) {
        return STEP_REFUSED;
    }
    struct cyg_span body = cyg_span_after(cyg_writer_span(&o.w), at);
    if (arena_copy(&x->arena, body, &mm->sa_i) != CYG_OK) {
        (void)CYG_FAIL(err, CYG_R_NOMEM);
        return STEP_REFUSED;
    }
    builder_payload_end(&o.b);
    natt_offer(&o.b, mm->nat_vids);
    builder_payload(&o.b, PAYLOAD_VID, vid_info(VID_DPD)->send);
    return outgoing_send(&o, err) == CYG_OK ? STEP_TAKEN : STEP_REFUSED;
}

/* ---- main 2: what was chosen; our key follows in main 3 ---- */

/* Our address is the one on which MM2 arrived, never a configured %any (PROTOCOL "NAT-D"). */
static void learn_own_address(struct exchange *x)
{
    if (cyg_address_is_any(&x->sa->path.local)) {
        uint16_t port = x->sa->path.local.port;
        x->sa->path.local = x->work.path.local;
        x->sa->path.local.port = port;
    }
}

static enum step_result key_made(struct exchange *x, struct engine_job *job, struct cyg_error *err)
{
    static const uint8_t no_cookie[COOKIE_LEN];
    struct main_mode *mm = x->data;
    struct outgoing o;
    if (job->code != CYG_OK) {
        *err = job->err;
        return STEP_REFUSED;
    }
    mm->private_value = arena_take(&x->arena, sizeof *mm->private_value);
    struct cyg_span public_value = { job->dh->public_value, job->dh->public_len };
    if (mm->private_value == NULL || arena_copy(&x->arena, public_value, &mm->ke_i) != CYG_OK) {
        (void)CYG_FAIL(err, CYG_R_NOMEM);
        return STEP_REFUSED;
    }
    *mm->private_value = job->dh->private_value;
    if (exchange_make_nonce(x, &x->nonce_i, err) != CYG_OK) {
        return STEP_REFUSED;
    }
    ike_sa_learn_cookie(x->sa, mm->cookie_r);
    outgoing_begin(&o, x, PROTECT_NONE);
    if (main_put_key(x, &o.b, mm->ke_i, x->nonce_i, err) != CYG_OK
        || outgoing_send(&o, err) != CYG_OK) {
        ike_sa_learn_cookie(x->sa, no_cookie);
        return STEP_REFUSED;
    }
    learn_own_address(x);
    return STEP_TAKEN;
}

static enum step_result take_choice(struct exchange *x, const struct message *in,
                                    struct cyg_error *err)
{
    static const uint8_t no_cookie[COOKIE_LEN];
    struct main_mode *mm = x->data;
    const struct payload *p = message_find(in, PK_SA, 0);
    const struct transforms_policy policy = {
        .min_lifetime_s = x->engine->settings.min_lifetime_s,
    };
    struct transforms_choice choice;
    struct sa offer, answer;
    if (memcmp(in->header.cookie_r, no_cookie, COOKIE_LEN) == 0) { /* our own MM1, reflected */
        (void)CYG_FAIL(err, CYG_R_REFLECTED, .payload = PAYLOAD_SA);
        return STEP_REFUSED;
    }
    if (sa_decode(p->body, &answer, err) != CYG_OK || sa_decode(mm->sa_i, &offer, err) != CYG_OK
        || transforms_check(&offer, &answer, &policy, &choice, err) != CYG_OK) {
        (void)payload_failed(in, p, CYG_REFUSED, err);
        return STEP_REFUSED; /* H-044: it may be spoofed */
    }
    mm->algs = (struct ike_algs){ choice.cipher, choice.integ, choice.group };
    mm->offered = (struct lifetime){ .seconds = offer_ike_lifetime(x->sa->peer->lifetime_s) };
    mm->agreed = lifetime_shorter(mm->offered, choice.lifetime);
    memcpy(mm->cookie_r, in->header.cookie_r, COOKIE_LEN);
    main_learn_vids(x, in);
    x->sa->natt = (uint8_t)natt_kind_of(natt_choose(in, mm->nat_vids));
    return job_dh(x, mm->algs.group, NULL, (struct cyg_span){ NULL, 0 }, key_made, err);
}

/* ---- main 4: keys; our proof follows in main 5 ---- */

static void put_initial_contact(struct exchange *x, struct builder *b, struct cyg_writer *w)
{
    uint8_t cookies[2 * COOKIE_LEN];
    ike_sa_cookies(x->sa, cookies);
    const struct notify n = {
        .doi = DOI_IPSEC,
        .protocol = PROTOCOL_ISAKMP,
        .type = NOTIFY_INITIAL_CONTACT,
        .spi = cyg_span_of_array(cookies),
    };
    builder_payload_begin(b, PAYLOAD_N);
    notify_encode(&n, w);
    builder_payload_end(b);
}

static enum step_result secret_made(struct exchange *x, struct engine_job *job,
                                    struct cyg_error *err)
{
    struct main_mode *mm = x->data;
    struct ike_sa *sa = x->sa;
    struct outgoing o;
    if (job->code != CYG_OK) {
        *err = job->err;
        return STEP_REFUSED;
    }
    if (main_derive(x, &job->dh->shared, err) != CYG_OK) {
        return STEP_REFUSED;
    }
    outgoing_begin(&o, x, PROTECT_ENCRYPTED);
    if (main_put_proof(x, &o.b, err) != CYG_OK) {
        return STEP_REFUSED;
    }
    if (sa->peer->unique != CYG_UNIQUE_NEVER && unique_is_first_contact(sa)) {
        put_initial_contact(x, &o.b, &o.w);
    }
    struct cyg_path before = sa->path;
    bool nat = mm->nat.local || mm->nat.remote || (mm->encap && sa->natt != NATT_NONE);
    if (nat) { /* from here on port 4500 (RFC 3947 4) */
        sa->path = natt_float(&x->engine->settings, &sa->path);
    }
    if (outgoing_send(&o, err) != CYG_OK) {
        sa->path = before;
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
        return STEP_REFUSED;
    }
    main_learn_vids(x, in);
    return job_dh(x, mm->algs.group, mm->private_value, mm->ke_r, secret_made, err);
}

/* ---- main 6: the peer's proof ---- */

/* A shorter lifetime of the responder's, protected by the keys just proved. */
static void obey_lifetime(struct main_mode *mm, const struct message *in)
{
    for (size_t i = 0; i < in->count[PK_N]; i++) {
        struct notify n;
        struct lifetime said;
        if (notify_decode(message_find(in, PK_N, i)->body, &n, NULL) == CYG_OK
            && n.type == NOTIFY_RESPONDER_LIFETIME
            && lifetime_decode(n.data, IKE_ATTR_LIFE_TYPE, &said) == CYG_OK
            && said.seconds >= LIFETIME_OBEY_MIN) {
            mm->agreed = lifetime_shorter(mm->agreed, said);
        }
    }
}

static enum step_result take_proof(struct exchange *x, const struct message *in,
                                   struct cyg_error *err)
{
    struct main_mode *mm = x->data;
    struct ike_sa *sa = x->sa;
    struct cyg_identity identity;
    if (main_check_proof(x, in, &identity, err) != CYG_OK) {
        return STEP_REFUSED;
    }
    if (cyg_identity_match(&sa->peer->remote_id, &identity) == 0) { /* H-111 */
        bool is_private = cyg_identity_is_private(&identity, &sa->path.remote);
        (void)CYG_FAIL(err, is_private ? CYG_R_PEER_IDENTITY_PRIVATE : CYG_R_PEER_IDENTITY,
                       .payload = PAYLOAD_ID, .got_quote = events_quote_identity(&identity),
                       .want_quote = events_quote_identity(&sa->peer->remote_id));
        return STEP_REFUSED;
    }
    obey_lifetime(mm, in);
    if (ike_sa_establish(sa, &identity, mm->agreed.seconds, err) != CYG_OK) {
        return STEP_REFUSED;
    }
    ike_sa_freeze(sa, x->iv, x->work.iv);
    exchange_proved(x);
    return STEP_TAKEN;
}
