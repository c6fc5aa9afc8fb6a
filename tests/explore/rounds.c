/* rounds - does the same eight times, 10 ms apart: takes two blocks of memory and gives them back.
 *   bug=first, bug=fourth, bug=last   in that round the first is forgotten when there is no memory for the second
 *   bug=none                          in none */
#include <string.h>

#include <torc/module.h>

enum { BYTES = 100, ROUNDS = 8 };

struct rounds {
    struct torc_reactor *reactor;
    struct torc_scope *scope;
    struct torc_timer timer;
    int wrong; /* round; 0: none */
    int done;
};

static void take_blocks(struct rounds *rounds)
{
    char *first = torc_alloc(rounds->scope, BYTES);
    char *second;

    if (first == NULL)
        return;
    second = torc_alloc(rounds->scope, BYTES);
    if (second != NULL || rounds->done != rounds->wrong)
        torc_release(rounds->scope, first, BYTES);
    if (second != NULL)
        torc_release(rounds->scope, second, BYTES);
}

static struct torc_failure *make_round(void *arg)
{
    struct rounds *rounds = arg;

    rounds->done++;
    take_blocks(rounds);
    if (rounds->done < ROUNDS && torc_call_later(torc_reactor_clock(rounds->reactor), 10 * TORC_MILLISECOND,
                                                 make_round, rounds, NULL, &rounds->timer) != 0)
        return torc_failure_no_memory();
    return NULL;
}

static struct torc_failure *start(struct torc_reactor *reactor, const struct torc_options *options, void **out_instance)
{
    struct torc_scope *scope = torc_reactor_scope(reactor);
    const char *bug = torc_options_text(options, "bug");
    struct rounds *rounds = torc_alloc_zero(scope, sizeof *rounds);

    if (rounds == NULL)
        return torc_failure_no_memory();
    rounds->reactor = reactor;
    rounds->scope = scope;
    rounds->wrong = strcmp(bug, "first") == 0 ? 1 : strcmp(bug, "fourth") == 0 ? 4 : strcmp(bug, "last") == 0 ? ROUNDS : 0;
    if (torc_call_later(torc_reactor_clock(reactor), 10 * TORC_MILLISECOND, make_round, rounds, NULL, &rounds->timer) != 0) {
        torc_release(scope, rounds, sizeof *rounds);
        return torc_failure_no_memory();
    }
    *out_instance = rounds;
    return NULL;
}

static struct torc_deferred *stop(void *instance)
{
    struct rounds *rounds = instance;

    (void)torc_timer_cancel(rounds->timer);
    torc_release(rounds->scope, rounds, sizeof *rounds);
    return NULL;
}

static const struct torc_option rounds_options[] = {
    {"bug", TORC_OPTION_TEXT, "none", "none, first, fourth, last"},
    {NULL, TORC_OPTION_FLAG, NULL, NULL},
};

TORC_API const struct torc_module torc_module = {
    .size = sizeof(struct torc_module),
    .name = "rounds",
    .version = "1",
    .doc = "does the same eight times",
    .options = rounds_options,
    .start = start,
    .stop = stop,
};
