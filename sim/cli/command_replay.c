/* torc replay: recorded traffic against today's build. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <torc/nearest_name.h>
#include <torc/recording.h>

#include "arguments.h"
#include "command.h"
#include "command_list.h"
#include "log_printer.h"
#include "module_loader.h"
#include "work_directory.h"

static const char name[] = "replay";

struct replay {
    const char *path;
    const char *module; /* path or name; NULL: the one the recording names */
    const char *modules;
    const char *jsonl_path;
    const char *db;      /* "canned", "real"; NULL: canned */
    const char *db_from;
    FILE *file;
    FILE *jsonl;
    double wall_s;   /* what the replay took */
    int read_errno;  /* why `file` could not be read; 0: it could */
    int jsonl_errno; /* why `jsonl` could not be written; 0: it could */
    bool verbose;
    char directory[TORCI_WORK_DIRECTORY_MAX]; /* of the databases; "": there is none */
    struct torci_log_printer printer;
};

static bool is_real(const struct replay *replay)
{
    return replay->db != NULL && strcmp(replay->db, "real") == 0;
}

/* The options of databases: 0, or an exit status. */
static int check_databases(const struct replay *replay)
{
    static const char *const kinds[] = {"canned", "real", NULL};
    const char *near = replay->db != NULL ? torc_name_nearest(replay->db, kinds) : NULL;

    if (replay->db != NULL && strcmp(replay->db, "canned") != 0 && !is_real(replay))
        return near != NULL ? torci_usage_error(name, "--db %s: did you mean %s?", replay->db, near)
                            : torci_usage_error(name, "--db %s: it is canned or real", replay->db);
    if (replay->db_from != NULL && !is_real(replay))
        return torci_usage_error(name, "--db-from goes with --db real");
    return 0;
}

static int read_option(void *arg, const char *option, const char *value)
{
    struct replay *replay = arg;
    const char **place = strcmp(option, "module") == 0    ? &replay->module
                         : strcmp(option, "modules") == 0 ? &replay->modules
                         : strcmp(option, "jsonl") == 0   ? &replay->jsonl_path
                         : strcmp(option, "db") == 0      ? &replay->db
                         : strcmp(option, "db-from") == 0 ? &replay->db_from
                                                          : NULL;

    if (strcmp(option, "verbose") == 0) {
        replay->verbose = true;
        return 0;
    }
    if (place == NULL)
        return torci_option_unread(name, option);
    *place = value;
    return 0;
}

static int read_operand(void *arg, const char *text)
{
    struct replay *replay = arg;

    if (replay->path != NULL)
        return torci_usage_error(name, "one FILE at a time: '%s' is the second", text);
    replay->path = text;
    return 0;
}

/* 0, or an exit status. */
static int read_arguments(struct replay *replay, int argc, char **argv, bool *out_done)
{
    const struct torci_argument_reader reader = {read_option, read_operand, replay};
    int status = torci_arguments_read(&torci_table_replay, argc, argv, &reader, out_done);

    if (status != 0 || *out_done)
        return status;
    return replay->path != NULL ? check_databases(replay) : torci_usage_error(name, "which FILE?");
}

static long read_file(void *arg, void *buffer, size_t bytes)
{
    struct replay *replay = arg;
    size_t got = fread(buffer, 1, bytes, replay->file);

    if (got != 0 || !ferror(replay->file)) {
        return (long)got;
    }
    replay->read_errno = errno;
    return TORC_EIO;
}

static int write_jsonl(void *arg, const char *line, size_t bytes)
{
    struct replay *replay = arg;

    if (fwrite(line, 1, bytes, replay->jsonl) == bytes) {
        return 0;
    }
    replay->jsonl_errno = errno;
    return TORC_EIO;
}

/* --- what is printed ----------------------------------------------------------------------------- */

static void print_counts(const struct replay *replay, const struct torc_replay_report *report)
{
    printf("  virtual time  %.3f s\n", (double)report->virtual_ns / 1e9);
    printf("  wall time     %.3f s  (%.0f events/s)\n", replay->wall_s,
           replay->wall_s > 0 ? (double)report->events / replay->wall_s : 0.0);
    for (size_t i = 0; i < report->probe_count; i++) {
        printf("%s%s=%lld%s", i == 0 ? "  probes        " : " ", report->probes[i].name,
               (long long)report->probes[i].value, i + 1 == report->probe_count ? "\n" : "");
    }
    if (report->truncated) {
        printf("  truncated     %s has no last line; replayed up to its last whole turn\n",
               replay->path);
    }
}

