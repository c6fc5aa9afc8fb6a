/* resolver.c - looking names up. */
#include <string.h>

#include "lookup.h"

#define NAME_BYTES_MAX 253
#define ADDRESSES_MAX 64
#define TIMEOUT_DEFAULT_NS (60 * TORC_SECOND)

/* --- addresses -------------------------------------------------------------------------------- */

struct block {
    struct torc_addresses addresses; /* first: what the user sees */
    struct torc_scope *scope;
    size_t bytes;
    struct torc_address list[];
};

static struct block *block_new(struct torc_scope *scope, size_t count)
{
    size_t bytes = sizeof(struct block) + count * sizeof(struct torc_address);
    struct block *block = torc_alloc(scope, bytes);

    if (block == NULL)
        return NULL;
    block->addresses.count = count;
    block->addresses.list = block->list;
    block->scope = scope;
    block->bytes = bytes;
    return block;
}

void torc_addresses_free(struct torc_addresses *addresses)
{
    struct block *block = (struct block *)(void *)addresses;

    if (block != NULL)
        torc_release(block->scope, block, block->bytes);
}

static void drop_addresses(void *value)
{
    torc_addresses_free(value);
}

/* --- ending ----------------------------------------------------------------------------------- */

void torci_lookup_end(struct torci_lookup *lookup)
{
    struct torci_stream_layer *layer = lookup->layer;

    if (lookup->handle != 0)
        layer->platform->ops->resolve_end(layer->platform, lookup->handle);
    torci_alarm_free(layer->clock, lookup->alarm);
    torc_release(layer->scope, lookup->name, strlen(lookup->name) + 1);
    torci_slots_give_back(&layer->lookups, &lookup->slot);
}

/* The lookup goes first: what is called may begin others. */
static void finish(struct torci_lookup *lookup, struct torc_addresses *addresses,
                   struct torc_failure *failure)
{
    torci_looked_up_fn *done = lookup->done;
    struct torc_source source = lookup->source;
    void *arg = lookup->arg;

    torci_lookup_end(lookup);
    if (done != NULL)
        done(arg, addresses, failure);
    else
        (void)torc_source_fire(source, failure != NULL ? torc_fail(failure)
                                                       : torc_owned(addresses, drop_addresses));
}

/* Without memory for the sentence, the type alone. */
static void fail(struct torci_lookup *lookup, const struct torc_failure_type *type, int code,
                 const char *why)
{
    struct torc_failure *failure =
        torc_failure_new_at(lookup->site, lookup->layer->scope, type, code, NULL,
                            "looking up %s: %s", lookup->name, why);

    if (failure == torc_failure_no_memory())
        failure = torc_failure_static(type);
    finish(lookup, NULL, failure);
}

/* --- answers ---------------------------------------------------------------------------------- */

static void answer_numeric(struct torci_lookup *lookup)
{
    struct block *block = block_new(lookup->layer->scope, 1);

    if (block == NULL) {
        finish(lookup, NULL, torc_failure_no_memory());
        return;
    }
    block->list[0] = lookup->numeric;
    block->list[0].port = lookup->port;
    finish(lookup, &block->addresses, NULL);
}

static void answer_name(struct torci_lookup *lookup)
{
    struct torc_platform *platform = lookup->layer->platform;
    size_t count = platform->ops->resolved(platform, lookup->handle, NULL, 0);
    struct block *block;
    size_t i;

    if (count == 0) {
        fail(lookup, &torc_failure_name_error, TORC_EIO, "an answer without addresses");
        return;
    }
    if (count > ADDRESSES_MAX)
        count = ADDRESSES_MAX;
    block = block_new(lookup->layer->scope, count);
    if (block == NULL) {
        finish(lookup, NULL, torc_failure_no_memory());
        return;
    }
    (void)platform->ops->resolved(platform, lookup->handle, block->list, count);
    for (i = 0; i < count; i++)
        block->list[i].port = lookup->port;
    finish(lookup, &block->addresses, NULL);
}

void torci_lookup_answered(struct torci_lookup *lookup, int result)
{
    if (result == TORC_OK)
        answer_name(lookup);
    else if (result == TORC_ENOMEM)
        finish(lookup, NULL, torc_failure_no_memory());
    else if (result == TORC_ENOTFOUND)
        fail(lookup, &torc_failure_name_not_found, result, "no address is known");
    else
        fail(lookup, &torc_failure_name_error, result, "the service failed");
}

void torci_lookup_give_up(struct torci_lookup *lookup)
{
    finish(lookup, NULL, torc_failure_static(&torc_failure_cancelled));
}

static struct torc_failure *lookup_alarm(void *arg)
{
    struct torci_lookup *lookup = arg;

