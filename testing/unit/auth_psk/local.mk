# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests of auth_psk; ../local.mk says how.
