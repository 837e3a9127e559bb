/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The version of the library, as configure was told. */
#include <cygnet/version.h>

const char *cyg_version(void)
{
    return PACKAGE_VERSION;
}
