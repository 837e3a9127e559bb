/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cygnetctl capture PEER FILE: the IKE messages of a peer, decrypted, as a capture file for whoever
 * looks after the other end. No keys and no passwords are in it: the daemon hides the latter. */
#include "ctl.h"
#include "pcap.h"

#include <cygnet/control.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define HELD_MAX   256u /* messages of SAs whose peer is not known yet; the oldest goes */
#define COOKIE_LEN 8u
#define EVENT_NAME "ike-message"

static const char usage_text[] = "takes [--count N] [--time SECONDS] PEER|%any FILE|-";

struct capture {
    const char *peer; /* NULL: all */
    FILE *file;
    int64_t count, count_max; /* messages in the file; 0: no end */
    struct {
        uint8_t *data;
        size_t len;
    } held[HELD_MAX]; /* a ring */
    size_t n_held;    /* that there were */
};

/* --- One message --- */

static struct cyg_span bytes_of(struct cyg_span event)
{
    struct cyg_span bytes = { NULL, 0 };
    (void)cyg_vici_get(event, "message", &bytes);
    return bytes;
}

static bool get_end(struct cyg_span event, const char *host_key, const char *port_key,
                    struct cyg_address *ret)
{
    struct cyg_span host;
    int64_t port = 0;
    if (!cyg_vici_get(event, host_key, &host) || cyg_address_parse(host, false, ret, NULL) != CYG_OK
        || !cyg_vici_get_number(event, port_key, &port)) {
        return false;
    }
    ret->port = (uint16_t)port;
    return true;
}

static void write_message(struct capture *c, struct cyg_span event)
{
    struct pcap_message m = { .clear = bytes_of(event) };
    char when[32] = "", direction[16] = "";
    struct cyg_address local, remote;
    if (!get_end(event, "local-host", "local-port", &local)
        || !get_end(event, "remote-host", "remote-port", &remote)) {
        return;
    }
    cyg_vici_get_text(event, "direction", direction, sizeof direction);
    const bool sent = strcmp(direction, "sent") == 0;
    m.from = sent ? local : remote;
    m.to = sent ? remote : local;
    if (cyg_vici_get_text(event, "time", when, sizeof when)) {
        char *micro = NULL;
        m.when = strtoull(when, &micro, 10) * 1000000u;
        m.when += *micro == '.' ? strtoull(micro + 1, NULL, 10) : 0;
    }
    c->count += pcap_add(c->file, &m) ? 1 : 0;
}

/* --- Messages from before the peer was known --- */

static void hold(struct capture *c, struct cyg_span event)
{
    const size_t at = c->n_held++ % HELD_MAX;
    free(c->held[at].data);
    c->held[at].data = malloc(event.len);
    ctl_must(c->held[at].data != NULL);
    memcpy(c->held[at].data, event.data, event.len);
    c->held[at].len = event.len;
}

/* Those of the IKE SA of this event, by the initiator's cookie, in the order that they came in. */
static void release_held(struct capture *c, struct cyg_span event)
{
    const struct cyg_span cookie = cyg_span_first(bytes_of(event), COOKIE_LEN);
    for (size_t i = 0; i < HELD_MAX; i++) {
        const size_t at = (c->n_held + i) % HELD_MAX;
        const struct cyg_span held = { c->held[at].data, c->held[at].len };
        if (held.len > 0 && cyg_span_equal(cyg_span_first(bytes_of(held), COOKIE_LEN), cookie)) {
            write_message(c, held);
            free(c->held[at].data);
            c->held[at].data = NULL;
            c->held[at].len = 0;
        }
    }
}

static bool on_message(void *context, struct cyg_span event)
{
    struct capture *c = context;
    char name[CYG_NAME_MAX] = "";
    cyg_vici_get_text(event, "ikesa-name", name, sizeof name);
    if (c->peer == NULL) {
        write_message(c, event);
    } else if (name[0] == '\0') {
        hold(c, event);
    } else if (strcmp(name, c->peer) == 0) {
        release_held(c, event);
        write_message(c, event);
    }
    return fflush(c->file) == 0 && (c->count_max == 0 || c->count < c->count_max);
}

/* --- The command --- */

struct arguments {
    const char *peer, *file;
    long count, seconds;
};

static bool parse_number(const char *text, long *ret)
{
    char *end = NULL;
    *ret = strtol(text, &end, 10);
    return *end == '\0' && *ret > 0 && *ret <= 1000000000;
}

static bool parse(int argc, char **argv, struct arguments *ret)
{
    static const struct option options[] = { { "count", required_argument, NULL, 'c' },
                                             { "time", required_argument, NULL, 't' },
                                             { NULL, 0, NULL, 0 } };
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, "c:t:", options, NULL)) != -1;) {
        if ((option != 'c' && option != 't')
            || !parse_number(optarg, option == 'c' ? &ret->count : &ret->seconds)) {
            return false;
        }
    }
    if (argc - optind != 2) {
        return false;
    }
    ret->peer = argv[optind];
    ret->file = argv[optind + 1];
    return true;
}

/* Readable by its owner only: it says who talks with whom. */
static FILE *open_file(const char *path)
{
    if (strcmp(path, "-") == 0) {
        return stdout;
    }
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL) {
        fprintf(stderr, "cygnetctl: %s: %s\n", path, strerror(errno));
    }
    return file;
}

/* Ctrl-C ends the capture, not the program in the middle of a packet. */
static int catch_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

enum ctl_status ctl_capture(struct ctl *ctl, int argc, char **argv)
{
    struct arguments arguments = { 0 };
    if (!parse(argc, argv, &arguments)) {
        return ctl_misused("capture", usage_text);
    }
    struct capture c = { .peer = strcmp(arguments.peer, "%any") != 0 ? arguments.peer : NULL,
                         .file = open_file(arguments.file),
                         .count_max = arguments.count };
    if (c.file == NULL) {
        return CTL_FAILED;
    }
    pcap_begin(c.file);
    const int stop_fd = catch_signals();
    const cyg_usec until =
        arguments.seconds == 0 ? CYG_NEVER : cyg_time_now() + (cyg_usec)arguments.seconds * CYG_SEC;
    fprintf(stderr, "cygnetctl: capturing; the messages are in clear\n");
    enum ctl_status status = fflush(c.file) == 0 ? ctl_listen_raw(ctl->client, EVENT_NAME,
                                                                  on_message, &c, stop_fd, until)
                                                 : CTL_DONE;
    for (size_t i = 0; i < HELD_MAX; i++) {
        free(c.held[i].data);
    }
    if (ferror(c.file) != 0) {
        fprintf(stderr, "cygnetctl: %s cannot be written\n", arguments.file);
        status = CTL_FAILED;
    }
    fprintf(stderr, "cygnetctl: %lld messages\n", (long long)c.count);
    if (c.file != stdout) {
        fclose(c.file);
    }
    close(stop_fd);
    return status;
}
