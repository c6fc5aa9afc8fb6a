/* scenario_printer.h - how `torc run` shows what came of scenarios: lines for a person, TAP, digests; and
 * JUnit's XML into a file. */
#ifndef TORCI_SCENARIO_PRINTER_H
#define TORCI_SCENARIO_PRINTER_H

#include <stdio.h>

#include <torc/scenario.h>

enum torci_scenario_format { TORCI_SCENARIO_TEXT, TORCI_SCENARIO_TAP, TORCI_SCENARIO_DIGESTS };

struct torci_scenario_printer {
    enum torci_scenario_format format;
    const char *arguments; /* that a command line needs to do the same, each followed by a blank */
    FILE *junit;           /* or NULL */
    bool color;
    bool annotate; /* also as GitHub's annotations */
    unsigned count;
    unsigned failed;
    unsigned skipped;
};

/* One for each scenario, and one call before and after all of them. */
void torci_scenario_printer_begin(struct torci_scenario_printer *printer, size_t scenarios);
void torci_scenario_printer_report(struct torci_scenario_printer *printer, const char *path,
                                   const char *title, const struct torc_scenario_report *report);
/* It could not be run at all; `error` is a whole message. */
void torci_scenario_printer_invalid(struct torci_scenario_printer *printer, const char *path,
                                    const char *error);
void torci_scenario_printer_end(struct torci_scenario_printer *printer);

#endif
