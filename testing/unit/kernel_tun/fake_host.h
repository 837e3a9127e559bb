/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A daemon for the plugin kernel-tun that is not one: it keeps answers, events and IKE datagrams,
 * so that tests can ask for them. Algorithms come from crypto-gnutls, sockets from daemon/io where
 * a test opens them. Thread: the functions of the host any; the others one. */
#pragma once

#include <cygnet/host.h>

#include <pthread.h>

#define FAKE_EVENTS  64u
#define FAKE_IKE_MAX 64u
#define FAKE_LOG_MAX 64u
#define FAKE_MARK    0xc7u
#define FAKE_WAIT_S  10

struct sockets;

struct fake_host {
    struct cyg_host host;
    struct sockets *sockets; /* NULL: esp_socket fails */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t answered; /* tag of the last answer */
    struct cyg_kernel_result result;
    unsigned n_events, n_ike, n_log;
    struct cyg_kernel_event events[FAKE_EVENTS]; /* further ones are counted only */
    size_t ike_len[FAKE_IKE_MAX];
    struct cyg_path ike_path;
    struct cyg_error log[FAKE_LOG_MAX];
};

/* The host must not move afterwards. settings, crypto may be NULL. */
void fake_host_init(struct fake_host *fake, const struct cyg_settings *settings,
                    const struct cyg_crypto *crypto);
void fake_host_clear(struct fake_host *fake);

/* Wait for the answer to a tag; false after FAKE_WAIT_S seconds. */
bool fake_host_wait(struct fake_host *fake, uint64_t tag, struct cyg_kernel_result *ret);
