/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing events to the log: for the daemon, not for plugins. Targets: stderr, the journal, a file
 * that is opened again at reload; text in charon's form ("[IKE] <name|id> text"), or JSON lines.
 * One record is one line; foreign bytes are escaped (H-181). What repeats is rate-limited per
 * reason and source, then counted (H-104). Thread: any, one waits for the other. */
#pragma once

#include <cygnet/control.h>
#include <cygnet/settings.h>

struct cyg_log;

/* Options of the section `log`: target, level, json, and a level per group. */
CYG_PUBLIC extern const struct cyg_setting cyg_log_settings[];

/* Open what the settings say. The highest level of any group is in *ret_level (may be NULL). */
CYG_MUST_USE CYG_PUBLIC enum cyg_code cyg_log_new(const struct cyg_settings *settings,
                                                  struct cyg_log **ret, int8_t *ret_level,
                                                  struct cyg_error *err);
CYG_PUBLIC void cyg_log_free(struct cyg_log *log);

/* Take one event of type CYG_EVENT_LOG; `dropped` records before it were lost. Other types are
 * ignored. Its line may wait for cyg_log_flush. */
CYG_PUBLIC void cyg_log_event(struct cyg_log *log, const struct cyg_event *event, uint64_t dropped);

/* Write the lines that wait, several at once; cyg_log_free does it too. */
CYG_PUBLIC void cyg_log_flush(struct cyg_log *log);

/* Open the file again, after rotation. */
CYG_PUBLIC void cyg_log_reopen(struct cyg_log *log);
