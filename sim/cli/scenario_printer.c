#include "scenario_printer.h"

#include <string.h>

/* --- pieces --------------------------------------------------------------------------------------- */

static void print_duration(FILE *out, uint64_t ns)
{
    static const struct {
        const char *name;
        unsigned long long factor;
        int digits;
    } units[] = {{"s", 1000000000, 9}, {"ms", 1000000, 6}, {"us", 1000, 3}, {"ns", 1, 0}};
    size_t i = 0;
    unsigned long long rest;
    char text[24];
    int digits;

    if (ns == 0) {
        fputs("0", out);
        return;
    }
    while (ns < units[i].factor)
        i++;
    rest = ns % units[i].factor;
    fprintf(out, "%llu", (unsigned long long)ns / units[i].factor);
    snprintf(text, sizeof(text), "%0*llu", units[i].digits, rest);
    digits = units[i].digits;
    while (digits > 0 && text[digits - 1] == '0')
        digits--;
    if (digits > 0)
        fprintf(out, ".%.*s", digits, text);
    fputs(units[i].name, out);
}

/* A text of several lines, each behind `margin`. */
static void print_lines(FILE *out, const char *margin, const char *text)
{
    while (*text != '\0') {
        size_t bytes = strcspn(text, "\n");

        fprintf(out, "%s%.*s\n", margin, (int)bytes, text);
        text += bytes + (text[bytes] == '\n');
    }
}

static void print_place(FILE *out, const struct torc_scenario_failure *failure)
{
    if (failure->line > 0)
        fprintf(out, "%s:%u:%u", failure->file, failure->line, failure->column);
    else
        fputs(failure->file, out);
}

/* What failed: place, property, host, time; then the details. */
static void print_failure(FILE *out, const char *margin, const struct torc_scenario_failure *failure)
{
    fputs(margin, out);
    print_place(out, failure);
    fprintf(out, ": %s\n%s    %s%s", failure->message, margin, failure->property,
            failure->property[0] != '\0' ? "\n" : "");
    if (failure->property[0] != '\0')
        fprintf(out, "%s    ", margin);
    fputs("at ", out);
    print_duration(out, failure->t_ns);
    if (failure->host[0] != '\0')
        fprintf(out, ", host %s", failure->host);
    fputc('\n', out);
    {
        char deeper[40];

        snprintf(deeper, sizeof(deeper), "%s    ", margin);
        print_lines(out, deeper, failure->detail);
    }
}

static void print_commands(FILE *out, const char *margin, const struct torci_scenario_printer *printer,
                           const char *path, const struct torc_scenario_report *report)
{
    fprintf(out, "%sreproduce: torc run --seed %llu %s%s\n", margin,
            (unsigned long long)report->seed, printer->arguments, path);
    fprintf(out, "%sshow:      torc run -v --seed %llu %s%s\n", margin,
            (unsigned long long)report->seed, printer->arguments, path);
}

/* A run that was set aside is none. */
static bool is_failure(const struct torc_scenario_report *report)
{
    return report->verdict != TORC_SCENARIO_PASS && report->verdict != TORC_SCENARIO_SKIPPED;
}

/* --- XML ------------------------------------------------------------------------------------------ */

static void print_xml(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '&')
            fputs("&amp;", out);
        else if (c == '<')
            fputs("&lt;", out);
        else if (c == '>')
            fputs("&gt;", out);
        else if (c == '"')
            fputs("&quot;", out);
        else if (c == '\n')
            fputs("&#10;", out);
        else
            fputc(c < 0x20 && c != '\t' ? '?' : c, out);
    }
}

static void junit_case(struct torci_scenario_printer *printer, const char *path, const char *title,
                       const struct torc_scenario_report *report, const char *error)
{
    FILE *out = printer->junit;

    if (out == NULL)
        return;
    fputs("  <testcase classname=\"", out);
    print_xml(out, path);
    fputs("\" name=\"", out);
    print_xml(out, title);
    fprintf(out, "\" time=\"%llu.%09llu\">\n",
            report != NULL ? (unsigned long long)(report->t_ns / 1000000000) : 0,
            report != NULL ? (unsigned long long)(report->t_ns % 1000000000) : 0);
    if (error != NULL) {
        fputs("    <error message=\"", out);
        print_xml(out, error);
        fputs("\"/>\n", out);
    }
    if (report != NULL && report->verdict == TORC_SCENARIO_SKIPPED) {
        fputs("    <skipped message=\"", out);
        print_xml(out, report->failures[0].message);
        fputs("\"/>\n", out);
    }
    for (size_t i = 0; report != NULL && is_failure(report) && i < report->failure_count; i++) {
        const struct torc_scenario_failure *failure = &report->failures[i];

        fputs("    <failure message=\"", out);
        print_xml(out, failure->message);
        fprintf(out, "\" type=\"%s\">", torc_scenario_verdict_name(report->verdict));
        print_xml(out, failure->file);
        fprintf(out, ":%u: ", failure->line);
        print_xml(out, failure->property);
        fputs("&#10;", out);
        print_xml(out, failure->detail);
        fputs("</failure>\n", out);
    }
    fputs("  </testcase>\n", out);
}

