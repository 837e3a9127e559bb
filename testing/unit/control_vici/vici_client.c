/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See vici_client.h. */
#include "vici_client.h"

#include "unit/test.h"

#include <cygnet/span.h>

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int vici_client_connect(const char *path)
{
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    assert_true(strlen(path) < sizeof sa.sun_path);
    strcpy(sa.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    return fd;
}

void vici_client_send_raw(int fd, struct cyg_span bytes)
{
    assert_true(bytes.len > 0);
    assert_int_equal(send(fd, bytes.data, bytes.len, MSG_NOSIGNAL), (ssize_t)bytes.len);
}

void vici_client_send(int fd, struct cyg_vici_writer *w)
{
    vici_client_send_raw(fd, cyg_vici_finish(w));
    cyg_vici_writer_clear(w);
}

/* False: the connection ended. */
static bool read_exactly(int fd, uint8_t *to, size_t n)
{
    while (n > 0) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        assert_int_equal(poll(&p, 1, 5000), 1);
        const ssize_t got = recv(fd, to, n, 0);
        if (got <= 0) {
            return false;
        }
        to += got;
        n -= (size_t)got;
    }
    return true;
}

bool vici_client_read(int fd, struct packet *p)
{
    uint8_t head[4];
    if (!read_exactly(fd, head, sizeof head)) {
        return false;
    }
    struct cyg_reader r = cyg_reader_of(cyg_span_of_array(head));
    p->len = cyg_reader_u32(&r);
    assert_true(p->len <= sizeof p->bytes);
    if (!read_exactly(fd, p->bytes, p->len)) {
        return false;
    }
    assert_int_equal(cyg_vici_packet((struct cyg_span){ p->bytes, p->len }, &p->type, &p->name,
                                     &p->message, NULL),
                     CYG_OK);
    assert_int_equal(cyg_vici_check(p->message, NULL), CYG_OK);
    return true;
}

void vici_client_request(int fd, const char *command)
{
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, command);
    vici_client_send(fd, &w);
}

void vici_client_register(int fd, const char *event)
{
    struct cyg_vici_writer w;
    static struct packet p;
    cyg_vici_begin(&w, CYG_VICI_EVENT_REGISTER, event);
    vici_client_send(fd, &w);
    assert_true(vici_client_read(fd, &p));
    assert_int_equal(p.type, CYG_VICI_EVENT_CONFIRM);
}
