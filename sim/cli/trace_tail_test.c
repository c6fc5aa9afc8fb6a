#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "trace_tail.h"

static void write_lines(struct torci_trace_tail *tail, unsigned first, unsigned count)
{
    struct torc_scenario_run_options options;
    char line[32];

    torc_scenario_run_options_init(&options);
    torci_trace_tail_watch(tail, &options);
    for (unsigned i = first; i < first + count; i++) {
        size_t bytes = (size_t)snprintf(line, sizeof line, "line %u\n", i);

        assert_int_equal(options.trace(options.trace_arg, line, bytes), 0);
    }
}

TORC_TEST(a_short_trace_is_kept_whole)
{
    struct torci_trace_tail *tail = torci_trace_tail_new();
    char *text;

    (void)trial;
    text = torci_trace_tail_text(tail);
    assert_string_equal(text, "");
    free(text);
    write_lines(tail, 1, 3);
    text = torci_trace_tail_text(tail);
    assert_string_equal(text, "line 1\nline 2\nline 3\n");
    free(text);
    torci_trace_tail_free(tail);
    return NULL;
}

TORC_TEST(of_a_long_one_the_last_whole_lines)
{
    struct torci_trace_tail *tail = torci_trace_tail_new();
    unsigned next = 0;
    char *text;
    char *line;

    (void)trial;
    write_lines(tail, 1, 100000);
    text = torci_trace_tail_text(tail);
    assert_in_range(strlen(text), TORCI_TRACE_TAIL_BYTES - 64, TORCI_TRACE_TAIL_BYTES);
    for (line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        unsigned number;

        assert_int_equal(sscanf(line, "line %u", &number), 1);
        if (next != 0)
            assert_int_equal(number, next);
        next = number + 1;
    }
    assert_int_equal(next, 100001);
    free(text);
    torci_trace_tail_free(tail);
    return NULL;
}

TORC_TEST(a_line_that_does_not_fit_is_left_out)
{
    struct torci_trace_tail *tail = torci_trace_tail_new();
    struct torc_scenario_run_options options;
    char *line = malloc(TORCI_TRACE_TAIL_BYTES + 10);
    char *text;

    (void)trial;
    memset(line, 'x', TORCI_TRACE_TAIL_BYTES + 9);
    line[TORCI_TRACE_TAIL_BYTES + 9] = '\n';
    torc_scenario_run_options_init(&options);
    torci_trace_tail_watch(tail, &options);
    assert_int_equal(options.trace(options.trace_arg, line, TORCI_TRACE_TAIL_BYTES + 10), 0);
    write_lines(tail, 7, 1);
    text = torci_trace_tail_text(tail);
    assert_string_equal(text, "line 7\n");
    free(text);
    free(line);
    torci_trace_tail_free(tail);
    return NULL;
}

TORC_TRIAL_MAIN
