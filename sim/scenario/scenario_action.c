/* What is done to hosts and connections: SUBJECT VERB ... KEY=VALUE ... as LABEL. */
#include <string.h>

#include "scenario_action.h"

const struct torci_word *torci_action_next_word(struct torci_action *action)
{
    return action->next < action->end ? &action->parser->line->words[action->next++] : NULL;
}

int torci_action_finish(struct torci_action *action)
{
    const struct torci_word *word = torci_action_next_word(action);

    return word == NULL ? 0
                        : torci_parse_error(action->parser, word, 0, "'%s' takes nothing more",
                                            action->verb->text);
}

int torci_action_add(struct torci_action *action, enum torci_verb verb, struct torci_step **out)
{
    struct torci_time time = *action->time;
    int code;

    if (verb != TORCI_VERB_EXPECT) {
        if (time.kind == TORCI_TIME_WINDOW)
            return torci_parse_error(action->parser, &action->parser->line->words[0], 0,
                                     "only an expectation can have a window: when is '%s' done?",
                                     action->verb->text);
        if (time.kind == TORCI_TIME_END)
            return torci_parse_error(action->parser, &action->parser->line->words[0], 0,
                                     "at the end nothing more is done, only expected");
        time.kind = TORCI_TIME_AT;
    }
    code = torci_add_step(action->parser, action->verb, &time, verb, out);
    if (code != 0)
        return code;
    (*out)->host = action->host;
    (*out)->label = action->label;
    (*out)->as = action->as;
    if (action->as != NULL)
        action->as->made_by = *out;
    return 0;
}

int torci_action_add_end(struct torci_action *action, enum torci_verb verb,
                         const struct torci_span *after, struct torci_step **out)
{
    struct torci_time time = *action->time;
    int code = torci_time_add(action->parser, action->verb, &time, after);

    if (code != 0)
        return code;
    time.kind = TORCI_TIME_AT;
    code = torci_add_step(action->parser, action->verb, &time, verb, out);
    if (code != 0)
        return code;
    (*out)->host = action->host;
    (*out)->implied = true;
    (*out)->ends = action->as;
    if (action->as != NULL)
        action->as->ended_by = *out;
    return 0;
}

/* --- keys ----------------------------------------------------------------------------------------- */

int torci_action_read_key(struct torci_action *action, const struct torci_word *word, const char *const *keys,
                    unsigned *seen, size_t *out_index, size_t *out_value)
{
    size_t key_bytes = torci_word_key(word);
    char key[65];
    size_t i = 0;

    if (key_bytes == 0 || key_bytes > 64)
        return torci_parse_error(action->parser, word, 0, "'%.64s' has no meaning after '%s'",
                                 word->text, action->verb->text);
    memcpy(key, word->text, key_bytes);
    key[key_bytes] = '\0';
    while (keys[i] != NULL && strcmp(keys[i], key) != 0)
        i++;
    if (keys[i] == NULL)
        return torci_parse_unknown(action->parser, word, 0, torc_name_nearest(key, keys),
                                   "unknown key '%s'", key);
    if (*seen & (1u << i))
        return torci_parse_error(action->parser, word, 0, "%s is given twice", key);
    *seen |= 1u << i;
    *out_index = i;
    *out_value = key_bytes + 1;
    return 0;
}

int torci_action_read_count(struct torci_action *action, const struct torci_word *word, size_t offset,
                      uint64_t max, uint64_t *out)
{
    const char *why = NULL;

    if (torci_value_count(word->text + offset, out, &why) != 0)
        return torci_parse_error(action->parser, word, offset, "%s", why);
    if (*out == 0 || *out > max)
        return torci_parse_error(action->parser, word, offset, "the number is from 1 to %llu",
                                 (unsigned long long)max);
    return 0;
}

/* --- hosts ---------------------------------------------------------------------------------------- */

static int need_label(struct torci_action *action)
{
    if (action->as == NULL)
        return torci_parse_error_end(action->parser, "'%s' makes a connection: say 'as NAME'",
                                     action->verb->text);
    return 0;
}

static int need_peer(struct torci_action *action)
{
    if (action->host->module != NULL)
        return torci_parse_error(action->parser, action->subject, 0,
                                 "'%s' runs a module and does what that does; only a peer can be told to %s",
                                 action->host->name, action->verb->text);
    return 0;
}

static int read_port(struct torci_action *action, const struct torci_word *word, size_t offset,
                     uint16_t *out)
{
    const char *why = NULL;
    uint64_t port = 0;

    if (torci_value_count(word->text + offset, &port, &why) != 0 || port == 0 || port > 65535)
        return torci_parse_error(action->parser, word, offset, "a port is a number from 1 to 65535");
    *out = (uint16_t)port;
    return 0;
}

