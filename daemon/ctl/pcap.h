/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IKE messages in clear as a capture file that Wireshark and tcpdump open: pcap with microseconds,
 * raw IP packets (LINKTYPE 101), IPv4 and IPv6 mixed. The packets were never on the wire like this:
 * IP and UDP headers are made from the addresses, ISAKMP messages have the encryption flag cleared
 * and no padding. Thread: one. */
#pragma once

#include <cygnet/address.h>

#include <stdio.h>

/* One message, header included, encrypted or not when it was sent; len at most 65535. */
struct pcap_message {
    uint64_t when; /* microseconds since 1970 */
    struct cyg_address from, to;
    struct cyg_span clear;
};

void pcap_begin(FILE *file);
/* False: it has no ISAKMP header, or two families, or is too long; nothing is written. */
bool pcap_add(FILE *file, const struct pcap_message *message);
