/* Looking names up. */
#include "name_actor.h"

static struct torc_address ipv4(uint8_t last)
{
    return torc_address_ipv4(192, 0, 2, last, 0);
}

static struct torc_address ipv6(uint8_t last)
{
    struct torc_address address = {.family = TORC_ADDRESS_IPV6, .ip = {0x20, 0x01, 0x0d, 0xb8}};

    address.ip[15] = last;
    return address;
}

static bool is(const struct torc_address *address, struct torc_address like)
{
    like.port = 80;
    return torc_address_equal(address, &like);
}

static bool set_mixed(struct conf *c, const char *name)
{
    struct torc_address list[3] = {ipv6(1), ipv4(2), ipv4(3)};

    return c->ops->set_name(c, name, ANSWER_ADDRESSES, list, 3, 0);
}

BODY(a_name_stands_for_its_addresses_in_their_order)
{
    static struct outcome outcome;

    CHECK(c, set_mixed(c, "mixed.example"));
    CHECK(c, outcome_resolve(c, &outcome, "mixed.example", NULL) == 0 && !outcome.fired);
    CHECK(c, run_until(c, &outcome.fired) && outcome.type == NULL && outcome.count == 3);
    CHECK(c, is(&outcome.list[0], ipv6(1)) && is(&outcome.list[1], ipv4(2)));
    CHECK(c, is(&outcome.list[2], ipv4(3)));
}

BODY(of_a_name_the_addresses_of_one_family_can_be_asked_for)
{
    static struct outcome outcome;
    struct torc_resolve_options options = TORC_RESOLVE_OPTIONS_INIT;

    CHECK(c, set_mixed(c, "mixed.example"));
    options.family = TORC_RESOLVE_IPV4;
    CHECK(c, outcome_resolve(c, &outcome, "mixed.example", &options) == 0);
    CHECK(c, run_until(c, &outcome.fired) && outcome.count == 2);
    CHECK(c, is(&outcome.list[0], ipv4(2)) && is(&outcome.list[1], ipv4(3)));
    options.family = TORC_RESOLVE_IPV6;
    CHECK(c, outcome_resolve(c, &outcome, "mixed.example", &options) == 0);
    CHECK(c, run_until(c, &outcome.fired) && outcome.count == 1);
    CHECK(c, is(&outcome.list[0], ipv6(1)));
}

BODY(a_numeric_address_is_itself_and_not_at_once)
{
    static struct outcome outcome;

    CHECK(c, outcome_resolve(c, &outcome, "192.0.2.7", NULL) == 0 && !outcome.fired);
    CHECK(c, run_until(c, &outcome.fired) && outcome.count == 1);
    CHECK(c, is(&outcome.list[0], ipv4(7)));
    CHECK(c, outcome_resolve(c, &outcome, "2001:db8::7", NULL) == 0 && !outcome.fired);
    CHECK(c, run_until(c, &outcome.fired) && outcome.count == 1);
    CHECK(c, is(&outcome.list[0], ipv6(7)));
}

BODY(a_numeric_address_of_the_other_family_is_not_found)
{
    static struct outcome outcome;
    struct torc_resolve_options options = TORC_RESOLVE_OPTIONS_INIT;

    options.family = TORC_RESOLVE_IPV6;
    CHECK(c, outcome_resolve(c, &outcome, "192.0.2.7", &options) == 0);
    CHECK(c, outcome_is(&outcome, &torc_failure_name_not_found));
}

BODY(a_name_that_is_not_there_is_not_found)
{
    static struct outcome outcome;

    CHECK(c, c->ops->set_name(c, "none.example", ANSWER_NOT_FOUND, NULL, 0, 0));
    CHECK(c, outcome_resolve(c, &outcome, "none.example", NULL) == 0 && !outcome.fired);
    CHECK(c, outcome_is(&outcome, &torc_failure_name_not_found));
    CHECK(c, torc_failure_name_not_found.parent == &torc_failure_name_error);
}

BODY(a_name_without_an_address_of_the_family_is_not_found)
{
    static struct outcome outcome;
    struct torc_resolve_options options = TORC_RESOLVE_OPTIONS_INIT;
    struct torc_address one = ipv4(1);

    CHECK(c, c->ops->set_name(c, "old.example", ANSWER_ADDRESSES, &one, 1, 0));
    options.family = TORC_RESOLVE_IPV6;
    CHECK(c, outcome_resolve(c, &outcome, "old.example", &options) == 0);
    CHECK(c, outcome_is(&outcome, &torc_failure_name_not_found));
}

BODY(a_service_that_fails_does_not_say_that_there_is_no_name)
{
    static struct outcome outcome;

    CHECK(c, c->ops->set_name(c, "broken.example", ANSWER_FAILURE, NULL, 0, 0));
    CHECK(c, outcome_resolve(c, &outcome, "broken.example", NULL) == 0);
    CHECK(c, outcome_is(&outcome, &torc_failure_name_error));
}

BODY(a_lookup_that_is_not_answered_times_out)
{
    static struct outcome outcome;
    struct torc_resolve_options options = TORC_RESOLVE_OPTIONS_INIT;
    uint64_t began = torc_reactor_now(c->client);

    CHECK(c, c->ops->set_name(c, "silent.example", ANSWER_SILENT, NULL, 0, 0));
    options.timeout_ns = 20 * TORC_MILLISECOND;
    CHECK(c, outcome_resolve(c, &outcome, "silent.example", &options) == 0);
    CHECK(c, outcome_is(&outcome, &torc_failure_timeout));
    CHECK(c, torc_reactor_now(c->client) - began >= 20 * TORC_MILLISECOND);
}

