#include "recording_fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int torci_recording_wrong(struct torci_recording_line *line, const char *field, const char *what)
{
    snprintf(line->reason, sizeof(line->reason), "the field \"%s\" %s", field, what);
    return TORC_ESYNTAX;
}

int torci_recording_integer(struct torci_recording_line *line, const char *name, bool needed,
                            int64_t lowest, int64_t *out)
{
    const json_t *value = json_object_get(line->json, name);

    if (value == NULL && !needed) {
        return 0;
    }
    if (!json_is_integer(value)) {
        return torci_recording_wrong(line, name, value == NULL ? "is missing" : "is not an integer");
    }
    if (json_integer_value(value) < lowest) {
        return torci_recording_wrong(line, name, "is too small");
    }
    *out = json_integer_value(value);
    return 0;
}

int torci_recording_text(struct torci_recording_line *line, const char *name, const char **out)
{
    const json_t *value = json_object_get(line->json, name);

    if (!json_is_string(value)) {
        return torci_recording_wrong(line, name, value == NULL ? "is missing" : "is not a string");
    }
    *out = json_string_value(value);
    return 0;
}

static int address_field(struct torci_recording_line *line, const char *name, const char **out)
{
    struct torc_address address;
    int status = torci_recording_text(line, name, out);

    if (status == 0 && torci_recording_address(*out, &address) != 0) {
        return torci_recording_wrong(line, name, "is not an address");
    }
    return status;
}

static int object_field(struct torci_recording_line *line, const char *name, const char *kinds,
                        struct torci_object *out)
{
    const char *text;
    size_t used;
    int status = torci_recording_text(line, name, &text);

    if (status != 0) {
        return status;
    }
    used = torci_object_parse(text, out);
    if (used == 0 || text[used] != '\0' || strchr(kinds, out->kind) == NULL) {
        return torci_recording_wrong(line, name, "is not the name of such an object");
    }
    return 0;
}

/* The bytes of `data`, or, decoded, of `data64`. */
static int data_field(struct torci_recording_line *line)
{
    const json_t *plain = json_object_get(line->json, "data");
    const json_t *coded = json_object_get(line->json, "data64");
    struct torci_recording_event *event = &line->out->event;
    long bytes;

    if (json_is_string(plain) && coded == NULL) {
        event->data = json_string_value(plain);
        event->bytes = json_string_length(plain);
        return 0;
    }
    if (!json_is_string(coded) || plain != NULL) {
        return torci_recording_wrong(line, "data", "is missing, or is not a string");
    }
    line->out->decoded = malloc(json_string_length(coded) / 4 * 3 + 1);
    if (line->out->decoded == NULL) {
        return TORC_ENOMEM;
    }
    bytes = torci_base64_decode(json_string_value(coded), json_string_length(coded),
                                line->out->decoded);
    if (bytes < 0) {
        return torci_recording_wrong(line, "data64", "is not base64");
    }
    event->data = line->out->decoded;
    event->bytes = (size_t)bytes;
    return 0;
}

/* The code in `error`, or 0 if there is none. */
static int error_field(struct torci_recording_line *line)
{
    static const int codes[] = {
#define X(name, code, text) code,
        TORC_ERRORS(X)
#undef X
    };
    const char *text;
    int status;

    if (json_object_get(line->json, "error") == NULL) {
        return 0;
    }
    status = torci_recording_text(line, "error", &text);
    if (status != 0) {
        return status;
    }
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (strcmp(torc_error_name(codes[i]), text) == 0 &&
            (codes[i] != TORC_EAGAIN || line->out->event.kind == TORC_TRACE_send)) {
            line->out->event.error = codes[i];
            return 0;
        }
    }
    return torci_recording_wrong(line, "error", "is not the name of an error");
}

/* --- kinds ------------------------------------------------------------------------------------- */

static int turn_fields(struct torci_recording_line *line)
{
    const char *text;
    int status = torci_recording_text(line, "ready", &line->out->event.text);

    for (text = line->out->event.text; status == 0 && *text != '\0';) {
        struct torci_ready ready;
        size_t used = torci_ready_parse(text, &ready);

        if (used == 0) {
            return torci_recording_wrong(line, "ready", "is not a list of what is ready");
        }
        text += used;
    }
    return status;
}

/* What made a listener, a connection or a job: its error or its name. */
static int made_fields(struct torci_recording_line *line, const char *kinds)
{
    int status = error_field(line);

    if (status == 0 && line->out->event.error == 0) {
        status = object_field(line, "as", kinds, &line->out->event.as);
    }
    return status;
}

static int opened_fields(struct torci_recording_line *line)
{
    struct torci_recording_event *event = &line->out->event;
    int status = address_field(line, "address", &event->text);

    if (status == 0 && json_object_get(line->json, "local") != NULL) {
        status = address_field(line, "local", &event->more_text);
    }
    return status != 0 ? status : made_fields(line, event->kind == TORC_TRACE_listen ? "l" : "c");
}

