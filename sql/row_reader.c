/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "row_reader.h"

#include <stdio.h>
#include <string.h>

void row_fail(struct row *r, const struct cyg_error *error)
{
    if (r->failed) {
        return;
    }
    r->failed = true;
    const char *column = sqlite3_column_name(r->stmt, r->at > 0 ? r->at - 1 : 0);
    char *text = r->problem->text;
    size_t size = sizeof r->problem->text, used = 0;
    if (r->child != NULL) {
        char child[CYG_PEER_NAME + 1];
        cyg_escape(cyg_span_str(r->child), child, sizeof child);
        used = (size_t)snprintf(text, size, "child %s, ", child);
    }
    used += (size_t)snprintf(text + used, size - used, "%.20s: ", column != NULL ? column : "?");
    cyg_error_format(error, text + used, size - used);
}

static void fail_type(struct row *r, const char *want)
{
    static const char *const types[] = { [SQLITE_INTEGER] = "a number",
                                         [SQLITE_FLOAT] = "a fraction",
                                         [SQLITE_TEXT] = "text",
                                         [SQLITE_BLOB] = "a blob",
                                         [SQLITE_NULL] = "NULL" };
    int type = sqlite3_column_type(r->stmt, r->at - 1);
    row_fail(r, &(struct cyg_error){ .reason = CYG_R_ROW_TYPE,
                                     .got_quote = cyg_quote_text(types[type]),
                                     .want_quote = cyg_quote_text(want) });
}

struct cyg_span row_text(struct row *r)
{
    int at = r->at++;
    if (r->failed) {
        return (struct cyg_span){ 0 };
    }
    if (sqlite3_column_type(r->stmt, at) != SQLITE_TEXT) {
        fail_type(r, "text");
        return (struct cyg_span){ 0 };
    }
    const unsigned char *text = sqlite3_column_text(r->stmt, at);
    int len = sqlite3_column_bytes(r->stmt, at);
    if (text == NULL || len < 0) {
        row_fail(r, &(struct cyg_error){ .reason = CYG_R_NOMEM });
        return (struct cyg_span){ 0 };
    }
    return (struct cyg_span){ text, (size_t)len };
}

int64_t row_number(struct row *r, int64_t min, int64_t max)
{
    int at = r->at++;
    if (r->failed) {
        return 0;
    }
    if (sqlite3_column_type(r->stmt, at) != SQLITE_INTEGER) {
        fail_type(r, "a number");
        return 0;
    }
    int64_t value = sqlite3_column_int64(r->stmt, at);
    if (value < min || value > max) {
        char range[64], got[32];
        snprintf(range, sizeof range, "%lld to %lld", (long long)min, (long long)max);
        snprintf(got, sizeof got, "%lld", (long long)value);
        row_fail(r, &(struct cyg_error){ .reason = CYG_R_ROW_RANGE,
                                         .got_quote = cyg_quote_text(got),
                                         .want_quote = cyg_quote_text(range) });
        return 0;
    }
    return value;
}

int64_t row_number_or(struct row *r, int64_t min, int64_t max, int64_t absent)
{
    if (!r->failed && sqlite3_column_type(r->stmt, r->at) == SQLITE_NULL) {
        r->at++;
        return absent;
    }
    return row_number(r, min, max);
}

bool row_flag(struct row *r)
{
    return row_number(r, 0, 1) != 0;
}

unsigned row_word(struct row *r, const char *const *words, size_t n)
{
    struct cyg_span text = row_text(r);
    char all[CYG_QUOTE_MAX] = "";
    for (size_t i = 0; i < n; i++) {
        if (cyg_span_equal(text, cyg_span_str(words[i]))) {
            return (unsigned)i;
        }
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s", i == 0 ? "" : ", ", words[i]);
    }
    row_fail(r, &(struct cyg_error){ .reason = CYG_R_ROW_WORD,
                                     .got_quote = cyg_quote(CYG_QUOTE_TEXT, text),
                                     .want_quote = cyg_quote_text(all) });
    return 0;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool row_list_next(struct cyg_span *list, bool *first, struct cyg_span *ret_word)
{
    if (!*first) {
        if (list->len == 0) {
            return false;
        }
        *list = cyg_span_after(*list, 1); /* the comma */
    }
    *first = false;
    size_t len = 0;
    while (len < list->len && list->data[len] != ',') {
        len++;
    }
    struct cyg_span word = cyg_span_first(*list, len);
    *list = cyg_span_after(*list, len);
    while (word.len > 0 && is_space(word.data[0])) {
        word = cyg_span_after(word, 1);
    }
    while (word.len > 0 && is_space(word.data[word.len - 1])) {
        word.len--;
    }
    *ret_word = word;
    return true;
}
