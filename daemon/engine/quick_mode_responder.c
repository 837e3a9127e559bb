/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Quick mode as responder, RFC 2409 5.5: newest row of the peer, the child that has the flow, a
 * transform, an SPI, keys; inbound is installed when QM2 goes out, outbound and policy when QM3 has
 * come. QM2 is repeated by timer until then. */
#include "codec/id.h"
#include "codec/notify.h"
#include "events.h"
#include "flows.h"
#include "jobs.h"
#include "offers.h"
#include "outgoing.h"
#include "quick_mode.h"
#include "why.h"

#include <string.h>

static step_handler take_offer, take_confirmation;

static const struct step steps[] = {
    /* clang-format off */
    { .name = "quick 1", .state = QM_R_START,    .next = QM_R_ANSWERED, .protect = PROTECT_HASH_1,
      .first = AT(HASH), .second = AT(SA), .required = PL(HASH) | PL(SA) | PL(NONCE),
      .allowed = PL(KE) | PL(ID) | PL(NATOA), .many = PL(ID) | PL(NATOA), .handle = take_offer },
    { .name = "quick 3", .state = QM_R_ANSWERED, .next = QM_R_DONE,     .protect = PROTECT_HASH_3,
      .first = AT(HASH), .required = PL(HASH), .handle = take_confirmation },
    /* clang-format on */
};
_Static_assert(CYG_LEN(steps) == QM_R_DONE, "a state without a step");

const struct exchange_kind quick_mode_responder = {
    .name = "quick mode",
    .type = EXCHANGE_QUICK,
    .n_steps = CYG_LEN(steps),
    .done = QM_R_DONE,
    .repeat = 1u << QM_R_ANSWERED,
    .steps = steps,
    .ended = quick_ended,
};

/* ---- quick 1 ---- */

/* Tell our lifetime when it is the shorter one. */
static void put_lifetime(struct exchange *x, struct builder *b, struct cyg_writer *w)
{
    const struct quick_mode *qm = x->data;
    struct lifetime ours = offer_child_lifetime(qm->config);
    if (!lifetime_must_tell(qm->offered, ours)) {
        return;
    }
    uint8_t data[32];
    uint8_t spi[4];
    child_spi_bytes(qm->spi_in, spi);
    struct cyg_writer attributes = cyg_writer_of(data, sizeof data);
    lifetime_encode(&attributes, IPSEC_ATTR_LIFE_TYPE, ours);
    const struct notify n = {
        .doi = DOI_IPSEC,
        .protocol = PROTOCOL_ESP,
        .type = NOTIFY_RESPONDER_LIFETIME,
        .spi = cyg_span_of_array(spi),
        .data = cyg_writer_span(&attributes),
    };
    builder_payload_begin(b, PAYLOAD_N);
    notify_encode(&n, w);
    builder_payload_end(b);
}

static enum step_result send_answer(struct exchange *x, const struct cyg_kernel_result *result,
                                    struct cyg_error *err)
{
    struct quick_mode *qm = x->data;
    struct outgoing o;
    if (result->code != CYG_OK) {
        quick_kernel_failed(x, result, err);
        return STEP_REFUSED;
    }
    uint8_t spi[4];
    child_spi_bytes(qm->spi_in, spi);
    outgoing_begin(&o, x, PROTECT_HASH_2);
    builder_payload_begin(&o.b, PAYLOAD_SA);
    transforms_echo(&o.w, &qm->choice, cyg_span_of_array(spi));
    builder_payload_end(&o.b);
    builder_payload(&o.b, PAYLOAD_NONCE, x->nonce_r);
    if (qm->group != CYG_ALG_NONE) {
        builder_payload(&o.b, PAYLOAD_KE, qm->public_value);
    }
    if (qm->id_ci.len > 0) { /* as they came */
        builder_payload(&o.b, PAYLOAD_ID, qm->id_ci);
        builder_payload(&o.b, PAYLOAD_ID, qm->id_cr);
    }
    quick_put_natoa(x, &o.b, &o.w);
    put_lifetime(x, &o.b, &o.w);
    return outgoing_send(&o, err) == CYG_OK ? STEP_TAKEN : STEP_REFUSED;
}

