/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loading connections and secrets over a real socket into a real store: what is taken, what is
 * refused and with which words, what follows; HOSTILE.md H-173, H-174 and the rest of group O that
 * concerns messages. */
#include "fake_daemon.h"
#include "unit/test.h"

#include "control_vici/commands.h"
#include "store_sqlite/store_sqlite.h"

#include <fcntl.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct world {
    char folder[64];
    struct fake_daemon *fake;
    int fd;
};

static struct world world;

static int connect_client(void)
{
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    strcpy(sa.sun_path, fake_daemon_socket(world.fake));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    return fd;
}

static int setup(void **state)
{
    (void)state;
    strcpy(world.folder, "/tmp/cygnet-load-test.XXXXXX");
    if (mkdtemp(world.folder) == NULL) {
        return -1;
    }
    world.fake = fake_daemon_new(world.folder, true);
    if (world.fake == NULL) {
        return -1;
    }
    world.fd = connect_client();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    close(world.fd);
    fake_daemon_free(world.fake);
    return rmdir(world.folder); /* nothing is left behind, so no secret either (H-184) */
}

/* --- A client --- */

struct packet {
    uint8_t bytes[65536];
    size_t len;
    enum cyg_vici_packet type;
    struct cyg_span name, message;
};

static void read_exactly(int fd, uint8_t *to, size_t n)
{
    while (n > 0) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        assert_int_equal(poll(&p, 1, 5000), 1);
        const ssize_t got = recv(fd, to, n, 0);
        assert_true(got > 0);
        to += got;
        n -= (size_t)got;
    }
}

static const struct packet *receive(void)
{
    static struct packet p;
    uint8_t head[4];
    read_exactly(world.fd, head, sizeof head);
    struct cyg_reader r = cyg_reader_of(cyg_span_of_array(head));
    p.len = cyg_reader_u32(&r);
    assert_true(p.len <= sizeof p.bytes);
    read_exactly(world.fd, p.bytes, p.len);
    assert_int_equal(
        cyg_vici_packet((struct cyg_span){ p.bytes, p.len }, &p.type, &p.name, &p.message, NULL),
        CYG_OK);
    assert_int_equal(cyg_vici_check(p.message, NULL), CYG_OK);
    return &p;
}

static void send_packet(struct cyg_vici_writer *w)
{
    const struct cyg_span bytes = cyg_vici_finish(w);
    assert_true(bytes.len > 0);
    assert_int_equal(send(world.fd, bytes.data, bytes.len, MSG_NOSIGNAL), (ssize_t)bytes.len);
    cyg_vici_writer_clear(w);
}

/* Put "name { key = value  list = [ a b ] }" written so, blanks between; for short tests. */
static void put_text(struct cyg_vici_writer *w, const char *text)
{
    char copy[4096], *save = NULL, key[256] = "";
    bool in_list = false;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *t = strtok_r(copy, " \n", &save); t != NULL; t = strtok_r(NULL, " \n", &save)) {
        if (strcmp(t, "{") == 0) {
            cyg_vici_section(w, key);
        } else if (strcmp(t, "}") == 0) {
            cyg_vici_section_end(w);
        } else if (strcmp(t, "[") == 0) {
            cyg_vici_list(w, key);
            in_list = true;
        } else if (strcmp(t, "]") == 0) {
            cyg_vici_list_end(w);
            in_list = false;
        } else if (in_list) {
            cyg_vici_item(w, "%s", t);
        } else if (strcmp(t, "=") == 0) {
            t = strtok_r(NULL, " \n", &save);
            if (strcmp(t, "[") == 0) {
                cyg_vici_list(w, key);
                in_list = true;
            } else {
                cyg_vici_key(w, key, "%s", t);
            }
        } else {
            snprintf(key, sizeof key, "%s", t);
        }
    }
}

static const struct packet *command(const char *name, const char *text)
{
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, name);
    put_text(&w, text);
    send_packet(&w);
    return receive();
}

static const char *text_of(const struct packet *p, const char *key)
{
    static char text[1024];
    return cyg_vici_get_text(p->message, key, text, sizeof text) ? text : "";
}

