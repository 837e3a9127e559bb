/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Feature lists: well-formed or not, by name, and what fulfils which dependency. */
#include "loader_internal.h"

#include "text_internal.h"

#include <stdlib.h>

/* One row for each feature type: how it is called, whether it has a key, what its ops need at
 * least. An ops struct may be longer (a newer minor of the same major is refused before), never
 * shorter. */
static const struct {
    const char *name;
    enum {
        KEY_NONE,
        KEY_ALG,
        KEY_NUMBER,
        KEY_TEXT
    } key;
    enum cyg_alg_kind kind; /* with KEY_ALG */
    size_t ops_size;
} types[CYG_FEATURE_TYPES] = {
    [CYG_FEATURE_END] = { .name = "" },
    [CYG_FEATURE_CIPHER] = { "cipher", KEY_ALG, CYG_ALG_KIND_CIPHER,
                             sizeof(struct cyg_cipher_ops) },
    [CYG_FEATURE_HASH] = { "hash", KEY_ALG, CYG_ALG_KIND_INTEG, sizeof(struct cyg_hash_ops) },
    [CYG_FEATURE_MAC] = { "mac", KEY_ALG, CYG_ALG_KIND_INTEG, sizeof(struct cyg_mac_ops) },
    [CYG_FEATURE_GROUP] = { "group", KEY_ALG, CYG_ALG_KIND_GROUP, sizeof(struct cyg_group_ops) },
    [CYG_FEATURE_RNG] = { "rng", .key = KEY_NONE, .ops_size = sizeof(struct cyg_rng_ops) },
    [CYG_FEATURE_AUTH] = { "auth", .key = KEY_NUMBER, .ops_size = sizeof(struct cyg_auth_ops) },
    [CYG_FEATURE_KERNEL_IPSEC] = { "kernel-ipsec", .key = KEY_NONE,
                                   .ops_size = sizeof(struct cyg_kernel_ops) },
    [CYG_FEATURE_KERNEL_NET] = { "kernel-net", .key = KEY_NONE, .ops_size = sizeof(size_t) },
    [CYG_FEATURE_STORE] = { "store", .key = KEY_NONE, .ops_size = sizeof(struct cyg_store_ops) },
    [CYG_FEATURE_FETCHER] = { "fetcher", .key = KEY_TEXT, .ops_size = sizeof(struct cyg_fetcher) },
    [CYG_FEATURE_SERVICE] = { "service", .key = KEY_TEXT,
                              .ops_size = sizeof(struct cyg_service_ops) },
};

static bool is_type(enum cyg_feature_type type)
{
    return (unsigned)type > CYG_FEATURE_END && (unsigned)type < CYG_FEATURE_TYPES;
}

struct cyg_quote loader_feature_quote(const struct cyg_feature *row)
{
    char text[CYG_NAME_MAX];
    struct text t = text_of(text, sizeof text);
    text_add(&t, "%s%s%s", is_type(row->type) ? types[row->type].name : "unknown feature",
             row->key != NULL ? " " : "", row->key != NULL ? row->key : "");
    return cyg_quote_text(text);
}

enum cyg_alg loader_feature_alg(enum cyg_feature_type type, const char *key)
{
    const struct cyg_alg_info *info = cyg_alg_by_keyword(cyg_span_str(key));
    if (!is_type(type) || types[type].key != KEY_ALG || info == NULL
        || info->kind != types[type].kind
        /* a hash that has no MAC of its own: SHA256_96 is SHA256 */
        || (info->kind == CYG_ALG_KIND_INTEG && info->mac != info->id)) {
        return CYG_ALG_NONE;
    }
    return info->id;
}

static bool any_key(const char *key)
{
    return key == NULL || strcmp(key, "*") == 0;
}

bool loader_fulfils(const struct feature *provided, enum cyg_feature_type type, const char *key)
{
    if (provided->row->type != type) {
        return false;
    }
    if (any_key(key) || types[type].key == KEY_NONE) {
        return true;
    }
    return types[type].key == KEY_ALG ? provided->alg == loader_feature_alg(type, key)
                                      : strcmp(provided->row->key, key) == 0;
}

static const char *check_provides(const struct cyg_feature *row)
{
    const char *key = row->key;
    size_t size;
    switch (types[row->type].key) {
    case KEY_NONE:
        if (key != NULL) {
            return "a key where there is none";
        }
        break;
    case KEY_ALG:
        if (loader_feature_alg(row->type, key) == CYG_ALG_NONE) {
            return "an unknown algorithm";
        }
        break;
    case KEY_NUMBER:
        if (key == NULL || key[0] == '\0' || key[strspn(key, "0123456789")] != '\0') {
            return "a key that is no number";
        }
        break;
    case KEY_TEXT:
        if (key == NULL || key[0] == '\0' || strlen(key) >= CYG_NAME_MAX || any_key(key)) {
            return "no key";
        }
        break;
    }
    if (row->ops == NULL) {
        return "no ops";
    }
    memcpy(&size, row->ops, sizeof size); /* every ops struct begins with its size */
    if (size < types[row->type].ops_size) {
        return "its ops are too small, or their size is not set";
    }
    if (row->type == CYG_FEATURE_AUTH) {
        const struct cyg_auth_ops *auth = row->ops;
        if (key == NULL || auth->method != strtoul(key, NULL, 10)) {
            return "its method is another than its key";
        }
    }
    return NULL;
}

static const char *check_row(const struct cyg_feature *row, bool first)
{
    if (!is_type(row->type)) {
        return "unknown type";
    }
    switch (row->relation) {
    case CYG_PROVIDES:
        return check_provides(row);
    case CYG_DEPENDS:
    case CYG_SOFT:
        return first ? "it depends before it provides" : NULL;
    }
    return "unknown relation";
}

enum cyg_code loader_check_features(const struct cyg_plugin *desc, struct cyg_error *err)
{
    const struct cyg_feature *row = desc->features;
    for (size_t i = 0; row != NULL && row->type != CYG_FEATURE_END; row++, i++) {
        const char *wrong = i < LOADER_FEATURES_MAX ? check_row(row, i == 0) : "it has no end";
        if (wrong != NULL) {
            char text[CYG_QUOTE_MAX + 1];
            struct cyg_quote feature = loader_feature_quote(row);
            snprintf(text, sizeof text, "%.*s: %s", (int)feature.len, (const char *)feature.data,
                     wrong);
            return CYG_FAIL(err, CYG_R_PLUGIN_FEATURES, .got_quote = cyg_quote_text(desc->name),
                            .want_quote = cyg_quote_text(text));
        }
    }
    return row != NULL && row != desc->features
               ? CYG_OK
               : CYG_FAIL(err, CYG_R_PLUGIN_FEATURES, .got_quote = cyg_quote_text(desc->name),
                          .want_quote = cyg_quote_text("it is empty"));
}
