/* What lines about operations that fail, and about sweeps, parse to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "scenario_model.h"

#define BEFORE "scn 1\nhost srv module=m\nhost cli peer\n"

static struct torc_scenario *parse(const char *line, struct torc_scenario_error *error)
{
    struct torc_scenario *scenario = NULL;
    char text[400];

    snprintf(text, sizeof text, BEFORE "%s\n", line);
    if (torc_scenario_parse(text, strlen(text), "a.scn", NULL, &scenario, error) != 0)
        return NULL;
    return scenario;
}

TORC_TEST(an_operation_that_fails_is_a_site_and_an_option)
{
    static const struct {
        const char *line;
        const char *site;
        uint64_t option, n, times;
        bool optional;
    } cases[] = {
        {"on srv accept n=2 : fail EMFILE", "accept.fail", 1, 2, 0, false},
        {"on srv connect n=1 times=3 : fail ETIMEDOUT", "connect.fail", 2, 1, 3, false},
        {"on srv read times=forever optional : fail ECONNRESET", "read.fail", 1, 0, UINT64_MAX, true},
        {"on srv read : again 5s", "read.again", 3, 0, 0, false},
        {"on srv write : fail EPIPE", "write.fail", 1, 0, 0, false},
        {"on srv write : again 1ms", "write.again", 1, 0, 0, false},
        {"on srv send n=2 : fail ENOBUFS", "send.fail", 2, 2, 0, false},
        {"on srv stream : stall", "stream.stall", 1, 0, 0, false},
        {"on srv socket : fail EADDRINUSE", "socket.fail", 5, 0, 0, false},
        {"on srv resolve : fail NXDOMAIN", "resolve.fail", 1, 0, 0, false},
        {"on srv job : fail ELIMIT", "job.fail", 2, 0, 0, false},
        {"on srv alloc n=40 : fail ENOMEM", "alloc.fail", 1, 40, 0, false},
        {"on srv db n=3 : fail SQLITE_BUSY", "db.fail", 1, 3, 0, false},
        {"on srv disk : fail short", "disk.fail", 5, 0, 0, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct torc_scenario_error error;
        struct torc_scenario *scenario = parse(cases[i].line, &error);
        const struct torci_script_fault *fault;

        if (scenario == NULL) {
            fail_msg("%s", error.text);
            break;
        }
        fault = scenario->faults;
        assert_int_equal(fault->kind, TORCI_FAULT_OPERATION);
        assert_string_equal(fault->host->name, "srv");
        assert_string_equal(fault->operation.site, cases[i].site);
        assert_int_equal(fault->operation.option, cases[i].option);
        assert_int_equal(fault->operation.n, cases[i].n);
        assert_int_equal(fault->operation.times, cases[i].times);
        assert_int_equal(fault->optional, cases[i].optional);
        torc_scenario_free(scenario);
    }
    return NULL;
}

TORC_TEST(a_sweep_line_says_what_is_swept)
{
    struct torc_scenario_error error;
    struct torc_scenario_sweeping sweeping;
    struct torc_scenario *scenario =
        parse("sweep fault=alloc,file mode=once k=2..5 budget=30s require=no-crash,no-leak,no-stuck", &error);

    assert_non_null(scenario);
    torc_scenario_sweep(scenario, &sweeping);
    torc_scenario_free(scenario);
    for (unsigned i = 0; torc_fault_classes[i].name != NULL; i++)
        assert_int_equal(sweeping.classes >> i & 1, strcmp(torc_fault_classes[i].name, "alloc") == 0 ||
                                                        strcmp(torc_fault_classes[i].name, "io") == 0);
    assert_true(sweeping.once);
    assert_false(sweeping.persist);
    assert_int_equal(sweeping.first, 2);
    assert_int_equal(sweeping.last, 5);
    assert_int_equal(sweeping.budget_ns, 30000000000);
    return NULL;
}

TORC_TEST(without_one_everything_is_swept)
{
    struct torc_scenario_error error;
    struct torc_scenario_sweeping sweeping;
    struct torc_scenario *scenario = parse("limit time=1m", &error);

    assert_non_null(scenario);
    assert_false(torc_scenario_has_campaigns(scenario));
    torc_scenario_sweep(scenario, &sweeping);
    torc_scenario_free(scenario);
    for (unsigned i = 0; torc_fault_classes[i].name != NULL; i++)
        {
        const char *name = torc_fault_classes[i].name;

        assert_int_equal(sweeping.classes >> i & 1, strcmp(name, "segment") != 0 && strcmp(name, "errback") != 0 &&
                                                        strcmp(name, "never") != 0);
    }
    assert_true(sweeping.once && sweeping.persist);
    assert_int_equal(sweeping.first, 1);
    assert_int_equal(sweeping.last, UINT64_MAX);
    return NULL;
}

/* A class whose site has another name would never be swept. */
TORC_TEST(every_site_of_a_class_is_one_of_faults)
{
    for (unsigned i = 0; torc_fault_classes[i].name != NULL; i++)
        for (unsigned s = 0; s < TORC_FAULT_CLASS_SITES && torc_fault_classes[i].sites[s] != NULL; s++) {
            const struct torc_decision_site *site = torc_decision_find_site(torc_fault_classes[i].sites[s]);

            assert_non_null(site);
            assert_int_equal(site->kind, TORC_SITE_FAULT);
            assert_true(torc_fault_class_has(&torc_fault_classes[i], site->name, torc_fault_classes[i].option));
        }
    return NULL;
}

