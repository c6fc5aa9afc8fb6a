#include <stddef.h>

#include "command_list.h"
#include "shared_options.h"

const struct torci_command torci_table_explore = {
    .name = "explore",
    .summary = "run a scenario with many seeds and orders; shrink what fails",
    .operands = "SCENARIO",
    .operand = TORCI_VALUE_SCENARIO,
    .about = "Runs the scenario once for each seed; what a run leaves open (torc_decision(3)) is decided by a strategy. Stops "
             "at the first seed that fails (with --results it goes on), shrinks it (then the first of each kind), and writes "
             "the small scenario and the decisions.\n\n"
             "Options come before what the scenario's explore line says.",
    .options =
        (const struct torci_option[]){
            {.name = "seeds", .value = "A..B", .text = "Seeds, both ends included; A alone: that one.", .preset = "1..100"},
            {.name = "strategy", .value = "NAME", .kind = TORCI_VALUE_ONE_OF,
             .text = "Who decides. dfs has no seeds but tries every answer to the first questions, in one process.",
             .choices = "fifo, random, pct, portfolio, dfs", .preset = "portfolio"},
            {.name = "depth", .value = "NUMBER", .text = "How many questions dfs answers.", .preset = "12"},
            TORCI_OPTION_SITES,
            TORCI_OPTION_BUDGET("no end"),
            TORCI_OPTION_JOBS,
            {.name = "out", .value = "DIR", .kind = TORCI_VALUE_FOLDER,
             .text = "Writes what fails into DIR, and keeps seeds that failed there, to be tried first the next time.",
             .preset = "the scenario's folder"},
            {.name = "marks", .text = "Every TORC_SOMETIMES and TORC_REACHABLE of the modules is to hold in some run: those that "
                                      "do not are listed, status 5; neither of a shard nor of what --resume takes over, but by "
                                      "torc merge --marks."},
            TORCI_CAMPAIGN_OPTIONS,
            TORCI_SCENARIO_OPTIONS,
            {.name = NULL}},
    .exits = (const struct torci_term[]){{"0", "No seed failed."},
                                         {"1", "One failed."},
                                         {"2", "Invalid."},
                                         {"3", "One had another digest in the file of results."},
                                         {"4", "The budget ended it."},
                                         {"5", "A `sometimes` was true, or a `when` fired, in no run (of shards torc merge "
                                               "tells), every run was set aside, or with --marks a mark held in none."},
                                         {NULL, NULL}},
    .examples = (const struct torci_term[]){{"torc explore --seeds 1..10000 kv.scn", "Ten thousand seeds."},
                                            {"torc explore --strategy dfs --depth 8 kv.scn",
                                             "Every order of the first eight questions."},
                                            {NULL, NULL}},
    .environment = TORCI_CAMPAIGN_ENVIRONMENT,
    .see_also = "torc-hunt(1), torc-merge(1), torc-run(1), torc_decision(3), torc-results(5), torc-scenario(5)",
};
