# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests of codec; ../local.mk says how.
