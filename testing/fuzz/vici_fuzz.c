/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a VICI client sends: the packet, its message, and a connection or secret in it. What is read
 * is written again and must read the same; a connection that is taken becomes rows and is listed.
 */
#include "control_vici/conn.h"
#include "control_vici/list_conns.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

/* Write what was read; the same elements must come of it. */
static void check_message(struct cyg_span message)
{
    struct cyg_vici_reader r = cyg_vici_reader_of(message);
    struct cyg_vici_element e;
    struct cyg_vici_writer w;
    char name[256];
    cyg_vici_begin(&w, CYG_VICI_CMD_RESPONSE, NULL);
    while (cyg_vici_next(&r, &e, NULL) == CYG_OK) {
        if (e.name.len > 0) {
            memcpy(name, e.name.data, e.name.len);
        }
        name[e.name.len] = '\0';
        switch (e.type) {
        case CYG_VICI_SECTION_START:
            cyg_vici_section(&w, name);
            break;
        case CYG_VICI_SECTION_END:
            cyg_vici_section_end(&w);
            break;
        case CYG_VICI_KEY_VALUE:
            cyg_vici_value(&w, name, e.value);
            break;
        case CYG_VICI_LIST_START:
            cyg_vici_list(&w, name);
            break;
        case CYG_VICI_LIST_ITEM:
            cyg_vici_item(&w, "%s", ""); /* items are written as text: not these bytes */
            break;
        case CYG_VICI_LIST_END:
            cyg_vici_list_end(&w);
            break;
        }
    }
    const struct cyg_span packet = cyg_vici_finish(&w);
    FUZZ_CHECK(packet.len >= 5 && packet.len <= message.len + 5);
    FUZZ_CHECK(cyg_vici_check(cyg_span_after(packet, 5), NULL) == CYG_OK);
    cyg_vici_writer_clear(&w);
}

/* It is its own equal, and what it says can be listed and stored. */
static void check_conn(const struct conn *conn)
{
    struct conn_rows rows;
    struct cyg_vici_writer w;
    char idle[CONN_IDLE_TEXT];
    FUZZ_CHECK(conn_equal(conn, conn));
    FUZZ_CHECK(conn->name[0] != '\0' && strlen(conn->name) < CYG_NAME_MAX);
    FUZZ_CHECK(strlen(conn_idle_keys(conn, idle, sizeof idle)) + 1 < sizeof idle);
    if (conn_rows(conn, &rows, NULL) == CYG_OK) {
        FUZZ_CHECK(rows.peer.n_children == conn->n_children);
        for (size_t i = 0; i < rows.peer.n_values; i++) {
            FUZZ_CHECK(rows.peer.values[i].column[0] != '\0');
        }
        conn_rows_clear(&rows);
    }
    cyg_vici_begin(&w, CYG_VICI_EVENT, "list-conn");
    put_conn(&w, conn);
    const struct cyg_span packet = cyg_vici_finish(&w);
    FUZZ_CHECK(packet.len > 0);
    FUZZ_CHECK(cyg_vici_check(cyg_span_after(packet, 15), NULL) == CYG_OK);
    cyg_vici_writer_clear(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    enum cyg_vici_packet type;
    struct cyg_span name, message;
    struct cyg_error err = { 0 };
    if (len > CYG_VICI_PACKET_MAX
        || cyg_vici_packet((struct cyg_span){ data, len }, &type, &name, &message, &err)
               != CYG_OK) {
        return 0;
    }
    FUZZ_CHECK(name.len <= UINT8_MAX && message.len <= len);
    if (cyg_vici_check(message, &err) != CYG_OK) {
        FUZZ_CHECK(err.reason == CYG_R_VICI_MALFORMED && err.offset <= message.len);
        return 0;
    }
    check_message(message);
    struct conn *conn = NULL;
    err = (struct cyg_error){ 0 };
    if (conn_parse(message, &conn, &err) == CYG_OK) {
        check_conn(conn);
        conn_free(conn);
    } else if (message.len > 0) {
        char text[768];
        FUZZ_CHECK(cyg_reason_info(err.reason) != NULL);
        FUZZ_CHECK(strlen(cyg_error_format(&err, text, sizeof text)) > 0);
    }
    return 0;
}
