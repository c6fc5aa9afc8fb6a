/* db and on lines, calls and sql(): what they parse to, and how they are refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <torc/trial.h>
#include <sqlite3.h>

#include "scenario_model.h"

static struct torc_scenario_error error;

static int read_file(void *arg, const char *path, char **out_data, size_t *out_bytes)
{
    (void)arg;
    if (strcmp(path, "dir/orders.sql") != 0)
        return TORC_ENOTFOUND;
    *out_data = strdup("CREATE TABLE orders(id);");
    *out_bytes = strlen(*out_data);
    return 0;
}

static const struct torc_scenario_parse_options options = {sizeof(options), read_file, NULL, NULL};

static struct torc_scenario *parsed(const char *text)
{
    struct torc_scenario *scenario = NULL;
    int code = torc_scenario_parse(text, strlen(text), "dir/a.scn", &options, &scenario, &error);

    if (code != 0)
        fail_msg("%s", error.text);
    return scenario;
}

#define HEAD                                                                                       \
    "scn 1\nhost api module=orders\nhost cli peer\ndb api.main\n0 cli connect api:1 as c1\n"       \
    "0 cli call api place as d1\n"

/* The error of HEAD and one more line, without the lines that show it. */
static const char *refused(const char *line)
{
    struct torc_scenario *scenario = NULL;
    char text[2000];
    char *middle;

    snprintf(text, sizeof(text), "%s%s\n", HEAD, line);
    if (torc_scenario_parse(text, strlen(text), "a.scn", &options, &scenario, &error) == 0) {
        torc_scenario_free(scenario);
        return "it parses";
    }
    middle = strchr(error.text, '\n');
    assert_non_null(middle);
    *middle = '\0';
    return error.text;
}

static const char example[] =
    "scn 1\n"
    "title \"INSERT busy once: the errback retries; an unknown commit outcome must not insert twice\"\n"
    "host api module=orders listen=tcp:8080\n"
    "db   api.main vfs=fault schema=@orders.sql\n"
    "0         cli call api place_order id=42 as d1\n"
    "on db api.main sql~\"^INSERT INTO orders\" n=1 : fail SQLITE_BUSY after=30ms\n"
    "on db api.main sql~\"^COMMIT\" n=2 : apply then drop-reply after=5ms      # done on disk\n"
    "+0..2s    d1 expect result \"ok\"\n"
    "end       expect sql(api.main, \"SELECT count(*) FROM orders WHERE id=42\") == 1\n"
    "always    deferred.unhandled == 0\n"
    "sweep     fault=alloc,db,io mode=once,persist k=1.. budget=30s require=no-crash,no-leak,no-stuck\n";

TORC_TEST(the_second_example_parses_to_what_it_says)
{
    struct torc_scenario *scenario = parsed(example);
    const struct torci_script_database *database = scenario->databases;
    const struct torci_script_fault *fault = scenario->faults;
    const struct torci_step *step = scenario->steps;

    assert_string_equal(database->name, "main");
    assert_string_equal(database->file, "main.sqlite");
    assert_string_equal(database->schema, "CREATE TABLE orders(id);");
    assert_ptr_equal(database->host, scenario->hosts);
    assert_null(database->next);
    assert_string_equal(fault->fault.database, "main");
    assert_string_equal(fault->fault.sql, "^INSERT INTO orders");
    assert_int_equal(fault->fault.n, 1);
    assert_int_equal(fault->fault.times, 0);
    assert_int_equal(fault->fault.kind, TORC_DATABASE_FAIL);
    assert_int_equal(fault->fault.code, SQLITE_BUSY);
    assert_int_equal(fault->fault.delay_ns, 30000000);
    assert_false(fault->optional);
    fault = fault->next;
    assert_int_equal(fault->fault.n, 2);
    assert_int_equal(fault->fault.kind, TORC_DATABASE_DROP_AFTER);
    assert_int_equal(fault->fault.delay_ns, 5000000);
    assert_null(fault->next);
    assert_int_equal(step->verb, TORCI_VERB_CALL);
    assert_string_equal(step->name, "place_order");
    assert_string_equal(step->pairs[0], "id");
    assert_string_equal(step->pairs[1], "42");
    assert_null(step->pairs[2]);
    assert_string_equal(step->as->name, "d1");
    step = step->next;
    assert_int_equal(step->expected, TORCI_EXPECTED_RESULT);
    assert_string_equal(step->name, "ok");
    assert_int_equal(step->time.window_ns, 2000000000);
    step = step->next;
    assert_int_equal(step->condition->left->kind, TORCI_CONDITION_SQL);
    assert_string_equal(step->condition->left->text, "main");
    assert_string_equal(step->condition->left->statement, "SELECT count(*) FROM orders WHERE id=42");
    torc_scenario_free(scenario);
    return NULL;
}

