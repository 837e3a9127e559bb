/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The descriptor of cygnet-auth-psk.so. */
#include "auth_psk.h"

static const struct cyg_feature features[] = {
    { .type = CYG_FEATURE_AUTH, .key = "1", .ops = &auth_psk_ops },
    { .relation = CYG_DEPENDS, .type = CYG_FEATURE_MAC, .key = "*" }, /* the PRF */
    { 0 },
};

CYG_PLUGIN(.name = "auth-psk", .summary = "Authentication with pre-shared keys",
           .features = features);
