/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The IKE sockets on the loopback: destination known, marker on and off, ESP split from IKE on one
 * port, and a port that is held is named. */
#include "unit/test.h"

#include "io/sockets.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT       15500
#define NAT_T_PORT 14500

struct received {
    unsigned n;
    struct cyg_path path;
    uint8_t data[64];
    size_t len;
};

static void on_datagram(void *context, const struct cyg_path *path, struct cyg_span datagram)
{
    struct received *r = context;
    r->n++;
    r->path = *path;
    r->len = datagram.len;
    assert_true(datagram.len <= sizeof r->data);
    if (datagram.len > 0) {
        memcpy(r->data, datagram.data, datagram.len);
    }
}

static struct cyg_address address(const char *text, uint16_t port)
{
    struct cyg_address a;
    assert_int_equal(cyg_address_parse(cyg_span_str(text), false, &a, NULL), CYG_OK);
    a.port = port;
    return a;
}

static struct sockets *open_any(void)
{
    const struct cyg_address any = { 0 };
    struct sockets *s = NULL;
    struct cyg_error err = { 0 };
    assert_int_equal(sockets_open(&any, 1, PORT, NAT_T_PORT, 0, &s, &err), CYG_OK);
    return s;
}

/* A plain client socket. */
static int client(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    return fd;
}

static void send_to(int fd, const char *to, uint16_t port, const void *data, size_t len)
{
    struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port) };
    assert_int_equal(inet_pton(AF_INET, to, &sa.sin_addr), 1);
    assert_int_equal(sendto(fd, data, len, 0, (struct sockaddr *)&sa, sizeof sa), (ssize_t)len);
}

static bool is_readable(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    return poll(&p, 1, 200) == 1;
}

/* Read everything that is there within 200 ms. */
static void take_all(struct sockets *s, struct received *r)
{
    for (unsigned round = 0; round < 2; round++) {
        usleep(20000);
        for (size_t i = 0; i < sockets_count(s); i++) {
            sockets_readable(s, i, on_datagram, r);
        }
    }
}

static void test_knows_the_address_a_datagram_was_sent_to(void **state)
{
    (void)state;
    struct sockets *s = open_any();
    int fd = client();
    struct received r = { 0 };
    send_to(fd, "127.0.0.5", PORT, "hello", 5);
    take_all(s, &r);
    assert_int_equal(r.n, 1);
    const struct cyg_address want = address("127.0.0.5", PORT);
    assert_true(cyg_endpoint_equal(&r.path.local, &want));
    assert_int_equal(r.len, 5);

    /* The answer leaves from that very address. */
    sockets_send(s, &r.path, cyg_span_str("answer"));
    struct sockaddr_in from;
    socklen_t from_len = sizeof from;
    char answer[16];
    assert_true(is_readable(fd));
    assert_int_equal(recvfrom(fd, answer, sizeof answer, 0, (struct sockaddr *)&from, &from_len),
                     6);
    assert_int_equal(ntohl(from.sin_addr.s_addr), 0x7f000005);
    assert_int_equal(ntohs(from.sin_port), PORT);
    close(fd);
    sockets_close(s);
}

static void test_marker_is_taken_off_and_put_on(void **state)
{
    (void)state;
    struct sockets *s = open_any();
    int fd = client();
    struct received r = { 0 };
    send_to(fd, "127.0.0.1", NAT_T_PORT, "\0\0\0\0IKE", 7);
    send_to(fd, "127.0.0.1", NAT_T_PORT, "\xff", 1);        /* keepalive */
    send_to(fd, "127.0.0.1", NAT_T_PORT, "\0\0", 2);        /* H-154 */
    send_to(fd, "127.0.0.1", NAT_T_PORT, "\1\0\0\0esp", 7); /* nobody here for it */
    take_all(s, &r);
    assert_int_equal(r.n, 1);
    assert_int_equal(r.len, 3);
    assert_memory_equal(r.data, "IKE", 3);
    assert_int_equal(r.path.local.port, NAT_T_PORT);
    struct sockets_counts counts;
    sockets_get_counts(s, &counts);
    assert_int_equal(counts.received, 4);
    assert_int_equal(counts.keepalives, 1);
    assert_int_equal(counts.short_datagrams, 1);
    assert_int_equal(counts.esp, 1);

    sockets_send(s, &r.path, cyg_span_str("re"));
    uint8_t answer[16];
    assert_true(is_readable(fd));
    assert_int_equal(recv(fd, answer, sizeof answer, 0), 6);
    assert_memory_equal(answer, "\0\0\0\0re", 6);
    close(fd);
    sockets_close(s);
}

