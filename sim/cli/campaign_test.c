#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "campaign.h"

/* Each process goes through its own seeds, so what the budget left undone may lie before what failed. */
static void a_failure_is_found_behind_a_run_that_was_not_done(void **state)
{
    const struct torci_campaign_run runs[] = {
        {.seed = 1, .done = true, .verdict = TORC_SCENARIO_PASS},
        {.seed = 2, .done = true, .verdict = TORC_SCENARIO_UNMET},
        {.seed = 3},
        {.seed = 4, .done = true, .verdict = TORC_SCENARIO_FAIL},
        {.seed = 5, .done = true, .verdict = -6},
    };

    (void)state;
    assert_int_equal(torci_campaign_first_failure(runs, 5), 3);
    assert_int_equal(torci_campaign_first_failure(runs, 3), 3);
    assert_int_equal(torci_campaign_first_failure(runs + 4, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_is_found_behind_a_run_that_was_not_done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
