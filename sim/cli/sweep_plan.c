#include "sweep_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <torc/nearest_name.h>

#include "command.h"
#include "equivalent.h"
#include "fault_case.h"

/* One walk through all cases: to count them, to share a sample out, to write them down. */
struct walk {
    struct torci_sweep_plan *plan;
    int class; /* of what is added */
    bool sampled; /* the sample is shared out */
    struct torci_sample_group *group; /* the one that is added to, */
    uint64_t number;                  /* and how many it has */
    bool failed; /* out of memory */
};

void torci_sweep_case_write(const struct torci_sweep_case *one, char *out, size_t size)
{
    if (one->fault.site != NULL)
        torci_fault_case_write(&one->fault, out, size);
    else
        torci_split_case_write(&one->split, out, size);
}

int torci_sweep_plan_class(const struct torci_sweep_plan *plan, const char *site, uint64_t option)
{
    for (int i = 0; torc_fault_classes[i].name != NULL; i++)
        if ((plan->sweeping.classes >> i & 1) != 0 &&
            (site == NULL ? torc_fault_class_is_segment(&torc_fault_classes[i])
                          : torc_fault_class_has(&torc_fault_classes[i], site, option)))
            return i;
    return -1;
}

static void begin_group(struct walk *walk, size_t group)
{
    walk->group = &walk->plan->groups[group];
    walk->number = 0;
}

/* Of the sample, once it is known how many there are. */
static bool is_sampled(struct walk *walk)
{
    uint64_t number = walk->number++;

    if (!walk->sampled)
        walk->group->count = walk->number;
    return walk->plan->sample == 0 || torci_sample_has(walk->group, number);
}

static void add_case(struct walk *walk, const struct torci_sweep_case *one)
{
    struct torci_sweep_plan *plan = walk->plan;

    plan->wanted[walk->class]++;
    if (!is_sampled(walk) || !torci_shard_has(&plan->shard, plan->all_count++))
        return;
    if (plan->cases != NULL)
        plan->cases[plan->count] = *one;
    plan->count++;
}

/* --- faults --------------------------------------------------------------------------------------- */

static void add_fault(struct walk *walk, const struct torc_scenario_questions *questions, uint64_t k,
                      uint64_t option, bool onwards)
{
    add_case(walk, &(struct torci_sweep_case){
                       .fault = {questions->host, questions->site, k, option, onwards}});
}

/* In each way it can fail; or, if it is not `chosen`, counts those. */
static void add_question(struct walk *walk, const struct torc_scenario_questions *questions, uint64_t k,
                         bool chosen)
{
    const struct torc_scenario_sweeping *sweeping = &walk->plan->sweeping;
    uint64_t option = 0;

    while ((option = torci_fault_next_option(questions, k, option)) != 0) {
        walk->class = torci_sweep_plan_class(walk->plan, questions->site, option);
        if (walk->class < 0)
            continue;
        if (!chosen)
            walk->plan->equivalent[walk->class] += (sweeping->once ? 1u : 0u) + (sweeping->persist ? 1u : 0u);
        if (chosen && sweeping->once)
            add_fault(walk, questions, k, option, false);
        if (chosen && sweeping->persist)
            add_fault(walk, questions, k, option, true);
    }
}

static void add_questions(struct walk *walk, const struct torc_scenario_questions *questions)
{
    const struct torc_scenario_sweeping *sweeping = &walk->plan->sweeping;
    bool *chosen = NULL;

    if (torci_sweep_plan_class(walk->plan, questions->site, 0) < 0)
        return;
    if (sweeping->equivalent_once) {
        chosen = torci_equivalent_choose(questions, sweeping->first - 1, sweeping->last - 1);
        if (chosen == NULL) {
            walk->failed = true;
            return;
        }
    }
    for (uint64_t k = sweeping->first - 1; k < questions->count && k < sweeping->last; k++)
        add_question(walk, questions, k, chosen == NULL || chosen[k]);
    free(chosen);
}

/* --- splits --------------------------------------------------------------------------------------- */

static bool is_wanted(const struct torc_scenario_segmenting *segmenting,
                      const struct torc_scenario_stream *stream)
{
    return (segmenting->connection == NULL ||
            strcmp(segmenting->connection, stream->connection) == 0) &&
           (stream->from_server ? segmenting->from_server : segmenting->from_client);
}

/* Whether the stream is to be split after `at` bytes; 0: anywhere. */
static bool is_split(const struct torci_sweep_plan *plan, const struct torc_scenario_stream *stream,
                     uint64_t at)
{
    for (size_t i = 0; i < plan->sweeping.segmenting_count; i++)
        if (is_wanted(&plan->sweeping.segmentings[i], stream) &&
            at % plan->sweeping.segmentings[i].every == 0)
            return true;
    return plan->sweeping.segmenting_count == 0;
}

