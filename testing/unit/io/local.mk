# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests of io; ../local.mk says how.
