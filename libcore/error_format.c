/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A reason record as one line for people. Everything foreign is escaped here, so no caller has to
 * think of it (H-181). */
#include "text_internal.h"

#include <cygnet/algorithm.h>
#include <cygnet/selector.h>

#include <inttypes.h>

#define ESCAPE_MAX 128u /* bytes of output, H-181 */

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\'' && c != '\\';
}

/* Escape into t until `limit` more bytes are used; "..." where something is missing. */
static void add_escaped(struct text *t, struct cyg_span bytes, size_t limit)
{
    size_t room = t->size - t->len > 0 ? t->size - t->len - 1 : 0;
    limit = limit < room ? limit : room;
    size_t whole = 0;
    for (size_t i = 0; i < bytes.len && whole <= limit; i++) {
        whole += is_plain(bytes.data[i]) ? 1 : 4;
    }
    bool cut = whole > limit;
    size_t keep = !cut ? limit : limit > 3 ? limit - 3 : 0;
    size_t used = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t c = bytes.data[i];
        size_t n = is_plain(c) ? 1 : 4;
        if (used + n > keep) {
            break;
        }
        used += n;
        if (n == 1) {
            text_add_bytes(t, (const char *)&bytes.data[i], 1);
        } else {
            text_add(t, "\\x%02x", c);
        }
    }
    if (cut) {
        text_add_string(t, "...");
    }
}

const char *cyg_escape(struct cyg_span text, char *buffer, size_t size)
{
    struct text t = text_of(buffer, size);
    add_escaped(&t, text, ESCAPE_MAX);
    return buffer;
}

static void add_hex(struct text *t, struct cyg_span bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        text_add(t, "%02x", bytes.data[i]);
    }
}

static void add_identity(struct text *t, const struct cyg_quote *quote)
{
    struct cyg_identity id = { 0 };
    char text[CYG_IDENTITY_TEXT];
    if (quote->len > 0) {
        id.type = quote->data[0];
        id.len = (uint16_t)(quote->len - 1u);
        memcpy(id.data, quote->data + 1, id.len);
    }
    text_add(t, "%s%s", cyg_identity_format(&id, text, sizeof text),
             quote->len == CYG_QUOTE_MAX ? "..." : "");
}

static void add_selectors(struct text *t, const struct cyg_quote *quote, size_t count)
{
    char text[CYG_SELECTOR_TEXT];
    for (size_t i = 0; i < count; i++) {
        struct cyg_selector s;
        memcpy(&s, quote->data + i * sizeof s, sizeof s);
        text_add_string(t, i > 0 ? " === " : "");
        text_add_string(t, cyg_selector_format(&s, text, sizeof text));
    }
}

/* The structs that quotes carry have to fit them. */
_Static_assert(sizeof(struct cyg_flow) <= CYG_QUOTE_MAX, "a flow does not fit a quote");
_Static_assert(sizeof(struct cyg_proposal) <= CYG_QUOTE_MAX, "a proposal does not fit a quote");
_Static_assert(sizeof(struct cyg_flow) == 2 * sizeof(struct cyg_selector), "padding in a flow");

/* Quotes of a struct must be whole: a short one is our own bug, but not worth dying for in a log
 * line. */
static bool is_whole(const struct cyg_quote *quote, size_t size)
{
    return quote->len == size;
}

static void add_quote(struct text *t, const struct cyg_quote *quote)
{
    struct cyg_span bytes = { quote->data, quote->len };
    char text[CYG_IDENTITY_TEXT];
    struct cyg_address address;
    struct cyg_proposal proposal;
    switch ((enum cyg_quote_kind)quote->kind) {
    case CYG_QUOTE_NONE:
        text_add_string(t, "nothing");
        return;
    case CYG_QUOTE_TEXT:
        text_add_bytes(t, "\"", 1);
        add_escaped(t, bytes, ESCAPE_MAX);
        text_add_bytes(t, "\"", 1);
        return;
    case CYG_QUOTE_WORDS:
        add_escaped(t, bytes, ESCAPE_MAX);
        return;
    case CYG_QUOTE_ADDRESS:
        if (is_whole(quote, sizeof address)) {
            memcpy(&address, quote->data, sizeof address);
            text_add_string(t, address.port != 0 ? cyg_endpoint_format(&address, text, sizeof text)
                                                 : cyg_address_format(&address, text, sizeof text));
            return;
        }
        break;
    case CYG_QUOTE_IDENTITY:
        add_identity(t, quote);
        return;
    case CYG_QUOTE_SELECTOR:
        if (is_whole(quote, sizeof(struct cyg_selector))) {
            add_selectors(t, quote, 1);
            return;
        }
        break;
    case CYG_QUOTE_FLOW:
        if (is_whole(quote, sizeof(struct cyg_flow))) {
            add_selectors(t, quote, 2);
            return;
        }
        break;
    case CYG_QUOTE_PROPOSAL:
        if (is_whole(quote, sizeof proposal)) {
            memcpy(&proposal, quote->data, sizeof proposal);
            text_add_string(t, cyg_proposal_format(&proposal, text, sizeof text));
            return;
        }
        break;
    case CYG_QUOTE_BYTES:
        break;
    }
    add_hex(t, bytes);
}

