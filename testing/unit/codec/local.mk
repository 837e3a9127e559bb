# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests of codec; ../local.mk says how.
libtest_la_SOURCES += testing/unit/codec/codec_test.h
unit_tests += \
	testing/unit/codec/attribute_test \
	testing/unit/codec/builder_test \
	testing/unit/codec/cert_test \
	testing/unit/codec/delete_test \
	testing/unit/codec/fragment_test \
	testing/unit/codec/id_test \
	testing/unit/codec/message_test \
	testing/unit/codec/mode_config_test \
	testing/unit/codec/names_test \
	testing/unit/codec/natoa_test \
	testing/unit/codec/notify_test \
	testing/unit/codec/sa_test \
	testing/unit/codec/text_test \
	testing/unit/codec/transform_test \
	testing/unit/codec/vid_test
