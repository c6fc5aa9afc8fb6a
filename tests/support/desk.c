#include "desk.h"

#include <stdlib.h>
#include <string.h>

#include <torc/format.h>

#include "scripted_platform.h"

enum { DESK_CONNECTIONS_MAX = 8 };

struct desk_connection;

struct desk {
    struct torc_factory factory;
    struct torc_reactor *reactor;
    struct torc_scope *scope;
    struct torc_listener listener;
    struct torc_listener second_listener;
    enum desk_fault fault;
    struct desk_connection *connections[DESK_CONNECTIONS_MAX];
    size_t connection_count;
    int64_t line_count;
};

struct desk_connection {
    struct torc_protocol protocol;
    struct desk *desk;
    char line[256];
    size_t line_bytes;
};

static struct desk_connection *connection_of(struct torc_protocol *protocol)
{
    return (struct desk_connection *)protocol;
}

static struct torc_failure *say(struct desk_connection *connection, const char *text)
{
    struct desk *desk = connection->desk;
    size_t bytes = strlen(text);
    size_t piece = desk->fault == DESK_IN_PIECES ? 1 : bytes;
    int code = 0;

    for (size_t i = 0; i < bytes && code == 0; i += piece) {
        code = torc_transport_write(connection->protocol.transport, text + i, piece);
    }
    return code != 0 ? torc_failure_of_code(desk->scope, code, "answering") : NULL;
}

/* --- commands ------------------------------------------------------------------------------------ */

static struct torc_failure *upper(struct desk_connection *connection, const char *text)
{
    struct desk *desk = connection->desk;
    bool beta = strncmp(text, "beta", 4) == 0;
    char answer[300];
    size_t bytes = strlen(text);

    for (size_t i = 0; i < bytes; i++) {
        answer[i] = (char)(text[i] >= 'a' && text[i] <= 'z' ? text[i] - 'a' + 'A' : text[i]);
    }
    if (beta && desk->fault == DESK_WRONG_ANSWER) {
        answer[bytes - 1] = '?';
    }
    if (beta && desk->fault == DESK_LONGER_ANSWER) {
        answer[bytes++] = '!';
    }
    answer[bytes++] = '\n';
    if (beta && desk->fault == DESK_SHORTER_ANSWER) {
        bytes--;
    }
    answer[bytes] = '\0';
    if (beta && desk->fault == DESK_CLOSES) {
        torc_transport_lose(connection->protocol.transport);
    }
    if (beta && desk->fault == DESK_DEAF) {
        torc_transport_pause_reading(connection->protocol.transport);
    }
    if (beta && desk->fault == DESK_STOPS) {
        (void)torc_reactor_crash(desk->reactor);
    }
    return beta && (desk->fault == DESK_NO_ANSWER || desk->fault == DESK_CLOSES)
               ? NULL
               : say(connection, answer);
}

static struct torc_failure *dice(struct desk_connection *connection)
{
    struct desk *desk = connection->desk;
    uint8_t drawn = 7;
    char answer[16];

    if (desk->fault != DESK_DRAWS_NOT) {
        torc_reactor_random(desk->reactor,
                            desk->fault == DESK_DRAWS_ELSEWHERE ? "desk.other" : "desk.dice",
                            &drawn, 1);
    }
    if (desk->fault == DESK_DRAWS_TWICE) {
        uint8_t again;

        torc_reactor_random(desk->reactor, "desk.dice", &again, 1);
    }
    torc_format(answer, sizeof(answer), "%u\n", (unsigned)drawn);
    return say(connection, answer);
}

static struct torc_failure *tell_time(struct desk_connection *connection)
{
    char answer[32];

    torc_format(answer, sizeof(answer), "%llu\n",
                (unsigned long long)torc_reactor_wall(connection->desk->reactor));
    return say(connection, answer);
}

static struct torc_failure *late(void *arg)
{
    return say(arg, "late\n");
}