static void print_statements(const struct replay *replay, const struct torc_replay_report *report)
{
    if (report->statements > 0) {
        printf("  statements    %llu with %llu rows, answered from the recording; their text and "
               "values equal\n",
               (unsigned long long)report->statements, (unsigned long long)report->rows);
    }
    if (replay->directory[0] == '\0') {
        return;
    }
    printf("  SQLite        ran %llu of them; codes, rows and changes equal\n",
           (unsigned long long)report->statements_run);
    if (report->statements_overlapping > 0) {
        printf("                but for %llu that read while another connection committed, where "
               "either may be first\n",
               (unsigned long long)report->statements_overlapping);
    }
}

static void print_equal(const struct replay *replay, const struct torc_recording *recording,
                        const struct torc_replay_report *report)
{
    printf("equal: %s, module %s %s\n", replay->path, torc_recording_module(recording),
           torc_recording_module_version(recording));
    printf("  events        %llu in %llu turns, %llu connections\n",
           (unsigned long long)report->events, (unsigned long long)report->turns,
           (unsigned long long)report->connections);
    printf("  requests      %llu bytes in %llu reads\n", (unsigned long long)report->read_bytes,
           (unsigned long long)report->reads);
    printf("  replies       %llu bytes in %llu writes, equal byte for byte\n",
           (unsigned long long)report->written_bytes, (unsigned long long)report->writes);
    print_statements(replay, report);
    printf("  digest        %s\n", report->digest);
    print_counts(replay, report);
}

static void print_command(const char *label, const struct replay *replay, const char *more)
{
    printf("  %-13s torc replay %s", label, replay->path);
    if (replay->module != NULL) {
        printf(" --module %s", replay->module);
    }
    if (replay->modules != NULL) {
        printf(" --modules %s", replay->modules);
    }
    if (replay->db != NULL) {
        printf(" --db %s", replay->db);
    }
    if (replay->db_from != NULL) {
        printf(" --db-from %s", replay->db_from);
    }
    printf("%s\n", more);
}

/* A statement: each side is a value as SQL has it, or nothing. */
static void print_sides(const struct torc_replay_difference *difference)
{
    printf("  at            %s\n", difference->where);
    if (difference->statement[0] != '\0') {
        printf("  statement     %s\n", difference->statement);
    }
    if (difference->expected[0] != '\0') {
        printf("  expected      %s\n", difference->expected);
    }
    if (difference->got[0] != '\0') {
        printf("  got           %s\n", difference->got);
    }
}

static void print_different(const struct replay *replay, const struct torc_recording *recording,
                            const struct torc_module *module,
                            const struct torc_replay_report *report)
{
    const struct torc_replay_difference *difference = &report->difference;

    printf("different: %s, module %s, event %llu at %llu.%09llu s\n", replay->path,
           torc_recording_module(recording), (unsigned long long)difference->n,
           (unsigned long long)(difference->t_ns / UINT64_C(1000000000)),
           (unsigned long long)(difference->t_ns % UINT64_C(1000000000)));
    if (strcmp(module->name, torc_recording_module(recording)) != 0) {
        printf("  module        %s was recorded, this is %s\n", torc_recording_module(recording),
               module->name);
    }
    if (difference->object[0] != '\0') {
        printf("  connection    %s%s%s\n", difference->object,
               difference->peer[0] != '\0' ? " with " : "", difference->peer);
    }
    printf("  what          %s%s\n",
           difference->object[0] != '\0' || difference->where[0] != '\0' ? "" : "the program ",
           difference->what);
    if (difference->where[0] != '\0') {
        print_sides(difference);
    } else if (difference->expected[0] != '\0' || difference->got[0] != '\0') {
        printf("  at byte       %llu of what this turn wrote\n",
               (unsigned long long)difference->offset);
        printf("  expected      \"%s\"\n", difference->expected);
        printf("  got           \"%s\"\n", difference->got);
    }
    if (difference->led_to_n != 0) {
        printf("  after reading \"%s\" (event %llu)\n", difference->led_to,
               (unsigned long long)difference->led_to_n);
    }
    printf("  equal so far  %llu events, %llu bytes of replies\n",
           (unsigned long long)report->events, (unsigned long long)report->written_bytes);
    print_command("reproduce", replay, "");
    printf("  show          grep -n -B8 -A2 '^{\"n\":%llu,' %s\n",
           (unsigned long long)difference->n, replay->path);
}

/* --- replaying ----------------------------------------------------------------------------------- */

/* Ends with the recording's own words, or, if it could not be read at all, with the reason. */
static int recording_error(const struct replay *replay, const char *error)
{
    if (replay->read_errno != 0) {
        return torci_command_error(name, TORCI_EXIT_USAGE, "%s: %s", replay->path,
                                   strerror(replay->read_errno));
    }
    return torci_command_error(name, TORCI_EXIT_USAGE, "%s", error);
}

