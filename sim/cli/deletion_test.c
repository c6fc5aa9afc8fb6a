/* Scenarios are closed under deletion: each one that is shipped parses and runs without any of its lines but those
 * that name what others speak of, and without any random set of them.  What comes of the run may be anything but
 * `invalid`: that is about declarations and modules, and those are all still there. */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>

#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#ifndef RUNNING_ON_VALGRIND
#define RUNNING_ON_VALGRIND 0
#endif

#include "draw.h"
#include "scenario_source.h"

enum { SCENARIOS_MAX = 1000, LINES_MAX = 400, PATH_BYTES = 4096, SETS = 48, VALGRIND_EVERY = 41 };

/* Lines that give names to what other lines speak of.  Any other line can go. */
static const char *const naming[] = {"scn", "host", "db", "param", "include", NULL};

struct subject {
    char path[PATH_BYTES];
    char *text;
    const char *lines[LINES_MAX + 1]; /* where they begin; the last is the end */
    size_t count;
    bool names[LINES_MAX];
    struct torci_scenario_source source;
    char modules[PATH_BYTES];
    size_t cases;
};

static bool is_naming(const char *line)
{
    for (size_t i = 0; naming[i] != NULL; i++) {
        size_t bytes = strlen(naming[i]);

        if (strncmp(line, naming[i], bytes) == 0 && strchr(" \t", line[bytes]) != NULL)
            return true;
    }
    return false;
}

static const char *root(void)
{
    const char *given = getenv("TORC_ROOT");

    return given != NULL ? given : ".";
}

static void begin(struct subject *subject, const char *name)
{
    const char *build = getenv("TORC_BUILD");
    size_t bytes = 0;

    memset(subject, 0, sizeof(*subject));
    snprintf(subject->path, sizeof(subject->path), "%s/%s", root(), name);
    assert_int_equal(torci_scenario_source_read(subject->path, &subject->text, &bytes), 0);
    subject->text = realloc(subject->text, bytes + 1);
    assert_non_null(subject->text);
    subject->text[bytes] = '\0';
    for (const char *at = subject->text; at < subject->text + bytes; subject->count++) {
        const char *newline = strchr(at, '\n');

        assert_true(subject->count < LINES_MAX);
        assert_non_null(newline);
        subject->lines[subject->count] = at;
        subject->names[subject->count] = is_naming(at);
        at = newline + 1;
    }
    subject->lines[subject->count] = subject->text + bytes;
    subject->source.command = "test";
    snprintf(subject->modules, sizeof(subject->modules), "%s/modules", build != NULL ? build : "build");
    subject->source.modules = subject->modules;
}

static char *compose(const struct subject *subject, const bool *keep, size_t *out_bytes)
{
    char *text = malloc(strlen(subject->text) + 1);

    assert_non_null(text);
    *out_bytes = 0;
    for (size_t i = 0; i < subject->count; i++) {
        size_t bytes = (size_t)(subject->lines[i + 1] - subject->lines[i]);

        if (!keep[i])
            continue;
        memcpy(text + *out_bytes, subject->lines[i], bytes);
        *out_bytes += bytes;
    }
    return text;
}

static bool runs(struct subject *subject, const struct torc_scenario *scenario)
{
    struct torc_scenario_run_options options;
    struct torc_scenario_report *report = NULL;
    bool valid;

    torci_scenario_source_run_options(&subject->source, &options);
    assert_int_equal(torc_scenario_run(scenario, &options, &report), 0);
    valid = report->verdict != TORC_SCENARIO_INVALID;
    if (!valid)
        print_message("# invalid: %s\n", report->failures[0].message);
    torc_scenario_report_free(report);
    return valid;
}

/* Whether the lines that are kept are a scenario, and run. */
static bool runs_with(struct subject *subject, const bool *keep)
{
    char error[TORCI_SOURCE_ERROR_BYTES];
    struct torc_scenario *scenario = NULL;
    size_t bytes = 0;
    char *text = compose(subject, keep, &bytes);
    bool good = torci_scenario_source_parse(&subject->source, subject->path, text, bytes, &scenario,
                                            error) == 0;

    if (good)
        good = runs(subject, scenario);
    else
        print_message("# %s", error);
    torc_scenario_free(scenario);
    free(text);
    return good;
}

/* Under valgrind only a sample. */
static bool is_tried(struct subject *subject)
{
    return subject->cases++ % (RUNNING_ON_VALGRIND ? VALGRIND_EVERY : 1) == 0;
}

static void run_without_each_line(struct subject *subject)
{
    bool keep[LINES_MAX];

    for (size_t i = 0; i < subject->count; i++) {
        memset(keep, true, sizeof(keep));
        keep[i] = false;
        if (!subject->names[i] && is_tried(subject) && !runs_with(subject, keep))
            fail_msg("%s without line %zu", subject->path, i + 1);
    }
}

/* The n-th set keeps each line with a probability of 1/8 to 7/8. */
static void draw_set(const struct subject *subject, uint32_t n, bool keep[LINES_MAX])
{
    for (uint32_t i = 0; i < subject->count; i++) {
        const uint32_t counter[4] = {n, i, 0, 0};
        const uint32_t key[2] = {1, 0};
        uint32_t drawn[4];

        torci_philox(counter, key, drawn);
        keep[i] = subject->names[i] || drawn[0] % 8 <= n % 7;
    }
}

static void run_without_sets_of_lines(struct subject *subject)
{
    bool keep[LINES_MAX];

    for (uint32_t n = 0; n < SETS; n++) {
        draw_set(subject, n, keep);
        if (is_tried(subject) && !runs_with(subject, keep))
            fail_msg("%s with set %u of its lines", subject->path, n);
    }
}

static void end(struct subject *subject)
{
    torci_scenario_source_free(&subject->source);
    free(subject->text);
}

static const char *shipped[SCENARIOS_MAX + 1]; /* below the folder of the sources; main finds them */

TORC_TEST(runs_without_any_of_its_lines, .parameters = shipped)
{
    struct subject subject;

    begin(&subject, torc_trial_parameter(trial));
    run_without_each_line(&subject);
    run_without_sets_of_lines(&subject);
    end(&subject);
    return NULL;
}

/* What the others are compared with can say no: without its hosts a scenario is none. */
TORC_TEST(no_scenario_runs_without_its_hosts)
{
    struct subject subject;
    bool keep[LINES_MAX];

    begin(&subject, shipped[0]);
    for (size_t i = 0; i < subject.count; i++)
        keep[i] = strncmp(subject.lines[i], "host ", 5) != 0 &&
                  strncmp(subject.lines[i], "include ", 8) != 0;
    assert_false(runs_with(&subject, keep));
    end(&subject);
    return NULL;
}

int main(int argc, char **argv)
{
    char pattern[PATH_BYTES];
    glob_t found;
    int status;

    snprintf(pattern, sizeof(pattern), "%s/scenarios/*/*.scn", root());
    if (glob(pattern, 0, NULL, &found) != 0 || found.gl_pathc > SCENARIOS_MAX)
        return EXIT_FAILURE;
    for (size_t i = 0; i < found.gl_pathc; i++)
        shipped[i] = found.gl_pathv[i] + strlen(root()) + 1;
    status = torc_trial_main(argc, argv, &torc_trial_tests, NULL);
    globfree(&found);
    return status;
}
