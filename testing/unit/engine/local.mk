# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests of engine; ../local.mk says how.
