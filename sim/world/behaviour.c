/* behaviour.c - hashes of edges in a table with open addressing, and the place of each event in a list. */
#include "behaviour.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { SLOTS_FIRST = 256, PLACES_FIRST = 1024 };

struct torci_behaviours {
    uint64_t *slots; /* 0: free */
    size_t room;     /* a power of two */
    size_t count;
    uint32_t *places; /* of each event: host and kind */
    size_t event_room;
    size_t events;
    unsigned fields; /* of the present event, that are still to be hashed: bit 0 is the next one */
    uint64_t edge;   /* of the present event */
    uint32_t place;
};

/* Which fields of a kind count, bit 0 the first: names of what happened and codes; no connection, address, time, amount
 * or payload, of which there are as many as there are runs. */
static const uint8_t counted[TORC_TRACE_KIND_COUNT] = {
    [TORC_TRACE_connect] = 4,   /* result */
    [TORC_TRACE_close] = 2,     /* how */
    [TORC_TRACE_choose] = 1,    /* site */
    [TORC_TRACE_fault] = 1 | 4 | 16, /* of, kind, code */
    [TORC_TRACE_job] = 1 | 4,   /* what, result */
    [TORC_TRACE_signal] = 1,    /* number */
    [TORC_TRACE_property] = 3,  /* line, held */
    [TORC_TRACE_mark] = 3,      /* name, held */
    [TORC_TRACE_log] = 7,       /* level, from, code */
    [TORC_TRACE_db] = 64 | 128, /* code, lost */
    [TORC_TRACE_file] = 1 | 16, /* what, code */
    [TORC_TRACE_call] = 1 | 4,  /* what, name */
    [TORC_TRACE_decide] = 1 | 4, /* site, value */
    [TORC_TRACE_lost] = 1,      /* why */
    [TORC_TRACE_resolve] = 1 | 4, /* what, family or result */
    [TORC_TRACE_drop] = 3,      /* why, what */
    [TORC_TRACE_net] = 1,       /* what */
};

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 32;
}

struct torci_behaviours *torci_behaviours_new(void)
{
    struct torci_behaviours *behaviours = calloc(1, sizeof *behaviours);

    if (behaviours == NULL)
        return NULL;
    behaviours->slots = calloc(SLOTS_FIRST, sizeof *behaviours->slots);
    behaviours->room = SLOTS_FIRST;
    if (behaviours->slots != NULL)
        return behaviours;
    free(behaviours);
    return NULL;
}

void torci_behaviours_free(struct torci_behaviours *behaviours)
{
    if (behaviours == NULL)
        return;
    free(behaviours->slots);
    free(behaviours->places);
    free(behaviours);
}

void torci_behaviours_begin(struct torci_behaviours *behaviours, enum torc_trace_kind kind, const char *host,
                            size_t host_bytes, uint64_t cause)
{
    uint64_t place = mix(XXH3_64bits(host, host_bytes), (uint64_t)kind);
    uint64_t from = cause > 0 && cause <= behaviours->events ? behaviours->places[cause - 1] : 0;

    behaviours->place = (uint32_t)(place >> 32);
    behaviours->edge = mix(place, from);
    behaviours->fields = counted[kind];
}

static bool is_counted(struct torci_behaviours *behaviours)
{
    unsigned fields = behaviours->fields;

    behaviours->fields = fields >> 1;
    return (fields & 1) != 0;
}

void torci_behaviours_integer(struct torci_behaviours *behaviours, int64_t value)
{
    if (is_counted(behaviours))
        behaviours->edge = mix(behaviours->edge, (uint64_t)value);
}

void torci_behaviours_text(struct torci_behaviours *behaviours, const char *value, size_t bytes)
{
    if (is_counted(behaviours))
        behaviours->edge = mix(behaviours->edge, XXH3_64bits(value, bytes));
}

void torci_behaviours_pass(struct torci_behaviours *behaviours)
{
    (void)is_counted(behaviours);
}

static bool put(uint64_t *slots, size_t room, uint64_t edge)
{
    size_t at = (size_t)edge & (room - 1);

    while (slots[at] != 0 && slots[at] != edge)
        at = (at + 1) & (room - 1);
    if (slots[at] == edge)
        return false;
    slots[at] = edge;
    return true;
}

static int grow_slots(struct torci_behaviours *behaviours)
{
    size_t room = 2 * behaviours->room;
    uint64_t *slots = calloc(room, sizeof *slots);

    if (slots == NULL)
        return TORC_ENOMEM;
    for (size_t i = 0; i < behaviours->room; i++)
        if (behaviours->slots[i] != 0)
            (void)put(slots, room, behaviours->slots[i]);
    free(behaviours->slots);
    behaviours->slots = slots;
    behaviours->room = room;
    return 0;
}

static int grow_places(struct torci_behaviours *behaviours)
{
    size_t room = behaviours->event_room == 0 ? PLACES_FIRST : 2 * behaviours->event_room;
    uint32_t *places = realloc(behaviours->places, room * sizeof *places);

    if (places == NULL)
        return TORC_ENOMEM;
    behaviours->places = places;
    behaviours->event_room = room;
    return 0;
}

int torci_behaviours_end(struct torci_behaviours *behaviours)
{
    uint64_t edge = behaviours->edge != 0 ? behaviours->edge : 1;

    if (behaviours->events == behaviours->event_room && grow_places(behaviours) != 0)
        return TORC_ENOMEM;
    if (2 * behaviours->count >= behaviours->room && grow_slots(behaviours) != 0)
        return TORC_ENOMEM;
    behaviours->places[behaviours->events++] = behaviours->place;
    behaviours->count += put(behaviours->slots, behaviours->room, edge);
    return 0;
}

void torci_behaviours_visit(const struct torci_behaviours *behaviours, torc_visit_number_fn *visit, void *arg)
{
    for (size_t i = 0; i < behaviours->room; i++)
        if (behaviours->slots[i] != 0)
            visit(arg, behaviours->slots[i]);
}
