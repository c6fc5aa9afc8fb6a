/* reactor_trigger.c - system events: who is called before, during and after them. */
#include <string.h>

#include "deferred_state.h"
#include "reactor_state.h"

#define SLOTS_AT_FIRST 8u

/* --- events ----------------------------------------------------------------------------------- */

static struct torci_event *find_event(const struct torc_reactor *reactor, const char *name)
{
    struct torci_event *event = reactor->triggers.events;
    while (event && strcmp(event->name, name) != 0)
        event = event->next;
    return event;
}

static int find_or_make_event(struct torc_reactor *reactor, const char *name,
                              struct torci_event **out)
{
    static const struct torci_trigger_list empty = {TORCI_NO_TRIGGER, TORCI_NO_TRIGGER};
    struct torci_event *event = find_event(reactor, name);
    if (!event) {
        size_t bytes = sizeof *event + strlen(name) + 1;
        event = torc_alloc(reactor->scope, bytes);
        if (!event)
            return TORC_ENOMEM;
        event->next = NULL;
        for (int phase = TORC_BEFORE; phase <= TORC_AFTER; phase++)
            event->phases[phase] = empty;
        event->awaited = empty;
        event->stage = TORCI_EVENT_QUIET;
        event->bytes = bytes;
        memcpy(event->name, name, bytes - sizeof *event);
        struct torci_event **end = &reactor->triggers.events;
        while (*end)
            end = &(*end)->next;
        *end = event;
    }
    *out = event;
    return 0;
}

/* --- slots ------------------------------------------------------------------------------------ */

static int take_slot(struct torc_reactor *reactor, uint32_t *out)
{
    struct torci_triggers *triggers = &reactor->triggers;
    if (triggers->free_head == TORCI_NO_TRIGGER && triggers->count == triggers->capacity) {
        uint32_t capacity = triggers->capacity ? triggers->capacity * 2 : SLOTS_AT_FIRST;
        void *slots = torc_resize(reactor->scope, triggers->slots,
                                  triggers->capacity * sizeof *triggers->slots,
                                  capacity * sizeof *triggers->slots);
        if (!slots)
            return TORC_ENOMEM;
        triggers->slots = slots;
        triggers->capacity = capacity;
    } else {
        int error = torci_scope_admit(reactor->scope, sizeof *triggers->slots);
        if (error)
            return error;
    }
    uint32_t index = triggers->free_head;
    if (index == TORCI_NO_TRIGGER) {
        index = triggers->count++;
        triggers->slots[index].generation = 1;
    } else {
        triggers->free_head = triggers->slots[index].next;
    }
    *out = index;
    return 0;
}

static void give_slot(struct torci_triggers *triggers, uint32_t index)
{
    triggers->slots[index].event = NULL;
    triggers->slots[index].next = triggers->free_head;
    triggers->free_head = index;
}

static void append(struct torci_triggers *triggers, struct torci_trigger_list *list, uint32_t index)
{
    triggers->slots[index].previous = list->last;
    triggers->slots[index].next = TORCI_NO_TRIGGER;
    if (list->last == TORCI_NO_TRIGGER)
        list->first = index;
    else
        triggers->slots[list->last].next = index;
    list->last = index;
}

static void unlink(struct torci_triggers *triggers, struct torci_trigger_list *list, uint32_t index)
{
    const struct torci_trigger *slot = &triggers->slots[index];
    if (slot->previous == TORCI_NO_TRIGGER)
        list->first = slot->next;
    else
        triggers->slots[slot->previous].next = slot->next;
    if (slot->next == TORCI_NO_TRIGGER)
        list->last = slot->previous;
    else
        triggers->slots[slot->next].previous = slot->previous;
}

/* Takes a trigger out of its phase: its handle is stale from here on. */
static struct torci_trigger withdraw(struct torci_triggers *triggers, uint32_t index)
{
    struct torci_trigger *slot = &triggers->slots[index];
    unlink(triggers, &slot->event->phases[slot->phase], index);
    if (++slot->generation == 0)
        slot->generation = 1;
    return *slot;
}

static void withdraw_and_drop(struct torci_triggers *triggers, uint32_t index)
{
    struct torci_trigger taken = withdraw(triggers, index);
    give_slot(triggers, index);
    if (taken.drop_arg)
        taken.drop_arg(taken.arg);
}

/* --- adding and removing ---------------------------------------------------------------------- */

/* Whether a trigger added now could never run. */
static bool is_over(const struct torc_reactor *reactor, const struct torci_event *event,
                    enum torc_phase phase)
{
    if (reactor->stage < TORCI_REACTOR_STOPPED)
        return false;
    if (reactor->stage == TORCI_REACTOR_FREED || event == reactor->triggers.startup)
        return true;
    return event == reactor->triggers.shutdown &&
           (event->stage == TORCI_EVENT_QUIET || (int)phase + TORCI_EVENT_BEFORE < (int)event->stage);
}

