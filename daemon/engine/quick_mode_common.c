/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What both roles of quick mode do: keys, the child, the end. See quick_mode.h. */
#include "events.h"
#include "informational.h"
#include "orders.h"
#include "quick_mode.h"
#include "records.h"
#include "why.h"

#include "codec/natoa.h"
#include "codec/notify.h"

#include <cygnet/secret.h>

#include <string.h>

uint32_t quick_mode_peer_spi(const struct exchange *x)
{
    const struct quick_mode *qm = x->data;
    struct sa offer;
    struct sa_proposal first = { 0 };
    uint32_t spi = 0;
    if (qm == NULL || qm->spi_out != 0 || x->kind->initiator) {
        return qm == NULL ? 0 : qm->spi_out;
    }
    /* Nothing is chosen yet: the first one offered names the exchange as well. */
    bool named = sa_decode(qm->sa_i, &offer, NULL) == CYG_OK && sa_next_proposal(&offer, &first)
                 && sa_proposal_spi(&first, &spi, NULL) == CYG_OK;
    return named ? spi : 0;
}

static bool is_offered(const struct exchange *x)
{
    return x->kind == &quick_mode_initiator && x->state == QM_I_OFFERED && !x->ended;
}

/* An end may begin others, so each is looked for anew. */
static struct exchange *first_refused(const struct ike_sa *sa)
{
    struct exchange *x = sa->exchanges;
    while (x != NULL && !(is_offered(x) && x->refusals > 0)) {
        x = x->next;
    }
    return x;
}

/* As many refusals as there are quick modes without an answer, before any was repeated: each of
 * them is refused. */
static void conclude_refused(struct ike_sa *sa)
{
    unsigned waiting = 0, refusals = UINT8_MAX;
    for (const struct exchange *x = sa->exchanges; x != NULL; x = x->next) {
        if (is_offered(x)) {
            unsigned seen = x->tries == 0 ? x->refusals : 0;
            waiting++;
            refusals = seen < refusals ? seen : refusals;
        }
    }
    struct exchange *x;
    while (waiting > 0 && refusals >= waiting && (x = first_refused(sa)) != NULL) {
        struct cyg_error why = *x->hint;
        records_add(x, &why);
        exchange_end(x, &why);
    }
}

bool quick_mode_refused(struct ike_sa *sa, uint16_t notify)
{
    if (notify != NOTIFY_NO_PROPOSAL_CHOSEN && notify != NOTIFY_INVALID_ID_INFORMATION) {
        return false;
    }
    bool any = false;
    for (struct exchange *x = sa->exchanges; x != NULL; x = x->next) {
        struct cyg_error why;
        if (!is_offered(x)) {
            continue;
        }
        any = true;
        why_refused(x, notify, &why);
        exchange_suspect(x, &why);
        if (x->hint != NULL && x->refusals < UINT8_MAX) {
            x->refusals++;
        }
    }
    conclude_refused(sa);
    return any;
}

struct exchange *quick_mode_by_spi(struct ike_sa *sa, uint32_t spi_in)
{
    struct exchange *only = NULL;
    unsigned n = 0;
    for (struct exchange *x = sa->exchanges; x != NULL; x = x->next) {
        const struct quick_mode *qm = x->data;
        if (x->kind->type != EXCHANGE_QUICK || qm == NULL) {
            continue;
        }
        if (spi_in != 0 && qm->spi_in == spi_in) {
            return x;
        }
        if (x->kind->initiator && x->state == QM_I_OFFERED) {
            only = x;
            n++;
        }
    }
    return n == 1 ? only : NULL;
}

void quick_mode_child_deleted(struct child_sa *child, const struct cyg_error *why)
{
    for (struct exchange *x = child->sa->exchanges; x != NULL; x = x->next) {
        const struct quick_mode *qm = x->data;
        if (x->kind->type == EXCHANGE_QUICK && qm != NULL && qm->child == child) {
            exchange_end(x, why);
            return;
        }
    }
}

/* ---- keys ---- */