static int work(void *arg)
{
    const struct desk_connection *connection = arg;

    return connection->desk->fault == DESK_WORK_FAILS ? TORC_EIO : 0;
}

static struct torc_result worked(struct torc_result result, void *arg)
{
    struct torc_failure *failure;

    if (result.kind == TORC_RESULT_FAILURE) {
        torc_failure_drop(result.as.failure);
    }
    failure = say(arg, "worked\n");
    return failure != NULL ? torc_fail(failure) : torc_value(NULL);
}

static struct torc_failure *do_work(struct desk_connection *connection)
{
    struct desk *desk = connection->desk;
    struct torc_deferred *done;

    if (desk->fault == DESK_WORKS_NOT) {
        return NULL;
    }
    if (torc_run_job(desk->reactor, work, connection, NULL, &done) != 0) {
        return say(connection, "no job\n");
    }
    if (torc_deferred_add_both(done, worked, connection, NULL) != 0) {
        torc_deferred_drop(done);
        return torc_failure_no_memory();
    }
    torc_deferred_drop(done);
    return NULL;
}

static struct torc_failure *tell_all(struct desk *desk, const char *text)
{
    struct torc_failure *failure = NULL;

    for (size_t i = 0; i < desk->connection_count && failure == NULL; i++) {
        size_t at = desk->fault == DESK_SWAPPED ? desk->connection_count - 1 - i : i;

        failure = say(desk->connections[at], text);
    }
    return failure;
}

static struct torc_failure *call(struct desk_connection *connection)
{
    struct desk *desk = connection->desk;
    struct torc_address other =
        torc_address_ipv4(10, 0, 0, desk->fault == DESK_CALLS_ANOTHER ? 8 : 9, 99);
    int code = desk->fault == DESK_CALLS_NOT
                   ? 0
                   : torc_connect(desk->reactor, &other, &desk->factory, NULL, NULL);

    return code != 0 ? torc_failure_of_code(desk->scope, code, "calling") : NULL;
}

static struct torc_failure *obey(struct desk_connection *connection, const char *line)
{
    struct desk *desk = connection->desk;
    struct torc_transport transport = connection->protocol.transport;

    desk->line_count++;
    if (strncmp(line, "upper ", 6) == 0) {
        return upper(connection, line + 6);
    }
    if (strcmp(line, "dice") == 0) {
        return dice(connection);
    }
    if (strcmp(line, "time") == 0) {
        return tell_time(connection);
    }
    if (strcmp(line, "work") == 0) {
        return do_work(connection);
    }
    if (strncmp(line, "all ", 4) == 0) {
        return tell_all(desk, line + 4);
    }
    if (strcmp(line, "call") == 0) {
        return call(connection);
    }
    if (strcmp(line, "quit") == 0 && desk->fault != DESK_STAYS) {
        torc_transport_lose(transport);
    }
    if (strcmp(line, "abort") == 0) {
        if (desk->fault == DESK_CLOSES_GENTLY) {
            torc_transport_lose(transport);
        } else {
            torc_transport_abort(transport);
        }
    }
    if (strcmp(line, "later") == 0) {
        int code = torc_call_later(torc_reactor_clock(desk->reactor), 10 * TORC_MILLISECOND, late,
                                   connection, NULL, NULL);

        return code != 0 ? torc_failure_of_code(desk->scope, code, "waiting") : NULL;
    }
    return NULL;
}

/* --- connections --------------------------------------------------------------------------------- */

static struct torc_failure *connection_made(struct torc_protocol *self)
{
    struct desk_connection *connection = connection_of(self);
    struct desk *desk = connection->desk;
    struct torc_address peer;

    desk->connections[desk->connection_count++] = connection;
    if (desk->fault == DESK_READS_NAMES) {
        (void)torc_reactor_wall(desk->reactor);
        if (torc_transport_set_option(self->transport, TORC_STREAM_NODELAY, 1) != 0 ||
            torc_transport_local(self->transport, &peer) != 0) {
            return torc_failure_static(&torc_failure_error);
        }
    }
    if (torc_transport_peer(self->transport, &peer) == 0 && peer.port == 99) {
        return say(connection, "hello there\n");
    }
    return NULL;
}

