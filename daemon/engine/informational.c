/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See informational.h. */
#include "informational.h"

#include "codec/delete.h"
#include "codec/notify.h"
#include "crypt.h"
#include "events.h"
#include "exchange_kinds.h"
#include "lifetimes.h"
#include "outgoing.h"
#include "principal.h"
#include "quick_mode.h"
#include "records.h"
#include "unique.h"
#include "why.h"

#include <string.h>

#define DPD_PER_SECOND 10u /* H-085 */

enum informational_state {
    INFO_START = 0,
    INFO_DONE,
};

static step_handler take_message;

static const struct step steps[] = {
    /* clang-format off */
    { .name = "informational", .state = INFO_START, .next = INFO_DONE, .protect = PROTECT_HASH_1,
      .first = AT(HASH), .required = PL(HASH), .allowed = PL(D), .many = PL(D),
      .handle = take_message },
    /* clang-format on */
};
_Static_assert(CYG_LEN(steps) == INFO_DONE, "a state without a step");

const struct exchange_kind informational_responder = {
    .name = "informational",
    .type = EXCHANGE_INFORMATIONAL,
    .once = true,
    .n_steps = CYG_LEN(steps),
    .done = INFO_DONE,
    .steps = steps,
};

/* Ours are sent and forgotten. */
const struct exchange_kind informational_initiator = {
    .name = "informational",
    .type = EXCHANGE_INFORMATIONAL,
    .initiator = true,
    .once = true,
    .done = INFO_DONE,
};

/* ---- sending ---- */

struct sending {
    struct exchange *x;
    struct outgoing o;
};

/* block: what the first IV is made of. */
static enum cyg_code begin(struct ike_sa *sa, const uint8_t *block, struct sending *s)
{
    uint32_t id;
    enum cyg_code code = message_ids_new(sa, &id, NULL);
    if (code == CYG_OK) {
        code = exchange_new(sa, &informational_initiator, id, &s->x, NULL);
    }
    if (code != CYG_OK) {
        return code;
    }
    code = crypt_iv(sa, block, id, s->x->iv);
    if (code != CYG_OK) {
        exchange_end(s->x, NULL);
        return code;
    }
    exchange_work_begin(s->x, INFO_DONE);
    outgoing_begin(&s->o, s->x, PROTECT_HASH_1);
    return CYG_OK;
}

static void put_notify(struct sending *s, const struct notify *n)
{
    builder_payload_begin(&s->o.b, PAYLOAD_N);
    notify_encode(n, &s->o.w);
    builder_payload_end(&s->o.b);
}

static void put_delete(struct sending *s, const struct delete_payload *d)
{
    builder_payload_begin(&s->o.b, PAYLOAD_D);
    delete_encode(d, &s->o.w);
    builder_payload_end(&s->o.b);
}

static void finish(struct sending *s)
{
    struct cyg_error err = { 0 };
    if (outgoing_send(&s->o, &err) != CYG_OK) {
        records_add(s->x, &err);
    }
    exchange_end(s->x, NULL);
}

static uint8_t wire_protocol(uint8_t ipsec_protocol)
{
    return ipsec_protocol == CYG_IPSEC_AH ? PROTOCOL_AH : PROTOCOL_ESP;
}

void informational_delete_child(struct ike_sa *sa, const struct child_sa *child)
{
    struct sending s;
    uint8_t spi[4];
    if (sa->ended || sa->keys == NULL || begin(sa, crypt_last_block(sa), &s) != CYG_OK) {
        return;
    }
    child_spi_bytes(child->spi_in, spi); /* a delete names its sender's inbound SPIs */
    const struct delete_payload d = {
        .doi = DOI_IPSEC,
        .protocol = wire_protocol(child->use->protocol),
        .spi_size = sizeof spi,
        .n = 1,
        .spis = cyg_span_of_array(spi),
    };
    put_delete(&s, &d);
    finish(&s);
}

void informational_delete_ike(struct ike_sa *sa)
{
    struct sending s;
    uint8_t cookies[2 * COOKIE_LEN];
    if (sa->ended || sa->keys == NULL || begin(sa, crypt_last_block(sa), &s) != CYG_OK) {
        return;
    }
    ike_sa_cookies(sa, cookies);
    const struct delete_payload d = {
        .doi = DOI_IPSEC,
        .protocol = PROTOCOL_ISAKMP,
        .spi_size = sizeof cookies,
        .n = 1,
        .spis = cyg_span_of_array(cookies),
    };
    put_delete(&s, &d);
    finish(&s);
}

