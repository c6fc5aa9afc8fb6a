/* trace_line.c - JSON text without a JSON library: it is written for every event of a traced run. */
#include "trace_line.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <torc/format.h>

void torci_trace_line_init(struct torci_trace_line *line)
{
    memset(line, 0, sizeof *line);
}

void torci_trace_line_free(struct torci_trace_line *line)
{
    free(line->text);
    torci_trace_line_init(line);
}

/* Room for `bytes` more, or NULL. */
static char *room(struct torci_trace_line *line, size_t bytes)
{
    size_t capacity = line->capacity == 0 ? 512 : line->capacity;
    char *text;

    if (line->failed)
        return NULL;
    if (line->capacity - line->used >= bytes)
        return line->text + line->used;
    while (capacity - line->used < bytes)
        capacity *= 2;
    text = realloc(line->text, capacity);
    if (text == NULL) {
        line->failed = true;
        return NULL;
    }
    line->text = text;
    line->capacity = capacity;
    return text + line->used;
}

static void put(struct torci_trace_line *line, const char *text, size_t bytes)
{
    char *at = room(line, bytes);

    if (at == NULL)
        return;
    memcpy(at, text, bytes);
    line->used += bytes;
}

static void put_text(struct torci_trace_line *line, const char *text)
{
    put(line, text, strlen(text));
}

/* Whether a well-formed UTF-8 sequence begins at `at`; its length, or 0. */
static size_t utf8_length(const uint8_t *at, size_t bytes)
{
    size_t length = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    size_t i;

    if (at[0] < 0xc2 || at[0] > 0xf4 || length > bytes)
        return 0;
    for (i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    /* Overlong forms, surrogates and what lies past the end of Unicode. */
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] >= 0xa0) ||
        (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] >= 0x90))
        return 0;
    return length;
}

/* Most escapes are the line ends of text protocols, so they are written here and not formatted. */
static char *escape(char *at, uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";

    *at++ = '\\';
    if (byte == '\n' || byte == '\r' || byte == '\t') {
        *at++ = byte == '\n' ? 'n' : byte == '\r' ? 'r' : 't';
    } else if (byte == '"' || byte == '\\') {
        *at++ = (char)byte;
    } else {
        memcpy(at, "u00", 3);
        at[3] = digits[byte >> 4];
        at[4] = digits[byte & 15];
        at += 5;
    }
    return at;
}

static void put_quoted(struct torci_trace_line *line, const uint8_t *text, size_t bytes)
{
    char *at = room(line, 6 * bytes + 2); /* were each byte escaped with its number */
    size_t length;
    size_t i;

    if (at == NULL)
        return;
    *at++ = '"';
    for (i = 0; i < bytes; i++) {
        if (text[i] >= 0x20 && text[i] < 0x7f && text[i] != '"' && text[i] != '\\') {
            *at++ = (char)text[i];
            continue;
        }
        length = text[i] >= 0x80 ? utf8_length(text + i, bytes - i) : 0;
        if (length > 0) {
            memcpy(at, text + i, length);
            at += length;
            i += length - 1;
        } else {
            at = escape(at, text[i]);
        }
    }
    *at++ = '"';
    line->used = (size_t)(at - line->text);
}

static void put_name(struct torci_trace_line *line, const char *name, const char *suffix)
{
    put(line, ",\"", 2);
    put_text(line, name);
    put_text(line, suffix);
    put(line, "\":", 2);
}

void torci_trace_line_begin(struct torci_trace_line *line, uint64_t n, uint64_t t_ns,
                            const char *host, size_t host_bytes, const char *kind, uint64_t cause)
{
    char head[64];

    line->used = 0;
    line->failed = false;
    torc_format(head, sizeof head, "{\"n\":%llu,\"t\":%llu", (unsigned long long)n,
                (unsigned long long)t_ns);
    put_text(line, head);
    if (host_bytes > 0)
        torci_trace_line_text(line, "host", host, host_bytes);
    torci_trace_line_text(line, "k", kind, strlen(kind));
    if (cause != 0)
        torci_trace_line_integer(line, "cause", (int64_t)cause);
}

void torci_trace_line_integer(struct torci_trace_line *line, const char *name, int64_t value)
{
    char number[24];

    put_name(line, name, "");
    torc_format(number, sizeof number, "%lld", (long long)value);
    put_text(line, number);
}

void torci_trace_line_text(struct torci_trace_line *line, const char *name, const char *value, size_t bytes)
{
    put_name(line, name, "");
    put_quoted(line, (const uint8_t *)value, bytes);
}

static bool printable(const uint8_t *data, size_t bytes)
{
    size_t i;

    for (i = 0; i < bytes; i++) {
        if ((data[i] < 0x20 || data[i] >= 0x7f) && data[i] != '\n' && data[i] != '\r' &&
            data[i] != '\t')
            return false;
    }
    return true;
}

