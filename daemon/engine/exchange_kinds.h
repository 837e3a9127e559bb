/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every exchange that we do, in both roles. A new exchange is a file with its tables and handlers
 * and two rows in exchange_kinds.c (HACKING.md "Add an exchange or a step"). */
#pragma once

#include "exchange.h"

extern const struct exchange_kind main_mode_initiator, main_mode_responder;
extern const struct exchange_kind quick_mode_initiator, quick_mode_responder;
extern const struct exchange_kind informational_initiator, informational_responder;

/* The kind for an exchange type in our role; NULL: we do not do it. */
const struct exchange_kind *exchange_kind_for(uint8_t type, bool initiator);

/* The nth kind, for tests; NULL behind the last. */
const struct exchange_kind *exchange_kind_at(size_t index);
