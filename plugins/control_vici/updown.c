/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ike-updown and child-updown: an SA came up or went down. As charon has it: `up` is absent on
 * down; ike-updown shows no children; what is down is shown in the state DELETING or DELETED. */
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
    struct cyg_ike_record ike = *event->ike;
    if (is_ike && !is_up) {
        ike.state = CYG_IKE_DELETING;
    }
    put_ike_begin(&w, &ike, event->when);
    if (!is_ike) {
        put_child_sas(&w, event->children, event->n_children, !is_up, event->when);
    }
    cyg_vici_section_end(&w);
    server_event(server, name, &w);
}
