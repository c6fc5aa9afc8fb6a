/* Streams of scripted peers that are split, and how long they are. */
#include <string.h>

#include "scenario_run.h"

static bool is_client(const struct torci_peer_connection *connection)
{
    return connection->port == 0;
}

static bool is_of(const struct torc_scenario_split *split,
                  const struct torci_peer_connection *connection, bool from_server)
{
    return split->from_server == from_server &&
           strcmp(split->connection, connection->label->name) == 0;
}

/* Puts it where it belongs among `count` that rise. */
static void insert(uint64_t *at, size_t count, uint64_t place)
{
    for (; count > 0 && at[count - 1] > place; count--)
        at[count] = at[count - 1];
    at[count] = place;
}

/* The places, which end with UINT64_MAX; NULL: there is none, or no memory. */
static uint64_t *places(struct torci_run *run, const struct torci_peer_connection *connection,
                        bool from_server)
{
    const struct torc_scenario_split *given = run->options->split;
    size_t count = 0;
    uint64_t *at;

    for (const struct torci_script_split *each = run->scenario->splits; each; each = each->next)
        count += is_of(&each->split, connection, from_server) ? 1 : 0;
    count += given != NULL && is_of(given, connection, from_server) ? 1 : 0;
    if (count == 0)
        return NULL;
    at = torci_pile_alloc(&run->pile, (count + 1) * sizeof(*at));
    if (at == NULL) {
        run->error = TORC_ENOMEM;
        return NULL;
    }
    count = 0;
    for (const struct torci_script_split *each = run->scenario->splits; each; each = each->next)
        if (is_of(&each->split, connection, from_server))
            insert(at, count++, each->split.at);
    if (given != NULL && is_of(given, connection, from_server))
        insert(at, count++, given->at);
    at[count] = UINT64_MAX;
    return at;
}

void torci_segments_begin(struct torci_peer_connection *connection)
{
    struct torci_run *run = connection->peer->run;

    for (int from_server = 0; from_server < 2; from_server++) {
        bool outgoing = is_client(connection) != (from_server == 1);
        const uint64_t *at = places(run, connection, from_server == 1);
        uint64_t written =
            torci_host_split_stream(connection->peer->host, connection->handle, outgoing, at);

        run->split = run->split || at != NULL;
        if (!outgoing)
            connection->written_before = written;
    }
}

static int report_stream(struct torci_run *run, const struct torci_peer_connection *connection,
                         bool from_server, struct torc_scenario_stream *out)
{
    const char *name = connection->label->name;
    bool outgoing = is_client(connection) != from_server;

    out->connection = torci_pile_copy(run->report_pile, name, strlen(name));
    out->from_server = from_server;
    out->first = outgoing ? 1 : connection->written_before + 1;
    out->bytes = outgoing ? connection->sent_bytes : connection->received_bytes;
    return out->connection != NULL ? 0 : TORC_ENOMEM;
}

int torci_segments_report(struct torci_run *run)
{
    size_t room = 2 * run->scenario->label_count;
    struct torc_scenario_stream *streams;
    size_t count = 0;
    int code = 0;

    if (run->counter == NULL)
        return 0;
    streams = torci_pile_alloc(run->report_pile, (room + 1) * sizeof(*streams));
    if (streams == NULL)
        return TORC_ENOMEM;
    for (size_t i = 0; i < run->scenario->label_count; i++)
        for (int from_server = 0; run->labels[i].connection != NULL && from_server < 2 && code == 0;
             from_server++)
            code = report_stream(run, run->labels[i].connection, from_server == 1, &streams[count++]);
    run->report->streams = streams;
    run->report->stream_count = count;
    return code;
}
