/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The insides of payloads as text. */
#include "cert.h"
#include "delete.h"
#include "fragment.h"
#include "id.h"
#include "mode_config.h"
#include "natoa.h"
#include "notify.h"
#include "sa.h"
#include "text_internal.h"
#include "vid.h"

#include <cygnet/selector.h>

#include <inttypes.h>
#include <string.h>

#define HEX_MAX 32u /* bytes of opaque data in a line */

/* What is being written: one payload of one message. */
struct page {
    const struct message *m;
    const struct payload *p;
    const struct text_sink *sink;
    char text[TEXT_LINE];
    struct line l;
};

static void begin(struct page *g, unsigned indent)
{
    g->l = line_of(g->text, sizeof(g->text));
    line_add(&g->l, "%*s", (int)indent, "");
}

static void end(struct page *g)
{
    g->sink->line(g->sink->context, g->text);
}

/* The payload does not parse: the reason takes the place of its fields. */
static void say_malformed(struct page *g, struct cyg_error *err)
{
    char reason[TEXT_LINE];
    enum cyg_code code = payload_failed(g->m, g->p, CYG_MALFORMED, err);
    (void)code;
    line_add(&g->l, "malformed at byte %" PRIu32 ": %s", err->offset,
             cyg_error_format(err, reason, sizeof(reason)));
    end(g);
}

/* One attribute of a transform: "Key Length=256", " Group Description=1024-bit …". */
static void add_transform_attribute(struct line *l, uint8_t protocol, const struct attribute *a)
{
    enum name_table values = name_values_of(protocol, a->type);
    line_name(l, name_attributes_of(protocol), a->type);
    line_add(l, "=");
    if (!a->has_value) {
        line_hex(l, a->raw, HEX_MAX);
    } else if (values != NAME_TABLES) {
        line_name(l, values, a->value);
    } else {
        line_add(l, "%" PRIu64, a->value);
    }
}

static void show_transform(struct page *g, uint8_t protocol, const struct sa_transform *t)
{
    struct cyg_span rest = t->attributes;
    struct attribute a;
    begin(g, 6);
    line_add(&g->l, "T %u: ", t->number);
    line_name(&g->l, name_transforms_of(protocol), t->id);
    while (!g->l.cut && attribute_next(&rest, &a)) {
        line_add(&g->l, ", ");
        add_transform_attribute(&g->l, protocol, &a);
    }
    if (rest.len > 0 && !g->l.cut) {
        line_add(&g->l, ", cut: ");
        line_count(&g->l, rest.len, "byte");
    }
    end(g);
}

static void show_sa(struct page *g)
{
    struct sa sa;
    struct cyg_error err;
    if (sa_decode(g->p->body, &sa, &err) != CYG_OK) {
        say_malformed(g, &err);
        return;
    }
    line_name(&g->l, NAME_DOI, sa.doi);
    line_add(&g->l, ", identity only, ");
    line_count(&g->l, sa.n_proposals, "proposal");
    line_add(&g->l, ", ");
    line_count(&g->l, sa.n_transforms, "transform");
    end(g);
    struct sa_proposal p = { 0 };
    while (sa_next_proposal(&sa, &p)) {
        begin(g, 4);
        line_add(&g->l, "P %u: ", p.number);
        line_name(&g->l, NAME_PROTOCOL, p.protocol);
        if (p.spi.len > 0) {
            line_add(&g->l, ", SPI ");
            line_hex(&g->l, p.spi, HEX_MAX);
        }
        line_add(&g->l, ", ");
        line_count(&g->l, p.n_transforms, "transform");
        end(g);
        struct sa_transform t = { 0 };
        while (sa_next_transform(&p, &t)) {
            show_transform(g, p.protocol, &t);
        }
    }
}

