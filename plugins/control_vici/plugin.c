/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* control-vici: the control protocol of swanctl and cygnetctl, a service of the control thread. */
#include "service.h"

static enum cyg_code load(const struct cyg_host *host, void **ret_self, struct cyg_error *err)
{
    struct vici *vici = NULL;
    enum cyg_code code = vici_new(host, &vici, err);
    if (code == CYG_OK) {
        *ret_self = vici;
    }
    return code;
}

static void unload(void *self)
{
    vici_free(self);
}

static const struct cyg_feature features[] = {
    { .type = CYG_FEATURE_SERVICE, .key = "vici", .ops = &vici_service },
    { .relation = CYG_SOFT, .type = CYG_FEATURE_STORE },
    { .type = CYG_FEATURE_END },
};

CYG_PLUGIN(.name = "control-vici", .summary = "The control protocol of swanctl and cygnetctl",
           .features = features, .settings = vici_settings, .load = load, .unload = unload);
