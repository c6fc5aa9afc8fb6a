/* Scripted peers: raw hosts that connect, send and receive as the lines say, and remember what came when. */
#include <stdlib.h>
#include <string.h>

#include "scenario_run.h"

enum { EVENTS_AT_ONCE = 32, READ_BYTES = 65536, ARRIVALS_FIRST = 16, BYTES_FIRST = 256 };

static void set_interest(struct torci_peer_connection *connection)
{
    struct torc_platform *platform = connection->peer->platform;
    uint32_t events = 0;

    if (connection->handle == 0 || connection->state != TORCI_PEER_OPEN)
        return;
    if (!connection->paused && !connection->ended && !connection->reset)
        events |= TORC_EVENT_READ;
    if (connection->sends != NULL)
        events |= TORC_EVENT_WRITE;
    platform->ops->interest(platform, connection->handle, events);
}

static void enter_state(struct torci_peer_connection *connection, enum torci_connection_state state)
{
    connection->state = state;
    connection->since_ns = torci_run_now(connection->peer->run);
    connection->changes++;
}

static void close_handle(struct torci_peer_connection *connection, enum torc_close_mode mode)
{
    struct torc_platform *platform = connection->peer->platform;

    if (connection->handle != 0)
        platform->ops->close(platform, connection->handle, mode);
    connection->handle = 0;
    connection->sends = NULL;
    connection->send_end = &connection->sends;
}

/* The label's end, for lines that count from it: told once. */
static void note_end(struct torci_peer_connection *connection)
{
    struct torci_run *run = connection->peer->run;
    struct torci_label_run *label = &run->labels[connection->label->index];

    if (label->ended)
        return;
    label->ended = true;
    torci_steps_anchor(run, connection->label, true, torci_run_now(run));
}

static void note_established(struct torci_peer_connection *connection)
{
    struct torci_run *run = connection->peer->run;

    enter_state(connection, TORCI_PEER_OPEN);
    run->labels[connection->label->index].happened = true;
    torci_steps_anchor(run, connection->label, false, connection->since_ns);
    torci_run_tell(run, "%s: %s is connected", connection->peer->script->name,
                   connection->label->name);
}

/* --- sending -------------------------------------------------------------------------------------- */

static void broken(struct torci_peer_connection *connection, int code)
{
    if (code == TORC_ECONNRESET || code == TORC_EPIPE) {
        /* Reading tells when it ended; what cannot be sent any more is forgotten. */
        connection->reset_told = connection->reset_told || code == TORC_ECONNRESET;
        connection->sends = NULL;
        connection->send_end = &connection->sends;
        connection->changes++;
        return;
    }
    connection->error = code;
    enter_state(connection, TORCI_PEER_FAILED);
    close_handle(connection, TORC_CLOSE_ABORT);
    torci_run_tell(connection->peer->run, "%s: %s: %s", connection->peer->script->name,
                   connection->label->name, torc_error_text(code));
}

/* Sends the bytes of one entry, a segment at a time.  Whether all are sent. */
static bool send_bytes(struct torci_peer_connection *connection, struct torci_send *send)
{
    struct torc_platform *platform = connection->peer->platform;

    while (send->done < send->bytes) {
        size_t left = send->bytes - send->done;
        size_t part = send->segment_bytes == 0 ? left : send->segment_bytes - send->done % send->segment_bytes;
        struct torc_span span = {send->data + send->done, part < left ? part : left};
        size_t sent = 0;
        int code = platform->ops->writev(platform, connection->handle, &span, 1, &sent);

        if (code == TORC_EAGAIN)
            return false;
        if (code != 0) {
            broken(connection, code);
            return false;
        }
        send->done += sent;
        connection->sent_bytes += sent;
        connection->peer->run->report->bytes_sent += sent;
    }
    return true;
}

