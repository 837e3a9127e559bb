/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Typed values of the settings: from text, what would be right in words, and near misses. */
#include "settings_internal.h"
#include "text_internal.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <strings.h>

/* What a number's suffix multiplies by. */
struct unit {
    char letter;
    int64_t factor;
};

static const struct unit time_units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
static const struct unit byte_units[] = { { 'k', INT64_C(1) << 10 },
                                          { 'm', INT64_C(1) << 20 },
                                          { 'g', INT64_C(1) << 30 },
                                          { 't', INT64_C(1) << 40 } };

static bool parse_number(const char *text, const struct unit *units, size_t n, int64_t *ret)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || isspace((unsigned char)*text) || *text == '+') {
        return false;
    }
    int64_t factor = 1;
    for (size_t i = 0; i < n && *end != '\0'; i++) {
        if (tolower((unsigned char)*end) == units[i].letter) {
            factor = units[i].factor;
            end++;
            break;
        }
    }
    return *end == '\0' && !__builtin_mul_overflow((int64_t)value, factor, ret);
}

static bool in_range(const struct cyg_setting *row, int64_t value)
{
    return (row->min == 0 && row->max == 0) || (value >= row->min && value <= row->max);
}

static bool parse_bool(const char *text, int64_t *ret)
{
    static const char *const words[2][3] = { { "no", "false", "off" }, { "yes", "true", "on" } };
    for (int value = 0; value < 2; value++) {
        for (size_t i = 0; i < 3; i++) {
            if (strcasecmp(text, words[value][i]) == 0) {
                *ret = value;
                return true;
            }
        }
    }
    return false;
}

enum cyg_code settings_value(struct entry *entry, const char *text)
{
    const struct cyg_setting *row = entry->row;
    int64_t number = 0;
    bool ok = true;
    switch (row->type) {
    case CYG_SETTING_STRING:
        break;
    case CYG_SETTING_INT:
        ok = parse_number(text, NULL, 0, &number) && in_range(row, number);
        break;
    case CYG_SETTING_BOOL:
        ok = parse_bool(text, &number);
        break;
    case CYG_SETTING_TIME: /* never negative, bounds or not */
        ok = parse_number(text, time_units, CYG_LEN(time_units), &number) && number >= 0
             && in_range(row, number);
        break;
    case CYG_SETTING_BYTES:
        ok = parse_number(text, byte_units, CYG_LEN(byte_units), &number) && number >= 0
             && in_range(row, number);
        break;
    case CYG_SETTING_LIST:
    case CYG_SETTING_END:
        ok = false;
        break;
    }
    if (!ok) {
        return CYG_MALFORMED;
    }
    char *copy = strdup(text);
    if (copy == NULL) {
        return CYG_NOMEM;
    }
    free(entry->string);
    entry->string = copy;
    entry->number = number;
    entry->is_set = true;
    return CYG_OK;
}

enum cyg_code settings_list_add(struct entry *entry, const char *text, size_t len)
{
    char **more = reallocarray(entry->list, entry->list_len + 1, sizeof *more);
    if (more == NULL) {
        return CYG_NOMEM;
    }
    entry->list = more;
    more[entry->list_len] = strndup(text, len);
    if (more[entry->list_len] == NULL) {
        return CYG_NOMEM;
    }
    entry->list_len++;
    return CYG_OK;
}

/* As it would be written: { "a", b }, or a, b. */
enum cyg_code settings_list_fallback(struct entry *entry, const char *text)
{
    static const char around[] = " \t{}\"'";
    entry->is_set = true;
    while (*text != '\0') {
        text += strspn(text, around);
        size_t n = strcspn(text, ","), keep = n;
        while (keep > 0 && strchr(around, text[keep - 1]) != NULL) {
            keep--;
        }
        if (keep > 0 && settings_list_add(entry, text, keep) != CYG_OK) {
            return CYG_NOMEM;
        }
        text += n + (text[n] == ',');
    }
    return CYG_OK;
}

struct cyg_quote settings_quote(struct place place, const char *what)
{
    char text[CYG_QUOTE_MAX + 1];
    char rest[CYG_QUOTE_MAX / 2];
    struct text t = text_of(rest, sizeof rest);
    if (place.line > 0) {
        text_add(&t, ":%" PRIu32, place.line);
    }
    text_add(&t, ": %s", what);
    size_t room = CYG_QUOTE_MAX - t.len;
    const char *file = place.file != NULL ? place.file : "";
    size_t len = strlen(file);
    t = text_of(text, sizeof text);
    text_add(&t, "%s%s%s", len > room ? "..." : "", len > room ? file + len - room + 3 : file,
             rest);
    return cyg_quote_text(text);
}

struct cyg_quote settings_want(const struct cyg_setting *row)
{
    char text[CYG_QUOTE_MAX + 1];
    struct text t = text_of(text, sizeof text);
    switch (row->type) {
    case CYG_SETTING_STRING:
        text_add(&t, "one text, without braces");
        break;
    case CYG_SETTING_INT:
        text_add(&t, "a whole number");
        break;
    case CYG_SETTING_BOOL:
        text_add(&t, "yes or no");
        break;
    case CYG_SETTING_TIME:
        text_add(&t, "a time such as 90s, 30m, 4h or 1d");
        break;
    case CYG_SETTING_BYTES:
        text_add(&t, "a size such as 512k or 4G");
        break;
    case CYG_SETTING_LIST:
        text_add(&t, "a list such as { a, b }");
        break;
    case CYG_SETTING_END:
        break;
    }
    if (row->min != 0 || row->max != 0) {
        text_add(&t, ", %" PRId64 " to %" PRId64 "%s", row->min, row->max,
                 row->type == CYG_SETTING_TIME    ? " seconds"
                 : row->type == CYG_SETTING_BYTES ? " bytes"
                                                  : "");
    }
    return cyg_quote_text(text);
}

/* Letters to add, remove or change (Levenshtein); words of more than 63 letters count as far. */
static size_t distance(const char *a, const char *b)
{
    size_t row[64];
    size_t n = strlen(b);
    if (n >= CYG_LEN(row) || strlen(a) >= CYG_LEN(row)) {
        return CYG_LEN(row);
    }
    for (size_t j = 0; j <= n; j++) {
        row[j] = j;
    }
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 1; j <= n; j++) {
            size_t change =
                diagonal + (tolower((unsigned char)a[i]) != tolower((unsigned char)b[j - 1]));
            diagonal = row[j];
            size_t other = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);
            row[j] = change < other ? change : other;
        }
    }
    return row[n];
}

const char *settings_nearest(const char *wrong, const char *const *names, size_t n)
{
    const char *nearest = NULL;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        size_t d = distance(wrong, names[i]);
        if (d < least) {
            least = d;
            nearest = names[i];
        }
    }
    return nearest;
}