static int parse_connect(struct torci_action *action)
{
    const struct torci_word *word = torci_action_next_word(action);
    const struct torci_script_host *remote;
    struct torci_step *step = NULL;
    const char *colon;
    uint16_t port = 0;
    int code = need_peer(action);

    if (code == 0 && word == NULL)
        return torci_parse_error_end(action->parser, "connect to where? HOST:PORT");
    if (code == 0)
        code = need_label(action);
    if (code != 0)
        return code;
    colon = strchr(word->text, ':');
    if (colon == NULL)
        return torci_parse_error(action->parser, word, word->bytes, "the port is missing: HOST:PORT");
    remote = torci_find_script_host(action->parser->scenario, word->text,
                                    (size_t)(colon - word->text));
    if (remote == NULL)
        return torci_parse_no_host(action->parser, word, 0, (size_t)(colon - word->text));
    code = read_port(action, word, (size_t)(colon + 1 - word->text), &port);
    if (code == 0)
        code = torci_action_finish(action);
    if (code == 0)
        code = torci_action_add(action, TORCI_VERB_CONNECT, &step);
    if (code == 0 && step != NULL) {
        step->remote = remote;
        step->port = port;
    }
    return code;
}

static int parse_listen(struct torci_action *action)
{
    static const char *const keys[] = {"backlog", NULL};
    const struct torci_word *word = torci_action_next_word(action);
    struct torci_step *step = NULL;
    uint64_t backlog = 128;
    uint16_t port = 0;
    unsigned seen = 0;
    int code = need_peer(action);

    if (code == 0 && word == NULL)
        return torci_parse_error_end(action->parser, "listen where? listen PORT");
    if (code == 0)
        code = read_port(action, word, 0, &port);
    while (code == 0 && (word = torci_action_next_word(action)) != NULL) {
        size_t key = 0;
        size_t value = 0;

        code = torci_action_read_key(action, word, keys, &seen, &key, &value);
        if (code == 0)
            code = torci_action_read_count(action, word, value, 65535, &backlog);
    }
    if (code == 0)
        code = torci_action_add(action, TORCI_VERB_LISTEN, &step);
    if (code == 0 && step != NULL) {
        step->port = port;
        step->backlog = (uint32_t)backlog;
    }
    return code;
}

static int parse_accept(struct torci_action *action)
{
    const struct torci_word *word = torci_action_next_word(action);
    struct torci_step *step = NULL;
    uint16_t port = 0;
    int code = need_peer(action);

    if (code == 0 && word == NULL)
        return torci_parse_error_end(action->parser, "accept where? accept PORT as NAME");
    if (code == 0)
        code = need_label(action);
    if (code == 0)
        code = read_port(action, word, 0, &port);
    if (code == 0)
        code = torci_action_finish(action);
    if (code == 0)
        code = torci_action_add(action, TORCI_VERB_ACCEPT, &step);
    if (code == 0 && step != NULL)
        step->port = port;
    return code;
}

static int parse_kill(struct torci_action *action)
{
    struct torci_step *step = NULL;
    int code = torci_action_finish(action);

    return code != 0 ? code : torci_action_add(action, TORCI_VERB_KILL, &step);
}

static int parse_signal(struct torci_action *action)
{
    static const char *const signals[] = {"int", "term", NULL};
    static const int numbers[] = {TORC_SIGNAL_INTERRUPT, TORC_SIGNAL_TERMINATE};
    const struct torci_word *word = torci_action_next_word(action);
    struct torci_step *step = NULL;
    size_t i = 0;
    int code;

    if (action->host->module == NULL)
        return torci_parse_error(action->parser, action->subject, 0, "a peer takes no signals");
    if (word == NULL)
        return torci_parse_error_end(action->parser, "which signal? term or int");
    while (signals[i] != NULL && strcmp(signals[i], word->text) != 0)
        i++;
    if (signals[i] == NULL)
        return torci_parse_unknown(action->parser, word, 0,
                                   torc_name_nearest(word->text, signals),
                                   "unknown signal '%.64s': there are term and int", word->text);
    code = torci_action_finish(action);
    if (code == 0)
        code = torci_action_add(action, TORCI_VERB_SIGNAL, &step);
    if (code == 0 && step != NULL)
        step->signal_number = numbers[i];
    return code;
}

/* --- connections without arguments ---------------------------------------------------------------- */

static int parse_plain(struct torci_action *action, enum torci_verb verb)
{
    struct torci_step *step = NULL;
    int code = torci_action_finish(action);

    return code != 0 ? code : torci_action_add(action, verb, &step);
}

static int parse_close(struct torci_action *action)
{
    return parse_plain(action, TORCI_VERB_CLOSE);
}

static int parse_shutdown(struct torci_action *action)
{
    return parse_plain(action, TORCI_VERB_SHUTDOWN);
}

static int parse_pause(struct torci_action *action)
{
    return parse_plain(action, TORCI_VERB_PAUSE);
}

static int parse_resume(struct torci_action *action)
{
    return parse_plain(action, TORCI_VERB_RESUME);
}

/* --- lines ---------------------------------------------------------------------------------------- */

struct verb {
    const char *name;
    bool of_host;
    int (*parse)(struct torci_action *action);
};