TORC_TEST(a_segment_line_alone_leaves_faults_out)
{
    struct torc_scenario_error error;
    struct torc_scenario_sweeping sweeping;
    struct torc_scenario *scenario =
        parse("sweep segment conn=c1 dir=s2c split=4\nsweep segment split=every", &error);

    assert_non_null(scenario);
    assert_true(torc_scenario_has_campaigns(scenario));
    torc_scenario_sweep(scenario, &sweeping);
    for (unsigned i = 0; torc_fault_classes[i].name != NULL; i++)
        assert_int_equal(sweeping.classes >> i & 1, torc_fault_class_is_segment(&torc_fault_classes[i]));
    assert_int_equal(sweeping.segmenting_count, 2);
    assert_string_equal(sweeping.segmentings[0].connection, "c1");
    assert_false(sweeping.segmentings[0].from_client);
    assert_true(sweeping.segmentings[0].from_server);
    assert_int_equal(sweeping.segmentings[0].every, 4);
    assert_null(sweeping.segmentings[1].connection);
    assert_true(sweeping.segmentings[1].from_client && sweeping.segmentings[1].from_server);
    assert_int_equal(sweeping.segmentings[1].every, 1);
    torc_scenario_free(scenario);
    return NULL;
}

TORC_TEST(with_a_line_of_faults_both_are_swept)
{
    struct torc_scenario_error error;
    struct torc_scenario_sweeping sweeping;
    struct torc_scenario *scenario = parse("sweep fault=db\nsweep segment", &error);

    assert_non_null(scenario);
    torc_scenario_sweep(scenario, &sweeping);
    torc_scenario_free(scenario);
    for (unsigned i = 0; torc_fault_classes[i].name != NULL; i++)
        assert_int_equal(sweeping.classes >> i & 1, torc_fault_class_is_segment(&torc_fault_classes[i]) ||
                                                        strcmp(torc_fault_classes[i].name, "db") == 0);
    return NULL;
}

TORC_TEST(a_split_line_names_each_place)
{
    struct torc_scenario_error error;
    struct torc_scenario *scenario = parse("split c1 s2c at=17,3", &error);

    assert_non_null(scenario);
    assert_int_equal(scenario->splits->split.at, 3);
    assert_int_equal(scenario->splits->next->split.at, 17);
    assert_string_equal(scenario->splits->next->split.connection, "c1");
    assert_true(scenario->splits->next->split.from_server);
    assert_null(scenario->splits->next->next);
    assert_int_equal(scenario->label_count, 0);
    torc_scenario_free(scenario);
    return NULL;
}

