/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group Q: what is told, and what is kept. That no record holds a secret or a control character is
 * looked at after every row of every group (check.c); here is what tries hardest. */
#include "hostile/spoil.h"

#include <string.h>

/* clang-format off */

/* Texts that would do harm to a terminal, a log, a format. */
static const char *const texts[] = {
    "line\nH-181: faked line\r\n", "\033[2J\033[1;31mred\033]0;title\007", "%n%s%s%s%n%99999d",
    "\xff\xfe\x80 invalid \xc0\xaf UTF-8", "right \xe2\x80\xae to \xe2\x81\xa6 left",
    "'; DROP TABLE peers; --", "\"}, {\"faked\": \"json\"", "$(reboot) `reboot` | reboot",
};

/* The text of number a, b times over. */
static void make_text(struct draft *d, const struct variant *v)
{
    size_t len = strlen(texts[v->a]);
    uint8_t *body = draft_take(d, len * v->b);
    for (uint64_t i = 0; i < v->b; i++) {
        memcpy(body + i * len, texts[v->a], len);
    }
    if (d->header.exchange == EXCHANGE_INFORMATIONAL) {
        draft_notify(d, PROTOCOL_ISAKMP, 40001, (struct cyg_span){ NULL, 0 },
                     (struct cyg_span){ body, len * v->b });
    } else {
        (void)draft_add(d, PAYLOAD_VID, (struct cyg_span){ body, len * v->b });
    }
}

static const struct variant vids[] = {
    { "as vendor ID", .make = make_text, .a = 0, .to = 7, .b = 1, .reaction = ANSWER },
    { "as vendor ID of 30 KiB and more", .make = make_text, .a = 0, .to = 7, .b = 1200,
      .reaction = ANSWER },
};

static const struct variant notifies[] = {
    { "as notify", .at = AT_INFO, .make = make_text, .a = 0, .to = 7, .b = 1, .reaction = DROP,
      .reason = CYG_R_NOTIFY_IGNORED },
    { "as notify of 30 KiB and more", .at = AT_INFO, .make = make_text, .a = 0, .to = 7, .b = 1200,
      .reaction = DROP, .reason = CYG_R_NOTIFY_IGNORED },
    { "in QM1", .at = AT_QM1, .make = make_text, .a = 0, .to = 7, .b = 1, .reaction = PASS },
};

static const struct row rows[] = {
    { "H-181", "texts that mean to do harm, from a stranger", "one line, escaped, cut",
      SCENE_STRANGER, VARIANTS(vids) },
    { "H-181b", "texts that mean to do harm, from a peer", "one line, escaped, cut", SCENE_PEER,
      VARIANTS(notifies) },
    { .id = "H-182", .what = "bytes sent that nobody wrote",
      .not_built = "a build under MemorySanitizer (of all that GnuTLS does not touch)" },
    { .id = "H-183", .what = "secrets in what is told (also after every row here)",
      .elsewhere = "testing/unit/codec/text_test.c" },
    { .id = "H-184", .what = "killed and started again",
      .elsewhere = "testing/unit/control_vici/load_rig.c" },
    { .id = "H-185", .what = "privileges after start",
      .elsewhere = "testing/interop/scenarios/daemon.sh" },
    { .id = "H-185b", .what = "updown scripts that misbehave", .not_built = "updown" },
};

/* clang-format on */

const struct group hostile_group_q = { "Q", "logs, memory, secrets", rows, CYG_LEN(rows) };
