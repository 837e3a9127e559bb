/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mail to the engine's thread. */
#include "mailbox.h"

#include <pthread.h>
#include <stdlib.h>

#define PACKETS_MAX 1024u /* stray datagrams that wait; more are dropped like by a full socket */

struct mailbox {
    pthread_mutex_t mutex;
    struct mail *first, **end;
    size_t packets;
    bool closed;
    void (*wake)(void *context);
    void *context;
};

enum cyg_code mailbox_new(void (*wake)(void *context), void *context, struct mailbox **ret)
{
    struct mailbox *box = calloc(1, sizeof *box);
    if (box == NULL) {
        return CYG_NOMEM;
    }
    pthread_mutex_init(&box->mutex, NULL);
    box->end = &box->first;
    box->wake = wake;
    box->context = context;
    *ret = box;
    return CYG_OK;
}

void mailbox_free(struct mailbox *box)
{
    if (box == NULL) {
        return;
    }
    for (struct mail *mail = mailbox_take_all(box); mail != NULL;) {
        struct mail *next = mail->next;
        free(mail);
        mail = next;
    }
    pthread_mutex_destroy(&box->mutex);
    free(box);
}

struct mail *mail_new(enum mail_type type, size_t extra)
{
    struct mail *mail = calloc(1, sizeof *mail + extra);
    if (mail != NULL) {
        mail->type = type;
    }
    return mail;
}

bool mailbox_post(struct mailbox *box, struct mail *mail)
{
    pthread_mutex_lock(&box->mutex);
    const bool taken = !box->closed && (mail->type != MAIL_PACKET || box->packets < PACKETS_MAX);
    const bool was_empty = box->first == NULL;
    if (taken) {
        mail->next = NULL;
        *box->end = mail;
        box->end = &mail->next;
        box->packets += mail->type == MAIL_PACKET;
    }
    pthread_mutex_unlock(&box->mutex);
    if (!taken) {
        free(mail);
    } else if (was_empty) {
        box->wake(box->context);
    }
    return taken;
}

struct mail *mailbox_take_all(struct mailbox *box)
{
    pthread_mutex_lock(&box->mutex);
    struct mail *all = box->first;
    box->first = NULL;
    box->end = &box->first;
    box->packets = 0;
    pthread_mutex_unlock(&box->mutex);
    return all;
}

void mailbox_close(struct mailbox *box)
{
    pthread_mutex_lock(&box->mutex);
    box->closed = true;
    pthread_mutex_unlock(&box->mutex);
}