static void collect(void *arg, const char *text)
{
    strncat(arg, text, 4000 - strlen(arg) - 1);
}

TORC_TEST(what_is_printed_parses_to_the_same)
{
    struct torc_scenario *scenario = parsed(example);
    static char once[4000];
    static char twice[4000];

    torc_scenario_print(scenario, collect, once);
    torc_scenario_free(scenario);
    scenario = parsed(once);
    torc_scenario_print(scenario, collect, twice);
    torc_scenario_free(scenario);
    assert_string_equal(once, twice);
    assert_non_null(strstr(once, "on db api.main sql~\"^COMMIT\" n=2 : apply then drop-reply after=5ms"
                                 "  # done on disk\n"));
    return NULL;
}

TORC_TEST(any_subset_of_the_lines_parses)
{
    for (unsigned left_out = 0; left_out < 128; left_out++) {
        char text[2000] = "";
        const char *at = example;

        for (unsigned line = 0; *at != '\0'; line++) {
            size_t bytes = (size_t)(strchr(at, '\n') + 1 - at);

            if (line < 4 || (left_out >> (line - 4) & 1) == 0)
                strncat(text, at, bytes);
            at += bytes;
        }
        torc_scenario_free(parsed(text));
    }
    return NULL;
}

TORC_TEST(every_fault_has_its_line)
{
    static const struct {
        const char *line;
        struct torc_database_fault fault;
    } cases[] = {
        {"fail SQLITE_CONSTRAINT_UNIQUE",
         {.kind = TORC_DATABASE_FAIL, .code = SQLITE_CONSTRAINT_UNIQUE}},
        {"disconnect before", {.kind = TORC_DATABASE_DROP_BEFORE}},
        {"disconnect mid row=3", {.kind = TORC_DATABASE_DROP_MID, .row = 3}},
        {"disconnect after after=1ms", {.kind = TORC_DATABASE_DROP_AFTER, .delay_ns = 1000000}},
        {"apply then drop-reply", {.kind = TORC_DATABASE_DROP_AFTER}},
        {"slow 2ms", {.kind = TORC_DATABASE_SLOW, .delay_ns = 2000000}},
        {"slow 2ms row=5", {.kind = TORC_DATABASE_SLOW, .delay_ns = 2000000, .row = 5}},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct torc_scenario *scenario;
        const struct torc_database_fault *fault;
        char text[400];

        snprintf(text, sizeof(text),
                 "scn 1\nhost api module=x\ndb api.main\non db api.main times=forever optional : %s\n",
                 cases[i].line);
        scenario = parsed(text);
        fault = &scenario->faults->fault;
        assert_true(scenario->faults->optional);
        assert_int_equal(fault->times, UINT64_MAX);
        assert_null(fault->sql);
        assert_int_equal(fault->kind, cases[i].fault.kind);
        assert_int_equal(fault->code, cases[i].fault.code);
        assert_int_equal(fault->row, cases[i].fault.row);
        assert_int_equal(fault->delay_ns, cases[i].fault.delay_ns);
        torc_scenario_free(scenario);
    }
    return NULL;
}

