#include <stddef.h>

#include "command_list.h"
#include "shared_options.h"

const struct torci_command torci_table_check = {
    .name = "check",
    .summary = "run scenarios twice, the second time perturbed, and compare",
    .operands = "SCENARIO...",
    .operand = TORCI_VALUE_SCENARIO,
    .about = "Runs each scenario in two processes, the second one perturbed: other contents of fresh memory and of the stack, "
             "other addresses and their order, another environment. If the traces differ it shows the first event in which "
             "they do, what led to it, and which perturbation it takes.",
    .options = (const struct torci_option[]){{.name = "pairs", .value = "NUMBER", .text = "How often.", .preset = "1"},
                                             TORCI_OPTION_SEED,
                                             TORCI_OPTION_PARAM,
                                             TORCI_OPTION_MODULES,
                                             {.name = NULL}},
    .exits = (const struct torci_term[]){{"0", "Equal."},
                                         {"2", "A scenario is invalid."},
                                         {"3", "A run differed or escaped from the simulation."},
                                         {NULL, NULL}},
    .examples = (const struct torci_term[]){{"torc check --pairs 10 scenarios/*.scn", "Ten pairs of each."}, {NULL, NULL}},
    .see_also = "torc-lint(1), torc-run(1), torc-trace(5)",
};
