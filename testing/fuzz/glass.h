/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Algorithms that one can see through: a cipher that leaves the text as it is, a MAC that is always
 * the same, groups where any public value but zero goes. So whoever writes a message needs no key
 * to get past the encryption and the hash: he writes GLASS_MAC where a hash has to be right. What
 * the engine does with keys, IVs and lengths is the simulation's business; here its decisions are
 * tested. Hashes (IVs, NAT-D) are those of the toys. Thread: any; no state. */
#pragma once

#include "simulation/sim.h"

#define GLASS_MAC 0x47u /* every byte of every MAC */

const struct cyg_crypto *glass_crypto(void);
