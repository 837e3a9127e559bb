/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of keys, and lists of values. One value: key_check.c. */
#include "key_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct key keys[] = {
#define KEY(section, name, kind, milestone, type, harmless, column, help) \
    { KEY_##section, name, KEY_##kind, milestone, KEY_##type, harmless, column, help },
#define SECRET(...)
#include "keys.def"
};

static const struct secret_key secrets[] = {
#define KEY(...)
#define SECRET(type, kind, milestone, help) { type, KEY_##kind, milestone, help },
#include "keys.def"
};

#define VALUE_MAX 8000u /* bytes of a list in normal form, as the schema has it */

const struct key *key_at(size_t index)
{
    return index < CYG_LEN(keys) ? &keys[index] : NULL;
}

const struct secret_key *secret_key_at(size_t index)
{
    return index < CYG_LEN(secrets) ? &secrets[index] : NULL;
}

const struct key *key_find(enum key_section section, struct cyg_span name)
{
    for (size_t i = 0; i < CYG_LEN(keys); i++) {
        if (keys[i].section == section && cyg_span_equal(name, cyg_span_str(keys[i].name))) {
            return &keys[i];
        }
    }
    return NULL;
}

const struct secret_key *secret_key_find(struct cyg_span type)
{
    for (size_t i = 0; i < CYG_LEN(secrets); i++) {
        if (type.len == strlen(secrets[i].type)
            && strncasecmp(secrets[i].type, (const char *)type.data, type.len) == 0) {
            return &secrets[i];
        }
    }
    return NULL;
}

bool key_is_list(const struct key *key)
{
    return key->type >= KEY_LIST;
}

bool key_is_number(const struct key *key)
{
    switch (key->type) {
    case KEY_BOOL:
    case KEY_TIME:
    case KEY_BYTES:
    case KEY_NUMBER:
    case KEY_PORT:
    case KEY_WINDOW:
    case KEY_VERSION:
        return true;
    case KEY_TEXT:
    case KEY_DSCP:
    case KEY_IF_ID:
    case KEY_MARK:
    case KEY_IDENTITY:
    case KEY_AUTH:
    case KEY_UNIQUE:
    case KEY_MODE:
    case KEY_ACTION:
    case KEY_START:
    case KEY_FRAGMENT:
    case KEY_CHILDLESS:
    case KEY_SEND_CERT:
    case KEY_REVOCATION:
    case KEY_LABEL_MODE:
    case KEY_TFC:
    case KEY_OFFLOAD:
    case KEY_DSCP_COPY:
    case KEY_LIST:
    case KEY_ADDRESSES:
    case KEY_IKE_PROPOSALS:
    case KEY_ESP_PROPOSALS:
    case KEY_AH_PROPOSALS:
    case KEY_SELECTORS:
        return false;
    }
    cyg_unreachable();
}

void key_values_clear(struct key_values *values)
{
    for (size_t i = 0; i < values->n; i++) {
        free(values->items[i].text);
    }
    free(values->items);
    *values = (struct key_values){ 0 };
}

const struct key_value *key_values_find(const struct key_values *values, const char *name)
{
    for (size_t i = 0; i < values->n; i++) {
        if (strcmp(values->items[i].key->name, name) == 0) {
            return &values->items[i];
        }
    }
    return NULL;
}

uint64_t key_values_number(const struct key_values *values, const char *name, uint64_t fallback)
{
    const struct key_value *v = key_values_find(values, name);
    return v != NULL ? v->number : fallback;
}

const char *key_values_text(const struct key_values *values, const char *name, const char *fallback)
{
    const struct key_value *v = key_values_find(values, name);
    return v != NULL ? v->text : fallback;
}

/* One of the words of "a|b|c". */
static bool is_among(const char *words, const char *text)
{
    const size_t len = strlen(text);
    for (const char *w = words; *w != '\0';) {
        const size_t n = strcspn(w, "|");
        if (n == len && memcmp(w, text, n) == 0) {
            return true;
        }
        w += n + (w[n] == '|');
    }
    return false;
}

static bool is_harmless(const struct key *key, const char *text)
{
    return strcmp(key->harmless, "*") == 0 || is_among(key->harmless, text);
}

