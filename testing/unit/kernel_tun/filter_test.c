/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The real filter and routes of a kernel, in a network namespace of the test's own. */
#include "kernel_tun/routes.h"

#include "unit/test.h"

#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct lab {
    struct netlink *nl;
    struct filter *filter;
    struct routes *routes;
};

static struct cyg_flow flow(const char *local, const char *remote)
{
    struct cyg_flow f = { 0 };
    assert_int_equal(cyg_selector_parse(cyg_span_str(local), &f.local, NULL), CYG_OK);
    assert_int_equal(cyg_selector_parse(cyg_span_str(remote), &f.remote, NULL), CYG_OK);
    return f;
}

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(name, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

/* A network namespace of its own; who is not root gets one with a user namespace around it. */
static void leave_the_network(void)
{
    static bool left;
    char map[32];
    const unsigned uid = geteuid();
    if (left) {
        return;
    }
    if (unshare(uid == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        test_skip("a network namespace, which this user may not make");
    }
    if (uid != 0) {
        snprintf(map, sizeof(map), "0 %u 1", uid);
        write_file("/proc/self/uid_map", map);
    }
    left = true;
}

static void open_lab(struct lab *lab)
{
    static const uint16_t ports[] = { 500, 4500 };
    struct cyg_error err;
    leave_the_network();
    lab->nl = netlink_open();
    assert_non_null(lab->nl);
    const unsigned lo = if_nametoindex("lo");
    assert_int_equal(netlink_link(lab->nl, lo, 0), 0);
    assert_int_equal(filter_open("test0", 0x11, ports, CYG_LEN(ports), &lab->filter, &err), CYG_OK);
    const struct routes_options options = {
        .ifindex = lo, .table = 7000, .priority = 700, .mark = 0x11
    };
    assert_int_equal(routes_open(lab->nl, lab->filter, &options, &lab->routes, &err), CYG_OK);
}

static void close_lab(struct lab *lab)
{
    routes_close(lab->routes);
    filter_close(lab->filter);
    netlink_close(lab->nl);
}

/* How often a text stands in our table as the kernel has it. */
static unsigned count(const char *what)
{
    char command[160], line[32] = "";
    snprintf(command, sizeof(command), "nft list table inet cygnet-test0 2>&1 | grep -c -- '%s'",
             what);
    FILE *f = popen(command, "r"); /* NOLINT(cert-env33-c): a constant of this test */
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof(line), f));
    pclose(f);
    unsigned n = 0;
    assert_int_equal(sscanf(line, "%u", &n), 1);
    return n;
}

static void test_is_whole_again_after_a_commit_that_failed(void **state)
{
    (void)state;
    struct lab lab;
    struct cyg_error err;
    open_lab(&lab);
    const struct cyg_flow a = flow("10.1.0.0/24", "10.9.0.0/24"),
                          b = flow("10.2.0.0/24", "10.9.0.0/24"),
                          c = flow("10.3.0.0/24", "10.8.0.0/24");
    assert_int_equal(routes_add(lab.routes, &a, &err), CYG_OK);
    assert_int_equal(filter_commit(lab.filter, &err), CYG_OK);
    routes_remove(lab.routes, &a); /* leaves domain 0 empty, so that b is number 0 again */
    assert_int_equal(routes_add(lab.routes, &c, &err), CYG_OK);
    assert_int_equal(filter_commit(lab.filter, &err), CYG_OK);

    struct cyg_prefix nowhere;
    assert_int_equal(cyg_prefix_parse(cyg_span_str("10.7.0.0/24"), &nowhere, NULL), CYG_OK);
    assert_int_equal(routes_add(lab.routes, &b, &err), CYG_OK);
    /* A chain that is not there. */
    filter_add_remote(lab.filter, &(struct filter_domain){ .index = 99, .local = nowhere },
                      &nowhere);
    assert_int_equal(filter_commit(lab.filter, &err), CYG_INTERNAL);
    assert_int_equal(err.reason, CYG_R_FILTER_FAILED);
    assert_int_equal(count("10.2.0.0/24"), 0); /* nothing of it */

    routes_remove(lab.routes, &b);
    routes_restart_filter(lab.routes);
    assert_int_equal(filter_commit(lab.filter, &err), CYG_OK);
    assert_int_equal(count("elements = { 10.8.0.0 }"), 1);
    assert_int_equal(count("10.2.0.0/24"), 0);

    assert_int_equal(routes_add(lab.routes, &b, &err), CYG_OK);
    assert_int_equal(routes_add(lab.routes, &a, &err), CYG_OK);
    assert_int_equal(filter_commit(lab.filter, &err), CYG_OK);
    assert_int_equal(count("saddr 10.2.0.0/24 ip daddr .*@remote.*drop"), 1);
    assert_int_equal(count("saddr 10.1.0.0/24 ip daddr .*@remote.*drop"), 1);
    for (unsigned i = 0; i < 3; i++) {
        char jump[32];
        snprintf(jump, sizeof(jump), "jump domain%u-in", i);
        assert_int_equal(count(jump), 1);
    }
    close_lab(&lab);
    assert_int_equal(count("chain"), 0);
}

