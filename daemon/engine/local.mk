# SPDX-License-Identifier: LGPL-2.1-or-later
# The protocol, without I/O.
noinst_LTLIBRARIES += libengine.la
libengine_la_SOURCES = \
	daemon/engine/arena.c \
	daemon/engine/child_sa.c \
	daemon/engine/crypt.c \
	daemon/engine/engine.c \
	daemon/engine/events.c \
	daemon/engine/exchange.c \
	daemon/engine/exchange_kinds.c \
	daemon/engine/flows.c \
	daemon/engine/groups.c \
	daemon/engine/half_open.c \
	daemon/engine/ike_sa.c \
	daemon/engine/informational.c \
	daemon/engine/jobs.c \
	daemon/engine/kernel_ops.c \
	daemon/engine/keys.c \
	daemon/engine/lifetimes.c \
	daemon/engine/limit.c \
	daemon/engine/listing.c \
	daemon/engine/live.c \
	daemon/engine/main_mode_common.c \
	daemon/engine/main_mode_initiator.c \
	daemon/engine/main_mode_responder.c \
	daemon/engine/message_ids.c \
	daemon/engine/natt.c \
	daemon/engine/offers.c \
	daemon/engine/orders.c \
	daemon/engine/orders_end.c \
	daemon/engine/outgoing.c \
	daemon/engine/principal.c \
	daemon/engine/quick_mode_common.c \
	daemon/engine/quick_mode_initiator.c \
	daemon/engine/quick_mode_responder.c \
	daemon/engine/receive.c \
	daemon/engine/records.c \
	daemon/engine/replies.c \
	daemon/engine/siphash.c \
	daemon/engine/start.c \
	daemon/engine/table.c \
	daemon/engine/timers.c \
	daemon/engine/transforms.c \
	daemon/engine/transforms_read.c \
	daemon/engine/unique.c \
	daemon/engine/walker.c \
	daemon/engine/why.c

noinst_HEADERS += \
	daemon/engine/arena.h \
	daemon/engine/child_sa.h \
	daemon/engine/crypt.h \
	daemon/engine/engine.h \
	daemon/engine/engine_internal.h \
	daemon/engine/events.h \
	daemon/engine/exchange.h \
	daemon/engine/exchange_kinds.h \
	daemon/engine/flows.h \
	daemon/engine/groups.h \
	daemon/engine/half_open.h \
	daemon/engine/ike_sa.h \
	daemon/engine/informational.h \
	daemon/engine/jobs.h \
	daemon/engine/kernel_ops.h \
	daemon/engine/keys.h \
	daemon/engine/lifetimes.h \
	daemon/engine/limit.h \
	daemon/engine/listing.h \
	daemon/engine/live.h \
	daemon/engine/main_mode.h \
	daemon/engine/natt.h \
	daemon/engine/offers.h \
	daemon/engine/orders.h \
	daemon/engine/orders_internal.h \
	daemon/engine/outgoing.h \
	daemon/engine/principal.h \
	daemon/engine/quick_mode.h \
	daemon/engine/records.h \
	daemon/engine/siphash.h \
	daemon/engine/start.h \
	daemon/engine/table.h \
	daemon/engine/timers.h \
	daemon/engine/transforms.h \
	daemon/engine/unique.h \
	daemon/engine/walker.h \
	daemon/engine/why.h