/* SPI, nonces and secret are there: keys, child, inbound. */
static enum step_result install_inbound(struct exchange *x, struct cyg_error *err)
{
    struct quick_mode *qm = x->data;
    if (exchange_make_nonce(x, &x->nonce_r, err) != CYG_OK || quick_derive(x, err) != CYG_OK
        || quick_make_child(x, err) != CYG_OK) {
        return STEP_REFUSED;
    }
    return kernel_install(x, qm->child, qm->keys_in, NULL, send_answer, err);
}

static enum step_result secret_made(struct exchange *x, struct engine_job *job,
                                    struct cyg_error *err)
{
    struct quick_mode *qm = x->data;
    if (job->code != CYG_OK) {
        *err = job->err;
        return STEP_REFUSED;
    }
    struct cyg_span public_value = { job->dh->public_value, job->dh->public_len };
    if (arena_copy(&x->arena, public_value, &qm->public_value) != CYG_OK
        || arena_copy(&x->arena, cyg_secret_span(&job->dh->shared), &qm->shared) != CYG_OK) {
        (void)CYG_FAIL(err, CYG_R_NOMEM);
        return STEP_REFUSED;
    }
    return install_inbound(x, err);
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
    if (qm->group == CYG_ALG_NONE) {
        return install_inbound(x, err);
    }
    return job_dh(x, qm->group, NULL, qm->peer_public, secret_made, err);
}

/* The IDs as a flow; none: the two hosts of the IKE SA (FEATURES 1.6). */
static enum cyg_code read_flow(struct exchange *x, struct cyg_flow *ret, struct cyg_error *err)
{
    const struct quick_mode *qm = x->data;
    if (qm->id_ci.len == 0) {
        cyg_selector_of_address(&x->sa->path.local, &ret->local);
        cyg_selector_of_address(&x->sa->path.remote, &ret->remote);
        return CYG_OK;
    }
    struct id ci, cr;
    enum cyg_code code = id_decode(qm->id_ci, &ci, err);
    if (code == CYG_OK) {
        code = id_decode(qm->id_cr, &cr, err);
    }
    if (code == CYG_OK) {
        code = cyg_selector_of(ci.type, ci.protocol, ci.port, ci.data, &ret->remote, err);
    }
    if (code == CYG_OK) {
        code = cyg_selector_of(cr.type, cr.protocol, cr.port, cr.data, &ret->local, err);
    }
    if (code != CYG_OK) { /* H-023, H-024 */
        struct cyg_error why = *err;
        return CYG_FAIL(err, CYG_R_FLOW_UNUSABLE, .payload = PAYLOAD_ID, .got = why.reason);
    }
    if (ret->local.from.family != ret->remote.from.family) {
        return CYG_FAIL(err, CYG_R_FLOW_FAMILIES, .payload = PAYLOAD_ID,
                        .got = ret->remote.from.family, .want = ret->local.from.family);
    }
    return CYG_OK;
}

static enum cyg_code find_child(struct exchange *x, struct cyg_error *err)
{
    struct quick_mode *qm = x->data;
    struct cyg_flow near;
    const struct cyg_peer_child *near_child;
    enum cyg_code code = read_flow(x, &qm->flow, err);
    if (code != CYG_OK) {
        return code;
    }
    qm->config = flows_match(qm->peer, x->sa, &qm->flow, &near, &near_child);
    if (qm->config != NULL) {
        return CYG_OK;
    }
    why_no_flow(x, &qm->flow, &near, qm->peer, near_child, err);
    return CYG_NOT_FOUND;
}

