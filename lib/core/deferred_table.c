#include "deferred_state.h"

/* What stays readable of a free slot: the numbers a handle is checked against. */
enum { NUMBERS_BYTES = offsetof(struct torc_deferred, flags) };

static void poison(struct torc_deferred *slot)
{
    TORCI_POISON((char *)slot + NUMBERS_BYTES, sizeof *slot - NUMBERS_BYTES);
}

static void unpoison(struct torc_deferred *slot)
{
    TORCI_UNPOISON((char *)slot + NUMBERS_BYTES, sizeof *slot - NUMBERS_BYTES);
}

static int grow_chunk_list(struct torc_scope *scope)
{
    struct torci_deferred_table *table = &scope->deferreds;
    uint32_t capacity = table->chunk_capacity > 0 ? table->chunk_capacity * 2 : 4;
    struct torc_deferred **chunks;

    if (table->chunk_count >= UINT32_MAX >> TORCI_SLOTS_IN_CHUNK_LOG2)
        return TORC_ENOMEM; /* no error path: every index would have to be in use, which is more than memory holds */
    chunks = torc_resize(scope, table->chunks, table->chunk_capacity * sizeof *chunks,
                         capacity * sizeof *chunks);
    if (!chunks)
        return TORC_ENOMEM;
    table->chunks = chunks;
    table->chunk_capacity = capacity;
    return 0;
}

static int add_chunk(struct torc_scope *scope)
{
    struct torci_deferred_table *table = &scope->deferreds;
    uint32_t first = table->chunk_count << TORCI_SLOTS_IN_CHUNK_LOG2;
    struct torc_deferred *chunk;

    if (table->chunk_count == table->chunk_capacity && grow_chunk_list(scope) != 0)
        return TORC_ENOMEM;
    chunk = torc_alloc(scope, sizeof *chunk * TORCI_SLOTS_IN_CHUNK);
    if (!chunk)
        return TORC_ENOMEM;
    for (uint32_t i = 0; i < TORCI_SLOTS_IN_CHUNK; i++) {
        chunk[i].generation = 1; /* a zeroed handle is stale */
        chunk[i].index = first + i;
        chunk[i].flags = 0;
        poison(&chunk[i]);
    }
    table->chunks[table->chunk_count] = chunk;
    table->chunk_count++;
    table->untouched = TORCI_SLOTS_IN_CHUNK;
    return 0;
}

static void put_free(struct torci_deferred_table *table, struct torc_deferred *slot)
{
    slot->next = table->free;
    table->free = slot;
    poison(slot);
}

/* A slot there is no memory for, of those set aside.  It goes to where free ones are taken from. */
static bool take_reserve(struct torci_deferred_table *table)
{
    struct torc_deferred *slot = table->reserve;

    if (!table->reserve_open || !slot)
        return false;
    table->reserve = slot->next;
    put_free(table, slot);
    return true;
}

/* Makes sure that there is a slot to take. */
static bool make_room(struct torc_scope *scope)
{
    const struct torci_deferred_table *table = &scope->deferreds;

    if (!table->free && table->untouched == 0)
        return add_chunk(scope) == 0;
    return torci_scope_admit(scope, sizeof(struct torc_deferred)) == 0;
}

struct torc_deferred *torci_deferred_take_slot(struct torc_scope *scope)
{
    struct torci_deferred_table *table = &scope->deferreds;
    struct torc_deferred *slot;

    if (!make_room(scope) && !take_reserve(table))
        return NULL;
    slot = table->free;
    if (slot) {
        unpoison(slot);
        table->free = slot->next;
    } else {
        slot = table->chunks[table->chunk_count - 1] + (TORCI_SLOTS_IN_CHUNK - table->untouched);
        table->untouched--;
        unpoison(slot);
    }
    slot->flags = TORCI_ALIVE;
    slot->own.scope = scope;
    slot->own.references = 0;
    scope->counts.deferreds++;
    return slot;
}

static void free_slot(struct torc_deferred *slot)
{
    struct torci_deferred_table *table = &slot->own.scope->deferreds;
    /* A slot whose generations are used up is never taken again, or a very old handle would fit. */
    if (slot->generation != 0)
        put_free(table, slot);
}

int torc_scope_reserve_deferred(struct torc_scope *scope)
{
    struct torc_deferred *slot = torci_deferred_take_slot(scope);

    if (!slot)
        return TORC_ENOMEM;
    slot->flags = 0;
    scope->counts.deferreds--;
    slot->next = scope->deferreds.reserve;
    scope->deferreds.reserve = slot;
    return 0;
}

void torc_scope_release_reserve(struct torc_scope *scope)
{
    struct torc_deferred *slot = scope->deferreds.reserve;

    if (!slot)
        return;
    scope->deferreds.reserve = slot->next;
    put_free(&scope->deferreds, slot);
}

