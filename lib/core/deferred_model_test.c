/* Deferreds against a model of them.
 *
 * The model is the plain, recursive reading of torc/deferred.h, on numbers.  A round makes random
 * operations from a fixed seed: each is done in the model first, which writes down, for every callback
 * that runs, which one it is, what it must be given, what it does inside (another operation) and what
 * it returns.  Then the same operation is done for real, and the callbacks follow and check that
 * script.  After each operation codes and counts must agree. */
#include "tests/support/deferred_fixture.h"

enum { SEEDS = 2000, OPERATIONS = 120, DEFERREDS = 10, PAIRS_MAX = 1000, STEPS_MAX = 4000 };

enum { NO_DEFERRED = -1 };

/* --- what happens ----------------------------------------------------------------------------- */

enum verb {
    MAKE, FIRE_VALUE, FIRE_FAILURE, DROP_SOURCE, ADD, CHAIN, DROP_SINK, PAUSE, UNPAUSE, CANCEL, TAKE,
    VERBS, NOTHING_INSIDE
};

enum canceller_kind { NO_CANCELLER, IDLE_CANCELLER, VALUE_CANCELLER, FAILURE_CANCELLER, CANCELLERS };

struct operation {
    enum verb verb;
    int on;
    int other;  /* CHAIN: the target */
    int number; /* a value, a failure's code, a pair's identity, a canceller's kind */
    int halves; /* ADD: 1 callback, 2 errback, 3 both, 0 neither */
    int code;   /* what the model answered; TAKE: 1000 + number taken, negated for a failure */
};

enum kind { A_VALUE, A_FAILURE, AN_AWAIT };

struct outcome {
    enum kind kind;
    int number; /* AN_AWAIT: which deferred */
};

/* One callback as the model saw it run. */
struct step {
    int pair;
    struct outcome given;
    struct operation inside;
    struct outcome returned;
};

/* --- the model -------------------------------------------------------------------------------- */

struct model_pair {
    int identity;
    int halves;
    int target; /* chained to, with the life of it; NO_DEFERRED otherwise */
    int target_life;
};

struct model {
    int life; /* counts the deferreds made in this place */
    bool alive, fired, running, dropped, cancelling, late_fire;
    bool held; /* the sink end is the test's */
    int pauses, awaiting, waiter;
    enum canceller_kind canceller;
    struct outcome result;
    struct model_pair pairs[PAIRS_MAX];
    int first, end;
};

static struct world {
    uint64_t random;
    struct model models[DEFERREDS];
    struct ends real[DEFERREDS];
    struct step steps[STEPS_MAX];
    int step_count, steps_done;
    int depth;
    int pairs_made, pairs_dropped[PAIRS_MAX];
    int next_number;
    uint64_t unhandled;
    char wrong[200];
} world;

static unsigned draw(unsigned below)
{
    world.random ^= world.random << 13;
    world.random ^= world.random >> 7;
    world.random ^= world.random << 17;
    return (unsigned)(world.random % below);
}

static struct outcome outcome(enum kind kind, int number)
{
    struct outcome made = {kind, number};
    return made;
}

static void model_run(int i);
static void model_do(struct operation *operation);
static struct operation choose(void);

static void model_fire(int i, struct outcome result)
{
    world.models[i].fired = true;
    world.models[i].result = result;
    model_run(i);
}

static bool model_waits_for(int from, int on)
{
    for (int at = from; at != NO_DEFERRED; at = world.models[at].awaiting)
        if (at == on)
            return true;
    return false;
}

static bool model_at_rest(const struct model *m)
{
    return m->alive && m->fired && !m->running && m->pauses == 0 && m->awaiting == NO_DEFERRED;
}

static void model_settle(int i, struct outcome returned)
{
    struct model *m = &world.models[i], *inner;
    if (returned.kind != AN_AWAIT) {
        m->result = returned;
        return;
    }
    inner = &world.models[returned.number];
    if (inner->waiter != NO_DEFERRED || inner->dropped || model_waits_for(returned.number, i)) {
        m->result = outcome(A_FAILURE, TORC_EMISUSE);
        return;
    }
    inner->held = false;
    if (model_at_rest(inner)) {
        m->result = inner->result;
        inner->alive = false;
    } else {
        m->awaiting = returned.number;
        inner->waiter = i;
    }
}

static struct outcome choose_return(struct outcome given)
{
    unsigned choice = draw(10);
    int k = (int)draw(DEFERREDS);
    if (choice < 3 && world.models[k].alive && world.models[k].held)
        return outcome(AN_AWAIT, k);
    if (choice < 5)
        return outcome(A_VALUE, ++world.next_number);
    if (choice < 7)
        return outcome(A_FAILURE, -1000 - ++world.next_number);
    return given;
}