TORC_TEST(every_fault_of_a_disk_has_its_line)
{
    static const struct {
        const char *line;
        struct torc_disk_fault fault;
    } cases[] = {
        {"op=write,sync n=3 times=2 : fail SQLITE_IOERR",
         {.operations = TORC_DISK_WRITE | TORC_DISK_SYNC, .n = 3, .times = 2, .code = SQLITE_IOERR}},
        {": fail SQLITE_IOERR_FSYNC", {.operations = TORC_DISK_SYNC, .code = SQLITE_IOERR_FSYNC}},
        {": fail SQLITE_FULL", {.operations = TORC_DISK_WRITE, .code = SQLITE_FULL}},
        {": fail SQLITE_NOMEM", {.operations = TORC_DISK_ANY, .code = SQLITE_NOMEM}},
        {": short 512", {.operations = TORC_DISK_WRITE, .kind = TORC_DISK_SHORT, .bytes = 512}},
        {"op=sync : lie", {.operations = TORC_DISK_SYNC, .kind = TORC_DISK_LIE}},
        {": rot bit=9", {.operations = TORC_DISK_READ, .kind = TORC_DISK_ROT, .bit = 9}},
        {"op=lock : delay 3ms",
         {.operations = TORC_DISK_LOCK, .kind = TORC_DISK_DELAY, .delay_ns = 3000000}},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct torc_disk_fault *expected = &cases[i].fault;
        const struct torc_disk_fault *fault;
        struct torc_scenario *scenario;
        char text[400];

        snprintf(text, sizeof(text), "scn 1\nhost api module=x\non disk api file~\"-wal$\" %s\n",
                 cases[i].line);
        scenario = parsed(text);
        fault = &scenario->faults->disk;
        assert_int_equal(scenario->faults->kind, TORCI_FAULT_DISK);
        assert_string_equal(fault->file, "-wal$");
        assert_int_equal(fault->operations, expected->operations);
        assert_int_equal(fault->kind, expected->kind);
        assert_int_equal(fault->code, expected->code);
        assert_int_equal(fault->n, expected->n);
        assert_int_equal(fault->times, expected->times);
        assert_int_equal(fault->bytes, expected->bytes);
        assert_int_equal(fault->bit, expected->bit);
        assert_int_equal(fault->delay_ns, expected->delay_ns);
        torc_scenario_free(scenario);
    }
    return NULL;
}

TORC_TEST(a_crash_says_what_the_disk_keeps_and_when_the_host_is_up_again)
{
    struct torc_scenario *scenario =
        parsed("scn 1\nhost api module=x\n1ms api crash disk=draw restart=+500ms\n+1ms api crash\n");
    const struct torci_step *step = scenario->steps;

    assert_int_equal(step->verb, TORCI_VERB_CRASH);
    assert_int_equal(step->loss, TORC_LOSS_DRAW);
    assert_int_equal(step->time.offset_ns, 1000000);
    step = step->next;
    assert_int_equal(step->verb, TORCI_VERB_RESTART);
    assert_true(step->implied);
    assert_int_equal(step->time.offset_ns, 501000000);
    step = step->next;
    assert_int_equal(step->loss, TORC_LOSS_ALL);
    assert_int_equal(step->time.offset_ns, 2000000);
    assert_null(step->next);
    torc_scenario_free(scenario);
    return NULL;
}

TORC_TEST(what_lines_say_of_a_disk_is_kept)
{
    struct torc_scenario *scenario = parsed(
        "scn 1\nhost api module=x\ndb api.main sector=4KiB capacity=1MiB op=2us sync=5ms lies\n");
    const struct torc_disk_options *disk = &scenario->databases->disk;

    assert_int_equal(scenario->databases->disk_fields, 31);
    assert_int_equal(disk->sector_bytes, 4096);
    assert_int_equal(disk->capacity_bytes, 1048576);
    assert_int_equal(disk->operation_ns, 2000);
    assert_int_equal(disk->sync_ns, 5000000);
    assert_true(disk->ignore_sync);
    torc_scenario_free(scenario);
    return NULL;
}