static void assert_done(const char *name, const char *text)
{
    const struct packet *p = command(name, text);
    if (strcmp(text_of(p, "success"), "yes") != 0) {
        fail_msg("%s %s: %s", name, text, text_of(p, "errmsg"));
    }
}

static void assert_refused(const char *name, const char *text, const char *reason)
{
    const struct packet *p = command(name, text);
    if (strcmp(text_of(p, "success"), "no") != 0) {
        fail_msg("%s %s was done", name, text);
    }
    if (strcmp(text_of(p, "cygnet-reason"), reason) != 0) {
        fail_msg("%s %s: %s, not %s", name, text, text_of(p, "errmsg"), reason);
    }
}

/* All keys and values of a message as the text that put_text reads. */
static const char *flatten(struct cyg_span message)
{
    static char text[16384];
    struct cyg_vici_reader r = cyg_vici_reader_of(message);
    struct cyg_vici_element e;
    size_t at = 0;
    text[0] = '\0';
    while (cyg_vici_next(&r, &e, NULL) == CYG_OK) {
        static const char *const middles[] = {
            [CYG_VICI_SECTION_START] = " { ", [CYG_VICI_SECTION_END] = "} ",
            [CYG_VICI_KEY_VALUE] = " = ",     [CYG_VICI_LIST_START] = " = [ ",
            [CYG_VICI_LIST_ITEM] = "",        [CYG_VICI_LIST_END] = "] "
        };
        const bool valued = e.type == CYG_VICI_KEY_VALUE || e.type == CYG_VICI_LIST_ITEM;
        const int n = snprintf(text + at, sizeof text - at, "%.*s%s%.*s%s", (int)e.name.len,
                               e.name.len > 0 ? (const char *)e.name.data : "", middles[e.type],
                               (int)e.value.len, e.value.len > 0 ? (const char *)e.value.data : "",
                               valued ? " " : "");
        assert_true(n >= 0 && (size_t)n < sizeof text - at);
        at += (size_t)n;
    }
    return text;
}

static void register_event(const char *name)
{
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_EVENT_REGISTER, name);
    send_packet(&w);
    assert_int_equal(receive()->type, CYG_VICI_EVENT_CONFIRM);
}

#define ROUNDS "local { auth = psk id = a.example } remote { auth = psk id = b.example }"
#define PLAIN  "version = 1 remote_addrs = [ 198.51.100.7 ] " ROUNDS
#define GW \
    "gw { " PLAIN " children { net { local_ts = [ 10.1.0.0/16 ] remote_ts = [ 10.2.0.0/16 ] } } }"

/* The peer as the store has it; the caller releases. */
static struct cyg_peer *stored(const char *name)
{
    struct vici *vici = fake_daemon_vici(world.fake);
    struct cyg_peer *peer = NULL;
    struct cyg_error error = { 0 };
    return vici->ops->peer_by_name(vici->store, name, NULL, cyg_time_now() + 5 * CYG_SEC, &peer,
                                   &error)
                   == CYG_OK
               ? peer
               : NULL;
}

/* --- Connections --- */

static void test_a_connection_is_stored_as_swanctl_means_it(void **state)
{
    (void)state;
    assert_done("load-conn",
                "gw { version = 1 local_addrs = [ 192.0.2.1 ] remote_addrs = [ 198.51.100.7 ] "
                "proposals = [ aes256-sha256-modp2048 aes128-sha1-modp2048 ] rekey_time = 2h "
                "dpd_delay = 30s " ROUNDS
                " children { net { local_ts = [ 10.1.0.0/16 10.3.0.0/16 ] rekey_bytes = 1k "
                "remote_ts = [ 10.2.0.0/16 ] esp_proposals = [ aes128gcm16 ] mode = tunnel } } }");
    CYG_CLEANUP(cyg_peer_releasep) struct cyg_peer *peer = stored("gw");
    assert_non_null(peer);
    assert_int_equal(peer->source, 1);
    assert_int_equal(peer->n_proposals, 2);
    assert_int_equal(peer->rekey_time_s, 7200);
    assert_int_equal(peer->dpd_delay_s, 30);
    assert_int_equal(peer->unique, CYG_UNIQUE_NO); /* swanctl.conf's default, not the table's */
    assert_int_equal(peer->n_children, 1);
    assert_int_equal(peer->children[0].n_local_ts, 2);
    assert_int_equal(peer->children[0].rekey_bytes, 1024);
    assert_string_equal(fake_daemon_orders(world.fake), "poll; ");
}

