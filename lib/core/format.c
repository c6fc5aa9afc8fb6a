#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <torc/format.h>

/* Where the text goes: what does not fit is counted all the same. */
struct sink {
    char *buffer;
    size_t size;
    size_t length;
};

static void put(struct sink *sink, const char *text, size_t bytes)
{
    if (sink->length < sink->size) {
        size_t room = sink->size - sink->length;
        memcpy(sink->buffer + sink->length, text, bytes < room ? bytes : room);
    }
    sink->length += bytes;
}

static void pad(struct sink *sink, char with, size_t count)
{
    for (; count > 0; count--)
        put(sink, &with, 1);
}

enum length { LENGTH_INT, LENGTH_CHAR, LENGTH_SHORT, LENGTH_LONG, LENGTH_LONG_LONG, LENGTH_SIZE,
              LENGTH_MAX, LENGTH_DIFF };

struct conversion {
    bool left;
    bool zero;
    bool has_precision;
    size_t width;
    size_t precision;
    enum length length;
    char kind;
};

/* va_list is an array on some machines and cannot be passed by address portably; inside a structure
 * it can. */
struct arguments {
    va_list list;
};

/* A count in the format, or `*` for one in the arguments. */
static const char *parse_count(const char *at, struct arguments *arguments, size_t *count,
                               bool *negative)
{
    *negative = false;
    *count = 0;
    if (*at == '*') {
        int given = va_arg(arguments->list, int);
        *negative = given < 0;
        *count = given < 0 ? 0u - (unsigned)given : (unsigned)given;
        return at + 1;
    }
    for (; *at >= '0' && *at <= '9'; at++)
        if (*count < SIZE_MAX / 16)
            *count = *count * 10 + (size_t)(*at - '0');
    return at;
}

static const char *parse_length(const char *at, enum length *length)
{
    switch (*at) {
    case 'h':
        *length = at[1] == 'h' ? LENGTH_CHAR : LENGTH_SHORT;
        return at + (at[1] == 'h' ? 2 : 1);
    case 'l':
        *length = at[1] == 'l' ? LENGTH_LONG_LONG : LENGTH_LONG;
        return at + (at[1] == 'l' ? 2 : 1);
    case 'z':
        *length = LENGTH_SIZE;
        return at + 1;
    case 'j':
        *length = LENGTH_MAX;
        return at + 1;
    case 't':
        *length = LENGTH_DIFF;
        return at + 1;
    default:
        *length = LENGTH_INT;
        return at;
    }
}

/* Reads what stands after a %; returns the address of the conversion letter. */
static const char *parse(const char *at, struct arguments *arguments, struct conversion *out)
{
    bool negative;
    memset(out, 0, sizeof *out);
    for (; *at == '-' || *at == '0'; at++) {
        if (*at == '-')
            out->left = true;
        else
            out->zero = true;
    }
    at = parse_count(at, arguments, &out->width, &negative);
    if (negative)
        out->left = true;
    if (*at == '.') {
        at = parse_count(at + 1, arguments, &out->precision, &negative);
        out->has_precision = !negative;
    }
    at = parse_length(at, &out->length);
    out->kind = *at;
    return at;
}

static intmax_t take_signed(struct arguments *arguments, enum length length)
{
    switch (length) {
    case LENGTH_CHAR:
        return (signed char)va_arg(arguments->list, int);
    case LENGTH_SHORT:
        return (short)va_arg(arguments->list, int);
    case LENGTH_LONG:
        return va_arg(arguments->list, long);
    case LENGTH_LONG_LONG:
        return va_arg(arguments->list, long long);
    /* Types that are the same here are two elsewhere.  NOLINTNEXTLINE(bugprone-branch-clone) */
    case LENGTH_MAX:
        return va_arg(arguments->list, intmax_t);
    case LENGTH_SIZE: /* the signed type of size_t's width */
    case LENGTH_DIFF:
        return va_arg(arguments->list, ptrdiff_t);
    case LENGTH_INT:
    default:
        return va_arg(arguments->list, int);
    }
}

