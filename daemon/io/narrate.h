/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The story of a negotiation for the log: messages that went and came, SAs that are up or have
 * ended, as records like any other, so that they reach every subscriber of the log. Thread: the
 * control thread, so that it costs the engine nothing. */
#pragma once

#include "control.h"

/* Begin; ends with the control thread. */
void narrate_start(struct control *control);

/* The record of a message event: MESSAGE_SENT or _RECEIVED. Thread: any. */
void narrate_message(const struct cyg_event *event, struct cyg_error *ret);
/* What people call an exchange: "main mode"; others by their number's name, made in buffer. */
const char *narrate_exchange(uint8_t exchange, char *buffer, size_t size);
