#include <stddef.h>

#include "command_list.h"

const struct torci_command torci_table_new = {
    .name = "new",
    .summary = "make a folder with a project that builds and passes",
    .operands = "NAME",
    .about = "Makes the folder NAME with a project: a module that speaks a small protocol of lines, its scenarios, a "
             "Makefile that uses the installed Torc, files for the CI of GitHub and GitLab. It builds and passes at once: "
             "`cd NAME && make check`. NAME has letters, digits and _ and begins with a letter.",
    .options = (const struct torci_option[]){{.name = NULL}},
    .exits = (const struct torci_term[]){{"0", "The folder is there."},
                                         {"2", "The name is not possible, or taken."},
                                         {"99", "The folder cannot be made: there is none then."},
                                         {NULL, NULL}},
    .examples = (const struct torci_term[]){{"torc new parrot && make -C parrot check", "A project, built and checked."},
                                            {NULL, NULL}},
    .files = (const struct torci_term[]){{"../share/torc/template", "What the project is made from, beside the folder of "
                                                                    "the command."},
                                         {NULL, NULL}},
    .see_also = "torc-lint(1), torc-trial(1), torc-scenario(5)",
};
