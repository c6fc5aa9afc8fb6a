#include "equivalent.h"

#include <stdlib.h>

struct asked {
    uint64_t place;
    uint64_t possible;
    uint64_t k;
};

static int by_number(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare(const void *a, const void *b)
{
    const struct asked *one = a;
    const struct asked *other = b;
    int order = by_number(one->place, other->place);

    if (order == 0)
        order = by_number(one->possible, other->possible);
    return order != 0 ? order : by_number(one->k, other->k);
}

static bool is_alike(const struct asked *one, const struct asked *other)
{
    return one->place == other->place && one->possible == other->possible;
}

/* Of those that are sorted. */
static void choose(const struct asked *all, size_t count, bool *chosen)
{
    size_t since = 0; /* where those that are alike begin */

    for (size_t i = 0; i < count; i++) {
        if (!is_alike(&all[since], &all[i]))
            since = i;
        chosen[all[i].k] = i == since || i + 1 == count || !is_alike(&all[i], &all[i + 1]);
    }
}

bool *torci_equivalent_choose(const struct torc_scenario_questions *questions, uint64_t first, uint64_t last)
{
    bool *chosen = calloc(questions->count + 1, sizeof *chosen);
    struct asked *all = calloc(questions->count + 1, sizeof *all);
    size_t count = 0;

    for (uint64_t k = first; chosen != NULL && all != NULL && k < questions->count && k <= last; k++)
        all[count++] = (struct asked){questions->places[k], questions->possible[k], k};
    if (all == NULL) {
        free(chosen);
        return NULL;
    }
    qsort(all, count, sizeof *all, compare);
    if (chosen != NULL)
        choose(all, count, chosen);
    free(all);
    return chosen;
}