static void put_base64(struct torci_trace_line *line, const uint8_t *data, size_t bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t i;
    char *at = room(line, (bytes + 2) / 3 * 4 + 2);

    if (at == NULL)
        return;
    *at++ = '"';
    for (i = 0; i < bytes; i += 3) {
        size_t left = bytes - i;
        uint32_t group = (uint32_t)data[i] << 16;

        if (left > 1)
            group |= (uint32_t)data[i + 1] << 8;
        if (left > 2)
            group |= data[i + 2];
        *at++ = digits[group >> 18];
        *at++ = digits[group >> 12 & 63];
        *at++ = left > 1 ? digits[group >> 6 & 63] : '=';
        *at++ = left > 2 ? digits[group & 63] : '=';
    }
    *at++ = '"';
    line->used = (size_t)(at - line->text);
}

void torci_trace_line_bytes(struct torci_trace_line *line, const char *name, const void *data,
                            size_t bytes)
{
    if (printable(data, bytes)) {
        put_name(line, name, "");
        put_quoted(line, data, bytes);
    } else {
        put_name(line, name, "64");
        put_base64(line, data, bytes);
    }
}

/* --- values of a database ----------------------------------------------------------------------- */

/* Whether JSON can hold the text as it is. */
static bool is_text(const uint8_t *text, size_t bytes)
{
    size_t i = 0;

    while (i < bytes) {
        size_t length = text[i] < 0x80 ? 1 : utf8_length(text + i, bytes - i);

        if (length == 0 || text[i] == 0)
            return false;
        i += length;
    }
    return true;
}

void torci_real_format(double real, char text[TORCI_REAL_TEXT_MAX])
{
    char printed[40];
    size_t used = 0;
    bool whole = true;

    if (isnan(real) || isinf(real)) {
        torc_format(text, TORCI_REAL_TEXT_MAX, "%s", isnan(real) ? "nan" : real > 0 ? "inf" : "-inf");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(printed, sizeof printed, "%.*g", digits, real);
        if (strtod(printed, NULL) == real)
            break;
    }
    for (const char *at = printed; *at != '\0'; at++) {
        if ((*at >= '0' && *at <= '9') || *at == '-' || *at == '+' || *at == 'e') {
            whole = whole && *at != 'e';
            text[used++] = *at;
        } else if (used == 0 || text[used - 1] != '.') { /* the locale may have another decimal point */
            whole = false;
            text[used++] = '.';
        }
    }
    memcpy(text + used, ".0", 3);
    if (!whole)
        text[used] = '\0';
}

static void put_real(struct torci_trace_line *line, double real)
{
    char text[TORCI_REAL_TEXT_MAX];
    bool number = !isnan(real) && !isinf(real);

    torci_real_format(real, text);
    if (!number)
        put_text(line, "{\"real\":\"");
    put_text(line, text);
    if (!number)
        put_text(line, "\"}");
}

static void put_value(struct torci_trace_line *line, const struct torc_db_value *value)
{
    char number[24];

    switch (value->type) {
    case TORC_DB_NULL:
        put(line, "null", 4);
        break;
    case TORC_DB_INTEGER:
        torc_format(number, sizeof number, "%lld", (long long)value->as.integer);
        put_text(line, number);
        break;
    case TORC_DB_REAL:
        put_real(line, value->as.real);
        break;
    case TORC_DB_TEXT:
    case TORC_DB_BLOB:
        if (value->type == TORC_DB_TEXT && is_text(value->as.blob, value->bytes)) {
            put_quoted(line, value->as.blob, value->bytes);
            break;
        }
        put_text(line, value->type == TORC_DB_TEXT ? "{\"text64\":" : "{\"blob64\":");
        put_base64(line, value->as.blob, value->bytes);
        put(line, "}", 1);
        break;
    }
}

static void put_list(struct torci_trace_line *line, const struct torc_db_value *values, size_t count)
{
    put(line, "[", 1);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            put(line, ",", 1);
        put_value(line, &values[i]);
    }
    put(line, "]", 1);
}

void torci_trace_line_value(struct torci_trace_line *line, const char *name,
                            const struct torc_db_value *value)
{
    put_name(line, name, "");
    put_value(line, value);
}

void torci_trace_line_values(struct torci_trace_line *line, const char *name,
                             const struct torc_db_value *values, size_t count)
{
    put_name(line, name, "");
    put_list(line, values, count);
}

void torci_trace_line_rows(struct torci_trace_line *line, const char *name,
                           const struct torc_db_value *values, size_t columns, size_t rows)
{
    put_name(line, name, "");
    put(line, "[", 1);
    for (size_t i = 0; i < rows; i++) {
        if (i > 0)
            put(line, ",", 1);
        put_list(line, values + i * columns, columns);
    }
    put(line, "]", 1);
}

int torci_trace_line_end(struct torci_trace_line *line)
{
    put(line, "}\n", 2);
    return line->failed ? TORC_ENOMEM : 0;
}
