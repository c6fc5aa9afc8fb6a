#include "scenario_source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "campaign.h"
#include "command.h"
#include "module_loader.h"

/* A scenario is written by hand; what is larger is a device, or a wrong name. */
static const size_t file_bytes_max = (size_t)64 << 20;

/* --- files ---------------------------------------------------------------------------------------- */

/* All there is to read; 0, or the errno of what failed, with *out_data to be freed all the same. */
static int read_all(FILE *file, char **out_data, size_t *out_bytes)
{
    size_t room = 65536;
    size_t got;

    *out_bytes = 0;
    *out_data = malloc(room);
    if (*out_data == NULL)
        return ENOMEM;
    errno = 0;
    while ((got = fread(*out_data + *out_bytes, 1, room - *out_bytes, file)) > 0) {
        *out_bytes += got;
        if (*out_bytes > file_bytes_max)
            return EFBIG;
        if (*out_bytes == room) {
            char *grown = realloc(*out_data, 2 * room);

            if (grown == NULL)
                return ENOMEM;
            *out_data = grown;
            room *= 2;
        }
    }
    return ferror(file) ? (errno != 0 ? errno : EIO) : 0;
}

int torci_scenario_source_read(const char *path, char **out, size_t *out_bytes)
{
    FILE *file = fopen(path, "rb");
    int error;

    if (file == NULL)
        return errno;
    error = read_all(file, out, out_bytes);
    fclose(file);
    if (error != 0)
        free(*out);
    return error;
}

static void hash_file(struct torci_scenario_source *source, const char *data, size_t bytes)
{
    source->files_hash = XXH3_64bits_withSeed(data, bytes, source->files_hash);
}

/* As torci_scenario_source_read. */
static int read_hashed(struct torci_scenario_source *source, const char *path, char **out, size_t *out_bytes)
{
    int error = torci_scenario_source_read(path, out, out_bytes);

    if (error == 0)
        hash_file(source, *out, *out_bytes);
    return error;
}

/* The files a scenario names. */
static int read_file(void *arg, const char *path, char **out_data, size_t *out_bytes)
{
    char *data;
    size_t bytes;
    int error = read_hashed(arg, path, &data, &bytes);

    switch (error) {
    case 0:
        *out_data = data;
        *out_bytes = bytes;
        return 0;
    case ENOENT:
        return TORC_ENOTFOUND;
    case EACCES:
        return TORC_EACCES;
    case ENOMEM:
        return TORC_ENOMEM;
    case EFBIG:
        return TORC_ETOOLONG;
    default:
        return TORC_EIO;
    }
}

int torci_scenario_source_parse(struct torci_scenario_source *source, const char *path,
                                const char *text, size_t bytes, struct torc_scenario **out,
                                char error[TORCI_SOURCE_ERROR_BYTES])
{
    struct torc_scenario_parse_options options = TORC_SCENARIO_PARSE_OPTIONS_INIT;
    struct torc_scenario_error why;
    char *read = NULL;
    int code;

    if (text == NULL) {
        int failed = read_hashed(source, path, &read, &bytes);

        if (failed != 0) {
            snprintf(error, TORCI_SOURCE_ERROR_BYTES, "torc %s: %s: %s\n", source->command, path, strerror(failed));
            return TORCI_EXIT_USAGE;
        }
        text = read;
    }
    options.read = read_file;
    options.read_arg = source;
    options.params = source->params;
    code = torc_scenario_parse(text, bytes, path, &options, out, &why);
    free(read);
    if (code == 0)
        return 0;
    snprintf(error, TORCI_SOURCE_ERROR_BYTES, "%s", why.text);
    return code == TORC_ENOMEM ? TORCI_EXIT_INTERNAL : TORCI_EXIT_USAGE;
}

/* --- options -------------------------------------------------------------------------------------- */

int torci_read_number(const char *command, const char *option, const char *text, uint64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoull(text, &end, 0);
    if (errno != 0 || *end != '\0' || text[0] < '0' || text[0] > '9')
        return torci_usage_error(command, "--%s: '%s' is not a number", option, text);
    return 0;
}

void torci_scenario_source_repeat(struct torci_scenario_source *source, const char *option, const char *value)
{
    size_t used = strlen(source->repeated);

    snprintf(source->repeated + used, sizeof(source->repeated) - used, "--%s %s ", option, value);
}

static int read_param(struct torci_scenario_source *source, const char *text)
{
    size_t bytes = strcspn(text, "=");

    if (text[bytes] != '=' || bytes == 0 || bytes >= sizeof(source->param_names[0]))
        return torci_usage_error(source->command, "--param: '%s' is not NAME=VALUE", text);
    if (source->param_count == TORCI_PARAMS_MAX)
        return torci_usage_error(source->command, "--param: more than %d", TORCI_PARAMS_MAX);
    memcpy(source->param_names[source->param_count], text, bytes);
    source->params[2 * source->param_count] = source->param_names[source->param_count];
    source->params[2 * source->param_count + 1] = text + bytes + 1;
    source->param_count++;
    return 0;
}

