/* trace_keep.c - reads records back from their binary form (docs/trace.md). */
#include "trace_keep.h"

#include <stdlib.h>
#include <string.h>

#include "trace_line.h"

/* A block has names for so many fields, of which most take nine bytes and more.  What the last event of a block has
 * beyond the second number is at the cost of the oldest block. */
#define NAMES 1024
#define FIELDS_MAX 896

struct torci_trace_keep *torci_trace_keep_new(size_t bytes)
{
    size_t count = bytes / TORCI_TRACE_BLOCK_BYTES < 2 ? 2 : bytes / TORCI_TRACE_BLOCK_BYTES;
    struct torci_trace_keep *keep = calloc(1, sizeof *keep);

    if (keep == NULL)
        return NULL;
    keep->count = count;
    keep->name_count = 1;
    keep->turn_at = FIELDS_MAX;
    while (keep->name_count < count * NAMES)
        keep->name_count *= 2;
    keep->blocks = calloc(count, sizeof *keep->blocks);
    keep->names = malloc((size_t)keep->name_count * sizeof *keep->names);
    if (keep->blocks != NULL)
        keep->blocks[0].bytes = malloc(count * TORCI_TRACE_BLOCK_BYTES);
    if (keep->blocks == NULL || keep->names == NULL || keep->blocks[0].bytes == NULL) {
        torci_trace_keep_free(keep);
        return NULL;
    }
    for (size_t i = 1; i < count; i++)
        keep->blocks[i].bytes = keep->blocks[0].bytes + i * TORCI_TRACE_BLOCK_BYTES;
    return keep;
}

void torci_trace_keep_free(struct torci_trace_keep *keep)
{
    if (keep == NULL)
        return;
    if (keep->blocks != NULL)
        free(keep->blocks[0].bytes);
    free(keep->blocks);
    free(keep->names);
    free(keep);
}

uint8_t *torci_trace_keep_turn(struct torci_trace_keep *keep, size_t used)
{
    struct torci_trace_block *block = &keep->blocks[keep->current];

    block->used = used;
    keep->current = (keep->current + 1) % keep->count;
    block = &keep->blocks[keep->current];
    block->used = 0;
    block->first_n = 0;
    keep->turn_at = keep->fields + FIELDS_MAX;
    return block->bytes;
}

/* --- reading back ----------------------------------------------------------------------------------- */

struct records {
    const uint8_t *at;
    const struct torci_trace_keep *keep;
    uint64_t n;     /* of the next one */
    uint64_t field;
    struct torci_trace_line *line; /* NULL: it is only gone past */
    struct torc_db_value *values;  /* of one field; grows */
    size_t value_capacity;
};

