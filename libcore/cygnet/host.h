/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The door to the daemon: what a plugin may ask of it. One const struct, given to load and valid
 * until unload returns. Thread: everything here may be called from the plugin's own threads. Calls
 * that "run on the control thread" call back there; services live on it and never on the
 * engine's. */
#pragma once

#include <cygnet/control.h>
#include <cygnet/crypto.h>
#include <cygnet/history.h>
#include <cygnet/kernel.h>
#include <cygnet/settings.h>
#include <cygnet/time.h>

struct cyg_host;

/* Lanes of jobs, DESIGN.md "Jobs". */
enum cyg_lane {
    CYG_LANE_CRYPTO = 0,
    CYG_LANE_STORAGE,
    CYG_LANE_STORAGE_WRITE,
    CYG_LANE_SLOW,
    CYG_LANES
};

enum cyg_watch_events {
    CYG_WATCH_READ = 1u << 0,
    CYG_WATCH_WRITE = 1u << 1
};

/* One UDP socket of the daemon, for back ends that must set options on it. */
struct cyg_ike_socket {
    int fd;
    struct cyg_address local; /* with port */
    bool nat_t;               /* datagrams carry the non-ESP marker */
};

/* A line of cygnetctl plugins. */
struct cyg_plugin_record {
    char plugin[CYG_NAME_MAX], summary[128];
    uint8_t feature_type; /* enum cyg_feature_type; 0: the plugin itself */
    char feature[CYG_NAME_MAX];
    bool loaded, chosen; /* chosen: this provider serves the algorithm */
    char problem[160];   /* why it is missing; "" if it is not */
};

/* Numbers of the daemon at one moment; the second group grows from its start on. */
struct cyg_counts {
    uint64_t ike_sas, half_open, children;
    uint64_t jobs; /* of the engine that are out */
    uint64_t packets, dropped, handshakes_done, handshakes_failed;
    struct {
        uint32_t threads, active, queued;
    } lanes[CYG_LANES];
};

struct cyg_host {
    size_t size;
    void *daemon; /* opaque, pass as the first argument */

    const struct cyg_settings *settings;
    const struct cyg_crypto *crypto; /* complete once every plugin is loaded */

    /* Give the engine an order; *ret_id names it in progress and ORDER_DONE events. A subscriber
     * that must not miss these subscribes before. */
    enum cyg_code (*order)(void *daemon, const struct cyg_order *order, uint64_t *ret_id);

    /* Copy IKE SAs with uniqueid above `after`, at most max_ike and max_children records (256 each
     * per engine turn). Blocks until the engine has its next turns and, up to 10 ms, until the data
     * plane has told the traffic of the children: for jobs, not for the control thread. With
     * max_children 0 it asks for none. *ret_children of one IKE SA stand together, in the order of
     * the IKE records. CYG_LIMIT: the daemon ends. */
    enum cyg_code (*list_sas)(void *daemon, uint32_t after, struct cyg_ike_record *ret_ike,
                              size_t max_ike, size_t *ret_n_ike,
                              struct cyg_child_record *ret_children, size_t max_children,
                              size_t *ret_n_children);
    size_t (*list_plugins)(void *daemon, size_t from, struct cyg_plugin_record *ret, size_t max);

    /* Events whose type is in mask, called on the control thread. level: LOG events up to it. The
     * event and what it points to are valid during the call. Returns an id for unsubscribe, 0 when
     * there is no room. A subscriber's queue is bounded; what did not fit is counted in `dropped`.
     */
    uint32_t (*subscribe)(void *daemon, uint32_t mask, int8_t level,
                          void (*callback)(void *context, const struct cyg_event *event,
                                           uint64_t dropped),
                          void *context);
    void (*unsubscribe)(void *daemon, uint32_t id);

    /* Watch a file descriptor; the callback runs on the control thread. 0: failed. Change with
     * watch_set, end with unwatch before closing the descriptor. */
    uint32_t (*watch)(void *daemon, int fd, unsigned events,
                      void (*callback)(void *context, unsigned events), void *context);
    void (*watch_set)(void *daemon, uint32_t id, unsigned events);
    void (*unwatch)(void *daemon, uint32_t id);

    /* Call once after delay, on the control thread. 0: failed. */
    uint32_t (*timer)(void *daemon, cyg_usec delay, void (*callback)(void *context), void *context);
    void (*timer_cancel)(void *daemon, uint32_t id);

    /* Run `run` on a lane's thread, then `done` on the control thread. CYG_LIMIT: lane full. */
    enum cyg_code (*job)(void *daemon, enum cyg_lane lane, void (*run)(void *context),
                         void (*done)(void *context), void *context);

    /* A record for the log; group enum cyg_log_group; level -1..4. */
    void (*log)(void *daemon, unsigned group, int8_t level, const struct cyg_error *record);

    /* The provider of a feature (enum cyg_feature_type), {NULL} if there is none. key as in
     * struct cyg_feature; NULL: the first of the type. */
    struct cyg_provider (*provider)(void *daemon, unsigned feature_type, const char *key);

    /* Data plane: answers and events for the engine; sockets. */
    void (*kernel_done)(void *daemon, uint64_t tag, const struct cyg_kernel_result *result);
    void (*kernel_event)(void *daemon, const struct cyg_kernel_event *event);
    void (*each_socket)(void *daemon,
                        void (*callback)(void *context, const struct cyg_ike_socket *socket),
                        void *context);

    /* A socket on the address and port of a NAT-T socket that gets every datagram whose first four
     * bytes are not zero (SO_REUSEPORT with classic BPF), for a back end that carries ESP itself.
     * The caller owns *ret_fd. */
    enum cyg_code (*esp_socket)(void *daemon, const struct cyg_address *local, int *ret_fd,
                                struct cyg_error *err);

    /* An IKE datagram (without marker) that arrived on an ESP socket after all. */
    void (*ike_packet)(void *daemon, const struct cyg_path *path, struct cyg_span datagram);

    /* SO_MARK value of the daemon's own sockets; 0: none. */
    uint32_t socket_mark;

    /* Count; blocks until the engine has its next turn. */
    void (*counts)(void *daemon, struct cyg_counts *ret);

    /* Read settings again and look for changed peers, as SIGHUP does; returns at once. */
    void (*reload)(void *daemon);

    /* Hand what the recorder still holds of these negotiations to the storage-write lane, so that a
     * job given to that lane next finds it in the store. Control thread only; returns at once. */
    void (*history_flush)(void *daemon, const struct cyg_history_query *query);
};
