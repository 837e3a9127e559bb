/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ICMP errors to senders on our own side of the tunnel; nothing is ever sent to strangers. The
 * error's source is the address that the packet was for, as if the first router behind the tunnel
 * spoke: a route to it leads into the tunnel, so that reverse path filters accept it. Thread: any.
 */
#pragma once

#include "inner.h"

#define ICMP_ERROR_MAX 1280u

enum icmp_error {
    ICMP_TOO_BIG = 1, /* RFC 1191 4, RFC 4443 3.2 */
    ICMP_PROHIBITED,  /* RFC 1812 5.2.7.1, RFC 4443 3.1 */
};

/* Write the error for a parsed packet to out, at least ICMP_ERROR_MAX bytes. mtu: for ICMP_TOO_BIG.
 * Returns its length; 0 when none may be sent (RFC 1122 3.2.2, RFC 4443 2.4): for an ICMP error, a
 * later fragment, multicast. */
size_t icmp_error(enum icmp_error error, const uint8_t *packet, const struct inner *p, size_t mtu,
                  uint8_t *out);
