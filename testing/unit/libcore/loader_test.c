/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The loader with plugins that are linked in. Shared objects, good and bad: loader_file_test.c. */
#include "unit/test.h"

#include <cygnet/loader.h>

#include <stdio.h>
#include <string.h>

/* ---- plugins: each writes into the test's log when it is loaded and unloaded ---- */

static struct story {
    char text[256];
} story;

static void tell(const struct cyg_host *host, const char *what)
{
    struct story *s = host->daemon;
    strncat(s->text, what, sizeof s->text - strlen(s->text) - 1);
}

#define LOADS(name)                                                                 \
    static enum cyg_code load_##name(const struct cyg_host *host, void **ret_self,  \
                                     struct cyg_error *err)                         \
    {                                                                               \
        (void)err;                                                                  \
        tell(host, "+" #name);                                                      \
        static char self[] = #name;                                                 \
        *ret_self = self;                                                           \
        return CYG_OK;                                                              \
    }                                                                               \
    static void unload_##name(void *self)                                           \
    {                                                                               \
        assert_string_equal(self, #name);                                           \
        strncat(story.text, "-" #name, sizeof story.text - strlen(story.text) - 1); \
    }                                                                               \
    struct eat_semicolon_##name

LOADS(a);
LOADS(b);
LOADS(c);

static enum cyg_code load_and_fail(const struct cyg_host *host, void **ret_self,
                                   struct cyg_error *err)
{
    (void)ret_self;
    tell(host, "!");
    return CYG_FAIL(err, CYG_R_SETTINGS_MISSING, .got_quote = cyg_quote_text("x.y"));
}

static enum cyg_code load_and_fail_silently(const struct cyg_host *host, void **ret_self,
                                            struct cyg_error *err)
{
    (void)host;
    (void)ret_self;
    (void)err;
    return CYG_INTERNAL;
}

static void never_unload(void *self)
{
    (void)self;
    fail_msg("what was not loaded is unloaded");
}

static enum cyg_code service_start(void *self, struct cyg_error *err)
{
    (void)self;
    (void)err;
    return CYG_OK;
}

static void service_stop(void *self)
{
    (void)self;
}

static const struct cyg_service_ops service = { sizeof service, service_start, service_stop };

#define PROVIDE(feature, name, what)                                \
    {                                                               \
        .type = CYG_FEATURE_##feature, .key = (name), .ops = (what) \
    }
#define SERVICE(name) PROVIDE(SERVICE, name, &service)
#define DEPEND(feature, name)                                                 \
    {                                                                         \
        .relation = CYG_DEPENDS, .type = CYG_FEATURE_##feature, .key = (name) \
    }
#define SOFT(feature, name)                                                \
    {                                                                      \
        .relation = CYG_SOFT, .type = CYG_FEATURE_##feature, .key = (name) \
    }
#define END                     \
    {                           \
        .type = CYG_FEATURE_END \
    }
#define FEATURES(...) ((const struct cyg_feature[]){ __VA_ARGS__, END })
#define PLUGIN_OF(is_magic, is_major, is_minor, is_size, is_name, is_features, ...) \
    (&(const struct cyg_plugin){ .magic = (is_magic),                               \
                                 .abi_major = (is_major),                           \
                                 .abi_minor = (is_minor),                           \
                                 .size = (is_size),                                 \
                                 .name = (is_name),                                 \
                                 .summary = "of the test",                          \
                                 .features = (is_features),                         \
                                 __VA_ARGS__ })
#define PLUGIN(...)                                                                      \
    PLUGIN_OF(CYG_PLUGIN_MAGIC, CYG_ABI_MAJOR, CYG_ABI_MINOR, sizeof(struct cyg_plugin), \
              __VA_ARGS__)

/* ---- a loader with some plugins ---- */

struct fixture {
    struct cyg_loader *loader;
    struct cyg_crypto crypto;
    struct cyg_host host;
    struct cyg_error err;
};

static int make(void **state)
{
    static struct fixture f;
    story.text[0] = '\0';
    f = (struct fixture){ .host = {
                              .size = sizeof f.host, .daemon = &story, .crypto = &f.crypto } };
    *state = &f;
    return cyg_loader_open("/nonexistent", NULL, 0, NULL, NULL, &f.loader, &f.err);
}

/* Not a teardown: descriptors live on the stack of their test. */
static void finish(struct fixture *f)
{
    cyg_loader_free(f->loader);
    f->loader = NULL;
}

static void add(struct fixture *f, const struct cyg_plugin *plugin)
{
    char line[400];
    if (cyg_loader_add(f->loader, plugin, &f->err) != CYG_OK) {
        fail_msg("%s", cyg_error_format(&f->err, line, sizeof line));
    }
}

static enum cyg_code load(struct fixture *f, const char *prefer)
{
    return cyg_loader_load(f->loader, &f->host, &prefer, prefer != NULL, &f->crypto, &f->err);
}

/* The record of a feature ("" of the plugin itself). */
static struct cyg_plugin_record record_of(struct fixture *f, const char *plugin, const char *key)
{
    struct cyg_plugin_record r[64];
    size_t n = cyg_loader_records(f->loader, 0, r, CYG_LEN(r));
    for (size_t i = 0; i < n; i++) {
        if (strcmp(r[i].plugin, plugin) == 0 && strcmp(r[i].feature, key) == 0) {
            return r[i];
        }
    }
    fail_msg("no record of %s %s", plugin, key);
    return r[0];
}

static void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", part, text);
    }
}

/* ---- order ---- */

static void test_loads_behind_dependencies_and_unloads_in_reverse(void **state)
{
    struct fixture *f = *state;
    add(f, PLUGIN("one", FEATURES(SERVICE("one"), DEPEND(SERVICE, "two")), .load = load_a,
                  .unload = unload_a));
    add(f, PLUGIN("two", FEATURES(SERVICE("two"), DEPEND(SERVICE, "three")), .load = load_b,
                  .unload = unload_b));
    add(f, PLUGIN("three", FEATURES(SERVICE("three")), .load = load_c, .unload = unload_c));
    assert_int_equal(load(f, NULL), CYG_OK);
    assert_string_equal(story.text, "+c+b+a");
    finish(f);
    assert_string_equal(story.text, "+c+b+a-a-b-c");
}

static void test_soft_dependencies_order_but_do_not_bind(void **state)
{
    struct fixture *f = *state;
    add(f, PLUGIN("one", FEATURES(SERVICE("one"), SOFT(SERVICE, "two"), SOFT(SERVICE, "none")),
                  .load = load_a, .unload = unload_a));
    add(f, PLUGIN("two", FEATURES(SERVICE("two")), .load = load_b, .unload = unload_b));
    assert_int_equal(load(f, NULL), CYG_OK);
    assert_string_equal(story.text, "+b+a");
    finish(f);
}

static void test_soft_circles_are_cut(void **state)
{
    struct fixture *f = *state;
    add(f, PLUGIN("one", FEATURES(SERVICE("one"), SOFT(SERVICE, "two")), .load = load_a,
                  .unload = unload_a));
    add(f, PLUGIN("two", FEATURES(SERVICE("two"), SOFT(SERVICE, "one")), .load = load_b,
                  .unload = unload_b));
    assert_int_equal(load(f, NULL), CYG_OK);
    assert_string_equal(story.text, "+a+b");
    finish(f);
}

/* one.x <- two.y <- one.z: a circle of plugins, but not of features. */
static void test_features_of_two_plugins_may_interleave(void **state)
{
    struct fixture *f = *state;
    add(f, PLUGIN("one", FEATURES(SERVICE("z"), DEPEND(SERVICE, "y"), SERVICE("x")), .load = load_a,
                  .unload = unload_a));
    add(f, PLUGIN("two", FEATURES(SERVICE("y"), DEPEND(SERVICE, "x")), .load = load_b,
                  .unload = unload_b));
    assert_int_equal(load(f, NULL), CYG_OK);
    assert_string_equal(story.text, "+a+b");
    const char *keys[4];
    struct cyg_provider p[4];
    assert_int_equal(cyg_loader_each(f->loader, CYG_FEATURE_SERVICE, p, keys, 4), 3);
    assert_string_equal(keys[0], "x");
    assert_string_equal(keys[1], "y");
    assert_string_equal(keys[2], "z");
    finish(f);
}

/* A plugin with one free feature is still loaded behind what its other feature waits for. */
static void test_a_plugin_is_loaded_as_late_as_possible(void **state)
{
    struct fixture *f = *state;
    add(f, PLUGIN("one", FEATURES(SERVICE("free"), SERVICE("bound"), DEPEND(SERVICE, "two")),
                  .load = load_a, .unload = unload_a));
    add(f, PLUGIN("two", FEATURES(SERVICE("two")), .load = load_b, .unload = unload_b));
    assert_int_equal(load(f, NULL), CYG_OK);
    assert_string_equal(story.text, "+b+a");
    finish(f);
}

static void test_any_of_a_type_is_a_dependency(void **state)
{
    struct fixture *f = *state;
    add(f, PLUGIN("one", FEATURES(SERVICE("one"), DEPEND(SERVICE, NULL), DEPEND(SERVICE, "*")),
                  .load = load_a, .unload = unload_a));
    add(f, PLUGIN("two", FEATURES(SERVICE("two")), .load = load_b, .unload = unload_b));
    assert_int_equal(load(f, NULL), CYG_OK);
    assert_string_equal(story.text, "+b+a");
    finish(f);
}

static void test_circles_are_named(void **state)
{
    struct fixture *f = *state;
    char line[400];
    add(f, PLUGIN("lead-in", FEATURES(SERVICE("in"), DEPEND(SERVICE, "x"))));
    add(f, PLUGIN("one", FEATURES(SERVICE("x"), DEPEND(SERVICE, "y")), .load = load_a,
                  .unload = never_unload));
    add(f, PLUGIN("two", FEATURES(SERVICE("y"), DEPEND(SERVICE, "x"))));
    assert_int_equal(load(f, NULL), CYG_REFUSED);
    assert_int_equal(f->err.reason, CYG_R_FEATURE_CYCLE);
    cyg_error_format(&f->err, line, sizeof line);
    assert_contains(line, "service x (one)");
    assert_contains(line, "service y (two)");
    assert_null(strstr(line, "lead-in"));
    assert_string_equal(story.text, "");
    finish(f);
}

/* ---- what is left out ---- */

static void test_a_feature_without_its_dependency_is_left_out(void **state)
{
    struct fixture *f = *state;
    add(f, PLUGIN("one", FEATURES(SERVICE("x"), DEPEND(STORE, NULL), SERVICE("fine")),
                  .load = load_a, .unload = unload_a));
    add(f, PLUGIN("two", FEATURES(SERVICE("y"), DEPEND(SERVICE, "x")), .load = load_b,
                  .unload = never_unload));
    assert_int_equal(load(f, NULL), CYG_OK);
    assert_string_equal(story.text, "+a"); /* nothing of two is wanted */
    assert_false(record_of(f, "one", "x").loaded);
    assert_contains(record_of(f, "one", "x").problem, "nothing provides \"store\"");
    assert_contains(record_of(f, "two", "y").problem, "nothing provides \"service x\"");
    assert_true(record_of(f, "one", "fine").loaded);
    assert_null(cyg_loader_find(f->loader, CYG_FEATURE_SERVICE, "x").ops);
    assert_ptr_equal(cyg_loader_find(f->loader, CYG_FEATURE_SERVICE, "fine").ops, &service);
    finish(f);
}

static void test_a_plugin_that_fails_takes_what_depends_on_it(void **state)
{
    struct fixture *f = *state;
    add(f, PLUGIN("bad", FEATURES(SERVICE("x")), .load = load_and_fail, .unload = never_unload));
    add(f, PLUGIN("mute", FEATURES(SERVICE("m")), .load = load_and_fail_silently,
                  .unload = never_unload));
    add(f, PLUGIN("two", FEATURES(SERVICE("y"), DEPEND(SERVICE, "x"), SERVICE("z")), .load = load_b,
                  .unload = unload_b));
    assert_int_equal(load(f, NULL), CYG_OK);
    assert_string_equal(story.text, "!+b");
    assert_contains(record_of(f, "bad", "").problem, "x.y"); /* its own reason */
    assert_false(record_of(f, "bad", "").loaded);
    assert_contains(record_of(f, "bad", "x").problem, "its plugin could not start");
    assert_contains(record_of(f, "mute", "").problem, "gave no reason");
    assert_contains(record_of(f, "two", "y").problem, "service x");
    assert_true(record_of(f, "two", "z").loaded);
    finish(f);
}

/* ---- providers of algorithms: the null cipher has a known answer that is easy to give ---- */

static enum cyg_code null_new(void *self, enum cyg_alg alg, struct cyg_span key, void **ret_ctx)
{
    assert_int_equal(alg, CYG_ALG_NULL);
    assert_int_equal(key.len, 0);
    *ret_ctx = self;
    return CYG_OK;
}

static void null_free(void *ctx)
{
    (void)ctx;
}

static enum cyg_code null_crypt(void *ctx, struct cyg_span iv, const uint8_t *in, uint8_t *out,
                                size_t len)
{
    (void)ctx;
    (void)iv;
    memmove(out, in, len);
    return CYG_OK;
}

static enum cyg_code wrong_crypt(void *ctx, struct cyg_span iv, const uint8_t *in, uint8_t *out,
                                 size_t len)
{
    null_crypt(ctx, iv, in, out, len);
    out[0] ^= 1;
    return CYG_OK;
}

static const struct cyg_cipher_ops null_ops = { .size = sizeof null_ops,
                                                .ctx_new = null_new,
                                                .ctx_free = null_free,
                                                .encrypt = null_crypt,
                                                .decrypt = null_crypt };
static const struct cyg_cipher_ops wrong_ops = { .size = sizeof wrong_ops,
                                                 .ctx_new = null_new,
                                                 .ctx_free = null_free,
                                                 .encrypt = wrong_crypt,
                                                 .decrypt = wrong_crypt };

static enum cyg_code count_fill(void *self, uint8_t *out, size_t len)
{
    static uint8_t next = 1;
    (void)self;
    memset(out, next++, len);
    return CYG_OK;
}

static const struct cyg_rng_ops rng_ops = { sizeof rng_ops, count_fill };

static void test_the_first_provider_is_chosen(void **state)
{
    struct fixture *f = *state;
    /* The order of the list counts, not the order of loading. */
    add(f, PLUGIN("one", FEATURES(PROVIDE(CIPHER, "null", &null_ops), DEPEND(SERVICE, "s"))));
    add(f, PLUGIN("two", FEATURES(PROVIDE(CIPHER, "null", &null_ops), SERVICE("s"),
                                  PROVIDE(RNG, NULL, &rng_ops))));
    assert_int_equal(load(f, NULL), CYG_OK);
    assert_string_equal(f->crypto.cipher[CYG_ALG_NULL].plugin, "one");
    assert_string_equal(f->crypto.rng.plugin, "two");
    assert_null(f->crypto.cipher[CYG_ALG_AES128].ops);
    assert_true(record_of(f, "one", "null").chosen);
    assert_false(record_of(f, "two", "null").chosen);
    assert_true(record_of(f, "two", "null").loaded);
    assert_string_equal(cyg_loader_find(f->loader, CYG_FEATURE_CIPHER, "NULL").plugin, "one");
    assert_string_equal(cyg_loader_find(f->loader, CYG_FEATURE_RNG, NULL).plugin, "two");
    finish(f);
}

static void test_a_preference_counts(void **state)
{
    struct fixture *f = *state;
    add(f, PLUGIN("one", FEATURES(PROVIDE(CIPHER, "null", &null_ops))));
    add(f, PLUGIN("two", FEATURES(PROVIDE(CIPHER, "null", &null_ops))));
    assert_int_equal(load(f, "null=two"), CYG_OK);
    assert_string_equal(f->crypto.cipher[CYG_ALG_NULL].plugin, "two");
    assert_string_equal(cyg_loader_find(f->loader, CYG_FEATURE_CIPHER, "null").plugin, "two");
    finish(f);
}

static void test_a_failed_known_answer_test_leaves_out_even_the_preferred(void **state)
{
    struct fixture *f = *state;
    add(f, PLUGIN("wrong", FEATURES(PROVIDE(CIPHER, "null", &wrong_ops))));
    add(f, PLUGIN("right", FEATURES(PROVIDE(CIPHER, "null", &null_ops))));
    assert_int_equal(load(f, "null=wrong"), CYG_OK);
    assert_string_equal(f->crypto.cipher[CYG_ALG_NULL].plugin, "right");
    assert_false(record_of(f, "wrong", "null").loaded);
    assert_contains(record_of(f, "wrong", "null").problem, "known-answer test of \"null\" failed");
    finish(f);
}

static void test_wrong_preferences_are_refused(void **state)
{
    static const struct {
        const char *text;
        enum cyg_reason reason;
    } rows[] = {
        { "null", CYG_R_PREFER_WORD },         { "=one", CYG_R_PREFER_WORD },
        { "nul=one", CYG_R_PREFER_WORD },      { "", CYG_R_PREFER_WORD },
        { "null=three", CYG_R_PREFER_PLUGIN }, { "null=", CYG_R_PREFER_PLUGIN },
        { "aes128=one", CYG_R_PREFER_PLUGIN }, { "rng=one", CYG_R_PREFER_PLUGIN },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        struct fixture *f = *state;
        add(f, PLUGIN("one", FEATURES(PROVIDE(CIPHER, "null", &null_ops))));
        assert_int_not_equal(load(f, rows[i].text), CYG_OK);
        assert_int_equal(f->err.reason, rows[i].reason);
        finish(f);
        assert_int_equal(make(state), 0);
    }
    finish(*state);
}

/* ---- descriptors ---- */

static const struct cyg_cipher_ops small_ops = { .size = sizeof small_ops - 1 };
static const struct cyg_auth_ops auth_ops = { .size = sizeof auth_ops, .method = 1 };

static void test_wrong_descriptors_are_refused(void **state)
{
    static const struct cyg_feature fine[] = { SERVICE("x"), END };
    const struct {
        const struct cyg_plugin *plugin;
        enum cyg_reason reason;
        const char *says;
    } rows[] = {
        { PLUGIN_OF(1, CYG_ABI_MAJOR, 0, sizeof(struct cyg_plugin), "x", fine, .load = load_a),
          CYG_R_PLUGIN_MAGIC, "begins wrong" },
        { PLUGIN_OF(CYG_PLUGIN_MAGIC, CYG_ABI_MAJOR + 1, 0, 96, "x", fine, .load = load_a),
          CYG_R_PLUGIN_ABI_MAJOR, "interface 2, this cygnet has 1" },
        { PLUGIN_OF(CYG_PLUGIN_MAGIC, CYG_ABI_MAJOR, CYG_ABI_MINOR + 1, 96, "x", fine,
                    .load = load_a),
          CYG_R_PLUGIN_ABI_MINOR, "newer" },
        { PLUGIN_OF(CYG_PLUGIN_MAGIC, CYG_ABI_MAJOR, 0, 8, "x", fine, .load = load_a),
          CYG_R_PLUGIN_SIZE, "8 bytes" },
        { PLUGIN(NULL, fine, .load = load_a), CYG_R_PLUGIN_OTHER_NAME, "" },
        { PLUGIN("x", NULL, .load = load_a), CYG_R_PLUGIN_FEATURES, "empty" },
        { PLUGIN("x", ((const struct cyg_feature[]){ END }), .load = load_a), CYG_R_PLUGIN_FEATURES,
          "empty" },
        { PLUGIN("x", (FEATURES(DEPEND(STORE, NULL))), .load = load_a), CYG_R_PLUGIN_FEATURES,
          "depends before" },
        { PLUGIN("x", (FEATURES({ .type = CYG_FEATURE_TYPES, .ops = &service })), .load = load_a),
          CYG_R_PLUGIN_FEATURES, "unknown type" },
        { PLUGIN(
              "x",
              (FEATURES({ .relation = (enum cyg_feature_relation)9, .type = CYG_FEATURE_STORE })),
              .load = load_a),
          CYG_R_PLUGIN_FEATURES, "unknown relation" },
        { PLUGIN("x", (FEATURES(SERVICE(NULL))), .load = load_a), CYG_R_PLUGIN_FEATURES, "no key" },
        { PLUGIN("x", (FEATURES(SERVICE("*"))), .load = load_a), CYG_R_PLUGIN_FEATURES, "no key" },
        { PLUGIN("x", (FEATURES(PROVIDE(RNG, "x", &rng_ops))), .load = load_a),
          CYG_R_PLUGIN_FEATURES, "a key where" },
        { PLUGIN("x", (FEATURES(PROVIDE(RNG, NULL, NULL))), .load = load_a), CYG_R_PLUGIN_FEATURES,
          "no ops" },
        { PLUGIN("x", (FEATURES(PROVIDE(CIPHER, "null", &small_ops))), .load = load_a),
          CYG_R_PLUGIN_FEATURES, "too small" },
        { PLUGIN("x", (FEATURES(PROVIDE(CIPHER, "rot13", &null_ops))), .load = load_a),
          CYG_R_PLUGIN_FEATURES, "cipher rot13: an unknown algorithm" },
        { PLUGIN("x", (FEATURES(PROVIDE(CIPHER, "sha256", &null_ops))), .load = load_a),
          CYG_R_PLUGIN_FEATURES, "an unknown algorithm" },
        { PLUGIN("x", (FEATURES(PROVIDE(MAC, "sha256_96", &null_ops))), .load = load_a),
          CYG_R_PLUGIN_FEATURES, "an unknown algorithm" },
        { PLUGIN("x", (FEATURES(PROVIDE(AUTH, "psk", &auth_ops))), .load = load_a),
          CYG_R_PLUGIN_FEATURES, "no number" },
        { PLUGIN("x", (FEATURES(PROVIDE(AUTH, "3", &auth_ops))), .load = load_a),
          CYG_R_PLUGIN_FEATURES, "its method is another" },
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        char line[400];
        assert_int_not_equal(cyg_loader_add(f->loader, rows[i].plugin, &f->err), CYG_OK);
        cyg_error_format(&f->err, line, sizeof line);
        if (f->err.reason != rows[i].reason || strstr(line, rows[i].says) == NULL) {
            fail_msg("row %zu: %s", i, line);
        }
    }
    add(f, PLUGIN("x", fine, .load = load_a, .unload = unload_a)); /* none of them has stayed */
    assert_int_not_equal(cyg_loader_add(f->loader, PLUGIN("x", fine, .load = load_a), &f->err),
                         CYG_OK);
    assert_int_equal(f->err.reason, CYG_R_PLUGIN_TWICE);
    finish(f);
}

static void test_sections_are_those_with_options(void **state)
{
    static const struct cyg_setting options[] = { { .type = CYG_SETTING_BOOL, .key = "x" }, { 0 } };
    struct fixture *f = *state;
    struct cyg_settings_section got[2];
    add(f, PLUGIN("one", FEATURES(SERVICE("x"))));
    add(f, PLUGIN("two", FEATURES(SERVICE("y")), .settings = options));
    add(f, PLUGIN("three", FEATURES(SERVICE("z")), .settings = options));
    assert_int_equal(cyg_loader_sections(f->loader, got, 1), 2);
    assert_int_equal(cyg_loader_sections(f->loader, got, 2), 2);
    assert_string_equal(got[0].name, "two");
    assert_string_equal(got[1].name, "three");
    assert_ptr_equal(got[1].options, options);
    finish(f);
}

static void test_records_come_in_pages(void **state)
{
    struct fixture *f = *state;
    struct cyg_plugin_record whole[8], page[8];
    add(f, PLUGIN("one", FEATURES(SERVICE("x"), SERVICE("y"))));
    add(f, PLUGIN("two", FEATURES(SERVICE("z"))));
    assert_int_equal(load(f, NULL), CYG_OK);
    assert_int_equal(cyg_loader_records(f->loader, 0, whole, 8), 5);
    assert_string_equal(whole[0].summary, "of the test");
    for (size_t from = 0; from < 7; from++) {
        size_t n = cyg_loader_records(f->loader, from, page, 2);
        assert_int_equal(n, from > 5 ? 0 : 5 - from < 2 ? 5 - from : 2);
        for (size_t i = 0; i < n; i++) {
            assert_memory_equal(&page[i], &whole[from + i], sizeof page[i]);
        }
    }
    finish(f);
}

/* The daemon unloads while something may still be on its way to a plugin's code, and frees later.
 */
static void test_unloads_once_and_keeps_the_code(void **state)
{
    struct fixture *f = *state;
    cyg_loader_unload(NULL);
    add(f, PLUGIN("one", FEATURES(SERVICE("x")), .load = load_a, .unload = unload_a));
    add(f, PLUGIN("two", FEATURES(SERVICE("y")), .load = load_b));
    add(f, PLUGIN("three", FEATURES(SERVICE("z")), .load = load_c, .unload = unload_c));
    assert_int_equal(load(f, NULL), CYG_OK);
    cyg_loader_unload(f->loader);
    assert_string_equal(story.text, "+a+b+c-c-a");
    assert_ptr_equal(cyg_loader_find(f->loader, CYG_FEATURE_SERVICE, "x").ops, &service);
    cyg_loader_unload(f->loader);
    assert_string_equal(story.text, "+a+b+c-c-a");
    finish(f);
    assert_string_equal(story.text, "+a+b+c-c-a");
}

#define WITH_LOADER(test) cmocka_unit_test_setup(test, make)

TEST_MAIN(WITH_LOADER(test_loads_behind_dependencies_and_unloads_in_reverse),
          WITH_LOADER(test_soft_dependencies_order_but_do_not_bind),
          WITH_LOADER(test_soft_circles_are_cut),
          WITH_LOADER(test_features_of_two_plugins_may_interleave),
          WITH_LOADER(test_a_plugin_is_loaded_as_late_as_possible),
          WITH_LOADER(test_any_of_a_type_is_a_dependency), WITH_LOADER(test_circles_are_named),
          WITH_LOADER(test_a_feature_without_its_dependency_is_left_out),
          WITH_LOADER(test_a_plugin_that_fails_takes_what_depends_on_it),
          WITH_LOADER(test_the_first_provider_is_chosen), WITH_LOADER(test_a_preference_counts),
          WITH_LOADER(test_a_failed_known_answer_test_leaves_out_even_the_preferred),
          WITH_LOADER(test_wrong_preferences_are_refused),
          WITH_LOADER(test_wrong_descriptors_are_refused),
          WITH_LOADER(test_sections_are_those_with_options),
          WITH_LOADER(test_records_come_in_pages),
          WITH_LOADER(test_unloads_once_and_keeps_the_code));
