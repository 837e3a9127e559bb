/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One value by its type. Forms are those that charon 5.9.8 takes (tried): "1h", "5 m" and 0x10, but
 * not "1h 30m"; bytes with k, m, g times 1024. Where charon wraps around or guesses, cygnet
 * refuses: a negative time, a number that is too large. */
#include "key_check.h"

#include <cygnet/algorithm.h>
#include <cygnet/identity.h>
#include <cygnet/selector.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define YEAR_S    31536000u
#define BYTES_MAX (UINT64_C(1) << 60)

static enum cyg_code wrong(const struct key *key, const char *right, struct cyg_error *err)
{
    return CYG_FAIL(err, CYG_R_CONN_VALUE, .got_quote = cyg_quote_text(key->name),
                    .want_quote = cyg_quote_text(right));
}

/* The words of a type, what they mean in normal form; ended by NULL. */
struct word {
    const char *word, *normal;
};
#define WORD(text) \
    {              \
        text, text \
    }

static const struct word *words_of(enum key_type type)
{
    static const struct word unique[] = {
        WORD("no"), WORD("never"), WORD("keep"), WORD("replace"), { NULL, NULL }
    };
    static const struct word modes[] = { WORD("tunnel"), WORD("transport"), { NULL, NULL } };
    static const struct word actions[] = { WORD("none"),
                                           { "clear", "none" },
                                           WORD("trap"),
                                           { "route", "trap" },
                                           WORD("start"),
                                           { "restart", "start" },
                                           { "trap|start", "trap | start" },
                                           { "start|trap", "trap | start" },
                                           { NULL, NULL } };
    static const struct word starts[] = {
        WORD("none"), { "clear", "none" }, WORD("start"), { "restart", "start" }, { NULL, NULL }
    };
    static const struct word fragment[] = {
        WORD("yes"), WORD("no"), WORD("accept"), WORD("force"), { NULL, NULL }
    };
    static const struct word childless[] = {
        WORD("allow"), WORD("prefer"), WORD("force"), WORD("never"), { NULL, NULL }
    };
    static const struct word send_cert[] = {
        WORD("ifasked"), WORD("always"), WORD("never"), { NULL, NULL }
    };
    static const struct word revocation[] = {
        WORD("relaxed"), WORD("ifuri"), WORD("strict"), { NULL, NULL }
    };
    static const struct word label_mode[] = {
        WORD("system"), WORD("simple"), WORD("selinux"), { NULL, NULL }
    };
    static const struct word offload[] = { WORD("no"),     WORD("yes"),    WORD("auto"),
                                           WORD("crypto"), WORD("packet"), { NULL, NULL } };
    static const struct word dscp[] = {
        WORD("out"), WORD("in"), WORD("yes"), WORD("no"), { NULL, NULL }
    };
    switch ((unsigned)type) {
    case KEY_UNIQUE:
        return unique;
    case KEY_MODE:
        return modes;
    case KEY_ACTION:
        return actions;
    case KEY_START:
        return starts;
    case KEY_FRAGMENT:
        return fragment;
    case KEY_CHILDLESS:
        return childless;
    case KEY_SEND_CERT:
        return send_cert;
    case KEY_REVOCATION:
        return revocation;
    case KEY_LABEL_MODE:
        return label_mode;
    case KEY_OFFLOAD:
        return offload;
    case KEY_DSCP_COPY:
        return dscp;
    default:
        return NULL;
    }
}

/* Words that are right in swanctl.conf and change what is protected: named, not called wrong. */
static const struct {
    enum key_type type;
    const char *word;
    uint8_t milestone; /* 0: IKEv2 only */
} later_words[] = {
    { KEY_MODE, "pass", 3 },        { KEY_MODE, "drop", 3 },
    { KEY_MODE, "beet", 3 },        { KEY_MODE, "transport_proxy", 0 },
    { KEY_START, "trap", 3 },       { KEY_START, "route", 3 },
    { KEY_START, "trap|start", 3 }, { KEY_START, "start|trap", 3 },
    { KEY_AUTH, "xauth", 6 },       { KEY_AUTH, "hybrid", 6 },
    { KEY_AUTH, "pubkey", 2 },      { KEY_AUTH, "rsa", 2 },
    { KEY_AUTH, "ecdsa", 2 },       { KEY_AUTH, "any", 2 },
    { KEY_AUTH, "eap", 0 },         { KEY_AUTH, "ike:", 0 },
    { KEY_AUTH, "ed25519", 0 },     { KEY_AUTH, "ed448", 0 },
    { KEY_AUTH, "bliss", 0 },
};

