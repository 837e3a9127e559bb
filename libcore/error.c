/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of reasons, and filling a record. How a record becomes text: error_format.c. */
#include <cygnet/error.h>

#include <string.h>

static const struct cyg_reason_info rows[] = {
#define REASON(number, row_name, row_code, row_reaction, row_notify, row_level, row_sentence, \
               row_mend)                                                                      \
    { .id = (number),                                                                         \
      .name = #row_name,                                                                      \
      .code = CYG_##row_code,                                                                 \
      .reaction = CYG_REACT_##row_reaction,                                                   \
      .notify = (row_notify),                                                                 \
      .level = (row_level),                                                                   \
      .sentence = (row_sentence),                                                             \
      .mend = (row_mend) },
#include <cygnet/reason.def>
};

enum row_index {
#define REASON(number, row_name, ...) ROW_##row_name,
#include <cygnet/reason.def>
};

/* A switch, so that two rows with one id do not compile. */
const struct cyg_reason_info *cyg_reason_info(uint16_t reason)
{
    switch (reason) {
#define REASON(number, row_name, ...) \
    case number:                      \
        return &rows[ROW_##row_name];
#include <cygnet/reason.def>
    default:
        return NULL;
    }
}

const struct cyg_reason_info *cyg_reason_at(size_t index)
{
    return index < CYG_LEN(rows) ? &rows[index] : NULL;
}

enum cyg_code cyg_fail(struct cyg_error *err, const struct cyg_error *detail)
{
    const struct cyg_reason_info *info = cyg_reason_info(detail->reason);
    if (info == NULL || info->code == CYG_OK) {
        cyg_bug(__FILE__, __LINE__, "a failure without a row in reason.def");
    }
    if (err != NULL) {
        *err = *detail;
    }
    return info->code;
}

struct cyg_quote cyg_quote(enum cyg_quote_kind kind, struct cyg_span bytes)
{
    struct cyg_quote quote = { .kind = (uint8_t)kind };
    bytes = cyg_span_first(bytes, sizeof quote.data);
    if (bytes.len > 0) {
        memcpy(quote.data, bytes.data, bytes.len);
    }
    quote.len = (uint8_t)bytes.len;
    return quote;
}

struct cyg_quote cyg_quote_text(const char *text)
{
    return cyg_quote(CYG_QUOTE_TEXT, cyg_span_str(text));
}

struct cyg_quote cyg_quote_words(const char *words)
{
    return cyg_quote(CYG_QUOTE_WORDS, cyg_span_str(words));
}