static int add(struct torc_reactor *reactor, struct torci_event *event, enum torc_phase phase,
               const struct torci_trigger *trigger, struct torc_trigger *out)
{
    uint32_t index;
    if (is_over(reactor, event, phase))
        return TORC_ECLOSED;
    int error = take_slot(reactor, &index);
    if (error)
        return error;
    struct torci_trigger *slot = &reactor->triggers.slots[index];
    uint32_t generation = slot->generation;
    *slot = *trigger;
    slot->generation = generation;
    slot->event = event;
    slot->phase = (uint8_t)phase;
    append(&reactor->triggers, &event->phases[phase], index);
    if (out)
        *out = (struct torc_trigger){index, generation};
    return 0;
}

int torc_reactor_add_trigger(struct torc_reactor *reactor, enum torc_phase phase,
                             const char *event_name, torc_trigger_fn *trigger, void *arg,
                             torc_drop_fn *drop_arg, struct torc_trigger *out)
{
    struct torci_trigger added = {.trigger = trigger, .arg = arg, .drop_arg = drop_arg};
    struct torci_event *event;
    torci_reactor_check(reactor, TORC_HERE);
    if ((int)phase < TORC_BEFORE || (int)phase > TORC_AFTER)
        return TORC_EINVAL;
    int error = find_or_make_event(reactor, event_name, &event);
    if (error)
        return error;
    return add(reactor, event, phase, &added, out);
}

int torc_reactor_remove_trigger(struct torc_reactor *reactor, struct torc_trigger trigger)
{
    struct torci_triggers *triggers = &reactor->triggers;
    torci_reactor_check(reactor, TORC_HERE);
    if (trigger.index >= triggers->count || !triggers->slots[trigger.index].event ||
        triggers->slots[trigger.index].generation != trigger.generation)
        return TORC_ESTALE;
    withdraw_and_drop(triggers, trigger.index);
    return 0;
}

int torc_call_when_running(struct torc_reactor *reactor, torc_call_fn *call, void *arg,
                           torc_drop_fn *drop_arg)
{
    struct torci_trigger added = {.call = call, .arg = arg, .drop_arg = drop_arg};
    torci_reactor_check(reactor, TORC_HERE);
    if (reactor->stage != TORCI_REACTOR_RUNNING)
        return add(reactor, reactor->triggers.startup, TORC_AFTER, &added, NULL);
    bool in_callbacks = reactor->in_callbacks;
    reactor->in_callbacks = true;
    torci_reactor_report(reactor, "while running a call that waited for the reactor", call(arg));
    if (drop_arg)
        drop_arg(arg);
    reactor->in_callbacks = in_callbacks;
    return 0;
}

/* --- firing ----------------------------------------------------------------------------------- */

/* Runs a trigger, with `taken` a copy of its slot, which is still its own. */
static struct torc_result call_trigger(struct torc_reactor *reactor,
                                       const struct torci_trigger *taken)
{
    struct torc_result result = torc_value(NULL);
    if (taken->trigger)
        result = taken->trigger(taken->arg);
    else
        torci_reactor_report(reactor, "while running a call that waited for the reactor",
                             taken->call(taken->arg));
    if (taken->drop_arg)
        taken->drop_arg(taken->arg);
    return result;
}

static void end_result(struct torc_reactor *reactor, struct torc_result result)
{
    if (result.kind == TORC_RESULT_FAILURE)
        torci_reactor_report(reactor, "while running a trigger", result.as.failure);
    else
        torc_result_drop(result);
}

static void run_first(struct torc_reactor *reactor, struct torci_event *event,
                      enum torc_phase phase)
{
    struct torci_triggers *triggers = &reactor->triggers;
    uint32_t index = event->phases[phase].first;
    struct torci_trigger taken = withdraw(triggers, index);
    struct torc_result result = call_trigger(reactor, &taken);
    if (result.kind == TORC_RESULT_DEFERRED && phase == TORC_BEFORE &&
        event->stage == TORCI_EVENT_BEFORE) {
        triggers->slots[index].deferred = result.as.deferred;
        append(triggers, &event->awaited, index);
    } else {
        give_slot(triggers, index);
        end_result(reactor, result);
    }
}

static uint32_t find_at_rest(const struct torci_triggers *triggers, const struct torci_event *event)
{
    uint32_t index = event->awaited.first;
    while (index != TORCI_NO_TRIGGER && !torci_deferred_at_rest(triggers->slots[index].deferred))
        index = triggers->slots[index].next;
    return index;
}

static struct torc_deferred *withdraw_awaited(struct torci_triggers *triggers,
                                              struct torci_event *event, uint32_t index)
{
    struct torc_deferred *deferred = triggers->slots[index].deferred;
    unlink(triggers, &event->awaited, index);
    give_slot(triggers, index);
    return deferred;
}

