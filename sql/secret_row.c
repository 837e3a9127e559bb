/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of secrets: owners, and the forms that swanctl.conf has for the secret itself. No secret
 * gets into a problem or an error. */
#include "row_reader.h"

#include <string.h>

void db_secret_clear(struct db_secret *secret)
{
    cyg_wipe(secret, sizeof *secret);
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static enum cyg_code parse_hex(struct cyg_span text, uint8_t ret[CYG_PSK_MAX], size_t *ret_len,
                               struct cyg_error *err)
{
    if (text.len == 0 || text.len % 2 != 0) {
        return CYG_FAIL(err, CYG_R_SECRET_HEX);
    }
    if (text.len / 2 > CYG_PSK_MAX) {
        return CYG_FAIL(err, CYG_R_SECRET_LENGTH, .want = CYG_PSK_MAX);
    }
    for (size_t i = 0; i < text.len / 2; i++) {
        int high = hex_digit(text.data[2 * i]), low = hex_digit(text.data[2 * i + 1]);
        if (high < 0 || low < 0) {
            return CYG_FAIL(err, CYG_R_SECRET_HEX);
        }
        ret[i] = (uint8_t)(high << 4 | low);
    }
    *ret_len = text.len / 2;
    return CYG_OK;
}

static int base64_digit(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* RFC 4648 4. The padding may be left out; what is left of the last digit must be zero. */
static enum cyg_code parse_base64(struct cyg_span text, uint8_t ret[CYG_PSK_MAX], size_t *ret_len,
                                  struct cyg_error *err)
{
    size_t padding = 0;
    while (padding < 2 && text.len > 0 && text.data[text.len - 1] == '=') {
        text.len--;
        padding++;
    }
    if (text.len == 0 || text.len % 4 == 1 || (padding > 0 && (text.len + padding) % 4 != 0)) {
        return CYG_FAIL(err, CYG_R_SECRET_BASE64);
    }
    if (text.len * 6 / 8 > CYG_PSK_MAX) {
        return CYG_FAIL(err, CYG_R_SECRET_LENGTH, .want = CYG_PSK_MAX);
    }
    uint32_t bits = 0;
    unsigned n_bits = 0;
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        int digit = base64_digit(text.data[i]);
        if (digit < 0) {
            return CYG_FAIL(err, CYG_R_SECRET_BASE64);
        }
        bits = bits << 6 | (uint32_t)digit;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            ret[len++] = (uint8_t)(bits >> n_bits);
            bits &= (1u << n_bits) - 1;
        }
    }
    if (bits != 0) {
        return CYG_FAIL(err, CYG_R_SECRET_BASE64);
    }
    *ret_len = len;
    return CYG_OK;
}

static bool begins(struct cyg_span text, const char *with)
{
    return cyg_span_equal(cyg_span_first(text, strlen(with)), cyg_span_str(with));
}

enum cyg_code db_parse_secret(struct cyg_span text, uint8_t ret[CYG_PSK_MAX], size_t *ret_len,
                              struct cyg_error *err)
{
    if (begins(text, "0x")) {
        return parse_hex(cyg_span_after(text, 2), ret, ret_len, err);
    }
    if (begins(text, "0s")) {
        return parse_base64(cyg_span_after(text, 2), ret, ret_len, err);
    }
    if (text.len == 0 || text.len > CYG_PSK_MAX) {
        return CYG_FAIL(err, CYG_R_SECRET_LENGTH, .want = CYG_PSK_MAX);
    }
    memcpy(ret, text.data, text.len);
    *ret_len = text.len;
    return CYG_OK;
}

static void add_owner(struct row *r, struct db_secret *secret, struct cyg_span word)
{
    struct cyg_error err = { 0 };
    struct cyg_identity id;
    if (cyg_identity_parse(word, &id, &err) != CYG_OK) {
        row_fail(r, &err);
        return;
    }
    if (id.type == CYG_ID_ANY) {
        return;
    }
    for (size_t i = 0; i < secret->n_owners; i++) {
        if (cyg_identity_equal(&secret->owners[i], &id)) {
            return;
        }
    }
    if (secret->n_owners == DB_OWNERS) {
        row_fail(r, &(struct cyg_error){ .reason = CYG_R_ROW_LIST_LONG, .want = DB_OWNERS });
        return;
    }
    secret->owners[secret->n_owners++] = id;
}

enum cyg_code db_read_secret(sqlite3_stmt *stmt, struct db_secret *ret,
                             struct db_problem *ret_problem)
{
    struct row r = { .stmt = stmt, .problem = ret_problem };
    struct cyg_span name = row_text(&r);
    if (!r.failed && (name.len == 0 || name.len >= sizeof ret->name)) {
        row_fail(&r, &(struct cyg_error){ .reason = CYG_R_ROW_NAME, .want = CYG_PEER_NAME });
    }
    if (!r.failed) {
        memcpy(ret->name, name.data, name.len);
        ret->name[name.len] = '\0';
    }
    ret->n_owners = 0;
    struct cyg_span list = row_text(&r), word;
    bool first = true;
    while (!r.failed && list.len > 0 && row_list_next(&list, &first, &word)) {
        add_owner(&r, ret, word);
    }
    struct cyg_span secret = row_text(&r);
    struct cyg_error err = { 0 };
    if (!r.failed && db_parse_secret(secret, ret->data, &ret->len, &err) != CYG_OK) {
        row_fail(&r, &err);
    }
    return r.failed ? CYG_REFUSED : CYG_OK;
}
