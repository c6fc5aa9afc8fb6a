/* kill.c - writes to `torc serve kv --db`, kills it at a moment drawn at random, starts it again and looks
 * whether every change that was acknowledged is there.  Prints TAP; see tests/kill.sh.
 *
 *     kill TORC MODULE FOLDER TIMES SEED */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hiredis/hiredis.h>
#include <sqlite3.h>

#include <tests/clients/server_process.h>

#include <tests/support/key_history.h>

enum { CONNECTIONS = 8, PIPELINE = 16, KEYS = 40 };

struct writer {
    redisContext *redis;
    struct key_history keys[KEYS];
    struct key_history counter; /* of INCR */
    int pending[PIPELINE];      /* the keys of what was sent; KEYS: the counter */
    int pending_count;
};

struct test {
    const char *torc;
    const char *module;
    char database[512];
    char socket_path[512];
    uint64_t random;
    struct server_process server;
    struct writer writers[CONNECTIONS];
    uint64_t acked;
    uint64_t refused; /* answered with an error, or by the connection's end while the server was up */
};

static uint32_t draw(struct test *test, uint32_t below)
{
    test->random = test->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(test->random >> 33) % below;
}

/* --- the server ----------------------------------------------------------------------------------- */

static bool start_server(struct test *test)
{
    char listen[600];
    char line[700];
    const char *argv[] = {test->torc,     "serve", test->module,   "--listen", listen, "--db",
                          test->database, "--log-level", "error", NULL};

    snprintf(listen, sizeof(listen), "unix:%s", test->socket_path);
    unlink(test->socket_path);
    if (!server_process_start(&test->server, argv, "listening", line, sizeof(line)))
        return false;
    for (int i = 0; i < CONNECTIONS; i++) {
        test->writers[i].redis = redisConnectUnix(test->socket_path);
        if (!test->writers[i].redis || test->writers[i].redis->err)
            return false;
    }
    return true;
}

static void disconnect(struct test *test)
{
    for (int i = 0; i < CONNECTIONS; i++)
        redisFree(test->writers[i].redis);
}

/* Waits for the end of a server that was sent a signal.  Whether it ended as that signal ends it. */
static bool await_end(struct test *test, int signal_number)
{
    char rest[512];
    int status = 0;

    while (read(test->server.output, rest, sizeof(rest)) > 0)
        continue;
    close(test->server.output);
    if (waitpid(test->server.pid, &status, 0) != test->server.pid)
        return false;
    return signal_number == SIGTERM ? WIFEXITED(status) && WEXITSTATUS(status) == 0
                                    : WIFSIGNALED(status) && WTERMSIG(status) == signal_number;
}

static volatile pid_t victim;
static volatile sig_atomic_t victim_signal;

static void strike(int signal_number)
{
    (void)signal_number;
    kill(victim, (int)victim_signal);
}

/* The signal comes of its own accord, whatever goes on then. */
static void strike_after(struct test *test, int signal_number, uint32_t delay_us)
{
    struct sigaction action = {.sa_handler = strike, .sa_flags = SA_RESTART};
    struct itimerval timer = {{0, 0}, {0, (suseconds_t)delay_us}};

    victim = test->server.pid;
    victim_signal = signal_number;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
}

/* --- writing -------------------------------------------------------------------------------------- */

static void append_change(struct test *test, int index, int key)
{
    struct writer *writer = &test->writers[index];
    struct key_history *history = key == KEYS ? &writer->counter : &writer->keys[key];
    uint64_t number = ++history->sent;

    writer->pending[writer->pending_count++] = key;
    if (key == KEYS)
        redisAppendCommand(writer->redis, "INCR c%d", index);
    else if (key_history_removes(number))
        redisAppendCommand(writer->redis, "DEL k%d.%d", index, key);
    else
        redisAppendCommand(writer->redis, "SET k%d.%d %" PRIu64, index, key, number);
}

static bool send_changes(struct test *test, int index)
{
    struct writer *writer = &test->writers[index];
    int done = 0;

    for (int i = 0; i < PIPELINE; i++)
        append_change(test, index, i == 0 ? KEYS : (int)draw(test, KEYS));
    while (!done)
        if (redisBufferWrite(writer->redis, &done) != REDIS_OK)
            return false;
    return true;
}

/* The changes of a pipeline are acknowledged one by one; which number that is of its key follows from the
 * order. */
static bool receive_replies(struct test *test, int index)
{
    struct writer *writer = &test->writers[index];
    int count = writer->pending_count;

    writer->pending_count = 0;
    for (int i = 0; i < count; i++) {
        int key = writer->pending[i];
        void *reply = NULL;

        if (redisGetReply(writer->redis, &reply) != REDIS_OK)
            return false;
        if (((redisReply *)reply)->type == REDIS_REPLY_ERROR) {
            printf("# an error: %s\n", ((redisReply *)reply)->str);
            test->refused++;
        }
        (key == KEYS ? &writer->counter : &writer->keys[key])->acked++;
        test->acked++;
        freeReplyObject(reply);
    }
    return true;
}

