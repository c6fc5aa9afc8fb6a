/* The search asks for every combination of answers once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/decision.h>
#include <torc/trial.h>

static uint64_t sites_of(const char *text)
{
    uint64_t sites = 0;
    const char *bad;

    assert_int_equal(torc_decision_sites_parse(text, &sites, &bad), 0);
    return sites;
}

static uint64_t ask(struct torc_search *search, const char *site, uint64_t k, uint64_t options)
{
    struct torc_question question = {"srv", site, k, options, 0, 0, 0, NULL};

    return search->decider.decide(&search->decider, &question);
}

TORC_TEST(every_combination_comes_once)
{
    bool seen[3][2][4] = {{{false}}};
    struct torc_search search;
    unsigned runs = 0;

    torc_search_init(&search, sites_of("ready.order"), 10);
    do {
        uint64_t a = ask(&search, "ready.order", 0, 3);
        uint64_t b = ask(&search, "ready.order", 1, 2);
        uint64_t c = ask(&search, "ready.order", 2, 4);

        assert_false(seen[a][b][c]);
        seen[a][b][c] = true;
        runs++;
    } while (torc_search_next(&search));
    assert_int_equal(runs, 24);
    return NULL;
}

/* What is asked depends on what was answered. */
TORC_TEST(a_tree_of_uneven_branches_is_walked_whole)
{
    struct torc_search search;
    unsigned runs = 0;
    unsigned deep = 0;

    torc_search_init(&search, sites_of("ready.order"), 10);
    do {
        if (ask(&search, "ready.order", 0, 2) == 1)
            deep += ask(&search, "ready.order", 1, 5) < 5 ? 1 : 0;
        runs++;
    } while (torc_search_next(&search));
    assert_int_equal(runs, 6);
    assert_int_equal(deep, 5);
    return NULL;
}

TORC_TEST(questions_beyond_the_depth_and_of_other_sites_get_the_default)
{
    struct torc_search search;
    unsigned runs = 0;

    torc_search_init(&search, sites_of("ready.order"), 2);
    do {
        assert_int_equal(ask(&search, "read.short", 0, 4), 0);
        (void)ask(&search, "ready.order", 0, 2);
        (void)ask(&search, "ready.order", 1, 2);
        assert_int_equal(ask(&search, "ready.order", 2, 2), 0);
        runs++;
    } while (torc_search_next(&search));
    assert_int_equal(runs, 4);
    return NULL;
}

TORC_TEST(a_run_that_asks_nothing_is_all_there_is)
{
    struct torc_search search;

    torc_search_init(&search, sites_of("free"), 10);
    assert_false(torc_search_next(&search));
    return NULL;
}

TORC_TRIAL_MAIN