static void split_keymat(const struct cyg_alg_info *cipher, const struct cyg_alg_info *integ,
                         struct cyg_span keymat, struct child_keys *ret)
{
    size_t cipher_len = cipher->key_bits / 8u + cipher->salt;
    size_t integ_len = integ == NULL ? 0 : integ->mac_key;
    memcpy(ret->cipher.data, keymat.data, cipher_len);
    ret->cipher.len = (uint8_t)cipher_len;
    memcpy(ret->integ.data, keymat.data + cipher_len, integ_len);
    ret->integ.len = (uint8_t)integ_len;
}

/* One direction: the SPI is of who receives with it. */
static enum cyg_code derive_one(struct exchange *x, uint32_t spi, struct child_keys **ret,
                                struct cyg_error *err)
{
    const struct quick_mode *qm = x->data;
    const struct ike_keys *keys = x->sa->keys;
    const struct cyg_alg_info *cipher = cyg_alg_info(qm->cipher), *integ = cyg_alg_info(qm->integ);
    uint8_t spi_bytes[4];
    child_spi_bytes(spi, spi_bytes);
    const struct keys_keymat in = {
        .shared = qm->shared,
        .protocol = PROTOCOL_ESP,
        .spi = cyg_span_of_array(spi_bytes),
        .nonce_i = x->nonce_i,
        .nonce_r = x->nonce_r,
    };
    uint8_t keymat[2 * CYG_KEY_MAX];
    size_t len = cipher->key_bits / 8u + cipher->salt + (integ == NULL ? 0u : integ->mac_key);
    struct child_keys *made = arena_take(&x->arena, sizeof *made);
    if (made == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    if (len == 0 || len > sizeof keymat) { /* H-046: no SA without key material */
        return CYG_FAIL(err, CYG_R_KEYMAT_SIZE, .got = len);
    }
    enum cyg_code code = keys_keymat(x->engine->providers.crypto, (enum cyg_alg)keys->hash,
                                     cyg_key_span(&keys->skeyid.d), &in, keymat, len);
    if (code != CYG_OK) {
        return CYG_FAIL(err, CYG_R_CRYPTO_FAILED, .got_quote = cyg_quote_text("KEYMAT"));
    }
    split_keymat(cipher, integ, (struct cyg_span){ keymat, len }, made);
    cyg_wipe(keymat, sizeof keymat);
    *ret = made;
    return CYG_OK;
}

enum cyg_code quick_derive(struct exchange *x, struct cyg_error *err)
{
    struct quick_mode *qm = x->data;
    enum cyg_code code = derive_one(x, qm->spi_in, &qm->keys_in, err);
    return code == CYG_OK ? derive_one(x, qm->spi_out, &qm->keys_out, err) : code;
}

enum cyg_code quick_check_ke(struct exchange *x, const struct message *in, enum cyg_alg group,
                             struct cyg_error *err)
{
    struct quick_mode *qm = x->data;
    const struct payload *ke = message_find(in, PK_KE, 0);
    if (group == CYG_ALG_NONE) {
        return ke == NULL ? CYG_OK : CYG_FAIL(err, CYG_R_PFS_KE_UNWANTED, .payload = PAYLOAD_KE);
    }
    if (ke == NULL) {
        return CYG_FAIL(err, CYG_R_PFS_KE_MISSING, .payload = PAYLOAD_KE,
                        .want_quote = cyg_quote_text(cyg_alg_info(group)->keyword));
    }
    size_t want = cyg_alg_info(group)->public_bytes;
    if (ke->body.len != want) {
        return CYG_FAIL(err, CYG_R_DH_PUBLIC_SIZE, .payload = PAYLOAD_KE,
                        .offset = message_offset(in, ke), .got = ke->body.len, .want = want);
    }
    if (cyg_span_equal(ke->body, qm->public_value)) {
        return CYG_FAIL(err, CYG_R_REFLECTED, .payload = PAYLOAD_KE); /* H-058 */
    }
    if (arena_copy(&x->arena, ke->body, &qm->peer_public) != CYG_OK) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    return CYG_OK;
}

/* ---- the child ---- */

enum cyg_code quick_make_child(struct exchange *x, struct cyg_error *err)
{
    struct quick_mode *qm = x->data;
    const struct child_terms terms = {
        .peer = qm->peer,
        .config = qm->config,
        .flow = qm->flow,
        .spi_in = qm->spi_in,
        .spi_out = qm->spi_out,
        .protocol = CYG_IPSEC_ESP,
        .mode = (enum cyg_mode)qm->policy.mode,
        .cipher = qm->cipher,
        .integ = qm->integ,
        .group = qm->group,
        .life_s = qm->agreed.seconds,
        .life_bytes = qm->agreed.bytes,
        .initiator = x->kind->initiator,
    };
    enum cyg_code code = child_sa_new(x->sa, &terms, &qm->child, err);
    x->final = code == CYG_OK;
    return code;
}

static void put_one_natoa(const struct cyg_address *address, bool draft, struct builder *b,
                          struct cyg_writer *w)
{
    builder_payload_begin(b, draft ? PAYLOAD_NATOA_DRAFT : PAYLOAD_NATOA);
    natoa_encode(address, w);
    builder_payload_end(b);
}

void quick_put_natoa(struct exchange *x, struct builder *b, struct cyg_writer *w)
{
    const struct quick_mode *qm = x->data;
    const struct ike_sa *sa = x->sa;
    if (qm->policy.mode != CYG_MODE_TRANSPORT || !qm->policy.encapsulated) {
        return;
    }
    bool draft = sa->natt == NATT_DRAFT;
    const struct cyg_address *own = &sa->path.local, *peer = &sa->path.remote;
    put_one_natoa(x->kind->initiator ? own : peer, draft, b, w); /* the initiator's comes first */
    put_one_natoa(x->kind->initiator ? peer : own, draft, b, w);
}

void quick_kernel_failed(const struct exchange *x, const struct cyg_kernel_result *result,
                         struct cyg_error *err)
{
    *err = result->error;
    if (err->reason == 0) {
        (void)CYG_FAIL(err, CYG_R_KERNEL_FAILED);
    }
    why_held(x->engine, err);
}

/* ---- the end ---- */

/* The peer was never heard of since our first message: the IKE SA itself is dead (rebooted peer),
 * and the next attempt has to begin with phase 1. A peer that is alive and only silent about this
 * flow keeps its other ones. */
static bool is_dead(const struct exchange *x, const struct cyg_error *why)
{
    return x->kind->initiator && why->reason == CYG_R_NO_ANSWER && x->sa->heard <= x->begun;
}

static void give_back(struct exchange *x, const struct cyg_error *why)
{
    struct quick_mode *qm = x->data;
    if (qm->child != NULL) {
        if (!x->kind->initiator && x->state == QM_R_ANSWERED) {
            informational_delete_child(x->sa, qm->child); /* the peer may have installed its own */
        }
        child_sa_end(qm->child, why);
        qm->child = NULL;
    } else if (qm->spi_in != 0) {
        kernel_release(x->engine, CYG_IPSEC_ESP, &x->sa->path, qm->spi_in);
    }
}

void quick_ended(struct exchange *x, const struct cyg_error *why)
{
    struct quick_mode *qm = x->data;
    if (qm == NULL) {
        return;
    }
    bool success =
        why->reason == 0 && x->state == x->kind->done && qm->child != NULL && !qm->child->ended;
    struct child_name name = { 0 };
    if (success) {
        child_sa_installed(qm->child);
        name = (struct child_name){ qm->child->spi_in, qm->child->uniqueid };
    } else {
        give_back(x, why);
    }
    cyg_peer_release(qm->peer);
    qm->peer = NULL;
    bool taken = orders_flow_done(x->engine, qm->order, success ? &name : NULL, why);
    if (success && !taken) {
        child_sa_tell(x->engine, &name, 1, 0);
    }
    if (success && x->kind->initiator) {
        conclude_refused(x->sa); /* one fewer waits */
    }
    orders_go_on(x->sa);
    if (is_dead(x, why)) {
        ike_sa_end(x->sa, true, why);
    }
}
