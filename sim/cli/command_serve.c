/* torc serve: a module on the live platform. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <torc/live.h>
#include <torc/recording.h>

#include "arguments.h"
#include "build_id.h"
#include "command.h"
#include "command_list.h"
#include "listen_watch.h"
#include "log_printer.h"
#include "module_loader.h"
#include "module_options.h"

static const char name[] = "serve";

enum { RECORD_BUFFER_BYTES = 1 << 18 };

struct serve {
    struct torci_arguments arguments;
    const struct torc_module *module;
    const char *modules;       /* folder, or NULL */
    const char *record_path;   /* or NULL */
    FILE *record;
    unsigned threads;
    char host_name[256];
    struct torci_log_printer printer;
    struct torc_scope *scope;  /* of the options */
    struct torc_options *options;
    const char **pairs;        /* as given: name, value, ..., NULL */
    size_t pair_count;
    char **owned;              /* names that had to be copied */
    size_t owned_count;
    struct torci_listen_watch watch;
    struct torc_platform *live;
    struct torc_platform *recorder;
    struct torc_reactor *reactor;
    bool listen_failed;
    bool record_failed;
    bool stopped_in_order;
};

static void print_help(const struct serve *serve)
{
    torci_command_print_help(&torci_table_serve, "torc serve", stdout);
    if (serve->module != NULL) {
        putchar('\n');
        torci_module_options_print(serve->module, stdout);
    }
}

/* --- arguments ---------------------------------------------------------------------------------- */

static int load_module(struct serve *serve, const char *module)
{
    char error[512];
    int status = torci_module_load(module, serve->modules, &serve->module, error, sizeof(error));

    if (status == 0) {
        status = torc_options_new(serve->scope, serve->module->options, &serve->options);
        snprintf(error, sizeof(error), "the options of %s: %s", module, torc_error_text(status));
    }
    return status == 0 ? 0 : torci_command_error(name, TORCI_EXIT_USAGE, "%s", error);
}

/* Sets an option of the module and remembers it for the recording. */
static int set_option(struct serve *serve, const char *option, const char *value)
{
    char error[512];
    int status = torc_options_set(serve->options, option, value, error, sizeof(error));

    if (status != 0) {
        return torci_usage_error(name, "%s", error);
    }
    serve->pairs[serve->pair_count++] = option;
    serve->pairs[serve->pair_count++] = value != NULL ? value : "yes";
    return 0;
}

static int unknown_option(const struct serve *serve)
{
    const char *names[128] = {NULL};
    size_t count = 0;

    for (const struct torc_option *option = serve->module->options; option->name != NULL && count + 1 < 128; option++) {
        names[count++] = option->name;
    }
    return torci_arguments_unknown(&serve->arguments, names);
}

static int module_option(struct serve *serve)
{
    const struct torc_option *option =
        serve->module != NULL ? torci_module_option_find(serve->module, serve->arguments.name)
                              : NULL;
    const char *value = serve->arguments.attached;

    if (option == NULL && serve->module == NULL) {
        return torci_usage_error(name, "%s: options of a module come after MODULE",
                                 serve->arguments.shown);
    }
    if (option == NULL) {
        return unknown_option(serve);
    }
    if (value == NULL && option->type != TORC_OPTION_FLAG) {
        value = torci_arguments_value(&serve->arguments);
        if (value == NULL) {
            return TORCI_EXIT_USAGE;
        }
    }
    return set_option(serve, option->name, value);
}

static int parse_threads(struct serve *serve, const char *value)
{
    char *end;
    unsigned long threads = strtoul(value, &end, 10);

    if (*value < '0' || *value > '9' || *end != '\0' || threads == 0 || threads > 1024) {
        return torci_usage_error(name, "--threads: '%s' is not a number from 1 to 1024", value);
    }
    serve->threads = (unsigned)threads;
    return 0;
}

static int parse_option(struct serve *serve, const char *option, const char *value)
{
    if (strcmp(option, "record") == 0) {
        serve->record_path = value;
    } else if (strcmp(option, "modules") == 0 && serve->module != NULL) {
        return torci_usage_error(name, "--modules comes before MODULE");
    } else if (strcmp(option, "modules") == 0) {
        serve->modules = value;
    } else if (strcmp(option, "threads") == 0) {
        return parse_threads(serve, value);
    } else if (strcmp(option, "log-level") != 0) {
        return torci_option_unread(name, option);
    } else if (!torci_log_level_parse(value, &serve->printer.lowest)) {
        return torci_choice_error(&torci_table_serve, option, value);
    }
    return 0;
}