static void test_reauth_time_switches_the_default_of_rekey_time_off(void **state)
{
    (void)state;
    assert_done("load-conn", "gw { " PLAIN " reauth_time = 3h }");
    CYG_CLEANUP(cyg_peer_releasep) struct cyg_peer *peer = stored("gw");
    assert_int_equal(peer->reauth_time_s, 10800);
    assert_int_equal(peer->rekey_time_s, 0);
}

/* charon 5.9.8's form and order, as it was seen with the same connection. */
static void test_list_conns_has_charons_form(void **state)
{
    (void)state;
    assert_done("load-conn", "pair { version = 1 local_addrs = [ 192.168.77.1 ] "
                             "remote_addrs = [ 192.168.77.2 ] dpd_delay = 30s " ROUNDS
                             " children { net { local_ts = [ 10.1.0.0/16 ] "
                             "remote_ts = [ 10.2.0.0/16 ] } a { } } }");
    register_event("list-conn");
    const struct packet *p = command("list-conns", "");
    assert_int_equal(p->type, CYG_VICI_EVENT);
    assert_string_equal(
        flatten(p->message),
        "pair { local_addrs = [ 192.168.77.1 ] remote_addrs = [ 192.168.77.2 ] version = IKEv1 "
        "reauth_time = 0 rekey_time = 14400 unique = UNIQUE_NO dpd_delay = 30 "
        "local-1 { id = a.example class = pre-shared key groups = [ ] cert_policy = [ ] "
        "certs = [ ] cacerts = [ ] } "
        "remote-1 { id = b.example class = pre-shared key groups = [ ] cert_policy = [ ] "
        "certs = [ ] cacerts = [ ] } "
        "children { net { mode = TUNNEL rekey_time = 3600 rekey_bytes = 0 rekey_packets = 0 "
        "dpd_action = none close_action = none local-ts = [ 10.1.0.0/16 ] "
        "remote-ts = [ 10.2.0.0/16 ] } "
        "a { mode = TUNNEL rekey_time = 3600 rekey_bytes = 0 rekey_packets = 0 "
        "dpd_action = none close_action = none local-ts = [ dynamic ] remote-ts = [ dynamic ] } "
        "} } ");
    assert_int_equal(receive()->type, CYG_VICI_CMD_RESPONSE);
}

static void test_upkeep_is_kept_shown_and_warned_of_once(void **state)
{
    (void)state;
    const struct packet *p =
        command("load-conn",
                "gw { " PLAIN " keyingtries = 0 fragmentation = force over_time = 5m "
                "children { a { close_action = trap updown = /bin/x } b { updown = /bin/y } } }");
    assert_string_equal(text_of(p, "success"), "yes");
    assert_string_equal(text_of(p, "cygnet-without-effect"),
                        "keyingtries, fragmentation, close_action, updown");
    const char *log = fake_daemon_log(world.fake);
    assert_non_null(strstr(log, "keyingtries, fragmentation, close_action, updown"));
    register_event("list-conn");
    const char *shown = flatten(command("list-conns", "")->message);
    assert_non_null(strstr(shown, "keyingtries = 0 fragmentation = force "));
    assert_non_null(strstr(shown, "close_action = trap "));
    assert_non_null(strstr(shown, "updown = /bin/y "));
    receive();
}

