/* Values as the language writes them: durations, sizes, rates, counts, strings; and how they are shown. */
#include <string.h>

#include <torc/format.h>

#include "scenario_model.h"

/* --- numbers with units -------------------------------------------------------------------------- */

struct unit {
    const char *name;
    uint64_t factor;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* DIGITS [. DIGITS] UNIT, exactly: what would not be a whole number of the smallest unit is refused. */
static int read_quantity(const char *text, const struct unit *units, const char *shape, uint64_t *out,
                         const char **why)
{
    uint64_t whole = 0;
    uint64_t parts = 0;
    uint64_t parts_of = 1;
    uint64_t factor = 0;
    const char *at = text;

    *why = shape;
    if (!is_digit(*at))
        return TORC_ESYNTAX;
    for (; is_digit(*at); at++) {
        if (whole > (UINT64_MAX - 9) / 10) {
            *why = "the number is too large";
            return TORC_ESYNTAX;
        }
        whole = whole * 10 + (uint64_t)(*at - '0');
    }
    if (at[0] == '.' && is_digit(at[1])) {
        for (at++; is_digit(*at); at++) {
            if (parts_of >= 1000000000000u) {
                *why = "too many digits after the point";
                return TORC_ESYNTAX;
            }
            parts = parts * 10 + (uint64_t)(*at - '0');
            parts_of *= 10;
        }
    }
    if (*at == '\0' && whole == 0 && parts == 0) {
        *out = 0;
        return 0;
    }
    for (; units->name != NULL; units++)
        if (strcmp(at, units->name) == 0)
            factor = units->factor;
    if (factor == 0)
        return TORC_ESYNTAX;
    if (whole > (UINT64_MAX / 2) / factor) {
        *why = "the number is too large";
        return TORC_ESYNTAX;
    }
    while (parts_of > 1 && parts % 10 == 0) {
        parts /= 10;
        parts_of /= 10;
    }
    if (factor % parts_of != 0) {
        *why = "it is not a whole number of the smallest unit";
        return TORC_ESYNTAX;
    }
    *out = whole * factor + parts * (factor / parts_of);
    return 0;
}

int torci_value_duration(const char *text, uint64_t *out_ns, const char **why)
{
    static const struct unit units[] = {
        {"ns", 1},           {"us", 1000},          {"ms", 1000000}, {"s", 1000000000},
        {"m", 60000000000u}, {"h", 3600000000000u}, {NULL, 0},
    };

    return read_quantity(text, units,
                         "a duration is a number with a unit: 250us 20ms 3s 5m (ns us ms s m h)",
                         out_ns, why);
}

int torci_value_size(const char *text, uint64_t *out_bytes, const char **why)
{
    static const struct unit units[] = {
        {"", 1}, {"B", 1}, {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824}, {NULL, 0},
    };

    return read_quantity(text, units, "a size is a number of bytes: 1460 64KiB 16MiB (B KiB MiB GiB)",
                         out_bytes, why);
}

int torci_value_rate(const char *text, uint64_t *out_bits, const char **why)
{
    static const struct unit units[] = {
        {"bit", 1}, {"kbit", 1000}, {"Mbit", 1000000}, {"Gbit", 1000000000}, {NULL, 0},
    };

    return read_quantity(text, units,
                         "a rate is a number of bits in a second: 64kbit 10Mbit (bit kbit Mbit Gbit)",
                         out_bits, why);
}

int torci_value_share(const char *text, uint64_t *out_ppm, const char **why)
{
    static const struct unit units[] = {{"%", 10000}, {NULL, 0}};

    return read_quantity(text, units, "a part of all is a number of percent: 0.5%", out_ppm, why);
}

int torci_value_count(const char *text, uint64_t *out, const char **why)
{
    static const struct unit units[] = {{"", 1}, {NULL, 0}};

    return read_quantity(text, units, "it is not a whole number", out, why);
}

int torci_value_digits(const char *text, size_t bytes, uint64_t *out, const char **why)
{
    char digits[24] = "";

    *why = "it is not a whole number";
    for (size_t i = 0; i < bytes; i++)
        if (!is_digit(text[i]))
            return TORC_ESYNTAX;
    *why = "the number is too large";
    if (bytes >= sizeof(digits))
        return TORC_ESYNTAX;
    memcpy(digits, text, bytes);
    return torci_value_count(digits, out, why);
}

int torci_value_range(const char *text, bool open, uint64_t *out_first, uint64_t *out_last)
{
    const char *dots = strstr(text, "..");
    size_t bytes = dots != NULL ? (size_t)(dots - text) : strlen(text);
    const char *why;
    uint64_t first;
    uint64_t last;

    if (torci_value_digits(text, bytes, &first, &why) != 0)
        return TORC_ESYNTAX;
    last = dots == NULL ? first : UINT64_MAX;
    if (dots != NULL && (!open || dots[2] != '\0') &&
        torci_value_digits(dots + 2, strlen(dots + 2), &last, &why) != 0)
        return TORC_ESYNTAX;
    if (last < first)
        return TORC_ESYNTAX;
    *out_first = first;
    *out_last = last;
    return 0;
}

/* --- strings ------------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* What a backslash stands for; *at is after it, and then after the whole. */
static int read_escape(const char *text, size_t bytes, size_t *at, uint8_t *out)
{
    static const char names[] = "nrtabfve0\\\"'";
    static const char values[] = "\n\r\t\a\b\f\v\x1b\0\\\"'";
    const char *name;
    char c;

    if (*at >= bytes)
        return TORC_ESYNTAX;
    c = text[(*at)++];
    if (c == 'x') {
        if (bytes - *at < 2 || hex_digit(text[*at]) < 0 || hex_digit(text[*at + 1]) < 0)
            return TORC_ESYNTAX;
        *out = (uint8_t)(hex_digit(text[*at]) * 16 + hex_digit(text[*at + 1]));
        *at += 2;
        return 0;
    }
    name = c == '\0' ? NULL : strchr(names, c);
    if (name == NULL)
        return TORC_ESYNTAX;
    *out = (uint8_t)values[name - names];
    return 0;
}

static int read_hex(const char *text, size_t bytes, uint8_t *out, size_t *out_bytes,
                    const char **why, size_t *out_wrong)
{
    size_t count = 0;

    for (size_t at = 2; at + 1 < bytes;) {
        if (text[at] == ' ') {
            at++;
            continue;
        }
        if (at + 2 >= bytes || hex_digit(text[at]) < 0 || hex_digit(text[at + 1]) < 0) {
            *why = "x\"...\" takes pairs of hexadecimal digits";
            *out_wrong = at;
            return TORC_ESYNTAX;
        }
        out[count++] = (uint8_t)(hex_digit(text[at]) * 16 + hex_digit(text[at + 1]));
        at += 2;
    }
    *out_bytes = count;
    return 0;
}

int torci_value_string(const char *text, size_t bytes, uint8_t *out, size_t *out_bytes,
                       const char **why, size_t *out_wrong)
{
    size_t count = 0;

    if (bytes >= 3 && text[0] == 'x' && text[1] == '"' && text[bytes - 1] == '"')
        return read_hex(text, bytes, out, out_bytes, why, out_wrong);
    *why = "a string is written \"...\"";
    *out_wrong = 0;
    if (bytes < 2 || text[0] != '"')
        return TORC_ESYNTAX;
    for (size_t at = 1; at < bytes;) {
        size_t begin = at;

        if (text[at] == '"') {
            *why = "after the string comes something else";
            *out_wrong = at + 1;
            if (at + 1 != bytes)
                return TORC_ESYNTAX;
            *out_bytes = count;
            return 0;
        }
        if (text[at] != '\\') {
            out[count++] = (uint8_t)text[at++];
            continue;
        }
        at++;
        if (read_escape(text, bytes, &at, &out[count]) != 0) {
            *why = "no such escape: there are \\n \\r \\t \\0 \\\\ \\\" \\xHH \\a \\b \\e \\f \\v";
            *out_wrong = begin;
            return TORC_ESYNTAX;
        }
        count++;
    }
    *why = "the string does not end";
    return TORC_ESYNTAX;
}

/* --- showing ------------------------------------------------------------------------------------- */

size_t torci_show_duration(char *buffer, size_t size, uint64_t ns)
{
    static const struct unit units[] = {
        {"s", 1000000000}, {"ms", 1000000}, {"us", 1000}, {"ns", 1},
    };
    const struct unit *unit = units;
    uint64_t rest;
    int digits = 0;

    if (ns == 0)
        return torc_format(buffer, size, "0");
    while (ns < unit->factor)
        unit++;
    rest = ns % unit->factor;
    if (rest == 0)
        return torc_format(buffer, size, "%llu%s", (unsigned long long)(ns / unit->factor),
                           unit->name);
    for (uint64_t factor = unit->factor; factor > 1; factor /= 10)
        digits++;
    while (rest % 10 == 0) {
        rest /= 10;
        digits--;
    }
    {
        char text[24];
        size_t length = torc_format(text, sizeof(text), "%llu", (unsigned long long)rest);
        static const char zeros[] = "000000000";

        return torc_format(buffer, size, "%llu.%.*s%s%s",
                           (unsigned long long)(ns / unit->factor), digits - (int)length, zeros,
                           text, unit->name);
    }
}

size_t torci_show_bytes(char *buffer, size_t size, const uint8_t *data, size_t bytes,
                        size_t shown_max)
{
    size_t shown = bytes < shown_max ? bytes : shown_max;
    size_t used = 0;

#define ROOM (used < size ? size - used : 0)
#define AT (used < size ? buffer + used : NULL)
    used += torc_format(AT, ROOM, "\"");
    for (size_t i = 0; i < shown; i++) {
        uint8_t c = data[i];

        if (c == '\r')
            used += torc_format(AT, ROOM, "\\r");
        else if (c == '\n')
            used += torc_format(AT, ROOM, "\\n");
        else if (c == '\t')
            used += torc_format(AT, ROOM, "\\t");
        else if (c == '"' || c == '\\')
            used += torc_format(AT, ROOM, "\\%c", c);
        else if (c < 0x20 || c >= 0x7f)
            used += torc_format(AT, ROOM, "\\x%02x", c);
        else
            used += torc_format(AT, ROOM, "%c", c);
    }
    used += torc_format(AT, ROOM, "\"");
    if (shown < bytes)
        used += torc_format(AT, ROOM, "... and %llu bytes more", (unsigned long long)(bytes - shown));
#undef ROOM
#undef AT
    return used;
}
