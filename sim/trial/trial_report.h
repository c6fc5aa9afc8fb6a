/* trial_report.h - prints what came of tests, in one form on standard output and others into files. */
#ifndef TORCI_TRIAL_REPORT_H
#define TORCI_TRIAL_REPORT_H

#include <stdio.h>

#include "trial_case.h"

/* What is told of a test that ended. */
struct torci_trial_told {
    const struct torci_trial_case *one;
    const struct torci_trial_outcome *outcome;
    const char *printed; /* by the test, to standard output; "": nothing */
};

struct torci_trial_counts {
    size_t passed;
    size_t failed;
    size_t skipped;
    size_t todo;
};

struct torci_trial_report;

/* One form.  Any of them may be NULL but `test`. */
struct torci_trial_form {
    const char *name;
    void (*begin)(struct torci_trial_report *report, FILE *out, size_t count);
    void (*test)(struct torci_trial_report *report, FILE *out, const struct torci_trial_told *told);
    void (*end)(struct torci_trial_report *report, FILE *out);
};

extern const struct torci_trial_form torci_trial_tree;
extern const struct torci_trial_form torci_trial_dots;
extern const struct torci_trial_form torci_trial_tap;
extern const struct torci_trial_form torci_trial_junit;
extern const struct torci_trial_form torci_trial_jsonl;
extern const struct torci_trial_form torci_trial_github;

enum { TORCI_TRIAL_FORMS_MAX = 4 };

struct torci_trial_report {
    const char *command; /* that runs these tests again, for what a failure prints */
    struct torci_trial_counts counts;
    struct {
        const struct torci_trial_form *form;
        FILE *out;
    } forms[TORCI_TRIAL_FORMS_MAX];
    size_t form_count;
    size_t number;       /* of the test that is told */
    char group[256];     /* of the last one */
    char *failures;      /* told at the end, by dots; grows */
    size_t failure_bytes;
};

void torci_trial_report_add(struct torci_trial_report *report, const struct torci_trial_form *form, FILE *out);
void torci_trial_report_begin(struct torci_trial_report *report, size_t count);
void torci_trial_report_test(struct torci_trial_report *report, const struct torci_trial_told *told);
/* 0, or 99: what was told has not arrived. */
int torci_trial_report_end(struct torci_trial_report *report);

/* What failed, what it printed and how to see it again, each line after `margin`. */
void torci_trial_print_failure(const struct torci_trial_report *report, FILE *out, const char *margin,
                               const struct torci_trial_told *told);
/* "3 passed, 1 failed" */
void torci_trial_print_counts(struct torci_trial_report *report, FILE *out);

#endif
