/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Quick mode as initiator, RFC 2409 5.5: an SPI, a key when PFS is wanted, QM1; with QM2 the keys;
 * both directions are installed, then QM3 goes out. */
#include "codec/id.h"
#include "codec/notify.h"
#include "crypt.h"
#include "events.h"
#include "jobs.h"
#include "offers.h"
#include "outgoing.h"
#include "quick_mode.h"

#include <string.h>

static step_handler take_answer;
static enum step_result begin(struct exchange *x, struct cyg_error *err);

static const struct step steps[] = {
    /* clang-format off */
    { .name = "quick 2", .state = QM_I_OFFERED, .next = QM_I_DONE, .protect = PROTECT_HASH_2,
      .first = AT(HASH), .second = AT(SA), .required = PL(HASH) | PL(SA) | PL(NONCE),
      .allowed = PL(KE) | PL(ID) | PL(NATOA), .many = PL(ID) | PL(NATOA), .handle = take_answer },
    /* clang-format on */
};
_Static_assert(CYG_LEN(steps) == QM_I_DONE - QM_I_OFFERED, "a state without a step");

const struct exchange_kind quick_mode_initiator = {
    .name = "quick mode",
    .type = EXCHANGE_QUICK,
    .initiator = true,
    .n_steps = CYG_LEN(steps),
    .done = QM_I_DONE,
    .repeat = 1u << QM_I_OFFERED,
    .steps = steps,
    .start = begin,
    .ended = quick_ended,
};

/* ---- quick 1 ---- */

enum cyg_code quick_mode_initiate(struct ike_sa *sa, struct cyg_peer *peer,
                                  const struct cyg_peer_child *config, const struct cyg_flow *flow,
                                  uint64_t order, uint64_t order_id, struct cyg_error *err)
{
    uint32_t id;
    struct exchange *x = NULL;
    enum cyg_code code = message_ids_new(sa, &id, err);
    if (code == CYG_OK) {
        code = exchange_new(sa, &quick_mode_initiator, id, &x, err);
    }
    if (code != CYG_OK) {
        return code;
    }
    struct quick_mode *qm = arena_take(&x->arena, sizeof *qm);
    if (qm == NULL || crypt_iv(sa, crypt_last_block(sa), id, x->iv) != CYG_OK) {
        code = CYG_FAIL(err, CYG_R_NOMEM);
        exchange_end(x, err); /* without data: the order is told by its caller */
        return code;
    }
    qm->peer = cyg_peer_hold(peer);
    qm->config = config;
    qm->flow = *flow;
    qm->order = order;
    offer_policy(sa, config, &qm->policy);
    qm->policy.group = offer_pfs(sa->engine, config);
    qm->group = qm->policy.group;
    x->data = qm;
    x->order_id = order_id;
    exchange_start(x);
    return CYG_OK;
}

static enum cyg_code put_ids(struct exchange *x, struct builder *b, struct cyg_error *err)
{
    struct quick_mode *qm = x->data;
    const struct cyg_selector *sides[2] = { &qm->flow.local, &qm->flow.remote };
    struct cyg_span *kept[2] = { &qm->id_ci, &qm->id_cr };
    for (size_t i = 0; i < 2; i++) {
        uint8_t data[32], body[36];
        size_t len = 0;
        struct id id = { .protocol = sides[i]->protocol, .port = sides[i]->port };
        cyg_selector_to_id(sides[i], &id.type, data, &len);
        id.data = (struct cyg_span){ data, len };
        struct cyg_writer w = cyg_writer_of(body, sizeof body);
        id_encode(&id, &w);
        if (arena_copy(&x->arena, cyg_writer_span(&w), kept[i]) != CYG_OK) {
            return CYG_FAIL(err, CYG_R_NOMEM);
        }
        builder_payload(b, PAYLOAD_ID, *kept[i]);
    }
    return CYG_OK;
}

