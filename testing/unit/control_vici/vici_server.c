/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vici_server FOLDER: serves FOLDER/vici as the fake daemon does until standard input ends. Every
 * half second the SAs come up and go down for whoever listens. */
#include "fake_daemon.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static void publish(struct fake_daemon *fake, enum cyg_event_type type)
{
    const struct cyg_event event = { .type = type,
                                     .when = cyg_time_now(),
                                     .ike_uniqueid = 1,
                                     .name = "branch",
                                     .group = CYG_LOG_IKE,
                                     .level = 1,
                                     .error = { .reason = CYG_R_STARTED,
                                                .got_quote = cyg_quote_text("of the test") },
                                     .ike = fake_daemon_ike(0),
                                     .children = fake_daemon_child(0),
                                     .n_children = 1 };
    fake_daemon_publish(fake, &event);
}

/* A notify in clear, as the engine tells of one. */
static void publish_message(struct fake_daemon *fake)
{
    static const uint8_t bytes[] = { 1, 1, 1,  1,    1, 1, 1, 1, 0, 0, 0, 0, 0, 0,
                                     0, 0, 11, 0x10, 5, 0, 0, 0, 0, 9, 0, 0, 0, 40,
                                     0, 0, 0,  12,   0, 0, 0, 1, 1, 0, 0, 14 };
    struct cyg_event event = { .type = CYG_EVENT_MESSAGE,
                               .when = cyg_time_now(),
                               .ike_uniqueid = 1,
                               .name = "branch",
                               .path = fake_daemon_ike(0)->path,
                               .sent = true,
                               .message = cyg_span_of_array(bytes) };
    fake_daemon_publish(fake, &event);
}

static void publish_entries(struct fake_daemon *fake)
{
    for (size_t i = 0; i < FAKE_ENTRIES; i++) {
        const struct cyg_event event = { .type = CYG_EVENT_HISTORY,
                                         .when = cyg_time_now(),
                                         .entry = fake_daemon_entry(i) };
        fake_daemon_publish(fake, &event);
    }
}

int main(int argc, char **argv)
{
    struct fake_daemon *fake = argc == 2 ? fake_daemon_new(argv[1], true) : NULL;
    if (fake == NULL) {
        fputs("vici_server FOLDER\n", stderr);
        return 2;
    }
    puts("ready");
    fflush(stdout);
    struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
    char byte;
    while (poll(&input, 1, 500) == 0 || read(STDIN_FILENO, &byte, 1) > 0) {
        publish(fake, CYG_EVENT_LOG);
        publish(fake, CYG_EVENT_IKE_UP);
        publish(fake, CYG_EVENT_CHILD_UP);
        publish(fake, CYG_EVENT_CHILD_DOWN);
        publish(fake, CYG_EVENT_IKE_DOWN);
        publish_message(fake);
        publish_entries(fake);
    }
    fake_daemon_free(fake);
    return 0;
}
