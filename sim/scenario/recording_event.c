#include "recording_event.h"

#include <string.h>

#include <torc/format.h>

const char *torci_object_format(struct torci_object object, char text[TORCI_OBJECT_TEXT_MAX])
{
    text[0] = '\0';
    if (object.kind != 0) {
        torc_format(text, TORCI_OBJECT_TEXT_MAX, "%c%u", object.kind, (unsigned)object.number);
    }
    return text;
}

size_t torci_object_parse(const char *text, struct torci_object *out)
{
    uint64_t number = 0;
    size_t i = 1;

    if (strchr("cldjn", text[0]) == NULL || text[0] == '\0') {
        return 0;
    }
    for (; text[i] >= '0' && text[i] <= '9'; i++) {
        number = number * 10 + (uint64_t)(text[i] - '0');
        if (number > UINT32_MAX) {
            return 0;
        }
    }
    if (i == 1 || text[1] == '0') {
        return 0;
    }
    out->kind = text[0];
    out->number = (uint32_t)number;
    return i;
}

bool torci_object_equal(struct torci_object a, struct torci_object b)
{
    return a.kind == b.kind && a.number == b.number;
}

static void emit_object(struct torc_trace *trace, const char *name, struct torci_object object)
{
    char text[TORCI_OBJECT_TEXT_MAX];

    torc_trace_text(trace, name, torci_object_format(object, text));
}

/* The fields of what makes an object: the error, or its name. */
static void emit_made(struct torc_trace *trace, const struct torci_recording_event *event)
{
    if (event->error != 0) {
        torc_trace_text(trace, "error", torc_error_name(event->error));
    } else {
        emit_object(trace, "as", event->as);
    }
}

static void emit_transfer(struct torc_trace *trace, const struct torci_recording_event *event)
{
    emit_object(trace, "on", event->on);
    if (event->error != 0) {
        torc_trace_text(trace, "error", torc_error_name(event->error));
    } else if (event->end) {
        torc_trace_integer(trace, "end", 1);
    } else {
        torc_trace_bytes(trace, "data", event->data, event->bytes);
        if (event->offered_bytes != 0) {
            torc_trace_integer(trace, "of", (int64_t)event->offered_bytes);
        }
    }
}

void torci_recording_datagram_address(const struct torc_address *address,
                                      char text[TORC_ADDRESS_TEXT_MAX])
{
    (void)torc_address_format(address, text, TORC_ADDRESS_TEXT_MAX);
    memcpy(text, "udp", 3);
}

static void emit_error(struct torc_trace *trace, const struct torci_recording_event *event)
{
    if (event->error != 0) {
        torc_trace_text(trace, "error", torc_error_name(event->error));
    }
}

const char *const torci_resolve_steps[3] = {"begin", "answer", "end"};
const char *const torci_resolve_families[3] = {"any", "ipv4", "ipv6"};

static void emit_resolve(struct torc_trace *trace, const struct torci_recording_event *event)
{
    torc_trace_text(trace, "what", torci_resolve_steps[event->number]);
    if (event->number == TORCI_RESOLVE_BEGIN) {
        torc_trace_text(trace, "name", event->text);
        torc_trace_text(trace, "family", event->more_text);
        emit_made(trace, event);
        return;
    }
    emit_object(trace, "on", event->on);
    if (event->number == TORCI_RESOLVE_ANSWER) {
        torc_trace_text(trace, "addresses", event->text);
    }
}

static void emit_datagram(struct torc_trace *trace, const struct torci_recording_event *event)
{
    emit_object(trace, "on", event->on);
    if (event->kind == TORC_TRACE_receive && event->error != 0) {
        emit_error(trace, event);
        return;
    }
    if (event->text != NULL) {
        torc_trace_text(trace, event->kind == TORC_TRACE_send ? "to" : "from", event->text);
    }
    torc_trace_bytes(trace, "data", event->data, event->bytes);
    if (event->offered_bytes != 0) {
        torc_trace_integer(trace, "of", (int64_t)event->offered_bytes);
    }
    emit_error(trace, event);
}

/* The fields of what is done to an object and may be refused. */
static void emit_done(struct torc_trace *trace, const struct torci_recording_event *event)
{
    emit_object(trace, "on", event->on);
    if (event->kind == TORC_TRACE_option) {
        torc_trace_text(trace, "name", event->text);
        torc_trace_integer(trace, "value", event->number);
    }
    if (event->error != 0) {
        torc_trace_text(trace, "error", torc_error_name(event->error));
    } else if (event->kind == TORC_TRACE_names) {
        torc_trace_text(trace, "local", event->text);
        torc_trace_text(trace, "peer", event->more_text);
    }
}

uint64_t torci_recording_event_emit(const struct torci_recording_event *event,
                                    struct torc_trace *trace)
{
    uint64_t n = torc_trace_begin(trace, event->kind, event->t_ns, NULL, event->cause);

