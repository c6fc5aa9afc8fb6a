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

#include "behaviour.h"
#include "trace_keep.h"
#include "trace_line.h"
#include "trace_record.h"

struct torc_trace {
    XXH3_state_t *state;
    uint64_t count;
    uint8_t *block; /* its own, or one of those kept */
    size_t used;    /* of the block */
    torc_trace_write_fn *write;
    void *arg;
    int error;
    bool show_hash;
    struct torci_behaviours *behaviours; /* or NULL */
    struct torci_trace_line line;
    struct torci_trace_keep *keep; /* or NULL */
    uint8_t own_block[TORCI_TRACE_BLOCK_BYTES];
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
    trace->block = trace->own_block;
    trace->used = 0;
    trace->keep = NULL;
    trace->write = write;
    trace->arg = arg;
    trace->error = 0;
    trace->show_hash = false;
    trace->behaviours = NULL;
    torci_trace_line_init(&trace->line);
    *out = trace;
    return 0;
}

void torc_trace_free(struct torc_trace *trace)
{
    if (trace == NULL)
        return;
    torci_trace_line_free(&trace->line);
    torci_trace_keep_free(trace->keep);
    torci_behaviours_free(trace->behaviours);
    XXH3_freeState(trace->state);
    free(trace);
}

int torc_trace_keep(struct torc_trace *trace, size_t bytes)
{
    if (trace->count > 0 || trace->keep != NULL)
        return TORC_EMISUSE;
    trace->keep = torci_trace_keep_new(bytes);
    if (trace->keep == NULL)
        return TORC_ENOMEM;
    trace->block = trace->keep->blocks[0].bytes;
    return 0;
}

int torc_trace_write_kept(const struct torc_trace *trace, uint64_t max, torc_trace_write_fn *write, void *arg)
{
    return trace->keep == NULL ? 0 : torci_trace_keep_write(trace->keep, trace->used, max, write, arg);
}

int torc_trace_keep_behaviours(struct torc_trace *trace)
{
    if (trace->count > 0 || trace->behaviours != NULL)
        return TORC_EMISUSE;
    trace->behaviours = torci_behaviours_new();
    return trace->behaviours != NULL ? 0 : TORC_ENOMEM;
}

void torc_trace_behaviours(const struct torc_trace *trace, torc_visit_number_fn *visit, void *arg)
{
    if (trace->behaviours != NULL)
        torci_behaviours_visit(trace->behaviours, visit, arg);
}

void torc_trace_show_hash(struct torc_trace *trace)
{
    trace->show_hash = true;
}

static void hash_block(struct torc_trace *trace)
{
    XXH3_128bits_update(trace->state, trace->block, trace->used);
    if (trace->keep != NULL)
        trace->block = torci_trace_keep_turn(trace->keep, trace->used);
    trace->used = 0;
}

/* Room for `bytes` in the block, at most a few hundred.  Records are composed there: composing them
 * elsewhere and copying makes the processor wait for the small stores before the wide loads. */
static uint8_t *room(struct torc_trace *trace, size_t bytes)
{
    uint8_t *at;

    if (bytes > TORCI_TRACE_BLOCK_BYTES - trace->used)
        hash_block(trace);
    at = trace->block + trace->used;
    trace->used += bytes;
    return at;
}

/* What is larger than a block goes through several if they are kept. */
static void put_large(struct torc_trace *trace, const uint8_t *data, size_t bytes)
{
    hash_block(trace);
    if (trace->keep == NULL) {
        XXH3_128bits_update(trace->state, data, bytes);
        return;
    }
    while (bytes > 0) {
        size_t piece = bytes < TORCI_TRACE_BLOCK_BYTES ? bytes : TORCI_TRACE_BLOCK_BYTES;

        memcpy(room(trace, piece), data, piece);
        data += piece;
        bytes -= piece;
    }
}

