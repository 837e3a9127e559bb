/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ike-updown and child-updown: an SA came up or went down. `up` is absent on down, as charon has
 * it. */
#include "commands.h"

void updown_event(struct server *server, const struct cyg_event *event)
{
    const bool is_ike = event->type == CYG_EVENT_IKE_UP || event->type == CYG_EVENT_IKE_DOWN;
    const bool is_up = event->type == CYG_EVENT_IKE_UP || event->type == CYG_EVENT_CHILD_UP;
    const char *name = is_ike ? "ike-updown" : "child-updown";
    if (event->ike == NULL || !server_is_wanted(server, name)) {
        return;
    }
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_EVENT, name);
    if (is_up) {
        cyg_vici_bool(&w, "up", true);
    }
    put_ike_sa(&w, event->ike, event->children, event->n_children, event->when);
    server_event(server, name, &w);
}
