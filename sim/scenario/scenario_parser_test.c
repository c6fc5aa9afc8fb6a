#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <torc/trial.h>

#include "scenario_model.h"

static struct torc_scenario_error error;

static struct torc_scenario *parsed(const char *text)
{
    struct torc_scenario *scenario = NULL;
    int code = torc_scenario_parse(text, strlen(text), "a.scn", NULL, &scenario, &error);

    if (code != 0)
        print_message("# %s", error.text);
    assert_int_equal(code, 0);
    return scenario;
}

#define HEAD "scn 1\nhost srv module=line\nhost cli peer\n"

/* The error of HEAD and one more line, which must be in that line. */
static const char *refused(const char *line)
{
    struct torc_scenario *scenario = NULL;
    char text[2000];
    char *middle;

    snprintf(text, sizeof(text), "%s%s\n", HEAD, line);
    if (torc_scenario_parse(text, strlen(text), "a.scn", NULL, &scenario, &error) == 0) {
        torc_scenario_free(scenario);
        return "it parses";
    }
    middle = strchr(error.text, '\n');
    assert_non_null(middle);
    assert_int_equal(error.line, 4);
    *middle = '\0';
    return error.text;
}

struct printed {
    char text[8192];
};

static void collect(void *arg, const char *text)
{
    struct printed *printed = arg;

    strncat(printed->text, text, sizeof(printed->text) - strlen(printed->text) - 1);
}

static const char example[] =
    "scn 1\n"
    "title \"line protocol: split CRLF, one byte per segment, idle timeout\"\n"
    "host srv module=line_server listen=tcp:7000 idle=5s\n"
    "host cli peer                                   # a scripted peer, no C code\n"
    "link cli<->srv delay=2ms rate=10Mbit mtu=1460\n"
    "0         cli connect srv:7000 as c1\n"
    "+0        c1 send \"HEL\"\n"
    "+1ms      c1 send \"LO\\r\"                        # CR and LF in different segments\n"
    "+1ms      c1 send \"\\nSTAT\\r\\n\" seg=1            # one byte per segment\n"
    "+0..20ms  c1 expect \"HELLO ok\\r\\n\"\n"
    "+0..20ms  c1 expect re\"^STAT conns=1 .*\\r\\n\"\n"
    "+5s       c1 expect close by=srv within=10ms    # exact\n"
    "end       expect srv.connections == 0 && leaks == 0\n"
    "sometimes site(\"line.partial_crlf\")\n"
    "sweep     segment conn=c1 dir=c2s split=every   # again\n";

TORC_TEST(names_are_declared_with_their_answers)
{
    struct torc_scenario *scenario = parsed(HEAD "dns db.example = 10.9.8.7,fd00::9,srv delay=20ms\n"
                                                 "dns a = nxdomain\ndns b = servfail\ndns c = timeout\n");
    const struct torci_script_name *name = scenario->names;

    assert_string_equal(name->name, "db.example");
    assert_int_equal(name->answer, TORC_NAME_ADDRESSES);
    assert_int_equal(name->delay_ns, 20000000);
    assert_int_equal(name->count, 3);
    assert_int_equal(name->addresses[0].address.ip[1], 9);
    assert_int_equal(name->addresses[1].address.family, TORC_ADDRESS_IPV6);
    assert_string_equal(name->addresses[2].host->name, "srv");
    name = name->next;
    assert_int_equal(name->answer, TORC_NAME_NOT_FOUND);
    assert_int_equal(name->next->answer, TORC_NAME_FAILURE);
    assert_int_equal(name->next->next->answer, TORC_NAME_SILENT);
    torc_scenario_free(scenario);
    return NULL;
}

static void see_module(void *arg, const char *text)
{
    char *all = arg;

    strcat(strcat(all, text), ";");
}

