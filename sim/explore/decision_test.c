/* Decision lists, strategies, and the questions a world asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/decision.h>
#include <torc/trial.h>

static uint64_t ask(struct torc_decider *decider, const char *host, const char *site, uint64_t k,
                    uint64_t options, uint64_t draw)
{
    struct torc_question question = {host, site, k, options, draw, 0, 0, NULL};

    return decider->decide(decider, &question);
}

TORC_TEST(a_list_answers_what_it_has_and_notes_it)
{
    struct torc_decision decision = {"srv", "read.short", 3, 2, false};
    const struct torc_decision *taken;
    struct torc_decision_list *list;
    struct torc_decider *decider;
    size_t first = 99;

    assert_int_equal(torc_decision_list_new(NULL, &list), 0);
    assert_int_equal(torc_decision_list_add(list, &decision), 0);
    decider = torc_decision_list_decider(list);
    assert_int_equal(ask(decider, "srv", "read.short", 2, 4, 7), 0);
    assert_int_equal(torc_decision_list_drift(list, &first), 1);
    assert_int_equal(first, 0);
    assert_int_equal(ask(decider, "srv", "read.short", 3, 4, 7), 2);
    assert_int_equal(ask(decider, "cli", "read.short", 3, 4, 7), 0);
    assert_int_equal(torc_decision_list_taken(list, &taken), 1);
    assert_string_equal(taken[0].host, "srv");
    assert_int_equal(taken[0].k, 3);
    assert_int_equal(taken[0].value, 2);
    assert_int_equal(torc_decision_list_drift(list, &first), 0);
    torc_decision_list_free(list);
    return NULL;
}

TORC_TEST(an_option_there_is_not_is_drift_and_the_default)
{
    struct torc_decision decision = {"srv", "ready.order", 0, 5, false};
    const struct torc_decision *taken;
    struct torc_decision_list *list;
    size_t first;

    assert_int_equal(torc_decision_list_new(NULL, &list), 0);
    assert_int_equal(torc_decision_list_add(list, &decision), 0);
    (void)ask(torc_decision_list_decider(list), "srv", "ready.order", 0, 3, 1);
    assert_int_equal(torc_decision_list_taken(list, &taken), 0);
    assert_int_equal(torc_decision_list_drift(list, &first), 1);
    torc_decision_list_free(list);
    return NULL;
}

TORC_TEST(thousands_of_decisions_are_found_again)
{
    struct torc_decision_list *list;
    struct torc_decider *decider;
    size_t first;

    assert_int_equal(torc_decision_list_new(NULL, &list), 0);
    for (uint64_t k = 0; k < 5000; k++) {
        struct torc_decision decision = {k % 2 ? "a" : "b", "job.delay", k, 1 + k % 3, false};

        assert_int_equal(torc_decision_list_add(list, &decision), 0);
    }
    decider = torc_decision_list_decider(list);
    for (uint64_t k = 0; k < 5000; k++)
        assert_int_equal(ask(decider, k % 2 ? "a" : "b", "job.delay", k, 4, 0), 1 + k % 3);
    assert_int_equal(torc_decision_list_drift(list, &first), 0);
    torc_decision_list_free(list);
    return NULL;
}

TORC_TEST(a_decision_onwards_answers_that_question_and_all_after_it)
{
    struct torc_decision onwards = {"srv", "job.delay", 3, 2, true};
    struct torc_decision exact = {"srv", "job.delay", 5, 1, false};
    struct torc_decision_list *list;
    struct torc_decider *decider;
    size_t first;

    assert_int_equal(torc_decision_list_new(NULL, &list), 0);
    assert_int_equal(torc_decision_list_add(list, &onwards), 0);
    assert_int_equal(torc_decision_list_add(list, &exact), 0);
    decider = torc_decision_list_decider(list);
    assert_int_equal(ask(decider, "srv", "job.delay", 2, 4, 0), 0);
    assert_int_equal(ask(decider, "srv", "job.delay", 4, 4, 0), 2);
    assert_int_equal(ask(decider, "srv", "job.delay", 5, 4, 0), 1);
    assert_int_equal(ask(decider, "srv", "job.delay", 600, 4, 0), 2);
    assert_int_equal(torc_decision_list_decided(list, TORC_SITE_TIME), 3);
    assert_int_equal(torc_decision_list_decided(list, TORC_SITE_ORDER), 0);
    assert_int_equal(ask(decider, "cli", "job.delay", 600, 4, 0), 0);
    assert_int_equal(torc_decision_list_drift(list, &first), 0);
    torc_decision_list_free(list);
    return NULL;
}

TORC_TEST(what_is_drawn_happens_until_the_list_is_closed)
{
    struct torc_question question = {"a", "job.delay", 0, 4, 0, 2, 0, NULL};
    const struct torc_decision *taken;
    struct torc_decision_list *list;
    struct torc_decider *decider;

    assert_int_equal(torc_decision_list_new(NULL, &list), 0);
    decider = torc_decision_list_decider(list);
    assert_int_equal(decider->decide(decider, &question), 2);
    assert_int_equal(torc_decision_list_decided(list, TORC_SITE_TIME), 0);
    torc_decision_list_close(list);
    question.k = 1;
    assert_int_equal(decider->decide(decider, &question), 0);
    assert_int_equal(torc_decision_list_taken(list, &taken), 1);
    torc_decision_list_free(list);
    return NULL;
}

TORC_TEST(a_strategy_leaves_what_is_drawn_alone_where_it_does_not_decide)
{
    struct torc_question question = {"a", "job.delay", 0, 4, 5, 3, 0, NULL};
    struct torc_decider *strategy;
    uint64_t sites;
    const char *bad;

    assert_int_equal(torc_decision_sites_parse("read.short", &sites, &bad), 0);
    for (unsigned kind = TORC_STRATEGY_FIFO; kind <= TORC_STRATEGY_PORTFOLIO; kind++) {
        assert_int_equal(torc_strategy_new((enum torc_strategy)kind, 3, sites, &strategy), 0);
        assert_int_equal(strategy->decide(strategy, &question), 3);
        torc_strategy_free(strategy);
    }
    return NULL;
}

TORC_TEST(a_decision_prints_as_its_line)
{
    struct torc_decision decision = {"srv", "read.short", 3, 2, false};
    char text[64];

    torc_decision_print(&decision, text, sizeof text);
    assert_string_equal(text, "decide srv read.short 3 = 2");
    decision.onwards = true;
    torc_decision_print(&decision, text, sizeof text);
    assert_string_equal(text, "decide srv read.short 3.. = 2");
    torc_decision_print(&decision, text, 10);
    assert_string_equal(text, "decide sr");
    return NULL;
}

TORC_TEST(a_set_of_sites_may_leave_one_out)
{
    uint64_t with = 0;
    uint64_t without = 0;
    const char *bad;

    assert_int_equal(torc_decision_sites_parse("free", &with, &bad), 0);
    assert_int_equal(torc_decision_sites_parse("free,-read.short", &without, &bad), 0);
    assert_int_equal(with, 15);
    assert_int_equal(without, 13);
    return NULL;
}

TORC_TEST(what_no_system_does_by_itself_is_asked_for_by_name_only)
{
    const struct torc_decision_site *cancel = torc_decision_find_site("deferred.fail");
    uint64_t all = 0;
    uint64_t named = 0;
    const char *bad;

    assert_int_equal(torc_decision_sites_parse("all,faults", &all, &bad), 0);
    assert_int_equal(torc_decision_sites_parse("deferred.fail", &named, &bad), 0);
    assert_int_equal(named, UINT64_C(1) << (cancel - torc_decision_sites));
    assert_int_equal(all & named, 0);
    return NULL;
}

TORC_TEST(what_the_list_has_not_the_fallback_decides)
{
    const struct torc_decision *taken;
    struct torc_decision_list *list;
    struct torc_decider *strategy;
    uint64_t sites;
    const char *bad;

    assert_int_equal(torc_decision_sites_parse("ready.order", &sites, &bad), 0);
    assert_int_equal(torc_strategy_new(TORC_STRATEGY_RANDOM, 1, sites, &strategy), 0);
    assert_int_equal(torc_decision_list_new(strategy, &list), 0);
    assert_int_equal(ask(torc_decision_list_decider(list), "srv", "ready.order", 0, 10, 17), 7);
    assert_int_equal(torc_decision_list_taken(list, &taken), 1);
    torc_decision_list_free(list);
    torc_strategy_free(strategy);
    return NULL;
}

TORC_TEST(sites_are_parsed_and_a_wrong_one_is_pointed_at)
{
    static const char wrong[] = "ready.order,red.short";
    uint64_t sites = 0;
    const char *bad = NULL;

    assert_int_equal(torc_decision_sites_parse(NULL, &sites, &bad), 0);
    assert_int_equal(sites, 15);
    assert_int_equal(torc_decision_sites_parse("all", &sites, &bad), 0);
    assert_int_equal(torc_decision_sites_parse(wrong, &sites, &bad), TORC_ENOTFOUND);
    assert_ptr_equal(bad, wrong + 12);
    return NULL;
}

/* Over many seeds: every site is decided in some and left alone in others, and never one that is not asked for. */
TORC_TEST(a_swarm_decides_subsets_of_the_sites)
{
    unsigned decided[2] = {0, 0};
    uint64_t sites;
    const char *bad;

    assert_int_equal(torc_decision_sites_parse("read.short,write.short", &sites, &bad), 0);
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct torc_decider *strategy;
        bool any = false;

        assert_int_equal(torc_strategy_new(TORC_STRATEGY_RANDOM, seed, sites, &strategy), 0);
        for (int i = 0; i < 2; i++) {
            const char *site = i == 0 ? "read.short" : "write.short";
            bool is = ask(strategy, "srv", site, 0, 4, 8) != 0;

            decided[i] += is ? 1 : 0;
            any = any || is;
        }
        assert_true(any);
        assert_int_equal(ask(strategy, "srv", "ready.order", 0, 4, 3), 0);
        torc_strategy_free(strategy);
    }
    for (int i = 0; i < 2; i++) {
        assert_true(decided[i] > 20);
        assert_true(decided[i] < 100);
    }
    return NULL;
}

TORC_TEST(the_same_seed_decides_the_same)
{
    for (unsigned kind = TORC_STRATEGY_FIFO; kind <= TORC_STRATEGY_PORTFOLIO; kind++) {
        struct torc_decider *a;
        struct torc_decider *b;

        assert_int_equal(torc_strategy_new((enum torc_strategy)kind, 5, UINT64_MAX, &a), 0);
        assert_int_equal(torc_strategy_new((enum torc_strategy)kind, 5, UINT64_MAX, &b), 0);
        for (uint64_t k = 0; k < 5000; k++) {
            uint64_t draw = k * UINT64_C(0x9e3779b97f4a7c15);

            assert_int_equal(ask(a, "srv", "read.short", k, 4, draw),
                             ask(b, "srv", "read.short", k, 4, draw));
        }
        torc_strategy_free(a);
        torc_strategy_free(b);
    }
    return NULL;
}

TORC_TRIAL_MAIN