TORC_TEST(errors_name_the_place_and_what_may_have_been_meant)
{
    static const char *const cases[][2] = {
        {"on srv : fail EMFILE", "a.scn:4:8: unknown operation ':'"},
        {"on srv", "a.scn:4:7: on which operation? on srv accept n=2 : fail EMFILE"},
        {"on cli accept : fail EMFILE", "a.scn:4:4: a peer runs no module: its operations do not fail"},
        {"on srv acept : fail EMFILE", "a.scn:4:8: unknown operation 'acept'; did you mean 'accept'?"},
        {"on srv accept : fail EMFIEL", "a.scn:4:22: accept cannot fail with 'EMFIEL'; did you mean 'EMFILE'?"},
        {"on srv accept : fail EPIPE", "a.scn:4:22: accept cannot fail with 'EPIPE'"},
        {"on srv accept : fail", "a.scn:4:21: with what? EMFILE, ENFILE, ..."},
        {"on srv accept : again 1ms", "a.scn:4:17: accept has no fault 'again'"},
        {"on srv write : agian 1ms", "a.scn:4:16: write has no fault 'agian'; did you mean 'again'?"},
        {"on srv write :", "a.scn:4:15: what happens then? fail or again"},
        {"on srv accept", "a.scn:4:14: after a ':' comes what happens: fail, again or stall"},
        {"on srv accept m=2 : fail EMFILE", "a.scn:4:15: unknown key 'm'"},
        {"on srv accept tims=2 : fail EMFILE", "a.scn:4:15: unknown key 'tims'; did you mean 'times'?"},
        {"on srv accept n=0 : fail EMFILE", "a.scn:4:17: they are counted from 1"},
        {"on srv stream : stall now soon", "a.scn:4:23: stream cannot fail with 'now'"},
        {"on srv accept : fail EMFILE now", "a.scn:4:29: 'now' has no meaning here"},
        {"sweep", "a.scn:4:6: sweep takes what to vary"},
        {"sweep fault=alloc,bd", "a.scn:4:19: unknown class of faults 'bd'; did you mean 'db'?"},
        {"sweep mode=twice", "a.scn:4:12: modes are once and persist"},
        {"sweep k=0", "a.scn:4:9: operations are counted from 1: k=1.. or k=3 or k=3..5"},
        {"sweep require=no-crahs", "a.scn:4:15: nothing requires 'no-crahs'; did you mean 'no-crash'?"},
        {"sweep segment cnon=c1", "a.scn:4:15: unknown key 'cnon'; did you mean 'conn'?"},
        {"sweep segment dir=up", "a.scn:4:19: a stream goes c2s, to the server, or s2c"},
        {"sweep segment split=0", "a.scn:4:21: bytes are counted from 1"},
        {"sweep segment c1", "a.scn:4:15: what to split is written NAME=VALUE"},
        {"split c1 c2s", "a.scn:4:13: a split is written split CONNECTION c2s at=17"},
        {"split c1 c2c at=1", "a.scn:4:10: a stream goes c2s, to the server, or s2c; did you mean 'c2s'?"},
        {"split c1 c2s at=1,,2", "a.scn:4:19: it is not a whole number"},
        {"splt c1 c2s at=1", "a.scn:4:1: unknown line 'splt'; did you mean 'split'?"},
        {"sweep falut=db", "a.scn:4:7: unknown key 'falut'; did you mean 'fault'?"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct torc_scenario_error error;
        struct torc_scenario *scenario = parse(cases[i][0], &error);

        if (scenario != NULL)
            fail_msg("accepted: %s", cases[i][0]);
        error.text[strcspn(error.text, "\n")] = '\0';
        assert_string_equal(error.text, cases[i][1]);
    }
    return NULL;
}

TORC_TRIAL_MAIN
