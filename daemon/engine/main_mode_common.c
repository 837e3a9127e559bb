/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What both roles of main mode do: keys, proofs, NAT detection, the end. See main_mode.h. */
#include "codec/id.h"
#include "events.h"
#include "main_mode.h"
#include "orders.h"
#include "records.h"
#include "unique.h"

#include <cygnet/secret.h>

#include <string.h>

enum cyg_code main_find_auth(struct exchange *x, uint16_t method, struct cyg_error *err)
{
    const struct engine_providers *providers = &x->engine->providers;
    struct main_mode *mm = x->data;
    for (size_t i = 0; i < CYG_LEN(providers->auth) && providers->auth[i] != NULL; i++) {
        if (providers->auth[i]->method == method) {
            mm->auth = providers->auth[i];
            mm->auth_self = providers->auth_self[i];
            return CYG_OK;
        }
    }
    return CYG_FAIL(err, CYG_R_AUTH_METHOD, .got = method);
}

void main_learn_vids(struct exchange *x, const struct message *in)
{
    for (size_t n = 0; n < in->n; n++) {
        const struct vid_info *vid =
            in->payloads[n].kind == PK_VID ? vid_identify(in->payloads[n].body) : NULL;
        if (vid != NULL && vid->id == VID_DPD) {
            x->sa->dpd = true;
        }
    }
}

/* ---- keys ---- */

enum cyg_code main_take_key(struct exchange *x, const struct message *in, struct cyg_error *err)
{
    struct main_mode *mm = x->data;
    const struct payload *ke = message_find(in, PK_KE, 0), *nonce = message_find(in, PK_NONCE, 0);
    bool initiator = x->kind->initiator;
    size_t want = cyg_alg_info(mm->algs.group)->public_bytes;
    enum cyg_code code = nonce_check(nonce->body, err);
    if (code != CYG_OK) {
        return payload_failed(in, nonce, code, err);
    }
    if (ke->body.len != want) { /* H-054: full length, before anything is computed */
        return CYG_FAIL(err, CYG_R_DH_PUBLIC_SIZE, .payload = PAYLOAD_KE,
                        .offset = message_offset(in, ke), .got = ke->body.len, .want = want);
    }
    if (initiator
        && (cyg_span_equal(ke->body, mm->ke_i) || cyg_span_equal(nonce->body, x->nonce_i))) {
        return CYG_FAIL(err, CYG_R_REFLECTED, .payload = PAYLOAD_KE); /* H-058 */
    }
    struct natt_result nat = { 0 };
    if (x->sa->natt != NATT_NONE) {
        code = natt_detect(x->sa, mm->algs.hash, in, &x->work.path, &nat, err);
        if (code != CYG_OK) {
            return code;
        }
    }
    struct cyg_span key, number;
    if (arena_copy(&x->arena, ke->body, &key) != CYG_OK
        || arena_copy(&x->arena, nonce->body, &number) != CYG_OK) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    mm->nat = nat;
    *(initiator ? &mm->ke_r : &mm->ke_i) = key;
    *(initiator ? &x->nonce_r : &x->nonce_i) = number;
    return CYG_OK;
}

enum cyg_code main_put_key(struct exchange *x, struct builder *b, struct cyg_span public_value,
                           struct cyg_span nonce, struct cyg_error *err)
{
    struct main_mode *mm = x->data;
    builder_payload(b, PAYLOAD_KE, public_value);
    builder_payload(b, PAYLOAD_NONCE, nonce);
    if (x->sa->natt == NATT_NONE) {
        return CYG_OK;
    }
    return natt_prove(b, x->sa, mm->algs.hash, &x->work.path, mm->encap, err);
}

void main_apply_nat(struct exchange *x)
{
    const struct main_mode *mm = x->data;
    x->sa->nat_local = mm->nat.local;
    x->sa->nat_remote = mm->nat.remote;
    x->sa->nat_fake = mm->encap && x->sa->natt != NATT_NONE;
}

