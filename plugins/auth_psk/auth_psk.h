/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For tests that link the plugin instead of loading it. */
#pragma once

#include <cygnet/plugin.h>

/* Authentication with a pre-shared key, RFC 2409 5.4: ISAKMP method 1. Has no instance. */
extern const struct cyg_auth_ops auth_psk_ops;