static void model_pair_runs(int i, struct model_pair pair)
{
    struct model *m = &world.models[i];
    int half = m->result.kind == A_FAILURE ? 2 : 1, number;
    struct step *step;

    if (!(pair.halves & half))
        return;
    number = world.step_count++;
    step = &world.steps[number];
    step->pair = pair.identity;
    step->given = m->result;
    step->inside.verb = NOTHING_INSIDE;
    if (world.depth < 3 && world.step_count < STEPS_MAX / 2 && draw(2) == 0) {
        world.depth++;
        step->inside = choose();
        model_do(&step->inside);
        world.depth--;
    }
    step->returned = choose_return(step->given);
    model_settle(i, step->returned);
}

static void model_chained(int i, struct model_pair pair)
{
    struct model *m = &world.models[i], *to = &world.models[pair.target];
    struct outcome result = m->result;
    if (to->life != pair.target_life || !to->alive)
        return;
    if (!to->fired) {
        m->result = outcome(A_VALUE, 0);
        model_fire(pair.target, result);
    } else if (to->late_fire) {
        to->late_fire = false;
        m->result = outcome(A_VALUE, 0);
    }
}

static void model_run(int i)
{
    struct model *m = &world.models[i];
    if (!model_at_rest(m))
        return;
    m->running = true;
    while (m->first < m->end && m->pauses == 0 && m->awaiting == NO_DEFERRED) {
        struct model_pair pair = m->pairs[m->first++];
        if (pair.target != NO_DEFERRED)
            model_chained(i, pair);
        else
            model_pair_runs(i, pair);
    }
    m->running = false;
    if (!model_at_rest(m))
        return;
    if (m->waiter != NO_DEFERRED) {
        int waiter = m->waiter;
        m->alive = false;
        world.models[waiter].awaiting = NO_DEFERRED;
        world.models[waiter].result = m->result;
        model_run(waiter);
    } else if (m->dropped) {
        m->alive = false;
        if (m->result.kind == A_FAILURE)
            world.unhandled++;
    }
}

static void model_make(int i, int canceller)
{
    struct model *m = &world.models[i];
    int life = m->life + 1;
    memset(m, 0, offsetof(struct model, pairs));
    m->first = m->end = 0;
    m->life = life;
    m->alive = m->held = true;
    m->awaiting = m->waiter = NO_DEFERRED;
    m->canceller = (enum canceller_kind)canceller;
}

static int model_fired_by_source(int i, struct outcome result)
{
    struct model *m = &world.models[i];
    if (!m->alive)
        return TORC_ESTALE;
    if (!m->fired) {
        model_fire(i, result);
        return 0;
    }
    if (!m->late_fire)
        return TORC_EFIRED;
    m->late_fire = false;
    return TORC_ECANCELED;
}

static void model_cancel(int i)
{
    struct model *m;
    while (world.models[i].awaiting != NO_DEFERRED)
        i = world.models[i].awaiting;
    m = &world.models[i];
    if (m->fired || m->cancelling)
        return;
    m->cancelling = true;
    if (m->canceller == NO_CANCELLER)
        m->late_fire = true;
    if (m->canceller == VALUE_CANCELLER)
        model_fire(i, outcome(A_VALUE, 7));
    else if (m->canceller == FAILURE_CANCELLER)
        model_fire(i, outcome(A_FAILURE, -7));
    else
        model_fire(i, outcome(A_FAILURE, TORC_ECANCELED));
}

static void model_add(const struct operation *o)
{
    struct model *m = &world.models[o->on];
    struct model_pair pair = {o->number, o->halves, NO_DEFERRED, 0};
    if (o->verb == CHAIN) {
        pair.target = o->other;
        pair.target_life = world.models[o->other].life;
    }
    m->pairs[m->end++] = pair;
    model_run(o->on);
}