/* Identification data in the form that its type has; else in hex. */
static void add_identity(struct line *l, uint8_t type, struct cyg_span data)
{
    struct cyg_identity identity;
    struct cyg_selector selector;
    char text[CYG_IDENTITY_TEXT];
    if (type >= CYG_ID_IPV4_ADDR_SUBNET && type <= CYG_ID_IPV6_ADDR_RANGE
        && cyg_selector_of(type, 0, 0, data, &selector, NULL) == CYG_OK) {
        line_add(l, "%s", cyg_selector_format(&selector, text, sizeof(text)));
    } else if (type != CYG_ID_DER_ASN1_DN && type != CYG_ID_DER_ASN1_GN
               && cyg_identity_of(type, data, &identity, NULL) == CYG_OK) {
        line_add(l, "%s", cyg_identity_format(&identity, text, sizeof(text)));
    } else {
        line_data(l, data);
    }
}

static void show_id(struct page *g)
{
    struct id id;
    struct cyg_error err;
    if (id_decode(g->p->body, &id, &err) != CYG_OK) {
        say_malformed(g, &err);
        return;
    }
    line_name(&g->l, NAME_ID, id.type);
    line_add(&g->l, " ");
    add_identity(&g->l, id.type, id.data);
    if (id.protocol != 0 || id.port != 0) {
        line_add(&g->l, ", protocol %u, port %u", id.protocol, id.port);
    }
    end(g);
}

static void add_notify_data(struct line *l, const struct notify *n)
{
    uint32_t number;
    struct cyg_span rest = n->data;
    struct attribute a;
    switch (n->type) {
    case NOTIFY_R_U_THERE:
    case NOTIFY_R_U_THERE_ACK:
        if (notify_dpd(n, &number, NULL) == CYG_OK) {
            line_add(l, ", number %" PRIu32, number);
            return;
        }
        break;
    case NOTIFY_RESPONDER_LIFETIME:
        while (!l->cut && attribute_next(&rest, &a)) {
            line_add(l, ", ");
            add_transform_attribute(l, n->protocol, &a);
        }
        return;
    default:
        break;
    }
    if (n->data.len > 0) {
        line_add(l, ", data ");
        line_data(l, n->data);
    }
}

static void show_notify(struct page *g)
{
    struct notify n;
    struct cyg_error err;
    if (notify_decode(g->p->body, &n, &err) != CYG_OK) {
        say_malformed(g, &err);
        return;
    }
    line_name(&g->l, NAME_NOTIFY, n.type);
    line_add(&g->l, ", ");
    line_name(&g->l, NAME_DOI, n.doi);
    line_add(&g->l, ", ");
    line_name(&g->l, NAME_PROTOCOL, n.protocol);
    if (n.spi.len > 0) {
        line_add(&g->l, ", SPI ");
        line_hex(&g->l, n.spi, HEX_MAX);
    }
    add_notify_data(&g->l, &n);
    end(g);
}

static void show_delete(struct page *g)
{
    const size_t shown = 16;
    struct delete_payload d;
    struct cyg_error err;
    if (delete_decode(g->p->body, &d, &err) != CYG_OK) {
        say_malformed(g, &err);
        return;
    }
    line_name(&g->l, NAME_PROTOCOL, d.protocol);
    line_add(&g->l, ", ");
    line_name(&g->l, NAME_DOI, d.doi);
    line_add(&g->l, ", ");
    line_count(&g->l, d.n, "SPI");
    for (size_t i = 0; i < d.n && i < shown; i++) {
        line_add(&g->l, " ");
        line_hex(&g->l, delete_spi(&d, i), COOKIE_LEN * 2);
    }
    line_add(&g->l, "%s", d.n > shown ? " ..." : "");
    end(g);
}

static void show_vid(struct page *g)
{
    const struct vid_info *v = vid_identify(g->p->body);
    if (v == NULL) {
        line_add(&g->l, "unknown ");
        line_data(&g->l, g->p->body);
    } else {
        line_add(&g->l, "%s", v->name);
        struct cyg_span version = vid_version(v, g->p->body);
        if (version.len > 0) {
            line_add(&g->l, " ");
            line_data(&g->l, version);
        }
    }
    end(g);
}

static void show_natoa(struct page *g)
{
    struct cyg_address address;
    struct cyg_error err;
    char text[CYG_ADDRESS_TEXT];
    if (natoa_decode(g->p->body, &address, &err) != CYG_OK) {
        say_malformed(g, &err);
        return;
    }
    line_add(&g->l, "%s", cyg_address_format(&address, text, sizeof(text)));
    end(g);
}

