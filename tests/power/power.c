/* power.c - writes to kv on a simulated disk, cuts the power, starts it again and looks whether every change
 * that was acknowledged is there.  Cuts at every operation of the disk, with every loss its device allows;
 * see tests/power.sh and tests/support/power_matrix.h.
 *
 *     power MODULE EVERY [ignore-sync]
 *
 * Every EVERY-th operation is cut; with `ignore-sync` the device does nothing when it is asked to sync. */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <torc/database_fault.h>
#include <torc/disk.h>

#include <tests/support/key_history.h>
#include <tests/support/module_world.h>
#include <tests/support/power_matrix.h>

enum { WRITERS = 2, KEYS = 4, ROUNDS = 8, CHANGES = 3 /* of a writer in a round */ };

struct subject {
    const struct torc_module *module;
    bool ignore_sync;
};

struct trial {
    struct module_world *world;
    struct key_history keys[WRITERS][KEYS];
    int order[WRITERS][ROUNDS * CHANGES]; /* the keys of the changes sent */
    int sent[WRITERS];
    int acked[WRITERS];
    size_t seen[WRITERS]; /* bytes of what was received */
    bool refused;
    char wrong[200];
};

static const char *const pairs[] = {"listen", "tcp:6379", "db", "kv.sqlite", NULL};

/* --- the work ------------------------------------------------------------------------------------- */

static void *set_up(void *arg)
{
    const struct subject *subject = arg;
    struct torc_disk_options disk = TORC_DISK_OPTIONS_INIT;
    struct trial *trial = calloc(1, sizeof(*trial));

    if (!trial)
        abort();
    disk.operation_ns = 5 * TORC_MICROSECOND;
    disk.sync_ns = 300 * TORC_MICROSECOND;
    disk.ignore_sync = subject->ignore_sync;
    trial->world = module_world_new(subject->module, pairs);
    if (torc_host_set_disk(trial->world->server, &disk) != 0)
        abort();
    return trial;
}

static struct torc_world *world_of(void *arg)
{
    return ((struct trial *)arg)->world->world;
}

static bool up(const struct trial *trial)
{
    return torc_host_up(trial->world->server);
}

/* The i-th change of a writer; each fourth value is a long one. */
static void send_change(struct trial *trial, int writer)
{
    int i = trial->sent[writer]++;
    int key = i * 3 % KEYS;
    uint64_t number = ++trial->keys[writer][key].sent;
    char line[2000];

    trial->order[writer][i] = key;
    if (key_history_removes(number))
        snprintf(line, sizeof(line), "DEL k%d.%d\r\n", writer, key);
    else
        snprintf(line, sizeof(line), "SET k%d.%d %0*" PRIu64 "\r\n", writer, key,
                 i % 4 == 3 ? 1500 : 1, number);
    module_world_send(trial->world, (size_t)writer, line);
}

/* Counts the replies that came; each is a line. */
static void note_replies(struct trial *trial, int writer)
{
    const struct module_world_client *client = &trial->world->clients[writer];
    const char *end;

    while ((end = strstr(client->received + trial->seen[writer], "\r\n")) != NULL) {
        if (client->received[trial->seen[writer]] == '-')
            trial->refused = true;
        trial->keys[writer][trial->order[writer][trial->acked[writer]++]].acked++;
        trial->seen[writer] = (size_t)(end - client->received) + 2;
    }
}

static void work_for(struct trial *trial, uint64_t span_ns)
{
    module_world_run(trial->world, span_ns);
    for (int writer = 0; writer < WRITERS && trial->sent[writer] > 0; writer++)
        note_replies(trial, writer);
}