static struct torc_failure *data_received(struct torc_protocol *self, const uint8_t *data,
                                          size_t bytes)
{
    struct desk_connection *connection = connection_of(self);
    struct torc_failure *failure = NULL;

    for (size_t i = 0; i < bytes && failure == NULL; i++) {
        if (data[i] != '\n' && connection->line_bytes + 1 < sizeof(connection->line)) {
            connection->line[connection->line_bytes++] = (char)data[i];
        } else {
            connection->line[connection->line_bytes] = '\0';
            connection->line_bytes = 0;
            failure = obey(connection, connection->line);
        }
    }
    return failure;
}

static void connection_lost(struct torc_protocol *self, struct torc_failure *reason)
{
    struct desk_connection *connection = connection_of(self);
    struct desk *desk = connection->desk;

    (void)reason;
    for (size_t i = 0; i < desk->connection_count; i++) {
        if (desk->connections[i] == connection) {
            desk->connections[i] = desk->connections[--desk->connection_count];
        }
    }
    torc_release(desk->scope, connection, sizeof(*connection));
}

static struct torc_failure *build_protocol(struct torc_factory *self,
                                           const struct torc_address *peer,
                                           struct torc_protocol **out)
{
    static const struct torc_protocol_ops ops = {
        .size = sizeof(ops),
        .connection_made = connection_made,
        .data_received = data_received,
        .connection_lost = connection_lost,
    };
    struct desk *desk = (struct desk *)self;
    struct desk_connection *connection = torc_alloc_zero(desk->scope, sizeof(*connection));

    (void)peer;
    if (connection == NULL) {
        return torc_failure_no_memory();
    }
    connection->protocol.ops = &ops;
    connection->desk = desk;
    *out = &connection->protocol;
    return NULL;
}

/* --- the module ---------------------------------------------------------------------------------- */

static struct torc_failure *start(struct torc_reactor *reactor, const struct torc_options *options,
                                  enum desk_fault fault, void **out_instance)
{
    static const struct torc_factory_ops ops = {.size = sizeof(ops),
                                                .build_protocol = build_protocol};
    struct torc_scope *scope = torc_reactor_scope(reactor);
    struct desk *desk = torc_alloc_zero(scope, sizeof(*desk));
    int code;

    if (desk == NULL) {
        return torc_failure_no_memory();
    }
    desk->factory.ops = &ops;
    desk->reactor = reactor;
    desk->scope = scope;
    desk->fault = fault;
    code = torc_listen(reactor, torc_options_address(options, "listen", 0), &desk->factory, NULL,
                       &desk->listener);
    if (code == 0 && fault == DESK_LISTENS_TWICE) {
        struct torc_address second = torc_address_ipv4(127, 0, 0, 1, 0);

        code = torc_listen(reactor, &second, &desk->factory, NULL, &desk->second_listener);
    }
    if (code != 0 || fault == DESK_DOES_NOT_START) {
        torc_listener_close(desk->listener);
        torc_release(scope, desk, sizeof(*desk));
        return torc_failure_of_code(scope, code != 0 ? code : TORC_EIO, "starting the desk");
    }
    *out_instance = desk;
    return NULL;
}

static struct torc_deferred *stop(void *instance)
{
    struct desk *desk = instance;

    torc_listener_close(desk->listener);
    for (size_t i = 0; i < desk->connection_count; i++) {
        torc_transport_lose(desk->connections[i]->protocol.transport);
    }
    return NULL;
}

static int64_t lines(void *instance)
{
    return ((const struct desk *)instance)->line_count;
}

static const struct torc_option desk_options[] = {
    {"listen", TORC_OPTION_ADDRESS, "tcp:7000", "where it listens"},
    {NULL, TORC_OPTION_FLAG, NULL, NULL},
};