    if (lookup->handle != 0)
        fail(lookup, &torc_failure_timeout, TORC_ETIMEDOUT, "no answer in time");
    else if (lookup->numeric.family == TORC_ADDRESS_NONE)
        fail(lookup, &torc_failure_name_not_found, TORC_ENOTFOUND, "it is of the other family");
    else
        answer_numeric(lookup);
    return NULL;
}

/* --- beginning -------------------------------------------------------------------------------- */

static enum torc_address_family family_of(enum torc_resolve_family family)
{
    if (family == TORC_RESOLVE_IPV4)
        return TORC_ADDRESS_IPV4;
    return family == TORC_RESOLVE_IPV6 ? TORC_ADDRESS_IPV6 : TORC_ADDRESS_NONE;
}

/* Whether the name is an address.  One of another family than is wanted becomes none. */
static bool is_numeric(const char *name, enum torc_address_family family, struct torc_address *out)
{
    char text[NAME_BYTES_MAX + 16] = "tcp:";
    bool ipv6 = memchr(name, ':', strlen(name)) != NULL;
    size_t bytes = strlen(name);
    size_t used = 4;

    if (ipv6)
        text[used++] = '[';
    memcpy(text + used, name, bytes);
    used += bytes;
    memcpy(text + used, ipv6 ? "]:1" : ":1", ipv6 ? 4 : 3);
    if (torc_address_parse(text, out, NULL) != TORC_OK)
        return false;
    if (family != TORC_ADDRESS_NONE && family != out->family)
        out->family = TORC_ADDRESS_NONE;
    return true;
}

/* Begins what is to bring the answer. */
static int ask(struct torci_lookup *lookup, const struct torc_resolve_options *options)
{
    struct torc_platform *platform = lookup->layer->platform;
    enum torc_address_family family = family_of(options->family);
    uint64_t timeout_ns = options->timeout_ns != 0 ? options->timeout_ns : TIMEOUT_DEFAULT_NS;
    int code = torci_alarm_new(lookup->layer->clock, lookup->site, lookup_alarm, lookup, &lookup->alarm);

    if (code != TORC_OK)
        return code;
    if (is_numeric(lookup->name, family, &lookup->numeric)) {
        torci_alarm_set(lookup->layer->clock, lookup->alarm, 0);
        return TORC_OK;
    }
    code = platform->ops->resolve(
        platform, lookup->name, family,
        torci_token(TORCI_TOKEN_LOOKUP, lookup->slot.index, lookup->slot.generation),
        &lookup->handle);
    if (code == TORC_OK && timeout_ns != TORC_NEVER)
        torci_alarm_set(lookup->layer->clock, lookup->alarm, timeout_ns);
    return code;
}

int torci_lookup_begin(struct torci_stream_layer *layer, const char *site, const char *name,
                       uint16_t port, const struct torc_resolve_options *options,
                       torci_looked_up_fn *done, void *arg, struct torci_lookup **out)
{
    static const struct torc_resolve_options defaults = TORC_RESOLVE_OPTIONS_INIT;
    size_t bytes = strlen(name);
    struct torci_lookup *lookup;
    int code;

    if (options == NULL)
        options = &defaults;
    if (options->size != sizeof *options || bytes == 0 || bytes > NAME_BYTES_MAX)
        return TORC_EINVAL;
    if (torci_reactor_stopped(layer->reactor))
        return TORC_ECLOSED;
    lookup = torci_slots_take(&layer->lookups);
    if (lookup == NULL)
        return TORC_ENOMEM;
    lookup->name = torc_alloc(layer->scope, bytes + 1);
    if (lookup->name == NULL) {
        torci_slots_give_back(&layer->lookups, &lookup->slot);
        return TORC_ENOMEM;
    }
    memcpy(lookup->name, name, bytes + 1);
    lookup->layer = layer;
    lookup->site = site;
    lookup->port = port;
    lookup->done = done;
    lookup->arg = arg;
    code = ask(lookup, options);
    if (code != TORC_OK) {
        torci_lookup_end(lookup);
        return code;
    }
    *out = lookup;
    return TORC_OK;
}

static void cancel(struct torc_source source, void *arg)
{
    (void)source;
    torci_lookup_end(arg);
}

int torc_resolve_at(const char *site, struct torc_reactor *reactor, const char *name, uint16_t port,
                    const struct torc_resolve_options *options, struct torc_deferred **out)
{
    struct torci_stream_layer *layer;
    struct torci_lookup *lookup;
    int code;

    torci_reactor_check(reactor, site);
    layer = torci_stream_layer_of(reactor);
    if (layer == NULL)
        return TORC_ENOMEM;
    code = torci_lookup_begin(layer, site, name, port, options, NULL, NULL, &lookup);
    if (code != TORC_OK)
        return code;
    code = torc_deferred_new_at(site, layer->scope, cancel, lookup, &lookup->source, out);
    if (code != TORC_OK)
        torci_lookup_end(lookup);
    return code;
}
