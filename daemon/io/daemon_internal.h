/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the running daemon share: daemon.c (start and end), world.c (what the engine
 * asks for), host.c (what plugins ask for), options.c (settings). */
#pragma once

#include "control.h"
#include "daemon.h"
#include "lanes.h"
#include "mailbox.h"
#include "recorder.h"
#include "sockets.h"
#include "wireshark.h"

#include <cygnet/loader.h>
#include <cygnet/log.h>

#include "engine/engine.h"

#include <stdatomic.h>
#include <uv.h>

#define DAEMON_SERVICES_MAX 16u

struct daemon {
    const char *settings_path;
    struct cyg_settings *settings;
    struct cyg_loader *loader;
    struct cyg_crypto crypto;
    struct cyg_host host;
    struct cyg_log *log; /* the control thread's once it runs */
    struct lanes *lanes;
    unsigned lanes_to_wake; /* one bit each: they got jobs this turn; engine's thread */
    struct control *control;
    struct mailbox *mailbox;
    struct recorder *recorder;
    struct sockets *sockets;
    struct engine *engine;
    struct cyg_provider kernel;
    struct wireshark *wireshark; /* NULL: no keys are written */
    struct cyg_provider services[DAEMON_SERVICES_MAX];
    const char *service_names[DAEMON_SERVICES_MAX];
    size_t n_services, n_started; /* the control thread's */
    struct cyg_error service_error;

    uv_loop_t loop;
    uv_poll_t polls[SOCKETS_MAX];
    uv_timer_t engine_timer, end_timer, watchdog;
    uv_async_t mail;
    uv_signal_t on_term, on_int, on_hup;
    uint64_t shutdown_order;
    bool ending, has_failed;
    atomic_uint_fast64_t last_order;
};

/* Sections of the settings: ours, then those of the plugins. Returns how many there are. */
size_t options_sections(const struct cyg_loader *loader, struct cyg_settings_section *ret,
                        size_t max);
/* Pass one (plugins opened) and two; both results are the caller's. */
CYG_MUST_USE enum cyg_code options_load(const char *path, struct cyg_loader **ret_loader,
                                        struct cyg_settings **ret, struct cyg_error *err);
/* Addresses of section listen, and the engine's numbers. */
CYG_MUST_USE enum cyg_code options_addresses(const struct cyg_settings *settings,
                                             struct cyg_address *ret, size_t max, size_t *ret_n,
                                             struct cyg_error *err);
void options_engine(const struct cyg_settings *settings, struct engine_settings *ret);
/* The whole list `plugins` or `crypto.prefer` as an array of borrowed strings, at most max. */
size_t options_list(const struct cyg_settings *settings, const char *section, const char *key,
                    const char **ret, size_t max);

/* The table of functions that the engine acts through. */
struct engine_world world_of(struct daemon *daemon);

/* The door for plugins; everything in it but crypto works before the plugins are loaded. */
struct cyg_host host_of(struct daemon *daemon);

/* The SAs are gone: end in the loop's next turn. */
void daemon_end_soon(struct daemon *daemon);

/* Publish a record of the daemon itself; dmn group. */
void daemon_log(struct daemon *daemon, int8_t level, const struct cyg_error *record);