static void test_refusals_name_the_key_and_what_would_be_right(void **state)
{
    (void)state;
    static const struct {
        const char *conn, *reason, *words;
    } rows[] = {
        { "x { bogus = 1 }", "CONN_OPTION", "unknown option: \"bogus\", config discarded" },
        { "x { " PLAIN " children { c { bogus = 1 } } }", "CONN_OPTION", "\"children.c\"" },
        { "x { proposals = aes128-sha256-modp2048 }", "CONN_OPTION", "unknown option" },
        { "x { version = [ 1 ] }", "CONN_OPTION", "unknown option" },
        { "x { rekey_time = zz }", "CONN_VALUE", "invalid value for: \"rekey_time\"" },
        { "x { rekey_time = -1 }", "CONN_VALUE", "30s, 5m" },
        { "x { rekey_time = 99999999999999 }", "CONN_VALUE", "up to a year" },
        { "x { proposals = [ aes128-foo ] }", "CONN_VALUE", "foo" },
        { "x { remote_addrs = [ gw.example.org ] }", "CONN_VALUE", "names of DNS" },
        { "x { unique = foo }", "CONN_VALUE", "no, never, keep, replace" },
        { "x { aggressive = maybe }", "CONN_VALUE", "yes or no" },
        { "x { local_port = 70000 }", "CONN_VALUE", "0 to 65535" },
        { "x { dscp = 2 }", "CONN_VALUE", "six binary digits" },
        { "x { version = 3 }", "CONN_VALUE", "0 or 1" },
        { "x { version = 2 }", "CONN_VERSION", "IKEv2 only" },
        { "x { mobike = yes mediation = yes }", "CONN_IKEV2", "mediation" },
        { "x { ppk_id = foo }", "CONN_IKEV2", "ppk_id" },
        { "x { childless = force }", "CONN_IKEV2", "childless" },
        { "x { aggressive = yes }", "CONN_LATER_VALUE",
          "milestone 2; until then it may say \"no\"" },
        { "x { vips = [ 0.0.0.0 ] }", "CONN_LATER", "milestone 6" },
        { "x { pools = [ p ] }", "CONN_LATER", "milestone 6" },
        { "x { if_id_in = 7 }", "CONN_LATER_VALUE", "milestone 3" },
        { "x { local { auth = pubkey } }", "CONN_LATER", "auth = pubkey" },
        { "x { local { auth = rsa-2048-sha256 } }", "CONN_LATER", "milestone 2" },
        { "x { local { auth = xauth-pam } }", "CONN_LATER", "milestone 6" },
        { "x { local { auth = eap-tls } }", "CONN_IKEV2", "eap-tls" },
        { "x { local { auth = foo } }", "CONN_VALUE", "psk" },
        { "x { local { auth = psk certs = [ cert ] } }", "CONN_LATER", "certs" },
        { "x { local { auth = psk cert1 { file = /x } } }", "CONN_LATER", "cert1" },
        { "x { local { id = a } }", "CONN_AUTH", "auth = psk" },
        { "x { local { auth = psk } }", "CONN_AUTH", "\"remote\"" },
        { "x { local { auth = psk } local2 { auth = psk } }", "CONN_ROUNDS", "XAUTH" },
        { "x { children { c { mode = pass } } }", "CONN_LATER", "mode = pass" },
        { "x { children { c { start_action = trap } } }", "CONN_LATER", "start_action = trap" },
        { "x { children { c { mark_in = 7/0xff } } }", "CONN_LATER_VALUE", "mark_in" },
        { "x { children { c { policies = no } } }", "CONN_LATER_VALUE", "policies" },
        { "x { children { c { interface = eth0 } } }", "CONN_LATER", "interface" },
        { "x { children { c { label = foo } } }", "CONN_IKEV2", "label" },
        { "x { children { c { local_ts = [ 10.0.0.0/8 nonsense ] } } }", "CONN_VALUE", "nonsense" },
        { "x { children { c { sub { a = b } } } }", "CONN_SECTION", "\"sub\"" },
        { "x { bogus { a = b } }", "CONN_SECTION", "invalid section: \"bogus\"" },
        { "x { version = 1 version = 1 }", "CONN_TWICE", "version" },
        { "x { children { c { } c { } } }", "CONN_TWICE", "\"c\"" },
        { "x { " PLAIN " keyingtries = 5000 }", "ROW_REFUSED",
          "keyingtries is 0 (for ever) to 1000" },
        { "x { " PLAIN " children { c { life_time = 1m rekey_time = 1h } } }", "ROW_REFUSED",
          "life_time is longer than rekey_time" },
    };
    for (size_t i = 0; i < CYG_LEN(rows); i++) {
        assert_refused("load-conn", rows[i].conn, rows[i].reason);
        const char *errmsg = text_of(command("load-conn", rows[i].conn), "errmsg");
        if (strstr(errmsg, rows[i].words) == NULL) {
            fail_msg("%s: %s", rows[i].conn, errmsg);
        }
    }
    assert_string_equal(flatten(command("get-conns", "")->message), "conns = [ ] ");
    assert_null(stored("x"));
}