/* Names of RFC 2408 3.1, as logs and charon write them. */
static void add_payload(struct text *t, uint8_t payload)
{
    static const char *const names[] = { "message", "SA",  "P",     "T", "KE", "ID",  "CERT", "CR",
                                         "HASH",    "SIG", "NONCE", "N", "D",  "VID", "ATTR" };
    if (payload < CYG_LEN(names)) {
        text_add_string(t, names[payload]);
        return;
    }
    switch (payload) {
    case 20:
    case 130: /* drafts of RFC 3947 */
        text_add(t, "NAT-D");
        return;
    case 21:
    case 131:
        text_add(t, "NAT-OA");
        return;
    case 132:
        text_add(t, "FRAG");
        return;
    default:
        text_add(t, "(%u)", payload);
    }
}

static void add_placeholder(struct text *t, const char *name, size_t len,
                            const struct cyg_error *error)
{
    struct cyg_span word = { (const uint8_t *)name, len };
    if (cyg_span_equal(word, cyg_span_str("got"))) {
        text_add(t, "%" PRIu64, error->got);
    } else if (cyg_span_equal(word, cyg_span_str("want"))) {
        text_add(t, "%" PRIu64, error->want);
    } else if (cyg_span_equal(word, cyg_span_str("got_s"))) {
        text_add(t, "%s", error->got == 1 ? "" : "s");
    } else if (cyg_span_equal(word, cyg_span_str("got_hex"))) {
        text_add(t, "%08" PRIx64, error->got);
    } else if (cyg_span_equal(word, cyg_span_str("want_hex"))) {
        text_add(t, "%08" PRIx64, error->want);
    } else if (cyg_span_equal(word, cyg_span_str("offset"))) {
        text_add(t, "%" PRIu32, error->offset);
    } else if (cyg_span_equal(word, cyg_span_str("payload"))) {
        add_payload(t, error->payload);
    } else if (cyg_span_equal(word, cyg_span_str("got_quote"))) {
        add_quote(t, &error->got_quote);
    } else if (cyg_span_equal(word, cyg_span_str("want_quote"))) {
        add_quote(t, &error->want_quote);
    } else { /* a misspelt row: the test over the table finds it; show it as it stands */
        text_add(t, "{%.*s}", (int)len, name);
    }
}

static void add_sentence(struct text *t, const char *sentence, const struct cyg_error *error)
{
    while (*sentence != '\0') {
        size_t plain = strcspn(sentence, "{");
        text_add_bytes(t, sentence, plain);
        sentence += plain;
        const char *end = strchr(sentence, '}');
        if (end == NULL) {
            text_add(t, "%s", sentence);
            return;
        }
        add_placeholder(t, sentence + 1, (size_t)(end - sentence) - 1, error);
        sentence = end + 1;
    }
}

static void add_first(struct text *t, const struct cyg_error *error,
                      const struct cyg_reason_info *info)
{
    if (info != NULL) {
        add_sentence(t, info->sentence, error);
    } else {
        text_add(t, error->reason == 0 ? "No error." : "Unknown reason %u.", error->reason);
    }
}

const char *cyg_error_format(const struct cyg_error *error, char *buffer, size_t size)
{
    struct text t = text_of(buffer, size);
    const struct cyg_reason_info *info = cyg_reason_info(error->reason);
    add_first(&t, error, info);
    if (info != NULL && info->mend[0] != '\0') {
        text_add(&t, " ");
        add_sentence(&t, info->mend, error);
    }
    return buffer;
}

const char *cyg_error_sentence(const struct cyg_error *error, char *buffer, size_t size)
{
    struct text t = text_of(buffer, size);
    add_first(&t, error, cyg_reason_info(error->reason));
    return buffer;
}

const char *cyg_error_mend(const struct cyg_error *error, char *buffer, size_t size)
{
    struct text t = text_of(buffer, size);
    const struct cyg_reason_info *info = cyg_reason_info(error->reason);
    if (info != NULL) {
        add_sentence(&t, info->mend, error);
    }
    return buffer;
}

const char *cyg_quote_format(const struct cyg_quote *quote, char *buffer, size_t size)
{
    struct text t = text_of(buffer, size);
    add_quote(&t, quote);
    return buffer;
}
