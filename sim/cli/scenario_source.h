/* scenario_source.h - scenarios from files, and the options all commands have that run them: --param, --modules,
 * --decisions. */
#ifndef TORCI_SCENARIO_SOURCE_H
#define TORCI_SCENARIO_SOURCE_H

#include <stdbool.h>

#include <torc/scenario.h>

#include "arguments.h"

enum { TORCI_PARAMS_MAX = 64, TORCI_REPEATED_BYTES = 2048, TORCI_SOURCE_ERROR_BYTES = 1400 };

struct torci_scenario_source {
    const char *command;
    const char *modules; /* folder, or NULL */
    const char *params[2 * TORCI_PARAMS_MAX + 1];
    char param_names[TORCI_PARAMS_MAX][64];
    size_t param_count;
    struct torc_scenario *decided; /* what --decisions named; or NULL */
    char repeated[TORCI_REPEATED_BYTES]; /* arguments a command line needs to do the same */
};

/* Reads the present option if it is one of these (*out_known).  0, or an exit status. */
int torci_scenario_source_option(struct torci_scenario_source *source,
                                 struct torci_arguments *arguments, bool *out_known);
void torci_scenario_source_free(struct torci_scenario_source *source);

/* The text of a file.  0, or the errno of what failed; `*out` is to be freed. */
int torci_scenario_source_read(const char *path, char **out, size_t *out_bytes);

/* Parses a text that is called `path`, or the file `path` (text NULL).  0, or an exit status with the whole
 * message in `error`. */
int torci_scenario_source_parse(const struct torci_scenario_source *source, const char *path,
                                const char *text, size_t bytes, struct torc_scenario **out,
                                char error[TORCI_SOURCE_ERROR_BYTES]);

/* Run options with the loader and the decisions of the source set. */
void torci_scenario_source_run_options(struct torci_scenario_source *source,
                                       struct torc_scenario_run_options *options);

/* A number from text; or a usage error of the command about the option. */
int torci_read_number(const char *command, const char *option, const char *text, uint64_t *out);

#endif
