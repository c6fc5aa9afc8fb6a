#include <stddef.h>

#include "command_list.h"
#include "shared_options.h"

const struct torci_command torci_table_sweep = {
    .name = "sweep",
    .summary = "fail every operation of a scenario in turn",
    .operands = "SCENARIO",
    .operand = TORCI_VALUE_SCENARIO,
    .about = "Runs the scenario once and counts, host by host, what could fail: every acquisition of memory, read, write, "
             "connect, and so on. Then fails each of them in turn, in every way it can, once and for ever. Expectations may "
             "fail then; nothing may crash, leak, get stuck or go unhandled, and `always` and `never` must hold. With "
             "`segment` streams of scripted peers are split after every byte instead, and expectations hold.\n\n"
             "Options come before what the scenario's sweep line says.",
    .more = "Each case runs in a process that may crash. The first of each kind of failure is told, with the torc run command "
            "that reproduces it.",
    .options =
        (const struct torci_option[]){
            {.name = "fault", .value = "LIST", .kind = TORCI_VALUE_SOME_OF, .text = "Kinds of operations that fail.",
             .choices = "alloc, read, write, send, accept, connect, socket, resolve, timer, job, db, io, cancel, errback, never, segment",
             .preset = "all but errback, never and segment"},
            {.name = "mode", .value = "LIST", .kind = TORCI_VALUE_SOME_OF, .text = "Fails an operation once, or from then on.",
             .choices = "once, persist", .preset = "both"},
            {.name = "k", .value = "A..B", .text = "Of each host and kind, only those operations, counted from 1; A alone: that one; A..: from A on.",
             .preset = "all"},
            {.name = "equivalent", .value = "HOW", .kind = TORCI_VALUE_ONE_OF,
             .text = "once: of operations that are asked for from the same place of the code, the first and the last fail; "
                     "how many cases that leaves out is told.",
             .choices = "once, all", .preset = "all"},
            TORCI_OPTION_BUDGET("no end"),
            TORCI_OPTION_JOBS,
            {.name = "sample", .value = "N[:SEED]", .text = "Runs N of the cases, as many of each host and kind, evenly spread.",
             .preset = "all; SEED 1"},
            {.name = "out", .value = "DIR", .kind = TORCI_VALUE_FOLDER,
             .text = "Shrinks what fails too, the first of each kind, into DIR."},
            TORCI_CAMPAIGN_OPTIONS,
            TORCI_OPTION_SEED,
            TORCI_SCENARIO_OPTIONS,
            {.name = NULL}},
    .exits = (const struct torci_term[]){{"0", "Every case is right."},
                                         {"1", "One is not."},
                                         {"2", "Invalid, or the scenario does not pass without a fault."},
                                         {"3", "One had another digest in the file of results."},
                                         {"4", "The budget ended it."},
                                         {NULL, NULL}},
    .examples = (const struct torci_term[]){{"torc sweep scenarios/smoke/kv.scn", "Every operation."},
                                            {"torc sweep --fault alloc,db --sample 1000 kv.scn", "A thousand cases of two kinds."},
                                            {NULL, NULL}},
    .environment = TORCI_CAMPAIGN_ENVIRONMENT,
    .see_also = "torc-hunt(1), torc-merge(1), torc-run(1), torc-results(5), torc-scenario(5)",
};