/* From the making of the database to its being closed. */
static void run(void *arg)
{
    struct trial *trial = arg;

    module_world_run(trial->world, TORC_SECOND);
    for (int writer = 0; writer < WRITERS && up(trial); writer++)
        module_world_connect(trial->world, 6379);
    for (int round = 0; round < ROUNDS && up(trial); round++) {
        for (int change = 0; change < CHANGES; change++)
            send_change(trial, 0);
        work_for(trial, 200 * TORC_MICROSECOND);
        for (int change = 0; change < CHANGES && up(trial); change++)
            send_change(trial, 1);
        work_for(trial, TORC_MILLISECOND);
    }
    work_for(trial, 20 * TORC_MILLISECOND);
    if (up(trial) && torc_reactor_stop(torc_host_reactor(trial->world->server)) == 0)
        work_for(trial, TORC_SECOND);
}

/* --- looking -------------------------------------------------------------------------------------- */

static bool is_whole(struct trial *trial)
{
    struct torc_rows *rows = NULL;
    const char *text = "";
    bool whole;
    int code = torc_host_sql(trial->world->server, "kv", "PRAGMA integrity_check", &rows,
                             trial->wrong, sizeof(trial->wrong));

    if (!code)
        code = torc_rows_text(rows, 0, 0, &text, NULL);
    whole = !code && strcmp(text, "ok") == 0;
    torc_rows_free(rows);
    return whole;
}

/* Reads what a GET was answered. */
static bool read_value(const char *reply, bool *present, uint64_t *value)
{
    const char *text = strstr(reply, "\r\n");

    *present = reply[0] == '$' && reply[1] != '-';
    *value = *present && text ? strtoull(text + 2, NULL, 10) : 0;
    return reply[0] == '$' && text;
}

static bool check_key(struct trial *trial, size_t client, int writer, int key)
{
    struct module_world_client *looker = &trial->world->clients[client];
    const struct key_history *history = &trial->keys[writer][key];
    bool present = false;
    uint64_t value = 0;
    char line[32];

    memset(looker->received, 0, sizeof(looker->received));
    looker->received_bytes = 0;
    snprintf(line, sizeof(line), "GET k%d.%d\r\n", writer, key);
    module_world_send(trial->world, client, line);
    module_world_run(trial->world, TORC_MILLISECOND);
    if (read_value(looker->received, &present, &value) &&
        key_history_find(history, present, value) != UINT64_MAX)
        return true;
    snprintf(trial->wrong, sizeof(trial->wrong),
             "k%d.%d: %" PRIu64 " changes were acknowledged and %" PRIu64 " sent, and GET answers %.40s",
             writer, key, history->acked, history->sent, looker->received);
    return false;
}

static const char *check(void *arg)
{
    struct trial *trial = arg;
    size_t looker;

    if (trial->refused)
        return "a change was refused";
    if (torc_host_restart(trial->world->server) != 0)
        return "the host does not restart";
    module_world_run(trial->world, TORC_SECOND);
    looker = module_world_connect(trial->world, 6379);
    if (!trial->world->clients[looker].connected)
        return "it does not serve again";
    for (int writer = 0; writer < WRITERS; writer++)
        for (int key = 0; key < KEYS; key++)
            if (!check_key(trial, looker, writer, key))
                return trial->wrong;
    return is_whole(trial) ? NULL : "the database is not whole";
}

static void tear_down(void *arg)
{
    struct trial *trial = arg;

    module_world_free(trial->world);
    free(trial);
}

int main(int argc, char **argv)
{
    struct subject subject = {NULL, argc == 4 && strcmp(argv[3], "ignore-sync") == 0};
    struct power_matrix matrix = {&subject, "srv", set_up, world_of, run, check, tear_down, 1};
    struct power_matrix_result result;
    void *object;

    if (argc < 3 || atoi(argv[2]) < 1 || (argc > 3 && !subject.ignore_sync)) {
        fprintf(stderr, "usage: power MODULE EVERY [ignore-sync]\n");
        return 2;
    }
    object = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (object)
        subject.module = dlsym(object, TORC_MODULE_SYMBOL);
    if (!subject.module) {
        fprintf(stderr, "power: %s\n", dlerror());
        return 2;
    }
    matrix.every = (unsigned)atoi(argv[2]);
    power_matrix_run(&matrix, &result);
    power_matrix_print("kv", &result);
    return result.failures > 0;
}
