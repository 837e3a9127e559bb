/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages of load-conn. The walk is driven by the table of keys; what a place is called in a
 * refusal is the path of sections ("children.net"). */
#include "conn.h"

#include <cygnet/peer_build.h>
#include <cygnet/vici.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void conn_free(struct conn *conn)
{
    if (conn == NULL) {
        return;
    }
    key_values_clear(&conn->values);
    key_values_clear(&conn->local);
    key_values_clear(&conn->remote);
    for (size_t i = 0; i < conn->n_children; i++) {
        key_values_clear(&conn->children[i].values);
    }
    free(conn->children);
    free(conn);
}

/* --- Reading the message --- */

static enum cyg_code bad_section(struct cyg_span name, struct cyg_error *err)
{
    return CYG_FAIL(err, CYG_R_CONN_SECTION, .got_quote = cyg_quote(CYG_QUOTE_TEXT, name));
}

enum cyg_code conn_name(struct cyg_span name, char ret[CYG_NAME_MAX], struct cyg_error *err)
{
    bool good = name.len > 0 && name.len < CYG_NAME_MAX;
    for (size_t i = 0; good && i < name.len; i++) {
        const char c = (char)name.data[i];
        good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
               || (c != '\0' && strchr("._@:+-", c) != NULL);
    }
    if (!good) {
        return CYG_FAIL(err, CYG_R_CONN_NAME, .got_quote = cyg_quote(CYG_QUOTE_TEXT, name),
                        .want = CYG_NAME_MAX - 1);
    }
    memcpy(ret, name.data, name.len);
    ret[name.len] = '\0';
    return CYG_OK;
}

static enum cyg_code unknown_option(struct cyg_span name, const char *place, struct cyg_error *err)
{
    return CYG_FAIL(err, CYG_R_CONN_OPTION, .got_quote = cyg_quote(CYG_QUOTE_TEXT, name),
                    .want_quote = cyg_quote_text(place));
}

/* The items of the list that has just begun. */
static enum cyg_code read_list(struct cyg_vici_reader *r, const struct key *key,
                               struct key_values *values, struct cyg_error *err)
{
    struct cyg_vici_element e;
    enum cyg_code code = CYG_OK;
    while (code == CYG_OK && (code = cyg_vici_next(r, &e, err)) == CYG_OK
           && e.type == CYG_VICI_LIST_ITEM) {
        code = key_values_add(values, key, e.value, err);
    }
    return code;
}

/* One key or list of a section. */
static enum cyg_code read_key(struct cyg_vici_reader *r, const struct cyg_vici_element *e,
                              enum key_section section, const char *place,
                              struct key_values *values, struct cyg_error *err)
{
    const struct key *key = key_find(section, e->name);
    if (key == NULL || key_is_list(key) != (e->type == CYG_VICI_LIST_START)) {
        return unknown_option(e->name, place, err);
    }
    if (e->type == CYG_VICI_KEY_VALUE) {
        return key_values_add(values, key, e->value, err);
    }
    if (key_values_find(values, key->name) != NULL) {
        return CYG_FAIL(err, CYG_R_CONN_TWICE, .got_quote = cyg_quote_text(key->name));
    }
    return read_list(r, key, values, err);
}

/* All of a section that has just begun and has no sections in it: certs by file, cert1 { … }, are
 * the exception, and not built. */
static enum cyg_code read_section(struct cyg_vici_reader *r, enum key_section section,
                                  const char *place, struct key_values *values,
                                  struct cyg_error *err)
{
    struct cyg_vici_element e;
    enum cyg_code code;
    while ((code = cyg_vici_next(r, &e, err)) == CYG_OK && e.type != CYG_VICI_SECTION_END) {
        if (e.type == CYG_VICI_SECTION_START) {
            const bool cert = section != KEY_CHILD && e.name.len >= 4
                              && (memcmp(e.name.data, "cert", 4) == 0
                                  || (e.name.len >= 6 && memcmp(e.name.data, "cacert", 6) == 0));
            return cert ? CYG_FAIL(err, CYG_R_CONN_LATER,
                                   .got_quote = cyg_quote(CYG_QUOTE_TEXT, e.name), .got = 2)
                        : bad_section(e.name, err);
        }
        code = read_key(r, &e, section, place, values, err);
        if (code != CYG_OK) {
            return code;
        }
    }
    return code;
}

