/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The algorithms of crypto-gnutls for tests that link the plugin instead of loading it: unit tests,
 * vectors, simulations, benchmarks. Link libtest_crypto.la. */
#pragma once

#include <cygnet/crypto.h>

/* Every algorithm of the plugin, loaded at the first call and kept until the process ends. Not for
 * two threads at once. Aborts when it cannot be loaded. */
const struct cyg_crypto *test_crypto(void);

/* Read hex into buffer, which has size bytes; aborts when it is no hex or does not fit. (No cmocka
 * here: benchmarks and helper programs link this too.) */
struct cyg_span test_hex(const char *hex, uint8_t *buffer, size_t size);
