#include <stddef.h>

#include "command_list.h"
#include "shared_options.h"

const struct torci_command torci_table_lint = {
    .name = "lint",
    .summary = "find what is no error in modules and scenarios, and surely wrong",
    .operands = "SCENARIO|MODULE.so...",
    .operand = TORCI_VALUE_CHECKED,
    .about = "Finds what is no error and surely wrong; nothing is run, but modules are loaded. In modules:\n\n"
             "  writable-static    a variable that all hosts that run the module share\n"
             "  forbidden-import   clock, network, files, threads, memory past the reactor\n"
             "  descriptor         options whose defaults do not parse, names twice, ...\n\n"
             "In scenarios:\n\n"
             "  unused-name        a name is given by `as` and not used\n"
             "  unknown-name       a name is used and not given\n"
             "  unused-host        no line is about it\n"
             "  never-due          a line that cannot happen\n"
             "  no-assertion       no line could find anything wrong\n"
             "  failure-type       expect failure TYPE, and there is no such type\n"
             "  lint-off           a comment '# lint: off CHECK' with a check there is not\n\n"
             "In a scenario the comment '# lint: off CHECK' silences that check on its line.",
    .options = (const struct torci_option[]){TORCI_OPTION_PARAM, TORCI_OPTION_MODULES, {.name = NULL}},
    .exits = (const struct torci_term[]){{"0", "Nothing is found."},
                                         {"1", "Something is."},
                                         {"2", "A file cannot be read or does not parse."},
                                         {NULL, NULL}},
    .examples = (const struct torci_term[]){{"torc lint build/*.so scenarios/*.scn", "All there is in a project."},
                                            {NULL, NULL}},
    .see_also = "torc-check(1), torc-fmt(1), torc-scenario(5)",
};
