#include "option_value.h"

#include <string.h>

#include <torc/clock.h>

struct unit {
    const char *name;
    uint64_t factor;
};

static int refuse(const char **why, const char *sentence)
{
    *why = sentence;
    return TORC_ESYNTAX;
}

/* Reads decimal digits up to `limit` and moves *text behind them. */
enum digits { DIGITS_OK, DIGITS_NONE, DIGITS_TOO_LARGE };
static enum digits read_digits(const char **text, uint64_t limit, uint64_t *out)
{
    const char *at = *text;
    uint64_t value = 0;

    if (*at < '0' || *at > '9')
        return DIGITS_NONE;
    for (; *at >= '0' && *at <= '9'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');

        if (value > (limit - digit) / 10)
            return DIGITS_TOO_LARGE;
        value = value * 10 + digit;
    }
    *text = at;
    *out = value;
    return DIGITS_OK;
}

static const struct unit *find_unit(const struct unit *units, const char *name)
{
    for (; units->name; units++)
        if (strcmp(units->name, name) == 0)
            return units;
    return NULL;
}

int torci_parse_flag(const char *text, bool *out, const char **why)
{
    static const struct {
        const char *name;
        bool value;
    } words[] = {{"yes", true}, {"no", false}, {"true", true}, {"false", false}, {"1", true},
                 {"0", false}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(text, words[i].name) == 0) {
            *out = words[i].value;
            return 0;
        }
    }
    return refuse(why, "not a flag; say yes or no");
}

int torci_parse_integer(const char *text, int64_t *out, const char **why)
{
    bool negative = *text == '-';
    const char *at = text + (negative ? 1 : 0);
    uint64_t limit = (uint64_t)INT64_MAX + (negative ? 1 : 0);
    uint64_t value = 0;
    enum digits digits = read_digits(&at, limit, &value);

    if (digits == DIGITS_TOO_LARGE)
        return refuse(why, "the number does not fit in 64 bits");
    if (digits == DIGITS_NONE || *at != '\0')
        return refuse(why, "not an integer, as in 42 or -1");
    /* -(value - 1) - 1 and not -value: the smallest number has no positive counterpart. */
    *out = negative && value > 0 ? -(int64_t)(value - 1) - 1 : (int64_t)value;
    return 0;
}

int torci_parse_duration(const char *text, uint64_t *out, const char **why)
{
    static const struct unit units[] = {{"us", TORC_MICROSECOND}, {"ms", TORC_MILLISECOND},
                                        {"s", TORC_SECOND},       {"m", 60 * TORC_SECOND},
                                        {"h", 3600 * TORC_SECOND}, {NULL, 0}};
    const struct unit *unit;
    const char *at = text;
    uint64_t value = 0;
    enum digits digits = read_digits(&at, UINT64_MAX - 1, &value);

    if (digits == DIGITS_NONE)
        return refuse(why, "not a duration, as in 250us, 20ms, 3s, 5m or 2h");
    if (digits == DIGITS_TOO_LARGE)
        return refuse(why, "the duration is too long");
    if (*at == '\0') {
        if (value != 0)
            return refuse(why, "the unit is missing: us, ms, s, m or h");
        *out = 0;
        return 0;
    }
    unit = find_unit(units, at);
    if (!unit)
        return refuse(why, "no such unit of time; there are us, ms, s, m and h");
    /* TORC_NEVER itself is not a duration that can be written. */
    if (value > (UINT64_MAX - 1) / unit->factor)
        return refuse(why, "the duration is too long");
    *out = value * unit->factor;
    return 0;
}

int torci_parse_bytes(const char *text, uint64_t *out, const char **why)
{
    static const struct unit units[] = {{"", 1},
                                        {"KiB", UINT64_C(1) << 10},
                                        {"MiB", UINT64_C(1) << 20},
                                        {"GiB", UINT64_C(1) << 30},
                                        {NULL, 0}};
    const struct unit *unit;
    const char *at = text;
    uint64_t value = 0;
    enum digits digits = read_digits(&at, UINT64_MAX, &value);

    if (digits == DIGITS_NONE)
        return refuse(why, "not a size, as in 512, 64KiB, 16MiB or 1GiB");
    if (digits == DIGITS_TOO_LARGE)
        return refuse(why, "the size is too large");
    unit = find_unit(units, at);
    if (!unit)
        return refuse(why, "no such unit of size; there are KiB, MiB and GiB, or none for bytes");
    if (value > UINT64_MAX / unit->factor)
        return refuse(why, "the size is too large");
    *out = value * unit->factor;
    return 0;
}