static enum cyg_code check_later_words(const struct key *key, const char *text,
                                       struct cyg_error *err)
{
    for (size_t i = 0; i < CYG_LEN(later_words); i++) {
        const char *word = later_words[i].word;
        /* auth = rsa-2048-sha256, xauth-pam: what stands behind is of no interest. */
        const bool is = key->type == KEY_AUTH ? strncasecmp(text, word, strlen(word)) == 0
                                              : strcasecmp(text, word) == 0;
        if (key->type == later_words[i].type && is) {
            char what[CYG_QUOTE_MAX];
            snprintf(what, sizeof what, "%s = %.60s", key->name, text);
            return later_words[i].milestone != 0
                       ? CYG_FAIL(err, CYG_R_CONN_LATER, .got_quote = cyg_quote_text(what),
                                  .got = later_words[i].milestone)
                       : CYG_FAIL(err, CYG_R_CONN_IKEV2, .got_quote = cyg_quote_text(what));
        }
    }
    return CYG_OK;
}

static enum cyg_code check_word(const struct key *key, const char *value, char *ret,
                                struct cyg_error *err)
{
    char right[CYG_QUOTE_MAX] = "";
    for (const struct word *w = words_of(key->type); w != NULL && w->word != NULL; w++) {
        if (strcasecmp(value, w->word) == 0) {
            snprintf(ret, KEY_CHECK_TEXT, "%s", w->normal);
            return CYG_OK;
        }
        const size_t at = strlen(right);
        if (strcmp(w->word, w->normal) == 0) { /* the others are old spellings */
            snprintf(right + at, sizeof right - at, "%s%s", at > 0 ? ", " : "", w->word);
        }
    }
    enum cyg_code code = check_later_words(key, value, err);
    return code != CYG_OK ? code : wrong(key, right, err);
}

/* A number without sign and what stands behind it, blanks left out; false: no number. */
static bool take_number(const char *text, uint64_t *ret, const char **ret_rest)
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    errno = 0;
    const unsigned long long value = strtoull(text, &end, 0);
    while (*end == ' ') {
        end++;
    }
    *ret = value;
    *ret_rest = end;
    return errno == 0;
}

/* The factor of a one-letter unit among `units`; 0: another. Empty: 1. */
static uint64_t factor(const char *unit, const char *units, const uint64_t *factors)
{
    if (unit[0] == '\0') {
        return 1;
    }
    const char lower = (char)(unit[0] >= 'A' && unit[0] <= 'Z' ? unit[0] + 32 : unit[0]);
    const char *found = unit[1] == '\0' ? strchr(units, lower) : NULL;
    return found != NULL ? factors[found - units] : 0;
}

static bool parse_number(enum key_type type, const char *text, uint64_t *ret)
{
    static const uint64_t seconds[] = { 1, 60, 3600, 86400 };
    static const uint64_t bytes[] = { UINT64_C(1) << 10, UINT64_C(1) << 20, UINT64_C(1) << 30 };
    uint64_t value = 0, times = 1;
    const char *rest = NULL;
    if (!take_number(text, &value, &rest)) {
        return false;
    }
    if (type == KEY_TIME || type == KEY_BYTES) {
        times = type == KEY_TIME ? factor(rest, "smhd", seconds) : factor(rest, "kmg", bytes);
        rest = "";
    }
    const uint64_t max = type == KEY_TIME      ? YEAR_S
                         : type == KEY_BYTES   ? BYTES_MAX
                         : type == KEY_PORT    ? UINT16_MAX
                         : type == KEY_WINDOW  ? 4096
                         : type == KEY_VERSION ? 2
                                               : UINT32_MAX;
    return rest[0] == '\0' && times != 0 && !__builtin_mul_overflow(value, times, ret)
           && *ret <= max;
}