static void model_do(struct operation *o)
{
    struct model *m = &world.models[o->on];
    switch (o->verb) {
    case MAKE:
        model_make(o->on, o->number);
        break;
    case FIRE_VALUE:
        o->code = model_fired_by_source(o->on, outcome(A_VALUE, o->number));
        break;
    case FIRE_FAILURE:
        o->code = model_fired_by_source(o->on, outcome(A_FAILURE, o->number));
        break;
    case DROP_SOURCE:
        if (m->alive && !m->fired)
            model_fire(o->on, outcome(A_FAILURE, TORC_EMISUSE));
        break;
    case ADD:
    case CHAIN:
        model_add(o);
        break;
    case DROP_SINK:
        m->held = false;
        m->dropped = true;
        model_run(o->on);
        break;
    case PAUSE:
        m->pauses++;
        break;
    case UNPAUSE:
        o->code = m->pauses > 0 ? 0 : TORC_EINVAL;
        if (m->pauses > 0) {
            m->pauses--;
            model_run(o->on);
        }
        break;
    case CANCEL:
        model_cancel(o->on);
        break;
    case TAKE:
        o->code = TORC_EAGAIN;
        if (model_at_rest(m)) {
            o->code = 1000 + m->result.number;
            if (m->result.kind == A_FAILURE)
                o->code = -1000 + m->result.number;
            m->result = outcome(A_VALUE, 0);
        }
        break;
    case VERBS:
    case NOTHING_INSIDE:
        break;
    }
}

/* --- choosing an operation the caller is allowed to make --------------------------------------- */

static bool allowed(const struct operation *o)
{
    const struct model *m = &world.models[o->on];
    switch (o->verb) {
    case MAKE:
        return !m->alive;
    case FIRE_VALUE:
    case FIRE_FAILURE:
    case DROP_SOURCE:
        return m->life > 0;
    case ADD:
        return m->alive && (m->held || m->running) && m->end < PAIRS_MAX &&
               world.pairs_made < PAIRS_MAX - 1;
    case CHAIN:
        return m->alive && m->held && m->end < PAIRS_MAX && world.models[o->other].life > 0;
    case UNPAUSE:
        return m->alive && (m->held || m->pauses > 0);
    case DROP_SINK:
    case PAUSE:
    case CANCEL:
    case TAKE:
        return m->alive && m->held;
    case VERBS:
    case NOTHING_INSIDE:
        break;
    }
    return false;
}

static struct operation choose(void)
{
    static const struct operation none = {.verb = NOTHING_INSIDE};
    for (int attempts = 0; attempts < 50; attempts++) {
        struct operation o = {0};
        o.verb = (enum verb)draw(VERBS);
        if (draw(3) == 0)
            o.verb = ADD;
        o.on = (int)draw(DEFERREDS);
        o.other = (int)draw(DEFERREDS);
        o.halves = draw(4) == 0 ? (int)draw(4) : 3;
        if (!allowed(&o))
            continue;
        if (o.verb == ADD)
            o.number = world.pairs_made++;
        else if (o.verb == MAKE)
            o.number = (int)draw(CANCELLERS);
        else
            o.number = o.verb == FIRE_FAILURE ? -1000 - ++world.next_number : ++world.next_number;
        return o;
    }
    return none;
}

/* --- the same for real ------------------------------------------------------------------------ */

static void wrong(const char *what, int expected, int seen)
{
    if (!world.wrong[0])
        torc_format(world.wrong, sizeof world.wrong, "%s: %d expected, %d seen", what, expected,
                    seen);
}

static void expect(const char *what, int expected, int seen)
{
    if (expected != seen)
        wrong(what, expected, seen);
}

static struct torc_result real_result(struct outcome o)
{
    if (o.kind == A_VALUE)
        return torc_value((void *)(intptr_t)o.number);
    if (o.kind == AN_AWAIT)
        return torc_await(world.real[o.number].sink);
    return torc_fail(torc_failure_new(fixture.scope, &torc_failure_error, o.number, NULL, "x"));
}

static int number_of(struct torc_result result)
{
    return result.kind == TORC_RESULT_FAILURE ? torc_failure_code(result.as.failure)
                                              : (int)(intptr_t)result.as.value;
}

static void real_do(const struct operation *o);

static struct torc_result follow(struct torc_result result, void *arg)
{
    const struct step *step;
    struct outcome given;

    if (world.wrong[0] || world.steps_done == world.step_count) {
        wrong("callbacks run", world.step_count, world.steps_done + 1);
        return result;
    }
    step = &world.steps[world.steps_done++];
    expect("pair", step->pair, (int)((int *)arg - world.pairs_dropped));
    given = step->given;
    expect("a failure", given.kind == A_FAILURE, result.kind == TORC_RESULT_FAILURE);
    expect("given", given.number, number_of(result));
    real_do(&step->inside);
    if (step->returned.kind == given.kind && step->returned.number == given.number)
        return result;
    torc_result_drop(result);
    return real_result(step->returned);
}

static void dropped(void *arg)
{
    ++*(int *)arg;
}