static const struct torc_probe desk_probes[] = {
    {"lines", "received so far", lines, NULL},
    {NULL, NULL, NULL, NULL},
};

/* A module's start gets no argument of its own, so each fault has a function. */
#define DESK_FAULTS(X)                                                                             \
    X(DESK_AS_RECORDED) X(DESK_IN_PIECES) X(DESK_READS_NAMES) X(DESK_WRONG_ANSWER)                 \
    X(DESK_LONGER_ANSWER) X(DESK_SHORTER_ANSWER) X(DESK_NO_ANSWER) X(DESK_SWAPPED) X(DESK_CLOSES)  \
    X(DESK_STAYS) X(DESK_CLOSES_GENTLY) X(DESK_DEAF) X(DESK_DRAWS_TWICE) X(DESK_DRAWS_ELSEWHERE)   \
    X(DESK_DRAWS_NOT) X(DESK_LISTENS_TWICE) X(DESK_CALLS_ANOTHER) X(DESK_CALLS_NOT)                \
    X(DESK_WORK_FAILS) X(DESK_WORKS_NOT) X(DESK_STOPS) X(DESK_DOES_NOT_START)
#define X(fault)                                                                                   \
    static struct torc_failure *start_##fault(struct torc_reactor *reactor,                        \
                                              const struct torc_options *options,                  \
                                              void **out_instance)                                 \
    {                                                                                              \
        return start(reactor, options, fault, out_instance);                                       \
    }
DESK_FAULTS(X)
#undef X

const struct torc_module *desk_module(enum desk_fault fault)
{
#define X(fault)                                                                                   \
    [fault] = {.size = sizeof(struct torc_module),                                                 \
               .name = "desk",                                                                     \
               .version = "1",                                                                     \
               .options = desk_options,                                                            \
               .probes = desk_probes,                                                              \
               .start = start_##fault,                                                             \
               .stop = stop},
    static const struct torc_module modules[DESK_FAULT_COUNT] = {DESK_FAULTS(X)};
#undef X

    return &modules[fault];
}

/* --- files --------------------------------------------------------------------------------------- */

int desk_file_write(void *arg, const char *line, size_t bytes)
{
    struct desk_file *file = arg;

    if (file->room != 0 && file->bytes + bytes > file->room) {
        return TORC_ENOSPC;
    }
    if (file->bytes + bytes > file->capacity) {
        file->capacity = 2 * (file->bytes + bytes);
        file->text = realloc(file->text, file->capacity);
        if (file->text == NULL) {
            abort();
        }
    }
    memcpy(file->text + file->bytes, line, bytes);
    file->bytes += bytes;
    return 0;
}

int desk_file_flush(void *arg)
{
    ((struct desk_file *)arg)->flushes++;
    return 0;
}

long desk_file_read(void *arg, void *buffer, size_t bytes)
{
    struct desk_file *file = arg;
    size_t part = file->bytes - file->read < bytes ? file->bytes - file->read : bytes;

    if (part > 0) {
        memcpy(buffer, file->text + file->read, part);
    }
    file->read += part;
    return (long)part;
}

void desk_file_clear(struct desk_file *file)
{
    free(file->text);
    memset(file, 0, sizeof(*file));
}

/* --- a session ------------------------------------------------------------------------------------ */

struct session {
    struct scripted_platform world;
    struct torc_platform *recorder;
    struct torc_reactor *reactor;
};

/* Lets the reactor do what there is to do; time goes on a little before each turn. */
static void turns(struct session *session, unsigned count)
{
    while (count-- > 0) {
        session->world.now_ns += TORC_MILLISECOND;
        (void)torc_reactor_turn(session->reactor, 0);
    }
}

static void feed(struct session *session, uint64_t handle, const char *text)
{
    scripted_feed(&session->world, handle, text, strlen(text));
    turns(session, 2);
}

