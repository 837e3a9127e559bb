# SPDX-License-Identifier: LGPL-2.1-or-later
# Fuzz targets: testing/fuzz/x_fuzz.c has LLVMFuzzerTestOneInput, its inputs are the files of
# testing/fuzz/corpus/x/. Three lines each:
#   fuzz_targets += testing/fuzz/x_fuzz
#   testing_fuzz_x_fuzz_LDADD = $(fuzz_ldadd)
#   EXTRA_DIST += testing/fuzz/corpus/x
# With --enable-fuzz libFuzzer drives them ("make fuzz T=60"). Else replay.c does: "make check" runs
# every input of the corpus, with whatever sanitizers the build has.
if FUZZ
fuzz_ldadd = $(FUZZ_LIBS) libengine.la libcodec.la libcore.la
noinst_PROGRAMS += $(fuzz_targets)
else
fuzz_ldadd = libreplay.la libengine.la libcodec.la libcore.la
check_LTLIBRARIES += libreplay.la
libreplay_la_SOURCES = testing/fuzz/replay.c
check_PROGRAMS += $(fuzz_targets)
TESTS += $(fuzz_targets)
endif
EXTRA_DIST += testing/fuzz/replay.c

# The codec's.
EXTRA_DIST += testing/fuzz/fuzz.h
fuzz_targets += \
	testing/fuzz/attribute_fuzz \
	testing/fuzz/delete_fuzz \
	testing/fuzz/fragment_fuzz \
	testing/fuzz/header_fuzz \
	testing/fuzz/id_fuzz \
	testing/fuzz/message_fuzz \
	testing/fuzz/notify_fuzz \
	testing/fuzz/sa_fuzz \
	testing/fuzz/text_fuzz \
	testing/fuzz/vid_fuzz
testing_fuzz_attribute_fuzz_LDADD = $(fuzz_ldadd)
testing_fuzz_delete_fuzz_LDADD = $(fuzz_ldadd)
testing_fuzz_fragment_fuzz_LDADD = $(fuzz_ldadd)
testing_fuzz_header_fuzz_LDADD = $(fuzz_ldadd)
testing_fuzz_id_fuzz_LDADD = $(fuzz_ldadd)
testing_fuzz_message_fuzz_LDADD = $(fuzz_ldadd)
testing_fuzz_notify_fuzz_LDADD = $(fuzz_ldadd)
testing_fuzz_sa_fuzz_LDADD = $(fuzz_ldadd)
testing_fuzz_text_fuzz_LDADD = $(fuzz_ldadd)
testing_fuzz_vid_fuzz_LDADD = $(fuzz_ldadd)
EXTRA_DIST += \
	testing/fuzz/corpus/attribute \
	testing/fuzz/corpus/delete \
	testing/fuzz/corpus/fragment \
	testing/fuzz/corpus/header \
	testing/fuzz/corpus/id \
	testing/fuzz/corpus/message \
	testing/fuzz/corpus/notify \
	testing/fuzz/corpus/sa \
	testing/fuzz/corpus/text \
	testing/fuzz/corpus/vid

# Whole conversations, on the simulated network.
fuzz_targets += testing/fuzz/conversation_fuzz
testing_fuzz_conversation_fuzz_SOURCES = \
	testing/fuzz/conversation_fuzz.c \
	testing/fuzz/edit.c \
	testing/fuzz/edit.h \
	testing/fuzz/glass.c \
	testing/fuzz/glass.h
testing_fuzz_conversation_fuzz_LDFLAGS = $(sim_ldflags)
testing_fuzz_conversation_fuzz_LDADD = libsim.la $(fuzz_ldadd)
EXTRA_DIST += testing/fuzz/corpus/conversation

# The settings; an include must find nothing on this machine.
fuzz_targets += testing/fuzz/settings_fuzz
testing_fuzz_settings_fuzz_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=glob
testing_fuzz_settings_fuzz_LDADD = $(fuzz_ldadd)
EXTRA_DIST += testing/fuzz/corpus/settings testing/fuzz/settings.dict

# kernel-tun's packet functions.
if PLUGIN_KERNEL_TUN
if PLUGIN_CRYPTO_GNUTLS
fuzz_targets += testing/fuzz/esp_input_fuzz
testing_fuzz_esp_input_fuzz_CPPFLAGS = $(kernel_tun_cppflags)
testing_fuzz_esp_input_fuzz_LDADD = libkernel_tun.la libtest_crypto.la libcrypto_gnutls.la \
	$(fuzz_ldadd) $(PLUGIN_KERNEL_TUN_LIBS) -lpthread
endif
endif
EXTRA_DIST += testing/fuzz/corpus/esp_input

# The control protocol.
if PLUGIN_CONTROL_VICI
fuzz_targets += testing/fuzz/vici_fuzz
testing_fuzz_vici_fuzz_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
testing_fuzz_vici_fuzz_LDADD = libcontrol_vici.la $(fuzz_ldadd) -lpthread
endif
EXTRA_DIST += testing/fuzz/corpus/vici