static void flush(struct torci_peer_connection *connection)
{
    struct torc_platform *platform = connection->peer->platform;

    while (connection->state == TORCI_PEER_OPEN && connection->sends != NULL) {
        struct torci_send *send = connection->sends;

        if (send->kind == TORCI_SEND_CLOSE) {
            close_handle(connection, TORC_CLOSE_NORMAL);
            enter_state(connection, TORCI_PEER_CLOSED);
            note_end(connection);
            return;
        }
        if (send->kind == TORCI_SEND_BYTES && !send_bytes(connection, send))
            break;
        if (send->kind == TORCI_SEND_SHUTDOWN &&
            platform->ops->shutdown(platform, connection->handle) != 0)
            broken(connection, TORC_EPIPE);
        if (connection->sends == NULL)
            break;
        connection->sends = send->next;
        if (connection->sends == NULL)
            connection->send_end = &connection->sends;
    }
    set_interest(connection);
}

void torci_connection_queue(struct torci_peer_connection *connection, enum torci_send_kind kind,
                            const struct torci_bytes *bytes, size_t segment_bytes)
{
    struct torci_run *run = connection->peer->run;
    struct torci_send *send;

    if (connection->state == TORCI_PEER_CLOSED || connection->state == TORCI_PEER_FAILED)
        return;
    if (connection->reset) { /* there is nothing to send on any more */
        if (kind == TORCI_SEND_CLOSE)
            enter_state(connection, TORCI_PEER_CLOSED);
        return;
    }
    send = torci_pile_alloc(&run->pile, sizeof(*send));
    if (send == NULL) {
        run->error = TORC_ENOMEM;
        return;
    }
    send->kind = kind;
    if (bytes != NULL) {
        send->data = bytes->data;
        send->bytes = bytes->bytes;
    }
    send->segment_bytes = segment_bytes;
    *connection->send_end = send;
    connection->send_end = &send->next;
    if (connection->state == TORCI_PEER_OPEN)
        flush(connection);
}

/* --- receiving ------------------------------------------------------------------------------------ */

static bool grow(void **memory, size_t *room, size_t needed, size_t first, size_t item_bytes)
{
    size_t new_room = *room == 0 ? first : *room;
    void *grown;

    if (needed <= *room)
        return true;
    while (new_room < needed)
        new_room *= 2;
    grown = realloc(*memory, new_room * item_bytes);
    if (grown == NULL)
        return false;
    *memory = grown;
    *room = new_room;
    return true;
}

static void keep(struct torci_peer_connection *connection, const uint8_t *data, size_t bytes)
{
    struct torci_run *run = connection->peer->run;
    void *received = connection->received;
    void *arrivals = connection->arrivals;
    bool kept = grow(&received, &connection->received_room, connection->received_bytes + bytes,
                     BYTES_FIRST, 1);

    kept = kept && grow(&arrivals, &connection->arrival_room, connection->arrival_count + 1,
                        ARRIVALS_FIRST, sizeof(*connection->arrivals));
    connection->received = received;
    connection->arrivals = arrivals;
    if (!kept) {
        run->error = TORC_ENOMEM;
        return;
    }
    memcpy(connection->received + connection->received_bytes, data, bytes);
    connection->received_bytes += bytes;
    connection->arrivals[connection->arrival_count].t_ns = torci_run_now(run);
    connection->arrivals[connection->arrival_count].end = connection->received_bytes;
    connection->arrival_count++;
    connection->changes++;
    run->report->bytes_received += bytes;
    if (run->options->tell != NULL) {
        char shown[400];

        torci_show_bytes(shown, sizeof(shown), data, bytes, 60);
        torci_run_tell(run, "%s: %s receives %s", connection->peer->script->name,
                       connection->label->name, shown);
    }
}

uint64_t torci_connection_arrived_ns(const struct torci_peer_connection *connection, size_t end)
{
    size_t low = 0;
    size_t high = connection->arrival_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (connection->arrivals[middle].end < end)
            low = middle + 1;
        else
            high = middle;
    }
    return low < connection->arrival_count ? connection->arrivals[low].t_ns : 0;
}

