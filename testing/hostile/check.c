/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What holds after every row and does not depend on it: honest peers come up, records are clean.
 * (1) crashes and memory, and when to look at (3) state and (4) costs, are scene.c's business. */
#include "hostile/hostile.h"

#define USUAL (2 * CYG_SEC)

void check_honest(struct stage *s)
{
    cyg_usec begin = s->ops->now(s->context);
    if (!stage_up(s, HONEST)) {
        stage_fail(s, "an honest peer does not come up");
    } else if (s->ops->now(s->context) - begin > USUAL) {
        stage_fail(s, "an honest peer needs longer than usual");
    } else if (!s->ops->ping(s->context, HONEST)) {
        stage_fail(s, "the honest peer's SA carries no traffic");
    }
}

/* ---- state and costs ---- */

struct stage_before stage_look(struct stage *s)
{
    struct stage_before b = { .digest = s->ops->digest(s->context),
                              .frames = s->n_frames,
                              .at = s->ops->now(s->context) };
    s->ops->facts(s->context, &b.facts);
    return b;
}

/* (3): nothing has changed, and nothing was begun. */
void check_unchanged(struct stage *s, const struct stage_before *b)
{
    struct stage_facts now;
    s->ops->facts(s->context, &now);
    if (s->ops->digest(s->context) != b->digest) {
        stage_fail(s,
                   "the victim's state changed: an IV, Message ID, endpoint, liveness or lifetime");
    }
    if (now.ike_sas != b->facts.ike_sas || now.half_open != b->facts.half_open
        || now.children != b->facts.children || now.exchanges != b->facts.exchanges) {
        stage_fail(s,
                   "something was begun or ended: %zu IKE SAs, %zu half-open, %zu children, %zu "
                   "exchanges; before %zu, %zu, %zu, %zu",
                   now.ike_sas, now.half_open, now.children, now.exchanges, b->facts.ike_sas,
                   b->facts.half_open, b->facts.children, b->facts.exchanges);
    }
}

/* (4): no job but the look-up of an address group (and the store's poll). */
void check_jobs(struct stage *s, const struct stage_before *b)
{
    struct stage_facts now;
    s->ops->facts(s->context, &now);
    if (now.dh_jobs > b->facts.dh_jobs + s->variant->dh) {
        stage_fail(s, "it cost %u Diffie-Hellman operations", now.dh_jobs - b->facts.dh_jobs);
    }
    if (now.sql_jobs > b->facts.sql_jobs + 2) {
        stage_fail(s, "it cost %u queries", now.sql_jobs - b->facts.sql_jobs);
    }
}

/* ---- secrets ---- */

static int digit_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* The byte in two hex digits; -1: there are none. */
static int byte_of(const char *c)
{
    int high = digit_of(c[0]), low = high < 0 ? -1 : digit_of(c[1]);
    return low < 0 ? -1 : high << 4 | low;
}

/* The next bytes of a text in hex (" ", ":" or nothing between them), or of one that was escaped:
 * how many of SECRET_BYTES there were. */
static size_t bytes_of(const char *c, bool hex, uint8_t ret[SECRET_BYTES])
{
    size_t n = 0;
    for (; n < SECRET_BYTES && *c != '\0'; n++) {
        c += hex && n > 0 && (*c == ' ' || *c == ':');
        int byte = (unsigned char)*c;
        size_t len = 1;
        if (hex) {
            byte = byte_of(c);
            len = 2;
        } else if (c[0] == '\\' && c[1] == 'x') {
            byte = byte_of(c + 2);
            len = 4;
        } else if (c[0] == '\\' && c[1] == '\\') {
            len = 2;
        }
        if (byte < 0) {
            break;
        }
        ret[n] = (uint8_t)byte;
        c += len;
    }
    return n;
}

/* As itself, in hex of either case, and as text that was escaped. */
static bool shows_a_secret(const struct stage *s, const char *text)
{
    uint8_t bytes[SECRET_BYTES];
    for (; *text != '\0'; text++) {
        for (int hex = 0; hex < 2; hex++) {
            if (bytes_of(text, hex != 0, bytes) == SECRET_BYTES
                && s->ops->is_secret(s->context, bytes)) {
                return true;
            }
        }
    }
    return false;
}

static void check_one(void *arg, const struct stage_record *r)
{
    struct stage *s = arg;
    stage_tell(s, "record %u: %s", r->reason, r->text);
    for (const char *c = r->text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e) {
            stage_fail(s, "record %u holds the byte %02x", r->reason, (unsigned char)*c);
        }
    }
    if (r->text[0] == '\0') {
        stage_fail(s, "record %u says nothing", r->reason);
    }
    if (shows_a_secret(s, r->text)) {
        stage_fail(s, "record %u shows a secret", r->reason);
    }
}

void check_records(struct stage *s)
{
    if (s->ops->is_secret != NULL) {
        s->ops->records(s->context, check_one, s);
    }
}
