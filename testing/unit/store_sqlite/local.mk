# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests of store_sqlite; ../local.mk says how.
