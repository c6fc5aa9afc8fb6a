/* What a host line says of the host itself, and not of its module: clock=, handles=, memory=. */
#include <string.h>

#include <torc/host_fault.h>

#include "scenario_parser.h"

/* --- signed values -------------------------------------------------------------------------------- */

int torci_word_signed_duration(struct torci_parser *parser, const struct torci_word *word,
                               size_t offset, size_t bytes, int64_t *out_ns)
{
    size_t sign = bytes > 0 && (word->text[offset] == '-' || word->text[offset] == '+');
    uint64_t ns = 0;
    int code = torci_bytes_duration(parser, word, offset + sign, bytes - sign, &ns);

    if (code == 0 && ns > INT64_MAX / 2)
        return torci_parse_error(parser, word, offset, "the time is too far away");
    if (code == 0)
        *out_ns = word->text[offset] == '-' ? -(int64_t)ns : (int64_t)ns;
    return code;
}

int torci_word_ppm(struct torci_parser *parser, const struct torci_word *word, size_t offset,
                   size_t bytes, const char *unit, int32_t *out)
{
    const char *text = word->text + offset;
    size_t unit_bytes = strlen(unit);
    size_t at = bytes > 0 && (text[0] == '-' || text[0] == '+');
    size_t digits = at;
    int32_t ppm = 0;

    for (; digits < bytes && digits - at < 6 && text[digits] >= '0' && text[digits] <= '9'; digits++)
        ppm = ppm * 10 + (text[digits] - '0');
    if (digits == at || bytes - digits != unit_bytes ||
        memcmp(text + digits, unit, unit_bytes) != 0 || ppm > TORC_DRIFT_PPM_MAX)
        return torci_parse_error(parser, word, offset,
                                 "a drift is a number of parts per million, up to %d either way: %s",
                                 TORC_DRIFT_PPM_MAX, unit[0] != '\0' ? "-200ppm" : "ppm=100");
    *out = text[0] == '-' ? -ppm : ppm;
    return 0;
}

/* --- clock= --------------------------------------------------------------------------------------- */

/* +-50ms[,ppm=100] */
static int read_skew(struct torci_parser *parser, const struct torci_word *word, size_t from,
                     size_t bytes, struct torci_script_clock *clock)
{
    const char *text = word->text + from;
    const char *comma = memchr(text, ',', bytes);
    size_t first = comma != NULL ? (size_t)(comma - text) : bytes;
    int32_t ppm = 0;
    int code;

    if (first < 2 || text[0] != '+' || text[1] != '-')
        return torci_parse_error(parser, word, from, "how far at most? skew(+-50ms,ppm=100)");
    code = torci_bytes_duration(parser, word, from + 2, first - 2, &clock->skew_ns);
    if (code == 0 && clock->skew_ns > INT64_MAX / 4)
        return torci_parse_error(parser, word, from, "the time is too far away");
    if (code != 0 || comma == NULL)
        return code;
    if (bytes - first < 6 || memcmp(comma, ",ppm=", 5) != 0 || comma[5] == '-' || comma[5] == '+')
        return torci_parse_error(parser, word, from + first + 1,
                                 "how much drift at most? skew(+-50ms,ppm=100)");
    code = torci_word_ppm(parser, word, from + first + 5, bytes - first - 5, "", &ppm);
    clock->skew_ppm = ppm;
    return code;
}

/* NAME(...) from the word's byte *at on, which is then behind it. */
static int read_part(struct torci_parser *parser, const struct torci_word *word, size_t *at,
                     struct torci_script_clock *clock, unsigned *seen)
{
    static const char *const names[] = {"offset", "drift", "skew", NULL};
    const char *begin = word->text + *at;
    const char *open = strchr(begin, '(');
    const char *close = strchr(begin, ')');
    size_t i = 0;
    size_t from;
    size_t bytes;
    char name[20];

    if (open == NULL || close == NULL || close < open)
        return torci_parse_error(parser, word, *at,
                                 "a clock is offset(2s), drift(-200ppm) or skew(+-50ms,ppm=100)");
    bytes = (size_t)(open - begin);
    if (bytes >= sizeof(name))
        bytes = sizeof(name) - 1;
    memcpy(name, begin, bytes);
    name[bytes] = '\0';
    while (names[i] != NULL && strcmp(names[i], name) != 0)
        i++;
    if (names[i] == NULL)
        return torci_parse_unknown(parser, word, *at, torc_name_nearest(name, names),
                                   "'%s' is nothing a clock has", name);
    if (*seen & 1u << i)
        return torci_parse_error(parser, word, *at, "%s is given twice", name);
    *seen |= 1u << i;
    from = (size_t)(open + 1 - word->text);
    bytes = (size_t)(close - open - 1);
    *at = (size_t)(close + 1 - word->text);
    if (i == 0)
        return torci_word_signed_duration(parser, word, from, bytes, &clock->offset_ns);
    if (i == 1)
        return torci_word_ppm(parser, word, from, bytes, "ppm", &clock->ppm);
    return read_skew(parser, word, from, bytes, clock);
}

static int read_clock(struct torci_parser *parser, const struct torci_word *word, size_t at,
                      struct torci_script_clock *clock)
{
    unsigned seen = 0;

    for (;;) {
        int code = read_part(parser, word, &at, clock, &seen);

        if (code != 0 || at == word->bytes)
            return code;
        if (word->text[at] != ',')
            return torci_parse_error(parser, word, at, "what a clock has is separated by commas");
        at++;
    }
}

/* --- the others ----------------------------------------------------------------------------------- */

static int read_handles(struct torci_parser *parser, const struct torci_word *word, size_t at,
                        struct torci_host_settings *out)
{
    const char *why = NULL;
    uint64_t number = 0;

    if (torci_value_count(word->text + at, &number, &why) != 0)
        return torci_parse_error(parser, word, at, "handles: %s", why);
    if (number == 0 || number > UINT32_MAX)
        return torci_parse_error(parser, word, at, "a host has 1 handle or more");
    out->handles_max = (uint32_t)number;
    return 0;
}

static int read_memory(struct torci_parser *parser, const struct torci_word *word, size_t at,
                       struct torci_host_settings *out)
{
    const char *why = NULL;

    if (torci_value_size(word->text + at, &out->memory_bytes_max, &why) != 0)
        return torci_parse_error(parser, word, at, "memory: %s", why);
    if (out->memory_bytes_max == 0)
        return torci_parse_error(parser, word, at, "a host without memory cannot be up");
    return 0;
}

int torci_parse_host_settings(struct torci_parser *parser, const struct torci_word *clock,
                              const struct torci_word *handles, const struct torci_word *memory,
                              struct torci_host_settings *out)
{
    int code = 0;

    if (clock != NULL)
        code = read_clock(parser, clock, torci_word_key(clock) + 1, &out->clock);
    if (code == 0 && handles != NULL)
        code = read_handles(parser, handles, torci_word_key(handles) + 1, out);
    if (code == 0 && memory != NULL)
        code = read_memory(parser, memory, torci_word_key(memory) + 1, out);
    return code;
}
