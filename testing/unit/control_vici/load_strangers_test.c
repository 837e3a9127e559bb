/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What hostile clients load over VICI: HOSTILE.md H-170, H-172, H-173, H-174. */
#include "load_rig.h"

#include "control_vici/commands.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void send_value(const char *command_name, const char *key, struct cyg_span value)
{
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, command_name);
    cyg_vici_key(&w, "id", "s");
    cyg_vici_key(&w, "type", "ike");
    cyg_vici_value(&w, key, value);
    vici_client_send(rig.fd, &w);
}

static void test_h173_secrets_are_bounded_taken_as_bytes_and_never_given_back(void **state)
{
    (void)state;
    static uint8_t big[65535];
    memset(big, 'S', sizeof big);
    send_value("load-shared", "data", cyg_span_of_array(big));
    assert_string_equal(text_of(receive(), "cygnet-reason"), "SHARED_DATA");
    static const uint8_t binary[] = { 0, 1, 2, 0xff, '\n', 0 };
    send_value("load-shared", "data", cyg_span_of_array(binary));
    assert_string_equal(text_of(receive(), "success"), "yes");
    assert_done("load-shared", "id = t type = ike data = NEVER-TO-BE-SEEN owners = [ b.example ]");
    assert_refused("load-shared", "id = u type = ike data = NEVER-TO-BE-SEEN owners = [ a=b ]",
                   "SHARED_OWNER");
    static const char *const asked[] = { "get-shared", "get-keys", "get-conns", "stats" };
    for (size_t i = 0; i < CYG_LEN(asked); i++) {
        assert_null(strstr(flatten(command(asked[i], "")->message), "NEVER"));
    }
    assert_null(strstr(fake_daemon_log(rig.fake), "NEVER"));
    /* A file's name where data belongs is the secret's bytes, not the file; keys and certificates
     * are not taken at all yet. */
    assert_done("load-shared", "id = f type = ike data = /etc/shadow");
    assert_refused("load-cert", "type = x509 data = /etc/shadow", "COMMAND_LATER");
}

static void test_h174_names_with_strange_bytes_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {
        "a b",  "a'b",  "a\"b",
        "a;b",  "a/b",  "a,b",
        "..%s", "$(x)", "0123456789012345678901234567890123456789012345678901234567890123"
    };
    for (size_t i = 0; i < CYG_LEN(names); i++) {
        struct cyg_vici_writer w;
        cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, "load-conn");
        cyg_vici_section(&w, names[i]);
        put_text(&w, PLAIN);
        cyg_vici_section_end(&w);
        vici_client_send(rig.fd, &w);
        assert_string_equal(text_of(receive(), "cygnet-reason"), "CONN_NAME");
        cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, "load-conn");
        cyg_vici_section(&w, "gw");
        put_text(&w, PLAIN " children {");
        cyg_vici_section(&w, names[i]);
        cyg_vici_section_end(&w);
        cyg_vici_section_end(&w);
        cyg_vici_section_end(&w);
        vici_client_send(rig.fd, &w);
        assert_string_equal(text_of(receive(), "cygnet-reason"), "CONN_NAME");
    }
}

static void test_h174_values_with_strange_bytes_are_kept_as_data_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        size_t len;
        const char *value, *reason; /* "": taken */
    } rows[] = {
        { "updown", 12, "/bin/x 'a\"b$", "" },    { "updown", 6, "/bin/\n", "CONN_VALUE" },
        { "updown", 6, "/bin/\0", "CONN_VALUE" }, { "mode", 7, "tun\0nel", "CONN_VALUE" },
        { "mode", 0, "", "CONN_VALUE" },          { "rekey_time", 4, "1h\n\n", "CONN_VALUE" },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        struct cyg_vici_writer w;
        cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, "load-conn");
        put_text(&w, "gw { " PLAIN " children { c {");
        cyg_vici_value(&w, rows[i].key,
                       (struct cyg_span){ (const uint8_t *)rows[i].value, rows[i].len });
        put_text(&w, "} } }");
        vici_client_send(rig.fd, &w);
        const struct packet *p = receive();
        if (strcmp(text_of(p, "cygnet-reason"), rows[i].reason) != 0) {
            fail_msg("row %zu: %s", i, text_of(p, "errmsg"));
        }
    }
    vici_client_register(rig.fd, "list-conn");
    assert_non_null(strstr(flatten(command("list-conns", "")->message), "updown = /bin/x 'a\"b$ "));
    receive();
    assert_refused("load-conn",
                   "gw { " PLAIN " children { c { local_ts = [ 10.0.0.0/8[tcp/8' ] } } }",
                   "CONN_VALUE");
}

