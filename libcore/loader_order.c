/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* In which order plugins are loaded and features come up. Two passes: first what can never be had
 * is left out, then features come up one by one, each behind all that it waits for. A plugin's load
 * is called as late as possible: before its first feature, and behind what its others wait for
 * unless that waits for this one. */
#include "loader_internal.h"

#include "kat_internal.h"
#include "text_internal.h"

static const struct cyg_feature *first_dependency(const struct feature *f)
{
    return f->row + 1;
}

static bool is_dependency(const struct cyg_feature *row)
{
    return row->type != CYG_FEATURE_END && row->relation != CYG_PROVIDES;
}

/* How far the providers of a dependency are. */
struct providers {
    size_t waiting, ready;
};

/* A feature does not fulfil its own dependency. */
static bool fulfils(const struct feature *provided, const struct feature *f,
                    const struct cyg_feature *want)
{
    return provided != f && loader_fulfils(provided, want->type, want->key);
}

static struct providers count_providers(const struct cyg_loader *l, const struct feature *f,
                                        const struct cyg_feature *want)
{
    struct providers p = { 0, 0 };
    for (size_t i = 0; i < l->n_features; i++) {
        if (fulfils(&l->features[i], f, want)) {
            p.waiting += l->features[i].state == FEATURE_WAITING;
            p.ready += l->features[i].state == FEATURE_READY;
        }
    }
    return p;
}

static void leave_out(struct feature *f, enum cyg_reason reason, struct cyg_quote what)
{
    struct cyg_quote name = loader_feature_quote(f->row);
    f->state = FEATURE_LEFT_OUT;
    (void)CYG_FAIL(&f->problem, reason, .got_quote = name, .want_quote = what);
}

/* Leave a feature out if it depends on something that nobody can give any more. */
static bool drop_if_impossible(struct cyg_loader *l, struct feature *f)
{
    const struct cyg_feature *want = first_dependency(f);
    for (; f->state == FEATURE_WAITING && is_dependency(want); want++) {
        struct providers p = count_providers(l, f, want);
        if (want->relation == CYG_DEPENDS && p.waiting + p.ready == 0) {
            leave_out(f, CYG_R_FEATURE_DEPENDENCY, loader_feature_quote(want));
            return true;
        }
    }
    return false;
}

/* The same for all, until nothing changes. */
static void drop_impossible(struct cyg_loader *l)
{
    bool changed = true;
    while (changed) {
        changed = false;
        for (size_t i = 0; i < l->n_features; i++) {
            changed = drop_if_impossible(l, &l->features[i]) || changed;
        }
    }
}

/* What a feature may still wait for. */
enum patience {
    WAIT_FOR_ALL,  /* every provider of every dependency, soft ones too */
    WAIT_FOR_HARD, /* one provider of every hard dependency */
};

/* Whether all that a feature waits for is there. */
static bool can_come(const struct cyg_loader *l, const struct feature *f, enum patience patience)
{
    for (const struct cyg_feature *want = first_dependency(f); is_dependency(want); want++) {
        struct providers p = count_providers(l, f, want);
        if (patience == WAIT_FOR_ALL ? p.waiting > 0
                                     : want->relation == CYG_DEPENDS && p.ready == 0) {
            return false;
        }
    }
    return true;
}

/* Whether a dependency is still to come from another plugin than this one. */
static bool comes_from_another(const struct cyg_loader *l, size_t plugin,
                               const struct cyg_feature *want)
{
    for (size_t i = 0; i < l->n_features; i++) {
        const struct feature *other = &l->features[i];
        if (other->plugin != plugin && other->state == FEATURE_WAITING
            && loader_fulfils(other, want->type, want->key)) {
            return true;
        }
    }
    return false;
}

/* Whether each dependency of each waiting feature of the plugin is ready, or comes from the plugin
 * itself. */
static bool plugin_can_come(const struct cyg_loader *l, size_t plugin)
{
    bool waits = false;
    for (size_t i = 0; i < l->n_features; i++) {
        const struct feature *f = &l->features[i];
        if (f->plugin != plugin || f->state != FEATURE_WAITING) {
            continue;
        }
        waits = true;
        for (const struct cyg_feature *want = first_dependency(f); is_dependency(want); want++) {
            if (comes_from_another(l, plugin, want)) {
                return false;
            }
        }
    }
    return waits;
}

