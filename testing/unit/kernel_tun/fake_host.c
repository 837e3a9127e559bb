/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/kernel_tun/fake_host.h"

#include "io/sockets.h"

#include <string.h>
#include <time.h>

static void fake_log(void *daemon, unsigned group, int8_t level, const struct cyg_error *record)
{
    struct fake_host *fake = daemon;
    (void)group;
    (void)level;
    pthread_mutex_lock(&fake->lock);
    if (fake->n_log < FAKE_LOG_MAX) {
        fake->log[fake->n_log] = *record;
    }
    fake->n_log++;
    pthread_mutex_unlock(&fake->lock);
}

static void fake_kernel_done(void *daemon, uint64_t tag, const struct cyg_kernel_result *result)
{
    struct fake_host *fake = daemon;
    pthread_mutex_lock(&fake->lock);
    fake->answered = tag;
    fake->result = *result;
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
}

static void fake_kernel_event(void *daemon, const struct cyg_kernel_event *event)
{
    struct fake_host *fake = daemon;
    pthread_mutex_lock(&fake->lock);
    if (fake->n_events < FAKE_EVENTS) {
        fake->events[fake->n_events] = *event;
    }
    fake->n_events++;
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
}

static void fake_each_socket(void *daemon,
                             void (*callback)(void *context, const struct cyg_ike_socket *socket),
                             void *context)
{
    struct fake_host *fake = daemon;
    if (fake->sockets != NULL) {
        sockets_each(fake->sockets, callback, context);
    }
}

static enum cyg_code fake_esp_socket(void *daemon, const struct cyg_address *local, int *ret_fd,
                                     struct cyg_error *err)
{
    struct fake_host *fake = daemon;
    return fake->sockets != NULL ? sockets_esp(fake->sockets, local, ret_fd, err) : CYG_NOT_FOUND;
}

static void fake_ike_packet(void *daemon, const struct cyg_path *path, struct cyg_span datagram)
{
    struct fake_host *fake = daemon;
    pthread_mutex_lock(&fake->lock);
    if (fake->n_ike < FAKE_IKE_MAX) {
        fake->ike_len[fake->n_ike] = datagram.len;
    }
    fake->ike_path = *path;
    fake->n_ike++;
    pthread_mutex_unlock(&fake->lock);
}

void fake_host_init(struct fake_host *fake, const struct cyg_settings *settings,
                    const struct cyg_crypto *crypto)
{
    memset(fake, 0, sizeof(*fake));
    pthread_mutex_init(&fake->lock, NULL);
    pthread_cond_init(&fake->changed, NULL);
    fake->host = (struct cyg_host){ .size = sizeof(struct cyg_host),
                                    .daemon = fake,
                                    .settings = settings,
                                    .crypto = crypto,
                                    .log = fake_log,
                                    .kernel_done = fake_kernel_done,
                                    .kernel_event = fake_kernel_event,
                                    .each_socket = fake_each_socket,
                                    .esp_socket = fake_esp_socket,
                                    .ike_packet = fake_ike_packet,
                                    .socket_mark = FAKE_MARK };
}

void fake_host_clear(struct fake_host *fake)
{
    pthread_cond_destroy(&fake->changed);
    pthread_mutex_destroy(&fake->lock);
}

bool fake_host_wait(struct fake_host *fake, uint64_t tag, struct cyg_kernel_result *ret)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += FAKE_WAIT_S;
    int failed = 0;
    pthread_mutex_lock(&fake->lock);
    while (fake->answered != tag && failed == 0) {
        failed = pthread_cond_timedwait(&fake->changed, &fake->lock, &until);
    }
    *ret = fake->result;
    pthread_mutex_unlock(&fake->lock);
    return failed == 0;
}
