/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection that came over VICI, in charon's form. */
#include "list_conns.h"

#include <cygnet/identity.h>
#include <cygnet/selector.h>

#include <inttypes.h>
#include <string.h>

static void put_items(struct cyg_vici_writer *w, const char *key, const char *text)
{
    struct cyg_span rest = cyg_span_str(text), item;
    cyg_vici_list(w, key);
    while (key_list_next(&rest, &item)) {
        cyg_vici_item(w, "%.*s", (int)item.len, (const char *)item.data);
    }
    cyg_vici_list_end(w);
}

/* Selectors as they are understood, not as they were written. */
static void put_selectors(struct cyg_vici_writer *w, const char *key, const char *text)
{
    struct cyg_span rest = cyg_span_str(text), item;
    struct cyg_selector selector;
    char formatted[CYG_SELECTOR_TEXT];
    cyg_vici_list(w, key);
    while (key_list_next(&rest, &item)) {
        if (cyg_selector_parse(item, &selector, NULL) == CYG_OK) {
            cyg_vici_item(w, "%s", cyg_selector_format(&selector, formatted, sizeof formatted));
        }
    }
    cyg_vici_list_end(w);
}

void put_auth_round(struct cyg_vici_writer *w, const char *section, const char *id,
                    const char *class)
{
    static const char *const lists[] = { "groups", "cert_policy", "certs", "cacerts" };
    cyg_vici_section(w, section);
    if (id != NULL) {
        cyg_vici_key(w, "id", "%s", id);
    }
    cyg_vici_key(w, "class", "%s", class);
    for (size_t i = 0; i < CYG_LEN(lists); i++) { /* charon shows them empty */
        cyg_vici_list(w, lists[i]);
        cyg_vici_list_end(w);
    }
    cyg_vici_section_end(w);
}

static void put_round(struct cyg_vici_writer *w, const char *section,
                      const struct key_values *values)
{
    const struct key_value *id = key_values_find(values, "id");
    struct cyg_identity identity;
    char text[CYG_IDENTITY_TEXT];
    const bool given =
        id != NULL && cyg_identity_parse(cyg_span_str(id->text), &identity, NULL) == CYG_OK;
    put_auth_round(w, section, given ? cyg_identity_format(&identity, text, sizeof text) : NULL,
                   "pre-shared key");
}

/* Upkeep keys that are given and not among those that charon shows. */
static void put_upkeep(struct cyg_vici_writer *w, const struct key_values *values,
                       const char *const *shown, size_t n_shown)
{
    for (size_t i = 0; i < values->n; i++) {
        const struct key_value *v = &values->items[i];
        bool put = v->key->kind == KEY_UPKEEP;
        for (size_t k = 0; k < n_shown; k++) {
            put = put && strcmp(v->key->name, shown[k]) != 0;
        }
        if (put) {
            cyg_vici_key(w, v->key->name, "%s", v->text);
        }
    }
}

static void put_child(struct cyg_vici_writer *w, const struct conn_child *child)
{
    static const char *const shown[] = { "rekey_time", "rekey_bytes",  "rekey_packets",
                                         "dpd_action", "close_action", "priority" };
    const struct key_values *v = &child->values;
    const uint64_t priority = key_values_number(v, "priority", 0);
    cyg_vici_section(w, child->name);
    cyg_vici_key(w, "mode", "%s",
                 strcmp(key_values_text(v, "mode", "tunnel"), "transport") == 0 ? "TRANSPORT"
                                                                                : "TUNNEL");
    cyg_vici_key(w, "rekey_time", "%" PRIu64, key_values_number(v, "rekey_time", 3600));
    cyg_vici_key(w, "rekey_bytes", "%" PRIu64, key_values_number(v, "rekey_bytes", 0));
    cyg_vici_key(w, "rekey_packets", "%" PRIu64, key_values_number(v, "rekey_packets", 0));
    cyg_vici_key(w, "dpd_action", "%s", key_values_text(v, "dpd_action", "none"));
    cyg_vici_key(w, "close_action", "%s", key_values_text(v, "close_action", "none"));
    put_selectors(w, "local-ts", key_values_text(v, "local_ts", "dynamic"));
    put_selectors(w, "remote-ts", key_values_text(v, "remote_ts", "dynamic"));
    if (priority > 0) {
        cyg_vici_key(w, "priority", "%" PRIu64, priority);
    }
    put_upkeep(w, v, shown, CYG_LEN(shown));
    cyg_vici_section_end(w);
}

static const char *unique_name(const char *unique)
{
    return strcmp(unique, "replace") == 0 ? "UNIQUE_REPLACE"
           : strcmp(unique, "keep") == 0  ? "UNIQUE_KEEP"
           : strcmp(unique, "never") == 0 ? "UNIQUE_NEVER"
                                          : "UNIQUE_NO";
}

static void put_positive(struct cyg_vici_writer *w, const char *key, uint64_t number)
{
    if (number > 0) {
        cyg_vici_key(w, key, "%" PRIu64, number);
    }
}

void put_conn(struct cyg_vici_writer *w, const struct conn *conn)
{
    static const char *const shown[] = { "reauth_time", "rekey_time", "dpd_delay", "dpd_timeout" };
    const struct key_values *v = &conn->values;
    const uint64_t reauth = key_values_number(v, "reauth_time", 0);
    cyg_vici_section(w, conn->name);
    put_items(w, "local_addrs", key_values_text(v, "local_addrs", "%any"));
    put_items(w, "remote_addrs", key_values_text(v, "remote_addrs", "%any"));
    cyg_vici_key(w, "version", "IKEv1");
    cyg_vici_key(w, "reauth_time", "%" PRIu64, reauth);
    cyg_vici_key(w, "rekey_time", "%" PRIu64,
                 key_values_number(v, "rekey_time", reauth > 0 ? 0 : 14400));
    cyg_vici_key(w, "unique", "%s", unique_name(key_values_text(v, "unique", "no")));
    put_positive(w, "dpd_delay", key_values_number(v, "dpd_delay", 0));
    put_positive(w, "dpd_timeout", key_values_number(v, "dpd_timeout", 0));
    put_upkeep(w, v, shown, CYG_LEN(shown));
    put_round(w, "local-1", &conn->local);
    put_round(w, "remote-1", &conn->remote);
    cyg_vici_section(w, "children");
    for (size_t i = 0; i < conn->n_children; i++) {
        put_child(w, &conn->children[i]);
    }
    cyg_vici_section_end(w);
    cyg_vici_section_end(w);
}
