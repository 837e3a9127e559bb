/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attribute payload of transaction exchanges. */
#include "mode_config.h"

#include <string.h>

#define CONFIG_HEAD_LEN 4u

enum cyg_code mode_config_decode(struct cyg_span body, struct mode_config *ret,
                                 struct cyg_error *err)
{
    struct cyg_reader r = cyg_reader_of(body);
    struct mode_config c;
    c.type = cyg_reader_u8(&r);
    uint8_t reserved = cyg_reader_u8(&r);
    c.identifier = cyg_reader_u16(&r);
    c.attributes = cyg_reader_rest(&r);

    if (!cyg_reader_ok(&r)) {
        return CYG_FAIL(err, CYG_R_CONFIG_SHORT, .payload = PAYLOAD_ATTR,
                        .offset = (uint32_t)cyg_reader_offset(&r), .got = body.len,
                        .want = CONFIG_HEAD_LEN);
    }
    if (reserved != 0) {
        return CYG_FAIL(err, CYG_R_CONFIG_RESERVED, .payload = PAYLOAD_ATTR, .offset = 1,
                        .got = reserved, .want = 0);
    }
    enum cyg_code code = attributes_check(c.attributes, err);
    if (code != CYG_OK) {
        if (err != NULL) {
            err->payload = PAYLOAD_ATTR;
            err->offset += CONFIG_HEAD_LEN;
        }
        return code;
    }
    *ret = c;
    return CYG_OK;
}

void mode_config_encode(uint8_t type, uint16_t identifier, struct cyg_writer *w)
{
    cyg_writer_u8(w, type);
    cyg_writer_u8(w, 0);
    cyg_writer_u16(w, identifier);
}

bool config_is_xauth(uint16_t attribute)
{
    return attribute >= CONFIG_ATTR_XAUTH_TYPE && attribute <= CONFIG_ATTR_XAUTH_ANSWER;
}

bool config_is_secret(uint16_t attribute)
{
    switch (attribute) {
    case CONFIG_ATTR_XAUTH_USER_PASSWORD:
    case CONFIG_ATTR_XAUTH_PASSCODE:
    case CONFIG_ATTR_XAUTH_NEXT_PIN:
    case CONFIG_ATTR_XAUTH_ANSWER:
        return true;
    default:
        return false;
    }
}

static enum cyg_code decode(struct cyg_span message, struct message *ret)
{
    struct header h;
    enum cyg_code code = header_decode(message, &h, NULL);
    return code != CYG_OK ? code
                          : message_decode_chain(h.next, header_body(&h, message), true, ret, NULL);
}

bool message_has_config(struct cyg_span message)
{
    struct message m;
    return decode(message, &m) != CYG_OK || m.count[PK_ATTR] > 0;
}

/* part lies in bytes that the caller may write. */
static void hide(struct cyg_span part)
{
    if (part.len > 0) {
        memset((uint8_t *)(uintptr_t)part.data, '*', part.len);
    }
}

/* NOLINTNEXTLINE(readability-non-const-parameter): hide() writes to what it finds in it */
void message_hide_secrets(uint8_t *message, size_t len)
{
    struct message m;
    if (decode((struct cyg_span){ message, len }, &m) != CYG_OK) {
        hide(cyg_span_after((struct cyg_span){ message, len }, HEADER_LEN));
        return;
    }
    const struct payload *p;
    for (size_t i = 0; (p = message_find(&m, PK_ATTR, i)) != NULL; i++) {
        struct mode_config c;
        struct attribute a;
        if (mode_config_decode(p->body, &c, NULL) != CYG_OK) {
            hide(p->body);
            continue;
        }
        while (attribute_next(&c.attributes, &a)) {
            if (config_is_secret(a.type)) {
                hide(a.raw);
            }
        }
    }
}
