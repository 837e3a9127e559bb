/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The registry: which plugins there are, what they provide, who was chosen. */
#include "loader_internal.h"

#include "text_internal.h"

#include <stdlib.h>

/* ---- opening ---- */

/* Room for one more plugin; *ret is not yet counted. */
static enum cyg_code new_plugin(struct cyg_loader *l, const char *name, struct plugin **ret,
                                struct cyg_error *err)
{
    struct plugin *more = reallocarray(l->plugins, l->n_plugins + 1, sizeof *more);
    if (more == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    l->plugins = more;
    struct plugin *p = &more[l->n_plugins];
    *p = (struct plugin){ .handle = NULL };
    struct text t = text_of(p->name, sizeof p->name);
    text_add(&t, "%s", name);
    *ret = p;
    return CYG_OK;
}

static bool is_named(const struct cyg_loader *l, const char *name)
{
    for (size_t i = 0; i < l->n_plugins; i++) {
        if (strcmp(l->plugins[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static enum cyg_code open_plugin(struct cyg_loader *l, const char *folder, struct plugin *p,
                                 const char *name, struct cyg_error *err)
{
    if (strlen(name) >= sizeof p->name) {
        return CYG_FAIL(err, CYG_R_PLUGIN_NAME, .got_quote = cyg_quote_text(name));
    }
    if (is_named(l, name)) {
        return CYG_FAIL(err, CYG_R_PLUGIN_TWICE, .got_quote = cyg_quote_text(name));
    }
    return loader_file_open(folder, p, err);
}

enum cyg_code cyg_loader_open(const char *folder, const char *const *names, size_t n,
                              void (*problem)(void *context, const char *plugin,
                                              const struct cyg_error *error),
                              void *context, struct cyg_loader **ret, struct cyg_error *err)
{
    struct cyg_loader *l = calloc(1, sizeof *l);
    if (l == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    for (size_t i = 0; i < n; i++) {
        struct plugin *p;
        enum cyg_code code = new_plugin(l, names[i], &p, err);
        if (code != CYG_OK) {
            cyg_loader_free(l);
            return code;
        }
        if (open_plugin(l, folder, p, names[i], &p->problem) != CYG_OK && problem != NULL) {
            problem(context, names[i], &p->problem);
        }
        l->n_plugins++;
    }
    *ret = l;
    return CYG_OK;
}

enum cyg_code cyg_loader_add(struct cyg_loader *l, const struct cyg_plugin *desc,
                             struct cyg_error *err)
{
    struct plugin *p;
    const char *name = desc->name != NULL ? desc->name : "";
    if (is_named(l, name)) {
        return CYG_FAIL(err, CYG_R_PLUGIN_TWICE, .got_quote = cyg_quote_text(name));
    }
    enum cyg_code code = new_plugin(l, name, &p, err);
    if (code == CYG_OK) {
        code = loader_check_descriptor(p, desc, err);
    }
    if (code == CYG_OK) {
        p->desc = desc;
        l->n_plugins++;
    }
    return code;
}

size_t cyg_loader_sections(const struct cyg_loader *l, struct cyg_settings_section *ret, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n_plugins; i++) {
        const struct cyg_plugin *desc = l->plugins[i].desc;
        if (desc != NULL && desc->settings != NULL) {
            if (n < max) {
                ret[n] = (struct cyg_settings_section){ desc->name, desc->settings };
            }
            n++;
        }
    }
    return n;
}

/* ---- loading ---- */

static bool is_provided(const struct cyg_feature *row)
{
    return row->type != CYG_FEATURE_END && row->relation == CYG_PROVIDES;
}

static enum cyg_code gather_features(struct cyg_loader *l, struct cyg_error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n_plugins; i++) {
        const struct cyg_plugin *desc = l->plugins[i].desc;
        for (const struct cyg_feature *row = desc != NULL ? desc->features : NULL;
             row != NULL && row->type != CYG_FEATURE_END; row++) {
            n += is_provided(row);
        }
    }
    l->features = calloc(n + 1, sizeof *l->features);
    l->order = calloc(n + 1, sizeof *l->order);
    l->load_order = calloc(l->n_plugins + 1, sizeof *l->load_order);
    if (l->features == NULL || l->order == NULL || l->load_order == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    for (size_t i = 0; i < l->n_plugins; i++) {
        const struct cyg_plugin *desc = l->plugins[i].desc;
        for (const struct cyg_feature *row = desc != NULL ? desc->features : NULL;
             row != NULL && row->type != CYG_FEATURE_END; row++) {
            if (is_provided(row)) {
                l->features[l->n_features++] = (struct feature){
                    .plugin = i, .row = row, .alg = loader_feature_alg(row->type, row->key)
                };
            }
        }
    }
    return CYG_OK;
}

/* One word of the preferences, "aes256=crypto-gnutls" or "rng=crypto-gnutls". */
struct preference {
    enum cyg_alg alg; /* NONE: random numbers */
    const char *plugin;
};

static enum cyg_code parse_preference(const char *text, struct preference *ret,
                                      struct cyg_error *err)
{
    const char *equal = strchr(text, '=');
    struct cyg_span word = { (const uint8_t *)text, equal != NULL ? (size_t)(equal - text) : 0 };
    const struct cyg_alg_info *info = cyg_alg_by_keyword(word);
    bool rng = cyg_span_equal(word, cyg_span_str("rng"));
    if (equal == NULL || (info == NULL && !rng)) {
        return CYG_FAIL(err, CYG_R_PREFER_WORD, .got_quote = cyg_quote_text(text),
                        .want_quote = cyg_quote_text("aes256=crypto-gnutls"));
    }
    ret->alg = info != NULL ? info->id : CYG_ALG_NONE;
    if (info != NULL && info->kind == CYG_ALG_KIND_INTEG) {
        ret->alg = info->mac;
    }
    ret->plugin = equal + 1;
    return CYG_OK;
}

static bool is_preferred(const struct cyg_loader *l, const struct feature *f,
                         const struct preference *p)
{
    return strcmp(l->plugins[f->plugin].name, p->plugin) == 0
           && (p->alg != CYG_ALG_NONE ? f->alg == p->alg : f->row->type == CYG_FEATURE_RNG);
}

static bool same_service(const struct feature *a, const struct feature *b)
{
    if (a->row->type != b->row->type || a->alg != b->alg) {
        return false;
    }
    return a->alg != CYG_ALG_NONE || a->row->key == NULL || strcmp(a->row->key, b->row->key) == 0;
}

/* Take f for what it provides, and nobody else. */
static void choose(struct cyg_loader *l, struct feature *f)
{
    for (size_t i = 0; i < l->n_features; i++) {
        if (same_service(&l->features[i], f)) {
            l->features[i].chosen = false;
        }
    }
    f->chosen = true;
}

/* Choose what one preference names. Whether anybody offers it is told apart from whether it is
 * ready: a provider that failed its test leaves the choice to the others. */
static enum cyg_code choose_preferred(struct cyg_loader *l, const char *text, struct cyg_error *err)
{
    struct preference p;
    enum cyg_code code = parse_preference(text, &p, err);
    bool found = false;
    for (size_t i = 0; code == CYG_OK && i < l->n_features; i++) {
        struct feature *f = &l->features[i];
        const bool preferred = is_preferred(l, f, &p);
        found = found || preferred;
        if (preferred && f->state == FEATURE_READY) {
            choose(l, f);
        }
    }
    if (code == CYG_OK && !found) {
        code = CYG_FAIL(err, CYG_R_PREFER_PLUGIN, .got_quote = cyg_quote_text(text),
                        .want_quote = cyg_quote_text(p.plugin));
    }
    return code;
}

/* Without a preference the order of `plugins` counts. */
static enum cyg_code choose_all(struct cyg_loader *l, const char *const *prefer, size_t n_prefer,
                                struct cyg_error *err)
{
    for (size_t i = l->n_features; i > 0; i--) {
        if (l->features[i - 1].state == FEATURE_READY) {
            choose(l, &l->features[i - 1]);
        }
    }
    enum cyg_code code = CYG_OK;
    for (size_t i = 0; code == CYG_OK && i < n_prefer; i++) {
        code = choose_preferred(l, prefer[i], err);
    }
    return code;
}

static struct cyg_provider provider_of(const struct cyg_loader *l, const struct feature *f)
{
    const struct plugin *p = &l->plugins[f->plugin];
    return (struct cyg_provider){ f->row->ops, p->self, p->name };
}

static void fill_crypto(const struct cyg_loader *l, struct cyg_crypto *crypto)
{
    *crypto = (struct cyg_crypto){ .rng = { NULL, NULL, NULL } };
    for (size_t i = 0; i < l->n_features; i++) {
        const struct feature *f = &l->features[i];
        struct cyg_provider *table = f->row->type == CYG_FEATURE_CIPHER  ? crypto->cipher
                                     : f->row->type == CYG_FEATURE_HASH  ? crypto->hash
                                     : f->row->type == CYG_FEATURE_MAC   ? crypto->mac
                                     : f->row->type == CYG_FEATURE_GROUP ? crypto->group
                                     : f->row->type == CYG_FEATURE_RNG   ? &crypto->rng
                                                                         : NULL;
        if (f->chosen && table != NULL) {
            table[f->row->type == CYG_FEATURE_RNG ? 0 : f->alg] = provider_of(l, f);
        }
    }
}

enum cyg_code cyg_loader_load(struct cyg_loader *l, const struct cyg_host *host,
                              const char *const *prefer, size_t n_prefer, struct cyg_crypto *crypto,
                              struct cyg_error *err)
{
    if (l->features != NULL) {
        cyg_bug(__FILE__, __LINE__, "plugins are loaded a second time");
    }
    enum cyg_code code = gather_features(l, err);
    if (code == CYG_OK) {
        code = loader_bring_up(l, host, err);
    }
    if (code == CYG_OK) {
        code = choose_all(l, prefer, n_prefer, err);
    }
    if (code == CYG_OK) {
        fill_crypto(l, crypto);
    }
    return code;
}

/* ---- look-ups ---- */

struct cyg_provider cyg_loader_find(const struct cyg_loader *l, enum cyg_feature_type type,
                                    const char *key)
{
    for (size_t i = 0; i < l->n_order; i++) {
        const struct feature *f = &l->features[l->order[i]];
        if (f->chosen && loader_fulfils(f, type, key)) {
            return provider_of(l, f);
        }
    }
    return (struct cyg_provider){ NULL, NULL, NULL };
}

size_t cyg_loader_each(const struct cyg_loader *l, enum cyg_feature_type type,
                       struct cyg_provider *ret, const char **ret_keys, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n_order; i++) {
        const struct feature *f = &l->features[l->order[i]];
        if (f->row->type != type) {
            continue;
        }
        if (n < max) {
            ret[n] = provider_of(l, f);
            if (ret_keys != NULL) {
                ret_keys[n] = f->row->key;
            }
        }
        n++;
    }
    return n;
}

static void set_text(char *into, size_t size, const char *from)
{
    struct text t = text_of(into, size);
    text_add(&t, "%s", from != NULL ? from : "");
}

static void set_problem(struct cyg_plugin_record *record, const struct cyg_error *problem)
{
    if (problem->reason != 0) {
        cyg_error_format(problem, record->problem, sizeof record->problem);
    }
}

static struct cyg_plugin_record plugin_record(const struct plugin *p)
{
    struct cyg_plugin_record record = { .loaded = p->loaded };
    char name[CYG_NAME_MAX];
    set_text(record.plugin, sizeof record.plugin,
             cyg_escape(cyg_span_str(p->name), name, sizeof name));
    set_text(record.summary, sizeof record.summary, p->desc != NULL ? p->desc->summary : "");
    set_problem(&record, &p->problem);
    return record;
}

static struct cyg_plugin_record feature_record(const struct cyg_loader *l, const struct feature *f)
{
    struct cyg_plugin_record record = { .feature_type = (uint8_t)f->row->type,
                                        .loaded = f->state == FEATURE_READY,
                                        .chosen = f->chosen };
    set_text(record.plugin, sizeof record.plugin, l->plugins[f->plugin].name);
    set_text(record.feature, sizeof record.feature, f->row->key);
    set_problem(&record, &f->problem);
    return record;
}

/* Keeps line `from` and those behind it. */
struct page {
    size_t from, at, n, max;
    struct cyg_plugin_record *ret;
};

static bool wanted(struct page *page)
{
    return page->at++ >= page->from && page->n < page->max;
}

size_t cyg_loader_records(const struct cyg_loader *l, size_t from, struct cyg_plugin_record *ret,
                          size_t max)
{
    struct page page = { .from = from, .max = max, .ret = ret };
    for (size_t i = 0; i < l->n_plugins; i++) {
        if (wanted(&page)) {
            page.ret[page.n++] = plugin_record(&l->plugins[i]);
        }
        for (size_t j = 0; j < l->n_features; j++) {
            if (l->features[j].plugin == i && wanted(&page)) {
                page.ret[page.n++] = feature_record(l, &l->features[j]);
            }
        }
    }
    return page.n;
}

/* ---- the end ---- */

void cyg_loader_unload(struct cyg_loader *l)
{
    while (l != NULL && l->n_load_order > 0) {
        struct plugin *p = &l->plugins[l->load_order[--l->n_load_order]];
        if (p->desc->unload != NULL) {
            p->desc->unload(p->self);
        }
    }
}

void cyg_loader_free(struct cyg_loader *l)
{
    if (l == NULL) {
        return;
    }
    cyg_loader_unload(l);
    for (size_t i = l->n_plugins; i > 0; i--) {
        loader_file_close(&l->plugins[i - 1]);
    }
    free(l->plugins);
    free(l->features);
    free(l->order);
    free(l->load_order);
    free(l);
}
