/* slip - a module that is deterministic but for the slip its option names: each is one of C's usual ways to
 * depend on what a program does not say.  What comes of it decides when a timed call is due. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <torc/module.h>

enum { BLOCKS = 8 };

static struct torc_failure *tick(void *arg)
{
    (void)arg;
    return NULL;
}

/* Fresh memory is looked at before anything is written to it. */
static unsigned from_memory(struct torc_scope *scope)
{
    unsigned char *block = torc_alloc(scope, 4096);
    unsigned value;

    if (block == NULL)
        return 0;
    value = ((volatile unsigned char *)block)[2048];
    torc_release(scope, block, 4096);
    return value;
}

static __attribute__((noinline)) unsigned from_stack(void)
{
    volatile unsigned char local[65536];

    return local[32768];
}

/* Blocks are visited in the order of their addresses. */
static unsigned from_addresses(struct torc_scope *scope)
{
    unsigned char *blocks[BLOCKS];
    unsigned order = 0;

    for (int i = 0; i < BLOCKS; i++)
        blocks[i] = torc_alloc(scope, 100);
    for (int i = 0; i + 1 < BLOCKS; i++)
        order = order * 2 + (blocks[i] < blocks[i + 1] ? 1 : 0);
    for (int i = 0; i < BLOCKS; i++)
        torc_release(scope, blocks[i], 100);
    return order;
}

static unsigned from_environment(void)
{
    extern char **environ;
    unsigned bytes = 0;

    for (char **at = environ; *at != NULL; at++)
        bytes += (unsigned)strlen(*at);
    return bytes;
}

static unsigned slip_of(const char *kind, struct torc_scope *scope)
{
    if (strcmp(kind, "memory") == 0)
        return from_memory(scope);
    if (strcmp(kind, "stack") == 0)
        return from_stack();
    if (strcmp(kind, "addresses") == 0)
        return from_addresses(scope);
    if (strcmp(kind, "environment") == 0)
        return from_environment();
    if (strcmp(kind, "time") == 0)
        return (unsigned)time(NULL);
    if (strcmp(kind, "rand") == 0)
        return (unsigned)rand();
    return 0;
}

static struct torc_failure *start(struct torc_reactor *reactor, const struct torc_options *options,
                                  void **out_instance)
{
    struct torc_scope *scope = torc_reactor_scope(reactor);
    uint64_t delay_ns = slip_of(torc_options_text(options, "slip"), scope) + 1000u;
    int error = torc_call_later(torc_reactor_clock(reactor), delay_ns, tick, NULL, NULL, NULL);

    if (error != 0)
        return torc_failure_of_code(scope, error, "the timed call");
    *out_instance = reactor;
    return NULL;
}

static struct torc_deferred *stop(void *instance)
{
    (void)instance;
    return NULL;
}

static const struct torc_option options[] = {
    {"slip", TORC_OPTION_TEXT, "none", "memory, stack, addresses, environment, time, rand"},
    {NULL, TORC_OPTION_FLAG, NULL, NULL},
};

TORC_API const struct torc_module torc_module = {
    .size = sizeof(struct torc_module),
    .name = "slip",
    .version = "1",
    .doc = "depends on what it must not depend on",
    .options = options,
    .start = start,
    .stop = stop,
};
