/* connect_name.c - connecting to a name: RFC 8305, "happy eyeballs".
 *
 * A race is what torc_connect_name begins: one lookup, then an attempt at each address, each with a connector and a
 * factory of its own.  It has its result when one attempt has won, when none is left, or when it is cancelled; it
 * goes when it has its result and no factory of its attempts is in use: if one has won, when that connection
 * is lost. */
#include <string.h>

#include "lookup.h"

#define DELAY_DEFAULT_NS (250 * TORC_MILLISECOND)

struct race;

struct attempt {
    struct torc_factory factory; /* first */
    struct race *race;
    struct torc_address address;
    struct torc_connector connector;
    bool connecting;
};

struct race {
    struct torci_stream_layer *layer;
    const char *site;
    struct torc_factory *factory;
    struct torc_source source;
    struct torci_lookup *lookup; /* while it is under way */
    struct torc_failure *last;   /* of the attempt that failed last; held */
    struct attempt *winner;
    torci_alarm alarm;           /* begins the next attempt */
    uint64_t delay_ns;
    struct torc_connect_options options;
    struct attempt *attempts;
    size_t count, begun;
    size_t connecting;
    size_t used; /* factories of attempts */
    bool decided; /* no attempt is begun any more */
    bool told;
};

/* --- the end of a race ------------------------------------------------------------------------ */

static void release_if_over(struct race *race)
{
    struct torci_stream_layer *layer = race->layer;
    struct torc_factory *factory = race->factory;

    if (!race->told || race->used > 0)
        return;
    torci_alarm_free(layer->clock, race->alarm);
    torc_failure_drop(race->last);
    torc_release(layer->scope, race->attempts, race->count * sizeof *race->attempts);
    torc_release(layer->scope, race, sizeof *race);
    torci_factory_unuse(layer->reactor, factory);
}

