#include <stddef.h>

#include "command_list.h"

const struct torci_command torci_table_report = {
    .name = "report",
    .summary = "make a page of what campaigns found, or of what ran",
    .operands = "REPORT [ARGUMENT...]",
    .operand = TORCI_VALUE_FILE,
    .about = "Makes a page, one file of HTML, of what other commands wrote down. `torc report REPORT --help` says what a "
             "report takes.\n\n"
             "`campaign` is about files of results, those of torc explore, torc sweep and torc hunt (--results FILE) and of "
             "torc merge: what failed and how that is made again, outcomes by operation, what was left out, marks, coverage "
             "and time.\n\n"
             "`coverage` is about the lines and decisions that ran, by gcov, and about which test reached a line.\n\n"
             "`error-paths` is about the error paths of C sources: which ran, in which run, and which only with faults.",
    .options = (const struct torci_option[]){{.name = NULL}},
    .exits = (const struct torci_term[]){{"0", "The page is made, whatever it says."},
                                         {"2", "A file is none of results, or python3 or a module of it is missing."},
                                         {"5", "Of coverage and error-paths: a threshold was not met."},
                                         {NULL, NULL}},
    .examples = (const struct torci_term[]){{"torc report campaign --out report.html all.db", "What the shards have found."},
                                            {"torc report coverage --tests counts --out report", "After torc trial --coverage counts."},
                                            {NULL, NULL}},
    .environment = (const struct torci_term[]){{"PYTHON", "The python3 that makes the page [/usr/bin/python3]."}, {NULL, NULL}},
    .see_also = "torc-explore(1), torc-hunt(1), torc-merge(1), torc-sweep(1), torc-results(5)",
};