static void put(struct torc_trace *trace, const void *data, size_t bytes)
{
    if (bytes > TORCI_TRACE_BLOCK_BYTES)
        put_large(trace, data, bytes);
    else if (bytes > 0)
        memcpy(room(trace, bytes), data, bytes);
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

uint64_t torci_trace_begin(struct torc_trace *trace, enum torc_trace_kind kind, uint64_t t_ns,
                           const char *host, size_t host_bytes, uint64_t cause)
{
    uint8_t *at;

    if (host_bytes > 255)
        host_bytes = 255;
    at = room(trace, TORCI_TRACE_HEAD_BYTES + host_bytes);
    at[0] = (uint8_t)kind;
    at[1] = (uint8_t)host_bytes;
    store_64(at + 2, t_ns);
    store_64(at + 10, cause);
    if (host_bytes > 0)
        memcpy(at + TORCI_TRACE_HEAD_BYTES, host, host_bytes);
    trace->count++;
    if (trace->keep != NULL)
        torci_trace_keep_begin(trace->keep, trace->count, (size_t)(at - trace->block));
    if (trace->behaviours != NULL)
        torci_behaviours_begin(trace->behaviours, kind, host, host_bytes, cause);
    if (trace->write != NULL && trace->error == 0)
        torci_trace_line_begin(&trace->line, trace->count, t_ns, host, host_bytes, kind_names[kind], cause);
    return trace->count;
}

uint64_t torc_trace_begin(struct torc_trace *trace, enum torc_trace_kind kind, uint64_t t_ns,
                          const char *host, uint64_t cause)
{
    return torci_trace_begin(trace, kind, t_ns, host, host == NULL ? 0 : strlen(host), cause);
}

static bool writing(const struct torc_trace *trace)
{
    return trace->write != NULL && trace->error == 0;
}

/* Room for a field and its tag. */
static uint8_t *field(struct torc_trace *trace, const char *name, enum torci_trace_tag tag, size_t bytes)
{
    uint8_t *at = room(trace, 1 + bytes);

    if (trace->keep != NULL)
        torci_trace_keep_name(trace->keep, name);
    at[0] = (uint8_t)tag;
    return at + 1;
}

/* A field that no behaviour depends on. */
static void pass(struct torc_trace *trace)
{
    if (trace->behaviours != NULL)
        torci_behaviours_pass(trace->behaviours);
}

void torc_trace_integer(struct torc_trace *trace, const char *name, int64_t value)
{
    store_64(field(trace, name, TORCI_TRACE_INTEGER, 8), (uint64_t)value);
    if (trace->behaviours != NULL)
        torci_behaviours_integer(trace->behaviours, value);
    if (writing(trace))
        torci_trace_line_integer(&trace->line, name, value);
}

static void put_payload(struct torc_trace *trace, const char *name, enum torci_trace_tag tag, const void *data,
                        size_t bytes)
{
    store_32(field(trace, name, tag, 4), (uint32_t)bytes);
    put(trace, data, bytes);
}

void torc_trace_text(struct torc_trace *trace, const char *name, const char *value)
{
    size_t bytes = value == NULL ? 0 : strlen(value);

    put_payload(trace, name, TORCI_TRACE_TEXT, value, bytes);
    if (trace->behaviours != NULL)
        torci_behaviours_text(trace->behaviours, value, bytes);
    if (writing(trace))
        torci_trace_line_text(&trace->line, name, value, bytes);
}

char *torci_trace_text_begin(struct torc_trace *trace, const char *name, size_t max)
{
    return (char *)field(trace, name, TORCI_TRACE_TEXT, 4 + max) + 4;
}

void torci_trace_text_end(struct torc_trace *trace, const char *name, char *text, size_t bytes)
{
    store_32((uint8_t *)text - 4, (uint32_t)bytes);
    trace->used = (size_t)((uint8_t *)text + bytes - trace->block);
    if (trace->behaviours != NULL)
        torci_behaviours_text(trace->behaviours, text, bytes);
    if (writing(trace))
        torci_trace_line_text(&trace->line, name, text, bytes);
}

void torc_trace_bytes(struct torc_trace *trace, const char *name, const void *data, size_t bytes)
{
    put_payload(trace, name, TORCI_TRACE_BYTES, data, bytes);
    pass(trace);
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
    (void)field(trace, name, TORCI_TRACE_VALUE, 0);
    put_value(trace, value);
    pass(trace);
    if (writing(trace))
        torci_trace_line_value(&trace->line, name, value);
}

void torc_trace_values(struct torc_trace *trace, const char *name,
                       const struct torc_db_value *values, size_t count)
{
    store_32(field(trace, name, TORCI_TRACE_VALUES, 4), (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        put_value(trace, &values[i]);
    pass(trace);
    if (writing(trace))
        torci_trace_line_values(&trace->line, name, values, count);
}

void torc_trace_rows(struct torc_trace *trace, const char *name,
                     const struct torc_db_value *values, size_t columns, size_t rows)
{
    uint8_t *at = field(trace, name, TORCI_TRACE_ROWS, 8);

    store_32(at, (uint32_t)rows);
    store_32(at + 4, (uint32_t)columns);
    for (size_t i = 0; i < columns * rows; i++)
        put_value(trace, &values[i]);
    pass(trace);
    if (writing(trace))
        torci_trace_line_rows(&trace->line, name, values, columns, rows);
}

void torc_trace_note(struct torc_trace *trace, const char *name, const char *value)
{
    if (writing(trace))
        torci_trace_line_text(&trace->line, name, value, value == NULL ? 0 : strlen(value));
}

void torc_trace_end(struct torc_trace *trace)
{
    *room(trace, 1) = TORCI_TRACE_END;
    if (trace->keep != NULL && torci_trace_keep_is_full(trace->keep))
        hash_block(trace);
    if (trace->behaviours != NULL && torci_behaviours_end(trace->behaviours) != 0 && trace->error == 0)
        trace->error = TORC_ENOMEM;
    if (!writing(trace))
        return;
    if (trace->show_hash) {
        char digest[TORC_DIGEST_TEXT_BYTES];

        torc_trace_digest(trace, digest);
        torci_trace_line_text(&trace->line, "h", digest, strlen(digest));
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
