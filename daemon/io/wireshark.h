/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of all SAs in Wireshark's own files, ikev1_decryption_table and esp_sa, so that a
 * capture can be decrypted. Only when the setting wireshark.keys asks for it. The files are for
 * their owner alone and are appended to, each at most WIRESHARK_MAX bytes: a stranger gets a line
 * for each Diffie-Hellman exchange. Thread: the engine's. */
#pragma once

#include <cygnet/kernel.h>

#define WIRESHARK_MAX (16u << 20)

struct wireshark;

/* Open both files in a folder; NULL or "": *ret is NULL. CYG_R_KEYS_FILE: the folder or a file is
 * not there, not ours, a link, or open to others. */
CYG_MUST_USE enum cyg_code wireshark_open(const char *folder, struct wireshark **ret,
                                          struct cyg_error *err);
void wireshark_close(struct wireshark *w); /* NULL is allowed */

/* The key of an IKE SA's cipher. */
void wireshark_ike(struct wireshark *w, struct cyg_span cookie_i, struct cyg_span key);
/* The keys of an ESP SA. */
void wireshark_esp(struct wireshark *w, const struct cyg_sa_spec *spec);
