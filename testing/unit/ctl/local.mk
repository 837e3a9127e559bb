# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests of ctl; ../local.mk says how.