static void canceller(struct torc_source source, void *arg)
{
    enum canceller_kind kind = (enum canceller_kind)(uintptr_t)arg;
    if (kind == VALUE_CANCELLER)
        expect("canceller's fire", 0, torc_source_fire(source, real_result(outcome(A_VALUE, 7))));
    else if (kind == FAILURE_CANCELLER)
        expect("canceller's fire", 0, torc_source_fire(source, real_result(outcome(A_FAILURE, -7))));
}

static void real_make(const struct operation *o)
{
    struct ends *ends = &world.real[o->on];
    expect("make", 0,
           torc_deferred_new(fixture.scope, o->number == NO_CANCELLER ? NULL : canceller,
                             (void *)(uintptr_t)o->number, &ends->source, &ends->sink));
}

static int real_take(struct torc_deferred *sink)
{
    struct torc_result result;
    int code = torc_deferred_take(sink, &result);
    if (code != 0)
        return code;
    code = number_of(result) + (result.kind == TORC_RESULT_FAILURE ? -1000 : 1000);
    torc_result_drop(result);
    return code;
}

static void real_do(const struct operation *o)
{
    struct ends *ends = &world.real[o->on];
    torc_callback_fn *callback = o->halves & 1 ? follow : NULL;
    torc_callback_fn *errback = o->halves & 2 ? follow : NULL;
    switch (o->verb) {
    case MAKE:
        real_make(o);
        break;
    case FIRE_VALUE:
        expect("fire", o->code,
               torc_source_fire(ends->source, real_result(outcome(A_VALUE, o->number))));
        break;
    case FIRE_FAILURE:
        expect("fire", o->code,
               torc_source_fire(ends->source, real_result(outcome(A_FAILURE, o->number))));
        break;
    case DROP_SOURCE:
        torc_source_drop(ends->source);
        break;
    case ADD:
        expect("add", 0,
               torc_deferred_add(ends->sink, callback, errback, &world.pairs_dropped[o->number],
                                 dropped));
        break;
    case CHAIN:
        expect("chain", 0, torc_deferred_chain(ends->sink, world.real[o->other].source));
        break;
    case DROP_SINK:
        torc_deferred_drop(ends->sink);
        break;
    case PAUSE:
        torc_deferred_pause(ends->sink);
        break;
    case UNPAUSE:
        expect("unpause", o->code, torc_deferred_unpause(ends->sink));
        break;
    case CANCEL:
        torc_deferred_cancel(ends->sink);
        break;
    case TAKE:
        expect("take", o->code, real_take(ends->sink));
        break;
    case VERBS:
    case NOTHING_INSIDE:
        break;
    }
}

/* --- rounds ----------------------------------------------------------------------------------- */

static void compare(void)
{
    struct torc_scope_counts now = counts();
    int alive = 0, unfired = 0;
    for (int i = 0; i < DEFERREDS; i++) {
        const struct model *m = &world.models[i];
        alive += m->alive;
        unfired += m->alive && !m->fired;
        if (m->life > 0)
            expect("waiting", m->alive && !m->fired, torc_source_waiting(world.real[i].source));
        if (m->alive && m->held)
            expect("fired", m->fired, torc_deferred_has_fired(world.real[i].sink));
    }
    expect("alive", alive, (int)now.deferreds);
    expect("unfired", unfired, (int)now.deferreds_unfired);
    expect("unhandled", (int)world.unhandled, (int)now.unhandled);
    expect("callbacks run", world.step_count, world.steps_done);
}

static void play(uint64_t seed)
{
    struct torc_scope *scope = fixture.scope;
    memset(&world, 0, sizeof world);
    world.random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    for (int n = 0; n < OPERATIONS && !world.wrong[0]; n++) {
        struct operation o = choose();
        world.step_count = world.steps_done = 0;
        model_do(&o);
        real_do(&o);
        compare();
        if (world.wrong[0])
            print_message("seed %d, operation %d (verb %d)\n", (int)seed, n, (int)o.verb);
    }
    fixture.scope = NULL;
    torc_scope_free(scope);
    for (int i = 0; i < world.pairs_made; i++)
        expect("drops of an arg", 1, world.pairs_dropped[i]);
    expect("blocks left", 0, (int)torc_test_allocator_blocks(&fixture.allocator));
}

TORC_TEST(random_operations_do_what_the_model_does)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        (void)open_scope(trial);
        play(seed);
        if (world.wrong[0])
            fail_msg("seed %d: %s", (int)seed, world.wrong);
        (void)close_scope(trial);
    }
    return NULL;
}

TORC_TRIAL_MAIN
