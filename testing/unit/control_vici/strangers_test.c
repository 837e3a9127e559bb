/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What hostile and slow clients of the VICI server get: HOSTILE.md H-169 to H-172. */
#include "server_rig.h"

#include "control_vici/commands.h"

#include <cygnet/writer.h>

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_h169_lengths_are_bounded_and_not_believed(void **state)
{
    (void)state;
    static const uint8_t bad[][4] = {
        { 0xff, 0xff, 0xff, 0xff }, { 0, 0, 0, 0 }, { 0, 8, 0, 1 } /* 512 KiB and one */
    };
    for (size_t i = 0; i < CYG_LEN(bad); i++) {
        int fd = vici_client_connect(world.path);
        struct packet p;
        vici_client_send_raw(fd, cyg_span_of_array(bad[i]));
        assert_false(vici_client_read(fd, &p));
        close(fd);
    }
    /* Closed in the middle of a packet; a claim of 512 KiB with nothing behind it. */
    int fd = vici_client_connect(world.path);
    vici_client_send_raw(fd, (struct cyg_span){ (const uint8_t *)"\0\10\0\0\0", 5 });
    close(fd);
    assert_serves();
}

/* A packet that trickles in: dropped when it is not whole in time, at the length or behind it. */
static void test_h169_a_packet_once_begun_must_be_whole_in_time(void **state)
{
    (void)state;
    world.hurries = true;
    for (size_t n = 1; n <= 6; n++) {
        int fd = vici_client_connect(world.path);
        struct packet p;
        vici_client_send_raw(fd, (struct cyg_span){ (const uint8_t *)"\0\0\1\0\0\7", n });
        assert_false(vici_client_read(fd, &p));
        close(fd);
    }
    int fd = vici_client_connect(world.path); /* one who has said something may stay */
    struct packet p;
    vici_client_request(fd, "version");
    assert_true(vici_client_read(fd, &p));
    usleep(100000);
    vici_client_request(fd, "version");
    assert_true(vici_client_read(fd, &p));
    close(fd);
    fd = vici_client_connect(world.path); /* one who never has may not */
    assert_false(vici_client_read(fd, &p));
    close(fd);
}

static char log_copy[sizeof world.log];

static void copy_log(void *context)
{
    (void)context;
    memcpy(log_copy, world.log, sizeof log_copy);
}

/* Connections that are left open lock nobody out: the one that was silent longest makes room. */
static void test_h169_silent_connections_make_room(void **state)
{
    (void)state;
    int fds[CLIENTS_MAX + 8];
    unsigned closed = 0;
    for (size_t i = 0; i < CYG_LEN(fds); i++) {
        struct packet p;
        fds[i] = vici_client_connect(world.path);
        vici_client_request(fds[i], "version");
        assert_true(vici_client_read(fds[i], &p)); /* each of them is served */
    }
    for (size_t i = 0; i < CYG_LEN(fds); i++) {
        struct pollfd p = { .fd = fds[i], .events = POLLIN };
        const bool gone = poll(&p, 1, i < 8 ? 2000 : 0) == 1;
        assert_true(gone == (i < 8)); /* the first ones went */
        closed += gone;
    }
    assert_int_equal(closed, 8);
    for (size_t i = 0; i < CYG_LEN(fds); i++) {
        close(fds[i]);
    }
    assert_serves();
}

/* Who waits for events, or for a command, is not pushed out. */
static void test_h169_busy_connections_stay(void **state)
{
    (void)state;
    int fds[CLIENTS_MAX];
    for (size_t i = 0; i < CYG_LEN(fds); i++) {
        fds[i] = vici_client_connect(world.path);
        vici_client_register(fds[i], "log");
    }
    struct packet p;
    int fd = vici_client_connect(world.path);
    assert_false(vici_client_read(fd, &p)); /* refused */
    close(fd);
    for (size_t i = 0; i < CYG_LEN(fds); i++) {
        vici_client_request(fds[i], "version");
        assert_true(vici_client_read(fds[i], &p));
        close(fds[i]);
    }
    assert_serves();
}