static void receive(struct torci_peer_connection *connection)
{
    struct torc_platform *platform = connection->peer->platform;
    struct torci_run *run = connection->peer->run;

    while (connection->state == TORCI_PEER_OPEN && !connection->ended && !connection->reset &&
           run->error == 0) {
        uint8_t buffer[READ_BYTES];
        size_t bytes = 0;
        int code = platform->ops->read(platform, connection->handle, buffer,
                                       torci_reset_room(connection, sizeof(buffer)), &bytes);

        if (code == TORC_EAGAIN)
            break;
        if (code == 0 && bytes > 0) {
            keep(connection, buffer, bytes);
            if (connection->reset_at != 0)
                torci_reset_look(connection);
            continue;
        }
        if (code == TORC_ETIMEDOUT) {
            broken(connection, code);
            return;
        }
        connection->ended_ns = torci_run_now(run);
        connection->changes++;
        connection->reset = code != 0 || connection->reset_told;
        connection->ended = !connection->reset;
        torci_run_tell(run, "%s: %s %s", connection->peer->script->name, connection->label->name,
                       connection->ended ? "receives the end of the stream" : "is reset");
        note_end(connection);
    }
    if (connection->reset)
        close_handle(connection, TORC_CLOSE_ABORT);
    set_interest(connection);
}

/* --- connections ---------------------------------------------------------------------------------- */

static void adopt(struct torci_peer *peer, struct torci_peer_connection *connection)
{
    struct torci_peer_connection **at = &peer->connections;

    while (*at != NULL)
        at = &(*at)->next;
    *at = connection;
    connection->peer = peer;
    connection->send_end = &connection->sends;
    connection->state = TORCI_PEER_CONNECTING;
    connection->since_ns = torci_run_now(peer->run);
}

/* The token of a connection is its label's index, above those of listeners. */
static const uint64_t first_connection_token = UINT64_C(1) << 32;

int torci_peer_connect(struct torci_peer *peer, struct torci_peer_connection *connection,
                       const struct torc_address *address)
{
    int code;

    adopt(peer, connection);
    code = peer->platform->ops->connect(peer->platform, address, NULL,
                                        first_connection_token + connection->label->index,
                                        &connection->handle);
    if (code != 0) {
        connection->error = code;
        enter_state(connection, TORCI_PEER_FAILED);
    } else {
        torci_segments_begin(connection);
    }
    return code == TORC_ENOMEM ? code : 0;
}

static void connect_ended(struct torci_peer_connection *connection, int result)
{
    if (result == 0) {
        note_established(connection);
        flush(connection);
        return;
    }
    connection->error = result;
    close_handle(connection, TORC_CLOSE_ABORT);
    enter_state(connection, TORCI_PEER_FAILED);
    torci_run_tell(connection->peer->run, "%s: %s: %s", connection->peer->script->name,
                   connection->label->name, torc_error_text(result));
}

void torci_connection_pause(struct torci_peer_connection *connection, bool paused)
{
    connection->paused = paused;
    set_interest(connection);
}

void torci_connection_abort(struct torci_peer_connection *connection)
{
    if (connection->state != TORCI_PEER_OPEN && connection->state != TORCI_PEER_CONNECTING)
        return;
    close_handle(connection, TORC_CLOSE_ABORT);
    enter_state(connection, TORCI_PEER_CLOSED);
    note_end(connection);
}

void torci_connection_finish(struct torci_peer_connection *connection)
{
    if (connection->handle != 0)
        close_handle(connection, TORC_CLOSE_NORMAL);
}

void torci_connection_free(struct torci_peer_connection *connection)
{
    free(connection->received);
    free(connection->arrivals);
    connection->received = NULL;
    connection->arrivals = NULL;
}

/* --- listening ------------------------------------------------------------------------------------ */

static struct torci_peer_connection *first_waiting(struct torci_peer *peer, uint16_t port)
{
    struct torci_peer_connection *each = peer->connections;

