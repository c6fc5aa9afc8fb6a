/* trial_report_file.c - forms for programs: TAP, JUnit's XML, JSON Lines. */
#include <string.h>

#include <torc/clock.h>

#include "trial_report.h"

/* --- TAP ------------------------------------------------------------------------------------------- */

static void tap_begin(struct torci_trial_report *report, FILE *out, size_t count)
{
    (void)report;
    fprintf(out, "TAP version 13\n1..%zu\n", count);
}

static void tap_test(struct torci_trial_report *report, FILE *out, const struct torci_trial_told *told)
{
    static const char *const words[] = {"ok", "not ok", "ok", "not ok"};
    static const char *const directives[] = {"", "", " # SKIP ", " # TODO "};

    fprintf(out, "%s %zu - %s%s%s\n", words[told->outcome->verdict], report->number, told->one->id,
            directives[told->outcome->verdict], told->outcome->reason);
    if (told->outcome->verdict == TORCI_TRIAL_FAILED)
        torci_trial_print_failure(report, out, "# ", told);
}

const struct torci_trial_form torci_trial_tap = {"tap", tap_begin, tap_test, NULL};

/* --- JUnit ----------------------------------------------------------------------------------------- */

/* XML 1.0 has no control characters but tab and line feed, escaped or not. */
static void print_xml(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&': fputs("&amp;", out); break;
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '"': fputs("&quot;", out); break;
        default: fputc((unsigned char)*text < ' ' && *text != '\n' && *text != '\t' ? '?' : *text, out);
        }
    }
}

static void junit_begin(struct torci_trial_report *report, FILE *out, size_t count)
{
    (void)report;
    fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"trial\" tests=\"%zu\">\n",
            count);
}

static void junit_detail(FILE *out, const struct torci_trial_told *told)
{
    const char *text = told->outcome->text;

    if (told->outcome->verdict == TORCI_TRIAL_FAILED) {
        char first[512];

        snprintf(first, sizeof first, "%.*s", (int)strcspn(text, "\n"), text);
        fputs("<failure message=\"", out);
        print_xml(out, first);
        fputs("\">", out);
        print_xml(out, text);
        fputs("</failure>", out);
    } else if (told->outcome->verdict != TORCI_TRIAL_PASSED) {
        fputs("<skipped message=\"", out);
        print_xml(out, told->outcome->reason);
        fputs("\"/>", out);
    }
    if (told->printed[0] != '\0') {
        fputs("<system-out>", out);
        print_xml(out, told->printed);
        fputs("</system-out>", out);
    }
}

static void junit_test(struct torci_trial_report *report, FILE *out, const struct torci_trial_told *told)
{
    unsigned long long us = told->outcome->real_ns / TORC_MICROSECOND;

    (void)report;
    fputs("<testcase classname=\"", out);
    print_xml(out, told->one->group);
    fputs("\" name=\"", out);
    print_xml(out, told->one->id + strlen(told->one->group) + 1);
    fprintf(out, "\" time=\"%llu.%06llu\">", us / 1000000, us % 1000000);
    junit_detail(out, told);
    fputs("</testcase>\n", out);
}

static void junit_end(struct torci_trial_report *report, FILE *out)
{
    (void)report;
    fputs("</testsuite>\n</testsuites>\n", out);
}

const struct torci_trial_form torci_trial_junit = {"junit", junit_begin, junit_test, junit_end};

/* --- JSON Lines ------------------------------------------------------------------------------------ */

static void print_json(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else if ((unsigned char)*text < ' ')
            fprintf(out, "\\u%04x", (unsigned char)*text);
        else
            fputc(*text, out);
    }
    fputc('"', out);
}

static void jsonl_test(struct torci_trial_report *report, FILE *out, const struct torci_trial_told *told)
{
    const struct torci_trial_outcome *outcome = told->outcome;

    (void)report;
    fputs("{\"test\":", out);
    print_json(out, told->one->id);
    fprintf(out, ",\"verdict\":\"%s\",\"site\":", torci_trial_verdict_name(outcome->verdict));
    print_json(out, told->one->test->site);
    fprintf(out, ",\"real_ns\":%llu,\"virtual_ns\":%llu,\"faults\":%llu", (unsigned long long)outcome->real_ns,
            (unsigned long long)outcome->virtual_ns, (unsigned long long)outcome->runs);
    if (outcome->reason[0] != '\0') {
        fputs(",\"reason\":", out);
        print_json(out, outcome->reason);
    }
    if (outcome->verdict == TORCI_TRIAL_FAILED) {
        fputs(",\"text\":", out);
        print_json(out, outcome->text);
    }
    fputs("}\n", out);
}

const struct torci_trial_form torci_trial_jsonl = {"jsonl", NULL, jsonl_test, NULL};