static void test_h169_without_descriptors_it_waits_and_goes_on(void **state)
{
    (void)state;
    struct rlimit old, few;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    int first = vici_client_connect(world.path);
    vici_client_register(first, "log");
    int waiting = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    few = (struct rlimit){ (rlim_t)waiting + 1, old.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0); /* below it all are in use, or soon */
    int fill[64];
    size_t n = 0;
    while (n < CYG_LEN(fill) && (fill[n] = dup(first)) >= 0) {
        n++;
    }
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    strcpy(sa.sun_path, world.path);
    assert_int_equal(connect(waiting, (struct sockaddr *)&sa, sizeof sa), 0);
    struct rusage before, after;
    assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
    usleep(500000);
    assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
    const long used_ms = (after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1000
                         + (after.ru_utime.tv_usec - before.ru_utime.tv_usec) / 1000
                         + (after.ru_stime.tv_sec - before.ru_stime.tv_sec) * 1000
                         + (after.ru_stime.tv_usec - before.ru_stime.tv_usec) / 1000;
    struct packet p;
    vici_client_request(first, "version"); /* the others are served meanwhile */
    const bool served = vici_client_read(first, &p);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    while (n > 0) {
        close(fill[--n]);
    }
    assert_true(served);
    assert_true(used_ms < 200); /* it does not spin */
    vici_client_request(waiting, "version");
    assert_true(vici_client_read(waiting, &p));
    control_call(world.control, copy_log, NULL);
    const char *said = strstr(log_copy, "No control connection can be taken");
    assert_non_null(said);
    assert_null(strstr(said + 1, "No control connection can be taken")); /* once */
    close(waiting);
    close(first);
}

static void test_h170_malformed_message_names_the_byte(void **state)
{
    (void)state;
    /* version { section end without a start } */
    static const uint8_t packet[] = { 0, 0, 0, 10, 0, 7, 'v', 'e', 'r', 's', 'i', 'o', 'n', 2 };
    int fd = vici_client_connect(world.path);
    struct packet p;
    vici_client_send_raw(fd, cyg_span_of_array(packet));
    assert_true(vici_client_read(fd, &p));
    assert_text(p.message, "success", "no");
    assert_text(p.message, "cygnet-reason", "VICI_MALFORMED");
    char text[256];
    assert_true(cyg_vici_get_text(p.message, "errmsg", text, sizeof text));
    assert_non_null(strstr(text, "byte 1"));
    /* An unknown packet type, and one that only servers send: closed. */
    static const uint8_t unknown[] = { 0, 0, 0, 1, 9 };
    vici_client_send_raw(fd, cyg_span_of_array(unknown));
    assert_false(vici_client_read(fd, &p));
    close(fd);
    static const uint8_t response[] = { 0, 0, 0, 1, 1 };
    fd = vici_client_connect(world.path);
    vici_client_send_raw(fd, cyg_span_of_array(response));
    assert_false(vici_client_read(fd, &p));
    close(fd);
    assert_serves();
}

static void flood_log(void *context)
{
    (void)context;
    const struct cyg_event event = { .type = CYG_EVENT_LOG, .error = { .reason = CYG_R_BUSY } };
    for (unsigned i = 0; i < 100000; i++) {
        log_event(world.server, &event);
    }
}

static void test_h172_a_client_that_never_reads_is_dropped(void **state)
{
    (void)state;
    int slow = vici_client_connect(world.path);
    vici_client_register(slow, "log");
    control_call(world.control, flood_log, NULL); /* some 10 MB */
    assert_serves();
    /* What was written before stands in the socket; behind it is the end. */
    struct packet p;
    unsigned packets = 0;
    while (vici_client_read(slow, &p)) {
        packets++;
    }
    assert_true(packets < 100000);
    close(slow);
}

static void test_h172_commands_in_one_write_are_served_in_order(void **state)
{
    (void)state;
    int fd = vici_client_connect(world.path);
    uint8_t all[16 * 50];
    struct cyg_writer w = cyg_writer_of(all, sizeof all);
    for (unsigned i = 0; i < 50; i++) {
        static const uint8_t version[] = { 0, 0, 0, 9, 0, 7, 'v', 'e', 'r', 's', 'i', 'o', 'n' };
        cyg_writer_bytes(&w, cyg_span_of_array(version));
    }
    vici_client_send_raw(fd, cyg_writer_span(&w));
    for (unsigned i = 0; i < 50; i++) {
        struct packet p;
        assert_true(vici_client_read(fd, &p));
        assert_text(p.message, "daemon", "cygnetd");
    }
    close(fd);
}

static void try_start(void *context)
{
    struct world *w = context;
    char uri[128];
    struct server *server = NULL;
    snprintf(uri, sizeof uri, "unix://%s", w->path);
    w->start_code = server_start(&w->host, uri, NULL, &server, &w->start_error);
    server_stop(server);
}

static void test_h171_socket_stands_only_where_it_is_safe(void **state)
{
    (void)state;
    struct stat st;
    assert_int_equal(stat(world.path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0660);
    control_call(world.control, try_start, &world); /* served already */
    assert_int_equal(world.start_code, CYG_INTERNAL);
    assert_int_equal(world.start_error.reason, CYG_R_VICI_SOCKET);
    assert_serves();

    control_call(world.control, stop_on_control, &world);
    assert_int_equal(symlink("/tmp", world.path), 0);
    control_call(world.control, try_start, &world);
    assert_int_equal(world.start_code, CYG_INTERNAL);
    unlink(world.path);

    assert_int_equal(chmod(world.folder, 0777), 0);
    control_call(world.control, try_start, &world);
    assert_int_equal(world.start_code, CYG_INTERNAL);
    assert_int_equal(chmod(world.folder, 0700), 0);
    control_call(world.control, try_start, &world);
    assert_int_equal(world.start_code, CYG_OK);
}

#define STRANGER 65534u /* a uid and gid that own nothing here */

enum outcome {
    SERVED = 0,
    REFUSED,
    NOT_TRIED, /* the child could not even connect */
};

/* Connect as somebody else and ask for the version: in a child, since uids belong to processes. */
static enum outcome ask_as(uid_t uid, gid_t gid, const gid_t *more, size_t n_more)
{
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, "version");
    struct cyg_span question = cyg_vici_finish(&w);
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    strcpy(sa.sun_path, world.path);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        uint8_t answer[4];
        struct pollfd p = { .events = POLLIN };
        if (setgroups(n_more, more) != 0 || setresgid(gid, gid, gid) != 0
            || setresuid(uid, uid, uid) != 0) {
            _exit(NOT_TRIED);
        }
        p.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (p.fd < 0 || connect(p.fd, (struct sockaddr *)&sa, sizeof sa) != 0) {
            _exit(NOT_TRIED);
        }
        (void)send(p.fd, question.data, question.len, MSG_NOSIGNAL);
        _exit(poll(&p, 1, 5000) == 1 && recv(p.fd, answer, sizeof answer, 0) > 0 ? SERVED
                                                                                 : REFUSED);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    cyg_vici_writer_clear(&w);
    assert_true(WIFEXITED(status));
    return (enum outcome)WEXITSTATUS(status);
}

/* The mode of the socket is not what it rests on: the kernel says who has connected. */
static void test_h171_who_connects_is_asked_of_the_kernel(void **state)
{
    (void)state;
    const struct group *daemon = getgrgid(1);
    const gid_t groups[] = { STRANGER, 1 };
    if (geteuid() != 0 || daemon == NULL) {
        test_skip("only root can become somebody else, and of group 1");
    }
    assert_int_equal(chmod(world.folder, 0755), 0);
    assert_int_equal(ask_as(STRANGER, STRANGER, NULL, 0), NOT_TRIED); /* 0660 */
    assert_int_equal(chmod(world.path, 0666), 0);
    assert_int_equal(ask_as(STRANGER, STRANGER, NULL, 0), REFUSED);
    assert_int_equal(ask_as(STRANGER, 0, groups, CYG_LEN(groups)), REFUSED);
    assert_int_equal(ask_as(0, STRANGER, NULL, 0), SERVED);
    assert_serves();

    control_call(world.control, stop_on_control, &world);
    world.group = daemon->gr_name;
    control_call(world.control, start_on_control, &world);
    assert_int_equal(world.start_code, CYG_OK);
    assert_int_equal(ask_as(STRANGER, STRANGER, groups, CYG_LEN(groups)), SERVED); /* 0660 */
    assert_int_equal(ask_as(STRANGER, 1, NULL, 0), SERVED);
    assert_int_equal(chmod(world.path, 0666), 0);
    assert_int_equal(ask_as(STRANGER, STRANGER, NULL, 0), REFUSED);
}

/* As somebody else, take connections until one is refused; each waits for events, so none makes
 * room. They stay open until *ret_hold is closed. How many there were; in a child. */
static unsigned hold_as(uid_t uid, gid_t gid, int *ret_hold)
{
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_EVENT_REGISTER, "log");
    struct cyg_span question = cyg_vici_finish(&w);
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    strcpy(sa.sun_path, world.path);
    int tell[2], hold[2];
    assert_int_equal(pipe(tell), 0);
    assert_int_equal(pipe(hold), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        uint8_t n = 0, answer[5];
        close(hold[1]);
        if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0
            || setresuid(uid, uid, uid) != 0) {
            _exit(1);
        }
        for (; n < CLIENTS_MAX; n++) {
            struct pollfd p = { .events = POLLIN };
            p.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
            if (p.fd < 0 || connect(p.fd, (struct sockaddr *)&sa, sizeof sa) != 0
                || send(p.fd, question.data, question.len, MSG_NOSIGNAL) <= 0
                || poll(&p, 1, 5000) != 1 || recv(p.fd, answer, sizeof answer, 0) <= 0) {
                break;
            }
        }
        (void)!write(tell[1], &n, 1);
        (void)!read(hold[0], answer, 1);
        _exit(0);
    }
    uint8_t n = 0;
    close(tell[1]);
    close(hold[0]);
    assert_int_equal(read(tell[0], &n, 1), 1);
    close(tell[0]);
    cyg_vici_writer_clear(&w);
    *ret_hold = hold[1];
    return n;
}

