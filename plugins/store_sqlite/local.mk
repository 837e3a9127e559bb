# SPDX-License-Identifier: LGPL-2.1-or-later
# cygnet-store-sqlite.so. HACKING.md ("Add a plugin") has the lines that a plugin needs.
if PLUGIN_STORE_SQLITE
endif