TORC_TEST(the_first_example_parses_to_what_it_says)
{
    struct torc_scenario *scenario = parsed(example);
    const struct torci_step *step = scenario->steps;
    char modules[64] = "";

    assert_string_equal(torc_scenario_title(scenario),
                        "line protocol: split CRLF, one byte per segment, idle timeout");
    assert_true(torc_scenario_has_campaigns(scenario));
    assert_int_equal(scenario->host_count, 2);
    torc_scenario_modules(scenario, see_module, modules);
    assert_string_equal(modules, "line_server;");
    assert_string_equal(scenario->hosts->module, "line_server");
    assert_string_equal(scenario->hosts->pairs[3], "5s");
    assert_null(scenario->hosts->next->module);
    assert_int_equal(scenario->links->link.delay_ns, 2000000);
    assert_int_equal(scenario->links->link.bits_per_second, 10000000);
    assert_int_equal(step->verb, TORCI_VERB_CONNECT);
    assert_int_equal(step->port, 7000);
    step = step->next->next;
    assert_int_equal(step->time.offset_ns, 1000000);
    assert_memory_equal(step->payload.data, "LO\r", 3);
    step = step->next;
    assert_int_equal(step->segment_bytes, 1);
    assert_int_equal(step->payload.bytes, 7);
    step = step->next;
    assert_int_equal(step->time.kind, TORCI_TIME_WINDOW);
    assert_int_equal(step->time.offset_ns, 2000000);
    assert_int_equal(step->time.window_ns, 20000000);
    step = step->next->next;
    assert_int_equal(step->expected, TORCI_EXPECTED_CLOSE);
    assert_int_equal(step->time.offset_ns, 5002000000);
    assert_int_equal(step->time.window_ns, 10000000);
    assert_string_equal(step->by->name, "srv");
    assert_int_equal(step->next->time.kind, TORCI_TIME_END);
    assert_int_equal(scenario->assertions->kind, TORCI_SOMETIMES);
    torc_scenario_free(scenario);
    return NULL;
}

TORC_TEST(what_is_printed_parses_to_the_same)
{
    struct torc_scenario *scenario = parsed(example);
    struct printed once = {""};
    struct printed twice = {""};

    torc_scenario_print(scenario, collect, &once);
    torc_scenario_free(scenario);
    scenario = parsed(once.text);
    torc_scenario_print(scenario, collect, &twice);
    assert_string_equal(once.text, twice.text);
    assert_non_null(strstr(once.text, "+0..20ms  c1 expect \"HELLO ok\\r\\n\"\n"));
    assert_non_null(strstr(once.text, "host cli peer                                   # a scripted peer, no C code\n"));
    torc_scenario_free(scenario);
    return NULL;
}

TORC_TEST(any_timeline_line_can_be_deleted)
{
    for (unsigned mask = 0; mask < 256; mask++) {
        char text[2000] = "";
        const char *at = example;

        for (unsigned line = 0; *at != '\0'; line++) {
            size_t bytes = (size_t)(strchr(at, '\n') + 1 - at);

            if (line < 5 || line >= 13 || ((mask >> (line - 5)) & 1))
                strncat(text, at, bytes);
            at += bytes;
        }
        torc_scenario_free(parsed(text));
    }
    return NULL;
}

TORC_TEST(an_error_shows_file_line_column_and_caret)
{
    struct torc_scenario *scenario = NULL;
    const char *text = HEAD "link cli<->srv dellay=2ms\n";

    assert_int_equal(torc_scenario_parse(text, strlen(text), "a.scn", NULL, &scenario, &error),
                     TORC_ESYNTAX);
    assert_string_equal(error.text, "a.scn:4:16: unknown key 'dellay'; did you mean 'delay'?\n"
                                    "    link cli<->srv dellay=2ms\n"
                                    "                   ^\n");
    assert_string_equal(error.file, "a.scn");
    assert_int_equal(error.column, 16);
    return NULL;
}