static void auth_input(const struct exchange *x, struct cyg_span shared, struct cyg_auth_input *ret)
{
    const struct main_mode *mm = x->data;
    *ret = (struct cyg_auth_input){
        .crypto = x->engine->providers.crypto,
        .prf = mm->algs.hash,
        .nonce_i = x->nonce_i,
        .nonce_r = x->nonce_r,
        .shared = shared,
        .psk = mm->psk,
        .peer = x->sa->peer,
        .initiator = x->kind->initiator,
    };
}

enum cyg_code main_derive(struct exchange *x, const struct cyg_secret *shared,
                          struct cyg_error *err)
{
    struct main_mode *mm = x->data;
    const struct cyg_crypto *crypto = x->engine->providers.crypto;
    CYG_CLEANUP(cyg_key_clear) struct cyg_key iv = { 0 };
    struct cyg_auth_input in;
    if (mm->skeyid == NULL) {
        mm->skeyid = arena_take(&x->arena, sizeof *mm->skeyid);
    }
    if (mm->skeyid == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    auth_input(x, cyg_secret_span(shared), &in);
    enum cyg_code code = mm->auth->skeyid(mm->auth_self, &in, mm->skeyid, err);
    if (code == CYG_OK) {
        code = ike_sa_set_keys(x->sa, mm->algs, cyg_key_span(mm->skeyid), cyg_secret_span(shared),
                               err);
    }
    if (code != CYG_OK) {
        return code;
    }
    if (keys_iv_phase1(crypto, mm->algs.hash, mm->algs.cipher, mm->ke_i, mm->ke_r, &iv) != CYG_OK) {
        return CYG_FAIL(err, CYG_R_CRYPTO_FAILED, .got_quote = cyg_quote_text("IV"));
    }
    memcpy(x->work.iv, iv.data, iv.len);
    return CYG_OK;
}

/* ---- proofs ---- */

/* HASH_I or HASH_R over this identity's body. */
static enum cyg_code hash_of(const struct exchange *x, bool initiators, struct cyg_span id_body,
                             struct cyg_key *ret, struct cyg_error *err)
{
    const struct main_mode *mm = x->data;
    const struct cyg_crypto *crypto = x->engine->providers.crypto;
    const struct keys_proof proof = {
        .public_i = mm->ke_i,
        .public_r = mm->ke_r,
        .cookie_i = cyg_span_of_array(x->sa->cookie_i),
        .cookie_r = cyg_span_of_array(x->sa->cookie_r),
        .sa_i = mm->sa_i,
        .id_i = id_body,
        .id_r = id_body,
    };
    enum cyg_code code =
        initiators ? keys_hash_i(crypto, mm->algs.hash, cyg_key_span(mm->skeyid), &proof, ret)
                   : keys_hash_r(crypto, mm->algs.hash, cyg_key_span(mm->skeyid), &proof, ret);
    if (code != CYG_OK) {
        return CYG_FAIL(err, CYG_R_CRYPTO_FAILED, .got_quote = cyg_quote_text("HASH"));
    }
    return CYG_OK;
}

/* Another port than those of IKE binds nothing: said, and ignored (H-112). */
static void check_id_port(struct exchange *x, const struct id *id)
{
    bool usual = (id->protocol == 0 && id->port == 0)
                 || (id->protocol == 17 && (id->port == 0 || id->port == 500 || id->port == 4500));
    if (!usual) {
        struct cyg_error note;
        (void)CYG_FAIL(&note, CYG_R_ID_PORT, .payload = PAYLOAD_ID, .got = id->protocol,
                       .want = id->port);
        records_add(x, &note);
    }
}

static enum cyg_code take_identity(struct exchange *x, const struct message *in,
                                   struct cyg_identity *ret, struct cyg_error *err)
{
    const struct payload *p = message_find(in, PK_ID, 0);
    struct id id;
    enum cyg_code code = id_decode(p->body, &id, err);
    if (code == CYG_OK) {
        code = cyg_identity_of(id.type, id.data, ret, err);
    }
    if (code != CYG_OK) {
        struct cyg_error why = *err;
        return CYG_FAIL(err, CYG_R_ID_UNUSABLE, .payload = PAYLOAD_ID, .got = why.reason,
                        .offset = message_offset(in, p),
                        .want = p->body.len > 0 ? p->body.data[0] : 0);
    }
    check_id_port(x, &id);
    return CYG_OK;
}

enum cyg_code main_check_proof(struct exchange *x, const struct message *in,
                               struct cyg_identity *ret_id, struct cyg_error *err)
{
    struct main_mode *mm = x->data;
    CYG_CLEANUP(cyg_key_clear) struct cyg_key hash = { 0 };
    struct cyg_auth_input input;
    struct cyg_span id_body = message_body(in, PK_ID);
    enum cyg_code code = hash_of(x, !x->kind->initiator, id_body, &hash, err);
    if (code != CYG_OK) {
        return code;
    }
    /* The method decides which payload proves; the other one is an error, and so are two of either
     * (H-021). A message without ID never comes here: the byte of the header that calls it an ID is
     * in clear, so anybody on the way could end the attempt. */
    enum payload_kind want = mm->auth->payload == PAYLOAD_SIG ? PK_SIG : PK_HASH;
    enum payload_kind other = want == PK_SIG ? PK_HASH : PK_SIG;
    if (in->count[PK_ID] != 1) {
        return CYG_FAIL(err, CYG_R_PROOF_MISSING, .payload = PAYLOAD_ID, .got = mm->auth_method);
    }
    if (in->count[want] != 1 || in->count[other] != 0) {
        return CYG_FAIL(err, CYG_R_PROOF_MISSING, .payload = mm->auth->payload,
                        .got = mm->auth_method);
    }
    auth_input(x, (struct cyg_span){ NULL, 0 }, &input);
    struct cyg_error why = { 0 };
    if (mm->auth->verify(mm->auth_self, &input, cyg_key_span(&hash), message_body(in, want), &why)
        != CYG_OK) {
        /* With a pre-shared key another one would not even have decrypted the message: somebody
         * on the path has changed it, and the genuine one may still come (H-069). */
        return CYG_FAIL(err, mm->auth->needs_psk ? CYG_R_PROOF_CHANGED : CYG_R_PROOF_WRONG,
                        .payload = mm->auth->payload, .got = why.reason,
                        .got_quote = events_quote_endpoint(&x->sa->path.remote));
    }
    return take_identity(x, in, ret_id, err);
}

enum cyg_code main_put_proof(struct exchange *x, struct builder *b, struct cyg_error *err)
{
    struct main_mode *mm = x->data;
    CYG_CLEANUP(cyg_key_clear) struct cyg_key hash = { 0 };
    struct cyg_auth_input input;
    struct cyg_identity identity;
    uint8_t proof[1024];
    size_t proof_len = 0;
    ike_sa_local_id(x->sa, &identity);
    const struct id id = { .type = identity.type, .data = { identity.data, identity.len } };
    uint8_t body[4 + CYG_IDENTITY_MAX];
    struct cyg_writer w = cyg_writer_of(body, sizeof body);
    id_encode(&id, &w);
    enum cyg_code code = hash_of(x, x->kind->initiator, cyg_writer_span(&w), &hash, err);
    if (code != CYG_OK) {
        return code;
    }
    auth_input(x, (struct cyg_span){ NULL, 0 }, &input);
    code = mm->auth->prove(mm->auth_self, &input, cyg_key_span(&hash), proof, sizeof proof,
                           &proof_len, err);
    if (code == CYG_OK) {
        builder_payload(b, PAYLOAD_ID, cyg_writer_span(&w));
        builder_payload(b, mm->auth->payload, (struct cyg_span){ proof, proof_len });
    }
    cyg_wipe(proof, sizeof proof);
    return code;
}

/* ---- the end ---- */

void main_ended(struct exchange *x, const struct cyg_error *why)
{
    struct main_mode *mm = x->data;
    struct ike_sa *sa = x->sa;
    bool initial_contact = mm != NULL && mm->initial_contact && !x->kind->initiator;
    if (mm != NULL) {
        group_release(mm->group);
        mm->group = NULL;
        mm->candidate = NULL;
    }
    if (why->reason != 0 || sa->state != CYG_IKE_ESTABLISHED) {
        x->engine->counts.handshakes_failed++;
        ike_sa_end(sa, false, why);
        return;
    }
    ike_sa_tell(sa, x->order_id);
    unique_apply(sa, initial_contact);
    orders_ike_up(sa);
}