    switch (event->kind) {
    case TORC_TRACE_turn:
        torc_trace_text(trace, "ready", event->text);
        break;
    case TORC_TRACE_clock:
        torc_trace_integer(trace, "wall_ns", event->number);
        break;
    case TORC_TRACE_draw:
        torc_trace_text(trace, "site", event->text);
        torc_trace_bytes(trace, "data", event->data, event->bytes);
        break;
    case TORC_TRACE_listen:
    case TORC_TRACE_connect:
        torc_trace_text(trace, "address", event->text);
        if (event->more_text != NULL) {
            torc_trace_text(trace, "local", event->more_text);
        }
        emit_made(trace, event);
        break;
    case TORC_TRACE_accept:
        emit_object(trace, "on", event->on);
        emit_made(trace, event);
        if (event->error == 0) {
            torc_trace_text(trace, "peer", event->text);
        }
        break;
    case TORC_TRACE_job:
        emit_made(trace, event);
        break;
    case TORC_TRACE_rx:
    case TORC_TRACE_tx:
        emit_transfer(trace, event);
        break;
    case TORC_TRACE_db:
        torci_database_record_emit(event->database, trace);
        break;
    case TORC_TRACE_signal:
        torc_trace_integer(trace, "watch", event->number);
        emit_error(trace, event);
        break;
    case TORC_TRACE_datagram:
        torc_trace_text(trace, "address", event->text);
        torc_trace_integer(trace, "flags", event->number);
        emit_made(trace, event);
        break;
    case TORC_TRACE_peer:
        emit_object(trace, "on", event->on);
        torc_trace_text(trace, "address", event->text);
        emit_error(trace, event);
        break;
    case TORC_TRACE_resolve:
        emit_resolve(trace, event);
        break;
    case TORC_TRACE_send:
    case TORC_TRACE_receive:
        emit_datagram(trace, event);
        break;
    default: /* refuse, shutdown, close, reset, names, option */
        emit_done(trace, event);
        break;
    }
    torc_trace_end(trace);
    return n;
}

size_t torci_ready_format(const struct torci_ready *ready, char text[TORCI_READY_TEXT_MAX])
{
    char object[TORCI_OBJECT_TEXT_MAX];

    torci_object_format(ready->object, object);
    switch (ready->events) {
    case TORC_EVENT_SIGNAL:
        return torc_format(text, TORCI_READY_TEXT_MAX, "signal=%d", (int)ready->result);
    case TORC_EVENT_CONNECT:
        return torc_format(text, TORCI_READY_TEXT_MAX, "%s:connect=%d", object,
                           (int)ready->result);
    case TORC_EVENT_JOB:
        return torc_format(text, TORCI_READY_TEXT_MAX, "%s:job=%d", object, (int)ready->result);
    case TORC_EVENT_NAMES:
        return torc_format(text, TORCI_READY_TEXT_MAX, "%s:names=%d", object, (int)ready->result);
    default:
        return torc_format(text, TORCI_READY_TEXT_MAX, "%s:%s%s", object,
                           (ready->events & TORC_EVENT_READ) != 0 ? "r" : "",
                           (ready->events & TORC_EVENT_WRITE) != 0 ? "w" : "");
    }
}

/* Reads "NAME=INTEGER"; returns how many characters it has, or 0. */
static size_t parse_result(const char *text, const char *name, int32_t *out)
{
    size_t i = strlen(name);
    size_t digits_begin;
    bool negative;
    int64_t value = 0;

    if (strncmp(text, name, i) != 0 || text[i] != '=') {
        return 0;
    }
    i++;
    negative = text[i] == '-';
    if (negative) {
        i++;
    }
    for (digits_begin = i; text[i] >= '0' && text[i] <= '9'; i++) {
        value = value * 10 + (text[i] - '0');
        if (value > (int64_t)INT32_MAX + (negative ? 1 : 0)) {
            return 0;
        }
    }
    if (i == digits_begin) {
        return 0;
    }
    *out = (int32_t)(negative ? -value : value);
    return i;
}

static size_t parse_readiness(const char *text, struct torci_ready *ready)
{
    size_t i = 0;

    if (text[i] == 'r') {
        ready->events |= TORC_EVENT_READ;
        i++;
    }
    if (text[i] == 'w') {
        ready->events |= TORC_EVENT_WRITE;
        i++;
    }
    return i;
}

size_t torci_ready_parse(const char *text, struct torci_ready *out)
{
    struct torci_ready ready = {{0, 0}, 0, 0};
    size_t used = 0;
    size_t more = parse_result(text, "signal", &ready.result);

    if (more > 0) {
        ready.events = TORC_EVENT_SIGNAL;
    } else {
        used = torci_object_parse(text, &ready.object);
        if (used == 0 || text[used] != ':') {
            return 0;
        }
        used++;
        if ((more = parse_result(text + used, "connect", &ready.result)) > 0) {
            ready.events = TORC_EVENT_CONNECT;
        } else if ((more = parse_result(text + used, "job", &ready.result)) > 0) {
            ready.events = TORC_EVENT_JOB;
        } else if ((more = parse_result(text + used, "names", &ready.result)) > 0) {
            ready.events = TORC_EVENT_NAMES;
        } else {
            more = parse_readiness(text + used, &ready);
        }
        if ((ready.object.kind == 'j') != (ready.events == TORC_EVENT_JOB) ||
            (ready.object.kind == 'n') != (ready.events == TORC_EVENT_NAMES)) {
            return 0;
        }
    }
    used += more;
    if (more == 0 || (text[used] != ' ' && text[used] != '\0')) {
        return 0;
    }
    *out = ready;
    return used + (text[used] == ' ' ? 1 : 0);
}