/* Until the server is gone. */
static void write_on(struct test *test)
{
    bool up = true;

    while (up) {
        for (int i = 0; i < CONNECTIONS && up; i++)
            up = send_changes(test, i);
        /* What was answered before the end is acknowledged, on every connection. */
        for (int i = 0; i < CONNECTIONS; i++)
            up = receive_replies(test, i) && up;
    }
}

/* --- looking -------------------------------------------------------------------------------------- */

/* Reads a key; false: no answer, or none that is a number. */
static bool get(redisContext *redis, const char *name, bool *present, uint64_t *value)
{
    redisReply *reply = redisCommand(redis, "GET %s", name);
    bool fine = reply && (reply->type == REDIS_REPLY_NIL || reply->type == REDIS_REPLY_STRING);

    *present = fine && reply->type == REDIS_REPLY_STRING;
    *value = *present ? strtoull(reply->str, NULL, 10) : 0;
    freeReplyObject(reply);
    return fine;
}

static bool check_key(struct writer *writer, const char *name, struct key_history *history)
{
    uint64_t value = 0;
    uint64_t number;
    bool present = false;

    if (!get(writer->redis, name, &present, &value)) {
        printf("# %s cannot be read\n", name);
        return false;
    }
    if (history == &writer->counter)
        number = value >= history->acked && value <= history->sent ? value : UINT64_MAX;
    else
        number = key_history_find(history, present, value);
    if (number == UINT64_MAX) {
        printf("# %s: %" PRIu64 " were acknowledged and %" PRIu64 " sent, and it is %s%" PRIu64 "\n",
               name, history->acked, history->sent, present ? "" : "missing, ", value);
        return false;
    }
    history->sent = number;
    history->acked = number;
    return true;
}

static bool check_keys(struct test *test)
{
    bool fine = true;
    char name[32];

    for (int i = 0; i < CONNECTIONS; i++) {
        for (int key = 0; key < KEYS; key++) {
            snprintf(name, sizeof(name), "k%d.%d", i, key);
            fine = check_key(&test->writers[i], name, &test->writers[i].keys[key]) && fine;
        }
        snprintf(name, sizeof(name), "c%d", i);
        fine = check_key(&test->writers[i], name, &test->writers[i].counter) && fine;
    }
    return fine;
}

static int is_ok(void *arg, int count, char **texts, char **names)
{
    (void)names;
    *(bool *)arg = count == 1 && texts[0] && strcmp(texts[0], "ok") == 0;
    return 0;
}

static bool check_database(const struct test *test)
{
    sqlite3 *database = NULL;
    bool fine = false;

    if (sqlite3_open_v2(test->database, &database, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK) {
        sqlite3_busy_timeout(database, 10000);
        sqlite3_exec(database, "PRAGMA integrity_check", is_ok, &fine, NULL);
    }
    sqlite3_close(database);
    return fine;
}

/* --- the test ------------------------------------------------------------------------------------- */

static int ok(bool held, const char *claim, int times)
{
    static int count;

    printf("%s %d - %s (%d)\n", held ? "ok" : "not ok", ++count, claim, times);
    fflush(stdout);
    return held ? 0 : 1;
}

/* Some of the times it is asked to end, and then ends in order. */
static int one_time(struct test *test, int number)
{
    int signal_number = number % 5 == 0 ? SIGTERM : SIGKILL;
    int failed = 0;

    strike_after(test, signal_number, 2000 + draw(test, 120000));
    write_on(test);
    disconnect(test);
    failed += ok(await_end(test, signal_number), signal_number == SIGKILL ? "it was killed"
                                                                           : "it ended in order",
                 number);
    if (!start_server(test))
        return failed + ok(false, "it starts again", number);
    failed += ok(check_keys(test), "every acknowledged change is there", number);
    failed += ok(check_database(test), "the database is whole", number);
    return failed;
}

int main(int argc, char **argv)
{
    static struct test test;
    int times = argc > 4 ? atoi(argv[4]) : 0;
    int failed = 0;

    if (argc != 6 || times < 1) {
        fprintf(stderr, "usage: kill TORC MODULE FOLDER TIMES SEED\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    test.torc = argv[1];
    test.module = argv[2];
    snprintf(test.database, sizeof(test.database), "%s/kv.sqlite", argv[3]);
    snprintf(test.socket_path, sizeof(test.socket_path), "%s/kv.socket", argv[3]);
    test.random = strtoull(argv[5], NULL, 10);
    if (!start_server(&test)) {
        fprintf(stderr, "kill: it does not start\n");
        return 2;
    }
    for (int i = 1; i <= times && failed == 0; i++)
        failed += one_time(&test, i);
    printf("# %" PRIu64 " changes acknowledged\n", test.acked);
    failed += ok(test.refused == 0, "no change was refused", times);
    if (test.server.pid > 0) {
        disconnect(&test);
        kill(test.server.pid, SIGTERM);
        failed += ok(await_end(&test, SIGTERM), "at last it ends in order", times);
    }
    return failed > 0;
}
