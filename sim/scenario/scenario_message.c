/* send and expect: what goes over connections. */
#include <string.h>

#include "scenario_action.h"

/* --- payloads ------------------------------------------------------------------------------------- */

/* One piece: "...", x"..." or @FILE. */
static int read_piece(struct torci_action *action, const struct torci_word *word, struct torci_bytes *out)
{
    const char *name = NULL;
    const char *why = NULL;
    size_t wrong = 0;
    uint8_t *data;

    if (word->text[0] == '@')
        return torci_parse_file(action->parser, word, 1, &name, out);
    data = torci_scenario_alloc(action->parser->scenario, word->bytes + 1);
    if (data == NULL)
        return TORC_ENOMEM;
    out->data = data;
    if (torci_value_string(word->text, word->bytes, data, &out->bytes, &why, &wrong) != 0)
        return torci_parse_error(action->parser, word, wrong, "%s", why);
    return 0;
}

static bool is_piece(const struct torci_word *word)
{
    return word->text[0] == '"' || word->text[0] == '@' ||
           (word->text[0] == 'x' && word->text[1] == '"');
}

/* What is there, and another piece. */
static int append(struct torci_action *action, struct torci_bytes *bytes, const struct torci_bytes *piece)
{
    uint8_t *joined;

    if (bytes->bytes == 0) {
        *bytes = *piece;
        return 0;
    }
    joined = torci_scenario_alloc(action->parser->scenario, bytes->bytes + piece->bytes);
    if (joined == NULL)
        return TORC_ENOMEM;
    memcpy(joined, bytes->data, bytes->bytes);
    memcpy(joined + bytes->bytes, piece->data, piece->bytes);
    bytes->data = joined;
    bytes->bytes += piece->bytes;
    return 0;
}

static int repeat(struct torci_action *action, const struct torci_word *word, uint64_t times,
                  struct torci_bytes *bytes)
{
    uint8_t *data;

    if (times == 1 || bytes->bytes == 0)
        return 0;
    if (bytes->bytes > (TORCI_EXPANDED_BYTES_MAX - action->parser->expanded_bytes) / times)
        return torci_parse_error(action->parser, word, 0, "the scenario grows above 256 MiB");
    action->parser->expanded_bytes += bytes->bytes * times;
    data = torci_scenario_alloc(action->parser->scenario, bytes->bytes * times);
    if (data == NULL)
        return TORC_ENOMEM;
    for (uint64_t i = 0; i < times; i++)
        memcpy(data + i * bytes->bytes, bytes->data, bytes->bytes);
    bytes->data = data;
    bytes->bytes *= times;
    return 0;
}

int torci_action_read_within(struct torci_action *action, const struct torci_word *word,
                             size_t value, struct torci_time *time)
{
    if (time->kind == TORCI_TIME_WINDOW || time->kind == TORCI_TIME_END)
        return torci_parse_error(action->parser, word, 0,
                                 "within= says the same as the time of the line");
    time->kind = TORCI_TIME_WINDOW;
    return torci_word_duration(action->parser, word, value, &time->window_ns);
}

/* Pieces and then keys: seg= (if `segment_bytes` is not NULL), times=, within= (if `window` is not NULL). */
static int read_payload(struct torci_action *action, struct torci_bytes *out, size_t *segment_bytes,
                        struct torci_time *window)
{
    static const char *const send_keys[] = {"times", "seg", NULL};
    static const char *const expect_keys[] = {"times", "within", NULL};
    const struct torci_word *word;
    uint64_t times = 1;
    unsigned seen = 0;
    size_t pieces = 0;
    int code = 0;

    while (code == 0 && (word = torci_action_next_word(action)) != NULL) {
        struct torci_bytes piece = {NULL, 0};
        size_t key = 0;
        size_t value = 0;
        uint64_t number = 0;

        if (is_piece(word) && seen == 0) {
            code = read_piece(action, word, &piece);
            if (code == 0)
                code = append(action, out, &piece);
            pieces++;
            continue;
        }
        code = torci_action_read_key(action, word, window != NULL ? expect_keys : send_keys, &seen, &key, &value);
        if (code != 0)
            return code;
        if (key == 1 && window != NULL) {
            code = torci_action_read_within(action, word, value, window);
            continue;
        }
        code = torci_action_read_count(action, word, value, UINT32_MAX, &number);
        if (code == 0 && key == 1)
            *segment_bytes = (size_t)number;
        else if (code == 0)
            times = number;
        if (code == 0 && key == 0)
            code = repeat(action, word, times, out);
    }
    if (code == 0 && pieces == 0)
        return torci_parse_error_end(action->parser, "'%s' takes bytes: \"...\", x\"...\" or @FILE",
                                     action->verb->text);
    if (code == 0 && out->bytes == 0)
        return torci_parse_error_end(action->parser, "there is nothing to %s", action->verb->text);
    return code;
}

