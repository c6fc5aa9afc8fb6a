/* trace.c - the record of a run: its canonical binary form goes into the digest, its JSON form to a
 * writer if there is one.  docs/trace.md describes both. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <torc/format.h>
#include <torc/trace.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "trace_line.h"

/* Records are gathered here and hashed a block at a time: one update for hundreds of events. */
#define BLOCK_BYTES 8192

#define HEAD_BYTES 18 /* of a record, without the host's name */

/* The first byte of every field; 0 ends a record. */
enum field_tag {
    FIELD_END = 0,
    FIELD_INTEGER = 1,
    FIELD_TEXT = 2,
    FIELD_BYTES = 3,
    FIELD_VALUE = 4,
    FIELD_VALUES = 5,
    FIELD_ROWS = 6
};

struct torc_trace {
    XXH3_state_t *state;
    uint64_t count;
    size_t used; /* of the block */
    torc_trace_write_fn *write;
    void *arg;
    int error;
    bool show_hash;
    struct torci_trace_line line;
    uint8_t block[BLOCK_BYTES];
};

static const char *const kind_names[] = {
#define X(name) #name,
    TORC_TRACE_KINDS(X)
#undef X
};

const char *torc_trace_kind_name(enum torc_trace_kind kind)
{
    if ((unsigned)kind >= TORC_TRACE_KIND_COUNT)
        return "?";
    return kind_names[kind];
}

int torc_trace_new(torc_trace_write_fn *write, void *arg, struct torc_trace **out)
{
    struct torc_trace *trace = malloc(sizeof *trace);

    if (trace == NULL)
        return TORC_ENOMEM;
    trace->state = XXH3_createState();
    if (trace->state == NULL) {
        free(trace);
        return TORC_ENOMEM;
    }
    XXH3_128bits_reset(trace->state);
    trace->count = 0;
    trace->used = 0;
    trace->write = write;
    trace->arg = arg;
    trace->error = 0;
    trace->show_hash = false;
    torci_trace_line_init(&trace->line);
    *out = trace;
    return 0;
}

void torc_trace_free(struct torc_trace *trace)
{
    if (trace == NULL)
        return;
    torci_trace_line_free(&trace->line);
    XXH3_freeState(trace->state);
    free(trace);
}

void torc_trace_show_hash(struct torc_trace *trace)
{
    trace->show_hash = true;
}

static void hash_block(struct torc_trace *trace)
{
    XXH3_128bits_update(trace->state, trace->block, trace->used);
    trace->used = 0;
}

/* Room for `bytes` in the block, at most a few hundred.  Records are composed there: composing them
 * elsewhere and copying makes the processor wait for the small stores before the wide loads. */
static uint8_t *room(struct torc_trace *trace, size_t bytes)
{
    uint8_t *at;

    if (bytes > BLOCK_BYTES - trace->used)
        hash_block(trace);
    at = trace->block + trace->used;
    trace->used += bytes;
    return at;
}

static void put(struct torc_trace *trace, const void *data, size_t bytes)
{
    if (bytes > BLOCK_BYTES) {
        hash_block(trace);
        XXH3_128bits_update(trace->state, data, bytes);
    } else if (bytes > 0) {
        memcpy(room(trace, bytes), data, bytes);
    }
}

/* Little-endian whatever the machine; compilers see through it. */
static void store_32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
    at[2] = (uint8_t)(value >> 16);
    at[3] = (uint8_t)(value >> 24);
}

static void store_64(uint8_t *at, uint64_t value)
{
    store_32(at, (uint32_t)value);
    store_32(at + 4, (uint32_t)(value >> 32));
}

uint64_t torc_trace_begin(struct torc_trace *trace, enum torc_trace_kind kind, uint64_t t_ns,
                          const char *host, uint64_t cause)
{
    size_t host_bytes = host == NULL ? 0 : strlen(host);
    uint8_t *at;

    if (host_bytes > 255)
        host_bytes = 255;
    at = room(trace, HEAD_BYTES + host_bytes);
    at[0] = (uint8_t)kind;
    at[1] = (uint8_t)host_bytes;
    store_64(at + 2, t_ns);
    store_64(at + 10, cause);
    if (host_bytes > 0)
        memcpy(at + HEAD_BYTES, host, host_bytes);
    trace->count++;
    if (trace->write != NULL && trace->error == 0)
        torci_trace_line_begin(&trace->line, trace->count, t_ns, host, kind_names[kind], cause);
    return trace->count;
}

static bool writing(const struct torc_trace *trace)
{
    return trace->write != NULL && trace->error == 0;
}

