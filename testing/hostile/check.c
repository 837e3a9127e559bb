/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What holds after every row and does not depend on it: honest peers come up, records are clean.
 * (1) crashes and memory, and when to look at (3) state and (4) costs, are scene.c's business. */
#include "hostile/hostile.h"

#include "engine/ike_sa.h"

#include <string.h>

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

#define SECRETS_MAX 64u

struct secrets {
    struct stage *stage;
    struct cyg_span items[SECRETS_MAX];
    size_t n;
};

static void add(struct secrets *all, struct cyg_span secret)
{
    if (secret.len >= 8 && all->n < SECRETS_MAX) {
        all->items[all->n++] = secret;
    }
}

static void add_keys(struct secrets *all, enum actor who)
{
    const struct engine *e = all->stage->ops->engine(all->stage->context, who);
    for (struct table_item *i = e == NULL ? NULL : e->sas; i != NULL; i = table_next(i)) {
        const struct ike_sa *sa = TABLE_OWNER(struct ike_sa, by_cookie, i);
        if (sa->keys != NULL) {
            add(all, cyg_key_span(&sa->keys->skeyid.d));
            add(all, cyg_key_span(&sa->keys->skeyid.a));
            add(all, cyg_key_span(&sa->keys->skeyid.e));
            add(all, cyg_key_span(&sa->keys->cipher_key));
        }
    }
}

/* As itself, in hex of either case, and as text that was escaped. */
static bool shows(const char *text, struct cyg_span secret)
{
    char lower[17], upper[17], escaped[64];
    for (size_t i = 0; i < 8; i++) {
        (void)snprintf(lower + 2 * i, 3, "%02x", secret.data[i]);
        (void)snprintf(upper + 2 * i, 3, "%02X", secret.data[i]);
    }
    (void)cyg_escape(cyg_span_first(secret, 8), escaped, sizeof(escaped));
    return strstr(text, lower) != NULL || strstr(text, upper) != NULL
           || strstr(text, escaped) != NULL;
}

static void check_one(void *arg, const struct stage_record *r)
{
    struct secrets *all = arg;
    struct stage *s = all->stage;
    stage_tell(s, "record %u: %s", r->reason, r->text);
    for (const char *c = r->text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e) {
            stage_fail(s, "record %u holds the byte %02x", r->reason, (unsigned char)*c);
        }
    }
    if (r->text[0] == '\0') {
        stage_fail(s, "record %u says nothing", r->reason);
    }
    for (size_t i = 0; i < all->n; i++) {
        if (shows(r->text, all->items[i])) {
            stage_fail(s, "record %u shows a secret", r->reason);
        }
    }
}

void check_records(struct stage *s)
{
    static const char psk[] = STAGE_SECRET, other[] = STAGE_OTHER_SECRET;
    struct secrets all = { .stage = s };
    add(&all, cyg_span_str(psk));
    add(&all, cyg_span_str(other));
    add_keys(&all, VICTIM);
    add_keys(&all, PUPPET);
    add_keys(&all, HONEST);
    s->ops->records(s->context, check_one, &all);
}