static bool is_unwritten(const char *harmless)
{
    return harmless[0] == '\0' || harmless[0] == '*';
}

static enum cyg_code refuse(const struct key *key, struct cyg_error *err)
{
    if (key->kind == KEY_IKEV2) {
        return CYG_FAIL(err, CYG_R_CONN_IKEV2, .got_quote = cyg_quote_text(key->name));
    }
    return CYG_FAIL(err, is_unwritten(key->harmless) ? CYG_R_CONN_LATER : CYG_R_CONN_LATER_VALUE,
                    .got_quote = cyg_quote_text(key->name), .got = key->milestone,
                    .want_quote = cyg_quote_text(key->harmless));
}

/* The kind decides whether a value that is right by itself may stand here. */
static enum cyg_code check_kind(const struct key *key, const char *text, struct cyg_error *err)
{
    const bool may = (key->kind != KEY_LATER && key->kind != KEY_IKEV2) || is_harmless(key, text);
    return may ? CYG_OK : refuse(key, err);
}

/* Room for one more value, or NULL. */
static struct key_value *add_room(struct key_values *values)
{
    if (values->n == values->room) {
        const size_t room = values->room == 0 ? 8 : values->room * 2;
        struct key_value *items = realloc(values->items, room * sizeof *items);
        if (items == NULL) {
            return NULL;
        }
        values->items = items;
        values->room = room;
    }
    return &values->items[values->n];
}

static enum cyg_code add_item(struct key_value *list, const char *item, struct cyg_error *err)
{
    const size_t had = strlen(list->text), len = strlen(item);
    if (had + len + 2 > VALUE_MAX) {
        return CYG_FAIL(err, CYG_R_CONN_LONG, .got_quote = cyg_quote_text(list->key->name),
                        .want = VALUE_MAX);
    }
    char *text = realloc(list->text, had + len + 3);
    if (text == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    snprintf(text + had, len + 3, ", %s", item);
    list->text = text;
    return CYG_OK;
}

enum cyg_code key_values_add(struct key_values *values, const struct key *key,
                             struct cyg_span value, struct cyg_error *err)
{
    char text[KEY_CHECK_TEXT];
    uint64_t number = 0;
    struct key_value *given = NULL;
    if (value.len == 0 && (key->kind == KEY_LATER || key->kind == KEY_IKEV2)) {
        return CYG_OK;
    }
    const bool must_be_absent = key->harmless[0] == '\0' && key->kind >= KEY_LATER;
    text[0] = '\0';
    enum cyg_code code =
        must_be_absent ? CYG_OK : key_check(key, value, text, &number, err); /* certificates … */
    if (code == CYG_OK) {
        code = must_be_absent ? refuse(key, err) : check_kind(key, text, err);
    }
    for (size_t i = 0; code == CYG_OK && i < values->n && given == NULL; i++) {
        given = values->items[i].key == key ? &values->items[i] : NULL;
    }
    if (code != CYG_OK) {
        return code;
    }
    if (given != NULL) {
        return key_is_list(key)
                   ? add_item(given, text, err)
                   : CYG_FAIL(err, CYG_R_CONN_TWICE, .got_quote = cyg_quote_text(key->name));
    }
    char *copy = strdup(text);
    struct key_value *added = copy != NULL ? add_room(values) : NULL;
    if (added == NULL) {
        free(copy);
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    *added = (struct key_value){ .key = key, .text = copy, .number = number };
    values->n++;
    return CYG_OK;
}

bool key_list_next(struct cyg_span *rest, struct cyg_span *ret_item)
{
    if (rest->len == 0) {
        return false;
    }
    const uint8_t *comma = memchr(rest->data, ',', rest->len);
    const size_t len = comma != NULL ? (size_t)(comma - rest->data) : rest->len;
    *ret_item = cyg_span_first(*rest, len);
    *rest = cyg_span_after(*rest, comma != NULL ? len + 2 : len);
    return true;
}

bool key_value_is_idle(const struct key_value *value)
{
    if (value->key->type == KEY_WINDOW && value->text[0] != '\0') {
        return strtoull(value->text, NULL, 10) < KEY_WINDOW_MIN;
    }
    return value->key->kind == KEY_UPKEEP && value->text[0] != '\0'
           && !is_harmless(value->key, value->text);
}