static void add_splits(struct walk *walk, const struct torc_scenario_stream *stream)
{
    for (uint64_t at = stream->first; at < stream->bytes; at++)
        if (is_split(walk->plan, stream, at))
            add_case(walk, &(struct torci_sweep_case){
                               .split = {stream->connection, stream->from_server, at}});
}

static bool has_connection(const struct torci_sweep_plan *plan, const char *connection)
{
    for (size_t s = 0; s < plan->baseline->stream_count; s++)
        if (strcmp(plan->baseline->streams[s].connection, connection) == 0)
            return true;
    return false;
}

static int tell_no_connection(const struct torci_sweep_plan *plan, const char *command,
                              const struct torc_scenario_segmenting *segmenting)
{
    const char **names = calloc(plan->baseline->stream_count + 1, sizeof *names);
    const char *nearest;

    if (names == NULL)
        return torci_command_error(command, TORCI_EXIT_INTERNAL, "out of memory");
    for (size_t s = 0; s < plan->baseline->stream_count; s++)
        names[s] = plan->baseline->streams[s].connection;
    nearest = torc_name_nearest(segmenting->connection, names);
    fprintf(stderr, "%s:%u:%u: no scripted peer has a connection '%s' in the run%s%s%s\n", segmenting->file,
            segmenting->line, segmenting->column, segmenting->connection,
            nearest != NULL ? "; did you mean '" : "", nearest != NULL ? nearest : "",
            nearest != NULL ? "'?" : "");
    free(names);
    return TORCI_EXIT_USAGE;
}

int torci_sweep_plan_check(const struct torci_sweep_plan *plan, const char *command)
{
    const struct torc_scenario_sweeping *sweeping = &plan->sweeping;

    for (size_t i = 0; torci_sweep_plan_class(plan, NULL, 0) >= 0 && i < sweeping->segmenting_count; i++)
        if (sweeping->segmentings[i].connection != NULL && !has_connection(plan, sweeping->segmentings[i].connection))
            return tell_no_connection(plan, command, &sweeping->segmentings[i]);
    return 0;
}

/* --- all of them ---------------------------------------------------------------------------------- */

/* Counts the cases, or writes them down. */
static void enumerate(struct walk *walk)
{
    struct torci_sweep_plan *plan = walk->plan;

    plan->count = 0;
    plan->all_count = 0;
    memset(plan->wanted, 0, sizeof plan->wanted);
    memset(plan->equivalent, 0, sizeof plan->equivalent);
    for (size_t q = 0; q < plan->baseline->question_count; q++) {
        begin_group(walk, q);
        add_questions(walk, &plan->baseline->questions[q]);
    }
    walk->class = torci_sweep_plan_class(plan, NULL, 0);
    for (size_t s = 0; walk->class >= 0 && s < plan->baseline->stream_count; s++) {
        begin_group(walk, plan->baseline->question_count + s);
        add_splits(walk, &plan->baseline->streams[s]);
    }
}

int torci_sweep_plan_make(struct torci_sweep_plan *plan)
{
    size_t groups = plan->baseline->question_count + plan->baseline->stream_count;
    struct walk walk = {.plan = plan};

    plan->groups = calloc(groups + 1, sizeof *plan->groups);
    if (plan->groups == NULL)
        return TORC_ENOMEM;
    enumerate(&walk);
    torci_sample_share(plan->groups, groups, plan->sample, plan->sample_seed);
    walk.sampled = true;
    enumerate(&walk);
    plan->cases = calloc(plan->count + 1, sizeof *plan->cases);
    if (plan->cases == NULL)
        return TORC_ENOMEM;
    enumerate(&walk);
    return walk.failed ? TORC_ENOMEM : 0;
}

void torci_sweep_plan_free(struct torci_sweep_plan *plan)
{
    free(plan->groups);
    free(plan->cases);
    plan->groups = NULL;
    plan->cases = NULL;
}

uint64_t torci_sweep_plan_operations(const struct torci_sweep_plan *plan, int number)
{
    uint64_t operations = 0;

    for (size_t q = 0; q < plan->baseline->question_count; q++)
        if (torc_fault_class_has(&torc_fault_classes[number], plan->baseline->questions[q].site, 0))
            operations += plan->baseline->questions[q].count;
    for (size_t s = 0; number == torci_sweep_plan_class(plan, NULL, 0) && s < plan->baseline->stream_count; s++)
        if (is_split(plan, &plan->baseline->streams[s], 0))
            operations += plan->baseline->streams[s].bytes;
    return operations;
}
