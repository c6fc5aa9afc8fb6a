#include "trial_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trial_exit.h"

/* --- adding ---------------------------------------------------------------------------------------- */

/* "fixtures/kv/kv_test.c:12" is in the group kv_test. */
static int stem(const char *site, const char **out)
{
    const char *slash = strrchr(site, '/');
    const char *name = slash != NULL ? slash + 1 : site;

    *out = name;
    return (int)strcspn(name, ".:");
}

static int no_memory(void)
{
    return torci_trial_error(TORCI_TRIAL_EXIT_INTERNAL, "out of memory for the list of tests");
}

static int add_case(struct torci_trial_plan *plan, const struct torc_trial_test *test, const char *parameter,
                    enum torci_trial_way way)
{
    static const char *const ways[] = {"", "@live", "@sweep"};
    struct torci_trial_case *grown = realloc(plan->cases, (plan->count + 1) * sizeof *plan->cases);
    struct torci_trial_case one = {.test = test, .parameter = parameter, .way = way, .number = (uint32_t)plan->count};
    const char *group = NULL;
    int bytes;

    if (grown == NULL)
        return no_memory();
    plan->cases = grown;
    bytes = stem(test->site, &group);
    if (test->group != NULL && test->group->name != NULL) {
        group = test->group->name;
        bytes = (int)strlen(group);
    }
    if (asprintf(&one.group, "%.*s", bytes, group) < 0)
        return no_memory();
    if (asprintf(&one.id, "%s.%s%s%s%s%s", one.group, test->name, parameter != NULL ? "[" : "",
                 parameter != NULL ? parameter : "", parameter != NULL ? "]" : "", ways[way]) < 0) {
        free(one.group);
        return no_memory();
    }
    plan->cases[plan->count++] = one;
    return 0;
}

static int add_ways(struct torci_trial_plan *plan, const struct torc_trial_test *test, const char *parameter)
{
    unsigned places = test->places == 0 ? (unsigned)TORC_ON_SIM : test->places;
    int status = 0;

    if ((places & TORC_ON_SIM) != 0)
        status = add_case(plan, test, parameter, TORCI_TRIAL_SIM);
    if (status == 0 && (places & TORC_ON_LIVE) != 0)
        status = add_case(plan, test, parameter, TORCI_TRIAL_LIVE);
    if (status == 0 && test->sweep != NULL)
        status = add_case(plan, test, parameter, TORCI_TRIAL_SWEPT);
    return status;
}

static int add_test(struct torci_trial_plan *plan, const struct torc_trial_test *test)
{
    int status = 0;

    if (test->size != sizeof *test)
        return torci_trial_error(TORCI_TRIAL_EXIT_USAGE, "%s: built for another version of Torc", test->site);
    if (test->parameters == NULL)
        return add_ways(plan, test, NULL);
    for (size_t i = 0; status == 0 && test->parameters[i] != NULL; i++)
        status = add_ways(plan, test, test->parameters[i]);
    return status;
}

int torci_trial_plan_add(struct torci_trial_plan *plan, const struct torc_trial_catalogue *catalogue)
{
    int status = 0;

    if (catalogue->size != sizeof *catalogue)
        return torci_trial_error(TORCI_TRIAL_EXIT_USAGE, "the tests were built for another version of Torc");
    for (const struct torc_trial_test *test = catalogue->begin; status == 0 && test < catalogue->end; test++)
        status = add_test(plan, test);
    return status;
}

/* --- order ----------------------------------------------------------------------------------------- */

static long line_of(const char *site)
{
    const char *colon = strrchr(site, ':');

    return colon != NULL ? strtol(colon + 1, NULL, 10) : 0;
}

