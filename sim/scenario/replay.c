/* replay.c - a recording played to a module: the replayer, a reactor on it, and the turns. */
#include <stdio.h>
#include <string.h>

#include "replay_real.h"
#include "replayer.h"

/* --- probes -------------------------------------------------------------------------------------- */

static void read_probes(const struct torc_module *module, void *instance,
                        struct torc_replay_report *report)
{
    report->probe_count = 0;
    for (const struct torc_probe *probe = module->probes; probe != NULL && probe->name != NULL;
         probe++) {
        if (probe->number != NULL && report->probe_count < TORC_REPLAY_PROBES_MAX) {
            report->probes[report->probe_count].name = probe->name;
            report->probes[report->probe_count].value = probe->number(instance);
            report->probe_count++;
        }
    }
}

/* A signal will stop the module, and its instance with it: this is the time to look. */
static bool signal_follows(const struct torci_replayer *replayer)
{
    return replayer->follows && strstr(replayer->following.event.text, "signal=") != NULL;
}

/* --- playing ------------------------------------------------------------------------------------- */

/* The recorded options, parsed. */
static int parse_options(const struct torc_recording *recording, const struct torc_module *module,
                         struct torc_scope *scope, struct torc_replay_report *report,
                         struct torc_options **out)
{
    const char *const *pair = torc_recording_pairs(recording);
    struct torc_options *options;
    int status = torc_options_new(scope, module->options, &options);

    if (status != 0) {
        snprintf(report->error, sizeof(report->error), "the options of %s: %s", module->name,
                 torc_error_text(status));
        return status;
    }
    for (; *pair != NULL && status == 0; pair += 2) {
        status = torc_options_set(options, pair[0], pair[1], report->error, sizeof(report->error));
    }
    if (status == 0) {
        status = torc_options_complete(options, report->error, sizeof(report->error));
    }
    if (status != 0) {
        torc_options_free(options);
        return status == TORC_ENOMEM ? status : TORC_EINVAL;
    }
    *out = options;
    return 0;
}

/* Starts the module and takes turns until the recording ends, the program does, or they differ. */
static void play(struct torci_replayer *replayer, struct torc_reactor *reactor,
                 const struct torc_module *module, const struct torc_options *options)
{
    void *instance = NULL;
    bool probed = false;
    struct torc_failure *failure;
    char text[160];

    if (replayer->over) {
        return;
    }
    failure = torc_module_start(module, reactor, options, &instance);
    if (failure != NULL) {
        torc_failure_describe(failure, text, sizeof(text));
        torc_failure_drop(failure);
        torci_replay_differs(replayer, NULL, NULL, "the module did not start: %s", text);
        return;
    }
    if (torc_reactor_start(reactor) != 0) {
        torci_replay_differs(replayer, NULL, NULL, "the reactor did not start");
    }
    while (!replayer->over) {
        if (!probed && signal_follows(replayer)) {
            read_probes(module, instance, replayer->report);
            probed = true;
        }
        if (torc_reactor_turn(reactor, 0) != 0) {
            break;
        }
    }
    if (!probed && torc_reactor_running(reactor)) {
        read_probes(module, instance, replayer->report);
    }
    torci_replayer_end(replayer);
}

static int play_on_reactor(struct torci_replayer *replayer, const struct torc_module *module,
                           const struct torc_replay_options *options)
{
    struct torc_reactor_options reactor_options = TORC_REACTOR_OPTIONS_INIT;
    struct torc_replay_report *report = replayer->report;
    struct torc_options *parsed = NULL;
    struct torc_reactor *reactor;
    int status;

    reactor_options.observer = options->observer;
    reactor_options.watch_signals = true;
    reactor_options.host_name = replayer->recording->header.host_name;
    status = torc_reactor_new(&replayer->platform, &reactor_options, &reactor);
    if (status != 0) {
        snprintf(report->error, sizeof(report->error), "a reactor: %s", torc_error_text(status));
        return status;
    }
    status = parse_options(replayer->recording, module, torc_reactor_scope(reactor), report,
                           &parsed);
    if (status == 0) {
        play(replayer, reactor, module, parsed);
        status = replayer->status;
    }
    replayer->over = true;
    torc_options_free(parsed);
    torc_reactor_free(reactor);
    return status;
}

/* Statements are to be run, or not. */
static int prepare_real(struct torci_replayer *replayer, const struct torc_replay_options *options)
{
    int status = 0;

    if (options->database == TORC_REPLAY_REAL) {
        status = options->directory == NULL
                     ? TORC_EINVAL
                     : torci_replay_real_new(replayer, options->directory, options->database_from,
                                             &replayer->real);
    }
    if (status != 0) {
        torci_replayer_fail(replayer, status, torc_error_text(status));
    }
    return status;
}

/* All was equal to the end: then the last line is the recorded one, or the file was changed. */
static int compare_trailer(const struct torc_recording *recording,
                           struct torc_replay_report *report)
{
    const struct torci_recording_trailer *trailer = &recording->trailer;

    if (report->verdict != TORC_REPLAY_EQUAL || report->truncated) {
        return 0;
    }
    if (strcmp(report->digest, trailer->digest) != 0) {
        snprintf(report->error, sizeof(report->error),
                 "%s:%llu: the recording was changed: its events have the digest %s, its last "
                 "line says %s",
                 recording->name, (unsigned long long)recording->line, report->digest,
                 trailer->digest);
        return TORC_ESYNTAX;
    }
    if (trailer->turns != report->turns || trailer->connections != report->connections ||
        trailer->read_bytes != report->read_bytes ||
        trailer->written_bytes != report->written_bytes) {
        snprintf(report->error, sizeof(report->error),
                 "%s:%llu: the recording was changed: the last line does not count what there is",
                 recording->name, (unsigned long long)recording->line);
        return TORC_ESYNTAX;
    }
    return 0;
}

int torc_replay(struct torc_recording *recording, const struct torc_module *module,
                const struct torc_replay_options *options, struct torc_replay_report *report)
{
    struct torc_replay_options known = TORC_REPLAY_OPTIONS_INIT;
    struct torci_replayer *replayer;
    struct torc_trace *trace;
    int status;

    memset(report, 0, sizeof(*report));
    if (options != NULL) { /* a program built with an earlier header has fewer */
        memcpy(&known, options, options->size < sizeof(known) ? options->size : sizeof(known));
    }
    if (recording->events != 0 || recording->ended) {
        snprintf(report->error, sizeof(report->error), "%s: it was replayed already",
                 recording->name);
        return TORC_EINVAL;
    }
    status = torc_trace_new(known.write, known.arg, &trace);
    if (status != 0) {
        snprintf(report->error, sizeof(report->error), "%s", torc_error_text(status));
        return status;
    }
    status = torci_replayer_new(recording, trace, report, &replayer);
    if (status == 0) {
        status = prepare_real(replayer, &known);
        if (status == 0) {
            status = play_on_reactor(replayer, module, &known);
        }
        torci_replayer_free(replayer);
    }
    torc_trace_digest(trace, report->digest);
    torc_trace_free(trace);
    report->truncated = recording->truncated;
    return status != 0 ? status : compare_trailer(recording, report);
}
