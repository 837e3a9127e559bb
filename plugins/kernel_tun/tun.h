/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The TUN device: packets with virtio headers in both directions. Thread: opened by the loader,
 * then the worker's. */
#pragma once

#include "offload.h"

#include <cygnet/error.h>

#define TUN_READ_MAX (65535u + sizeof(struct vnet)) /* one large packet */

struct tun {
    int fd;
    char name[16];
    bool tso, uso; /* what the kernel hands over and takes uncut */
};

/* Make the device. offload: whether to ask for segmentation offload. CYG_R_TUN_DEVICE. */
CYG_MUST_USE enum cyg_code tun_open(const char *name, bool offload, struct tun *ret,
                                    struct cyg_error *err);
void tun_close(struct tun *tun); /* fd -1 is allowed */

/* Write one packet or several joined ones; parts[0] is the virtio header. false: it was not taken.
 */
bool tun_write(const struct tun *tun, const struct iovec *parts, unsigned n);
