/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See natt.h. */
#include "natt.h"

#include <cygnet/peer.h>

#include <string.h>

/* In order of preference. "02\n": the hash of the draft's name with a line feed, as many
 * implementations took it. */
static const struct {
    enum vid_id id;
    enum natt_kind kind;
} versions[] = {
    { VID_NATT_RFC3947, NATT_RFC },
    { VID_NATT_03, NATT_DRAFT },
    { VID_NATT_02N, NATT_DRAFT },
    { VID_NATT_02, NATT_DRAFT },
};

static bool is_allowed(enum natt_kind kind, uint8_t nat_vids)
{
    switch ((enum cyg_nat_vids)nat_vids) {
    case CYG_NAT_VIDS_BOTH:
        return true;
    case CYG_NAT_VIDS_RFC:
        return kind == NATT_RFC;
    case CYG_NAT_VIDS_DRAFTS:
        return kind == NATT_DRAFT;
    case CYG_NAT_VIDS_NONE:
        return false;
    }
    return false;
}

void natt_offer(struct builder *b, uint8_t nat_vids)
{
    for (size_t i = 0; i < CYG_LEN(versions); i++) {
        if (is_allowed(versions[i].kind, nat_vids)) {
            builder_payload(b, PAYLOAD_VID, vid_info(versions[i].id)->send);
        }
    }
}

enum vid_id natt_choose(const struct message *m, uint8_t nat_vids)
{
    size_t best = CYG_LEN(versions);
    for (size_t n = 0; n < m->n; n++) {
        const struct vid_info *vid =
            m->payloads[n].kind == PK_VID ? vid_identify(m->payloads[n].body) : NULL;
        for (size_t i = 0; vid != NULL && i < best; i++) {
            if (vid->id == versions[i].id && is_allowed(versions[i].kind, nat_vids)) {
                best = i;
            }
        }
    }
    return best < CYG_LEN(versions) ? versions[best].id : VID_UNKNOWN;
}

enum natt_kind natt_kind_of(enum vid_id id)
{
    for (size_t i = 0; i < CYG_LEN(versions); i++) {
        if (versions[i].id == id) {
            return versions[i].kind;
        }
    }
    return NATT_NONE;
}

static uint8_t natd_type(const struct ike_sa *sa)
{
    return sa->natt == NATT_DRAFT ? PAYLOAD_NATD_DRAFT : PAYLOAD_NATD;
}

static enum cyg_code natd_hash(const struct ike_sa *sa, enum cyg_alg hash,
                               const struct cyg_address *endpoint, struct cyg_key *ret,
                               struct cyg_error *err)
{
    enum cyg_code code =
        keys_nat_d(sa->engine->providers.crypto, hash, cyg_span_of_array(sa->cookie_i),
                   cyg_span_of_array(sa->cookie_r), endpoint, ret);
    if (code != CYG_OK) {
        return CYG_FAIL(err, CYG_R_CRYPTO_FAILED, .got_quote = cyg_quote_text("NAT-D"));
    }
    return CYG_OK;
}

enum cyg_code natt_detect(const struct ike_sa *sa, enum cyg_alg hash, const struct message *m,
                          const struct cyg_path *path, struct natt_result *ret,
                          struct cyg_error *err)
{
    struct cyg_key ours, theirs;
    enum cyg_code code = natd_hash(sa, hash, &path->local, &ours, err);
    if (code == CYG_OK) {
        code = natd_hash(sa, hash, &path->remote, &theirs, err);
    }
    if (code != CYG_OK) {
        return code;
    }
    struct natt_result result = { .local = true, .remote = true };
    size_t seen = 0;
    for (size_t n = 0; n < m->n && seen < NATD_MAX; n++) {
        if (m->payloads[n].type != natd_type(sa)) {
            continue;
        }
        /* The first describes the receiver: us; the others all addresses of the sender. */
        if (seen++ == 0) {
            result.local = !cyg_span_equal(m->payloads[n].body, cyg_key_span(&ours));
        } else if (cyg_span_equal(m->payloads[n].body, cyg_key_span(&theirs))) {
            result.remote = false;
        }
    }
    if (seen == 0) { /* the peer has shown the vendor ID and then kept silent: no NAT-T */
        result = (struct natt_result){ 0 };
    }
    *ret = result;
    return CYG_OK;
}

enum cyg_code natt_prove(struct builder *b, const struct ike_sa *sa, enum cyg_alg hash,
                         const struct cyg_path *path, bool forced, struct cyg_error *err)
{
    struct cyg_key theirs, ours;
    enum cyg_code code = natd_hash(sa, hash, &path->remote, &theirs, err);
    if (code == CYG_OK) {
        code = natd_hash(sa, hash, &path->local, &ours, err);
    }
    if (code != CYG_OK) {
        return code;
    }
    if (forced) {
        ours.data[0] ^= 0xff;
    }
    builder_payload(b, natd_type(sa), cyg_key_span(&theirs));
    builder_payload(b, natd_type(sa), cyg_key_span(&ours));
    return CYG_OK;
}

struct cyg_path natt_float(const struct engine_settings *settings, const struct cyg_path *path)
{
    struct cyg_path floated = *path;
    if (path->local.port == settings->port) {
        floated.local.port = settings->nat_t_port;
        if (path->remote.port == 500) {
            floated.remote.port = 4500;
        }
    }
    return floated;
}

uint16_t natt_mode_encode(enum natt_kind kind, bool encapsulated, uint8_t mode)
{
    bool tunnel = mode == CYG_MODE_TUNNEL;
    if (!encapsulated) {
        return tunnel ? ENCAP_TUNNEL : ENCAP_TRANSPORT;
    }
    if (kind == NATT_DRAFT) {
        return tunnel ? ENCAP_UDP_TUNNEL_DRAFT : ENCAP_UDP_TRANSPORT_DRAFT;
    }
    return tunnel ? ENCAP_UDP_TUNNEL : ENCAP_UDP_TRANSPORT;
}

uint8_t natt_mode_decode(bool encapsulated, uint16_t number)
{
    switch (number) {
    case ENCAP_TUNNEL:
        return encapsulated ? 0 : CYG_MODE_TUNNEL;
    case ENCAP_TRANSPORT:
        return encapsulated ? 0 : CYG_MODE_TRANSPORT;
    case ENCAP_UDP_TUNNEL:
    case ENCAP_UDP_TUNNEL_DRAFT:
        return encapsulated ? CYG_MODE_TUNNEL : 0;
    case ENCAP_UDP_TRANSPORT:
    case ENCAP_UDP_TRANSPORT_DRAFT:
        return encapsulated ? CYG_MODE_TRANSPORT : 0;
    default:
        return 0;
    }
}
