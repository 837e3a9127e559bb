# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests of codec; ../local.mk says how.
libtest_la_SOURCES += testing/unit/codec/codec_test.h
unit_tests += \
	testing/unit/codec/attribute_test \
	testing/unit/codec/builder_test \
	testing/unit/codec/message_test \
	testing/unit/codec/sa_test \
	testing/unit/codec/transform_test