    while (each != NULL && (each->port != port || each->state != TORCI_PEER_CONNECTING))
        each = each->next;
    return each;
}

int torci_peer_listen(struct torci_peer *peer, uint16_t port, uint32_t backlog)
{
    struct torci_peer_listener *listener = torci_pile_alloc(&peer->run->pile, sizeof(*listener));
    struct torc_listen_settings settings = {(int)backlog, 0};
    struct torc_address address = torc_host_address(peer->host, port);
    int code;

    if (listener == NULL)
        return TORC_ENOMEM;
    listener->port = port;
    listener->token = ++peer->tokens;
    code = peer->platform->ops->listen(peer->platform, &address, &settings, listener->token,
                                       &listener->handle);
    if (code != 0)
        return code;
    listener->next = peer->listeners;
    peer->listeners = listener;
    return 0;
}

/* Accepts as many as there are lines that wait for one. */
static void accept_waiting(struct torci_peer *peer, struct torci_peer_listener *listener)
{
    struct torc_platform *platform = peer->platform;
    struct torci_peer_connection *connection;

    while ((connection = first_waiting(peer, listener->port)) != NULL) {
        int code = platform->ops->accept(platform, listener->handle,
                                         first_connection_token + connection->label->index,
                                         &connection->handle, NULL);

        if (code == TORC_ECONNABORTED)
            continue;
        if (code != 0)
            break;
        torci_segments_begin(connection);
        note_established(connection);
        flush(connection);
    }
    platform->ops->interest(platform, listener->handle,
                            first_waiting(peer, listener->port) != NULL ? TORC_EVENT_READ : 0);
}

int torci_peer_accept(struct torci_peer *peer, struct torci_peer_connection *connection, uint16_t port)
{
    struct torci_peer_listener *listener = peer->listeners;

    while (listener != NULL && listener->port != port)
        listener = listener->next;
    if (listener == NULL)
        return TORC_ENOTFOUND;
    adopt(peer, connection);
    connection->port = port;
    accept_waiting(peer, listener);
    return 0;
}

/* --- turns ---------------------------------------------------------------------------------------- */

static void take_event(struct torci_peer *peer, const struct torc_platform_event *event)
{
    struct torci_peer_connection *connection = peer->connections;
    struct torci_peer_listener *listener = peer->listeners;

    if (event->token < first_connection_token) {
        while (listener != NULL && listener->token != event->token)
            listener = listener->next;
        if (listener != NULL)
            accept_waiting(peer, listener);
        return;
    }
    while (connection != NULL &&
           first_connection_token + connection->label->index != event->token)
        connection = connection->next;
    if (connection == NULL || connection->handle == 0)
        return;
    if (event->events & TORC_EVENT_CONNECT)
        connect_ended(connection, event->result);
    if (event->events & TORC_EVENT_WRITE)
        flush(connection);
    if ((event->events & TORC_EVENT_READ) && !connection->paused)
        receive(connection);
}

void torci_peer_turn(void *arg)
{
    struct torci_peer *peer = arg;
    struct torc_platform_event batch[EVENTS_AT_ONCE];
    size_t count;

    do {
        count = peer->platform->ops->wait(peer->platform, 0, batch, EVENTS_AT_ONCE);
        for (size_t i = 0; i < count; i++)
            take_event(peer, &batch[i]);
    } while (count == EVENTS_AT_ONCE);
}

void torci_peer_killed(struct torci_peer *peer)
{
    peer->listeners = NULL;
    for (struct torci_peer_connection *each = peer->connections; each != NULL; each = each->next) {
        each->handle = 0;
        each->sends = NULL;
        each->send_end = &each->sends;
        if (each->state != TORCI_PEER_CLOSED && each->state != TORCI_PEER_FAILED) {
            enter_state(each, TORCI_PEER_CLOSED);
            note_end(each);
        }
    }
}