static uintmax_t take_unsigned(struct arguments *arguments, enum length length)
{
    switch (length) {
    case LENGTH_CHAR:
        return (unsigned char)va_arg(arguments->list, unsigned);
    case LENGTH_SHORT:
        return (unsigned short)va_arg(arguments->list, unsigned);
    case LENGTH_LONG:
        return va_arg(arguments->list, unsigned long);
    case LENGTH_LONG_LONG:
        return va_arg(arguments->list, unsigned long long);
    /* As above.  NOLINTNEXTLINE(bugprone-branch-clone) */
    case LENGTH_MAX:
        return va_arg(arguments->list, uintmax_t);
    case LENGTH_SIZE:
    case LENGTH_DIFF: /* the unsigned type of ptrdiff_t's width */
        return va_arg(arguments->list, size_t);
    case LENGTH_INT:
    default:
        return va_arg(arguments->list, unsigned);
    }
}

static void put_number(struct sink *sink, const struct conversion *how, const char *prefix,
                       uintmax_t number, unsigned base)
{
    char digits[sizeof number * 3];
    size_t start = sizeof digits, prefix_length = strlen(prefix), count, zeros, total;

    while (number > 0) {
        digits[--start] = "0123456789abcdef"[number % base];
        number /= base;
    }
    if (start == sizeof digits && !(how->has_precision && how->precision == 0))
        digits[--start] = '0';
    count = sizeof digits - start;
    zeros = how->has_precision && how->precision > count ? how->precision - count : 0;
    total = prefix_length + zeros + count;
    if (how->zero && !how->left && !how->has_precision && how->width > total) {
        zeros = how->width - total;
        total = how->width;
    }
    if (!how->left && how->width > total)
        pad(sink, ' ', how->width - total);
    put(sink, prefix, prefix_length);
    pad(sink, '0', zeros);
    put(sink, digits + start, count);
    if (how->left && how->width > total)
        pad(sink, ' ', how->width - total);
}

static void put_text(struct sink *sink, const struct conversion *how, const char *text,
                     size_t length)
{
    if (!how->left && how->width > length)
        pad(sink, ' ', how->width - length);
    put(sink, text, length);
    if (how->left && how->width > length)
        pad(sink, ' ', how->width - length);
}

static void put_string(struct sink *sink, const struct conversion *how, const char *text)
{
    size_t length;
    if (!text)
        text = "(null)";
    if (how->has_precision) {
        /* The text need not end with a NUL within the precision. */
        const char *end = memchr(text, 0, how->precision);
        length = end ? (size_t)(end - text) : how->precision;
    } else {
        length = strlen(text);
    }
    put_text(sink, how, text, length);
}

/* False: not a conversion of ours. */
static bool convert(struct sink *sink, const struct conversion *how, struct arguments *arguments)
{
    intmax_t number;
    char byte;

    switch (how->kind) {
    case 's':
        put_string(sink, how, va_arg(arguments->list, const char *));
        return true;
    case 'c':
        byte = (char)va_arg(arguments->list, int);
        put_text(sink, how, &byte, 1);
        return true;
    case '%':
        put(sink, "%", 1);
        return true;
    case 'd':
    case 'i':
        number = take_signed(arguments, how->length);
        put_number(sink, how, number < 0 ? "-" : "",
                   number < 0 ? 0 - (uintmax_t)number : (uintmax_t)number, 10);
        return true;
    case 'u':
        put_number(sink, how, "", take_unsigned(arguments, how->length), 10);
        return true;
    case 'x':
        put_number(sink, how, "", take_unsigned(arguments, how->length), 16);
        return true;
    case 'p':
        put_number(sink, how, "0x", (uintptr_t)va_arg(arguments->list, void *), 16);
        return true;
    default:
        return false;
    }
}

size_t torc_format_list(char *buffer, size_t size, const char *format, va_list list)
{
    struct sink sink = {buffer, size, 0};
    struct arguments arguments;

    va_copy(arguments.list, list);
    while (*format) {
        const char *percent = format;
        struct conversion how;
        while (*percent && *percent != '%')
            percent++;
        put(&sink, format, (size_t)(percent - format));
        if (!*percent)
            break;
        format = parse(percent + 1, &arguments, &how);
        if (how.kind)
            format++;
        if (!convert(&sink, &how, &arguments))
            put(&sink, percent, (size_t)(format - percent));
    }
    va_end(arguments.list);
    if (size > 0)
        buffer[sink.length < size ? sink.length : size - 1] = 0;
    return sink.length;
}

size_t torc_format(char *buffer, size_t size, const char *format, ...)
{
    va_list list;
    size_t length;
    va_start(list, format);
    length = torc_format_list(buffer, size, format, list);
    va_end(list);
    return length;
}