void informational_refuse(struct exchange *x, uint16_t type)
{
    struct ike_sa *sa = x->sa;
    struct sending s;
    uint8_t spi[4];
    if (type == 0 || sa->ended || sa->keys == NULL) {
        return;
    }
    const uint8_t *block = x->kind->phase1 ? x->work.iv : crypt_last_block(sa);
    if (begin(sa, block, &s) != CYG_OK) {
        return;
    }
    struct notify n = { .doi = DOI_IPSEC, .protocol = PROTOCOL_ISAKMP, .type = type };
    uint32_t their_spi = x->kind->type == EXCHANGE_QUICK ? quick_mode_peer_spi(x) : 0;
    if (their_spi != 0) { /* so that the peer knows which of its exchanges is meant */
        child_spi_bytes(their_spi, spi);
        n.protocol = PROTOCOL_ESP;
        n.spi = cyg_span_of_array(spi);
    }
    put_notify(&s, &n);
    s.x->seen = x->work.seen; /* the refusal outlives both, as the answer to that message */
    s.x->replied = true;
    finish(&s);
}

/* ---- notifies ---- */

/* RFC 3706 5.4. A number that is not higher is acknowledged again: charon repeats it until it is
 * (H-083). */
static void take_r_u_there(struct exchange *x, const struct notify *n)
{
    struct ike_sa *sa = x->sa;
    struct sending s;
    uint8_t cookies[2 * COOKIE_LEN];
    uint32_t number;
    ike_sa_cookies(sa, cookies);
    if (notify_dpd(n, &number, NULL) != CYG_OK
        || !cyg_span_equal(n->spi, cyg_span_of_array(cookies))) {
        return;
    }
    cyg_usec now = sa->engine->now;
    if (now - sa->dpd_second >= CYG_SEC) {
        sa->dpd_second = now;
        sa->dpd_in_second = 0;
    }
    if (sa->dpd_in_second >= DPD_PER_SECOND) {
        return;
    }
    sa->dpd_in_second++;
    if (!sa->dpd_any || (int32_t)(number - sa->dpd_number) > 0) {
        sa->dpd_any = true;
        sa->dpd_number = number;
        ike_sa_heard(sa, &x->work.path);
    }
    if (begin(sa, crypt_last_block(sa), &s) != CYG_OK) {
        return;
    }
    const struct notify ack = {
        .doi = DOI_IPSEC,
        .protocol = PROTOCOL_ISAKMP,
        .type = NOTIFY_R_U_THERE_ACK,
        .spi = cyg_span_of_array(cookies),
        .data = n->data,
    };
    put_notify(&s, &ack);
    finish(&s);
}

static struct child_sa *child_by_peer_spi(struct ike_sa *sa, uint32_t spi)
{
    struct child_sa *child = sa->children;
    while (child != NULL && child->spi_out != spi && child->spi_in != spi) {
        child = child->next;
    }
    return child;
}

static uint32_t spi_of(struct cyg_span bytes)
{
    struct cyg_reader r = cyg_reader_of(bytes);
    uint32_t spi = cyg_reader_u32(&r);
    return cyg_reader_done(&r) ? spi : 0;
}

/* Obeyed when shorter, down to 60 s (H-087). */
static void take_lifetime(struct exchange *x, const struct notify *n)
{
    struct ike_sa *sa = x->sa;
    struct lifetime said;
    uint8_t cookies[2 * COOKIE_LEN];
    bool phase1 = n->protocol == PROTOCOL_ISAKMP;
    if (lifetime_decode(n->data, phase1 ? IKE_ATTR_LIFE_TYPE : IPSEC_ATTR_LIFE_TYPE, &said)
            != CYG_OK
        || said.seconds < LIFETIME_OBEY_MIN) {
        return;
    }
    ike_sa_cookies(sa, cookies);
    if (phase1 && cyg_span_equal(n->spi, cyg_span_of_array(cookies))) {
        ike_sa_shorten(sa, said.seconds);
        return;
    }
    struct child_sa *child = phase1 ? NULL : child_by_peer_spi(sa, spi_of(n->spi));
    if (child != NULL) {
        child_sa_shorten(child, said.seconds);
    }
}