TORC_TEST(errors_say_what_was_meant)
{
    static const char *const cases[][2] = {
        {"hots x peer", "a.scn:4:1: unknown line 'hots'; did you mean 'host'?"},
        {"0 cli conect srv:1 as c", "a.scn:4:7: unknown verb 'conect'; did you mean 'connect'?"},
        {"0 cli connect srw:1 as c", "a.scn:4:15: unknown host 'srw'; did you mean 'srv'?"},
        {"0 c1 sned \"x\"", "a.scn:4:6: unknown verb 'sned'; did you mean 'send'?"},
        {"0 c1 send \"x\" sge=1", "a.scn:4:15: unknown key 'sge'; did you mean 'seg'?"},
        {"0 srv signal trem", "a.scn:4:14: unknown signal 'trem': there are term and int; did you mean 'term'?"},
        {"0 c1 expect rest", "a.scn:4:13: 'rest' cannot be expected; did you mean 'reset'?"},
        {"end expect leeks == 0", "a.scn:4:12: unknown name 'leeks' in a condition; did you mean 'leaks'?"},
        {"always srw.x == 0", "a.scn:4:8: unknown host 'srw'; did you mean 'srv'?"},
        {"sometimes siet(\"x\")", "a.scn:4:11: unknown function 'siet'; did you mean 'site'?"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(refused(cases[i][0]), cases[i][1]);
    return NULL;
}

TORC_TEST(impossible_values_say_why)
{
    static const char *const cases[][2] = {
        {"+5 c1 close", "a.scn:4:2: '5': a duration is a number with a unit: 250us 20ms 3s 5m (ns us ms s m h)"},
        {"+5sec c1 close", "a.scn:4:2: '5sec': a duration is a number with a unit: 250us 20ms 3s 5m (ns us ms s m h)"},
        {"+0.5ns c1 close", "a.scn:4:2: '0.5ns': it is not a whole number of the smallest unit"},
        {"+2ms..1ms c1 expect \"x\"", "a.scn:4:7: the window ends before it begins"},
        {"+0..1ms c1 send \"x\"", "a.scn:4:1: only an expectation can have a window: when is 'send' done?"},
        {"end c1 send \"x\"", "a.scn:4:1: at the end nothing more is done, only expected"},
        {"0 srv connect cli:1 as c1", "a.scn:4:3: 'srv' runs a module and does what that does; only a peer can be told to connect"},
        {"0 cli connect srv:70000 as c1", "a.scn:4:19: a port is a number from 1 to 65535"},
        {"0 cli connect srv as c1", "a.scn:4:18: the port is missing: HOST:PORT"},
        {"0 cli connect srv:1", "a.scn:4:20: 'connect' makes a connection: say 'as NAME'"},
        {"0 c1 send \"a\\q\"", "a.scn:4:13: no such escape: there are \\n \\r \\t \\0 \\\\ \\\" \\xHH \\a \\b \\e \\f \\v"},
        {"0 c1 send x\"0g\"", "a.scn:4:13: x\"...\" takes pairs of hexadecimal digits"},
        {"0 c1 send \"abc", "a.scn:4:11: the string does not end"},
        {"0 c1 send \"\"", "a.scn:4:13: there is nothing to send"},
        {"0 c1 expect re\"a$\"", "a.scn:4:17: $ has no meaning in a stream: write the bytes that come last"},
        {"0 c1 expect re\"(a\"", "a.scn:4:17: the ( has no )"},
        {"link cli<->srv rate=0", "a.scn:4:21: a link of rate 0 would never deliver; without rate= it is infinite"},
        {"link cli<->srv delay=2", "a.scn:4:22: delay: a duration is a number with a unit: 250us 20ms 3s 5m (ns us ms s m h)"},
        {"host cli peer", "a.scn:4:6: there is a host 'cli' already"},
        {"host x", "a.scn:4:7: a host is a 'peer' or has a module=NAME"},
        {"always srv.x = 0", "a.scn:4:14: a comparison is written =="},
        {"always 1 < srv.x < 3", "a.scn:4:18: comparisons are joined by && or ||"},
        {"always cli.x == 0", "a.scn:4:8: a peer runs no module and has nothing to ask for"},
        {"+1ms always srv.x == 0", "a.scn:4:1: 'always' is about the whole run and has no time"},
        {"seed x", "a.scn:4:6: seed: it is not a whole number"},
        {"limit time=0", "a.scn:4:12: a limit of 0 allows nothing"},
        {"0 c1 send \"x\" times=4000000000", "a.scn:4:15: the scenario grows above 256 MiB"},
        {"dns x", "a.scn:4:6: a name and its answer: dns db.example = 10.0.0.1,fd00::1"},
        {"dns x! = srv", "a.scn:4:6: a name is made of letters, digits, _, - and dots"},
        {"dns x = 10.0.0.1,nobody", "a.scn:4:18: this is neither an address nor a host: 10.0.0.1, fd00::1, srv"},
        {"dns x = srv,", "a.scn:4:13: this is neither an address nor a host: 10.0.0.1, fd00::1, srv"},
        {"dns x = srv ttl=3", "a.scn:4:13: a name can have delay= and flip=, and nothing else"},
        {"dns x = srv delay=3", "a.scn:4:19: '3': a duration is a number with a unit: 250us 20ms 3s 5m (ns us ms s m h)"},
        {"end dns x = srv", "a.scn:4:1: at the end nothing more is done, only expected"},
        {"0 dns x = nowhere", "a.scn:4:11: this is neither an address nor a host: 10.0.0.1, fd00::1, srv"},
        {"include \"b.scn\"", "a.scn:4:9: 'b.scn' cannot be read: there are no files here"},
        {"+0 c1 send $x", "a.scn:4:13: unknown parameter 'x'"},
        {"0 srv send \"x\"", "a.scn:4:7: 'send' is done by a connection, and srv is a host"},
        {"0 c1 close as srv", "a.scn:4:15: 'srv' is the name of a host already"},
        {"\x01", "a.scn:4:1: a control character cannot be in a scenario; in a string it is written \\xHH"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(refused(cases[i][0]), cases[i][1]);
    return NULL;
}

TORC_TEST(a_connection_cannot_be_ended_by_a_stranger)
{
    struct torc_scenario *scenario = NULL;
    const char *text = HEAD "host db module=x\n0 cli connect srv:1 as c1\n+0 c1 expect close by=db\n";

    assert_int_equal(torc_scenario_parse(text, strlen(text), "a.scn", NULL, &scenario, &error),
                     TORC_ESYNTAX);
    assert_non_null(strstr(error.text, "a.scn:6:23: c1 goes to srv, so db cannot end it for us"));
    return NULL;
}

TORC_TEST(a_file_begins_with_its_version)
{
    struct torc_scenario *scenario = NULL;

    assert_int_equal(torc_scenario_parse("", 0, "a.scn", NULL, &scenario, &error), TORC_ESYNTAX);
    assert_int_equal(torc_scenario_parse("seed 1\n", 7, "a.scn", NULL, &scenario, &error),
                     TORC_ESYNTAX);
    assert_int_equal(torc_scenario_parse("scn 2\n", 6, "a.scn", NULL, &scenario, &error),
                     TORC_ESYNTAX);
    assert_non_null(strstr(error.text, "version '2' of the language is not known; 1 is"));
    return NULL;
}

static void warn(void *arg, const char *text)
{
    (void)text;
    ++*(int *)arg;
}

TORC_TEST(a_line_cut_short_is_left_out_with_a_warning)
{
    struct torc_scenario *scenario = parsed(HEAD "0 cli connect srv:1 as c1\n+0 c1 send \"ab");
    int warnings = 0;

    torc_scenario_warnings(scenario, warn, &warnings);
    assert_int_equal(warnings, 1);
    assert_int_equal(scenario->step_count, 1);
    torc_scenario_free(scenario);
    return NULL;
}

/* Each of these has done something by the time it is found out. */
TORC_TEST(nothing_of_a_line_cut_short_happens)
{
    static const char *const lines[] = {"host b,", "srv crash restart=+99999999", "c1+1ms cli con",
                                        "always site(\"a\") == site(", "link cli<->srv delay=1ms ra",
                                        "cli connect srv:1 as c2 as", "title \"x\" y", "seed 7 8"};

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char text[300];
        struct torc_scenario *scenario;
        int warnings = 0;

        snprintf(text, sizeof(text), HEAD "%s", lines[i]);
        scenario = parsed(text);
        torc_scenario_warnings(scenario, warn, &warnings);
        if (warnings != 1 || scenario->seed != 1 || scenario->step_count != 0 ||
            scenario->label_count != 0 || scenario->slot_count != 0 || scenario->host_count != 2 ||
            scenario->links != NULL || strcmp(scenario->title, "a.scn") != 0)
            fail_msg("%s", lines[i]);
        torc_scenario_free(scenario);
    }
    return NULL;
}

TORC_TEST(a_label_whose_line_is_gone_is_made_by_nobody)
{
    struct torc_scenario *scenario = parsed(HEAD "P1+1s srv kill\nc9 send \"x\"\nP1.end+0 srv restart\n");

    assert_int_equal(scenario->label_count, 2);
    assert_null(scenario->labels->made_by);
    assert_true(scenario->steps->next->next->time.label_end);
    torc_scenario_free(scenario);
    return NULL;
}

/* --- files ---------------------------------------------------------------------------------------- */

static int give_file(void *arg, const char *path, char **out_data, size_t *out_bytes)
{
    static const char *const files[][2] = {
        {"d/hosts.scn", "scn 1\nhost srv module=line idle=$idle\nhost cli peer\n"},
        {"d/loop.scn", "scn 1\ninclude \"x/../loop2.scn\"\n"},
        {"d/loop2.scn", "scn 1\ninclude \"./loop.scn\"\n"},
        {"d/wrong.scn", "scn 1\nhots\n"},
        {"d/data.bin", "12345"},
    };

    (void)arg;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        if (strcmp(files[i][0], path) == 0) {
            *out_data = strdup(files[i][1]);
            *out_bytes = strlen(files[i][1]);
            return *out_data != NULL ? 0 : TORC_ENOMEM;
        }
    return TORC_ENOTFOUND;
}

static int parse_with_files(const char *text, struct torc_scenario **out)
{
    static const char *const params[] = {"idle", "7s", NULL};
    struct torc_scenario_parse_options options = TORC_SCENARIO_PARSE_OPTIONS_INIT;

    options.read = give_file;
    options.params = params;
    return torc_scenario_parse(text, strlen(text), "d/a.scn", &options, out, &error);
}

TORC_TEST(includes_files_and_parameters_are_resolved)
{
    struct torc_scenario *scenario = NULL;
    const struct torci_step *step;

    assert_int_equal(parse_with_files("scn 1\nparam idle=5s\nparam w=30ms\ninclude hosts.scn\n"
                                      "0 cli connect srv:1 as c1\n"
                                      "+${w}..1s c1 expect \"a\" @data.bin x\"00 ff\" times=2\n",
                                      &scenario),
                     0);
    assert_string_equal(scenario->hosts->pairs[1], "7s");
    step = scenario->steps->next;
    assert_int_equal(step->payload.bytes, 16);
    assert_memory_equal(step->payload.data, "a12345\x00\xff" "a12345\x00\xff", 16);
    assert_int_equal(step->time.offset_ns, 30000000);
    torc_scenario_free(scenario);
    return NULL;
}

TORC_TEST(errors_in_included_files_name_them)
{
    struct torc_scenario *scenario = NULL;

    assert_int_equal(parse_with_files("scn 1\ninclude loop.scn\n", &scenario), TORC_ESYNTAX);
    assert_non_null(strstr(error.text, "d/loop2.scn:2:9: 'd/loop.scn' includes itself"));
    assert_int_equal(parse_with_files("scn 1\ninclude wrong.scn\n", &scenario), TORC_ESYNTAX);
    assert_string_equal(error.file, "d/wrong.scn");
    assert_int_equal(parse_with_files("scn 1\ninclude none.scn\n", &scenario), TORC_ESYNTAX);
    assert_non_null(strstr(error.text, "'d/none.scn' cannot be read: not found"));
    return NULL;
}

TORC_TRIAL_MAIN
