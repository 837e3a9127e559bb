/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An ISAKMP message that one can see through, changed payload by payload: what an attacker does who
 * has the keys. Lengths, Next Payload and padding are made right again, but where the change is
 * about them. */
#pragma once

#include "fuzz/fuzz.h"

enum edit_kind {
    EDIT_REMOVE = 0, /* payload `which` */
    EDIT_DOUBLE,
    EDIT_SWAP,      /* with the next one */
    EDIT_BODY,      /* its body becomes `bytes` */
    EDIT_OVERWRITE, /* bytes[1..] from offset bytes[0] of the body on */
    EDIT_CUT,       /* bytes[0] bytes are left of the body */
    EDIT_TYPE,      /* bytes[0] */
    EDIT_INSERT,    /* before it: type bytes[0], body bytes[1..] */
    EDIT_LENGTH,    /* its generic length says bytes[0..1], whatever it is */
    EDIT_RESERVED,  /* its RESERVED byte */
    EDIT_HEADER,    /* bytes[1..] from offset bytes[0] % 28 of the header on */
    EDIT_RAW,       /* bytes[2..] from offset bytes[0..1] of the message on */
    EDIT_TRUNCATE,  /* bytes[0..1] bytes are left of the message, the header is not told */
    EDIT_APPEND,    /* behind the end, the header not told */
    EDIT_PADDING,   /* behind the last payload, the header told */
    EDIT_KINDS,
};

struct edit {
    enum edit_kind kind;
    uint8_t which;
    struct cyg_span bytes;
};

/* Write the changed message into a heap block; free it. Never fails; a message that can't be taken
 * to pieces comes back with only those changes that need none. */
uint8_t *edit_message(struct cyg_span message, const struct edit *edit, size_t *ret_len);