static void test_h169_members_of_the_group_have_a_share_each(void **state)
{
    (void)state;
    const struct group *daemon = getgrgid(1);
    int hold[4];
    if (geteuid() != 0 || daemon == NULL) {
        test_skip("only root can become somebody else, and of group 1");
    }
    assert_int_equal(chmod(world.folder, 0755), 0);
    control_call(world.control, stop_on_control, &world);
    world.group = daemon->gr_name;
    control_call(world.control, start_on_control, &world);
    assert_int_equal(world.start_code, CYG_OK);
    for (uid_t i = 0; i < 3; i++) {
        assert_int_equal(hold_as(STRANGER - i, 1, &hold[i]), CLIENTS_PER_MEMBER);
    }
    assert_int_equal(3 * CLIENTS_PER_MEMBER, CLIENTS_OF_MEMBERS);
    assert_int_equal(hold_as(STRANGER - 3, 1, &hold[3]), 0);
    assert_serves(); /* root has the rest */
    for (size_t i = 0; i < CYG_LEN(hold); i++) {
        close(hold[i]);
    }
    while (waitpid(-1, NULL, 0) > 0) {
    }
}

TEST_MAIN(SERVER_TEST(test_h169_lengths_are_bounded_and_not_believed),
          SERVER_TEST(test_h169_a_packet_once_begun_must_be_whole_in_time),
          SERVER_TEST(test_h169_silent_connections_make_room),
          SERVER_TEST(test_h169_busy_connections_stay),
          SERVER_TEST(test_h169_without_descriptors_it_waits_and_goes_on),
          SERVER_TEST(test_h170_malformed_message_names_the_byte),
          SERVER_TEST(test_h172_a_client_that_never_reads_is_dropped),
          SERVER_TEST(test_h172_commands_in_one_write_are_served_in_order),
          SERVER_TEST(test_h171_socket_stands_only_where_it_is_safe),
          SERVER_TEST(test_h171_who_connects_is_asked_of_the_kernel),
          SERVER_TEST(test_h169_members_of_the_group_have_a_share_each));
