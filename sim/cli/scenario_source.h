/* scenario_source.h - scenarios from files, and the options all commands have that run them: --param, --modules,
 * --decisions. */
#ifndef TORCI_SCENARIO_SOURCE_H
#define TORCI_SCENARIO_SOURCE_H

#include <stdbool.h>

#include <torc/scenario.h>

#include "arguments.h"

struct torci_campaign;

enum { TORCI_PARAMS_MAX = 64, TORCI_REPEATED_BYTES = 2048, TORCI_SOURCE_ERROR_BYTES = 1400 };

/* A module that was loaded, so that the thousandth run need not look for its file. */
struct torci_loaded_module {
    char name[64];
    const struct torc_module *module;
};
enum { TORCI_LOADED_MAX = 16 };

struct torci_scenario_source {
    const char *command;
    const char *modules; /* folder, or NULL */
    const char *params[2 * TORCI_PARAMS_MAX + 1];
    char param_names[TORCI_PARAMS_MAX][64];
    size_t param_count;
    struct torc_scenario *decided; /* what --decisions named; or NULL */
    struct torci_loaded_module loaded[TORCI_LOADED_MAX];
    size_t loaded_count;
    uint64_t decided_hash; /* of that file; 0: none */
    uint64_t files_hash; /* of the bytes of every file that was read, in this order */
    char repeated[TORCI_REPEATED_BYTES]; /* arguments a command line needs to do the same */
};

/* Takes the option if it is one of these (*out_known).  0, or an exit status. */
int torci_scenario_source_option(struct torci_scenario_source *source, const char *option, const char *value,
                                 bool *out_known);
void torci_scenario_source_free(struct torci_scenario_source *source);

/* A command that takes one scenario, and options of its own besides these. */
struct torci_command_options {
    const struct torci_command *table;
    int (*read)(void *arg, const char *option, const char *value); /* one of its own: 0, or an exit status */
    void *arg;
    struct torci_campaign *campaign; /* gets --shard, --results, --resume; NULL: there are no such */
};

/* Reads all arguments: these options and one scenario.  0, or an exit status; *out_done: help was printed. */
int torci_scenario_source_arguments(struct torci_scenario_source *source, int argc, char **argv,
                                    const struct torci_command_options *options,
                                    const char **out_path, bool *out_done);

/* The text of a file.  0, or the errno of what failed; `*out` is to be freed. */
int torci_scenario_source_read(const char *path, char **out, size_t *out_bytes);

/* Parses a text that is called `path`, or the file `path` (text NULL).  0, or an exit status with the whole
 * message in `error`. */
int torci_scenario_source_parse(struct torci_scenario_source *source, const char *path,
                                const char *text, size_t bytes, struct torc_scenario **out,
                                char error[TORCI_SOURCE_ERROR_BYTES]);

/* Remembers an argument that whoever repeats a run has to give too, in `repeated`. */
void torci_scenario_source_repeat(struct torci_scenario_source *source, const char *option, const char *value);

/* Writes what of these options runs depend on, in one line: " --param NAME=VALUE ..." and a hash of the decisions. */
void torci_scenario_source_settings(const struct torci_scenario_source *source, char *out, size_t size);

/* Run options with the loader and the decisions of the source set. */
void torci_scenario_source_run_options(struct torci_scenario_source *source,
                                       struct torc_scenario_run_options *options);

/* A number from text; or a usage error of the command about the option. */
int torci_read_number(const char *command, const char *option, const char *text, uint64_t *out);

#endif
