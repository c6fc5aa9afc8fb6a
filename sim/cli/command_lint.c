/* torc lint: what is no error in modules and scenarios, and surely wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "command.h"
#include "command_list.h"
#include "module_lint.h"
#include "module_loader.h"
#include "scenario_source.h"

static const char name[] = "lint";
enum { PATH_BYTES = 4096 };

struct lint {
    struct torci_scenario_source source;
    const char **paths;
    size_t path_count;
    const char *path; /* of the file that is looked at */
    size_t findings;
    bool done; /* --help */
};

/* --- arguments ------------------------------------------------------------------------------------ */

static int read_option(void *arg, const char *option, const char *value)
{
    struct lint *lint = arg;
    bool shared;
    int status = torci_scenario_source_option(&lint->source, option, value, &shared);

    return shared ? status : torci_option_unread(name, option);
}

static int read_operand(void *arg, const char *text)
{
    struct lint *lint = arg;

    lint->paths[lint->path_count++] = text;
    return 0;
}

static int read_arguments(struct lint *lint, int argc, char **argv)
{
    const struct torci_argument_reader reader = {read_option, read_operand, lint};
    int status = torci_arguments_read(&torci_table_lint, argc, argv, &reader, &lint->done);

    if (status == 0 && !lint->done && lint->path_count == 0)
        status = torci_usage_error(name, "which scenario, or which module?");
    return status;
}

/* --- modules -------------------------------------------------------------------------------------- */

static void find_in_module(void *arg, const char *check, const char *text)
{
    struct lint *lint = arg;

    lint->findings++;
    printf("%s: warning: %s [%s]\n", lint->path, text, check);
}

static void lint_descriptor(struct lint *lint)
{
    const struct torc_module *module;
    char path[PATH_BYTES];
    char error[PATH_BYTES + 400];

    /* A path without a slash would be looked for where modules are. */
    snprintf(path, sizeof path, "%s%s", strchr(lint->path, '/') != NULL ? "" : "./", lint->path);
    if (torci_module_load(path, NULL, &module, error, sizeof error) == 0)
        torci_module_lint_descriptor(module, lint->path, find_in_module, lint);
    else
        find_in_module(lint, "descriptor", error);
}

static int lint_module(struct lint *lint, const char *text, size_t bytes)
{
    struct torci_elf elf;
    const char *why;

    if (!torci_elf_read((const uint8_t *)text, bytes, &elf, &why))
        return torci_command_error(name, TORCI_EXIT_USAGE, "%s: %s", lint->path, why);
    if (!torci_module_lint_file(&elf, find_in_module, lint))
        printf("%s: it counts coverage, so its statics and imports are not looked at\n", lint->path);
    lint_descriptor(lint);
    return 0;
}

/* --- scenarios ------------------------------------------------------------------------------------ */

static void find_in_scenario(void *arg, const struct torc_scenario_finding *finding)
{
    struct lint *lint = arg;

    lint->findings++;
    printf("%s:%u:%u: warning: %s [%s]\n", finding->file, finding->line, finding->column, finding->text,
           finding->check);
}

/* A module that cannot be read is for torc run to complain of. */
static bool has_type(void *arg, const char *module, const char *type)
{
    const struct lint *lint = arg;
    char path[PATH_BYTES];
    struct torci_elf elf;
    const char *why;
    char *bytes = NULL;
    size_t size = 0;
    bool has;

    if (torci_module_path(module, lint->source.modules, path, sizeof path) != 0 ||
        torci_scenario_source_read(path, &bytes, &size) != 0)
        return true;
    has = !torci_elf_read((const uint8_t *)bytes, size, &elf, &why) || torci_elf_has_text(&elf, type);
    free(bytes);
    return has;
}

static void print_warning(void *arg, const char *text)
{
    struct lint *lint = arg;

    lint->findings++;
    fputs(text, stdout);
}

static int lint_scenario(struct lint *lint, const char *text, size_t bytes)
{
    struct torc_scenario_lint_options options = {sizeof options, find_in_scenario, has_type, lint};
    char error[TORCI_SOURCE_ERROR_BYTES];
    struct torc_scenario *scenario;
    int status = torci_scenario_source_parse(&lint->source, lint->path, text, bytes, &scenario, error);

    if (status != 0) {
        fprintf(stderr, "torc lint: %s", error);
        return status;
    }
    torc_scenario_warnings(scenario, print_warning, lint);
    if (torc_scenario_lint(scenario, &options) != 0)
        status = torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    torc_scenario_free(scenario);
    return status;
}

/* --- the whole ------------------------------------------------------------------------------------ */

static bool is_module(const char *path, const char *text, size_t bytes)
{
    size_t length = strlen(path);

    return (length > 3 && strcmp(path + length - 3, ".so") == 0) ||
           (bytes >= SELFMAG && memcmp(text, ELFMAG, SELFMAG) == 0);
}

static int lint_file(struct lint *lint, const char *path)
{
    char *text = NULL;
    size_t bytes = 0;
    int error = torci_scenario_source_read(path, &text, &bytes);
    int status;

    lint->path = path;
    if (error != 0)
        return torci_command_error(name, TORCI_EXIT_USAGE, "%s: %s", path, strerror(error));
    status = is_module(path, text, bytes) ? lint_module(lint, text, bytes) : lint_scenario(lint, text, bytes);
    free(text);
    return status;
}

static int lint_files(struct lint *lint)
{
    int status = 0;

    for (size_t i = 0; i < lint->path_count; i++) {
        int one = lint_file(lint, lint->paths[i]);

        status = one > status ? one : status; /* the worse, the larger */
    }
    printf("%zu file%s, %zu finding%s\n", lint->path_count, lint->path_count == 1 ? "" : "s", lint->findings,
           lint->findings == 1 ? "" : "s");
    return status != 0 ? status : lint->findings > 0 ? TORCI_EXIT_FAIL : TORCI_EXIT_PASS;
}

int torci_command_lint(int argc, char **argv)
{
    struct lint *lint = calloc(1, sizeof *lint);
    int status;

    if (lint != NULL)
        lint->paths = calloc((size_t)argc, sizeof *lint->paths);
    if (lint == NULL || lint->paths == NULL) {
        free(lint);
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    }
    lint->source.command = name;
    status = read_arguments(lint, argc, argv);
    if (status == 0 && !lint->done)
        status = lint_files(lint);
    torci_scenario_source_free(&lint->source);
    free(lint->paths);
    free(lint);
    return status;
}