static enum step_result send_offer(struct exchange *x, struct cyg_error *err)
{
    struct quick_mode *qm = x->data;
    struct outgoing o;
    qm->offered = offer_child_lifetime(qm->config);
    if (exchange_make_nonce(x, &x->nonce_i, err) != CYG_OK) {
        return STEP_REFUSED;
    }
    outgoing_begin(&o, x, PROTECT_HASH_1);
    builder_payload_begin(&o.b, PAYLOAD_SA);
    size_t at = cyg_writer_offset(&o.w);
    if (offer_esp(&o.w, x->engine, &qm->policy, (enum natt_kind)x->sa->natt, qm->offered,
                  qm->spi_in, err)
        != CYG_OK) {
        return STEP_REFUSED;
    }
    if (arena_copy(&x->arena, cyg_span_after(cyg_writer_span(&o.w), at), &qm->sa_i) != CYG_OK) {
        (void)CYG_FAIL(err, CYG_R_NOMEM);
        return STEP_REFUSED;
    }
    builder_payload_end(&o.b);
    builder_payload(&o.b, PAYLOAD_NONCE, x->nonce_i);
    if (qm->group != CYG_ALG_NONE) {
        builder_payload(&o.b, PAYLOAD_KE, qm->public_value);
    }
    if (put_ids(x, &o.b, err) != CYG_OK) {
        return STEP_REFUSED;
    }
    quick_put_natoa(x, &o.b, &o.w);
    return outgoing_send(&o, err) == CYG_OK ? STEP_TAKEN : STEP_REFUSED;
}

static enum step_result key_made(struct exchange *x, struct engine_job *job, struct cyg_error *err)
{
    struct quick_mode *qm = x->data;
    if (job->code != CYG_OK) {
        *err = job->err;
        return STEP_REFUSED;
    }
    qm->private_value = arena_take(&x->arena, sizeof *qm->private_value);
    struct cyg_span public_value = { job->dh->public_value, job->dh->public_len };
    if (qm->private_value == NULL
        || arena_copy(&x->arena, public_value, &qm->public_value) != CYG_OK) {
        (void)CYG_FAIL(err, CYG_R_NOMEM);
        return STEP_REFUSED;
    }
    *qm->private_value = job->dh->private_value;
    return send_offer(x, err);
}

static enum step_result make_key(struct exchange *x, struct cyg_error *err)
{
    struct quick_mode *qm = x->data;
    if (qm->group == CYG_ALG_NONE) {
        return send_offer(x, err);
    }
    return job_dh(x, qm->group, NULL, (struct cyg_span){ NULL, 0 }, key_made, err);
}

static enum step_result spi_reserved(struct exchange *x, const struct cyg_kernel_result *result,
                                     struct cyg_error *err)
{
    struct quick_mode *qm = x->data;
    if (result->code != CYG_OK) {
        quick_kernel_failed(x, result, err);
        return STEP_REFUSED;
    }
    qm->spi_in = result->spi;
    return make_key(x, err);
}

/* Called again by timer when there was no room for the work. */
static enum step_result begin(struct exchange *x, struct cyg_error *err)
{
    const struct quick_mode *qm = x->data;
    if (qm->spi_in != 0) {
        return make_key(x, err);
    }
    return kernel_reserve(x, CYG_IPSEC_ESP, spi_reserved, err);
}

/* ---- quick 2 ---- */

static enum step_result send_confirmation(struct exchange *x,
                                          const struct cyg_kernel_result *result,
                                          struct cyg_error *err)
{
    struct outgoing o;
    if (result->code != CYG_OK) {
        quick_kernel_failed(x, result, err);
        return STEP_REFUSED;
    }
    outgoing_begin(&o, x, PROTECT_HASH_3);
    return outgoing_send(&o, err) == CYG_OK ? STEP_TAKEN : STEP_REFUSED;
}

static enum step_result install(struct exchange *x, struct cyg_error *err)
{
    struct quick_mode *qm = x->data;
    if (quick_derive(x, err) != CYG_OK || quick_make_child(x, err) != CYG_OK) {
        return STEP_REFUSED;
    }
    return kernel_install(x, qm->child, qm->keys_in, qm->keys_out, send_confirmation, err);
}

