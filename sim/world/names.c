/* names.c - looking names up in a world. */
#include "names.h"

#include <string.h>

#include "operation_fault.h"
#include "route.h"

#define SLOW_NS (2 * TORC_SECOND)

/* One of the answers that take turns. */
struct torci_name_turn {
    enum torc_name_answer answer;
    uint64_t delay_ns;
    size_t count;
    struct torc_address addresses[TORC_NAME_ADDRESSES_MAX];
};

struct torci_name {
    struct torci_name *next;
    struct torci_name_turn *turns;
    size_t turn_count;
    uint64_t period_ns; /* 0: the next turn at each lookup */
    uint64_t since_ns;
    uint64_t lookups;
    size_t name_bytes; /* with its NUL */
    char name[];
};

/* --- what names stand for ------------------------------------------------------------------- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_name(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

static struct torci_name **find_name(struct torc_world *world, const char *name)
{
    struct torci_name **at = &world->names;

    while (*at != NULL && !same_name((*at)->name, name))
        at = &(*at)->next;
    return at;
}

static void free_name(struct torc_world *world, struct torci_name *name)
{
    torci_world_resize(world, name->turns, name->turn_count * sizeof *name->turns, 0);
    torci_world_resize(world, name, sizeof *name + name->name_bytes, 0);
}

void torci_world_free_names(struct torc_world *world)
{
    while (world->names != NULL) {
        struct torci_name *name = world->names;

        world->names = name->next;
        free_name(world, name);
    }
}

static bool is_sound(const struct torc_name_record *record)
{
    bool has_addresses = record->answer == TORC_NAME_ADDRESSES;
    size_t i;

    if (record->size != sizeof *record || record->answer > TORC_NAME_SILENT ||
        has_addresses != (record->count > 0) || record->count > TORC_NAME_ADDRESSES_MAX)
        return false;
    for (i = 0; i < record->count; i++) {
        if (record->addresses[i].family != TORC_ADDRESS_IPV4 &&
            record->addresses[i].family != TORC_ADDRESS_IPV6)
            return false;
    }
    return true;
}

/* NULL: no memory. */
static struct torci_name *make_name(struct torc_world *world, const char *name,
                                    const struct torc_name_record *records, size_t count)
{
    size_t name_bytes = strlen(name) + 1;
    struct torci_name *made = torci_world_resize(world, NULL, 0, sizeof *made + name_bytes);

    if (made == NULL)
        return NULL;
    memset(made, 0, sizeof *made);
    made->turn_count = count;
    made->turns = torci_world_resize(world, NULL, 0, count * sizeof *made->turns);
    if (made->turns == NULL) {
        torci_world_resize(world, made, sizeof *made + name_bytes, 0);
        return NULL;
    }
    made->name_bytes = name_bytes;
    memcpy(made->name, name, name_bytes);
    for (size_t i = 0; i < count; i++) {
        made->turns[i].answer = records[i].answer;
        made->turns[i].delay_ns = records[i].delay_ns;
        made->turns[i].count = records[i].count;
        if (records[i].count > 0)
            memcpy(made->turns[i].addresses, records[i].addresses, records[i].count * sizeof *records[i].addresses);
    }
    return made;
}

int torc_world_set_name_turns(struct torc_world *world, const char *name,
                              const struct torc_name_record *records, size_t count, uint64_t period_ns)
{
    struct torci_name **at = find_name(world, name);
    struct torci_name *made;

    if (name[0] == '\0' || count == 0 || count > TORC_NAME_TURNS_MAX)
        return TORC_EINVAL;
    for (size_t i = 0; i < count; i++)
        if (!is_sound(&records[i]))
            return TORC_EINVAL;
    made = make_name(world, name, records, count);
    if (made == NULL)
        return TORC_ENOMEM;
    made->period_ns = period_ns;
    made->since_ns = world->now_ns;
    if (*at != NULL) {
        made->next = (*at)->next;
        free_name(world, *at);
    }
    *at = made;
    return 0;
}

int torc_world_set_name(struct torc_world *world, const char *name,
                        const struct torc_name_record *record)
{
    return torc_world_set_name_turns(world, name, record, 1, 0);
}