static void test_harmless_values_of_what_is_not_built_are_taken(void **state)
{
    (void)state;
    assert_done(
        "load-conn",
        "gw { " PLAIN " aggressive = no pull = yes mobike = no childless = allow "
        "send_cert = always send_certreq = no if_id_in = 0 ppk_required = no mediation = no "
        "children { c { policies = yes ipcomp = no reqid = 0 mark_in = 0/0x00000000 "
        "hw_offload = auto label_mode = system start_action = none dpd_action = restart } } }");
}

static void test_a_change_replaces_and_the_same_changes_nothing(void **state)
{
    (void)state;
    assert_done("load-conn", "gw { " PLAIN " children { s { start_action = start } "
                             "t { start_action = start } } }");
    assert_string_equal(fake_daemon_orders(world.fake), "poll; ");
    assert_done("load-conn", "gw { " PLAIN " children { t { start_action = start } "
                             "s { start_action = start } } }");
    assert_string_equal(fake_daemon_orders(world.fake), ""); /* the same in another order */
    assert_done("load-conn", "gw { " PLAIN " children { s { start_action = none } "
                             "t { start_action = start } } }");
    assert_string_equal(fake_daemon_orders(world.fake), "terminate gw s idle-too; poll; ");
    assert_done("load-conn", "gw { " PLAIN " children { s { start_action = none } "
                             "t { start_action = start life_time = 7200 } } }");
    assert_string_equal(fake_daemon_orders(world.fake), "terminate gw t again; poll; ");
    assert_done("load-conn", "gw { " PLAIN " children { s { start_action = none life_time = 7200 } "
                             "t { start_action = start life_time = 7200 } } }");
    assert_string_equal(fake_daemon_orders(world.fake), "poll; "); /* s stays, if it is up */
    assert_done("load-conn", "gw { " PLAIN
                             " unique = keep children { s { start_action = none life_time = 7200 } "
                             "t { start_action = start life_time = 7200 } } }");
    assert_string_equal(fake_daemon_orders(world.fake), "terminate gw t idle-too again; poll; ");
    assert_done("unload-conn", "name = gw");
    assert_string_equal(fake_daemon_orders(world.fake), "terminate gw t idle-too; poll; ");
    assert_null(stored("gw"));
    assert_refused("unload-conn", "name = gw", "CONN_UNKNOWN");
    assert_refused("unload-conn", "", "ORDER_ARGUMENT");
}

static void test_a_refused_change_leaves_the_old_one(void **state)
{
    (void)state;
    assert_done("load-conn", GW);
    assert_refused("load-conn", "gw { " PLAIN " keyingtries = 2000 }", "ROW_REFUSED");
    CYG_CLEANUP(cyg_peer_releasep) struct cyg_peer *peer = stored("gw");
    assert_non_null(peer);
    assert_int_equal(peer->n_children, 1);
    assert_string_equal(flatten(command("get-conns", "")->message), "conns = [ gw ] ");
}