/* --- one scenario --------------------------------------------------------------------------------- */

static void print_text(struct torci_scenario_printer *printer, const char *path,
                       const struct torc_scenario_report *report)
{
    char drifted[256];
    bool failed = is_failure(report);

    printf("%s%-7s%s  %s  (", !printer->color ? "" : failed ? "\033[31m" : "\033[32m",
           torc_scenario_verdict_name(report->verdict), printer->color ? "\033[0m" : "", path);
    print_duration(stdout, report->t_ns);
    printf(", %llu events, %s", (unsigned long long)report->events, report->digest);
    if (report->lines_skipped > 0)
        printf(", %zu line%s skipped", report->lines_skipped,
               report->lines_skipped == 1 ? "" : "s");
    puts(")");
    for (size_t i = 0; i < report->failure_count; i++)
        print_failure(stdout, "    ", &report->failures[i]);
    if (report->drift > 0) {
        torc_decision_print(&report->drifted, drifted, sizeof drifted);
        printf("    drift: %zu decision%s never asked for, the first is: %s\n", report->drift,
               report->drift == 1 ? " was" : "s were", drifted);
    }
    if (report->verdict != TORC_SCENARIO_PASS)
        print_commands(stdout, "    ", printer, path, report);
}

static void print_tap(struct torci_scenario_printer *printer, const char *path,
                      const struct torc_scenario_report *report)
{
    printf("%sok %u - %s %s%s%s\n", is_failure(report) ? "not " : "", printer->count, path, report->digest,
           report->verdict == TORC_SCENARIO_SKIPPED ? " # SKIP " : "",
           report->verdict == TORC_SCENARIO_SKIPPED ? report->failures[0].message : "");
    if (!is_failure(report))
        return;
    for (size_t i = 0; i < report->failure_count; i++)
        print_failure(stdout, "# ", &report->failures[i]);
    print_commands(stdout, "# ", printer, path, report);
}

/* In an annotation %, CR and LF are written as their numbers. */
static void annotate(const struct torc_scenario_failure *failure)
{
    printf("::error file=%s,line=%u,col=%u::", failure->file, failure->line, failure->column);
    for (const char *at = failure->message; *at != '\0'; at++) {
        if (*at == '%' || *at == '\n' || *at == '\r')
            printf("%%%02X", (unsigned)*at);
        else
            putchar(*at);
    }
    putchar('\n');
}

void torci_scenario_printer_report(struct torci_scenario_printer *printer, const char *path,
                                   const char *title, const struct torc_scenario_report *report)
{
    printer->count++;
    printer->failed += is_failure(report);
    printer->skipped += report->verdict == TORC_SCENARIO_SKIPPED;
    if (printer->format == TORCI_SCENARIO_DIGESTS)
        printf("%s  %s\n", report->digest, path);
    else if (printer->format == TORCI_SCENARIO_TAP)
        print_tap(printer, path, report);
    else
        print_text(printer, path, report);
    for (size_t i = 0; printer->annotate && is_failure(report) && i < report->failure_count; i++)
        annotate(&report->failures[i]);
    junit_case(printer, path, title, report, NULL);
    fflush(stdout);
}

void torci_scenario_printer_invalid(struct torci_scenario_printer *printer, const char *path,
                                    const char *error)
{
    printer->count++;
    printer->failed++;
    if (printer->format == TORCI_SCENARIO_TAP) {
        printf("not ok %u - %s\n", printer->count, path);
        print_lines(stdout, "# ", error);
    } else {
        fputs(error, stderr);
    }
    junit_case(printer, path, path, NULL, error);
}

void torci_scenario_printer_begin(struct torci_scenario_printer *printer, size_t scenarios)
{
    if (printer->format == TORCI_SCENARIO_TAP)
        printf("1..%zu\n", scenarios);
    if (printer->junit != NULL)
        fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"torc run\">\n",
              printer->junit);
}

void torci_scenario_printer_end(struct torci_scenario_printer *printer)
{
    if (printer->junit != NULL)
        fputs("</testsuite>\n", printer->junit);
    if (printer->format == TORCI_SCENARIO_TEXT && printer->count > 1)
        printf("%u passed, %u failed", printer->count - printer->failed - printer->skipped, printer->failed);
    if (printer->format == TORCI_SCENARIO_TEXT && printer->count > 1 && printer->skipped > 0)
        printf(", %u set aside", printer->skipped);
    if (printer->format == TORCI_SCENARIO_TEXT && printer->count > 1)
        putchar('\n');
}