static uint32_t take_32(struct records *records)
{
    const uint8_t *at = records->at;

    records->at += 4;
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint64_t take_64(struct records *records)
{
    uint64_t low = take_32(records);

    return low | (uint64_t)take_32(records) << 32;
}

static const uint8_t *take(struct records *records, size_t bytes)
{
    const uint8_t *at = records->at;

    records->at += bytes;
    return at;
}

static void take_value(struct records *records, struct torc_db_value *value)
{
    uint64_t bits;

    memset(value, 0, sizeof *value);
    value->type = (enum torc_db_type)*take(records, 1);
    switch (value->type) {
    case TORC_DB_NULL:
        break;
    case TORC_DB_INTEGER:
        value->as.integer = (int64_t)take_64(records);
        break;
    case TORC_DB_REAL:
        bits = take_64(records);
        memcpy(&value->as.real, &bits, sizeof bits);
        break;
    case TORC_DB_TEXT:
    case TORC_DB_BLOB:
        value->bytes = take_32(records);
        value->as.blob = take(records, value->bytes);
        break;
    }
}

static int take_values(struct records *records, size_t count)
{
    if (count > records->value_capacity) {
        struct torc_db_value *values = realloc(records->values, count * sizeof *values);

        if (values == NULL)
            return TORC_ENOMEM;
        records->values = values;
        records->value_capacity = count;
    }
    for (size_t i = 0; i < count; i++)
        take_value(records, &records->values[i]);
    return 0;
}

static int take_field(struct records *records, enum torci_trace_tag tag)
{
    const struct torci_trace_keep *keep = records->keep;
    const char *name = keep->names[records->field++ & (keep->name_count - 1)];
    struct torci_trace_line *line = records->line;
    size_t count = 1;
    size_t columns = 1;
    int code = 0;

    if (tag == TORCI_TRACE_INTEGER) {
        int64_t value = (int64_t)take_64(records);

        if (line != NULL)
            torci_trace_line_integer(line, name, value);
    } else if (tag == TORCI_TRACE_TEXT || tag == TORCI_TRACE_BYTES) {
        size_t bytes = take_32(records);
        const uint8_t *data = take(records, bytes);

        if (line != NULL && tag == TORCI_TRACE_TEXT)
            torci_trace_line_text(line, name, (const char *)data, bytes);
        else if (line != NULL)
            torci_trace_line_bytes(line, name, data, bytes);
    } else {
        if (tag != TORCI_TRACE_VALUE)
            count = take_32(records);
        if (tag == TORCI_TRACE_ROWS)
            columns = take_32(records);
        code = take_values(records, count * columns);
        if (code != 0 || line == NULL)
            return code;
        if (tag == TORCI_TRACE_VALUE)
            torci_trace_line_value(line, name, records->values);
        else if (tag == TORCI_TRACE_VALUES)
            torci_trace_line_values(line, name, records->values, count);
        else
            torci_trace_line_rows(line, name, records->values, columns, count);
    }
    return code;
}

/* Goes past one record; its line is then whole if one was asked for. */
static int take_record(struct records *records)
{
    enum torc_trace_kind kind = (enum torc_trace_kind)*take(records, 1);
    size_t host_bytes = *take(records, 1);
    uint64_t t_ns = take_64(records);
    uint64_t cause = take_64(records);
    const char *host = (const char *)take(records, host_bytes);
    uint8_t tag;
    int code = 0;

    if (records->line != NULL)
        torci_trace_line_begin(records->line, records->n, t_ns, host, host_bytes, torc_trace_kind_name(kind), cause);
    records->n++;
    while (code == 0 && (tag = *take(records, 1)) != TORCI_TRACE_END)
        code = take_field(records, (enum torci_trace_tag)tag);
    if (code == 0 && records->line != NULL)
        code = torci_trace_line_end(records->line);
    return code;
}

/* The oldest block from which on everything is there: an event begins in it, and its names are still known. */
static const struct torci_trace_block *oldest(const struct torci_trace_keep *keep, size_t *out_blocks)
{
    for (size_t i = 1; i <= keep->count; i++) {
        const struct torci_trace_block *block = &keep->blocks[(keep->current + i) % keep->count];

        *out_blocks = keep->count - i + 1;
        if (block->first_n != 0 && keep->fields - block->first_field <= keep->name_count)
            return block;
    }
    return NULL;
}

/* The bytes of that block and those after it, from its first event on, in one piece. */
static uint8_t *gather(const struct torci_trace_keep *keep, size_t used, const struct torci_trace_block *first,
                       size_t blocks, const uint8_t **out_end)
{
    uint8_t *whole = malloc(blocks * TORCI_TRACE_BLOCK_BYTES);
    uint8_t *at = whole;

    for (size_t i = 0; whole != NULL && i < blocks; i++) {
        size_t index = ((size_t)(first - keep->blocks) + i) % keep->count;
        const struct torci_trace_block *block = &keep->blocks[index];
        size_t from = i == 0 ? block->first_at : 0;
        size_t to = index == keep->current ? used : block->used;

        memcpy(at, block->bytes + from, to - from);
        at += to - from;
    }
    *out_end = at;
    return whole;
}

static int write_records(struct records *records, const uint8_t *end, uint64_t max,
                         torc_trace_write_fn *write, void *arg)
{
    struct records count = *records;
    uint64_t from;
    int code = 0;

    count.line = NULL;
    while (code == 0 && count.at < end)
        code = take_record(&count);
    records->values = count.values;
    records->value_capacity = count.value_capacity;
    from = count.n - records->n > max ? count.n - max : records->n;
    while (code == 0 && records->at < end) {
        struct torci_trace_line *line = records->line;
        bool wanted = records->n >= from;

        records->line = wanted ? line : NULL;
        code = take_record(records);
        records->line = line;
        if (code == 0 && wanted)
            code = write(arg, line->text, line->used);
    }
    return code;
}

int torci_trace_keep_write(const struct torci_trace_keep *keep, size_t used, uint64_t max,
                           torc_trace_write_fn *write, void *arg)
{
    size_t blocks;
    const struct torci_trace_block *first = oldest(keep, &blocks);
    struct torci_trace_line line;
    struct records records = {.keep = keep, .line = &line};
    const uint8_t *end;
    uint8_t *whole;
    int code;

    if (first == NULL)
        return 0;
    whole = gather(keep, used, first, blocks, &end);
    if (whole == NULL)
        return TORC_ENOMEM;
    torci_trace_line_init(&line);
    records.at = whole;
    records.n = first->first_n;
    records.field = first->first_field;
    code = write_records(&records, end, max, write, arg);
    torci_trace_line_free(&line);
    free(records.values);
    free(whole);
    return code;
}
