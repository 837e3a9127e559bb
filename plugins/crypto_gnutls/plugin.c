/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The descriptor of cygnet-crypto-gnutls.so; what it names is in provider.c. */
#include "provider.h"

CYG_PLUGIN(.name = "crypto-gnutls", .summary = "Ciphers, hashes, groups and random numbers",
           .features = crypto_gnutls_features, .load = crypto_gnutls_load,
           .unload = crypto_gnutls_unload);
