#include <stddef.h>

#include "command_list.h"
#include "shared_options.h"

const struct torci_command torci_table_hunt = {
    .name = "hunt",
    .summary = "try everything there is against a scenario, for a minute",
    .operands = "SCENARIO",
    .operand = TORCI_VALUE_SCENARIO,
    .about = "Tries everything there is against one scenario, until something fails or the time is up: a plain run, the "
             "determinism check, other orders and amounts, every single fault once, every split if the scenario has a line "
             "`sweep segment`, many faults and delays by seeds, every single fault for ever, and seeds again. What fails is shrunk to a small scenario.",
    .options =
        (const struct torci_option[]){
            TORCI_OPTION_BUDGET("60s"),
            TORCI_OPTION_JOBS,
            {.name = "out", .value = "DIR", .kind = TORCI_VALUE_FOLDER, .text = "Writes what fails into DIR.",
             .preset = "the scenario's folder"},
            {.name = "results", .value = "FILE", .kind = TORCI_VALUE_FILE,
             .text = "Writes a row for each run into FILE, of SQLite; each phase is a campaign of it."},
            {.name = "marks", .text = "Every TORC_SOMETIMES and TORC_REACHABLE of the modules is to hold in some run: those that "
                                      "do not are listed, status 5."},
            TORCI_SCENARIO_OPTIONS,
            {.name = NULL}},
    .exits = (const struct torci_term[]){{"0", "Nothing failed."},
                                         {"1", "Something did."},
                                         {"2", "Invalid."},
                                         {"3", "It is not deterministic."},
                                         {"5", "A `sometimes` was never true, or with --marks a mark held in no run."},
                                         {NULL, NULL}},
    .examples = (const struct torci_term[]){{"torc hunt --budget 10s kv.scn", "Ten seconds of it."}, {NULL, NULL}},
    .see_also = "torc-check(1), torc-explore(1), torc-merge(1), torc-sweep(1), torc-results(5), torc-scenario(5)",
};