static void test_a_later_domain_may_be_all_that_is_left(void **state)
{
    (void)state;
    struct lab lab;
    struct cyg_error err;
    open_lab(&lab);
    const struct cyg_flow a = flow("10.1.0.0/24", "10.9.0.0/24"),
                          b = flow("10.2.0.0/24", "10.9.0.0/24");
    assert_int_equal(routes_add(lab.routes, &a, &err), CYG_OK);
    assert_int_equal(routes_add(lab.routes, &b, &err), CYG_OK);
    assert_int_equal(filter_commit(lab.filter, &err), CYG_OK);
    routes_remove(lab.routes, &a);
    routes_restart_filter(lab.routes);
    assert_int_equal(filter_commit(lab.filter, &err), CYG_OK);
    assert_int_equal(routes_add(lab.routes, &a, &err), CYG_OK); /* number 0 again, with its jump */
    assert_int_equal(filter_commit(lab.filter, &err), CYG_OK);
    assert_int_equal(count("jump domain0-in"), 1);
    assert_int_equal(count("jump domain1-out"), 1);
    assert_int_equal(count("daddr & 255.255.255.0 == @remote.*drop"), 2);
    close_lab(&lab);
}

/* Prefixes of a domain that cover one another, of all lengths and both families; each goes alone.
 */
static void test_prefixes_may_overlap(void **state)
{
    (void)state;
    struct lab lab;
    struct cyg_error err;
    open_lab(&lab);
    static const char *const remotes[] = { "0.0.0.0/0",    "10.9.0.0/16", "10.9.7.0/24",
                                           "10.9.7.32/27", "10.9.7.33",   "10.9.7.34" };
    struct cyg_flow flows[CYG_LEN(remotes) + 1];
    for (size_t i = 0; i < CYG_LEN(remotes); i++) {
        flows[i] = flow("10.1.0.0/24", remotes[i]);
    }
    flows[CYG_LEN(remotes)] = flow("fd01::/64", "fd09:1::/47");
    for (size_t i = 0; i < CYG_LEN(flows); i++) {
        assert_int_equal(routes_add(lab.routes, &flows[i], &err), CYG_OK);
    }
    assert_int_equal(filter_commit(lab.filter, &err), CYG_OK);
    assert_int_equal(count("saddr.*@remote.*drop"), 12); /* both ways: five lengths and one */
    assert_int_equal(count("daddr & 255.255.255.224 == @remote0-27"), 1);
    assert_int_equal(count("daddr @remote0-32"), 1);
    assert_int_equal(count("daddr & ffff:ffff:fffe:: == @remote1-47"), 1);
    assert_int_equal(count("10.9.7.33, 10.9.7.34"), 1);
    assert_int_equal(count("elements = { fd09:1:: }"), 1);
    routes_remove(lab.routes, &flows[2]);
    routes_remove(lab.routes, &flows[4]);
    assert_int_equal(filter_commit(lab.filter, &err), CYG_OK);
    assert_int_equal(count("elements = { 10.9.7.34 }"), 1);
    assert_int_equal(count("elements = { 10.9.7.0 }"), 0);
    assert_int_equal(count("elements = { 10.9.7.32 }"), 1);
    close_lab(&lab);
}

TEST_MAIN(cmocka_unit_test(test_prefixes_may_overlap),
          cmocka_unit_test(test_is_whole_again_after_a_commit_that_failed),
          cmocka_unit_test(test_a_later_domain_may_be_all_that_is_left));