/* The listener has handle 1; connections get the next ones in order. */
static void talk(struct session *session)
{
    struct scripted_platform *world = &session->world;

    scripted_arrive(world, 1, 0);
    scripted_arrive(world, 1, 0);
    turns(session, 2);
    feed(session, 2, "upper alpha\n");
    feed(session, 3, "upper be");
    feed(session, 3, "ta and the rest\nupper gamma\n");
    feed(session, 2, "dice\ntime\n");
    feed(session, 3, "upper \"quoted\" \x01\xff\n");
    scripted_feed(world, 2, "upper two\n", 10);
    scripted_feed(world, 3, "upper beta three\n", 17);
    turns(session, 2);
    feed(session, 2, "all news\n");
    feed(session, 2, "later\n");
    turns(session, 15);
    scripted_set_room(world, 3, 4, TORC_EAGAIN);
    feed(session, 3, "upper not taken whole\n");
    scripted_set_room(world, 3, 1000, TORC_EAGAIN);
    turns(session, 2);
    feed(session, 2, "work\n");
    scripted_finish_job(world, 0);
    turns(session, 2);
    feed(session, 2, "call\n");
    scripted_connected(world, 4, 0);
    turns(session, 2);
    feed(session, 4, "upper from outside\n");
    scripted_feed_error(world, 4, TORC_ECONNRESET);
    turns(session, 2);
    feed(session, 3, "upper last\nquit\n");
    scripted_arrive(world, 1, 0);
    turns(session, 2);
    feed(session, 5, "abort\n");
    scripted_feed_end(world, 2);
    turns(session, 2);
    scripted_arrive(world, 1, 0);
    turns(session, 2);
    scripted_signal(world, TORC_SIGNAL_TERMINATE);
    turns(session, 5);
}

void desk_record(struct desk_file *file)
{
    static const char *const pairs[] = {"listen", "tcp:127.0.0.1:7000", NULL};
    struct torc_recorder_options options = TORC_RECORDER_OPTIONS_INIT;
    struct torc_reactor_options reactor_options = TORC_REACTOR_OPTIONS_INIT;
    struct session *session = calloc(1, sizeof(*session));
    struct torc_options *parsed;
    struct torc_failure *failure;
    struct torc_scope *scope;
    void *desk = NULL;

    if (session == NULL) {
        abort();
    }
    scripted_init(&session->world);
    session->world.now_ns = 77 * TORC_SECOND;
    options.write = desk_file_write;
    options.flush = desk_file_flush;
    options.arg = file;
    options.module = "desk";
    options.module_version = "1";
    options.pairs = pairs;
    reactor_options.watch_signals = true;
    if (torc_recorder_new(&session->world.base, &options, &session->recorder) != 0 ||
        torc_reactor_new(session->recorder, &reactor_options, &session->reactor) != 0) {
        abort();
    }
    scope = torc_reactor_scope(session->reactor);
    if (torc_options_new(scope, desk_options, &parsed) != 0 ||
        torc_options_set(parsed, pairs[0], pairs[1], NULL, 0) != 0) {
        abort();
    }
    failure = torc_module_start(desk_module(DESK_AS_RECORDED), session->reactor, parsed, &desk);
    if (failure != NULL || torc_reactor_start(session->reactor) != 0) {
        abort();
    }
    talk(session);
    (void)torc_recorder_finish(session->recorder);
    torc_options_free(parsed);
    torc_release(scope, desk, sizeof(struct desk));
    torc_reactor_free(session->reactor);
    torc_recorder_free(session->recorder);
    if (scripted_end(&session->world) != 0) {
        abort();
    }
    free(session);
}

int desk_replay(struct desk_file *file, enum desk_fault fault, struct torc_replay_report *report)
{
    struct torc_recording *recording;
    int status;

    memset(report, 0, sizeof(*report));
    file->read = 0;
    status = torc_recording_open(desk_file_read, file, "desk.torc", &recording, report->error);
    if (status != 0) {
        return status;
    }
    status = torc_replay(recording, desk_module(fault), NULL, report);
    torc_recording_close(recording);
    return status;
}
