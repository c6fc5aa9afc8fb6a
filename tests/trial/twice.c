/* Two tests of one name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <torc/trial.h>

static const char *const values[] = {"1", "1", NULL};

TORC_TEST(a_test, .parameters = values)
{
    return NULL;
}