static double monotonic_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int replay_recording(struct replay *replay, struct torc_recording *recording)
{
    struct torc_replay_options options = TORC_REPLAY_OPTIONS_INIT;
    struct torc_replay_report report;
    const struct torc_module *module;
    const char *wanted =
        replay->module != NULL ? replay->module : torc_recording_module(recording);
    char error[TORC_RECORDING_ERROR_BYTES];
    double began_s;
    int status;

    if (replay->module == NULL && strchr(wanted, '/') != NULL)
        return torci_command_error(name, TORCI_EXIT_USAGE,
                                   "%s: it names its module '%s', and no file is loaded because a recording says so; "
                                   "if you want that one: --module %s",
                                   replay->path, wanted, wanted);
    if (torci_module_load(wanted, replay->modules, &module, error, sizeof(error)) != 0) {
        return torci_command_error(name, TORCI_EXIT_USAGE, "%s", error);
    }
    if (replay->verbose) {
        fprintf(stderr, "recorded by module %s %s, build %s; replayed by module %s %s\n",
                torc_recording_module(recording), torc_recording_module_version(recording),
                torc_recording_build(recording), module->name,
                module->version != NULL ? module->version : "");
        options.observer = &replay->printer.observer;
    }
    if (replay->jsonl != NULL) {
        options.write = write_jsonl;
        options.arg = replay;
    }
    if (replay->directory[0] != '\0') {
        options.database = TORC_REPLAY_REAL;
        options.directory = replay->directory;
        options.database_from = replay->db_from;
    }
    began_s = monotonic_s();
    status = torc_replay(recording, module, &options, &report);
    replay->wall_s = monotonic_s() - began_s;
    if (status != 0) {
        return recording_error(replay, report.error);
    }
    if (report.events == 0 && report.truncated && report.verdict == TORC_REPLAY_EQUAL) {
        return torci_command_error(name, TORCI_EXIT_USAGE,
                                   "%s: it was cut short before the first event, so there is nothing "
                                   "to compare",
                                   replay->path);
    }
    if (report.verdict == TORC_REPLAY_EQUAL) {
        print_equal(replay, recording, &report);
        return TORCI_EXIT_PASS;
    }
    print_different(replay, recording, module, &report);
    return TORCI_EXIT_FAIL;
}

/* Makes the place where databases lie.  0, or the exit status. */
static int make_directory(struct replay *replay)
{
    if (replay->db_from != NULL && access(replay->db_from, R_OK) != 0) {
        return torci_command_error(name, TORCI_EXIT_USAGE, "--db-from %s: %s", replay->db_from,
                                   strerror(errno));
    }
    if (torci_work_directory_make(replay->directory) != 0) {
        int status = torci_command_error(name, TORCI_EXIT_INTERNAL, "--db real: %s: %s",
                                         replay->directory, strerror(errno));

        replay->directory[0] = '\0';
        return status;
    }
    return 0;
}

static int replay_file(struct replay *replay)
{
    struct torc_recording *recording;
    char error[TORC_RECORDING_ERROR_BYTES];
    int status;

    replay->file = fopen(replay->path, "rb");
    if (replay->file == NULL) {
        return torci_command_error(name, TORCI_EXIT_USAGE, "%s: %s", replay->path,
                                   strerror(errno));
    }
    if (replay->jsonl_path != NULL) {
        replay->jsonl = fopen(replay->jsonl_path, "wb");
        if (replay->jsonl == NULL) {
            return torci_command_error(name, TORCI_EXIT_USAGE, "--jsonl %s: %s",
                                       replay->jsonl_path, strerror(errno));
        }
    }
    if (torc_recording_open(read_file, replay, replay->path, &recording, error) != 0) {
        return recording_error(replay, error);
    }
    status = is_real(replay) ? make_directory(replay) : 0;
    if (status == 0) {
        status = replay_recording(replay, recording);
    }
    if (replay->directory[0] != '\0') {
        torci_work_directory_remove(replay->directory);
    }
    torc_recording_close(recording);
    return status;
}

int torci_command_replay(int argc, char **argv)
{
    struct replay replay = {.path = NULL};
    bool done;
    int status;

    torci_log_printer_init(&replay.printer, TORC_LOG_DEBUG);
    status = read_arguments(&replay, argc, argv, &done);
    if (status != 0 || done) {
        return status;
    }
    status = replay_file(&replay);
    if (replay.file != NULL) {
        fclose(replay.file);
    }
    if (replay.jsonl != NULL && fclose(replay.jsonl) != 0 && replay.jsonl_errno == 0) {
        replay.jsonl_errno = errno;
    }
    if (replay.jsonl_errno != 0) {
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "--jsonl %s: %s", replay.jsonl_path,
                                   strerror(replay.jsonl_errno));
    }
    return status;
}
