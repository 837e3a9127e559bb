/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checking one value of a key by its type. Private to keys.c. */
#pragma once

#include "keys.h"

#define KEY_CHECK_TEXT 1024u /* bytes of one value or item in normal form, with its NUL */

/* Check and write the normal form. CONN_VALUE with what would be right, or the reason of the
 * parser behind the type. */
CYG_MUST_USE enum cyg_code key_check(const struct key *key, struct cyg_span value,
                                     char ret_text[KEY_CHECK_TEXT], uint64_t *ret_number,
                                     struct cyg_error *err);