void torc_trace_integer(struct torc_trace *trace, const char *name, int64_t value)
{
    uint8_t *at = room(trace, 9);

    at[0] = FIELD_INTEGER;
    store_64(at + 1, (uint64_t)value);
    if (writing(trace))
        torci_trace_line_integer(&trace->line, name, value);
}

static void put_payload(struct torc_trace *trace, enum field_tag tag, const void *data, size_t bytes)
{
    uint8_t *at = room(trace, 5);

    at[0] = (uint8_t)tag;
    store_32(at + 1, (uint32_t)bytes);
    put(trace, data, bytes);
}

void torc_trace_text(struct torc_trace *trace, const char *name, const char *value)
{
    if (value == NULL)
        value = "";
    put_payload(trace, FIELD_TEXT, value, strlen(value));
    if (writing(trace))
        torci_trace_line_text(&trace->line, name, value);
}

void torc_trace_bytes(struct torc_trace *trace, const char *name, const void *data, size_t bytes)
{
    put_payload(trace, FIELD_BYTES, data, bytes);
    if (writing(trace))
        torci_trace_line_bytes(&trace->line, name, data, bytes);
}

/* Its type, then eight bytes, or a length and the bytes.  Every NaN is the same one. */
static void put_value(struct torc_trace *trace, const struct torc_db_value *value)
{
    uint64_t bits = 0;

    *room(trace, 1) = (uint8_t)value->type;
    switch (value->type) {
    case TORC_DB_NULL:
        break;
    case TORC_DB_INTEGER:
        store_64(room(trace, 8), (uint64_t)value->as.integer);
        break;
    case TORC_DB_REAL:
        if (!isnan(value->as.real))
            memcpy(&bits, &value->as.real, sizeof bits);
        else
            bits = UINT64_MAX;
        store_64(room(trace, 8), bits);
        break;
    case TORC_DB_TEXT:
    case TORC_DB_BLOB:
        store_32(room(trace, 4), (uint32_t)value->bytes);
        put(trace, value->as.blob, value->bytes);
        break;
    }
}

void torc_trace_value(struct torc_trace *trace, const char *name, const struct torc_db_value *value)
{
    *room(trace, 1) = FIELD_VALUE;
    put_value(trace, value);
    if (writing(trace))
        torci_trace_line_value(&trace->line, name, value);
}

void torc_trace_values(struct torc_trace *trace, const char *name,
                       const struct torc_db_value *values, size_t count)
{
    uint8_t *at = room(trace, 5);

    at[0] = FIELD_VALUES;
    store_32(at + 1, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        put_value(trace, &values[i]);
    if (writing(trace))
        torci_trace_line_values(&trace->line, name, values, count);
}

void torc_trace_rows(struct torc_trace *trace, const char *name,
                     const struct torc_db_value *values, size_t columns, size_t rows)
{
    uint8_t *at = room(trace, 9);

    at[0] = FIELD_ROWS;
    store_32(at + 1, (uint32_t)rows);
    store_32(at + 5, (uint32_t)columns);
    for (size_t i = 0; i < columns * rows; i++)
        put_value(trace, &values[i]);
    if (writing(trace))
        torci_trace_line_rows(&trace->line, name, values, columns, rows);
}

void torc_trace_note(struct torc_trace *trace, const char *name, const char *value)
{
    if (writing(trace))
        torci_trace_line_text(&trace->line, name, value == NULL ? "" : value);
}

void torc_trace_end(struct torc_trace *trace)
{
    *room(trace, 1) = FIELD_END;
    if (!writing(trace))
        return;
    if (trace->show_hash) {
        char digest[TORC_DIGEST_TEXT_BYTES];

        torc_trace_digest(trace, digest);
        torci_trace_line_text(&trace->line, "h", digest);
    }
    trace->error = torci_trace_line_end(&trace->line);
    if (trace->error == 0)
        trace->error = trace->write(trace->arg, trace->line.text, trace->line.used);
}

uint64_t torc_trace_count(const struct torc_trace *trace)
{
    return trace->count;
}

int torc_trace_error(const struct torc_trace *trace)
{
    return trace->error;
}

void torc_trace_digest(const struct torc_trace *trace, char out[TORC_DIGEST_TEXT_BYTES])
{
    XXH3_state_t state;
    XXH128_hash_t hash;

    XXH3_copyState(&state, trace->state);
    XXH3_128bits_update(&state, trace->block, trace->used);
    hash = XXH3_128bits_digest(&state);
    torc_format(out, TORC_DIGEST_TEXT_BYTES, "%016llx%016llx", (unsigned long long)hash.high64,
                (unsigned long long)hash.low64);
}