int torci_parse_send(struct torci_action *action)
{
    struct torci_bytes payload = {NULL, 0};
    struct torci_step *step = NULL;
    size_t segment_bytes = 0;
    int code = read_payload(action, &payload, &segment_bytes, NULL);

    if (code == 0)
        code = torci_action_add(action, TORCI_VERB_SEND, &step);
    if (code == 0) {
        step->payload = payload;
        step->segment_bytes = segment_bytes;
    }
    return code;
}

/* --- expectations --------------------------------------------------------------------------------- */

static int read_pattern(struct torci_action *action, const struct torci_word *word,
                        const struct torci_pattern **out)
{
    const char *why = NULL;
    size_t wrong = 0;
    int code;

    if (word->bytes < 5 || word->text[word->bytes - 1] != '"')
        return torci_parse_error(action->parser, word, 0, "a pattern is written re\"...\"");
    code = torci_pattern_compile(action->parser->scenario, word->text + 3, word->bytes - 4, out, &why,
                                 &wrong);
    if (code == TORC_ESYNTAX)
        return torci_parse_error(action->parser, word, 3 + wrong, "%s", why);
    return code;
}

/* by=HOST must be the other end of the connection. */
static int read_by(struct torci_action *action, const struct torci_word *word, size_t offset,
                   const struct torci_script_host **out)
{
    const struct torci_step *made_by = action->label->made_by;
    const struct torci_script_host *host = torci_find_script_host(
        action->parser->scenario, word->text + offset, word->bytes - offset);

    if (host == NULL)
        return torci_parse_no_host(action->parser, word, offset, word->bytes - offset);
    if (made_by != NULL && made_by->verb == TORCI_VERB_CONNECT && made_by->remote != host)
        return torci_parse_error(action->parser, word, offset,
                                 "%s goes to %s, so %s cannot end it for us", action->label->name,
                                 made_by->remote->name, host->name);
    *out = host;
    return 0;
}

static int read_expect_keys(struct torci_action *action, struct torci_time *time, bool may_have_by,
                            const struct torci_script_host **out_by)
{
    static const char *const keys[] = {"within", "by", NULL};
    static const char *const only_within[] = {"within", NULL};
    const struct torci_word *word;
    unsigned seen = 0;
    int code = 0;

    while (code == 0 && (word = torci_action_next_word(action)) != NULL) {
        size_t key = 0;
        size_t value = 0;

        code = torci_action_read_key(action, word, may_have_by ? keys : only_within, &seen, &key, &value);
        if (code != 0)
            return code;
        if (key == 1) {
            code = read_by(action, word, value, out_by);
            continue;
        }
        code = torci_action_read_within(action, word, value, time);
    }
    return code;
}

int torci_parse_expect(struct torci_action *action)
{
    static const char *const outcomes[] = {"connected", "refused", "timeout", "end",     "close",
                                           "reset",     "nothing", "result",  "failure", NULL};
    const struct torci_word *word =
        action->next < action->end ? &action->parser->line->words[action->next] : NULL;
    struct torci_time time = *action->time;
    struct torci_step read = {.expected = TORCI_EXPECTED_BYTES};
    struct torci_step *step = NULL;
    int code;

    if (word == NULL)
        return torci_parse_error_end(action->parser, "expect what? \"...\", re\"...\", connected, "
                                                     "refused, timeout, end, close, reset, nothing, result or "
                                                     "failure");
    if (is_piece(word)) {
        code = read_payload(action, &read.payload, NULL, &time);
    } else if (strncmp(word->text, "re\"", 3) == 0) {
        action->next++;
        read.expected = TORCI_EXPECTED_PATTERN;
        code = read_pattern(action, word, &read.pattern);
        if (code == 0)
            code = read_expect_keys(action, &time, false, &read.by);
    } else {
        size_t i = 0;

        action->next++;
        while (outcomes[i] != NULL && strcmp(outcomes[i], word->text) != 0)
            i++;
        if (outcomes[i] == NULL)
            return torci_parse_unknown(action->parser, word, 0,
                                       torc_name_nearest(word->text, outcomes),
                                       "'%.64s' cannot be expected", word->text);
        read.expected = (enum torci_expected)(TORCI_EXPECTED_CONNECTED + (int)i);
        if (read.expected >= TORCI_EXPECTED_RESULT)
            return torci_parse_expect_answer(action, read.expected);
        code = read_expect_keys(action, &time,
                                read.expected == TORCI_EXPECTED_END ||
                                    read.expected == TORCI_EXPECTED_CLOSE ||
                                    read.expected == TORCI_EXPECTED_RESET,
                                &read.by);
    }
    if (code == 0)
        code = torci_action_add(action, TORCI_VERB_EXPECT, &step);
    if (code != 0)
        return code;
    step->time = time;
    step->expected = read.expected;
    step->payload = read.payload;
    step->pattern = read.pattern;
    step->by = read.by;
    return 0;
}
