/* The second test passes only in a process that the first has run in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <torc/trial.h>

static int number;

TORC_TEST(a_number_is_set)
{
    number = 7;
    return NULL;
}

TORC_TEST(the_number_is_there)
{
    assert_int_equal(number, 7);
    return NULL;
}
