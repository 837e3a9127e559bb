# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests of kernel_tun; ../local.mk says how.
