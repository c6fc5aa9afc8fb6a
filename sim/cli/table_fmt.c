#include <stddef.h>

#include "command_list.h"
#include "shared_options.h"

const struct torci_command torci_table_fmt = {
    .name = "fmt",
    .summary = "write scenarios in their canonical form",
    .operands = "SCENARIO...",
    .operand = TORCI_VALUE_SCENARIO,
    .about = "Writes scenarios in their canonical form: blanks and empty lines change, nothing else. Prints the names of the "
             "files it changed. A file that does not parse is left alone. - is standard input, and its canonical form goes "
             "to standard output.",
    .options =
        (const struct torci_option[]){
            {.name = "check", .text = "Changes nothing; prints the names of the files that would change."},
            {.name = "diff", .text = "Changes nothing; prints what would change."},
            TORCI_OPTION_PARAM,
            {.name = NULL}},
    .exits = (const struct torci_term[]){{"0", "It is done."},
                                         {"1", "With --check or --diff, a file is not canonical."},
                                         {"2", "One does not parse."},
                                         {"99", "One cannot be written."},
                                         {NULL, NULL}},
    .examples = (const struct torci_term[]){{"torc fmt --check $(git ls-files '*.scn')", "In CI."},
                                            {"torc fmt - <draft.scn", "From an editor."},
                                            {NULL, NULL}},
    .see_also = "torc-lint(1), torc-run(1), torc-scenario(5)",
};
