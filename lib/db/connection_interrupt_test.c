/* Interrupts of a connection: whom they strike, and what is left of them. */
#include "tests/support/pool_fixture.h"

#include <stdio.h>
#include <unistd.h>

#include <sqlite3.h>

#include "connection.h"

static int execute(struct torci_connection *connection, const char *sql)
{
    return torci_connection_execute(connection, sql, NULL, 0, 0, NULL);
}

/* Open, and used by the request of number 1. */
static void open_connection(struct pool_fixture *fixture, struct torci_database *database,
                            struct torci_connection *connection)
{
    bool interrupted = false;
    *database = (struct torci_database){.platform = &fixture->platform.base,
                                        .name = "main",
                                        .path = fixture->path,
                                        .statements_max = 4};
    torci_connection_init(connection, database, 0);
    torci_connection_assign(connection, 1, &interrupted);
    assert_int_equal(torci_connection_open(connection), 0);
    assert_int_equal(execute(connection, "CREATE TABLE t (i)"), 0);
}

static void close_connection(struct torci_connection *connection)
{
    torci_sql_error_clear(connection);
    torci_connection_close(connection);
}

static bool wal_is_left(const struct pool_fixture *fixture)
{
    char path[sizeof fixture->path + 8];
    snprintf(path, sizeof path, "%s-wal", fixture->path);
    return access(path, F_OK) == 0;
}

TORC_TEST(an_interrupt_of_work_that_has_not_begun_leaves_the_connection_alone, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torci_database database;
    struct torci_connection connection;
    bool interrupted = false;
    open_connection(fixture, &database, &connection);
    torci_connection_interrupt(&connection, 2, &interrupted);
    assert_true(interrupted);
    /* SQLite remembers an interrupt till a statement begins, and makes no checkpoint until then. */
    assert_int_equal(sqlite3_wal_checkpoint(connection.sqlite, NULL), SQLITE_OK);
    assert_int_equal(execute(&connection, "INSERT INTO t VALUES (1)"), 0);
    torci_connection_assign(&connection, 2, &interrupted);
    assert_int_equal(execute(&connection, "INSERT INTO t VALUES (2)"), TORC_ECANCELED);
    close_connection(&connection);
    return NULL;
}

TORC_TEST(an_interrupt_strikes_the_work_that_has_begun, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torci_database database;
    struct torci_connection connection;
    bool interrupted = false;
    open_connection(fixture, &database, &connection);
    torci_connection_interrupt(&connection, 1, &interrupted);
    assert_int_equal(sqlite3_wal_checkpoint(connection.sqlite, NULL), SQLITE_INTERRUPT);
    assert_int_equal(execute(&connection, "INSERT INTO t VALUES (1)"), TORC_ECANCELED);
    close_connection(&connection);
    return NULL;
}

TORC_TEST(an_interrupted_connection_closes_with_a_checkpoint, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torci_database database;
    struct torci_connection connection;
    bool interrupted = false;
    open_connection(fixture, &database, &connection);
    assert_true(wal_is_left(fixture));
    torci_connection_interrupt(&connection, 1, &interrupted);
    close_connection(&connection);
    assert_false(wal_is_left(fixture));
    return NULL;
}

TORC_TRIAL_MAIN