static int accept_fields(struct torci_recording_line *line)
{
    struct torci_recording_event *event = &line->out->event;
    int status = object_field(line, "on", "l", &event->on);

    if (status == 0) {
        status = made_fields(line, "c");
    }
    if (status == 0 && event->error == 0) {
        status = address_field(line, "peer", &event->text);
    }
    return status;
}

static int transfer_fields(struct torci_recording_line *line)
{
    struct torci_recording_event *event = &line->out->event;
    int64_t end = 0;
    int64_t offered = 0;
    int status = object_field(line, "on", "c", &event->on);

    if (status == 0) {
        status = error_field(line);
    }
    if (status != 0 || event->error != 0) {
        return status;
    }
    if (event->kind == TORC_TRACE_rx) {
        status = torci_recording_integer(line, "end", false, 1, &end);
        event->end = end != 0;
        if (status != 0 || event->end) {
            return status;
        }
    }
    status = data_field(line);
    if (status == 0 && event->kind == TORC_TRACE_rx && event->bytes == 0) {
        return torci_recording_wrong(line, "data", "is empty");
    }
    if (status == 0 && event->kind == TORC_TRACE_tx) {
        status = torci_recording_integer(line, "of", false, 1, &offered);
        event->offered_bytes = (uint64_t)offered;
    }
    if (status == 0 && event->offered_bytes != 0 && event->offered_bytes <= event->bytes) {
        return torci_recording_wrong(line, "of", "is not more than was taken");
    }
    return status;
}

static int port_fields(struct torci_recording_line *line)
{
    struct torci_recording_event *event = &line->out->event;
    int status = address_field(line, "address", &event->text);

    if (status == 0) {
        status = torci_recording_integer(line, "flags", true, 0, &event->number);
    }
    return status != 0 ? status : made_fields(line, "d");
}

static int peer_fields(struct torci_recording_line *line)
{
    struct torci_recording_event *event = &line->out->event;
    int status = object_field(line, "on", "d", &event->on);

    if (status == 0) {
        status = address_field(line, "address", &event->text);
    }
    return status != 0 ? status : error_field(line);
}

static int datagram_fields(struct torci_recording_line *line)
{
    struct torci_recording_event *event = &line->out->event;
    bool sent = event->kind == TORC_TRACE_send;
    int64_t of = 0;
    int status = object_field(line, "on", "d", &event->on);

    if (status == 0) {
        status = error_field(line);
    }
    if (status != 0 || (event->error != 0 && !sent)) {
        return status;
    }
    if (!sent || json_object_get(line->json, "to") != NULL) {
        status = address_field(line, sent ? "to" : "from", &event->text);
    }
    if (status == 0) {
        status = data_field(line);
    }
    if (status == 0 && !sent) {
        status = torci_recording_integer(line, "of", false, 1, &of);
        event->offered_bytes = (uint64_t)of;
    }
    if (status == 0 && of != 0 && (uint64_t)of <= event->bytes) {
        return torci_recording_wrong(line, "of", "is not more than was taken");
    }
    return status;
}

/* The place of a text in a list of three, or -1. */
static int64_t place_of(const char *text, const char *const texts[3])
{
    for (int64_t i = 0; i < 3; i++) {
        if (strcmp(text, texts[i]) == 0) {
            return i;
        }
    }
    return -1;
}

static int answer_field(struct torci_recording_line *line)
{
    struct torci_recording_event *event = &line->out->event;
    int status = torci_recording_text(line, "addresses", &event->text);

    for (const char *text = event->text; status == 0 && *text != '\0';) {
        struct torc_address address;
        size_t used = torci_recording_host(text, &address);

        if (used == 0) {
            return torci_recording_wrong(line, "addresses", "is not a list of addresses");
        }
        text += used;
    }
    return status;
}

static int resolve_fields(struct torci_recording_line *line)
{
    struct torci_recording_event *event = &line->out->event;
    const char *what;
    int status = torci_recording_text(line, "what", &what);

    if (status != 0) {
        return status;
    }
    event->number = place_of(what, torci_resolve_steps);
    if (event->number < 0) {
        return torci_recording_wrong(line, "what", "is none");
    }
    if (event->number != TORCI_RESOLVE_BEGIN) {
        status = object_field(line, "on", "n", &event->on);
        return status == 0 && event->number == TORCI_RESOLVE_ANSWER ? answer_field(line) : status;
    }
    status = torci_recording_text(line, "name", &event->text);
    if (status == 0) {
        status = torci_recording_text(line, "family", &event->more_text);
    }
    if (status == 0 && place_of(event->more_text, torci_resolve_families) < 0) {
        return torci_recording_wrong(line, "family", "is none");
    }
    return status != 0 ? status : made_fields(line, "n");
}