/* Whose turn it is, for a lookup that begins now; NULL: the name is not declared. */
static const struct torci_name_turn *take_turn(struct torc_world *world, const char *text)
{
    struct torci_name *name = *find_name(world, text);
    uint64_t number;

    if (name == NULL)
        return NULL;
    number = name->period_ns > 0 ? (world->now_ns - name->since_ns) / name->period_ns : name->lookups++;
    return &name->turns[number % name->turn_count];
}

/* --- answers -------------------------------------------------------------------------------- */

/* Addresses as an answer has them: no port. */
static void add(struct torci_name_lookup *lookup, enum torc_address_family family,
                struct torc_address address)
{
    if (family != TORC_ADDRESS_NONE && address.family != family)
        return;
    address.port = 0;
    lookup->addresses[lookup->count++] = address;
}

/* What a host's name, or localhost, stands for, in the order of RFC 6724: ::1 comes before 127.0.0.1, and
 * 10.0.0.0/8 before fd00::/8. */
static void add_host(struct torci_name_lookup *lookup, struct torc_world *world, const char *name,
                     enum torc_address_family family)
{
    static const struct torc_address loopback6 = {.family = TORC_ADDRESS_IPV6, .ip = {[15] = 1}};
    struct torc_host *host = torc_world_find_host(world, name);

    if (host != NULL) {
        add(lookup, family, torc_host_address(host, 0));
        add(lookup, family, torc_host_address6(host, 0));
    } else if (same_name(name, "localhost")) {
        add(lookup, family, loopback6);
        add(lookup, family, torc_address_ipv4(127, 0, 0, 1, 0));
    }
}

/* resolve.fail. */
static uint64_t ask_fate(struct torc_host *host, const struct torci_name_lookup *lookup, const char *name)
{
    uint64_t possible = TORCI_OPTION(TORCI_RESOLVE_NXDOMAIN) | TORCI_OPTION(TORCI_RESOLVE_SERVFAIL) |
                        TORCI_OPTION(TORCI_RESOLVE_TIMEOUT) | TORCI_OPTION(TORCI_RESOLVE_SLOW);

    if (lookup->count > 1)
        possible |= TORCI_OPTION(TORCI_RESOLVE_FLIP);
    return torci_operation_about(host, "resolve.fail", possible, name);
}

static void flip(struct torci_name_lookup *lookup)
{
    for (size_t i = 0; i < lookup->count / 2; i++) {
        struct torc_address other = lookup->addresses[lookup->count - 1 - i];

        lookup->addresses[lookup->count - 1 - i] = lookup->addresses[i];
        lookup->addresses[i] = other;
    }
}

static void fail_lookup(struct torci_name_lookup *lookup, int code)
{
    lookup->count = 0;
    lookup->result = code;
}

static void answer(struct torci_name_lookup *lookup, struct torc_world *world, const char *name,
                   const struct torci_name_turn *declared, enum torc_address_family family)
{
    size_t i;

    if (declared == NULL) {
        add_host(lookup, world, name, family);
    } else if (declared->answer == TORC_NAME_FAILURE) {
        lookup->result = TORC_EIO;
        return;
    } else {
        for (i = 0; i < declared->count; i++)
            add(lookup, family, declared->addresses[i]);
    }
    lookup->result = lookup->count > 0 ? 0 : TORC_ENOTFOUND;
}

/* --- lookups -------------------------------------------------------------------------------- */

static void release(struct torci_name_lookup *lookup)
{
    if (--lookup->references == 0)
        torci_world_resize(lookup->world, lookup, sizeof *lookup + lookup->name_bytes, 0);
}

/* "10.0.0.1,fd00::1" */
static void trace_addresses(const struct torci_name_lookup *lookup)
{
    char text[TORC_NAME_ADDRESSES_MAX * TORC_ADDRESS_TEXT_MAX];
    size_t used = 0;
    size_t i;

    for (i = 0; i < lookup->count; i++) {
        char one[TORC_ADDRESS_TEXT_MAX]; /* "tcp:10.0.0.1:0", "tcp:[fd00::1]:0" */
        size_t bytes = torc_address_format(&lookup->addresses[i], one, sizeof one);
        size_t around = lookup->addresses[i].family == TORC_ADDRESS_IPV6;

        if (i > 0)
            text[used++] = ',';
        bytes -= 4 + 2 + 2 * around;
        memcpy(text + used, one + 4 + around, bytes);
        used += bytes;
    }
    text[used] = '\0';
    torc_trace_text(lookup->world->trace, "addresses", text);
}

