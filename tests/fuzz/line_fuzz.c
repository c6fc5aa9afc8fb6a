/* libFuzzer's entry to the line receiver: however a stream is cut, the same lines and the same raw bytes come out of it in the
 * same order, and all memory comes back.  What a line begins with is done by who receives it: `p` pauses, `r` is followed
 * by raw bytes, `l` loses the connection, `a` answers.  The first byte of the input chooses delimiter and limit.
 *
 * With CANARY two lines after another are a crash: tests/fuzz.sh plants it, with a seed of one line. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <torc/line_receiver.h>
#include <torc/memory_transport.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

enum { PIECE_BYTES_MAX = 12, RAW_BYTES_MAX = 32 };

/* A receiver, and a text of all it was given: the lines between < and >, those too long as !, raw bytes as they are. */
struct reader {
    struct torc_line_receiver receiver;
    struct torc_scope *scope;
    uint8_t *text;
    size_t used;
    size_t room;
    size_t raw_left;
    unsigned lines;
    bool lost;
};

static void must(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

static void note(struct reader *reader, const void *data, size_t bytes)
{
    must(bytes <= reader->room - reader->used, "more comes out than goes in");
    if (bytes > 0)
        memcpy(reader->text + reader->used, data, bytes);
    reader->used += bytes;
}

static struct torc_failure *line_received(struct torc_line_receiver *self, const uint8_t *line, size_t bytes)
{
    struct reader *reader = (struct reader *)self;

    must(!reader->lost, "a line comes after the end");
    note(reader, "<", 1);
    note(reader, line, bytes);
    note(reader, ">", 1);
    reader->lines++;
    switch (bytes > 0 ? line[0] : 0) {
    case 'p':
        torc_line_receiver_pause(self);
        break;
    case 'r':
        reader->raw_left = 1 + bytes % RAW_BYTES_MAX;
        torc_line_receiver_set_raw(self);
        break;
    case 'l':
        torc_transport_lose(self->protocol.transport);
        break;
    case 'a':
        if (torc_line_receiver_send(self, line, bytes) != 0)
            note(reader, "?", 1);
        break;
    default:
        break;
    }
    return NULL;
}

static struct torc_failure *raw_data_received(struct torc_line_receiver *self, const uint8_t *data, size_t bytes)
{
    struct reader *reader = (struct reader *)self;
    size_t taken = bytes < reader->raw_left ? bytes : reader->raw_left;

    note(reader, data, taken);
    reader->raw_left -= taken;
    if (reader->raw_left == 0)
        must(torc_line_receiver_set_line(self, data + taken, bytes - taken) == 0, "no memory for what is left");
    return NULL;
}

static struct torc_failure *line_length_exceeded(struct torc_line_receiver *self, size_t bytes)
{
    struct reader *reader = (struct reader *)self;

    must(bytes > self->line_bytes_max, "a line is too long that is not");
    note(reader, "!", 1);
    return NULL;
}

static void connection_lost(struct torc_line_receiver *self, struct torc_failure *reason)
{
    (void)reason;
    ((struct reader *)self)->lost = true;
    torc_line_receiver_clear(self);
}

/* Delivers it in pieces that `random` draws, or whole (NULL); who has paused is resumed after each. */
static void read_stream(struct reader *reader, const uint8_t *data, size_t bytes, uint8_t choice, uint32_t *random)
{
    static const struct torc_line_receiver_ops ops = {sizeof ops, NULL, line_received, raw_data_received,
                                                      line_length_exceeded, connection_lost};
    static const char *const delimiters[] = {"\r\n", "\n", "ab", "aab"};
    struct torc_memory_transport *memory;
    struct torc_scope_counts before;
    struct torc_scope_counts after;

    memset(reader, 0, sizeof *reader);
    reader->room = 4 * bytes + 16;
    reader->text = malloc(reader->room);
    must(reader->text != NULL && torc_scope_new(NULL, NULL, &reader->scope) == 0, "out of memory");
    torc_scope_count(reader->scope, &before);
    must(torc_line_receiver_init(&reader->receiver, &ops, reader->scope, delimiters[choice & 3],
                                 (size_t)1 + (choice >> 2)) == 0, "it cannot be made");
    must(torc_memory_transport_new(reader->scope, &memory) == 0 &&
             torc_memory_transport_connect(memory, &reader->receiver.protocol) == 0, "it does not connect");
    for (size_t at = 0; at < bytes && !reader->lost;) {
        size_t piece = 1;

        if (random == NULL) {
            piece = bytes;
        } else {
            *random = *random * 1664525u + 1013904223u;
            piece += (*random >> 8) % PIECE_BYTES_MAX;
        }
        if (piece > bytes - at)
            piece = bytes - at;
        must(torc_memory_transport_deliver(memory, data + at, piece, 0) == 0, "what is sent is not taken");
        at += piece;
        while (!reader->lost && reader->receiver.paused) {
            torc_line_receiver_resume(&reader->receiver);
            torc_memory_transport_settle(memory);
        }
    }
    torc_memory_transport_free(memory);
    must(reader->lost, "the connection is not lost");
    torc_scope_count(reader->scope, &after);
    must(after.bytes_in_use == before.bytes_in_use, "memory is left");
    torc_scope_free(reader->scope);
}

static void fail_of_canary(const struct reader *reader)
{
#ifdef CANARY
    if (reader->lines > 1)
        abort();
#else
    (void)reader;
#endif
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    uint32_t random = 0;
    struct reader whole;
    struct reader cut;

    if (bytes == 0)
        return 0;
    for (size_t i = 0; i < bytes; i++)
        random = random * 31 + data[i];
    read_stream(&whole, data + 1, bytes - 1, data[0], NULL);
    read_stream(&cut, data + 1, bytes - 1, data[0], &random);
    must(whole.used == cut.used && memcmp(whole.text, cut.text, cut.used) == 0, "in pieces the lines are others");
    fail_of_canary(&whole);
    free(whole.text);
    free(cut.text);
    return 0;
}