/* The other database, as any client writes it. */
static void test_a_name_lives_in_one_of_the_two(void **state)
{
    (void)state;
    char path[128], sql[256];
    snprintf(path, sizeof path, "%s/peers.db", world.folder);
    sqlite3 *client = NULL;
    assert_int_equal(sqlite3_open_v2(path, &client, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    snprintf(sql, sizeof sql, "INSERT INTO peers (name, remote_addrs) VALUES ('hq', '192.0.2.9')");
    assert_int_equal(sqlite3_exec(client, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_refused("load-conn", "hq { " PLAIN " }", "CONN_CONFIGURED");
    assert_done("load-conn", GW);
    /* get-conns and its like report only what came over VICI: swanctl unloads what they report. */
    assert_string_equal(flatten(command("get-conns", "")->message), "conns = [ gw ] ");
    assert_refused("unload-conn", "name = hq", "CONN_UNKNOWN");
    register_event("list-conn");
    assert_non_null(strstr(flatten(command("list-conns", "")->message), "gw { "));
    assert_non_null(strstr(flatten(receive()->message), "hq { "));
    assert_int_equal(receive()->type, CYG_VICI_CMD_RESPONSE);
    sqlite3_close(client);
}

static void test_a_restart_forgets_all_that_came_over_vici(void **state)
{
    (void)state;
    char path[128];
    struct stat st;
    snprintf(path, sizeof path, "%s/volatile.db", world.folder);
    assert_done("load-conn", GW);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    close(world.fd);
    fake_daemon_stop(world.fake);
    assert_int_equal(stat(path, &st), -1);
    world.fd = open("/dev/null", 0);
}

/* --- Secrets --- */

static void test_secrets_are_stored_replaced_and_removed(void **state)
{
    (void)state;
    struct vici *vici = fake_daemon_vici(world.fake);
    struct cyg_path path = { 0 };
    struct cyg_peer_secret secret;
    struct cyg_error error = { 0 };
    assert_done("load-shared",
                "id = ike-gw type = ike data = first owners = [ a.example b.example ]");
    assert_done("load-shared",
                "id = ike-gw type = IKE data = 0x00 owners = [ a.example b.example ]");
    assert_done("load-conn", GW);
    CYG_CLEANUP(cyg_peer_releasep) struct cyg_peer *peer = stored("gw");
    assert_int_equal(
        vici->ops->secret(vici->store, peer, &path, cyg_time_now() + 5 * CYG_SEC, &secret, &error),
        CYG_OK);
    assert_int_equal(secret.len, 4); /* swanctl has decoded prefixes: these bytes are the secret */
    assert_memory_equal(secret.data, "0x00", 4);
    assert_string_equal(flatten(command("get-shared", "")->message), "keys = [ ike-gw ] ");
    assert_done("unload-shared", "id = nope"); /* as charon */
    assert_done("unload-shared", "id = ike-gw");
    assert_string_equal(flatten(command("get-shared", "")->message), "keys = [ ] ");
    assert_int_not_equal(
        vici->ops->secret(vici->store, peer, &path, cyg_time_now() + 5 * CYG_SEC, &secret, &error),
        CYG_OK);
    assert_done("load-shared", "type = ike data = everybody"); /* without id: not reported */
    assert_string_equal(flatten(command("get-shared", "")->message), "keys = [ ] ");
    assert_done("load-shared", "id = two type = ike data = x owners = [ c.example ]");
    assert_done("clear-creds", "");
    assert_string_equal(flatten(command("get-shared", "")->message), "keys = [ ] ");
    assert_int_not_equal(
        vici->ops->secret(vici->store, peer, &path, cyg_time_now() + 5 * CYG_SEC, &secret, &error),
        CYG_OK);
}

static void test_wrong_secrets_are_refused(void **state)
{
    (void)state;
    assert_refused("load-shared", "id = s data = x", "ORDER_ARGUMENT");
    assert_refused("load-shared", "id = s type = ike", "ORDER_ARGUMENT");
    assert_refused("load-shared", "id = s type = foo data = x", "SHARED_TYPE");
    assert_refused("load-shared", "id = s type = eap data = x", "CONN_LATER");
    assert_refused("load-shared", "id = s type = ppk data = x", "CONN_IKEV2");
    assert_refused("load-shared", "id = s type = ike data = x owners = [ C=CH,O=x ]",
                   "SHARED_OWNER");
    assert_refused("unload-shared", "", "ORDER_ARGUMENT");
}

/* --- What is not built, and numbers --- */

static void test_what_is_not_built_is_refused_by_name_or_empty(void **state)
{
    (void)state;
    static const char *const later[] = { "rekey",           "install",     "load-cert",
                                         "load-key",        "unload-key",  "load-token",
                                         "load-pool",       "unload-pool", "load-authority",
                                         "unload-authority" };
    for (size_t i = 0; i < CYG_LEN(later); i++) {
        assert_refused(later[i], "child = net", "COMMAND_LATER");
    }
    assert_refused("redirect", "", "COMMAND_IKEV2");
    assert_refused("uninstall", "child = net", "POLICY_NAME");
    assert_string_equal(flatten(command("get-keys", "")->message), "keys = [ ] ");
    assert_string_equal(flatten(command("get-authorities", "")->message), "authorities = [ ] ");
    assert_string_equal(flatten(command("get-pools", "")->message), "");
    assert_string_equal(flatten(command("list-policies", "")->message), "");
    assert_done("flush-certs", "");
}

static void test_stats_counters_and_algorithms(void **state)
{
    (void)state;
    const char *stats = flatten(command("stats", "")->message);
    assert_non_null(strstr(stats, "ikesas { total = 2 half-open = 1 } plugins = [ crypto-test ] "));
    assert_non_null(strstr(stats, "uptime { running = "));
    assert_non_null(strstr(stats, "workers { total = 8 "));
    assert_non_null(strstr(flatten(command("get-counters", "")->message), " invalid = 3 "));
    assert_done("reset-counters", "");
    assert_non_null(strstr(flatten(command("get-counters", "")->message), " invalid = 0 "));
    assert_refused("get-counters", "name = gw", "COUNTERS_NAME");
    assert_string_equal(flatten(command("get-algorithms", "")->message),
                        "encryption { AES_CBC = crypto-test } "
                        "integrity { HMAC_SHA2_256_128 = crypto-test } "
                        "aead { AES_GCM_16 = crypto-test } "
                        "prf { PRF_HMAC_SHA2_256 = crypto-test } "
                        "dh { MODP_2048 = crypto-test } ");
    assert_done("reload-settings", "");
    assert_string_equal(fake_daemon_orders(world.fake), "reload; ");
}

static void test_without_a_store_loading_is_refused(void **state)
{
    (void)state;
    close(world.fd);
    fake_daemon_free(world.fake);
    world.fake = fake_daemon_new(world.folder, false);
    assert_non_null(world.fake);
    world.fd = connect_client();
    assert_refused("load-conn", GW, "NO_VOLATILE");
    assert_refused("load-shared", "id = s type = ike data = x", "NO_VOLATILE");
    assert_string_equal(flatten(command("list-conns", "")->message), "");
}

/* --- Hostile --- */

static void send_value(const char *command_name, const char *key, struct cyg_span value)
{
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, command_name);
    cyg_vici_key(&w, "id", "s");
    cyg_vici_key(&w, "type", "ike");
    cyg_vici_value(&w, key, value);
    send_packet(&w);
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
    assert_null(strstr(fake_daemon_log(world.fake), "NEVER"));
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
        send_packet(&w);
        assert_string_equal(text_of(receive(), "cygnet-reason"), "CONN_NAME");
        cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, "load-conn");
        cyg_vici_section(&w, "gw");
        put_text(&w, PLAIN " children {");
        cyg_vici_section(&w, names[i]);
        cyg_vici_section_end(&w);
        cyg_vici_section_end(&w);
        cyg_vici_section_end(&w);
        send_packet(&w);
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
        send_packet(&w);
        const struct packet *p = receive();
        if (strcmp(text_of(p, "cygnet-reason"), rows[i].reason) != 0) {
            fail_msg("row %zu: %s", i, text_of(p, "errmsg"));
        }
    }
    register_event("list-conn");
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
    assert_int_equal(send(world.fd, packet, sizeof packet, MSG_NOSIGNAL), (ssize_t)sizeof packet);
    assert_string_equal(text_of(receive(), "cygnet-reason"), "VICI_MALFORMED");
    assert_refused("load-conn", "a { " PLAIN " } b { " PLAIN " }", "CONN_SECTION");
    assert_done("load-conn", GW); /* the connection still serves */
}

/* H-172: the last of the two that change the same peer counts, in memory as in the store. */
static void test_h172_two_clients_change_the_same_peer(void **state)
{
    (void)state;
    const int other = connect_client(), first = world.fd;
    for (unsigned i = 0; i < 20; i++) {
        struct cyg_vici_writer w;
        char text[512];
        for (unsigned k = 0; k < 2; k++) {
            snprintf(text, sizeof text, "gw { " PLAIN " rekey_time = %us }", 1000 + 2 * i + k);
            world.fd = k == 0 ? first : other;
            cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, "load-conn");
            put_text(&w, text);
            send_packet(&w);
        }
        for (unsigned k = 0; k < 2; k++) {
            world.fd = k == 0 ? first : other;
            assert_string_equal(text_of(receive(), "success"), "yes");
        }
    }
    world.fd = first;
    close(other);
    register_event("list-conn");
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
    send_packet(&w);
    cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, "version");
    close(world.fd);
    cyg_vici_writer_clear(&w);
    world.fd = connect_client();
    for (unsigned i = 0; i < 500; i++) {
        if (strcmp(flatten(command("get-conns", "")->message), "conns = [ gw ] ") == 0) {
            return;
        }
        usleep(10000);
    }
    fail_msg("the connection was not loaded");
}