static void test_h170_deep_and_duplicate_sections_are_refused(void **state)
{
    (void)state;
    uint8_t packet[4 + 11 + 3 * 10000];
    size_t at = 0;
    const uint32_t len = sizeof packet - 4;
    const uint8_t head[] = { (uint8_t)(len >> 24),
                             (uint8_t)(len >> 16),
                             (uint8_t)(len >> 8),
                             (uint8_t)len,
                             0,
                             9,
                             'l',
                             'o',
                             'a',
                             'd',
                             '-',
                             'c',
                             'o',
                             'n',
                             'n' };
    memcpy(packet, head, sizeof head);
    for (at = sizeof head; at + 3 <= sizeof packet; at += 3) {
        memcpy(packet + at, "\1\1x", 3);
    }
    assert_int_equal(at, sizeof packet);
    assert_int_equal(send(rig.fd, packet, sizeof packet, MSG_NOSIGNAL), (ssize_t)sizeof packet);
    assert_string_equal(text_of(receive(), "cygnet-reason"), "VICI_MALFORMED");
    assert_refused("load-conn", "a { " PLAIN " } b { " PLAIN " }", "CONN_SECTION");
    assert_done("load-conn", GW); /* the connection still serves */
}

/* H-172: the last of the two that change the same peer counts, in memory as in the store. */
static void test_h172_two_clients_change_the_same_peer(void **state)
{
    (void)state;
    const int other = vici_client_connect(fake_daemon_socket(rig.fake)), first = rig.fd;
    for (unsigned i = 0; i < 20; i++) {
        struct cyg_vici_writer w;
        char text[512];
        for (unsigned k = 0; k < 2; k++) {
            snprintf(text, sizeof text, "gw { " PLAIN " rekey_time = %us }", 1000 + 2 * i + k);
            rig.fd = k == 0 ? first : other;
            cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, "load-conn");
            put_text(&w, text);
            vici_client_send(rig.fd, &w);
        }
        for (unsigned k = 0; k < 2; k++) {
            rig.fd = k == 0 ? first : other;
            assert_string_equal(text_of(receive(), "success"), "yes");
        }
    }
    rig.fd = first;
    close(other);
    vici_client_register(rig.fd, "list-conn");
    const char *shown = strstr(flatten(command("list-conns", "")->message), "rekey_time = ");
    assert_non_null(shown);
    CYG_CLEANUP(cyg_peer_releasep) struct cyg_peer *peer = stored("gw");
    assert_int_equal(strtoul(shown + strlen("rekey_time = "), NULL, 10), peer->rekey_time_s);
    receive();
}

/* A client that is gone before his job is done: what he asked for is done, nobody is answered. */
static void test_h172_a_client_that_leaves_does_not_stop_his_command(void **state)
{
    (void)state;
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, "load-conn");
    put_text(&w, GW);
    vici_client_send(rig.fd, &w);
    cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, "version");
    close(rig.fd);
    cyg_vici_writer_clear(&w);
    rig.fd = vici_client_connect(fake_daemon_socket(rig.fake));
    for (unsigned i = 0; i < 500; i++) {
        if (strcmp(flatten(command("get-conns", "")->message), "conns = [ gw ] ") == 0) {
            return;
        }
        usleep(10000);
    }
    fail_msg("the connection was not loaded");
}

TEST_MAIN(LOAD_TEST(test_h173_secrets_are_bounded_taken_as_bytes_and_never_given_back),
          LOAD_TEST(test_h174_names_with_strange_bytes_are_refused),
          LOAD_TEST(test_h174_values_with_strange_bytes_are_kept_as_data_or_refused),
          LOAD_TEST(test_h170_deep_and_duplicate_sections_are_refused),
          LOAD_TEST(test_h172_two_clients_change_the_same_peer),
          LOAD_TEST(test_h172_a_client_that_leaves_does_not_stop_his_command));
