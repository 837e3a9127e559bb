/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cygnetctl db, where cygnet is built without SQLite (--disable-store-sqlite). */
#include "ctl.h"

#include <stdio.h>

int ctl_db(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    fputs("cygnetctl: this cygnet is built without SQLite, so it has no databases\n", stderr);
    return CTL_FAILED;
}
