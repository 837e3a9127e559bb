/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Groups N to P: ESP, control socket, database and settings. Their rows are played by other tests,
 * each named by its id there; run.c looks whether it is. */
#include "hostile/hostile.h"

/* clang-format off */

#define TUN "testing/unit/kernel_tun/hostile_test.c"
#define IN(id_, what_, where_) { .id = id_, .what = what_, .elsewhere = where_ }

static const struct row esp[] = {
    IN("H-159", "ESP of all lengths", TUN),
    IN("H-160", "replay, left of the window, at its edge", TUN),
    IN("H-161", "sequence numbers at their end", "testing/unit/kernel_tun/esp_test.c"),
    IN("H-162", "padding and next header", TUN),
    IN("H-163", "ciphers without integrity", "testing/unit/kernel_tun/sadb_test.c"),
    IN("H-164", "inner packets outside of the flow", TUN),
    IN("H-165", "clear packets of a protected flow", "testing/interop/kernel_tun_test.bats"),
    IN("H-166", "inner headers that lie", TUN),
    IN("H-167", "tunnels in tunnels, TTL, MTU, ECN", TUN),
    IN("H-168", "unknown SPIs", TUN),
};

#define VICI "testing/unit/control_vici/strangers_test.c"

static const struct row vici[] = {
    IN("H-169", "lengths, trickles, very many connections", VICI),
    IN("H-170", "malformed messages", VICI),
    IN("H-171", "who may connect, and where the socket stands", VICI),
    IN("H-172", "clients that never read, or write without end", VICI),
    IN("H-173", "secrets and files by name", "testing/unit/control_vici/load_strangers_test.c"),
    IN("H-174", "names with odd bytes", "testing/unit/control_vici/load_strangers_test.c"),
};

static const struct row store[] = {
    IN("H-175", "damaged databases", "testing/unit/store_sqlite/damage_test.c"),
    IN("H-176", "locked, full, replaced databases", "testing/unit/store_sqlite/damage_test.c"),
    IN("H-177", "rows that make no sense", "testing/unit/store_sqlite/schema_test.c"),
    IN("H-178", "SQL in identities", "testing/unit/store_sqlite/lookup_test.c"),
    IN("H-179", "a million peers", "testing/unit/store_sqlite/scale_test.c"),
    IN("H-180", "settings of all kinds", "testing/fuzz/settings_fuzz.c"),
};

/* clang-format on */

const struct group hostile_group_n = { "N", "ESP in user space", esp, CYG_LEN(esp) };
const struct group hostile_group_o = { "O", "the control socket", vici, CYG_LEN(vici) };
const struct group hostile_group_p = { "P", "database and settings", store, CYG_LEN(store) };