/* MODULE, or after it NAME=VALUE. */
static int parse_operand(struct serve *serve)
{
    const char *text = serve->arguments.shown;
    const char *equals = strchr(text, '=');
    char *option;

    if (serve->module == NULL) {
        return load_module(serve, text);
    }
    if (equals == NULL) {
        return torci_usage_error(name, "'%s' is neither an option nor NAME=VALUE", text);
    }
    option = strndup(text, (size_t)(equals - text));
    if (option == NULL) {
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    }
    serve->owned[serve->owned_count++] = option;
    return set_option(serve, option, equals + 1);
}

/* One that is not the end.  *out_help: help is asked for. */
static int parse_argument(struct serve *serve, enum torci_argument_kind kind, bool *out_help)
{
    const struct torci_arguments *arguments = &serve->arguments;

    if (kind == TORCI_ARGUMENT_OPERAND) {
        return parse_operand(serve);
    }
    if (kind == TORCI_ARGUMENT_UNKNOWN) {
        return module_option(serve);
    }
    if (kind == TORCI_ARGUMENT_WRONG) {
        return TORCI_EXIT_USAGE;
    }
    if (arguments->option == &torci_option_help) {
        *out_help = true;
        return 0;
    }
    return parse_option(serve, arguments->option->name, arguments->value);
}

/* 0: go on.  Otherwise *out_exit is the exit status. */
static int parse_arguments(struct serve *serve, int *out_exit)
{
    char error[512];
    enum torci_argument_kind kind;
    bool help = false;

    *out_exit = 0;
    while (*out_exit == 0 &&
           (kind = torci_arguments_next(&serve->arguments)) != TORCI_ARGUMENT_END) {
        *out_exit = parse_argument(serve, kind, &help);
    }
    if (*out_exit != 0) {
        return -1;
    }
    if (help) {
        print_help(serve);
        return -1;
    }
    if (serve->module == NULL) {
        *out_exit = torci_usage_error(name, "which MODULE?");
        return -1;
    }
    if (torc_options_complete(serve->options, error, sizeof(error)) != 0) {
        *out_exit = torci_usage_error(name, "%s", error);
        return -1;
    }
    return 0;
}

/* --- serving ------------------------------------------------------------------------------------ */

static void listening(void *arg, const struct torc_address *address)
{
    char text[TORC_ADDRESS_TEXT_MAX];

    (void)arg;
    torc_address_format(address, text, sizeof(text));
    printf("listening %s\n", text);
    fflush(stdout);
}

static void refused(void *arg, const struct torc_address *address, int error)
{
    struct serve *serve = arg;
    char text[TORC_ADDRESS_TEXT_MAX];

    serve->listen_failed = true;
    torc_address_format(address, text, sizeof(text));
    torci_command_error(name, 0, "cannot listen on %s: %s", text, torc_error_text(error));
}

/* A recording can fail long before the end, so it is said at once as well. */
static int record_failed(struct serve *serve, int error)
{
    if (!serve->record_failed) {
        torci_command_error(name, 0, "the recording %s ends here, serving goes on: %s",
                            serve->record_path, strerror(error));
    }
    serve->record_failed = true;
    return error == ENOSPC ? TORC_ENOSPC : TORC_EIO;
}

static int write_record(void *arg, const char *line, size_t bytes)
{
    struct serve *serve = arg;

    return fwrite(line, 1, bytes, serve->record) == bytes ? 0 : record_failed(serve, errno);
}

static int flush_record(void *arg)
{
    struct serve *serve = arg;

    return fflush(serve->record) == 0 ? 0 : record_failed(serve, errno);
}

static int start_recorder(struct serve *serve)
{
    struct torc_recorder_options options = TORC_RECORDER_OPTIONS_INIT;
    char build[64];
    int status;

    serve->record = fopen(serve->record_path, "wb");
    if (serve->record == NULL) {
        return torci_command_error(name, TORCI_EXIT_USAGE, "--record %s: %s", serve->record_path,
                                   strerror(errno));
    }
    setvbuf(serve->record, NULL, _IOFBF, RECORD_BUFFER_BYTES);
    torci_build_id(build, sizeof(build));
    options.write = write_record;
    options.flush = flush_record;
    options.arg = serve;
    options.module = serve->module->name;
    options.module_version = serve->module->version;
    options.pairs = serve->pairs;
    options.build = build;
    options.host_name = serve->host_name;
    status = torc_recorder_new(serve->live, &options, &serve->recorder);
    if (status != 0) {
        return torci_command_error(name, TORCI_EXIT_FAIL, "--record %s: %s", serve->record_path,
                                   torc_error_text(status));
    }
    return 0;
}

/* Ends the recording; says so if it is not whole. */
static int end_recorder(struct serve *serve, int exit_status)
{
    int status = 0;

    if (serve->recorder != NULL) {
        status = torc_recorder_finish(serve->recorder);
    }
    if (serve->record != NULL && fclose(serve->record) != 0 && status == 0) {
        status = TORC_EIO;
    }
    if (status != 0) {
        torci_command_error(name, 0, "the recording %s is not complete: %s", serve->record_path,
                            torc_error_text(status));
        return exit_status != 0 ? exit_status : TORCI_EXIT_FAIL;
    }
    return exit_status;
}

