/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every secret that passed through the toy algorithms, by its first eight bytes: keys of MACs and
 * ciphers (PSK, SKEYID, SKEYID_d, _a), private values and shared secrets of Diffie-Hellman. So a
 * test can ask whether a text shows one of them, also of an SA that is long gone. One table for the
 * process: providers know no simulation. */
#include "simulation/sim_internal.h"

#define SECRETS 16384u /* a power of two; a scene of the hostile suite sees some hundreds */

static uint8_t secrets[SECRETS][SIM_SECRET_BYTES];
static size_t order[SECRETS], n_secrets;
static bool taken[SECRETS];

void sim_secrets_clear(void)
{
    for (size_t i = 0; i < n_secrets; i++) {
        taken[order[i]] = false;
    }
    n_secrets = 0;
}

/* Where it stands, or would stand. */
static size_t place_of(const uint8_t bytes[SIM_SECRET_BYTES])
{
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    size_t at = (size_t)((word * 0x9e3779b97f4a7c15u) >> 40) % SECRETS;
    while (taken[at] && memcmp(secrets[at], bytes, SIM_SECRET_BYTES) != 0) {
        at = (at + 1) % SECRETS;
    }
    return at;
}

void sim_secret_seen(struct cyg_span secret)
{
    if (secret.len < SIM_SECRET_BYTES || n_secrets == SECRETS / 2) {
        return;
    }
    size_t at = place_of(secret.data);
    if (!taken[at]) {
        taken[at] = true;
        memcpy(secrets[at], secret.data, SIM_SECRET_BYTES);
        order[n_secrets++] = at;
    }
}

bool sim_is_secret(const uint8_t bytes[SIM_SECRET_BYTES])
{
    return taken[place_of(bytes)];
}

size_t sim_secrets(void)
{
    return n_secrets;
}
