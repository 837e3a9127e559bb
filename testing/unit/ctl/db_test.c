/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cygnetctl db: exit status and what is left behind. What check and upgrade find is tested with
 * sql/. */
#include "ctl/ctl.h"

#include "sql/database.h"
#include "unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int db(const char *command, const char *file)
{
    char name[] = "db", what[32], path[128];
    char *argv[] = { name, what, path, NULL };
    snprintf(what, sizeof what, "%s", command);
    snprintf(path, sizeof path, "%s", file);
    return ctl_db(3, argv);
}

static void sql(const char *path, const char *text)
{
    sqlite3 *client = NULL;
    assert_int_equal(sqlite3_open(path, &client), SQLITE_OK);
    assert_int_equal(sqlite3_exec(client, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(client), SQLITE_OK);
}

static void test_init_check_upgrade(void **state)
{
    (void)state;
    char folder[] = "/tmp/cygctldbXXXXXX", path[128];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/peers.db", folder);
    assert_int_equal(db("check", path), CTL_NOT_FOUND);
    assert_int_equal(db("upgrade", path), CTL_NOT_FOUND);
    assert_int_equal(db("init", path), CTL_DONE);
    assert_int_equal(db("init", path), CTL_FAILED); /* never over another one */
    assert_int_equal(db("check", path), CTL_DONE);
    assert_int_equal(db("upgrade", path), CTL_DONE);
    sql(path, "INSERT INTO peers (name) VALUES ('a')");
    assert_int_equal(db("check", path), CTL_DONE);
    sql(path, "UPDATE peers SET remote_addrs = 'gw.example.org'");
    assert_int_equal(db("check", path), CTL_FAILED);
    sql(path, "UPDATE peers SET remote_addrs = '%any'; PRAGMA user_version = 99");
    assert_int_equal(db("check", path), CTL_FAILED);
    assert_int_equal(db("upgrade", path), CTL_FAILED);
    sql(path, "PRAGMA journal_mode = DELETE");
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(db("upgrade", path), CTL_FAILED);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void test_usage(void **state)
{
    (void)state;
    char name[] = "db", init[] = "init";
    char *argv[] = { name, init, NULL };
    assert_int_equal(ctl_db(1, argv), CTL_USAGE);
    assert_int_equal(ctl_db(2, argv), CTL_USAGE);
    assert_int_equal(db("drop", "/nonexistent"), CTL_USAGE);
}

TEST_MAIN(cmocka_unit_test(test_init_check_upgrade), cmocka_unit_test(test_usage));
