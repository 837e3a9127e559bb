/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why something failed, as data. A function that can fail returns enum cyg_code and writes into its
 * caller's struct cyg_error: the reason (a row of reason.def), where it was seen, and the two sides
 * compared. No heap, no text: logs, control, history and `explain` render the same record with
 * cyg_error_format. Thread: values, any. */
#pragma once

#include <cygnet/span.h>

/* What the engine does with a message that is refused for a reason, HOSTILE terms; a row of
 * reason.def names the default, a step's row may soften KILL to HOLD, nothing else. */
enum cyg_reaction {
    CYG_REACT_NONE = 0, /* not about a message: settings, plugins, storage */
    CYG_REACT_DROP,     /* discard, change nothing */
    CYG_REACT_HOLD,     /* discard, the exchange goes on waiting for the genuine message */
    CYG_REACT_NOTIFY,   /* discard; one clear Informational is allowed, for a first message only */
    CYG_REACT_FAIL,     /* authenticated sender: this exchange ends, one protected notify */
    CYG_REACT_KILL,     /* this phase 1 attempt ends */
};

/* Reason ids are stable for ever. */
enum cyg_reason {
#define REASON(id, name, ...) CYG_R_##name = id,
#include <cygnet/reason.def>
};

/* How the bytes of a quote are to be shown. */
enum cyg_quote_kind {
    CYG_QUOTE_NONE = 0,
    CYG_QUOTE_TEXT,     /* foreign text: shown escaped and cut (H-181) */
    CYG_QUOTE_BYTES,    /* shown as hex */
    CYG_QUOTE_ADDRESS,  /* struct cyg_address */
    CYG_QUOTE_IDENTITY, /* ID type byte, then the identification data */
    CYG_QUOTE_SELECTOR, /* struct cyg_selector */
    CYG_QUOTE_PROPOSAL, /* struct cyg_proposal */
    CYG_QUOTE_FLOW,     /* two struct cyg_selector: local, remote */
    CYG_QUOTE_WORDS,    /* words of our own: shown without quotation marks */
};

#define CYG_QUOTE_MAX 96u

struct cyg_quote {
    uint8_t kind; /* enum cyg_quote_kind */
    uint8_t len;
    uint8_t data[CYG_QUOTE_MAX];
};

struct cyg_error {
    uint16_t reason;    /* enum cyg_reason; 0: no error */
    uint8_t payload;    /* ISAKMP payload type it was seen in, 0: none */
    uint8_t level;      /* of nesting: 0 payload, 1 proposal, 2 transform, 3 attribute */
    uint32_t offset;    /* bytes from the begin of the message, or line of a file */
    uint64_t got, want; /* numbers compared; 0 where the reason has none */
    struct cyg_quote got_quote, want_quote; /* what was seen; what would be right */
};

struct cyg_reason_info {
    uint16_t id;
    const char *name; /* "NOTIFY_SHORT" */
    enum cyg_code code;
    enum cyg_reaction reaction;
    uint16_t notify;      /* notify message type that goes with it, 0: none */
    int8_t level;         /* log level at which it is shown: 0 audit .. 4 */
    const char *sentence; /* placeholders {got} {want} {got_hex} {want_hex} {got_s} {offset}
                             {payload} {got_quote} {want_quote} */
    const char *mend; /* what would be right, same placeholders; "" where the sentence says it */
};

/* The row of a reason; NULL for an unknown id. */
CYG_PUBLIC const struct cyg_reason_info *cyg_reason_info(uint16_t reason);

/* The rows in order of the table, for listings and tests; NULL behind the last. */
CYG_PUBLIC const struct cyg_reason_info *cyg_reason_at(size_t index);

/* Fill *err (which may be NULL) and return the reason's code, never CYG_OK. Use CYG_FAIL. */
CYG_PUBLIC enum cyg_code cyg_fail(struct cyg_error *err, const struct cyg_error *detail);

/* cyg_fail, which never returns CYG_OK: said here, so that compilers and analyzers can follow a
 * caller that goes on only when nothing has failed. */
static inline enum cyg_code cyg_failed_(struct cyg_error *err, const struct cyg_error *detail)
{
    const enum cyg_code code = cyg_fail(err, detail);
    if (code == CYG_OK) {
        __builtin_unreachable();
    }
    return code;
}

/* return CYG_FAIL(err, CYG_R_NOTIFY_SHORT, .payload = 11, .got = body.len); */
#define CYG_FAIL(err, which, ...) \
    cyg_failed_((err), &(const struct cyg_error){ .reason = (uint16_t)(which), __VA_ARGS__ })

/* Quote bytes or text, cut to CYG_QUOTE_MAX. */
CYG_PUBLIC struct cyg_quote cyg_quote(enum cyg_quote_kind kind, struct cyg_span bytes);
CYG_PUBLIC struct cyg_quote cyg_quote_text(const char *text);
CYG_PUBLIC struct cyg_quote cyg_quote_words(const char *words);

/* Render as one line: the sentence, then what would be right. Foreign bytes are escaped; the result
 * holds no control character. Always NUL-terminated. Returns buffer. */
CYG_PUBLIC const char *cyg_error_format(const struct cyg_error *error, char *buffer, size_t size);

/* The two halves of it alone; mend is "" where the row has none. */
CYG_PUBLIC const char *cyg_error_sentence(const struct cyg_error *error, char *buffer, size_t size);
CYG_PUBLIC const char *cyg_error_mend(const struct cyg_error *error, char *buffer, size_t size);

/* A quote alone, as it stands in a sentence. */
CYG_PUBLIC const char *cyg_quote_format(const struct cyg_quote *quote, char *buffer, size_t size);

/* Copy foreign text so that it may be shown anywhere: one line, printable ASCII, everything else
 * (control characters, invalid or bidirectional UTF-8, quotes, backslash) as \xNN, cut to 128 bytes
 * with "..." (H-181). Always NUL-terminated. Returns buffer. */
CYG_PUBLIC const char *cyg_escape(struct cyg_span text, char *buffer, size_t size);
