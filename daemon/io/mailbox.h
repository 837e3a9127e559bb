/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mail from other threads to the engine's: a locked list and one wake-up of its loop. What
 * strangers can cause is bounded by kind (stray IKE datagrams); the rest is bounded by what the
 * engine itself has asked for. Thread: mailbox_post from any; taking on the loop's thread. */
#pragma once

#include <cygnet/host.h>

struct mailbox;

enum mail_type {
    MAIL_JOB_DONE = 1, /* engine job that has run */
    MAIL_KERNEL_DONE,
    MAIL_KERNEL_EVENT,
    MAIL_ORDER,
    MAIL_PACKET,  /* an IKE datagram that arrived on an ESP socket */
    MAIL_REQUEST, /* call request(context): work that another thread waits for */
};

struct mail {
    struct mail *next; /* the mailbox's */
    enum mail_type type;
    union {
        void *job;
        struct {
            uint64_t tag;
            struct cyg_kernel_result result;
        } kernel;
        struct cyg_kernel_event event;
        struct cyg_order order;
        struct {
            struct cyg_path path;
            size_t len;
            uint8_t data[];
        } packet;
        struct {
            void (*call)(void *context);
            void *context;
        } request;
    };
};

/* wake is called after mail was put into an empty box, on the poster's thread. */
CYG_MUST_USE enum cyg_code mailbox_new(void (*wake)(void *context), void *context,
                                       struct mailbox **ret);
/* Frees mail that was not taken. NULL is allowed. */
void mailbox_free(struct mailbox *box);

/* Allocate mail with extra bytes behind it; NULL when there is no memory. */
struct mail *mail_new(enum mail_type type, size_t extra);

/* Put it in; the box owns it then. False (and freed): closed, or too many packets wait. */
bool mailbox_post(struct mailbox *box, struct mail *mail);

/* Take all that is there, oldest first; the caller frees each with free(). */
struct mail *mailbox_take_all(struct mailbox *box);

/* Refuse what comes from now on. */
void mailbox_close(struct mailbox *box);
