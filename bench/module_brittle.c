/* brittle - a module that never looks whether it got memory: whatever allocation fails, the process ends. */
#include <torc/module.h>

enum { BLOCKS = 1000, BLOCK_BYTES = 16 };

struct brittle {
    struct torc_scope *scope;
    char *blocks[BLOCKS];
};

static struct torc_failure *start(struct torc_reactor *reactor, const struct torc_options *options,
                                  void **out_instance)
{
    struct torc_scope *scope = torc_reactor_scope(reactor);
    struct brittle *brittle = torc_alloc(scope, sizeof *brittle);

    (void)options;
    brittle->scope = scope;
    for (size_t i = 0; i < BLOCKS; i++) {
        brittle->blocks[i] = torc_alloc(scope, BLOCK_BYTES);
        *(volatile char *)brittle->blocks[i] = 1;
    }
    *out_instance = brittle;
    return NULL;
}

static struct torc_deferred *stop(void *instance)
{
    struct brittle *brittle = instance;

    for (size_t i = 0; i < BLOCKS; i++)
        torc_release(brittle->scope, brittle->blocks[i], BLOCK_BYTES);
    torc_release(brittle->scope, brittle, sizeof *brittle);
    return NULL;
}

static const struct torc_option options[] = {{NULL, TORC_OPTION_FLAG, NULL, NULL}};

TORC_API const struct torc_module torc_module = {
    .size = sizeof torc_module,
    .name = "brittle",
    .version = TORC_VERSION,
    .doc = "does not look whether it got memory",
    .options = options,
    .start = start,
    .stop = stop,
};
