# SPDX-License-Identifier: LGPL-2.1-or-later
# Bytes <-> ISAKMP messages.
noinst_LTLIBRARIES += libcodec.la
libcodec_la_SOURCES = \
	daemon/codec/attribute.c \
	daemon/codec/builder.c \
	daemon/codec/cert.c \
	daemon/codec/delete.c \
	daemon/codec/fragment.c \
	daemon/codec/id.c \
	daemon/codec/message.c \
	daemon/codec/mode_config.c \
	daemon/codec/names.c \
	daemon/codec/natoa.c \
	daemon/codec/notify.c \
	daemon/codec/sa.c \
	daemon/codec/sa_encode.c \
	daemon/codec/text.c \
	daemon/codec/text_payload.c \
	daemon/codec/transform.c \
	daemon/codec/vid.c

noinst_HEADERS += \
	daemon/codec/attribute.h \
	daemon/codec/builder.h \
	daemon/codec/cert.h \
	daemon/codec/delete.h \
	daemon/codec/fragment.h \
	daemon/codec/id.h \
	daemon/codec/message.h \
	daemon/codec/mode_config.h \
	daemon/codec/names.h \
	daemon/codec/natoa.h \
	daemon/codec/notify.h \
	daemon/codec/sa.h \
	daemon/codec/text.h \
	daemon/codec/text_internal.h \
	daemon/codec/vid.def \
	daemon/codec/vid.h \
	daemon/codec/wire.def \
	daemon/codec/wire.h
