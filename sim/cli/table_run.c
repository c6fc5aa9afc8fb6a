#include <stddef.h>

#include "command_list.h"
#include "shared_options.h"

const struct torci_command torci_table_run = {
    .name = "run",
    .summary = "run scenarios in virtual time",
    .operands = "SCENARIO...",
    .operand = TORCI_VALUE_SCENARIO,
    .about = "Runs each scenario once, in virtual time, and prints its verdict and digest. torc-scenario(5) describes the "
             "language.",
    .more = "The same scenario with the same seed is the same run, to the byte: its digest is the same on every machine. "
            "What fails is printed with the command that reproduces it and the command that shows it.",
    .options =
        (const struct torci_option[]){
            TORCI_OPTION_SEED,
            TORCI_SCENARIO_OPTIONS,
            {.name = "verbose", .letter = 'v', .text = "Tells line by line what happens."},
            {.name = "trace", .text = "Writes the trace to stdout, one event in JSON a line."},
            {.name = "jsonl", .value = "FILE", .kind = TORCI_VALUE_FILE, .text = "Writes the trace into FILE."},
            {.name = "hashes", .text = "Ends each line of the trace with the digest so far."},
            {.name = "fault", .value = "CASE",
             .text = "Makes one operation fail, as torc sweep names it: SITE:HOST:K[..]=OPTION."},
            {.name = "split", .value = "CASE", .text = "Splits one stream, as torc sweep names it: CONNECTION:c2s:AT."},
            {.name = "strategy", .value = "NAME", .kind = TORCI_VALUE_ONE_OF,
             .text = "Decides as torc explore does for this seed.", .choices = "fifo, random, pct, portfolio"},
            TORCI_OPTION_SITES,
            {.name = "perturb", .value = "LIST", .kind = TORCI_VALUE_SOME_OF,
             .text = "Changes what must not matter (see torc check).", .choices = "memory, stack, addresses, environment"},
            {.name = "tap", .text = "Prints results in TAP."},
            {.name = "digest", .text = "Prints only digests: DIGEST  SCENARIO."},
            {.name = "junit", .value = "FILE", .kind = TORCI_VALUE_FILE,
             .text = "Writes results in JUnit's XML into FILE as well."},
            {.name = NULL}},
    .exits = (const struct torci_term[]){{"0", "All pass."},
                                         {"1", "Something failed."},
                                         {"2", "A scenario is invalid."},
                                         {"4", "A limit ended one."},
                                         {"5", "A `sometimes` was never true, or a `when` never fired."},
                                         {"77", "Every run was set aside."},
                                         {"99", "Out of memory, or a file cannot be written."},
                                         {NULL, NULL}},
    .examples = (const struct torci_term[]){{"torc run scenarios/*/*.scn", "A verdict for each."},
                                            {"torc run -v --seed 7 kv.scn", "One, told line by line."},
                                            {"torc run --digest *.scn >golden-digests", "Digests, to be compared later."},
                                            {NULL, NULL}},
    .environment =
        (const struct torci_term[]){{"GITHUB_ACTIONS", "Failures are printed as annotations too."},
                                    {"NO_COLOR", "A terminal gets no colours either."},
                                    {NULL, NULL}},
    .see_also = "torc-check(1), torc-explore(1), torc-fmt(1), torc-sweep(1), torc-scenario(5), torc-trace(5)",
};
