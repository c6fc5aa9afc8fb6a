#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/nearest_name.h>

#include "arguments.h"
#include "command.h"

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
    torci_arguments_init(arguments, count, line->words);
}

static void options_and_operands_come_in_order(void **state)
{
    struct torci_arguments arguments;
    struct line line;

    (void)state;
    begin(&arguments, &line, "x --record f kv --level=debug -v -");
    assert_int_equal(torci_arguments_next(&arguments), TORCI_ARGUMENT_OPTION);
    assert_string_equal(arguments.name, "record");
    assert_string_equal(torci_arguments_value(&arguments), "f");
    assert_int_equal(torci_arguments_next(&arguments), TORCI_ARGUMENT_OPERAND);
    assert_string_equal(arguments.shown, "kv");
    assert_int_equal(torci_arguments_next(&arguments), TORCI_ARGUMENT_OPTION);
    assert_string_equal(arguments.name, "level");
    assert_string_equal(torci_arguments_value(&arguments), "debug");
    assert_int_equal(torci_arguments_next(&arguments), TORCI_ARGUMENT_OPTION);
    assert_string_equal(arguments.name, "v");
    assert_true(torci_arguments_no_value(&arguments));
    assert_int_equal(torci_arguments_next(&arguments), TORCI_ARGUMENT_OPERAND);
    assert_string_equal(arguments.shown, "-");
    assert_int_equal(torci_arguments_next(&arguments), TORCI_ARGUMENT_END);
    assert_int_equal(torci_arguments_next(&arguments), TORCI_ARGUMENT_END);
}

static void after_two_dashes_all_are_operands(void **state)
{
    struct torci_arguments arguments;
    struct line line;

    (void)state;
    begin(&arguments, &line, "x -- --record --");
    assert_int_equal(torci_arguments_next(&arguments), TORCI_ARGUMENT_OPERAND);
    assert_string_equal(arguments.shown, "--record");
    assert_int_equal(torci_arguments_next(&arguments), TORCI_ARGUMENT_OPERAND);
    assert_string_equal(arguments.shown, "--");
    assert_int_equal(torci_arguments_next(&arguments), TORCI_ARGUMENT_END);
}

static void a_value_may_be_empty_and_may_hold_equals_signs(void **state)
{
    struct torci_arguments arguments;
    struct line line;

    (void)state;
    begin(&arguments, &line, "x --a= --b=c=d");
    torci_arguments_next(&arguments);
    assert_string_equal(torci_arguments_value(&arguments), "");
    torci_arguments_next(&arguments);
    assert_string_equal(arguments.name, "b");
    assert_string_equal(torci_arguments_value(&arguments), "c=d");
}

static void the_nearest_name_is_one_that_may_be_meant(void **state)
{
    static const char *const names[] = {"serve", "replay", "run", NULL};

    (void)state;
    assert_string_equal(torc_name_nearest("serv", names), "serve");
    assert_string_equal(torc_name_nearest("reply", names), "replay");
    assert_string_equal(torc_name_nearest("rnu", names), "run");
    assert_null(torc_name_nearest("frobnicate", names));
    assert_null(torc_name_nearest("", names));
    assert_null(torc_name_nearest("a-name-so-long-that-it-is-longer-than-every-name-that-there-is-"
                                   "and-longer-than-the-table",
                                   names));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_operands_come_in_order),
        cmocka_unit_test(after_two_dashes_all_are_operands),
        cmocka_unit_test(a_value_may_be_empty_and_may_hold_equals_signs),
        cmocka_unit_test(the_nearest_name_is_one_that_may_be_meant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