#define LOAD_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void on_nothing(void *context, const struct cyg_event *event, uint64_t dropped)
{
    (void)context;
    (void)event;
    (void)dropped;
}

/* Whatever the last step of the start meets, nothing of it stays: no socket, no watch. */
static void test_a_failed_start_leaves_nothing(void **state)
{
    (void)state;
    const struct cyg_host *host = fake_daemon_vici(world.fake)->host;
    uint32_t ids[64];
    size_t n = 0;
    struct stat st;
    fake_daemon_stop(world.fake);
    close(world.fd);
    while (n < CYG_LEN(ids)
           && (ids[n] = host->subscribe(host->daemon, CYG_EVENT_LOG, 0, on_nothing, NULL)) != 0) {
        n++; /* until there is no room for the service's own */
    }
    assert_in_range(n, 1, CYG_LEN(ids) - 1);
    assert_false(fake_daemon_start(world.fake));
    assert_int_equal(stat(fake_daemon_socket(world.fake), &st), -1);
    while (n > 0) {
        host->unsubscribe(host->daemon, ids[--n]);
    }
    assert_true(fake_daemon_start(world.fake));
    world.fd = connect_client();
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, "version");
    send_packet(&w);
    assert_int_equal(receive()->type, CYG_VICI_CMD_RESPONSE);
}

