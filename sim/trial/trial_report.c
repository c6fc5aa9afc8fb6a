#include "trial_report.h"

#include <stdlib.h>
#include <string.h>

void torci_trial_report_add(struct torci_trial_report *report, const struct torci_trial_form *form, FILE *out)
{
    report->forms[report->form_count].form = form;
    report->forms[report->form_count].out = out;
    report->form_count++;
}

void torci_trial_report_begin(struct torci_trial_report *report, size_t count)
{
    report->counts = (struct torci_trial_counts){0, 0, 0, 0};
    report->number = 0;
    report->group[0] = '\0';
    for (size_t i = 0; i < report->form_count; i++)
        if (report->forms[i].form->begin != NULL)
            report->forms[i].form->begin(report, report->forms[i].out, count);
}

static void count(struct torci_trial_counts *counts, const struct torci_trial_outcome *outcome)
{
    size_t *const by_verdict[] = {&counts->passed, &counts->failed, &counts->skipped, &counts->todo};

    ++*by_verdict[outcome->verdict];
}

void torci_trial_report_test(struct torci_trial_report *report, const struct torci_trial_told *told)
{
    report->number++;
    count(&report->counts, told->outcome);
    for (size_t i = 0; i < report->form_count; i++)
        report->forms[i].form->test(report, report->forms[i].out, told);
    snprintf(report->group, sizeof report->group, "%s", told->one->group);
}

int torci_trial_report_end(struct torci_trial_report *report)
{
    int status = 0;

    for (size_t i = 0; i < report->form_count; i++) {
        FILE *out = report->forms[i].out;

        if (report->forms[i].form->end != NULL)
            report->forms[i].form->end(report, out);
        if (fflush(out) != 0 || ferror(out) != 0)
            status = 99;
    }
    return status;
}

/* --- what forms share ------------------------------------------------------------------------------ */

static void print_lines(FILE *out, const char *margin, const char *more, const char *text)
{
    while (*text != '\0') {
        size_t bytes = strcspn(text, "\n");

        fprintf(out, "%s%s%.*s\n", margin, more, (int)bytes, text);
        text += bytes + (text[bytes] == '\n');
    }
}

void torci_trial_print_failure(const struct torci_trial_report *report, FILE *out, const char *margin,
                               const struct torci_trial_told *told)
{
    print_lines(out, margin, "", told->outcome->text);
    fprintf(out, "%sdefined:   %s\n", margin, told->one->test->site);
    if (told->printed[0] != '\0')
        fprintf(out, "%sprinted:\n", margin);
    print_lines(out, margin, "  ", told->printed);
    fprintf(out, "%sreproduce: %s --filter '%s'\n", margin, report->command, told->one->id);
    fprintf(out, "%sshow:      %s --gdb --filter '%s'\n", margin, report->command, told->one->id);
}

void torci_trial_print_counts(struct torci_trial_report *report, FILE *out)
{
    const struct torci_trial_counts *counts = &report->counts;

    fprintf(out, "%zu passed, %zu failed", counts->passed, counts->failed);
    if (counts->skipped > 0)
        fprintf(out, ", %zu skipped", counts->skipped);
    if (counts->todo > 0)
        fprintf(out, ", %zu todo", counts->todo);
    fputc('\n', out);
}
