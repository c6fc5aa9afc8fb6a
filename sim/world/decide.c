/* decide.c - what a run leaves open, put to the world's decider. */
#include "world.h"

/* Gives the question its number.  false: out of memory. */
static bool count(struct torc_world *world, struct torc_question *question)
{
    if (torci_draw_of_literal(&world->draw, &world->allocator, question->site, question->host,
                           &question->k, &question->draw) == 0)
        return true;
    world->error = TORC_ENOMEM;
    return false;
}

static void trace_answer(struct torc_world *world, const struct torc_question *question,
                         uint64_t value)
{
    torc_trace_text(world->trace, "site", question->site);
    torc_trace_integer(world->trace, "k", (int64_t)question->k);
    torc_trace_integer(world->trace, "value", (int64_t)value);
    torc_trace_end(world->trace);
}

/* Asks, counts and traces. */
static uint64_t ask(struct torc_host *host, struct torc_question *question, bool allowed)
{
    struct torc_world *world = host->world;
    uint64_t value = question->drawn;

    if (!count(world, question) || !allowed)
        return 0;
    if (world->decider != NULL)
        value = world->decider->decide(world->decider, question);
    if (!torc_question_has(question, value))
        return 0;
    torci_host_trace(host, TORC_TRACE_decide);
    trace_answer(world, question, value);
    return value;
}

uint64_t torci_world_ask(struct torc_host *host, const char *site, uint64_t options)
{
    struct torc_question question = {.host = host->name, .site = site, .options = options};

    return ask(host, &question, true);
}

uint64_t torci_decide_about(struct torc_host *host, const char *site, uint64_t options, const char *about,
                            bool open)
{
    struct torc_question question = {.host = host->name, .site = site, .options = options, .about = about};

    return host->world->decider == NULL ? 0 : ask(host, &question, open);
}

uint64_t torci_world_ask_fault(struct torc_host *host, const char *site, const char *chance_site,
                               uint64_t options, uint32_t ppm)
{
    struct torc_world *world = host->world;
    struct torc_question question = {.host = host->name, .site = site, .options = options};
    uint64_t bits;

    if (ppm > 0) {
        if (torci_draw_next(&world->draw, &world->allocator, chance_site, host->name, &bits) != 0) {
            world->error = TORC_ENOMEM;
            return 0;
        }
        if ((bits & UINT32_MAX) * 1000000 >> 32 < ppm)
            question.drawn = 1 + (bits >> 32) % (options - 1);
    }
    return ask(host, &question, !world->faults_off);
}

uint64_t torci_world_ask_operation(struct torc_host *host, const char *site, uint64_t possible,
                                   uint64_t struck, const char *about)
{
    struct torc_question question = {
        .host = host->name, .site = site, .possible = possible, .about = about};

    while (possible >> question.options > 0)
        question.options++;
    if (struck == 0)
        return ask(host, &question, !host->world->faults_off);
    return count(host->world, &question) ? struck : 0;
}

uint32_t torci_decide_bytes(struct torc_host *host, const char *site, uint32_t bytes)
{
    uint64_t value = bytes < 2 || host->raw ? 0 : torci_decide(host->world, host, site, 5);

    switch (value) {
    case 0:
        return bytes;
    case 1:
        return 1;
    case 2:
        return bytes < 4 ? 1 : bytes / 4;
    case 3:
        return bytes / 2;
    default:
        return bytes - 1;
    }
}

uint64_t torci_world_ask_value(struct torc_world *world, const char *site, uint64_t options)
{
    struct torc_question question = {.host = "scenario", .site = site, .options = options};
    uint64_t value;

    if (!count(world, &question))
        return 0;
    value = question.drawn = question.draw % options;
    if (world->decider != NULL)
        value = world->decider->decide(world->decider, &question);
    if (!torc_question_has(&question, value))
        return 0;
    (void)torc_trace_begin(world->trace, TORC_TRACE_decide, world->now_ns, question.host, world->cause);
    trace_answer(world, &question, value);
    return value;
}
