# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests of crypto_gnutls; ../local.mk says how.