/* An authenticated refusal of something that we have begun. */
static void take_error(struct exchange *x, const struct notify *n)
{
    struct cyg_error err;
    struct exchange *refused = x->sa->exchanges;
    while (refused != NULL && !(refused->kind->phase1 && refused->kind->initiator)) {
        refused = refused->next;
    }
    if (refused == NULL) {
        refused = quick_mode_by_spi(x->sa, spi_of(n->spi));
    }
    if (refused == NULL && quick_mode_refused(x->sa, n->type)) {
        return;
    }
    why_refused(refused != NULL ? refused : x, n->type, &err);
    if (refused == NULL) {
        records_add(x, &err);
        return;
    }
    records_add(refused, &err);
    exchange_end(refused, &err);
}

static void take_notify(struct exchange *x, const struct payload *p)
{
    struct notify n;
    struct cyg_error err = { 0 };
    if (notify_decode(p->body, &n, &err) != CYG_OK) {
        records_add(x, &err); /* ignored (H-086) */
        return;
    }
    bool up = x->sa->state == CYG_IKE_ESTABLISHED;
    switch (n.type) {
    case NOTIFY_R_U_THERE:
        if (up) {
            take_r_u_there(x, &n);
        }
        return;
    case NOTIFY_INITIAL_CONTACT:
        if (up) {
            unique_apply(x->sa, true);
        }
        return;
    case NOTIFY_RESPONDER_LIFETIME:
        if (up) {
            take_lifetime(x, &n);
        }
        return;
    default:
        break;
    }
    if (notify_is_error(n.type)) {
        take_error(x, &n);
        return;
    }
    (void)CYG_FAIL(&err, CYG_R_NOTIFY_IGNORED, .payload = PAYLOAD_N, .got = n.type);
    records_add(x, &err);
}

/* ---- deletes ---- */

/* The IKE SA itself, or another one of the same authenticated identity (H-080). */
static void delete_ike(struct exchange *x, struct cyg_span cookies)
{
    struct ike_sa *sa = x->sa->principal->sas;
    while (sa != NULL) {
        uint8_t own[2 * COOKIE_LEN];
        ike_sa_cookies(sa, own);
        if (cyg_span_equal(cookies, cyg_span_of_array(own))) {
            break;
        }
        sa = sa->next;
    }
    if (sa == NULL) {
        return;
    }
    struct cyg_error err;
    (void)CYG_FAIL(&err, CYG_R_PEER_DELETED_IKE, .got = sa->uniqueid);
    events_log(sa->engine, sa, &sa->path, 0, &err);
    unique_move_children(sa); /* it may have replaced this one by another; child SAs have deletes */
    ike_sa_end(sa, false, &err);
}

/* Only SPIs that the peer receives with, of SAs made under its identity (H-079). */
static void delete_child(struct exchange *x, uint32_t spi, uint8_t protocol)
{
    for (struct ike_sa *sa = x->sa->principal->sas; sa != NULL; sa = sa->next) {
        for (struct child_sa *child = sa->children; child != NULL; child = child->next) {
            if (child->spi_out == spi && wire_protocol(child->use->protocol) == protocol) {
                struct cyg_error err;
                (void)CYG_FAIL(&err, CYG_R_PEER_DELETED_CHILD, .got = spi,
                               .got_quote = events_quote_flow(&child->use->flow));
                quick_mode_child_deleted(child, &err);
                child_sa_end(child, &err);
                return;
            }
        }
    }
}

static void take_delete(struct exchange *x, const struct payload *p)
{
    struct delete_payload d;
    struct cyg_error err = { 0 };
    if (delete_decode(p->body, &d, &err) != CYG_OK) {
        records_add(x, &err); /* ignored, no reply (H-078) */
        return;
    }
    for (size_t i = 0; i < d.n && !x->sa->ended && d.doi <= DOI_IPSEC; i++) {
        struct cyg_span spi = delete_spi(&d, i);
        if (d.protocol == PROTOCOL_ISAKMP) {
            delete_ike(x, spi);
        } else {
            delete_child(x, spi_of(spi), d.protocol);
        }
    }
}

/* In order, until the SA is gone; later payloads see none (H-032, H-081). */
static enum step_result take_message(struct exchange *x, const struct message *in,
                                     struct cyg_error *err)
{
    (void)err;
    for (size_t i = 0; i < in->n && !x->sa->ended; i++) {
        const struct payload *p = &in->payloads[i];
        if (p->kind == PK_N) {
            take_notify(x, p);
        } else if (p->kind == PK_D && x->sa->principal != NULL) {
            take_delete(x, p);
        }
    }
    return STEP_TAKEN;
}
