/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plugins that the loader must refuse, one for each BAD_… that is defined. The descriptor is
 * written out: CYG_PLUGIN would make it right. */
#include <cygnet/plugin.h>

#include <string.h>

#ifndef BAD_NAME
#    define BAD_NAME "bad"
#endif
#ifndef BAD_MAGIC
#    define BAD_MAGIC CYG_PLUGIN_MAGIC
#endif
#ifndef BAD_MAJOR
#    define BAD_MAJOR CYG_ABI_MAJOR
#endif
#ifndef BAD_MINOR
#    define BAD_MINOR CYG_ABI_MINOR
#endif
#ifndef BAD_SIZE
#    define BAD_SIZE sizeof(struct cyg_plugin)
#endif
#ifdef BAD_SYMBOL
#    define SYMBOL cyg_plugin_of_another_name
#else
#    define SYMBOL cyg_plugin
#endif

#ifdef BAD_UNDEFINED
CYG_PUBLIC void nobody_defines_this(void);
#endif

static enum cyg_code load(const struct cyg_host *host, void **ret_self, struct cyg_error *err)
{
    (void)host;
    (void)ret_self;
#ifdef BAD_UNDEFINED
    nobody_defines_this();
#endif
#ifdef BAD_LOAD
    return CYG_FAIL(err, CYG_R_INTERNAL, .got_quote = cyg_quote_text("no licence"));
#else
    (void)err;
    return CYG_OK;
#endif
}

/* A digest that is no SHA-256. */
static enum cyg_code digest(void *self, enum cyg_alg alg, const struct cyg_span *parts, size_t n,
                            uint8_t *out)
{
    (void)self;
    (void)parts;
    (void)n;
    memset(out, 0x5a, cyg_alg_info(alg)->mac_out);
    return CYG_OK;
}

static enum cyg_code start(void *self, struct cyg_error *err)
{
    (void)self;
    (void)err;
    return CYG_OK;
}

static void stop(void *self)
{
    (void)self;
}

static const struct cyg_hash_ops hash = { sizeof hash, digest };
static const struct cyg_service_ops service = { sizeof service, start, stop };

static const struct cyg_feature features[] = {
    { .type = CYG_FEATURE_SERVICE, .key = BAD_NAME, .ops = &service },
#ifdef BAD_CYCLE
    { .relation = CYG_DEPENDS, .type = CYG_FEATURE_SERVICE, .key = BAD_CYCLE },
#endif
    { .type = CYG_FEATURE_HASH, .key = "sha256", .ops = &hash },
    { .type = CYG_FEATURE_END },
};

extern const struct cyg_plugin SYMBOL;
CYG_PUBLIC const struct cyg_plugin SYMBOL = { .magic = BAD_MAGIC,
                                              .abi_major = BAD_MAJOR,
                                              .abi_minor = BAD_MINOR,
                                              .size = BAD_SIZE,
                                              .name = BAD_NAME,
                                              .summary = "of the tests",
                                              .features = features,
                                              .load = load };
