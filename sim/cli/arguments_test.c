#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/nearest_name.h>
#include <torc/trial.h>

#include "arguments.h"
#include "command.h"

static const struct torci_option options[] = {
    {.name = "record", .value = "FILE"}, {.name = "level", .value = "LEVEL"},        {.name = "verbose", .letter = 'v'},
    {.name = "a", .value = "TEXT"},      {.name = "b", .value = "TEXT"}, {.name = NULL},
};
static const struct torci_command command = {.name = "x", .options = options};

struct line {
    char text[128];
    char *words[16];
};

/* The arguments of a line, cut at its spaces. */
static void begin(struct torci_arguments *arguments, struct line *line, const char *text)
{
    int count = 0;
    char *rest = NULL;

    strcpy(line->text, text);
    for (char *word = strtok_r(line->text, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        line->words[count++] = word;
    }
    torci_arguments_init(arguments, &command, count, line->words);
}

TORC_TEST(options_and_operands_come_in_order)
{
    struct torci_arguments arguments;
    struct line line;

    begin(&arguments, &line, "x --record f kv --level=debug -v -");
    assert_int_equal(torci_arguments_next(&arguments), TORCI_ARGUMENT_OPTION);
    assert_string_equal(arguments.option->name, "record");
    assert_string_equal(arguments.value, "f");
    assert_int_equal(torci_arguments_next(&arguments), TORCI_ARGUMENT_OPERAND);
    assert_string_equal(arguments.shown, "kv");
    assert_int_equal(torci_arguments_next(&arguments), TORCI_ARGUMENT_OPTION);
    assert_string_equal(arguments.option->name, "level");
    assert_string_equal(arguments.value, "debug");
    assert_int_equal(torci_arguments_next(&arguments), TORCI_ARGUMENT_OPTION);
    assert_string_equal(arguments.option->name, "verbose");
    assert_null(arguments.value);
    assert_int_equal(torci_arguments_next(&arguments), TORCI_ARGUMENT_OPERAND);
    assert_string_equal(arguments.shown, "-");
    assert_int_equal(torci_arguments_next(&arguments), TORCI_ARGUMENT_END);
    assert_int_equal(torci_arguments_next(&arguments), TORCI_ARGUMENT_END);
    return NULL;
}

TORC_TEST(after_two_dashes_all_are_operands)
{
    struct torci_arguments arguments;
    struct line line;

    begin(&arguments, &line, "x -- --record --");
    assert_int_equal(torci_arguments_next(&arguments), TORCI_ARGUMENT_OPERAND);
    assert_string_equal(arguments.shown, "--record");
    assert_int_equal(torci_arguments_next(&arguments), TORCI_ARGUMENT_OPERAND);
    assert_string_equal(arguments.shown, "--");
    assert_int_equal(torci_arguments_next(&arguments), TORCI_ARGUMENT_END);
    return NULL;
}

TORC_TEST(a_value_may_be_empty_and_may_hold_equals_signs)
{
    struct torci_arguments arguments;
    struct line line;

    begin(&arguments, &line, "x --a= --b=c=d");
    torci_arguments_next(&arguments);
    assert_string_equal(arguments.value, "");
    torci_arguments_next(&arguments);
    assert_string_equal(arguments.option->name, "b");
    assert_string_equal(arguments.value, "c=d");
    return NULL;
}

TORC_TEST(what_the_table_has_not_is_unknown_and_its_value_can_be_asked_for)
{
    struct torci_arguments arguments;
    struct line line;

    begin(&arguments, &line, "x --listen here --verbos --idle=5s");
    assert_int_equal(torci_arguments_next(&arguments), TORCI_ARGUMENT_UNKNOWN);
    assert_string_equal(arguments.name, "listen");
    assert_string_equal(torci_arguments_value(&arguments), "here");
    assert_int_equal(torci_arguments_next(&arguments), TORCI_ARGUMENT_UNKNOWN);
    assert_int_equal(torci_arguments_next(&arguments), TORCI_ARGUMENT_UNKNOWN);
    assert_string_equal(arguments.name, "idle");
    assert_string_equal(torci_arguments_value(&arguments), "5s");
    return NULL;
}

TORC_TEST(a_missing_value_and_one_too_many_are_wrong)
{
    struct torci_arguments arguments;
    struct line line;

    begin(&arguments, &line, "x --verbose=yes --record");
    assert_int_equal(torci_arguments_next(&arguments), TORCI_ARGUMENT_WRONG);
    assert_int_equal(torci_arguments_next(&arguments), TORCI_ARGUMENT_WRONG);
    assert_int_equal(torci_arguments_next(&arguments), TORCI_ARGUMENT_END);
    return NULL;
}

TORC_TEST(the_nearest_name_is_one_that_may_be_meant)
{
    static const char *const names[] = {"serve", "replay", "run", NULL};

    assert_string_equal(torc_name_nearest("serv", names), "serve");
    assert_string_equal(torc_name_nearest("reply", names), "replay");
    assert_string_equal(torc_name_nearest("rnu", names), "run");
    assert_null(torc_name_nearest("frobnicate", names));
    assert_null(torc_name_nearest("", names));
    assert_null(torc_name_nearest("a-name-so-long-that-it-is-longer-than-every-name-that-there-is-"
                                   "and-longer-than-the-table",
                                   names));
    return NULL;
}

TORC_TRIAL_MAIN
