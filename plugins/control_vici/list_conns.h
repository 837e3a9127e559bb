/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One connection as list-conns shows it. Thread: the control thread. */
#pragma once

#include "conn.h"

#include <cygnet/vici.h>

/* A connection that came over VICI: what it said, and charon's defaults where it said nothing. Of
 * upkeep keys that charon does not show, those that were given stand behind charon's. */
void put_conn(struct cyg_vici_writer *w, const struct conn *conn);

/* local-1, remote-1. id: NULL when it says nothing. */
void put_auth_round(struct cyg_vici_writer *w, const char *section, const char *id,
                    const char *class);
