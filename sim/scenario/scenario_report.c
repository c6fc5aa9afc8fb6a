/* What came of a run, in words. */
#include <stdlib.h>
#include <string.h>

#include <torc/format.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "scenario_run.h"

enum { SENTENCE_BYTES = 600, SHOWN_BYTES = 64, BEFORE_BYTES = 24 };

struct report {
    struct torc_scenario_report report; /* first */
    struct torci_pile pile;
    struct torc_scenario_failure *failures;
    size_t room;
};

int torci_report_new(struct torc_scenario_report **out, struct torci_pile **out_pile)
{
    struct report *report = calloc(1, sizeof(*report));

    if (report == NULL)
        return TORC_ENOMEM;
    *out = &report->report;
    *out_pile = &report->pile;
    return 0;
}

void torc_scenario_report_free(struct torc_scenario_report *public_report)
{
    struct report *report = (struct report *)(void *)public_report;

    if (report == NULL)
        return;
    torci_pile_free(&report->pile);
    free(report->failures);
    free(report);
}

static bool make_room(struct report *report)
{
    size_t room = report->room == 0 ? 8 : report->room * 2;
    struct torc_scenario_failure *failures;

    if (report->report.failure_count < report->room)
        return true;
    failures = realloc(report->failures, room * sizeof(*failures));
    if (failures == NULL)
        return false;
    report->failures = failures;
    report->report.failures = failures;
    report->room = room;
    return true;
}

static const char *copy_text(struct torci_run *run, const char *text, size_t bytes)
{
    const char *copy = torci_pile_copy(run->report_pile, text, bytes);

    if (copy == NULL)
        run->error = TORC_ENOMEM;
    return copy != NULL ? copy : "";
}

void torci_assumptions_look(struct torci_run *run)
{
    const struct torc_mark *refuted = run->world != NULL ? torc_world_refuted(run->world) : NULL;

    if (refuted != NULL && !torci_run_failed(run))
        torci_report_failure(run, TORC_SCENARIO_SKIPPED, NULL, NULL, NULL,
                             "set aside: the assumption \"%s\" is false, %s", refuted->name, refuted->site);
}

void torci_report_failure(struct torci_run *run, enum torc_scenario_verdict verdict,
                          const struct torci_place *place, const char *host, const char *detail,
                          const char *format, ...)
{
    struct report *report = (struct report *)(void *)run->report;
    struct torc_scenario_failure *failure;
    const struct torci_line *line = place != NULL ? place->line : NULL;
    const char *file = run->scenario->sources->name;
    char sentence[SENTENCE_BYTES];
    va_list arguments;

    if (verdict != TORC_SCENARIO_SKIPPED)
        torci_assumptions_look(run);
    if (run->report->verdict == TORC_SCENARIO_SKIPPED)
        return;
    va_start(arguments, format);
    torc_format_list(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    if (verdict == TORC_SCENARIO_UNMET)
        /* Of a line.  NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
        run->report->unmet |= UINT64_C(1) << XXH3_64bits(line->canonical, line->canonical_bytes) % 64;
    if (torci_sweep_lets_go(run, verdict)) {
        torci_run_tell(run, "let go: %s", sentence);
        return;
    }
    if (report->report.verdict == TORC_SCENARIO_PASS)
        report->report.verdict = verdict;
    if (!make_room(report)) {
        run->error = TORC_ENOMEM;
        return;
    }
    if (line != NULL)
        file = line->source->name;
    if (detail == NULL)
        detail = "";
    failure = &report->failures[report->report.failure_count++];
    failure->property = line != NULL ? copy_text(run, line->canonical, line->canonical_bytes) : "";
    failure->host = host != NULL ? copy_text(run, host, strlen(host)) : "";
    failure->t_ns = torci_run_now(run);
    failure->file = copy_text(run, file, strlen(file));
    failure->line = line != NULL ? line->number : 0;
    failure->column = line != NULL ? place->column : 0;
    failure->message = copy_text(run, sentence, strlen(sentence));
    failure->detail = copy_text(run, detail, strlen(detail));
    if (place != NULL)
        torci_report_property(run, place, false);
}

void torci_report_property(struct torci_run *run, const struct torci_place *place, bool held)
{
    const struct torci_line *line = place->line;
    const char *text = torci_pile_copy(&run->pile, line->canonical, line->canonical_bytes);

    if (run->world == NULL)
        return;
    if (text == NULL) {
        run->error = TORC_ENOMEM;
        return;
    }
    torc_trace_begin(run->trace, TORC_TRACE_property, torci_run_now(run), "", 0);
    torc_trace_text(run->trace, "line", text);
    torc_trace_integer(run->trace, "held", held);
    torc_trace_end(run->trace);
}

/* --- bytes side by side --------------------------------------------------------------------------- */

static size_t width_of(uint8_t byte)
{
    char shown[8];

    return torci_show_bytes(shown, sizeof(shown), &byte, 1, 1) - 2;
}

static size_t put_row(char *text, size_t size, const char *name, const uint8_t *data, size_t bytes,
                      size_t from)
{
    char shown[SHOWN_BYTES * 4 + 60];

    torci_show_bytes(shown, sizeof(shown), data + from, bytes - from, SHOWN_BYTES);
    return torc_format(text, size, "%s%s%s\n", name, from > 0 ? "..." : "", shown);
}

const char *torci_report_difference(struct torci_run *run, const struct torci_bytes *expected,
                                    const uint8_t *got, size_t got_bytes)
{
    char text[3 * (SHOWN_BYTES * 4 + 100)];
    size_t used = 0;
    size_t same = 0;
    size_t from;
    size_t blanks;

    if (expected == NULL) {
        if (got_bytes == 0)
            return copy_text(run, "got       nothing\n", 18);
        put_row(text, sizeof(text), "got       ", got, got_bytes, 0);
        return copy_text(run, text, strlen(text));
    }
    while (same < got_bytes && same < expected->bytes && got[same] == expected->data[same])
        same++;
    from = same > BEFORE_BYTES ? same - BEFORE_BYTES : 0;
    used = put_row(text, sizeof(text), "expected  ", expected->data, expected->bytes, from);
    if (got_bytes == 0) {
        used += torc_format(text + used, sizeof(text) - used, "got       nothing\n");
        return copy_text(run, text, used);
    }
    used += put_row(text + used, sizeof(text) - used, "got       ", got, got_bytes, from);
    blanks = strlen("got       \"") + (from > 0 ? 3 : 0);
    for (size_t i = from; i < same; i++)
        blanks += width_of(got[i]);
    if (same == got_bytes)
        used += torc_format(text + used, sizeof(text) - used, "%*s^ ends after %llu of %llu bytes\n",
                            (int)blanks, "", (unsigned long long)same,
                            (unsigned long long)expected->bytes);
    else
        used += torc_format(text + used, sizeof(text) - used, "%*s^ differs at byte %llu\n",
                            (int)blanks, "", (unsigned long long)same);
    return copy_text(run, text, used);
}

/* --- verdicts ------------------------------------------------------------------------------------- */

const char *torc_scenario_verdict_name(enum torc_scenario_verdict verdict)
{
    static const char *const names[] = {"pass", "fail", "stuck", "invalid", "limit", "unmet", "skipped"};

    return (size_t)verdict < sizeof(names) / sizeof(names[0]) ? names[verdict] : "?";
}

int torc_scenario_exit_status(enum torc_scenario_verdict verdict)
{
    static const int statuses[] = {0, 1, 1, 2, 4, 5, 77};

    return (size_t)verdict < sizeof(statuses) / sizeof(statuses[0]) ? statuses[verdict] : 99;
}