static enum cyg_code choose(struct exchange *x, struct cyg_error *err)
{
    struct quick_mode *qm = x->data;
    struct sa offer;
    offer_policy(x->sa, qm->config, &qm->policy);
    enum cyg_code code = sa_decode(qm->sa_i, &offer, err);
    if (code == CYG_OK) {
        code = transforms_choose_esp(x, &offer, &qm->policy, &qm->choice, err);
    }
    if (code != CYG_OK && err->reason == CYG_R_NO_PROPOSAL_ESP) {
        err->got_quote = events_quote_flow(&qm->flow);
        err->want_quote = cyg_quote_text(qm->config->name);
    }
    if (code != CYG_OK) {
        return code;
    }
    qm->cipher = qm->choice.cipher;
    qm->integ = qm->choice.integ;
    qm->group = qm->choice.group;
    qm->spi_out = qm->choice.spi;
    qm->offered = qm->choice.lifetime;
    qm->agreed = lifetime_shorter(qm->offered, offer_child_lifetime(qm->config));
    if (!offer_mode_supported(x->engine, qm->policy.mode, qm->policy.encapsulated)) {
        return CYG_FAIL(err, CYG_R_KERNEL_MODE, .got = qm->policy.mode,
                        .want = qm->policy.encapsulated);
    }
    if (!offer_esp_supported(x->engine, qm->cipher, qm->integ)) {
        return CYG_FAIL(err, CYG_R_KERNEL_UNSUPPORTED,
                        .got_quote = cyg_quote_text(cyg_alg_info(qm->cipher)->keyword));
    }
    /* A KE that nobody asked for, or none where one is needed: before anything is computed. */
    bool given = qm->peer_public.len > 0;
    if (!given && qm->group != CYG_ALG_NONE) {
        return CYG_FAIL(err, CYG_R_PFS_KE_MISSING, .payload = PAYLOAD_KE,
                        .want_quote = cyg_quote_text(cyg_alg_info(qm->group)->keyword));
    }
    if (given && qm->group == CYG_ALG_NONE) {
        return CYG_FAIL(err, CYG_R_PFS_KE_UNWANTED, .payload = PAYLOAD_KE);
    }
    if (given && qm->peer_public.len != cyg_alg_info(qm->group)->public_bytes) {
        return CYG_FAIL(err, CYG_R_DH_PUBLIC_SIZE, .payload = PAYLOAD_KE,
                        .got = qm->peer_public.len, .want = cyg_alg_info(qm->group)->public_bytes);
    }
    return CYG_OK;
}

static enum step_result peer_found(struct exchange *x, struct engine_job *job,
                                   struct cyg_error *err)
{
    struct quick_mode *qm = x->data;
    if (job->code != CYG_OK) {
        *err = job->err;
        return STEP_REFUSED;
    }
    qm->peer = CYG_TAKE(job->query->peer);
    if (find_child(x, err) != CYG_OK || choose(x, err) != CYG_OK) {
        return STEP_REFUSED;
    }
    return kernel_reserve(x, CYG_IPSEC_ESP, spi_reserved, err);
}

/* Keep what is needed of QM1 when its work goes on later. */
static enum cyg_code keep(struct exchange *x, const struct message *in, struct cyg_error *err)
{
    struct quick_mode *qm = arena_take(&x->arena, sizeof *qm);
    struct arena *arena = &x->arena;
    if (qm == NULL || arena_copy(arena, message_body(in, PK_SA), &qm->sa_i) != CYG_OK
        || arena_copy(arena, message_body(in, PK_NONCE), &x->nonce_i) != CYG_OK
        || arena_copy(arena, message_body(in, PK_KE), &qm->peer_public) != CYG_OK) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    if (in->count[PK_ID] == 2
        && (arena_copy(arena, message_find(in, PK_ID, 0)->body, &qm->id_ci) != CYG_OK
            || arena_copy(arena, message_find(in, PK_ID, 1)->body, &qm->id_cr) != CYG_OK)) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    x->data = qm;
    return CYG_OK;
}

static enum step_result take_offer(struct exchange *x, const struct message *in,
                                   struct cyg_error *err)
{
    if (in->count[PK_ID] != 0 && in->count[PK_ID] != 2) { /* H-022 */
        (void)CYG_FAIL(err, CYG_R_ID_COUNT, .payload = PAYLOAD_ID, .got = in->count[PK_ID]);
        return STEP_REFUSED;
    }
    if (nonce_check(message_body(in, PK_NONCE), err) != CYG_OK || keep(x, in, err) != CYG_OK) {
        return STEP_REFUSED;
    }
    return job_peer_newest(x, peer_found, err);
}

/* ---- quick 3 ---- */

static enum step_result installed(struct exchange *x, const struct cyg_kernel_result *result,
                                  struct cyg_error *err)
{
    if (result->code != CYG_OK) {
        quick_kernel_failed(x, result, err);
        return STEP_REFUSED;
    }
    return STEP_TAKEN;
}

static enum step_result take_confirmation(struct exchange *x, const struct message *in,
                                          struct cyg_error *err)
{
    struct quick_mode *qm = x->data;
    (void)in; /* HASH(3) is all it says */
    return kernel_install(x, qm->child, NULL, qm->keys_out, installed, err);
}
