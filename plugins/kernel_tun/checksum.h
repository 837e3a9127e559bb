/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Internet checksum, RFC 1071 and 1624. Sums are kept wide and unfolded so that parts can be
 * added up; every part but the last has an even number of bytes. Thread: any. */
#pragma once

#include <cygnet/span.h>

/* Add the bytes to a sum. */
uint64_t checksum_add(uint64_t sum, const uint8_t *data, size_t len);

/* The pseudo header of TCP and UDP, RFC 9293 3.1 and RFC 8200 8.1; src and dst stand behind each
 * other: 8 bytes for IPv4, 32 for IPv6. */
uint64_t checksum_pseudo(const uint8_t *addresses, size_t addresses_len, uint8_t protocol,
                         size_t upper_len);

/* Fold a sum to the 16 bits that stand in the header, complemented, in the order of the wire. */
void checksum_put(uint64_t sum, uint8_t field[2]);

/* The same without the complement: what a partial checksum of virtio begins with. */
void checksum_put_partial(uint64_t sum, uint8_t field[2]);

/* Whether the sum over everything, checksum included, is right. */
bool checksum_is_right(uint64_t sum);

/* Mend a checksum after the low byte of a 16-bit word changed. */
void checksum_mend(uint8_t field[2], uint8_t before, uint8_t after);
