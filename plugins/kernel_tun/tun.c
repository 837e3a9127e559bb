/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Since Linux 6.2; Debian 12's headers are older. */
#ifndef TUN_F_USO4
#    define TUN_F_USO4 0x20
#    define TUN_F_USO6 0x40
#endif

static enum cyg_code failed(const char *name, int error, struct cyg_error *err)
{
    return CYG_FAIL(err, CYG_R_TUN_DEVICE, .got_quote = cyg_quote_text(name),
                    .want_quote = cyg_quote_text(strerror(error)));
}

/* Ask for as much as the kernel gives: TCP and UDP, TCP alone, checksums alone. */
static void probe_offload(struct tun *tun)
{
    const unsigned sum = TUN_F_CSUM, tcp = sum | TUN_F_TSO4 | TUN_F_TSO6;
    if (ioctl(tun->fd, TUNSETOFFLOAD, tcp | TUN_F_USO4 | TUN_F_USO6) == 0) {
        tun->tso = tun->uso = true;
    } else if (ioctl(tun->fd, TUNSETOFFLOAD, tcp) == 0) {
        tun->tso = true;
    } else {
        (void)ioctl(tun->fd, TUNSETOFFLOAD, sum);
    }
}

enum cyg_code tun_open(const char *name, bool offload, struct tun *ret, struct cyg_error *err)
{
    size_t len = strlen(name);
    if (len == 0 || len >= sizeof(ret->name) || strchr(name, '/') != NULL
        || strchr(name, '%') != NULL) {
        return failed(name, EINVAL, err);
    }
    struct tun tun = { .fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC) };
    if (tun.fd < 0) {
        return failed(name, errno, err);
    }
    /* EXCL: two daemons must not share a device unnoticed. */
    struct ifreq request = { 0 };
    const unsigned flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | IFF_TUN_EXCL;
    request.ifr_flags = (short)flags;
    memcpy(request.ifr_name, name, len);
    memcpy(tun.name, name, len);
    int header = (int)sizeof(struct vnet);
    if (ioctl(tun.fd, TUNSETIFF, &request) != 0 || ioctl(tun.fd, TUNSETVNETHDRSZ, &header) != 0) {
        int error = errno;
        tun_close(&tun);
        return failed(name, error, err);
    }
    if (offload) {
        probe_offload(&tun);
    }
    *ret = tun;
    return CYG_OK;
}

void tun_close(struct tun *tun)
{
    if (tun->fd >= 0) {
        close(tun->fd);
        tun->fd = -1;
    }
}

bool tun_write(const struct tun *tun, const struct iovec *parts, unsigned n)
{
    return writev(tun->fd, parts, (int)n) >= 0;
}
