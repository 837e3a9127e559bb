/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attribute payload (14) of transaction exchanges: mode config and XAUTH, draft-dukes-ike-mode-cfg
 * 3.2, draft-beaulieu-ike-xauth. Values are passwords too: never shown by text.h. Ownership:
 * borrows. Thread: values. */
#pragma once

#include "attribute.h"
#include "message.h"

struct mode_config {
    uint8_t type; /* enum config_type, unknown ones too */
    uint16_t identifier;
    struct cyg_span attributes; /* checked: walk it with attribute_next */
};

/* CYG_R_CONFIG_SHORT, CYG_R_CONFIG_RESERVED, CYG_R_ATTRIBUTE_CUT, CYG_R_ATTRIBUTES_TOO_MANY. */
CYG_MUST_USE enum cyg_code mode_config_decode(struct cyg_span body, struct mode_config *ret,
                                              struct cyg_error *err);

/* Write the head; attributes are written behind it with attribute_encode and _tlv. */
void mode_config_encode(uint8_t type, uint16_t identifier, struct cyg_writer *w);

/* Whether the attribute belongs to XAUTH. */
bool config_is_xauth(uint16_t attribute);
/* Whether its value is a secret: password, passcode, answer, next PIN. */
bool config_is_secret(uint16_t attribute);

/* Whether a clear message (header included) has an Attribute payload, or does not parse. */
bool message_has_config(struct cyg_span message);
/* Overwrite every secret in a clear message with '*': values of secret attributes; all of an
 * Attribute payload that does not parse, all behind the header of such a message. What is shown or
 * recorded of a message passes here. */
void message_hide_secrets(uint8_t *message, size_t len);
