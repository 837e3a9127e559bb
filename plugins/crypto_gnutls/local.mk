# SPDX-License-Identifier: LGPL-2.1-or-later
# cygnet-crypto-gnutls.so. HACKING.md ("Add a plugin") has the lines that a plugin needs.
if PLUGIN_CRYPTO_GNUTLS
endif
