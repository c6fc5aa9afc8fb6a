/* paths.c - error paths of every kind.  What is known of a line stands at its end, written by hand: `row KIND...`;
 * a line without has none.  reports/test_error_sites.py compares. */
#include <stdlib.h>

#include <torc/deferred.h>
#include <torc/mark.h>
#include <torc/scope.h>

struct thing {
    struct torc_scope *scope;
    struct torc_reactor *reactor;
    int code;
};

int open_thing(struct thing *thing);
int count_things(const struct thing *thing);
void tell(struct thing *thing, int code);
unsigned torci_decide(const char *site);

static int refuse(struct thing *thing)
{
    thing->code = 1;
    return TORC_EINVAL; /* row return */
}

/* A code that is returned, by itself and as one arm; what is compared is none. */
static int limits(int count, int code)
{
    if (count > 3)
        return TORC_ELIMIT; /* row return */
    if (code == TORC_ENOMEM)
        return 0;
    switch (code) {
    case TORC_EIO:
        return 1;
    default:
        break;
    }
    return count < 0 ? TORC_EINVAL : 0; /* row return */
}

/* What a check has found. */
static int checked(struct thing *thing)
{
    int error = open_thing(thing), code, count = count_things(thing);

    if (error)
        return error; /* row return */
    if ((code = open_thing(thing)) != 0)
        return code; /* row return */
    if (code < 0 || error != 0) {
        thing->code = count;
        return code; /* row return */
    }
    if (!error)
        return code;
    error = open_thing(thing);
    return error ? error : count; /* row return */
}

/* Undone by a jump. */
static int jumps(struct thing *thing)
{
    int error = open_thing(thing);

    if (error)
        goto done; /* row goto */
    if (thing->code > 7)
        goto failed; /* row goto */
    if (thing->code > 9)
        goto done;
failed:
    thing->code = 0;
done:
    return error;
}

/* Memory that is refused. */
static void *memory(struct thing *thing, size_t bytes)
{
    char *block = torc_alloc(thing->scope, bytes), *other;

    if (!block)
        return NULL; /* row return */
    if ((other = malloc(bytes)) == NULL)
        return NULL; /* row return */
    free(other);
    if (!thing->reactor)
        return NULL;
    return block;
}

/* Failures, of one's own and by a function that makes nothing else. */
static struct torc_failure *raises(struct thing *thing, int code)
{
    if (thing->code == 2)
        return torc_failure_no_memory(); /* row raise */
    thing->code = TORC_ECLOSED; /* row code */
    tell(thing, TORC_EPIPE); /* row code */
    if (thing->code == 3)
        tell(thing, refuse(thing)); /* row raise */
    return code ? torc_failure_of_code(thing->scope, code, "trying") : NULL; /* row raise */
}

static struct torc_result both(struct torc_result result, void *arg)
{
    struct thing *thing = arg;

    if (result.kind == TORC_RESULT_FAILURE) {
        tell(thing, 0); /* row check */
        return torc_fail(result.as.failure); /* row raise */
    }
    return result;
}

static struct torc_result errback(struct torc_result result, void *arg)
{
    (void)arg;
    return result;
}

static int strikes(struct thing *thing)
{
    return torci_decide("thing.breaks") != 0 ? refuse(thing) : 0; /* row fault raise */
}

/* A default is no path. */
static int handlers(struct thing *thing, struct torc_deferred *deferred, struct torc_clock *clock)
{
    int code = TORC_EMISUSE;

    code = torc_deferred_add_both(deferred, both, thing, NULL); /* row errback */
    if (!code)
        code = torc_deferred_add_errback(deferred, errback, thing, NULL); /* row errback */
    if (!code)
        code = torc_deferred_add(deferred, errback, NULL, thing, NULL);
    if (!code)
        code = torc_deferred_add_timeout(deferred, clock, 5); /* row timeout */
    TORC_REACHABLE(thing->reactor, "paths.reached"); /* row mark */
    TORC_UNREACHABLE(thing->reactor, "paths.impossible"); /* row mark excluded */
    return code;
}

/* Left out, with a reason; the reason is not for the line after. */
static int excluded(struct thing *thing)
{
    if (thing->code == 4)
        return TORC_EIO; /* row return excluded */ /* no error path: the caller has seen to it */
    /* no error path: nobody calls it so */
    if (thing->code == 5)
        return TORC_EIO; /* row return */
    if (thing->code == 6)
        /* no error path: what stands above counts */
        return TORC_EIO; /* row return excluded */
    return 0;
}

int all_of_them(struct thing *thing, struct torc_deferred *deferred, struct torc_clock *clock);
int all_of_them(struct thing *thing, struct torc_deferred *deferred, struct torc_clock *clock)
{
    free(memory(thing, 1));
    torc_failure_drop(raises(thing, 0));
    return strikes(thing) + limits(1, 2) + checked(thing) + jumps(thing) + handlers(thing, deferred, clock) + excluded(thing);
}
