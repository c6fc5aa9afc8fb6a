#include <stddef.h>

#include "command_list.h"

const struct torci_command torci_table_merge = {
    .name = "merge",
    .summary = "put the results of shards together, and compare",
    .operands = "OUT FILE...",
    .operand = TORCI_VALUE_FILE,
    .about = "Puts the results of torc explore, torc sweep and torc hunt (--results FILE) into OUT, which must not be there "
             "yet, and tells what is in it: failures, those that are alike once, what was left out, and runs that are the same and "
             "have another digest in another file.",
    .options =
        (const struct torci_option[]){
            {.name = "marks", .text = "Every TORC_SOMETIMES and TORC_REACHABLE is to hold in some run of an exploration: those "
                                      "that do not are listed, status 5."},
            {.name = NULL}},
    .exits = (const struct torci_term[]){{"0", "All is there and right."},
                                         {"1", "A run failed."},
                                         {"2", "A file is invalid."},
                                         {"3", "Runs that are the same differ."},
                                         {"4", "Something was left out."},
                                         {"5", "A `sometimes` was true, or a `when` fired, in no run, every run was set aside, or with --marks a mark "
                                          "held in none."},
                                         {NULL, NULL}},
    .examples = (const struct torci_term[]){{"torc merge all.results shard-*.results", "What several machines have found."},
                                            {NULL, NULL}},
    .see_also = "torc-explore(1), torc-hunt(1), torc-sweep(1), torc-results(5)",
};