static void show_cert(struct page *g)
{
    struct cert cert;
    struct cyg_error err;
    if (cert_decode(g->p->body, &cert, &err) != CYG_OK) {
        say_malformed(g, &err);
        return;
    }
    line_name(&g->l, NAME_CERT, cert.encoding);
    line_add(&g->l, ", ");
    line_count(&g->l, cert.data.len, "byte");
    end(g);
}

/* Whether the value is an address of mode config, which has 4 or 16 bytes (or is empty: asked). */
static bool is_config_address(uint16_t type)
{
    return (type >= CONFIG_ATTR_IP4_ADDRESS && type <= CONFIG_ATTR_IP4_NBNS)
           || type == CONFIG_ATTR_IP4_DHCP || type == CONFIG_ATTR_IP6_ADDRESS
           || (type >= CONFIG_ATTR_IP6_DNS && type <= CONFIG_ATTR_IP6_DHCP);
}

static void show_config_attribute(struct page *g, const struct attribute *a)
{
    struct cyg_address address;
    char text[CYG_ADDRESS_TEXT];
    begin(g, 4);
    line_name(&g->l, NAME_CONFIG_ATTR, a->type);
    if (config_is_secret(a->type)) { /* H-183: not even its length */
        line_add(&g->l, ": (secret)");
    } else if (a->type == CONFIG_ATTR_XAUTH_TYPE && a->has_value) {
        line_add(&g->l, ": ");
        line_name(&g->l, NAME_XAUTH_TYPE, a->value);
    } else if (a->basic) {
        line_add(&g->l, ": %" PRIu64, a->value);
    } else if (is_config_address(a->type) && cyg_address_of(a->raw, 0, &address) == CYG_OK) {
        line_add(&g->l, ": %s", cyg_address_format(&address, text, sizeof(text)));
    } else if (a->raw.len > 0) {
        line_add(&g->l, ": ");
        line_data(&g->l, a->raw);
    }
    end(g);
}

static void show_config(struct page *g)
{
    struct mode_config c;
    struct cyg_error err;
    if (mode_config_decode(g->p->body, &c, &err) != CYG_OK) {
        say_malformed(g, &err);
        return;
    }
    line_name(&g->l, NAME_CONFIG, c.type);
    line_add(&g->l, ", identifier %u", c.identifier);
    end(g);
    struct attribute a;
    while (attribute_next(&c.attributes, &a)) {
        show_config_attribute(g, &a);
    }
}

static void show_fragment(struct page *g)
{
    struct fragment f;
    struct cyg_error err;
    if (fragment_decode(g->p->body, &f, &err) != CYG_OK) {
        say_malformed(g, &err);
        return;
    }
    line_add(&g->l, "id %u, number %u%s, ", f.id, f.number, f.last ? ", the last" : "");
    line_count(&g->l, f.data.len, "byte");
    end(g);
}

static void show_hex(struct page *g)
{
    line_hex(&g->l, g->p->body, HEX_MAX);
    end(g);
}

/* Values of authentication and keys are of no use to a reader: only their size. */
static void show_size(struct page *g)
{
    line_count(&g->l, g->p->body.len, "byte");
    end(g);
}

static void (*const shows[])(struct page *g) = {
    [PK_SA] = show_sa,       [PK_KE] = show_size,     [PK_ID] = show_id,
    [PK_CERT] = show_cert,   [PK_CR] = show_cert,     [PK_HASH] = show_size,
    [PK_SIG] = show_size,    [PK_NONCE] = show_size,  [PK_N] = show_notify,
    [PK_D] = show_delete,    [PK_VID] = show_vid,     [PK_ATTR] = show_config,
    [PK_NATD] = show_hex,    [PK_NATOA] = show_natoa, [PK_FRAGMENT] = show_fragment,
    [PK_PRIVATE] = show_hex,
};
_Static_assert(CYG_LEN(shows) == PK_COUNT, "a kind of payload without a text");

void payload_format(const struct message *m, const struct payload *p, const struct text_sink *sink)
{
    struct page g = { .m = m, .p = p, .sink = sink };
    begin(&g, 2);
    line_name(&g.l, NAME_PAYLOAD, p->type);
    line_add(&g.l, ": ");
    shows[p->kind](&g);
}
