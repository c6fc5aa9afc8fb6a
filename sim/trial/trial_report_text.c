/* trial_report_text.c - forms for people: tree and dots; and for GitHub, which shows them beside the source. */
#include <string.h>

#include <stdlib.h>

#include <torc/clock.h>

#include "trial_report.h"

/* --- tree ------------------------------------------------------------------------------------------ */

static void print_remarks(FILE *out, const struct torci_trial_outcome *outcome)
{
    if (outcome->reason[0] != '\0')
        fprintf(out, " (%s)", outcome->reason);
    if (outcome->runs > 0)
        fprintf(out, " (faults: %llu)", (unsigned long long)outcome->runs);
    if (outcome->real_ns >= 100 * TORC_MILLISECOND)
        fprintf(out, " (%llu ms)", (unsigned long long)(outcome->real_ns / TORC_MILLISECOND));
}

static void tree_test(struct torci_trial_report *report, FILE *out, const struct torci_trial_told *told)
{
    static const char *const words[] = {"ok", "FAIL", "skip", "todo"};

    if (strcmp(report->group, told->one->group) != 0)
        fprintf(out, "%s\n", told->one->group);
    fprintf(out, "  %-4s %s", words[told->outcome->verdict], told->one->id + strlen(told->one->group) + 1);
    print_remarks(out, told->outcome);
    fputc('\n', out);
    if (told->outcome->verdict == TORCI_TRIAL_FAILED)
        torci_trial_print_failure(report, out, "       ", told);
}

const struct torci_trial_form torci_trial_tree = {"tree", NULL, tree_test, torci_trial_print_counts};

/* --- dots ------------------------------------------------------------------------------------------ */

enum { DOTS_IN_LINE = 72 };

static void keep_failure(struct torci_trial_report *report, const struct torci_trial_told *told)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *memory = open_memstream(&text, &bytes);
    char *grown;

    if (memory == NULL)
        return;
    fprintf(memory, "FAIL %s\n", told->one->id);
    torci_trial_print_failure(report, memory, "     ", told);
    fclose(memory);
    grown = realloc(report->failures, report->failure_bytes + bytes + 1);
    if (grown != NULL) {
        memcpy(grown + report->failure_bytes, text, bytes + 1);
        report->failures = grown;
        report->failure_bytes += bytes;
    }
    free(text);
}

static void dots_test(struct torci_trial_report *report, FILE *out, const struct torci_trial_told *told)
{
    fputc(".FST"[told->outcome->verdict], out);
    if (report->number % DOTS_IN_LINE == 0)
        fputc('\n', out);
    fflush(out);
    if (told->outcome->verdict == TORCI_TRIAL_FAILED)
        keep_failure(report, told);
}

static void dots_end(struct torci_trial_report *report, FILE *out)
{
    if (report->number % DOTS_IN_LINE != 0)
        fputc('\n', out);
    if (report->failures != NULL)
        fputs(report->failures, out);
    free(report->failures);
    report->failures = NULL;
    report->failure_bytes = 0;
    torci_trial_print_counts(report, out);
}

const struct torci_trial_form torci_trial_dots = {"dots", NULL, dots_test, dots_end};

/* --- GitHub ---------------------------------------------------------------------------------------- */

/* What is in a workflow command's text is told by escapes. */
static void print_escaped(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '%' || *text == '\n' || *text == '\r')
            fprintf(out, "%%%02X", (unsigned char)*text);
        else
            fputc(*text, out);
    }
}

static void github_test(struct torci_trial_report *report, FILE *out, const struct torci_trial_told *told)
{
    const char *site = told->one->test->site;
    size_t file = strcspn(site, ":");

    (void)report;
    if (told->outcome->verdict != TORCI_TRIAL_FAILED)
        return;
    fprintf(out, "::error file=%.*s,line=%s,title=%s::", (int)file, site, site[file] == ':' ? site + file + 1 : "1",
            told->one->id);
    print_escaped(out, told->outcome->text);
    fputc('\n', out);
}

const struct torci_trial_form torci_trial_github = {"github", NULL, github_test, NULL};