static const char *right_number(enum key_type type)
{
    return type == KEY_TIME      ? "a time like 30s, 5m, 4h or 2d, up to a year"
           : type == KEY_BYTES   ? "a number of bytes like 1000000, 500m or 4g"
           : type == KEY_PORT    ? "a port, 0 to 65535"
           : type == KEY_WINDOW  ? "a number from 0 to 4096"
           : type == KEY_VERSION ? "0 or 1"
                                 : "a number";
}

static enum cyg_code check_number(const struct key *key, const char *text, char *ret,
                                  uint64_t *ret_number, struct cyg_error *err)
{
    if (!parse_number(key->type, text, ret_number)) {
        return wrong(key, right_number(key->type), err);
    }
    if (key->type == KEY_VERSION && *ret_number == 2) {
        return CYG_FAIL(err, CYG_R_CONN_VERSION);
    }
    snprintf(ret, KEY_CHECK_TEXT, "%" PRIu64, *ret_number);
    if (key->type == KEY_WINDOW && *ret_number < KEY_WINDOW_MIN) {
        *ret_number = KEY_WINDOW_MIN; /* the text says what was wanted */
    }
    return CYG_OK;
}

static enum cyg_code check_bool(const struct key *key, const char *text, char *ret,
                                uint64_t *ret_number, struct cyg_error *err)
{
    static const char *const words[] = { "yes", "true",  "enabled",  "1",
                                         "no",  "false", "disabled", "0" };
    for (size_t i = 0; i < CYG_LEN(words); i++) {
        if (strcasecmp(text, words[i]) == 0) {
            *ret_number = i < 4;
            snprintf(ret, KEY_CHECK_TEXT, "%s", i < 4 ? "yes" : "no");
            return CYG_OK;
        }
    }
    return wrong(key, "yes or no", err);
}

/* value or value/mask; normal form is 0 for what marks nothing. */
static enum cyg_code check_mark(const struct key *key, const char *text, char *ret,
                                struct cyg_error *err)
{
    uint64_t value = 0, mask = UINT32_MAX;
    const char *rest = text;
    bool good = strncmp(text, "%unique", 7) == 0 || strncmp(text, "%same", 5) == 0;
    if (!good && take_number(text, &value, &rest)) {
        const bool masked = rest[0] == '/';
        good = masked ? take_number(rest + 1, &mask, &rest) && rest[0] == '\0' : rest[0] == '\0';
        if (good && value == 0 && (!masked || mask == 0)) {
            text = "0";
        }
    }
    if (!good || value > UINT32_MAX || mask > UINT32_MAX) {
        return wrong(key, "a number, a number/mask or %unique", err);
    }
    snprintf(ret, KEY_CHECK_TEXT, "%s", text);
    return CYG_OK;
}

static enum cyg_code check_special(const struct key *key, const char *text, char *ret,
                                   struct cyg_error *err)
{
    uint64_t number = 0;
    if (key->type == KEY_DSCP) {
        if (strlen(text) != 6 || strspn(text, "01") != 6) {
            return wrong(key, "six binary digits", err);
        }
    } else if (key->type == KEY_TFC) {
        if (strcasecmp(text, "mtu") != 0 && !parse_number(KEY_NUMBER, text, &number)) {
            return wrong(key, "a number or mtu", err);
        }
    } else if (key->type == KEY_AUTH) {
        if (strcasecmp(text, "psk") != 0) {
            enum cyg_code code = check_later_words(key, text, err);
            return code != CYG_OK ? code : wrong(key, "psk", err);
        }
        text = "psk";
    } else if (memchr(text, '\n', strlen(text)) != NULL) {
        return wrong(key, "one line", err);
    }
    snprintf(ret, KEY_CHECK_TEXT, "%s", text);
    return CYG_OK;
}