static int done_fields(struct torci_recording_line *line)
{
    struct torci_recording_event *event = &line->out->event;
    int status = object_field(line, "on", event->kind == TORC_TRACE_refuse ? "l" : "lcd",
                              &event->on);

    if (status == 0) {
        status = error_field(line);
    }
    if (status == 0 && event->kind == TORC_TRACE_option) {
        status = torci_recording_text(line, "name", &event->text);
        if (status == 0) {
            status = torci_recording_integer(line, "value", true, INT32_MIN, &event->number);
        }
    }
    if (status == 0 && event->kind == TORC_TRACE_names && event->error == 0) {
        status = address_field(line, "local", &event->text);
        if (status == 0) {
            status = address_field(line, "peer", &event->more_text);
        }
    }
    return status;
}

static int draw_fields(struct torci_recording_line *line)
{
    int status = torci_recording_text(line, "site", &line->out->event.text);

    return status != 0 ? status : data_field(line);
}

static int signal_fields(struct torci_recording_line *line)
{
    int status = torci_recording_integer(line, "watch", true, 0, &line->out->event.number);

    return status != 0 ? status : error_field(line);
}

static int fields_of_kind(struct torci_recording_line *line)
{
    switch (line->out->event.kind) {
    case TORC_TRACE_turn:
        return turn_fields(line);
    case TORC_TRACE_clock:
        return torci_recording_integer(line, "wall_ns", true, INT64_MIN, &line->out->event.number);
    case TORC_TRACE_draw:
        return draw_fields(line);
    case TORC_TRACE_listen:
    case TORC_TRACE_connect:
        return opened_fields(line);
    case TORC_TRACE_accept:
        return accept_fields(line);
    case TORC_TRACE_job:
        return made_fields(line, "j");
    case TORC_TRACE_rx:
    case TORC_TRACE_tx:
        return transfer_fields(line);
    case TORC_TRACE_signal:
        return signal_fields(line);
    case TORC_TRACE_datagram:
        return port_fields(line);
    case TORC_TRACE_peer:
        return peer_fields(line);
    case TORC_TRACE_resolve:
        return resolve_fields(line);
    case TORC_TRACE_send:
    case TORC_TRACE_receive:
        return datagram_fields(line);
    case TORC_TRACE_db:
        return torci_recording_database_fields(line);
    default:
        return done_fields(line);
    }
}

/* The kinds a recording has. */
static bool kind_field(const char *text, enum torc_trace_kind *out)
{
    static const enum torc_trace_kind kinds[] = {
        TORC_TRACE_turn,   TORC_TRACE_rx,     TORC_TRACE_tx,       TORC_TRACE_accept,
        TORC_TRACE_close,  TORC_TRACE_reset,  TORC_TRACE_shutdown, TORC_TRACE_clock,
        TORC_TRACE_draw,   TORC_TRACE_listen, TORC_TRACE_connect,  TORC_TRACE_names,
        TORC_TRACE_option, TORC_TRACE_job,    TORC_TRACE_signal,   TORC_TRACE_refuse,
        TORC_TRACE_db,     TORC_TRACE_datagram, TORC_TRACE_peer,   TORC_TRACE_send,
        TORC_TRACE_receive, TORC_TRACE_resolve};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(torc_trace_kind_name(kinds[i]), text) == 0) {
            *out = kinds[i];
            return true;
        }
    }
    return false;
}

int torci_recording_fields(struct torci_recording_line *line, uint64_t events, uint64_t t_ns_before)
{
    struct torci_recording_event *event = &line->out->event;
    const char *kind;
    int64_t n = 0;
    int64_t t_ns = 0;
    int64_t cause = 0;
    int status;

    if ((status = torci_recording_integer(line, "n", true, 1, &n)) != 0 ||
        (status = torci_recording_integer(line, "t", true, 0, &t_ns)) != 0 ||
        (status = torci_recording_integer(line, "cause", false, 1, &cause)) != 0 ||
        (status = torci_recording_text(line, "k", &kind)) != 0) {
        return status;
    }
    if ((uint64_t)n != events + 1) {
        snprintf(line->reason, sizeof(line->reason), "event %lld follows event %llu",
                 (long long)n, (unsigned long long)events);
        return TORC_ESYNTAX;
    }
    if ((uint64_t)t_ns < t_ns_before) {
        return torci_recording_wrong(line, "t", "goes back");
    }
    if (cause >= n) {
        return torci_recording_wrong(line, "cause", "is not an event before this one");
    }
    if (!kind_field(kind, &event->kind)) {
        snprintf(line->reason, sizeof(line->reason), "unknown kind \"%.40s\"", kind);
        return TORC_ESYNTAX;
    }
    event->n = (uint64_t)n;
    event->t_ns = (uint64_t)t_ns;
    event->cause = (uint64_t)cause;
    return fields_of_kind(line);
}