/* The next feature to come up; NULL: none can. */
static struct feature *next_feature(struct cyg_loader *l)
{
    for (size_t plugin = 0; plugin < l->n_plugins; plugin++) {
        if (!l->plugins[plugin].tried && !plugin_can_come(l, plugin)) {
            continue;
        }
        for (size_t i = 0; i < l->n_features; i++) {
            struct feature *f = &l->features[i];
            if (f->plugin == plugin && f->state == FEATURE_WAITING
                && can_come(l, f, WAIT_FOR_ALL)) {
                return f;
            }
        }
    }
    for (int patience = WAIT_FOR_ALL; patience <= WAIT_FOR_HARD; patience++) {
        for (size_t i = 0; i < l->n_features; i++) {
            struct feature *f = &l->features[i];
            if (f->state == FEATURE_WAITING && can_come(l, f, (enum patience)patience)) {
                return f;
            }
        }
    }
    return NULL;
}

/* Call load once. */
static void load_plugin(struct cyg_loader *l, size_t index, const struct cyg_host *host)
{
    struct plugin *p = &l->plugins[index];
    p->tried = true;
    if (p->desc->load != NULL) {
        void *self = NULL;
        struct cyg_error err = { 0 };
        if (p->desc->load(host, &self, &err) != CYG_OK) {
            p->problem = err;
            if (cyg_reason_info(err.reason) == NULL) {
                (void)CYG_FAIL(&p->problem, CYG_R_PLUGIN_LOAD,
                               .got_quote = cyg_quote_text(p->name));
            }
            return;
        }
        p->self = self;
    }
    p->loaded = true;
    l->load_order[l->n_load_order++] = index;
}

static bool is_crypto(enum cyg_feature_type type)
{
    return type >= CYG_FEATURE_CIPHER && type <= CYG_FEATURE_RNG;
}

static void bring_up(struct cyg_loader *l, struct feature *f, const struct cyg_host *host)
{
    struct plugin *p = &l->plugins[f->plugin];
    if (!p->tried) {
        load_plugin(l, f->plugin, host);
    }
    if (!p->loaded) {
        leave_out(f, CYG_R_FEATURE_PLUGIN, (struct cyg_quote){ 0 });
        return;
    }
    if (is_crypto(f->row->type)
        && kat_run(f->row->type, f->alg, f->row->ops, p->self, &f->problem) != CYG_OK) {
        f->state = FEATURE_LEFT_OUT;
        return;
    }
    f->state = FEATURE_READY;
    l->order[l->n_order++] = (size_t)(f - l->features);
}

/* The feature that this one waits for, where nothing can come up: one of its hard dependencies has
 * no provider that is ready, and has one that waits, else the feature were left out. */
static size_t waits_for(const struct cyg_loader *l, size_t at)
{
    const struct feature *f = &l->features[at];
    const struct cyg_feature *want = first_dependency(f);
    while (want->relation != CYG_DEPENDS || count_providers(l, f, want).ready > 0) {
        want++;
    }
    size_t next = 0;
    while (l->features[next].state != FEATURE_WAITING || !fulfils(&l->features[next], f, want)) {
        next++;
    }
    return next;
}

static enum cyg_code name_cycle(const struct cyg_loader *l, struct cyg_error *err)
{
    char text[CYG_QUOTE_MAX + 1];
    struct text t = text_of(text, sizeof text);
    size_t at = 0;
    while (l->features[at].state != FEATURE_WAITING) {
        at++;
    }
    for (size_t i = 0; i < l->n_features; i++) { /* after so many steps we are inside the circle */
        at = waits_for(l, at);
    }
    size_t first = at;
    do {
        struct cyg_quote name = loader_feature_quote(l->features[at].row);
        text_add(&t, "%s%.*s (%s)", t.len > 0 ? ", " : "", (int)name.len, (const char *)name.data,
                 l->plugins[l->features[at].plugin].name);
        at = waits_for(l, at);
    } while (at != first);
    return CYG_FAIL(err, CYG_R_FEATURE_CYCLE, .got_quote = cyg_quote_text(text));
}

enum cyg_code loader_bring_up(struct cyg_loader *l, const struct cyg_host *host,
                              struct cyg_error *err)
{
    for (;;) {
        drop_impossible(l); /* again after each: a provider may have failed */
        struct feature *f = next_feature(l);
        if (f == NULL) {
            break;
        }
        bring_up(l, f, host);
    }
    for (size_t i = 0; i < l->n_features; i++) {
        if (l->features[i].state == FEATURE_WAITING) {
            return name_cycle(l, err);
        }
    }
    return CYG_OK;
}