TEST_MAIN(LOAD_TEST(test_a_failed_start_leaves_nothing),
          LOAD_TEST(test_a_connection_is_stored_as_swanctl_means_it),
          LOAD_TEST(test_reauth_time_switches_the_default_of_rekey_time_off),
          LOAD_TEST(test_list_conns_has_charons_form),
          LOAD_TEST(test_upkeep_is_kept_shown_and_warned_of_once),
          LOAD_TEST(test_refusals_name_the_key_and_what_would_be_right),
          LOAD_TEST(test_harmless_values_of_what_is_not_built_are_taken),
          LOAD_TEST(test_a_change_replaces_and_the_same_changes_nothing),
          LOAD_TEST(test_a_refused_change_leaves_the_old_one),
          LOAD_TEST(test_a_name_lives_in_one_of_the_two),
          LOAD_TEST(test_a_restart_forgets_all_that_came_over_vici),
          LOAD_TEST(test_secrets_are_stored_replaced_and_removed),
          LOAD_TEST(test_wrong_secrets_are_refused),
          LOAD_TEST(test_what_is_not_built_is_refused_by_name_or_empty),
          LOAD_TEST(test_stats_counters_and_algorithms),
          LOAD_TEST(test_without_a_store_loading_is_refused),
          LOAD_TEST(test_h170_deep_and_duplicate_sections_are_refused),
          LOAD_TEST(test_h172_two_clients_change_the_same_peer),
          LOAD_TEST(test_h172_a_client_that_leaves_does_not_stop_his_command),
          LOAD_TEST(test_h173_secrets_are_bounded_taken_as_bytes_and_never_given_back),
          LOAD_TEST(test_h174_names_with_strange_bytes_are_refused),
          LOAD_TEST(test_h174_values_with_strange_bytes_are_kept_as_data_or_refused));
