#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "sql_text.h"

TORC_TEST(blanks_comments_and_semicolons_are_skipped)
{
    assert_string_equal(torci_sql_skip_blanks(""), "");
    assert_string_equal(torci_sql_skip_blanks(" \t\r\n\f\v;;x ;"), "x ;");
    assert_string_equal(torci_sql_skip_blanks("-- one\n-- two\nx"), "x");
    assert_string_equal(torci_sql_skip_blanks("/* a * / -- */ ; /**/x"), "x");
    return NULL;
}

TORC_TEST(a_comment_that_is_not_closed_ends_with_the_text)
{
    assert_string_equal(torci_sql_skip_blanks("-- to the end"), "");
    assert_string_equal(torci_sql_skip_blanks("/* to the end"), "");
    assert_string_equal(torci_sql_skip_blanks("/*/"), "");
    assert_string_equal(torci_sql_skip_blanks("- x"), "- x");
    assert_string_equal(torci_sql_skip_blanks("/ x"), "/ x");
    return NULL;
}

TORC_TEST(words_are_found_whatever_their_case)
{
    assert_true(torci_sql_begins_with(" /* x */ PraGma foo", "pragma"));
    assert_false(torci_sql_begins_with("SELECT 'pragma'", "pragma"));
    assert_false(torci_sql_begins_with("prag", "pragma"));
    assert_true(torci_sql_mentions("SELECT Last_Insert_Rowid()", "last_insert_rowid"));
    assert_false(torci_sql_mentions("SELECT last_insert", "last_insert_rowid"));
    return NULL;
}

TORC_TRIAL_MAIN
