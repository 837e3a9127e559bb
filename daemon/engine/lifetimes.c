/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See lifetimes.h. */
#include "lifetimes.h"

#define KILOBYTE       1024u
#define KILOBYTES_NONE 0xffffffffu /* Windows: no bound (FEATURES 1.2) */

static uint64_t bytes_of(uint64_t kilobytes)
{
    uint64_t bytes;
    if (kilobytes == KILOBYTES_NONE || __builtin_mul_overflow(kilobytes, KILOBYTE, &bytes)) {
        return 0;
    }
    return bytes;
}

struct lifetime lifetime_of(const struct transform_values *values)
{
    return (struct lifetime){
        .seconds = values->has_seconds ? values->seconds : LIFETIME_ABSENT,
        .bytes = values->has_kilobytes ? bytes_of(values->kilobytes) : 0,
    };
}

enum cyg_code lifetime_check(struct lifetime offered, uint32_t min_s, struct cyg_error *err)
{
    if (offered.seconds < min_s) {
        return CYG_FAIL(err, CYG_R_LIFETIME_SHORT, .got = offered.seconds, .want = min_s);
    }
    return CYG_OK;
}

static uint64_t shorter_bytes(uint64_t a, uint64_t b)
{
    if (a == 0 || b == 0) {
        return a == 0 ? b : a;
    }
    return a < b ? a : b;
}

struct lifetime lifetime_shorter(struct lifetime a, struct lifetime b)
{
    return (struct lifetime){
        .seconds = a.seconds < b.seconds ? a.seconds : b.seconds,
        .bytes = shorter_bytes(a.bytes, b.bytes),
    };
}

bool lifetime_must_tell(struct lifetime offered, struct lifetime ours)
{
    return ours.seconds < offered.seconds
           || (ours.bytes != 0 && (offered.bytes == 0 || ours.bytes < offered.bytes));
}

void lifetime_encode(struct cyg_writer *w, uint16_t type_attribute, struct lifetime lifetime)
{
    uint16_t duration = (uint16_t)(type_attribute + 1);
    attribute_encode(w, type_attribute, LIFE_SECONDS);
    attribute_encode(w, duration, lifetime.seconds);
    if (lifetime.bytes >= KILOBYTE) {
        attribute_encode(w, type_attribute, LIFE_KILOBYTES);
        attribute_encode(w, duration, lifetime.bytes / KILOBYTE);
    }
}

enum cyg_code lifetime_decode(struct cyg_span data, uint16_t type_attribute, struct lifetime *ret)
{
    struct lifetime read = { .seconds = UINT64_MAX };
    struct attribute a;
    uint64_t type = 0;
    if (attributes_check(data, NULL) != CYG_OK) {
        return CYG_MALFORMED;
    }
    while (attribute_next(&data, &a)) {
        if (!a.has_value || a.value == 0) {
            return CYG_MALFORMED;
        }
        if (a.type == type_attribute) {
            type = a.value;
        } else if (a.type == type_attribute + 1 && type == LIFE_SECONDS) {
            read.seconds = a.value;
        } else if (a.type == type_attribute + 1 && type == LIFE_KILOBYTES) {
            read.bytes = bytes_of(a.value);
        } else {
            return CYG_MALFORMED;
        }
    }
    *ret = read;
    return CYG_OK;
}
