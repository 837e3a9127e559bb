# SPDX-License-Identifier: LGPL-2.1-or-later
# cygnet-kernel-tun.so. HACKING.md ("Add a plugin") has the lines that a plugin needs.
if PLUGIN_KERNEL_TUN
endif