TORC_TEST(errors_name_the_place_and_what_may_have_been_meant)
{
    static const char *const cases[][2] = {
        {"db", "a.scn:7:3: which database? HOST.NAME"},
        {"db api", "a.scn:7:4: a database is named HOST.NAME"},
        {"db apj.x", "a.scn:7:4: unknown host 'apj'; did you mean 'api'?"},
        {"db cli.x", "a.scn:7:4: a peer runs no module and has no database"},
        {"db api.main", "a.scn:7:8: api has a database 'main' already"},
        {"db api.a/b", "a.scn:7:8: a database's name is made of letters, digits, _ and -, and begins with a letter"},
        {"db api.x vfs=unix", "a.scn:7:14: there is one VFS in a simulation: vfs=fault"},
        {"db api.x shcema=@x", "a.scn:7:10: unknown key 'shcema'; did you mean 'schema'?"},
        {"db api.x schema=x.sql", "a.scn:7:17: a schema is a file: schema=@FILE"},
        {"db api.x schema=@x.sql", "a.scn:7:18: 'x.sql' cannot be read: not found"},
        {"db api.x file=a file=b", "a.scn:7:17: file is given twice"},
        {"db api.x sector=500", "a.scn:7:17: a sector has 512, 1024, 2048, ... 65536 bytes"},
        {"db api.x capacity=0", "a.scn:7:19: a disk of no bytes holds no database"},
        {"db api.x op=5", "a.scn:7:13: a duration is a number with a unit: 250us 20ms 3s 5m (ns us ms s m h)"},
        {"db api.x lie", "a.scn:7:10: 'lie' has no meaning here"},
        {"on", "a.scn:7:3: on what? on db HOST.NAME ... : fail ..."},
        {"on dbs api.main : slow 1ms", "a.scn:7:4: unknown trigger 'dbs': there are 'on db', 'on disk', 'on deferred' and 'on HOST'; did you mean 'db'?"},
        {"on db api.mian : slow 1ms",
         "a.scn:7:11: unknown database 'mian' of host api: a line 'db api.NAME' names one; did you mean 'main'?"},
        {"on db api.main sql=\"x\" : slow 1ms", "a.scn:7:19: sql is a pattern: sql~\"...\""},
        {"on db api.main n~\"x\" : slow 1ms", "a.scn:7:17: n is no pattern: n=..."},
        {"on db api.main sql~\"(\" : slow 1ms",
         "a.scn:7:20: this is no regular expression: Unmatched ( or \\("},
        {"on db api.main sql~\"a++++++++++++++++++++++++++++++++++++++++\" : slow 1ms",
         "a.scn:7:20: the expression grows too large: it has too many + or {}, or more than 1000 bytes"},
        {"on db api.main sql~\"((a{1,255}){,255}){255}\" : slow 1ms",
         "a.scn:7:20: the expression grows too large: it has too many + or {}, or more than 1000 bytes"},
        {"on db api.main n=0 : slow 1ms", "a.scn:7:18: they are counted from 1"},
        {"on db api.main n=1 slow 1ms", "a.scn:7:20: 'slow' has no meaning here"},
        {"on db api.main n=1",
         "a.scn:7:19: after a ':' comes what happens: fail, apply then drop-reply, disconnect or slow"},
        {"on db api.main :",
         "a.scn:7:17: what happens then? fail, apply then drop-reply, disconnect or slow"},
        {"on db api.main : fial SQLITE_BUSY", "a.scn:7:18: unknown fault 'fial'; did you mean 'fail'?"},
        {"on db api.main : fail SQLITE_BUSSY",
         "a.scn:7:23: 'SQLITE_BUSSY' is no result code of SQLite; did you mean 'SQLITE_BUSY'?"},
        {"on db api.main : fail SQLITE_CONSTRAINT_UNIQE",
         "a.scn:7:23: 'SQLITE_CONSTRAINT_UNIQE' is no result code of SQLite; did you mean 'SQLITE_CONSTRAINT_UNIQUE'?"},
        {"on db api.main : fail SQLITE_DONE", "a.scn:7:23: nothing fails with SQLITE_DONE"},
        {"on db api.main : fail SQLITE_OK", "a.scn:7:23: nothing fails with SQLITE_OK"},
        {"on db api.main : fail SQLITE_NOTICE_RECOVER_WAL",
         "a.scn:7:23: nothing fails with SQLITE_NOTICE_RECOVER_WAL"},
        {"on db api.main : apply drop-reply", "a.scn:7:34: this is written: apply then drop-reply"},
        {"on db api.main : disconnect midway",
         "a.scn:7:29: unknown moment 'midway': there are before, mid and after"},
        {"on db api.main : disconnect before row=2",
         "a.scn:7:36: only slow and disconnect mid happen at a row"},
        {"on db api.main : slow 2ms after=1ms", "a.scn:7:27: slow says already how long it takes"},
        {"on db api.main : slow 2", "a.scn:7:23: '2': a duration is a number with a unit: 250us 20ms 3s 5m (ns us ms s m h)"},
        {"on disk", "a.scn:7:8: which host's disk? on disk HOST ... : fail ..."},
        {"on disk apj : lie", "a.scn:7:9: unknown host 'apj'; did you mean 'api'?"},
        {"on disk cli : lie", "a.scn:7:9: a peer runs no module and has no disk"},
        {"on disk api file=x : lie", "a.scn:7:17: file is a pattern: file~\"...\""},
        {"on disk api op=wriet : fail SQLITE_FULL",
         "a.scn:7:16: unknown operation 'wriet' of a disk; did you mean 'write'?"},
        {"on disk api op=read : lie", "a.scn:7:16: only a sync lies: op=sync"},
        {"on disk api op=sync : short 10", "a.scn:7:16: only a write is short: op=write"},
        {"on disk api op=write : rot bit=1", "a.scn:7:16: rot is found by a read: op=read"},
        {"on disk api : lies", "a.scn:7:15: unknown fault 'lies'; did you mean 'lie'?"},
        {"on disk api : lie twice", "a.scn:7:19: 'lie' takes nothing more"},
        {"on disk api : rot", "a.scn:7:18: which bit? rot bit=0"},
        {"on disk api : rot bit=x", "a.scn:7:23: it is not a whole number"},
        {"on disk api : fail SQLITE_IOERR_WRIET",
         "a.scn:7:20: 'SQLITE_IOERR_WRIET' is no result code of SQLite; did you mean 'SQLITE_IOERR_WRITE'?"},
        {"on disk api n=1", "a.scn:7:16: after a ':' comes what happens: fail, short, lie, rot or delay"},
        {"0 cli crash", "a.scn:7:3: a peer has no disk and nothing to lose: say kill"},
        {"0 api crash disk=lose",
         "a.scn:7:18: 'lose' is nothing a disk does: keep, lose-unsynced or draw"},
        {"0 api crash restart=5s", "a.scn:7:21: how long after the crash? restart=+500ms"},
        {"0 api crash disc=keep", "a.scn:7:13: unknown key 'disc'; did you mean 'disk'?"},
        {"0 x call", "a.scn:7:9: call what? HOST CALL NAME=VALUE ..."},
        {"0 x call apj f as d2", "a.scn:7:10: unknown host 'apj'; did you mean 'api'?"},
        {"0 x call cli f as d2", "a.scn:7:10: a peer runs no module and has nothing to call"},
        {"0 x call api as d2", "a.scn:7:19: what is called on api? HOST CALL NAME=VALUE ..."},
        {"0 x call api f", "a.scn:7:15: 'call' has an answer: say 'as NAME'"},
        {"0 x call api f 42 as d2", "a.scn:7:16: a call's arguments are written NAME=VALUE"},
        {"+0..1ms x call api f as d2", "a.scn:7:1: only an expectation can have a window: when is 'call' done?"},
        {"d1 expect result ok", "a.scn:7:18: a result is a string: expect result \"ok\""},
        {"d1 expect failure \"x\"", "a.scn:7:19: a failure has a type: expect failure database_error"},
        {"d1 expect resutl", "a.scn:7:11: 'resutl' cannot be expected; did you mean 'result'?"},
        {"0..1ms d1 expect result within=1ms", "a.scn:7:25: within= says the same as the time of the line"},
        {"c1 expect result", "a.scn:7:4: 'c1' is a connection; a result or a failure is what a call has"},
        {"d1 expect \"x\"", "a.scn:7:4: 'd1' is a call: it has a result or a failure, and nothing is sent"},
        {"d1 close", "a.scn:7:4: 'd1' is a call: it has a result or a failure, and nothing is sent"},
        {"always sql(api.main) == 1",
         "a.scn:7:20: sql takes a database and a statement: sql(api.main, \"SELECT count(*) FROM t\")"},
        {"always sql(api.mian, \"x\") == 1",
         "a.scn:7:16: unknown database 'mian' of host api: a line 'db api.NAME' names one; did you mean 'main'?"},
        {"always sql(api.main, x) == 1",
         "a.scn:7:22: sql takes a database and a statement: sql(api.main, \"SELECT count(*) FROM t\")"},
        {"always sql(api.main, \"x\" == 1", "a.scn:7:26: the ( has no )"},
        {"always spl(api.main, \"x\") == 1", "a.scn:7:8: unknown function 'spl'; did you mean 'sql'?"},
        {"always t, 1", "a.scn:7:9: the condition ends before this"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(refused(cases[i][0]), cases[i][1]);
    return NULL;
}

TORC_TRIAL_MAIN