void torc_scope_open_reserve(struct torc_scope *scope, bool open)
{
    scope->deferreds.reserve_open = open;
}

void torci_deferred_end(struct torc_deferred *deferred)
{
    deferred->generation++;
    deferred->flags = 0;
    deferred->own.scope->counts.deferreds--;
    if (deferred->own.references == 0)
        free_slot(deferred);
}

void torci_deferred_own_failure_ended(struct torc_failure *own)
{
    struct torc_deferred *deferred =
        (struct torc_deferred *)((char *)own - offsetof(struct torc_deferred, own));
    if (!(deferred->flags & (TORCI_ALIVE | TORCI_DOOMED)))
        free_slot(deferred);
}

void torci_scope_open_deferreds(struct torc_scope *scope)
{
    struct torci_link *list = &scope->deferreds.unfired;
    list->previous = list->next = list;
    torci_pool_init(&scope->pair_blocks, scope, sizeof(struct torci_pair_block), 16);
    torci_pool_init(&scope->timeouts, scope, sizeof(struct torci_timeout), 32);
}

/* Makes every deferred's source stale and lists them in the order of their slots. */
static struct torc_deferred *doom_all(struct torc_scope *scope)
{
    struct torci_deferred_table *table = &scope->deferreds;
    struct torc_deferred *doomed = NULL;
    for (uint32_t i = table->chunk_count; i-- > 0;) {
        TORCI_UNPOISON(table->chunks[i], sizeof *doomed * TORCI_SLOTS_IN_CHUNK);
        for (uint32_t k = TORCI_SLOTS_IN_CHUNK; k-- > 0;) {
            struct torc_deferred *slot = table->chunks[i] + k;
            if (!(slot->flags & TORCI_ALIVE))
                continue;
            slot->generation++;
            slot->flags = (slot->flags & ~(uint32_t)TORCI_ALIVE) | TORCI_DOOMED;
            slot->next = doomed;
            doomed = slot;
        }
    }
    table->unfired.previous = table->unfired.next = &table->unfired;
    scope->counts.deferreds = scope->counts.deferreds_unfired = 0;
    return doomed;
}

/* Lets go of deferreds of other scopes, which live on: whoever waits for this one is told, and the
 * one this waits for has lost its sink. */
static void part_from_other_scopes(struct torc_deferred *deferred)
{
    struct torc_scope *scope = torci_deferred_scope(deferred);
    struct torc_deferred *waiter = deferred->waiter, *awaiting = deferred->awaiting;

    if (waiter && torci_deferred_scope(waiter) != scope) {
        deferred->waiter = NULL;
        waiter->awaiting = NULL;
        waiter->result = torc_fail(torc_failure_static(&torc_failure_deferred_error));
        torci_deferred_run(waiter);
    }
    if (awaiting && torci_deferred_scope(awaiting) != scope) {
        deferred->awaiting = NULL;
        awaiting->waiter = NULL;
        torc_deferred_drop(awaiting);
    }
}

/* The functions called here are the user's; what they do to doomed deferreds has no effect. */
static void empty(struct torc_deferred *deferred)
{
    const struct torci_pair *oldest;
    struct torc_result result;

    part_from_other_scopes(deferred);
    while ((oldest = torci_deferred_oldest(deferred)) != NULL) {
        struct torci_pair pair = *oldest;
        torci_deferred_remove_oldest(deferred);
        if (pair.callback != torci_chain_pair && pair.end.drop_arg)
            pair.end.drop_arg(pair.arg);
    }
    result = deferred->result;
    deferred->result = torc_value(NULL);
    torci_result_abandon(torci_deferred_scope(deferred), deferred->own.site, result);
}

void torci_scope_end_deferreds(struct torc_scope *scope)
{
    scope->closing = true;
    for (struct torc_deferred *at = doom_all(scope); at; at = at->next)
        empty(at);
}

void torci_scope_close_deferreds(struct torc_scope *scope)
{
    const size_t chunk_bytes = sizeof(struct torc_deferred) * TORCI_SLOTS_IN_CHUNK;
    struct torci_deferred_table *table = &scope->deferreds;

    torci_scope_end_deferreds(scope);
    for (uint32_t i = 0; i < table->chunk_count; i++) {
        TORCI_UNPOISON(table->chunks[i], chunk_bytes);
        torc_release(scope, table->chunks[i], chunk_bytes);
    }
    torc_release(scope, table->chunks, table->chunk_capacity * sizeof *table->chunks);
    torci_pool_clear(&scope->pair_blocks);
    torci_pool_clear(&scope->timeouts);
}
