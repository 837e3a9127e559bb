/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* control-vici: the control protocol of swanctl and cygnetctl, a service of the control thread. */
#include "commands.h"

#include <stdlib.h>

struct plugin {
    const struct cyg_host *host;
    struct server *server;
    uint32_t subscription;
};

static void on_event(void *context, const struct cyg_event *event, uint64_t dropped)
{
    struct plugin *p = context;
    (void)dropped; /* the log says so */
    orders_event(p->server, event);
    if (event->type == CYG_EVENT_LOG) {
        log_event(p->server, event);
    } else {
        updown_event(p->server, event);
    }
}

static enum cyg_code start(void *self, struct cyg_error *err)
{
    struct plugin *p = self;
    const struct cyg_settings *settings = p->host->settings;
    enum cyg_code code =
        server_start(p->host, cyg_settings_string(settings, "control-vici", "socket"),
                     cyg_settings_string(settings, "control-vici", "group"), &p->server, err);
    if (code != CYG_OK) {
        return code;
    }
    const uint32_t mask = CYG_EVENT_LOG | CYG_EVENT_ORDER_DONE | CYG_EVENT_IKE_UP
                          | CYG_EVENT_IKE_DOWN | CYG_EVENT_CHILD_UP | CYG_EVENT_CHILD_DOWN;
    p->subscription = p->host->subscribe(p->host->daemon, mask, 2, on_event, p);
    return p->subscription != 0 ? CYG_OK : CYG_FAIL(err, CYG_R_NOMEM);
}

static void stop(void *self)
{
    struct plugin *p = self;
    if (p->subscription != 0) {
        p->host->unsubscribe(p->host->daemon, p->subscription);
    }
    server_stop(p->server);
    p->server = NULL;
}

static enum cyg_code load(const struct cyg_host *host, void **ret_self, struct cyg_error *err)
{
    struct plugin *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    p->host = host;
    *ret_self = p;
    return CYG_OK;
}

static const struct cyg_service_ops service = { .size = sizeof service,
                                                .start = start,
                                                .stop = stop };

static const struct cyg_feature features[] = {
    { .type = CYG_FEATURE_SERVICE, .key = "vici", .ops = &service },
    { .relation = CYG_SOFT, .type = CYG_FEATURE_STORE },
    { .type = CYG_FEATURE_END },
};

static const struct cyg_setting settings[] = {
    { .type = CYG_SETTING_STRING,
      .key = "socket",
      .fallback = "unix://" CYG_RUN_DIR "/vici",
      .help = "where clients connect" },
    { .type = CYG_SETTING_STRING,
      .key = "group",
      .help = "a group whose members may connect, besides root" },
    { .type = CYG_SETTING_END },
};

CYG_PLUGIN(.name = "control-vici", .summary = "The control protocol of swanctl and cygnetctl",
           .features = features, .settings = settings, .load = load, .unload = free);