static void test_esp_socket_gets_esp_and_nothing_else(void **state)
{
    (void)state;
    struct sockets *s = open_any();
    int fd = client(), esp = -1;
    const struct cyg_address any4 = { .family = 4, .port = NAT_T_PORT };
    struct cyg_error err = { 0 };
    assert_int_equal(sockets_esp(s, &any4, &esp, &err), CYG_OK);
    struct received r = { 0 };
    for (unsigned i = 0; i < 20; i++) { /* a hash over ports would give some to the other */
        send_to(fd, "127.0.0.1", NAT_T_PORT, "\1\2\3\4esp", 7);
        send_to(fd, "127.0.0.1", NAT_T_PORT, "\0\0\0\0IKE", 7);
        send_to(fd, "127.0.0.1", NAT_T_PORT, "\xff", 1);
    }
    for (unsigned i = 0; i < 4; i++) {
        take_all(s, &r);
    }
    assert_int_equal(r.n, 20);
    unsigned got = 0;
    uint8_t data[16];
    while (recv(esp, data, sizeof data, MSG_DONTWAIT) == 7) {
        assert_memory_equal(data, "\1\2\3\4esp", 7);
        got++;
    }
    assert_int_equal(got, 20);
    close(esp);
    close(fd);
    sockets_close(s);

    s = open_any();
    const struct cyg_address wrong = { .family = 4, .port = 1 };
    assert_int_equal(sockets_esp(s, &wrong, &esp, &err), CYG_NOT_FOUND);
    assert_int_equal(err.reason, CYG_R_NO_SUCH_SOCKET);
    sockets_close(s);
}

static void test_a_held_port_is_named(void **state)
{
    (void)state;
    struct sockets *s = open_any(), *second = NULL;
    const struct cyg_address any = { 0 };
    struct cyg_error err = { 0 };
    assert_int_equal(sockets_open(&any, 1, PORT + 1, NAT_T_PORT, 0, &second, &err), CYG_INTERNAL);
    assert_int_equal(err.reason, CYG_R_PORT_IN_USE);
    assert_int_equal(err.got, NAT_T_PORT);
    assert_null(second);
    sockets_close(s);
}

static void test_never_takes_from_itself_or_nobody(void **state)
{
    (void)state;
    struct sockets *s = open_any();
    struct received r = { 0 };
    const struct cyg_path self = { address("127.0.0.1", PORT), address("127.0.0.1", PORT) };
    sockets_send(s, &self, cyg_span_str("loop")); /* H-016 */
    take_all(s, &r);
    assert_int_equal(r.n, 0);
    struct sockets_counts counts;
    sockets_get_counts(s, &counts);
    assert_int_equal(counts.bad_address, 1);
    sockets_close(s);
}

TEST_MAIN(cmocka_unit_test(test_knows_the_address_a_datagram_was_sent_to),
          cmocka_unit_test(test_marker_is_taken_off_and_put_on),
          cmocka_unit_test(test_esp_socket_gets_esp_and_nothing_else),
          cmocka_unit_test(test_a_held_port_is_named),
          cmocka_unit_test(test_never_takes_from_itself_or_nobody));
