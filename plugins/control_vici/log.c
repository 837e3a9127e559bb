/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of the log for clients: the event `log`, and control-log of initiate and terminate. */
#include "commands.h"

static const char *const groups[CYG_LOG_GROUPS] = {
    [CYG_LOG_DMN] = "DMN", [CYG_LOG_MGR] = "MGR", [CYG_LOG_IKE] = "IKE", [CYG_LOG_CHD] = "CHD",
    [CYG_LOG_JOB] = "JOB", [CYG_LOG_CFG] = "CFG", [CYG_LOG_KNL] = "KNL", [CYG_LOG_NET] = "NET",
    [CYG_LOG_ASN] = "ASN", [CYG_LOG_ENC] = "ENC", [CYG_LOG_ESP] = "ESP", [CYG_LOG_LIB] = "LIB",
};

const char *log_group_name(uint8_t group)
{
    return group < CYG_LOG_GROUPS ? groups[group] : "DMN";
}

void put_log(struct cyg_vici_writer *w, const struct cyg_event *event)
{
    char text[768];
    cyg_vici_key(w, "group", "%s", log_group_name(event->group));
    cyg_vici_key(w, "level", "%d", event->level);
    if (event->ike_uniqueid != 0) {
        cyg_vici_key(w, "ikesa-name", "%s", event->name);
        cyg_vici_key(w, "ikesa-uniqueid", "%u", event->ike_uniqueid);
    }
    cyg_vici_key(w, "msg", "%s", cyg_error_format(&event->error, text, sizeof text));
}

void log_event(struct server *server, const struct cyg_event *event)
{
    if (event->level > 1 || !server_is_wanted(server, "log")) {
        return;
    }
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_EVENT, "log");
    put_log(&w, event);
    server_event(server, "log", &w);
}