/* The linker's order is not that of the source. */
static int by_place(const void *a, const void *b)
{
    const struct torci_trial_case *x = a;
    const struct torci_trial_case *y = b;
    size_t x_bytes = strcspn(x->test->site, ":");
    size_t y_bytes = strcspn(y->test->site, ":");
    int files = strncmp(x->test->site, y->test->site, x_bytes < y_bytes ? x_bytes + 1 : y_bytes + 1);
    long lines = line_of(x->test->site) - line_of(y->test->site);

    if (files != 0)
        return files;
    if (lines != 0)
        return lines < 0 ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static int by_id(const void *a, const void *b)
{
    const struct torci_trial_case *const *x = a;
    const struct torci_trial_case *const *y = b;

    return strcmp((*x)->id, (*y)->id);
}

static int check_names(const struct torci_trial_plan *plan)
{
    const struct torci_trial_case **sorted = malloc((plan->count + 1) * sizeof *sorted);
    int status = 0;

    if (sorted == NULL)
        return no_memory();
    for (size_t i = 0; i < plan->count; i++)
        sorted[i] = &plan->cases[i];
    qsort(sorted, plan->count, sizeof *sorted, by_id);
    for (size_t i = 1; i < plan->count; i++)
        if (strcmp(sorted[i - 1]->id, sorted[i]->id) == 0)
            status = torci_trial_error(TORCI_TRIAL_EXIT_USAGE, "two tests are called %s: %s and %s", sorted[i]->id,
                                       sorted[i - 1]->test->site, sorted[i]->test->site);
    free(sorted);
    return status;
}

int torci_trial_plan_sort(struct torci_trial_plan *plan)
{
    if (plan->count == 0)
        return 0;
    qsort(plan->cases, plan->count, sizeof *plan->cases, by_place);
    return check_names(plan);
}

/* Fisher and Yates; the draws are SplitMix64's (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

void torci_trial_plan_shuffle(struct torci_trial_plan *plan, uint64_t seed)
{
    for (size_t i = plan->count; i > 1; i--) {
        size_t other = (size_t)(draw(&seed) % i);
        struct torci_trial_case moved = plan->cases[i - 1];

        plan->cases[i - 1] = plan->cases[other];
        plan->cases[other] = moved;
    }
}

void torci_trial_plan_failed_first(struct torci_trial_plan *plan)
{
    size_t front = 0;

    for (size_t i = 0; i < plan->count; i++) {
        struct torci_trial_case moved = plan->cases[i];

        if (!moved.failed_last)
            continue;
        memmove(&plan->cases[front + 1], &plan->cases[front], (i - front) * sizeof moved);
        plan->cases[front++] = moved;
    }
}

/* --- choosing -------------------------------------------------------------------------------------- */

static bool match(const char *pattern, const char *text, size_t bytes)
{
    const char *star = NULL;
    size_t at = 0;
    size_t resume = 0;

    while (at < bytes) {
        if (*pattern == '*') {
            star = ++pattern;
            resume = at;
        } else if (*pattern != '\0' && (*pattern == '?' || *pattern == text[at])) {
            pattern++;
            at++;
        } else if (star != NULL) {
            pattern = star;
            at = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

bool torci_trial_matches(const char *pattern, const struct torci_trial_case *one)
{
    size_t group = strlen(one->group);
    size_t all = strlen(one->id);
    size_t plain = group + 1 + strlen(one->test->name);

    return match(pattern, one->id, all) || match(pattern, one->id, plain) ||
           match(pattern, one->id + group + 1, all - group - 1) ||
           match(pattern, one->test->name, plain - group - 1) || match(pattern, one->group, group);
}

static bool any_matches(const char *const *patterns, size_t count, const struct torci_trial_case *one)
{
    for (size_t i = 0; i < count; i++)
        if (torci_trial_matches(patterns[i], one))
            return true;
    return false;
}

static void free_case(struct torci_trial_case *one)
{
    free(one->id);
    free(one->group);
}

void torci_trial_plan_filter(struct torci_trial_plan *plan, const char *const *filters, size_t filter_count,
                             const char *const *skips, size_t skip_count)
{
    size_t kept = 0;

    for (size_t i = 0; i < plan->count; i++) {
        struct torci_trial_case *one = &plan->cases[i];

        if ((filter_count == 0 || any_matches(filters, filter_count, one)) && !any_matches(skips, skip_count, one))
            plan->cases[kept++] = *one;
        else
            free_case(one);
    }
    plan->count = kept;
}

void torci_trial_plan_free(struct torci_trial_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        free_case(&plan->cases[i]);
    free(plan->cases);
    *plan = (struct torci_trial_plan){NULL, 0};
}
