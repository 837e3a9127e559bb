/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The IKE datagrams of a capture file: pcap (both byte orders) and pcapng, Ethernet, loopback and
 * raw IP, IPv4 and IPv6, UDP ports 500 and 4500. For tests; not a dissector: IP fragments and what
 * is not IKE are passed over. */
#pragma once

#include <cygnet/span.h>

struct pcap_datagram {
    uint16_t source, destination; /* UDP ports */
    struct cyg_span bytes;        /* behind UDP; of port 4500 behind the non-ESP marker */
};

/* Call take for every IKE datagram of the file's bytes. Returns how many there were; -1 when it is
 * no capture file. The bytes borrow from file. */
int pcap_each(struct cyg_span file, void (*take)(void *context, const struct pcap_datagram *d),
              void *context);