static struct torc_result note_stop(void *arg)
{
    struct serve *serve = arg;

    serve->stopped_in_order = true;
    return torc_value(NULL);
}

static int set_up(struct serve *serve)
{
    struct torc_live_options live_options = TORC_LIVE_OPTIONS_INIT;
    struct torc_reactor_options reactor_options = TORC_REACTOR_OPTIONS_INIT;
    int status;

    if (gethostname(serve->host_name, sizeof(serve->host_name) - 1) != 0) {
        serve->host_name[0] = '\0';
    }
    live_options.threads = serve->threads;
    status = torc_live_new(&live_options, &serve->live);
    if (status != 0) {
        return torci_command_error(name, TORCI_EXIT_FAIL, "the platform: %s",
                                   torc_error_text(status));
    }
    serve->watch.listening = listening;
    serve->watch.refused = refused;
    serve->watch.arg = serve;
    torci_listen_watch_begin(&serve->watch, serve->live);
    if (serve->record_path != NULL) {
        status = start_recorder(serve);
        if (status != 0) {
            return status;
        }
    }
    reactor_options.observer = &serve->printer.observer;
    reactor_options.watch_signals = true;
    reactor_options.host_name = serve->host_name;
    status = torc_reactor_new(serve->recorder != NULL ? serve->recorder : serve->live,
                              &reactor_options, &serve->reactor);
    if (status == 0) {
        status = torc_reactor_add_trigger(serve->reactor, TORC_AFTER, "shutdown", note_stop, serve,
                                          NULL, NULL);
    }
    return status == 0 ? 0
                       : torci_command_error(name, TORCI_EXIT_FAIL, "the reactor: %s",
                                             torc_error_text(status));
}

/* Whether the module has stopped the reactor of its own accord, after an error. */
static bool gave_up(const struct serve *serve)
{
    struct torc_scope_counts counts;

    torc_scope_count(torc_reactor_scope(serve->reactor), &counts);
    return torc_reactor_exit_signal(serve->reactor) == 0 && counts.errors_logged > 0;
}

static int run(struct serve *serve)
{
    struct torc_failure *failure =
        torc_module_start(serve->module, serve->reactor, serve->options, NULL);
    int status;

    if (failure != NULL) {
        char text[512];

        torc_failure_describe(failure, text, sizeof(text));
        torc_failure_drop(failure);
        /* That it cannot listen was said, with the address. */
        return serve->listen_failed ? TORCI_EXIT_FAIL
                                    : torci_command_error(name, TORCI_EXIT_FAIL,
                                                          "%s did not start: %s",
                                                          serve->module->name, text);
    }
    status = torc_reactor_run(serve->reactor);
    if (status != 0) {
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "the reactor: %s",
                                   torc_error_text(status));
    }
    if (!serve->stopped_in_order) {
        return torci_command_error(name, TORCI_EXIT_INTERRUPTED,
                                   "stopped by force, before the shutdown was over");
    }
    if (torc_reactor_exit_signal(serve->reactor) == TORC_SIGNAL_INTERRUPT) {
        return TORCI_EXIT_INTERRUPTED;
    }
    return gave_up(serve) ? TORCI_EXIT_FAIL : TORCI_EXIT_PASS;
}

static int serve_with(struct serve *serve, int argc, char **argv)
{
    int status;

    serve->pairs = calloc(2 * (size_t)argc + 1, sizeof(*serve->pairs));
    serve->owned = calloc((size_t)argc, sizeof(*serve->owned));
    if (serve->pairs == NULL || serve->owned == NULL ||
        torc_scope_new(NULL, NULL, &serve->scope) != 0) {
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    }
    torci_arguments_init(&serve->arguments, &torci_table_serve, argc, argv);
    torci_log_printer_init(&serve->printer, TORC_LOG_INFO);
    if (parse_arguments(serve, &status) != 0) {
        return status;
    }
    status = set_up(serve);
    if (status == 0) {
        status = run(serve);
    }
    return end_recorder(serve, status);
}

int torci_command_serve(int argc, char **argv)
{
    struct serve serve = {.module = NULL};
    int status = serve_with(&serve, argc, argv);

    torc_reactor_free(serve.reactor);
    torc_recorder_free(serve.recorder);
    if (serve.live != NULL) {
        torci_listen_watch_end(&serve.watch);
        torc_live_free(serve.live);
    }
    torc_options_free(serve.options);
    torc_scope_free(serve.scope);
    for (size_t i = 0; i < serve.owned_count; i++) {
        free(serve.owned[i]);
    }
    free(serve.owned);
    free(serve.pairs);
    return status;
}