bool torci_event_before(struct torc_reactor *reactor, struct torci_event *event)
{
    struct torci_triggers *triggers = &reactor->triggers;
    event->stage = TORCI_EVENT_BEFORE;
    while (event->stage == TORCI_EVENT_BEFORE &&
           event->phases[TORC_BEFORE].first != TORCI_NO_TRIGGER)
        run_first(reactor, event, TORC_BEFORE);
    for (uint32_t index; (index = find_at_rest(triggers, event)) != TORCI_NO_TRIGGER;) {
        struct torc_deferred *deferred = withdraw_awaited(triggers, event, index);
        struct torc_result result;
        if (torc_deferred_take(deferred, &result) == 0)
            end_result(reactor, result);
        torc_deferred_drop(deferred);
    }
    return event->stage == TORCI_EVENT_BEFORE && event->awaited.first == TORCI_NO_TRIGGER &&
           event->phases[TORC_BEFORE].first == TORCI_NO_TRIGGER;
}

bool torci_event_ready(const struct torc_reactor *reactor, const struct torci_event *event)
{
    return event->stage == TORCI_EVENT_BEFORE &&
           (event->phases[TORC_BEFORE].first != TORCI_NO_TRIGGER ||
            find_at_rest(&reactor->triggers, event) != TORCI_NO_TRIGGER);
}

bool torci_event_held(const struct torci_event *event)
{
    return event->awaited.first != TORCI_NO_TRIGGER;
}

static void run_phase(struct torc_reactor *reactor, struct torci_event *event,
                      enum torc_phase phase)
{
    while (event->phases[phase].first != TORCI_NO_TRIGGER)
        run_first(reactor, event, phase);
}

void torci_event_rest(struct torc_reactor *reactor, struct torci_event *event)
{
    event->stage = TORCI_EVENT_DURING;
    run_phase(reactor, event, TORC_DURING);
    event->stage = TORCI_EVENT_AFTER;
    run_phase(reactor, event, TORC_AFTER);
    event->stage = TORCI_EVENT_QUIET;
}

void torci_event_give_up(struct torc_reactor *reactor, struct torci_event *event, bool complain)
{
    struct torci_triggers *triggers = &reactor->triggers;
    event->stage = TORCI_EVENT_QUIET;
    for (uint32_t index; (index = event->awaited.first) != TORCI_NO_TRIGGER;) {
        struct torc_deferred *deferred = withdraw_awaited(triggers, event, index);
        if (complain)
            torc_log_at(deferred->own.site, reactor->scope, TORC_LOG_WARN, "torc.reactor",
                        "the %s goes on without the deferred made at %s", event->name,
                        deferred->own.site);
        torc_deferred_drop(deferred);
    }
}

void torci_event_drop(struct torc_reactor *reactor, struct torci_event *event)
{
    for (int phase = TORC_BEFORE; phase <= TORC_AFTER; phase++) {
        for (uint32_t index; (index = event->phases[phase].first) != TORCI_NO_TRIGGER;)
            withdraw_and_drop(&reactor->triggers, index);
    }
}

int torc_reactor_fire_event(struct torc_reactor *reactor, const char *name)
{
    torci_reactor_check(reactor, TORC_HERE);
    struct torci_event *event = find_event(reactor, name);
    if (!event)
        return 0;
    if (event == reactor->triggers.startup || event == reactor->triggers.shutdown)
        return TORC_EINVAL;
    if (event->stage != TORCI_EVENT_QUIET)
        return TORC_EBUSY;
    bool in_callbacks = reactor->in_callbacks;
    reactor->in_callbacks = true;
    if (torci_event_before(reactor, event))
        torci_event_rest(reactor, event);
    reactor->in_callbacks = in_callbacks;
    return 0;
}

/* --- making and freeing ----------------------------------------------------------------------- */

int torci_triggers_init(struct torc_reactor *reactor)
{
    reactor->triggers.free_head = TORCI_NO_TRIGGER;
    int error = find_or_make_event(reactor, "startup", &reactor->triggers.startup);
    if (error)
        return error;
    return find_or_make_event(reactor, "shutdown", &reactor->triggers.shutdown);
}

void torci_triggers_drop(struct torc_reactor *reactor)
{
    for (struct torci_event *event = reactor->triggers.events; event; event = event->next) {
        torci_event_give_up(reactor, event, false);
        torci_event_drop(reactor, event);
    }
}

void torci_triggers_free(struct torc_reactor *reactor)
{
    struct torci_triggers *triggers = &reactor->triggers;
    for (struct torci_event *event; (event = triggers->events) != NULL;) {
        triggers->events = event->next;
        torc_release(reactor->scope, event, event->bytes);
    }
    torc_release(reactor->scope, triggers->slots, triggers->capacity * sizeof *triggers->slots);
}
