/* Calls, which come to a module without a wire, and what is expected of them. */
#include <string.h>

#include <torc/format.h>

#include "scenario_action.h"

int torci_parse_call(struct torci_action *action)
{
    struct torci_parser *parser = action->parser;
    const struct torci_word *host = torci_action_next_word(action);
    const struct torci_word *name = torci_action_next_word(action);
    const struct torci_script_host *caller = action->host;
    const char *const *pairs = NULL;
    struct torci_step *step = NULL;
    int code;

    if (host == NULL)
        return torci_parse_error_end(parser, "call what? HOST CALL NAME=VALUE ...");
    action->host = torci_find_script_host(parser->scenario, host->text, host->bytes);
    if (action->host == NULL)
        return torci_parse_no_host(parser, host, 0, host->bytes);
    if (action->host->module == NULL)
        return torci_parse_error(parser, host, 0, "a peer runs no module and has nothing to call");
    if (name == NULL)
        return torci_parse_error_end(parser, "what is called on %s? HOST CALL NAME=VALUE ...",
                                     action->host->name);
    if (!torci_is_name(name->text, name->bytes))
        return torci_parse_error(parser, name, 0, "the name of a call belongs here");
    if (action->as == NULL)
        return torci_parse_error_end(parser, "'call' has an answer: say 'as NAME'");
    code = torci_parse_pairs(parser, action->next, action->end, "a call's arguments", NULL, NULL,
                             &pairs);
    if (code == 0)
        code = torci_action_add(action, TORCI_VERB_CALL, &step);
    if (code == 0) {
        step->name = name->text;
        step->pairs = pairs;
        step->caller = caller;
    }
    return code;
}

int torci_parse_expect_answer(struct torci_action *action, enum torci_expected expected)
{
    static const char *const keys[] = {"within", NULL};
    const struct torci_word *word = torci_action_next_word(action);
    struct torci_time time = *action->time;
    struct torci_step *step = NULL;
    const char *name = NULL;
    unsigned seen = 0;
    int code = 0;

    if (word != NULL && torci_word_key(word) == 0) {
        if (expected == TORCI_EXPECTED_RESULT && word->text[0] != '"')
            return torci_parse_error(action->parser, word, 0,
                                     "a result is a string: expect result \"ok\"");
        if (expected == TORCI_EXPECTED_FAILURE && !torci_is_name(word->text, word->bytes))
            return torci_parse_error(action->parser, word, 0,
                                     "a failure has a type: expect failure database_error");
        code = torci_word_value(action->parser, word, 0, &name);
        word = torci_action_next_word(action);
    }
    for (; code == 0 && word != NULL; word = torci_action_next_word(action)) {
        size_t key = 0;
        size_t value = 0;

        code = torci_action_read_key(action, word, keys, &seen, &key, &value);
        if (code == 0)
            code = torci_action_read_within(action, word, value, &time);
    }
    if (code == 0)
        code = torci_action_add(action, TORCI_VERB_EXPECT, &step);
    if (code != 0)
        return code;
    step->time = time;
    step->expected = expected;
    step->name = name;
    return 0;
}
