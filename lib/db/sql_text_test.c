#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sql_text.h"

static void blanks_comments_and_semicolons_are_skipped(void **state)
{
    (void)state;
    assert_string_equal(torci_sql_skip_blanks(""), "");
    assert_string_equal(torci_sql_skip_blanks(" \t\r\n\f\v;;x ;"), "x ;");
    assert_string_equal(torci_sql_skip_blanks("-- one\n-- two\nx"), "x");
    assert_string_equal(torci_sql_skip_blanks("/* a * / -- */ ; /**/x"), "x");
}

static void a_comment_that_is_not_closed_ends_with_the_text(void **state)
{
    (void)state;
    assert_string_equal(torci_sql_skip_blanks("-- to the end"), "");
    assert_string_equal(torci_sql_skip_blanks("/* to the end"), "");
    assert_string_equal(torci_sql_skip_blanks("/*/"), "");
    assert_string_equal(torci_sql_skip_blanks("- x"), "- x");
    assert_string_equal(torci_sql_skip_blanks("/ x"), "/ x");
}

static void words_are_found_whatever_their_case(void **state)
{
    (void)state;
    assert_true(torci_sql_begins_with(" /* x */ PraGma foo", "pragma"));
    assert_false(torci_sql_begins_with("SELECT 'pragma'", "pragma"));
    assert_false(torci_sql_begins_with("prag", "pragma"));
    assert_true(torci_sql_mentions("SELECT Last_Insert_Rowid()", "last_insert_rowid"));
    assert_false(torci_sql_mentions("SELECT last_insert", "last_insert_rowid"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blanks_comments_and_semicolons_are_skipped),
        cmocka_unit_test(a_comment_that_is_not_closed_ends_with_the_text),
        cmocka_unit_test(words_are_found_whatever_their_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
