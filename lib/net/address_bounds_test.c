/* Addresses that were filled in by hand, and wrongly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <torc/address.h>
#include <torc/trial.h>

TORC_TEST(a_path_is_read_within_its_array_whatever_its_length_says)
{
    /* On the heap, and full, so that a byte beyond is noticed. */
    struct torc_address *one = malloc(sizeof *one);
    struct torc_address *two = malloc(sizeof *two);
    char text[2 * TORC_ADDRESS_TEXT_MAX];
    assert_non_null(one);
    assert_non_null(two);
    memset(one, 'x', sizeof *one);
    one->family = TORC_ADDRESS_UNIX;
    one->path_bytes = 200;
    memcpy(two, one, sizeof *two);
    assert_int_equal(torc_address_format(one, text, sizeof text), 5 + TORC_ADDRESS_PATH_MAX);
    assert_true(torc_address_equal(one, two));
    one->path[0] = two->path[0] = '\0';
    assert_int_equal(torc_address_format(one, text, sizeof text), 5 + TORC_ADDRESS_PATH_MAX);
    free(one);
    free(two);
    return NULL;
}

TORC_TRIAL_MAIN
