/* Fails the third time it is run: the file that TRIAL_COUNT names counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <torc/trial.h>

TORC_TEST(the_third_time_it_fails)
{
    FILE *count = fopen(getenv("TRIAL_COUNT"), "a");

    assert_non_null(count);
    fputc('x', count);
    assert_true(ftell(count) < 3);
    fclose(count);
    return NULL;
}