static enum cyg_code check_address(const struct key *key, struct cyg_span value,
                                   struct cyg_error *err)
{
    static const char right[] =
        "an address, subnet or range; names of DNS are not resolved yet: write the address";
    struct cyg_prefix prefix;
    struct cyg_address from, to;
    const uint8_t *dash = memchr(value.data, '-', value.len);
    if (dash == NULL) {
        return cyg_prefix_parse(value, &prefix, NULL) == CYG_OK ? CYG_OK : wrong(key, right, err);
    }
    const size_t at = (size_t)(dash - value.data);
    const bool good =
        cyg_address_parse(cyg_span_first(value, at), false, &from, NULL) == CYG_OK
        && cyg_address_parse(cyg_span_after(value, at + 1), false, &to, NULL) == CYG_OK
        && from.family == to.family && from.family != 0 && cyg_address_compare(&from, &to) <= 0;
    return good ? CYG_OK : wrong(key, right, err);
}

/* What has a parser of its own keeps its text. */
static enum cyg_code check_parsed(const struct key *key, struct cyg_span value,
                                  struct cyg_error *err)
{
    struct cyg_proposal proposal;
    struct cyg_selector selector;
    struct cyg_identity identity;
    struct cyg_error why = { 0 };
    enum cyg_code code = CYG_OK;
    switch ((unsigned)key->type) {
    case KEY_ADDRESSES:
        return check_address(key, value, err);
    case KEY_IKE_PROPOSALS:
        code = cyg_proposal_parse(CYG_PROPOSAL_IKE, value, &proposal, &why);
        break;
    case KEY_ESP_PROPOSALS:
        code = cyg_proposal_parse(CYG_PROPOSAL_ESP, value, &proposal, &why);
        break;
    case KEY_AH_PROPOSALS:
        code = cyg_proposal_parse(CYG_PROPOSAL_AH, value, &proposal, &why);
        break;
    case KEY_SELECTORS:
        code = cyg_selector_parse(value, &selector, &why);
        break;
    case KEY_IDENTITY:
        code = cyg_identity_parse(value, &identity, &why);
        break;
    default:
        break;
    }
    if (code != CYG_OK && why.reason != CYG_R_NOMEM) {
        char text[CYG_QUOTE_MAX + 1];
        (void)cyg_error_format(&why, text, sizeof text);
        return wrong(key, text, err);
    }
    return code == CYG_OK ? CYG_OK : CYG_FAIL(err, CYG_R_NOMEM);
}

enum cyg_code key_check(const struct key *key, struct cyg_span value, char ret_text[KEY_CHECK_TEXT],
                        uint64_t *ret_number, struct cyg_error *err)
{
    char text[KEY_CHECK_TEXT];
    if (value.len >= sizeof text) {
        return CYG_FAIL(err, CYG_R_CONN_LONG, .got_quote = cyg_quote_text(key->name),
                        .want = sizeof text - 1);
    }
    if (value.len > 0 && memchr(value.data, 0, value.len) != NULL) { /* H-174 */
        return wrong(key, "text without NUL bytes", err);
    }
    if (value.len > 0) {
        memcpy(text, value.data, value.len);
    }
    text[value.len] = '\0';
    if (key->type == KEY_BOOL) {
        return check_bool(key, text, ret_text, ret_number, err);
    }
    if (key_is_number(key)) {
        return check_number(key, text, ret_text, ret_number, err);
    }
    if (words_of(key->type) != NULL) {
        return check_word(key, text, ret_text, err);
    }
    if (key->type == KEY_MARK || key->type == KEY_IF_ID) {
        return check_mark(key, text, ret_text, err);
    }
    if (key_is_list(key) && (value.len == 0 || memchr(value.data, ',', value.len) != NULL)) {
        return wrong(key, "items without commas", err);
    }
    if (key->type == KEY_IDENTITY && value.len == 0) { /* charon: as if it were not there */
        snprintf(text, sizeof text, "%%any");
        value = cyg_span_str(text);
    }
    enum cyg_code code = check_parsed(key, value, err);
    return code == CYG_OK ? check_special(key, text, ret_text, err) : code;
}