/* Gives up whatever is under way, but the winner. */
static void decide(struct race *race)
{
    size_t i;

    race->decided = true;
    torci_alarm_clear(race->layer->clock, race->alarm);
    if (race->lookup != NULL)
        torci_lookup_end(race->lookup);
    race->lookup = NULL;
    for (i = 0; i < race->begun; i++)
        /* What has begun is there.  NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
        if (race->attempts[i].connecting && &race->attempts[i] != race->winner)
            (void)torc_connector_stop(race->attempts[i].connector);
}

/* `failure` is taken. */
static void fail(struct race *race, struct torc_failure *failure)
{
    struct torc_source source = race->source;
    bool told = race->told;

    decide(race);
    race->told = true;
    release_if_over(race);
    if (told)
        torc_failure_drop(failure);
    else
        (void)torc_source_fire(source, torc_fail(failure));
}

static void cancel(struct torc_source source, void *arg)
{
    struct race *race = arg;

    (void)source;
    if (race->winner != NULL)
        torc_connector_disconnect(race->winner->connector);
    fail(race, torc_failure_static(&torc_failure_connect_cancelled));
}

/* --- attempts --------------------------------------------------------------------------------- */

static void begin_next(struct race *race);

/* The connection is made and its protocol has been told. */
static void opened(struct torci_connector *connector)
{
    struct race *race = ((struct attempt *)(void *)connector->factory)->race;
    struct torci_stream *stream = connector->stream;

    if (race->told)
        return;
    race->told = true;
    if (stream->dead)
        (void)torc_source_fire(race->source, torc_fail(torc_failure_keep(stream->reason)));
    else
        (void)torc_source_fire(race->source, torc_value(stream->protocol));
}

static struct torc_failure *attempt_build(struct torc_factory *self, const struct torc_address *peer,
                                          struct torc_protocol **out)
{
    struct attempt *attempt = (struct attempt *)(void *)self;
    struct race *race = attempt->race;

    race->winner = attempt;
    decide(race);
    return race->factory->ops->build_protocol(race->factory, peer, out);
}

static void attempt_failed(struct torc_factory *self, struct torc_connector connector,
                           struct torc_failure *reason)
{
    struct attempt *attempt = (struct attempt *)(void *)self;
    struct race *race = attempt->race;

    (void)connector;
    attempt->connecting = false;
    race->connecting--;
    if (attempt == race->winner) {
        fail(race, torc_failure_keep(reason));
        return;
    }
    if (race->decided)
        return;
    torc_failure_drop(race->last);
    race->last = torc_failure_keep(reason);
    torci_alarm_clear(race->layer->clock, race->alarm);
    begin_next(race);
}

static void attempt_started(struct torc_factory *self)
{
    ((struct attempt *)(void *)self)->race->used++;
}

static void attempt_stopped(struct torc_factory *self)
{
    struct race *race = ((struct attempt *)(void *)self)->race;

    race->used--;
    release_if_over(race);
}

static const struct torc_factory_ops attempt_ops = {
    .size = sizeof attempt_ops,
    .build_protocol = attempt_build,
    .started = attempt_started,
    .stopped = attempt_stopped,
    .connection_failed = attempt_failed,
};

static int begin(struct race *race, struct attempt *attempt)
{
    struct torci_connector *connector;
    int code;

    attempt->factory.ops = &attempt_ops;
    attempt->race = race;
    code = torc_connect_at(race->site, race->layer->reactor, &attempt->address, &attempt->factory,
                           &race->options, &attempt->connector);
    if (code != TORC_OK)
        return code;
    connector = torci_slots_find(&race->layer->connectors, attempt->connector.index,
                                 attempt->connector.generation, UINT32_MAX);
    connector->opened = opened;
    attempt->connecting = true;
    race->connecting++;
    return TORC_OK;
}

/* What cannot even be begun has failed. */
static void begin_next(struct race *race)
{
    while (race->begun < race->count && !torci_reactor_stopped(race->layer->reactor)) {
        int code = begin(race, &race->attempts[race->begun++]);

        if (code == TORC_OK) {
            if (race->begun < race->count)
                torci_alarm_set(race->layer->clock, race->alarm, race->delay_ns);
            return;
        }
        torc_failure_drop(race->last);
        race->last = torc_failure_of_code_at(race->site, race->layer->scope, code, "connecting");
    }
    if (race->connecting == 0) {
        struct torc_failure *last = race->last;

        race->last = NULL;
        fail(race, last);
    }
}

static struct torc_failure *delay_is_over(void *arg)
{
    begin_next(arg);
    return NULL;
}

/* --- names ------------------------------------------------------------------------------------ */

/* The next address from *at on that is of the first one's family, or is not.  NULL: there is none. */
static const struct torc_address *next_of(const struct torc_addresses *addresses, size_t *at,
                                          bool of_first)
{
    while (*at < addresses->count) {
        const struct torc_address *address = &addresses->list[(*at)++];

        if ((address->family == addresses->list[0].family) == of_first)
            return address;
    }
    return NULL;
}

/* The families take turns; what one has more than the other follows. */
static void interleave(struct attempt *attempts, const struct torc_addresses *addresses)
{
    size_t first_at = 0, other_at = 0;
    size_t used = 0;

    while (used < addresses->count) {
        const struct torc_address *first = next_of(addresses, &first_at, true);
        const struct torc_address *other = next_of(addresses, &other_at, false);

        if (first != NULL)
            attempts[used++].address = *first;
        if (other != NULL)
            attempts[used++].address = *other;
    }
}

static void looked_up(void *arg, struct torc_addresses *addresses, struct torc_failure *failure)
{
    struct race *race = arg;
    struct torc_scope *scope = race->layer->scope;

    race->lookup = NULL;
    if (failure != NULL && torc_failure_check(failure, &torc_failure_cancelled)) {
        torc_failure_drop(failure); /* the reactor stops */
        failure = torc_failure_static(&torc_failure_connect_cancelled);
    }
    if (failure != NULL) {
        fail(race, failure);
        return;
    }
    race->attempts = torc_alloc_zero(scope, addresses->count * sizeof *race->attempts);
    if (race->attempts != NULL) {
        race->count = addresses->count;
        interleave(race->attempts, addresses);
    }
    torc_addresses_free(addresses);
    if (race->attempts != NULL)
        begin_next(race);
    else
        fail(race, torc_failure_no_memory());
}

/* --- public ----------------------------------------------------------------------------------- */

static void set_options(struct race *race, const struct torc_connect_name_options *options)
{
    static const struct torc_connect_options defaults = TORC_CONNECT_OPTIONS_INIT;

    race->options = defaults;
    race->options.timeout_ns = options->attempt_timeout_ns;
    race->options.nodelay = options->nodelay;
    race->options.keepalive = options->keepalive;
    race->delay_ns = options->attempt_delay_ns != 0 ? options->attempt_delay_ns : DELAY_DEFAULT_NS;
}

/* All that needs memory; `race` has none of it on failure. */
static int prepare(struct race *race, const char *name, uint16_t port,
                   const struct torc_connect_name_options *options, struct torc_deferred **out)
{
    struct torc_resolve_options resolve = TORC_RESOLVE_OPTIONS_INIT;
    struct torc_clock *clock = race->layer->clock;
    int code = torci_alarm_new(clock, race->site, delay_is_over, race, &race->alarm);

    if (code != TORC_OK)
        return code;
    resolve.family = options->family;
    resolve.timeout_ns = options->resolve_timeout_ns;
    code = torci_lookup_begin(race->layer, race->site, name, port, &resolve, looked_up, race,
                              &race->lookup);
    if (code == TORC_OK) {
        code = torc_deferred_new_at(race->site, race->layer->scope, cancel, race, &race->source, out);
        if (code != TORC_OK)
            torci_lookup_end(race->lookup);
    }
    if (code != TORC_OK)
        torci_alarm_free(clock, race->alarm);
    return code;
}

int torc_connect_name_at(const char *site, struct torc_reactor *reactor, const char *name,
                         uint16_t port, struct torc_factory *factory,
                         const struct torc_connect_name_options *options, struct torc_deferred **out)
{
    static const struct torc_connect_name_options defaults = TORC_CONNECT_NAME_OPTIONS_INIT;
    struct torci_stream_layer *layer;
    struct race *race;
    int code;

    torci_reactor_check(reactor, site);
    if (options == NULL)
        options = &defaults;
    if (options->size != sizeof *options || factory->ops->size != sizeof *factory->ops)
        return TORC_EINVAL;
    layer = torci_stream_layer_of(reactor);
    race = layer != NULL ? torc_alloc_zero(layer->scope, sizeof *race) : NULL;
    if (race == NULL)
        return TORC_ENOMEM;
    race->layer = layer;
    race->site = site;
    race->factory = factory;
    set_options(race, options);
    code = prepare(race, name, port, options, out);
    if (code != TORC_OK) {
        torc_release(layer->scope, race, sizeof *race);
        return code;
    }
    torci_factory_use(reactor, factory);
    return TORC_OK;
}
