#include "name_actor.h"

static void keep_addresses(struct outcome *outcome, const struct torc_addresses *addresses)
{
    size_t i;

    outcome->count = addresses->count;
    for (i = 0; i < addresses->count && i < 8; i++)
        outcome->list[i] = addresses->list[i];
}

static struct torc_result fired(struct torc_result result, struct outcome *outcome)
{
    outcome->fired = true;
    outcome->fires++;
    if (result.kind == TORC_RESULT_FAILURE)
        outcome->type = torc_failure_type(result.as.failure);
    return result;
}

static struct torc_result resolved(struct torc_result result, void *arg)
{
    result = fired(result, arg);
    if (result.kind == TORC_RESULT_VALUE)
        keep_addresses(arg, result.as.value);
    torc_result_drop(result);
    return torc_value(NULL);
}

static struct torc_result connected(struct torc_result result, void *arg)
{
    struct outcome *outcome = arg;

    result = fired(result, outcome);
    if (result.kind == TORC_RESULT_VALUE) {
        outcome->protocol = result.as.value;
        note(outcome->c, "connected");
    }
    torc_result_drop(result);
    return torc_value(NULL);
}

/* The sink is dropped: the deferred is there until it fires. */
static int watch(struct outcome *outcome, torc_callback_fn *callback)
{
    int code = torc_deferred_add_both(outcome->deferred, callback, outcome, NULL);

    torc_deferred_drop(outcome->deferred);
    return code;
}

int outcome_resolve(struct conf *c, struct outcome *outcome, const char *name,
                    const struct torc_resolve_options *options)
{
    int code;

    memset(outcome, 0, sizeof *outcome);
    outcome->c = c;
    code = torc_resolve(c->client, name, 80, options, &outcome->deferred);
    return code != 0 ? code : watch(outcome, resolved);
}

int outcome_connect(struct conf *c, struct outcome *outcome, const char *name, uint16_t port,
                    struct service *client, const struct torc_connect_name_options *options)
{
    int code;

    memset(outcome, 0, sizeof *outcome);
    outcome->c = c;
    code = torc_connect_name(c->client, name, port, &client->factory, options, &outcome->deferred);
    return code != 0 ? code : watch(outcome, connected);
}

bool outcome_is(struct outcome *outcome, const struct torc_failure_type *type)
{
    return run_until(outcome->c, &outcome->fired) && outcome->type == type;
}