static void trace_begin(struct torc_host *host, const char *name, enum torc_address_family family)
{
    static const char *const families[] = {"any", "ipv4", "ipv6"};
    struct torc_trace *trace = host->world->trace;

    torci_host_trace(host, TORC_TRACE_resolve);
    torc_trace_text(trace, "what", "begin");
    torc_trace_text(trace, "name", name);
    torc_trace_text(trace, "family", families[family]);
    torc_trace_end(trace);
}

/* The answer has come. */
static void answered(struct torc_world *world, void *subject)
{
    struct torci_name_lookup *lookup = subject;

    torci_event_heap_pop(&world->events);
    if (lookup->handle.host != NULL) {
        world->cause = lookup->cause;
        torci_host_trace(lookup->handle.host, TORC_TRACE_resolve);
        torc_trace_text(world->trace, "what", "end");
        torc_trace_text(world->trace, "name", lookup->name);
        torc_trace_integer(world->trace, "result", lookup->result);
        trace_addresses(lookup);
        torc_trace_end(world->trace);
        lookup->handle.ready = TORC_EVENT_NAMES;
        torci_handle_update(&lookup->handle);
    }
    release(lookup);
}

static void forget(struct torc_world *world, void *subject)
{
    (void)world;
    release(subject);
}

static const struct torci_event_kind answer_comes = {answered, forget};

int torci_names_resolve(struct torc_host *host, const char *name, enum torc_address_family family,
                        uint64_t token, uint64_t *out_handle)
{
    struct torc_world *world = host->world;
    const struct torci_name_turn *declared;
    size_t name_bytes = strlen(name) + 1;
    struct torci_name_lookup *lookup =
        torci_world_resize(world, NULL, 0, sizeof *lookup + name_bytes);
    uint64_t delay_ns;
    uint64_t fate;
    int code;

    if (lookup == NULL)
        return TORC_ENOMEM;
    memset(lookup, 0, sizeof *lookup);
    lookup->world = world;
    lookup->references = 1;
    lookup->name_bytes = name_bytes;
    memcpy(lookup->name, name, name_bytes);
    lookup->handle.kind = TORCI_HANDLE_LOOKUP;
    code = torci_handle_open(host, &lookup->handle, out_handle);
    if (code != 0) {
        release(lookup);
        return code;
    }
    lookup->handle.token = token;
    trace_begin(host, name, family);
    lookup->cause = torc_trace_count(world->trace);
    declared = take_turn(world, name);
    delay_ns = declared != NULL ? declared->delay_ns : 0;
    answer(lookup, world, name, declared, family);
    fate = ask_fate(host, lookup, name);
    if ((declared != NULL && declared->answer == TORC_NAME_SILENT) || fate == TORCI_RESOLVE_TIMEOUT)
        return 0;
    if (fate == TORCI_RESOLVE_SLOW)
        delay_ns += SLOW_NS;
    if (fate == TORCI_RESOLVE_FLIP)
        flip(lookup);
    if (fate == TORCI_RESOLVE_NXDOMAIN || fate == TORCI_RESOLVE_SERVFAIL)
        fail_lookup(lookup, fate == TORCI_RESOLVE_NXDOMAIN ? TORC_ENOTFOUND : TORC_EIO);
    lookup->references++;
    torci_world_schedule(world, world->now_ns + delay_ns, TORCI_EVENT_NETWORK, host, &answer_comes, lookup);
    return 0;
}

size_t torci_names_resolved(const struct torci_name_lookup *lookup, struct torc_address *out,
                            size_t capacity)
{
    size_t kept = lookup->count < capacity ? lookup->count : capacity;

    if (kept > 0)
        memcpy(out, lookup->addresses, kept * sizeof *out);
    return lookup->count;
}

void torci_names_end(struct torci_name_lookup *lookup)
{
    torci_handle_close(&lookup->handle);
    release(lookup);
}

void torci_host_end_lookups(struct torc_host *host)
{
    uint32_t i;

    for (i = 0; i < host->slot_count; i++) {
        struct torci_handle *handle = host->slots[i].handle;

        if (handle != NULL && handle->kind == TORCI_HANDLE_LOOKUP)
            torci_names_end((struct torci_name_lookup *)(void *)handle);
    }
}
