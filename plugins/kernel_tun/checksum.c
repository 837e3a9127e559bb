/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Internet checksum. It is summed up in the machine's own byte order, which only swaps the
 * result (RFC 1071 2 B), in 32-bit words that a 64-bit sum holds without carries for 16 GiB; gcc
 * and clang turn the loop into vector instructions. */
#include "checksum.h"

#include <string.h>

uint64_t checksum_add(uint64_t sum, const uint8_t *data, size_t len)
{
    uint64_t sums[4] = { 0 };
    while (len >= 16) {
        uint32_t words[4];
        memcpy(words, data, 16);
        for (size_t i = 0; i < 4; i++) {
            sums[i] += words[i];
        }
        data += 16;
        len -= 16;
    }
    sum += sums[0] + sums[1] + sums[2] + sums[3];
    while (len >= 2) {
        uint16_t word;
        memcpy(&word, data, 2);
        sum += word;
        data += 2;
        len -= 2;
    }
    if (len == 1) {
        const uint8_t last[2] = { data[0], 0 };
        uint16_t word;
        memcpy(&word, last, 2);
        sum += word;
    }
    return sum;
}

uint64_t checksum_pseudo(const uint8_t *addresses, size_t addresses_len, uint8_t protocol,
                         size_t upper_len)
{
    const uint8_t rest[8] = { (uint8_t)(upper_len >> 24),
                              (uint8_t)(upper_len >> 16),
                              (uint8_t)(upper_len >> 8),
                              (uint8_t)upper_len,
                              0,
                              0,
                              0,
                              protocol };
    return checksum_add(checksum_add(0, addresses, addresses_len), rest, sizeof(rest));
}

static uint16_t fold(uint64_t sum)
{
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

void checksum_put(uint64_t sum, uint8_t field[2])
{
    uint16_t value = (uint16_t)~fold(sum);
    memcpy(field, &value, 2);
}

void checksum_put_partial(uint64_t sum, uint8_t field[2])
{
    uint16_t value = fold(sum);
    memcpy(field, &value, 2);
}

bool checksum_is_right(uint64_t sum)
{
    return fold(sum) == 0xffff;
}

void checksum_mend(uint8_t field[2], uint8_t before, uint8_t after)
{
    /* RFC 1624 3: HC' = ~(~HC + ~m + m'), in the wire's order. */
    uint32_t sum = ~((uint32_t)field[0] << 8 | field[1]) & 0xffff;
    sum += ~(uint32_t)before & 0xffff;
    sum += after;
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    field[0] = (uint8_t)(~sum >> 8);
    field[1] = (uint8_t)~sum;
}