BODY(a_late_answer_is_an_answer)
{
    static struct outcome outcome;
    struct torc_address one = ipv4(1);

    CHECK(c, c->ops->set_name(c, "late.example", ANSWER_ADDRESSES, &one, 1, 20 * TORC_MILLISECOND));
    CHECK(c, outcome_resolve(c, &outcome, "late.example", NULL) == 0);
    run_for(c, TORC_MILLISECOND);
    CHECK(c, !outcome.fired);
    CHECK(c, run_until(c, &outcome.fired) && outcome.count == 1);
}

BODY(a_cancelled_lookup_fires_at_once_and_its_answer_is_let_go)
{
    static struct outcome outcome;
    struct torc_address one = ipv4(1);

    CHECK(c, c->ops->set_name(c, "late.example", ANSWER_ADDRESSES, &one, 1, 10 * TORC_MILLISECOND));
    CHECK(c, outcome_resolve(c, &outcome, "late.example", NULL) == 0);
    run_for(c, TORC_MILLISECOND);
    torc_deferred_cancel(outcome.deferred);
    CHECK(c, outcome.fired && outcome.type == &torc_failure_cancelled);
    run_for(c, 30 * TORC_MILLISECOND);
    CHECK(c, outcome.fires == 1);
}

BODY(a_numeric_lookup_can_be_cancelled_too)
{
    static struct outcome outcome;

    CHECK(c, outcome_resolve(c, &outcome, "192.0.2.7", NULL) == 0);
    torc_deferred_cancel(outcome.deferred);
    CHECK(c, outcome.fired && outcome.type == &torc_failure_cancelled);
    run_for(c, 5 * TORC_MILLISECOND);
    CHECK(c, outcome.fires == 1);
}

BODY(a_silent_lookup_does_not_hold_up_others)
{
    static struct outcome silent, quick;

    CHECK(c, c->ops->set_name(c, "silent.example", ANSWER_SILENT, NULL, 0, 0));
    CHECK(c, set_mixed(c, "mixed.example"));
    CHECK(c, outcome_resolve(c, &silent, "silent.example", NULL) == 0);
    CHECK(c, outcome_resolve(c, &quick, "mixed.example", NULL) == 0);
    CHECK(c, run_until(c, &quick.fired) && quick.count == 3 && !silent.fired);
    torc_deferred_cancel(silent.deferred);
}

static int work(void *arg)
{
    (void)arg;
    return 0;
}

static struct torc_result job_ended(struct torc_result result, void *arg)
{
    *(bool *)arg = true;
    return result;
}

BODY(silent_lookups_hold_up_no_job)
{
    static struct outcome silent[12];
    struct torc_deferred *job;
    bool ended = false;
    size_t i;

    CHECK(c, c->ops->set_name(c, "silent.example", ANSWER_SILENT, NULL, 0, 0));
    for (i = 0; i < 12; i++)
        CHECK(c, outcome_resolve(c, &silent[i], "silent.example", NULL) == 0);
    CHECK(c, torc_run_job(c->client, work, NULL, NULL, &job) == 0);
    CHECK(c, torc_deferred_add_both(job, job_ended, &ended, NULL) == 0);
    torc_deferred_drop(job);
    CHECK(c, run_until(c, &ended));
    for (i = 0; i < 12; i++)
        torc_deferred_cancel(silent[i].deferred);
}

BODY(what_can_be_no_name_is_invalid)
{
    struct torc_deferred *deferred;
    char longest[255];

    memset(longest, 'a', sizeof longest);
    longest[254] = '\0';
    CHECK(c, torc_resolve(c->client, "", 80, NULL, &deferred) == TORC_EINVAL);
    CHECK(c, torc_resolve(c->client, longest, 80, NULL, &deferred) == TORC_EINVAL);
}

static struct torc_result resolve_again(struct torc_result result, void *arg)
{
    struct outcome *outcome = arg;

    torc_result_drop(result);
    if (outcome_resolve(outcome->c, outcome, "mixed.example", NULL) != 0)
        note(outcome->c, "not begun");
    return torc_value(NULL);
}

BODY(a_lookup_may_be_begun_by_the_answer_to_another)
{
    static struct outcome outcome;
    struct torc_deferred *first;

    outcome.c = c;
    CHECK(c, set_mixed(c, "mixed.example"));
    CHECK(c, torc_resolve(c->client, "mixed.example", 80, NULL, &first) == 0);
    CHECK(c, torc_deferred_add_both(first, resolve_again, &outcome, NULL) == 0);
    torc_deferred_drop(first);
    outcome.fired = false;
    CHECK(c, run_until(c, &outcome.fired) && outcome.count == 3);
}

BODY(stopping_the_reactor_ends_lookups)
{
    static struct outcome outcome;
    struct torc_deferred *late;

    CHECK(c, c->ops->set_name(c, "silent.example", ANSWER_SILENT, NULL, 0, 0));
    CHECK(c, outcome_resolve(c, &outcome, "silent.example", NULL) == 0);
    run_for(c, TORC_MILLISECOND);
    CHECK(c, torc_reactor_stop(c->client) == 0);
    while (!outcome.fired && c->ops->step(c))
        ;
    CHECK(c, outcome.fired && outcome.type == &torc_failure_cancelled);
    CHECK(c, torc_resolve(c->client, "silent.example", 80, NULL, &late) == TORC_ECLOSED);
}
