# SPDX-License-Identifier: LGPL-2.1-or-later
# Man pages: dist_man_MANS += doc/x.8
dist_man_MANS += doc/cygnet-swanctl.7 doc/cygnetctl.8 doc/cygnetd.8
dist_man_MANS += doc/cygnet-plugins.7 doc/cygnet.conf.5 doc/cygnet-kernel-tun.7
dist_man_MANS += doc/cygnet-schema.5
