/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See exchange_kinds.h. */
#include "exchange_kinds.h"

static const struct exchange_kind *const kinds[] = {
    &main_mode_initiator,  &main_mode_responder,     &quick_mode_initiator,
    &quick_mode_responder, &informational_initiator, &informational_responder,
};

const struct exchange_kind *exchange_kind_for(uint8_t type, bool initiator)
{
    for (size_t i = 0; i < CYG_LEN(kinds); i++) {
        if (kinds[i]->type == type && kinds[i]->initiator == initiator) {
            return kinds[i];
        }
    }
    return NULL;
}

const struct exchange_kind *exchange_kind_at(size_t index)
{
    return index < CYG_LEN(kinds) ? kinds[index] : NULL;
}
