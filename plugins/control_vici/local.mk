# SPDX-License-Identifier: LGPL-2.1-or-later
# cygnet-control-vici.so. HACKING.md ("Add a plugin") has the lines that a plugin needs.
if PLUGIN_CONTROL_VICI
endif
