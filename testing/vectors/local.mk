# SPDX-License-Identifier: LGPL-2.1-or-later
# Published test vectors that stand in the tree (EXTRA_DIST) and the tests that run them
# (unit_tests). Larger sets lie outside it: tests find them by $CYG_VECTORS.
