/* database_record.c - values as text, without floating point: the same bytes from every compiler. */
#include "database_record.h"

#include <string.h>

#include <torc/format.h>

#include "world.h"

void torci_value_text_begin(struct torci_value_text *text)
{
    text->bytes = 0;
    text->used = 0;
    XXH64_reset(&text->hash, 0);
}

static void put(struct torci_value_text *text, const void *data, size_t bytes)
{
    size_t shown = TORCI_VALUES_SHOWN - text->used;

    if (bytes == 0)
        return;
    text->bytes += bytes;
    XXH64_update(&text->hash, data, bytes);
    if (shown > bytes)
        shown = bytes;
    memcpy(text->shown + text->used, data, shown);
    text->used += shown;
}

static void put_hex(struct torci_value_text *text, const uint8_t *data, size_t bytes)
{
    static const char digits[] = "0123456789abcdef";
    char piece[128];
    size_t used = 0;
    size_t i;

    put(text, "x'", 2);
    for (i = 0; i < bytes; i++) {
        piece[used++] = digits[data[i] >> 4];
        piece[used++] = digits[data[i] & 15];
        if (used == sizeof piece || i + 1 == bytes) {
            put(text, piece, used);
            used = 0;
        }
    }
    put(text, "'", 1);
}

static void put_quoted(struct torci_value_text *text, const char *data, size_t bytes)
{
    const char *end = data + bytes;

    if (bytes > 0 && memchr(data, '\0', bytes) != NULL) {
        put(text, "cast(", 5);
        put_hex(text, (const uint8_t *)data, bytes);
        put(text, " as text)", 9);
        return;
    }
    put(text, "'", 1);
    while (data < end) {
        const char *quote = memchr(data, '\'', (size_t)(end - data));
        size_t piece = (size_t)((quote == NULL ? end : quote + 1) - data);

        put(text, data, piece);
        if (quote != NULL)
            put(text, "'", 1);
        data += piece;
    }
    put(text, "'", 1);
}

/* As C's %a, from the bits; infinities as SQLite reads them. */
static void put_real(struct torci_value_text *text, double real)
{
    char shown[40];
    char digits[17];
    uint64_t bits;
    uint64_t fraction;
    int exponent;
    size_t length;

    memcpy(&bits, &real, sizeof bits);
    fraction = bits & UINT64_C(0xfffffffffffff);
    exponent = (int)(bits >> 52 & 0x7ff);
    if (exponent == 0x7ff) {
        length = torc_format(shown, sizeof shown, "%s9e999", bits >> 63 ? "-" : "");
        put(text, shown, length);
        return;
    }
    length = torc_format(digits, sizeof digits, "%013llx", (unsigned long long)fraction);
    while (length > 0 && digits[length - 1] == '0')
        length--;
    digits[length] = '\0';
    length = torc_format(shown, sizeof shown, "%s0x%d%s%sp", bits >> 63 ? "-" : "", exponent > 0,
                         length > 0 ? "." : "", digits);
    exponent = exponent > 0 ? exponent - 1023 : fraction > 0 ? -1022 : 0;
    length += torc_format(shown + length, sizeof shown - length, "%s%d", exponent < 0 ? "" : "+",
                          exponent);
    put(text, shown, length);
}

static void put_value(struct torci_value_text *text, const struct torc_db_value *value)
{
    char number[24];

    switch (value->type) {
    case TORC_DB_INTEGER:
        put(text, number, torc_format(number, sizeof number, "%lld", (long long)value->as.integer));
        break;
    case TORC_DB_REAL:
        put_real(text, value->as.real);
        break;
    case TORC_DB_TEXT:
        put_quoted(text, value->as.text, value->bytes);
        break;
    case TORC_DB_BLOB:
        put_hex(text, value->as.blob, value->bytes);
        break;
    default:
        put(text, "NULL", 4);
        break;
    }
}

void torci_value_text_add(struct torci_value_text *text, const struct torc_db_value *values,
                          size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (i > 0)
            put(text, ", ", 2);
        put_value(text, &values[i]);
    }
}

void torci_value_text_end_row(struct torci_value_text *text)
{
    put(text, "\n", 1);
}

const char *torci_value_text_end(struct torci_value_text *text)
{
    text->shown[text->used] = '\0';
    if (text->bytes > text->used)
        torc_format(text->shown + text->used, sizeof text->shown - text->used,
                    "... %llu bytes, XXH64 %016llx", (unsigned long long)text->bytes,
                    (unsigned long long)XXH64_digest(&text->hash));
    return text->shown;
}

uint64_t torci_database_record(struct torc_host *host, const struct torc_database_event *event,
                               uint64_t began_ns, const char *rows)
{
    struct torc_trace *trace = host->world->trace;
    struct torci_value_text parameters;
    uint64_t n;

    torci_value_text_begin(&parameters);
    torci_value_text_add(&parameters, event->parameters, event->parameter_count);
    n = torci_host_trace(host, TORC_TRACE_db);
    torc_trace_text(trace, "database", event->database);
    torc_trace_integer(trace, "connection", event->connection);
    torc_trace_integer(trace, "request", (int64_t)event->request);
    torc_trace_integer(trace, "ordinal", event->ordinal);
    torc_trace_text(trace, "sql", event->sql);
    torc_trace_text(trace, "parameters", torci_value_text_end(&parameters));
    torc_trace_integer(trace, "code", event->code);
    torc_trace_integer(trace, "lost", event->lost);
    torc_trace_integer(trace, "rows", (int64_t)event->rows);
    torc_trace_text(trace, "values", rows);
    torc_trace_integer(trace, "changes", event->changes);
    torc_trace_integer(trace, "last_insert_id", event->last_insert_id);
    torc_trace_integer(trace, "in_transaction", event->in_transaction);
    torc_trace_integer(trace, "duration", (int64_t)(host->world->now_ns - began_ns));
    if (event->code != 0)
        torc_trace_note(trace, "message", event->message);
    torc_trace_end(trace);
    return n;
}