static enum cyg_code read_child(struct cyg_vici_reader *r, struct conn *conn, struct cyg_span name,
                                struct cyg_error *err)
{
    char place[CYG_NAME_MAX + 16];
    struct conn_child child = { .name = "" };
    enum cyg_code code = conn_name(name, child.name, err);
    if (code != CYG_OK) {
        return code;
    }
    if (conn_child_find(conn, child.name) != NULL) {
        return CYG_FAIL(err, CYG_R_CONN_TWICE, .got_quote = cyg_quote_text(child.name));
    }
    if (conn->n_children == CYG_PEER_CHILDREN) {
        return CYG_FAIL(err, CYG_R_PEER_TOO_BIG, .got_quote = cyg_quote_text("children"),
                        .want = CYG_PEER_CHILDREN);
    }
    struct conn_child *children =
        realloc(conn->children, (conn->n_children + 1) * sizeof *children);
    if (children == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    conn->children = children;
    children[conn->n_children++] = child; /* what it is given is freed with the connection */
    snprintf(place, sizeof place, "children.%s", child.name);
    return read_section(r, KEY_CHILD, place, &children[conn->n_children - 1].values, err);
}

static enum cyg_code read_children(struct cyg_vici_reader *r, struct conn *conn,
                                   struct cyg_error *err)
{
    struct cyg_vici_element e;
    enum cyg_code code;
    while ((code = cyg_vici_next(r, &e, err)) == CYG_OK && e.type != CYG_VICI_SECTION_END) {
        if (e.type != CYG_VICI_SECTION_START) {
            return unknown_option(e.name, "children", err);
        }
        code = read_child(r, conn, e.name, err);
        if (code != CYG_OK) {
            return code;
        }
    }
    return code;
}

static bool begins_with(struct cyg_span text, const char *begin)
{
    const size_t len = strlen(begin);
    return text.len >= len && memcmp(text.data, begin, len) == 0;
}

/* A round of authentication; further ones are XAUTH's. */
static enum cyg_code read_round(struct cyg_vici_reader *r, enum key_section section,
                                struct key_values *values, struct cyg_error *err)
{
    const char *place = section == KEY_LOCAL ? "local" : "remote";
    if (values->n > 0) {
        return CYG_FAIL(err, CYG_R_CONN_ROUNDS, .got_quote = cyg_quote_text(place), .got = 6);
    }
    enum cyg_code code = read_section(r, section, place, values, err);
    if (code == CYG_OK && key_values_find(values, "auth") == NULL) {
        return CYG_FAIL(err, CYG_R_CONN_AUTH, .got_quote = cyg_quote_text(place), .got = 2);
    }
    return code;
}

static enum cyg_code read_inner(struct cyg_vici_reader *r, struct conn *conn, struct cyg_span name,
                                struct cyg_error *err)
{
    if (cyg_span_equal(name, cyg_span_str("children"))) {
        return read_children(r, conn, err);
    }
    if (begins_with(name, "local")) {
        return read_round(r, KEY_LOCAL, &conn->local, err);
    }
    if (begins_with(name, "remote")) {
        return read_round(r, KEY_REMOTE, &conn->remote, err);
    }
    return bad_section(name, err);
}

static enum cyg_code read_conn(struct cyg_vici_reader *r, struct conn *conn, struct cyg_error *err)
{
    struct cyg_vici_element e;
    enum cyg_code code;
    while ((code = cyg_vici_next(r, &e, err)) == CYG_OK && e.type != CYG_VICI_SECTION_END) {
        code = e.type == CYG_VICI_SECTION_START
                   ? read_inner(r, conn, e.name, err)
                   : read_key(r, &e, KEY_CONN, conn->name, &conn->values, err);
        if (code != CYG_OK) {
            return code;
        }
    }
    const char *missing = conn->local.n == 0 ? "local" : conn->remote.n == 0 ? "remote" : NULL;
    if (code == CYG_OK && missing != NULL) {
        return CYG_FAIL(err, CYG_R_CONN_AUTH, .got_quote = cyg_quote_text(missing), .got = 2);
    }
    return code;
}

enum cyg_code conn_parse(struct cyg_span message, struct conn **ret, struct cyg_error *err)
{
    struct cyg_vici_reader r = cyg_vici_reader_of(message);
    struct cyg_vici_element e;
    enum cyg_code code = cyg_vici_next(&r, &e, err);
    if (code != CYG_OK) {
        return code;
    }
    if (e.type != CYG_VICI_SECTION_START) {
        return bad_section(e.name, err);
    }
    CYG_CLEANUP(conn_freep) struct conn *conn = calloc(1, sizeof *conn);
    if (conn == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    code = conn_name(e.name, conn->name, err);
    if (code == CYG_OK) {
        code = read_conn(&r, conn, err);
    }
    if (code == CYG_OK && cyg_vici_next(&r, &e, err) == CYG_OK) {
        return CYG_FAIL(err, CYG_R_CONN_SECTION, .got_quote = cyg_quote(CYG_QUOTE_TEXT, e.name));
    }
    if (code == CYG_OK) {
        *ret = CYG_TAKE(conn);
    }
    return code;
}

/* --- Rows --- */

static size_t count_columns(const struct key_values *values)
{
    size_t n = 0;
    for (size_t i = 0; i < values->n; i++) {
        n += values->items[i].key->column[0] != '\0';
    }
    return n;
}

static struct cyg_store_value *put_columns(const struct key_values *values,
                                           struct cyg_store_value *at)
{
    for (size_t i = 0; i < values->n; i++) {
        const struct key_value *v = &values->items[i];
        if (v->key->column[0] != '\0') {
            *at++ = (struct cyg_store_value){ .column = v->key->column,
                                              .text = key_is_number(v->key) ? NULL : v->text,
                                              .number = (int64_t)v->number };
        }
    }
    return at;
}

/* What swanctl.conf means by saying nothing, where the table has another default. */
static struct cyg_store_value *put_defaults(const struct conn *conn, struct cyg_store_value *at)
{
    if (key_values_find(&conn->values, "unique") == NULL) {
        *at++ = (struct cyg_store_value){ .column = "uniqueids", .text = "no" };
    }
    if (key_values_find(&conn->values, "rekey_time") == NULL
        && key_values_number(&conn->values, "reauth_time", 0) > 0) {
        *at++ = (struct cyg_store_value){ .column = "rekey_time", .number = 0 };
    }
    return at;
}
#define DEFAULTS_MAX 2u

enum cyg_code conn_rows(const struct conn *conn, struct conn_rows *ret, struct cyg_error *err)
{
    size_t n = DEFAULTS_MAX + count_columns(&conn->values) + count_columns(&conn->local)
               + count_columns(&conn->remote);
    for (size_t i = 0; i < conn->n_children; i++) {
        n += count_columns(&conn->children[i].values);
    }
    struct cyg_store_value *values = calloc(n, sizeof *values);
    struct cyg_store_child *children = calloc(conn->n_children + 1, sizeof *children);
    if (values == NULL || children == NULL) {
        free(values);
        free(children);
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    struct cyg_store_value *at = put_columns(&conn->values, values);
    at = put_columns(&conn->local, at);
    at = put_columns(&conn->remote, at);
    at = put_defaults(conn, at);
    *ret = (struct conn_rows){ .values = values, .children = children };
    ret->peer = (struct cyg_store_peer){ .name = conn->name,
                                         .values = values,
                                         .n_values = (size_t)(at - values),
                                         .children = children,
                                         .n_children = conn->n_children };
    for (size_t i = 0; i < conn->n_children; i++) {
        const struct cyg_store_value *begin = at;
        at = put_columns(&conn->children[i].values, at);
        children[i] = (struct cyg_store_child){ .name = conn->children[i].name,
                                                .values = begin,
                                                .n_values = (size_t)(at - begin) };
    }
    return CYG_OK;
}

void conn_rows_clear(struct conn_rows *rows)
{
    free(rows->values);
    free(rows->children);
    *rows = (struct conn_rows){ 0 };
}

/* --- Comparing --- */

/* The order of keys says nothing. */
static bool values_equal(const struct key_values *a, const struct key_values *b)
{
    bool equal = a->n == b->n;
    for (size_t i = 0; equal && i < a->n; i++) {
        const char *other = key_values_text(b, a->items[i].key->name, NULL);
        equal = other != NULL && strcmp(a->items[i].text, other) == 0;
    }
    return equal;
}

bool conn_child_equal(const struct conn_child *a, const struct conn_child *b)
{
    return strcmp(a->name, b->name) == 0 && values_equal(&a->values, &b->values);
}

const struct conn_child *conn_child_find(const struct conn *conn, const char *name)
{
    for (size_t i = 0; i < conn->n_children; i++) {
        if (strcmp(conn->children[i].name, name) == 0) {
            return &conn->children[i];
        }
    }
    return NULL;
}

bool conn_equal_but_children(const struct conn *a, const struct conn *b)
{
    return values_equal(&a->values, &b->values) && values_equal(&a->local, &b->local)
           && values_equal(&a->remote, &b->remote);
}

bool conn_equal(const struct conn *a, const struct conn *b)
{
    bool equal = conn_equal_but_children(a, b) && a->n_children == b->n_children;
    for (size_t i = 0; equal && i < a->n_children; i++) {
        const struct conn_child *other = conn_child_find(b, a->children[i].name);
        equal = other != NULL && conn_child_equal(&a->children[i], other);
    }
    return equal;
}

bool conn_child_starts(const struct conn_child *child)
{
    return strcmp(key_values_text(&child->values, "start_action", "none"), "start") == 0;
}

/* --- What has no effect --- */

/* Whether a list of names with ", " between has this one. */
static bool has_name(const char *list, const char *name)
{
    struct cyg_span rest = cyg_span_str(list), item;
    while (key_list_next(&rest, &item)) {
        if (cyg_span_equal(item, cyg_span_str(name))) {
            return true;
        }
    }
    return false;
}

static void add_idle(const struct key_values *values, char *text, size_t size)
{
    for (size_t i = 0; i < values->n; i++) {
        const size_t at = strlen(text);
        const char *name = values->items[i].key->name;
        if (key_value_is_idle(&values->items[i]) && !has_name(text, name)) {
            snprintf(text + at, size - at, "%s%s", at > 0 ? ", " : "", name);
        }
    }
}

const char *conn_idle_keys(const struct conn *conn, char *text, size_t size)
{
    text[0] = '\0';
    add_idle(&conn->values, text, size);
    for (size_t i = 0; i < conn->n_children; i++) {
        add_idle(&conn->children[i].values, text, size);
    }
    return text;
}
