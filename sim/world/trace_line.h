/* trace_line.h - one event of a trace as a line of JSON, built field by field.
 *
 * Text that cannot be kept for want of memory makes the line fail as a whole: torci_trace_line_end
 * tells, and no half line is ever seen. */
#ifndef TORCI_TRACE_LINE_H
#define TORCI_TRACE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <torc/database_event.h>

struct torci_trace_line {
    char *text; /* `used` bytes after torci_trace_line_end, newline included, no NUL */
    size_t used;
    size_t capacity;
    bool failed;
};

/* The shortest decimal of 15 to 17 digits that is read back as the same, always with a point or an exponent;
 * "inf", "-inf", "nan". */
#define TORCI_REAL_TEXT_MAX 48
void torci_real_format(double real, char text[TORCI_REAL_TEXT_MAX]);

void torci_trace_line_init(struct torci_trace_line *line);
void torci_trace_line_free(struct torci_trace_line *line);

/* Empties the line and writes the members every event has; without bytes there is no host. */
void torci_trace_line_begin(struct torci_trace_line *line, uint64_t n, uint64_t t_ns,
                            const char *host, size_t host_bytes, const char *kind, uint64_t cause);
void torci_trace_line_integer(struct torci_trace_line *line, const char *name, int64_t value);
/* Bytes that are not UTF-8 are written as the characters of the same numbers. */
void torci_trace_line_text(struct torci_trace_line *line, const char *name, const char *value, size_t bytes);
/* "NAME":"text" when all bytes are printable ASCII or tab, CR, LF; else "NAME64":"base64". */
void torci_trace_line_bytes(struct torci_trace_line *line, const char *name, const void *data,
                            size_t bytes);
/* Values of a database: null, integers, reals (torci_real_format), text; what JSON has not is an object:
 * {"blob64":"..."}, {"text64":"..."} for text with a NUL or bytes that are not UTF-8, {"real":"inf"}. */
void torci_trace_line_value(struct torci_trace_line *line, const char *name,
                            const struct torc_db_value *value);
void torci_trace_line_values(struct torci_trace_line *line, const char *name,
                             const struct torc_db_value *values, size_t count);
void torci_trace_line_rows(struct torci_trace_line *line, const char *name,
                           const struct torc_db_value *values, size_t columns, size_t rows);
/* 0, or TORC_ENOMEM. */
int torci_trace_line_end(struct torci_trace_line *line);

#endif
