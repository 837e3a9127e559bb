# SPDX-License-Identifier: LGPL-2.1-or-later
# cygnet-auth-psk.so. HACKING.md ("Add a plugin") has the lines that a plugin needs.
if PLUGIN_AUTH_PSK
endif
