/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loading connections and secrets over a real socket into a real store: what is taken, what is
 * refused and with which words, what follows; hostile clients are in load_strangers_test.c. */
#include "load_rig.h"

#include "control_vici/commands.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

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
    assert_string_equal(fake_daemon_orders(rig.fake), "poll; ");
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
    vici_client_register(rig.fd, "list-conn");
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
    const char *log = fake_daemon_log(rig.fake);
    assert_non_null(strstr(log, "keyingtries, fragmentation, close_action, updown"));
    vici_client_register(rig.fd, "list-conn");
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
    assert_string_equal(fake_daemon_orders(rig.fake), "poll; ");
    assert_done("load-conn", "gw { " PLAIN " children { t { start_action = start } "
                             "s { start_action = start } } }");
    assert_string_equal(fake_daemon_orders(rig.fake), ""); /* the same in another order */
    assert_done("load-conn", "gw { " PLAIN " children { s { start_action = none } "
                             "t { start_action = start } } }");
    assert_string_equal(fake_daemon_orders(rig.fake), "terminate gw s idle-too; poll; ");
    assert_done("load-conn", "gw { " PLAIN " children { s { start_action = none } "
                             "t { start_action = start life_time = 7200 } } }");
    assert_string_equal(fake_daemon_orders(rig.fake), "terminate gw t again; poll; ");
    assert_done("load-conn", "gw { " PLAIN " children { s { start_action = none life_time = 7200 } "
                             "t { start_action = start life_time = 7200 } } }");
    assert_string_equal(fake_daemon_orders(rig.fake), "poll; "); /* s stays, if it is up */
    assert_done("load-conn", "gw { " PLAIN
                             " unique = keep children { s { start_action = none life_time = 7200 } "
                             "t { start_action = start life_time = 7200 } } }");
    assert_string_equal(fake_daemon_orders(rig.fake), "terminate gw t idle-too again; poll; ");
    assert_done("unload-conn", "name = gw");
    assert_string_equal(fake_daemon_orders(rig.fake), "terminate gw t idle-too; poll; ");
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
    snprintf(path, sizeof path, "%s/peers.db", rig.folder);
    sqlite3 *client = NULL;
    assert_int_equal(sqlite3_open_v2(path, &client, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    snprintf(sql, sizeof sql, "INSERT INTO peers (name, remote_addrs) VALUES ('hq', '192.0.2.9')");
    assert_int_equal(sqlite3_exec(client, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_refused("load-conn", "hq { " PLAIN " }", "CONN_CONFIGURED");
    assert_done("load-conn", GW);
    /* get-conns and its like report only what came over VICI: swanctl unloads what they report. */
    assert_string_equal(flatten(command("get-conns", "")->message), "conns = [ gw ] ");
    assert_refused("unload-conn", "name = hq", "CONN_UNKNOWN");
    vici_client_register(rig.fd, "list-conn");
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
    snprintf(path, sizeof path, "%s/volatile.db", rig.folder);
    assert_done("load-conn", GW);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    close(rig.fd);
    fake_daemon_stop(rig.fake);
    assert_int_equal(stat(path, &st), -1);
    rig.fd = open("/dev/null", 0);
}

/* --- Secrets --- */

static void test_secrets_are_stored_replaced_and_removed(void **state)
{
    (void)state;
    struct vici *vici = fake_daemon_vici(rig.fake);
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
    assert_string_equal(fake_daemon_orders(rig.fake), "reload; ");
}

static void test_without_a_store_loading_is_refused(void **state)
{
    (void)state;
    close(rig.fd);
    fake_daemon_free(rig.fake);
    rig.fake = fake_daemon_new(rig.folder, false);
    assert_non_null(rig.fake);
    rig.fd = vici_client_connect(fake_daemon_socket(rig.fake));
    assert_refused("load-conn", GW, "NO_VOLATILE");
    assert_refused("load-shared", "id = s type = ike data = x", "NO_VOLATILE");
    assert_string_equal(flatten(command("list-conns", "")->message), "");
}

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
    const struct cyg_host *host = fake_daemon_vici(rig.fake)->host;
    uint32_t ids[64];
    size_t n = 0;
    struct stat st;
    fake_daemon_stop(rig.fake);
    close(rig.fd);
    while (n < CYG_LEN(ids)
           && (ids[n] = host->subscribe(host->daemon, CYG_EVENT_LOG, 0, on_nothing, NULL)) != 0) {
        n++; /* until there is no room for the service's own */
    }
    assert_in_range(n, 1, CYG_LEN(ids) - 1);
    assert_false(fake_daemon_start(rig.fake));
    assert_int_equal(stat(fake_daemon_socket(rig.fake), &st), -1);
    while (n > 0) {
        host->unsubscribe(host->daemon, ids[--n]);
    }
    assert_true(fake_daemon_start(rig.fake));
    rig.fd = vici_client_connect(fake_daemon_socket(rig.fake));
    struct cyg_vici_writer w;
    cyg_vici_begin(&w, CYG_VICI_CMD_REQUEST, "version");
    vici_client_send(rig.fd, &w);
    assert_int_equal(receive()->type, CYG_VICI_CMD_RESPONSE);
}

TEST_MAIN(LOAD_TEST(test_a_connection_is_stored_as_swanctl_means_it),
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
          LOAD_TEST(test_a_failed_start_leaves_nothing));