/* A file of `decide` lines is a scenario without anything else. */
static int read_decisions(struct torci_scenario_source *source, const char *path)
{
    char error[TORCI_SOURCE_ERROR_BYTES];
    char *text;
    size_t bytes;
    int failed;
    int status;

    if (source->decided != NULL)
        return torci_usage_error(source->command, "--decisions is given twice");
    failed = read_hashed(source, path, &text, &bytes);
    if (failed != 0)
        return torci_command_error(source->command, TORCI_EXIT_USAGE, "--decisions %s: %s", path, strerror(failed));
    status = torci_scenario_source_parse(source, path, text, bytes, &source->decided, error);
    free(text);
    if (status != 0)
        fprintf(stderr, "torc %s: --decisions %s", source->command, error);
    source->decided_hash = source->files_hash;
    return status;
}

int torci_scenario_source_option(struct torci_scenario_source *source, const char *option, const char *value,
                                 bool *out_known)
{
    bool param = strcmp(option, "param") == 0;
    bool modules = strcmp(option, "modules") == 0;
    int status = 0;

    *out_known = param || modules || strcmp(option, "decisions") == 0;
    if (!*out_known)
        return 0;
    if (modules)
        source->modules = value;
    else
        status = param ? read_param(source, value) : read_decisions(source, value);
    if (status == 0)
        torci_scenario_source_repeat(source, option, value);
    return status;
}

/* The reading of a command that takes one scenario. */
struct reading {
    struct torci_scenario_source *source;
    const struct torci_command_options *options;
    const char **path;
};

static int read_option(void *arg, const char *option, const char *value)
{
    struct reading *reading = arg;
    bool shared;
    int status = torci_scenario_source_option(reading->source, option, value, &shared);

    if (!shared && reading->options->campaign != NULL)
        status = torci_campaign_option(reading->options->campaign, option, value, &shared);
    return shared ? status : reading->options->read(reading->options->arg, option, value);
}

static int read_operand(void *arg, const char *text)
{
    struct reading *reading = arg;

    if (*reading->path != NULL)
        return torci_usage_error(reading->source->command, "one scenario at a time");
    *reading->path = text;
    return 0;
}

int torci_scenario_source_arguments(struct torci_scenario_source *source, int argc, char **argv,
                                    const struct torci_command_options *options,
                                    const char **out_path, bool *out_done)
{
    struct reading reading = {source, options, out_path};
    const struct torci_argument_reader reader = {read_option, read_operand, &reading};
    int status = torci_arguments_read(options->table, argc, argv, &reader, out_done);

    if (status != 0 || *out_done)
        return status;
    if (*out_path == NULL)
        return torci_usage_error(source->command, "which scenario?");
    return options->campaign != NULL ? torci_campaign_settle(options->campaign) : 0;
}

void torci_scenario_source_settings(const struct torci_scenario_source *source, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < source->param_count && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, " --param %s=%s", source->params[2 * i],
                                 source->params[2 * i + 1]);
    if (source->decided != NULL && used < size)
        snprintf(out + used, size - used, " decisions=%016llx", (unsigned long long)source->decided_hash);
    for (char *at = out; (at = strpbrk(at, "\r\n")) != NULL;)
        *at = ' ';
}

void torci_scenario_source_free(struct torci_scenario_source *source)
{
    torc_scenario_free(source->decided);
    source->decided = NULL;
}

static void remember_module(struct torci_scenario_source *source, const char *name,
                            const struct torc_module *module)
{
    struct torci_loaded_module *loaded = &source->loaded[source->loaded_count];

    if (source->loaded_count == TORCI_LOADED_MAX || strlen(name) >= sizeof(loaded->name))
        return;
    memcpy(loaded->name, name, strlen(name) + 1);
    loaded->module = module;
    source->loaded_count++;
}

static int load_module(void *arg, const char *module, const struct torc_module **out, char *error,
                       size_t error_size)
{
    struct torci_scenario_source *source = arg;
    int status;

    for (size_t i = 0; i < source->loaded_count; i++) {
        if (strcmp(source->loaded[i].name, module) == 0) {
            *out = source->loaded[i].module;
            return 0;
        }
    }
    status = torci_module_load(module, source->modules, out, error, error_size);
    if (status == 0)
        remember_module(source, module, *out);
    return status;
}

void torci_scenario_source_run_options(struct torci_scenario_source *source,
                                       struct torc_scenario_run_options *options)
{
    torc_scenario_run_options_init(options);
    options->load = load_module;
    options->load_arg = source;
    if (source->decided != NULL)
        options->decision_count = torc_scenario_decisions(source->decided, &options->decisions);
}
