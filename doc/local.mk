# SPDX-License-Identifier: LGPL-2.1-or-later
# Man pages: dist_man_MANS += doc/x.8
dist_man_MANS += doc/cygnetctl.8 doc/cygnetd.8
dist_man_MANS += doc/cygnet-schema.5