static enum step_result secret_made(struct exchange *x, struct engine_job *job,
                                    struct cyg_error *err)
{
    struct quick_mode *qm = x->data;
    if (job->code != CYG_OK) {
        *err = job->err;
        return STEP_REFUSED;
    }
    if (arena_copy(&x->arena, cyg_secret_span(&job->dh->shared), &qm->shared) != CYG_OK) {
        (void)CYG_FAIL(err, CYG_R_NOMEM);
        return STEP_REFUSED;
    }
    return install(x, err);
}

/* The answer's IDs, when there are any, are ours: compared as sets, never narrowed here. */
static enum cyg_code check_ids(struct exchange *x, const struct message *in, struct cyg_error *err)
{
    const struct quick_mode *qm = x->data;
    const struct cyg_selector *sides[2] = { &qm->flow.local, &qm->flow.remote };
    if (in->count[PK_ID] != 0 && in->count[PK_ID] != 2) {
        return CYG_FAIL(err, CYG_R_ID_COUNT, .payload = PAYLOAD_ID, .got = in->count[PK_ID]);
    }
    for (size_t i = 0; i < in->count[PK_ID]; i++) {
        const struct payload *p = message_find(in, PK_ID, i);
        struct cyg_span sent = i == 0 ? qm->id_ci : qm->id_cr;
        struct cyg_selector selector;
        struct id id;
        if (cyg_span_equal(p->body, sent)) {
            continue;
        }
        if (id_decode(p->body, &id, err) != CYG_OK
            || cyg_selector_of(id.type, id.protocol, id.port, id.data, &selector, err) != CYG_OK
            || !cyg_selector_equal(&selector, sides[i])) {
            return CYG_FAIL(err, CYG_R_ANSWER_FLOW, .payload = PAYLOAD_ID,
                            .offset = message_offset(in, p),
                            .want_quote = events_quote_flow(&qm->flow));
        }
    }
    return CYG_OK;
}

static void obey_lifetime(struct quick_mode *qm, const struct message *in)
{
    for (size_t i = 0; i < in->count[PK_N]; i++) {
        struct notify n;
        struct lifetime said;
        if (notify_decode(message_find(in, PK_N, i)->body, &n, NULL) == CYG_OK
            && n.type == NOTIFY_RESPONDER_LIFETIME
            && lifetime_decode(n.data, IPSEC_ATTR_LIFE_TYPE, &said) == CYG_OK
            && said.seconds >= LIFETIME_OBEY_MIN) {
            qm->agreed = lifetime_shorter(qm->agreed, said);
        }
    }
}

static enum step_result take_answer(struct exchange *x, const struct message *in,
                                    struct cyg_error *err)
{
    struct quick_mode *qm = x->data;
    struct transforms_choice choice;
    struct sa offer, answer;
    struct cyg_span nonce = message_body(in, PK_NONCE);
    if (nonce_check(nonce, err) != CYG_OK || check_ids(x, in, err) != CYG_OK) {
        return STEP_REFUSED;
    }
    if (sa_decode(qm->sa_i, &offer, err) != CYG_OK
        || sa_decode(message_body(in, PK_SA), &answer, err) != CYG_OK
        || transforms_check(&offer, &answer, &qm->policy, &choice, err) != CYG_OK
        || quick_check_ke(x, in, qm->group, err) != CYG_OK) {
        return STEP_REFUSED;
    }
    if (cyg_span_equal(nonce, x->nonce_i)) { /* H-058, H-065 */
        (void)CYG_FAIL(err, CYG_R_REFLECTED, .payload = PAYLOAD_NONCE);
        return STEP_REFUSED;
    }
    if (arena_copy(&x->arena, nonce, &x->nonce_r) != CYG_OK) {
        (void)CYG_FAIL(err, CYG_R_NOMEM);
        return STEP_REFUSED;
    }
    qm->cipher = choice.cipher;
    qm->integ = choice.integ;
    qm->spi_out = choice.spi;
    qm->agreed = lifetime_shorter(qm->offered, choice.lifetime);
    obey_lifetime(qm, in);
    if (qm->group == CYG_ALG_NONE) {
        return install(x, err);
    }
    return job_dh(x, qm->group, qm->private_value, qm->peer_public, secret_made, err);
}
