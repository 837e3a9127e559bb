/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which cygnet is running, as opposed to which one a plugin was compiled against. */
#pragma once

#include <cygnet/base.h>

/* Give the version of the library, "0.1.0"; static, never NULL. */
CYG_PUBLIC const char *cyg_version(void);
