# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests of engine; ../local.mk says how.
unit_tests += testing/unit/engine/siphash_test
unit_tests += testing/unit/engine/timers_test
