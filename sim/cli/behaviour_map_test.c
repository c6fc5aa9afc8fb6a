#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "behaviour_map.h"

enum { CHILDREN = 4, EACH = 500 };

struct visits {
    uint64_t lowest[CHILDREN * EACH + 2]; /* by behaviour; 0: not visited */
    size_t count;
    int answer;
};

static int visit(void *arg, uint64_t behaviour, uint64_t number)
{
    struct visits *visits = arg;

    visits->count++;
    if (behaviour < sizeof visits->lowest / sizeof visits->lowest[0])
        visits->lowest[behaviour] = number;
    return visits->answer;
}

TORC_TEST(each_is_visited_with_its_lowest_number)
{
    struct torci_behaviour_map *map = torci_behaviour_map_new();
    struct visits visits = {0};

    (void)trial;
    assert_non_null(map);
    torci_behaviour_map_add(map, 1, 9);
    torci_behaviour_map_add(map, 1, 4);
    torci_behaviour_map_add(map, 1, 7);
    torci_behaviour_map_add(map, 2, 0);
    assert_int_equal(torci_behaviour_map_visit_new(map, visit, &visits), 0);
    assert_int_equal(visits.count, 2);
    assert_int_equal(visits.lowest[1], 4);
    assert_int_equal(visits.lowest[2], 0);
    torci_behaviour_map_free(map);
    return NULL;
}

TORC_TEST(only_what_is_new_is_visited_again)
{
    struct torci_behaviour_map *map = torci_behaviour_map_new();
    struct visits visits = {0};

    (void)trial;
    torci_behaviour_map_add(map, 1, 5);
    torci_behaviour_map_add(map, 2, 5);
    assert_int_equal(torci_behaviour_map_visit_new(map, visit, &visits), 0);
    torci_behaviour_map_add(map, 1, 8);
    torci_behaviour_map_add(map, 2, 3);
    memset(&visits, 0, sizeof visits);
    assert_int_equal(torci_behaviour_map_visit_new(map, visit, &visits), 0);
    assert_int_equal(visits.count, 1);
    assert_int_equal(visits.lowest[2], 3);
    torci_behaviour_map_free(map);
    return NULL;
}

TORC_TEST(a_status_ends_the_visit)
{
    struct torci_behaviour_map *map = torci_behaviour_map_new();
    struct visits visits = {.answer = 99};

    (void)trial;
    torci_behaviour_map_add(map, 1, 5);
    torci_behaviour_map_add(map, 2, 5);
    assert_int_equal(torci_behaviour_map_visit_new(map, visit, &visits), 99);
    assert_int_equal(visits.count, 1);
    torci_behaviour_map_free(map);
    return NULL;
}

TORC_TEST(one_too_many_is_not_added)
{
    struct torci_behaviour_map *map = torci_behaviour_map_new();
    struct visits visits = {0};

    (void)trial;
    for (uint64_t i = 1; i <= TORCI_BEHAVIOURS_MAX + 10; i++)
        torci_behaviour_map_add(map, i << 16, i);
    torci_behaviour_map_add(map, UINT64_C(1) << 16, 0);
    assert_int_equal(torci_behaviour_map_visit_new(map, visit, &visits), 0);
    assert_int_equal(visits.count, TORCI_BEHAVIOURS_MAX);
    torci_behaviour_map_free(map);
    return NULL;
}

static int add_all(struct torci_behaviour_map *map, uint64_t child)
{
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    for (uint64_t i = 1; i <= CHILDREN * EACH; i++)
        torci_behaviour_map_add(map, i, 1000 - i % 100 * CHILDREN - child);
    torci_behaviour_map_free(map); /* for valgrind, which looks at each process */
    _exit(0);
}

TORC_TEST(processes_add_to_it_at_the_same_time, .places = TORC_ON_LIVE)
{
    struct torci_behaviour_map *map = torci_behaviour_map_new();
    struct visits visits = {0};
    int status;

    (void)trial;
    for (uint64_t child = 0; child < CHILDREN; child++)
        assert_true(add_all(map, child) > 0);
    for (int child = 0; child < CHILDREN; child++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(torci_behaviour_map_visit_new(map, visit, &visits), 0);
    assert_int_equal(visits.count, CHILDREN * EACH);
    for (uint64_t i = 1; i <= CHILDREN * EACH; i++)
        assert_int_equal(visits.lowest[i], 1000 - i % 100 * CHILDREN - (CHILDREN - 1));
    torci_behaviour_map_free(map);
    return NULL;
}

TORC_TRIAL_MAIN
