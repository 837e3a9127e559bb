# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests of control_vici; ../local.mk says how.
