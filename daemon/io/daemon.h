/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The running daemon: joins settings, plugins, sockets, lanes and the control thread to the engine,
 * whose thread is the main one. daemon_new opens everything, daemon_run serves until it is told to
 * end, daemon_free takes it down in the reverse order. Thread: main. */
#pragma once

#include <cygnet/error.h>

struct daemon;

/* Read and check settings, plugins' sections included; nothing is opened. Problems of single
 * plugins are printed on stderr. */
CYG_MUST_USE enum cyg_code daemon_check_settings(const char *path, struct cyg_error *err);

/* CYG_MALFORMED, CYG_NOT_FOUND: the settings are wrong (exit status 78); else the system refused.
 */
CYG_MUST_USE enum cyg_code daemon_new(const char *settings_path, struct daemon **ret,
                                      struct cyg_error *err);

/* Serve until SIGTERM or SIGINT; all SAs are deleted then, with notice to the peers. */
CYG_MUST_USE enum cyg_code daemon_run(struct daemon *daemon, struct cyg_error *err);

/* NULL is allowed. */
void daemon_free(struct daemon *daemon);
