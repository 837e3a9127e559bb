# SPDX-License-Identifier: LGPL-2.1-or-later
# A plugin outside the tree; nothing of it is built by this makefile.
TESTS += testing/plugin_example/test.sh
installcheck_scripts += testing/plugin_example/test.sh
EXTRA_DIST += testing/plugin_example/fetch_file.c testing/plugin_example/test.sh \
	testing/plugin_example/use.c
