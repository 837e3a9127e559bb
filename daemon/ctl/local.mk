# SPDX-License-Identifier: LGPL-2.1-or-later
# The command line: bin/cygnetctl, with $(JANSSON_LIBS) and $(SMARTCOLS_LIBS).