static const struct verb verbs[] = {
    {"connect", true, parse_connect}, {"listen", true, parse_listen},
    {"accept", true, parse_accept},   {"kill", true, parse_kill},
    {"restart", true, torci_parse_restart}, {"signal", true, parse_signal},
    {"send", false, torci_parse_send},      {"expect", false, torci_parse_expect},
    {"close", false, parse_close},    {"reset", false, torci_parse_reset},
    {"shutdown", false, parse_shutdown}, {"pause", false, parse_pause},
    {"resume", false, parse_resume},  {"call", true, torci_parse_call},
    {"crash", true, torci_parse_crash},     {"pause", true, torci_parse_host_pause},
    {"resume", true, torci_parse_host_resume}, {"stall", true, torci_parse_stall},
    {"clock", true, torci_parse_clock},     {"hold", true, torci_parse_hold},
    {"release", true, torci_parse_release},
};
enum { VERB_COUNT = sizeof(verbs) / sizeof(verbs[0]) };

/* Rather one of those that a host does, or a connection; some names are both. */
static const struct verb *find_verb(const char *name, bool of_host)
{
    const struct verb *found = NULL;

    for (size_t i = 0; i < VERB_COUNT; i++)
        if (strcmp(verbs[i].name, name) == 0 && (found == NULL || verbs[i].of_host == of_host))
            found = &verbs[i];
    return found;
}

/* A call comes without a wire: the line names who calls, and that may be any name. */
static bool by_anybody(const struct verb *verb)
{
    return verb->parse == torci_parse_call;
}

static int unknown_verb(struct torci_action *action)
{
    const char *nearest = NULL;
    size_t distance = SIZE_MAX;

    for (size_t i = 0; i < VERB_COUNT; i++)
        if ((verbs[i].of_host == (action->host != NULL) || by_anybody(&verbs[i])) &&
            torc_name_nearer(action->verb->text, verbs[i].name, &distance))
            nearest = verbs[i].name;
    return torci_parse_unknown(action->parser, action->verb, 0, nearest, "unknown verb '%.64s'",
                               action->verb->text);
}

/* A line of one word, or whose first word can be no subject: perhaps a declaration was meant. */
static int no_subject(struct torci_parser *parser, const struct torci_word *word)
{
    static const char *const firsts[] = {
        "scn",    "title",     "seed",       "param", "include", "host",    "link", "limit", "always",
        "never",  "sometimes", "eventually", "expect", "sweep",   "explore", "end",  "db",    "on",
        "dns",    "when",       "faults", "net",  "decide", "split", NULL};

    return torci_parse_unknown(parser, word, 0, torc_name_nearest(word->text, firsts),
                               "unknown line '%.64s'", word->text);
}

int torci_parse_action(struct torci_parser *parser, size_t first, const struct torci_time *time)
{
    const struct torci_line *line = parser->line;
    struct torci_action action = {.parser = parser, .time = time, .end = line->word_count};
    const struct verb *verb;
    int code = 0;

    action.subject = &line->words[first];
    action.host = torci_find_script_host(parser->scenario, action.subject->text,
                                         action.subject->bytes);
    if (torci_word_is(action.subject, "faults") && action.host == NULL &&
        (first + 1 >= line->word_count || find_verb(line->words[first + 1].text, false) == NULL))
        return torci_parse_faults(&action, first);
    if (first + 1 >= line->word_count) {
        if (action.host != NULL)
            return torci_parse_error_end(parser, "what does %s do? the verb is missing",
                                         action.host->name);
        if (torci_word_is(action.subject, "net"))
            return torci_parse_error_end(parser, "what is done? net cut, heal, flap or swizzle");
        return no_subject(parser, action.subject);
    }
    code = torci_parse_as(parser, first + 2, &action.end, &action.as, &action.as_word);
    if (code != 0)
        return code;
    if (torci_word_is(action.subject, "dns") && first + 2 < line->word_count &&
        torci_word_is(&line->words[first + 2], "=")) {
        action.verb = action.subject;
        return torci_parse_dns_action(&action, first);
    }
    if (torci_word_is(action.subject, "net") && action.host == NULL)
        return torci_parse_net_action(&action, first);
    action.verb = &line->words[first + 1];
    action.next = first + 2;
    verb = find_verb(action.verb->text, action.host != NULL);
    if (action.host == NULL && verb == NULL)
        return first == 0 ? no_subject(parser, action.subject) : unknown_verb(&action);
    if (verb == NULL)
        return unknown_verb(&action);
    if (action.host == NULL && verb->of_host && !by_anybody(verb))
        return torci_parse_no_host(parser, action.subject, 0, action.subject->bytes);
    if (action.host != NULL && !verb->of_host)
        return torci_parse_error(parser, action.verb, 0,
                                 "'%s' is done by a connection, and %s is a host", verb->name,
                                 action.host->name);
    if (action.host == NULL) {
        if (!torci_is_name(action.subject->text, action.subject->bytes))
            return torci_parse_error(parser, action.subject, 0,
                                     "the name of a host or a connection belongs here");
        if (!by_anybody(verb))
            code = torci_parse_label(parser, action.subject->text, action.subject->bytes,
                                     &action.label);
        if (code != 0)
            return code;
    }
    return code != 0 ? code : verb->parse(&action);
}
