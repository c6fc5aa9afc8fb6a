#include "tests/support/scenario_round_trip.h"

#include <stdlib.h>
#include <string.h>

#include "sim/scenario/scenario_model.h"

struct printed {
    char *text;
    size_t bytes;
    size_t room;
    bool lost;
};

static void collect(void *arg, const char *line)
{
    struct printed *printed = arg;
    size_t bytes = strlen(line);

    if (bytes > printed->room - printed->bytes) {
        size_t room = 2 * printed->room + bytes;
        char *grown = realloc(printed->text, room);

        printed->lost = printed->lost || grown == NULL;
        if (grown == NULL)
            return;
        printed->text = grown;
        printed->room = room;
    }
    memcpy(printed->text + printed->bytes, line, bytes);
    printed->bytes += bytes;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_label(const struct torci_label *a, const struct torci_label *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a->name, b->name) == 0 &&
                      (a->made_by == NULL) == (b->made_by == NULL));
}

static bool same_host(const struct torci_script_host *a, const struct torci_script_host *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a->name, b->name) == 0 &&
                      same_text(a->module, b->module));
}

static bool same_time(const struct torci_time *a, const struct torci_time *b)
{
    return a->kind == b->kind && same_label(a->label, b->label) && a->label_end == b->label_end &&
           a->offset_ns == b->offset_ns && a->window_ns == b->window_ns;
}

static bool same_step(const struct torci_step *a, const struct torci_step *b)
{
    return same_time(&a->time, &b->time) && a->verb == b->verb && same_host(a->host, b->host) &&
           same_label(a->label, b->label) && same_label(a->as, b->as) &&
           same_host(a->remote, b->remote) && a->port == b->port && a->backlog == b->backlog &&
           a->segment_bytes == b->segment_bytes && a->expected == b->expected &&
           a->loss == b->loss && a->payload.bytes == b->payload.bytes &&
           (a->payload.bytes == 0 ||
            memcmp(a->payload.data, b->payload.data, a->payload.bytes) == 0) &&
           same_text(a->name, b->name) && (a->condition == NULL) == (b->condition == NULL);
}

static const struct torci_line *next_said(const struct torci_line *line)
{
    while (line != NULL && line->word_count == 0 && line->comment == NULL)
        line = line->next;
    return line;
}

/* Words and comments. */
static bool same_lines(const struct torc_scenario *a, const struct torc_scenario *b)
{
    const struct torci_line *line = next_said(a->lines);
    const struct torci_line *other = next_said(b->lines);

    for (; line != NULL && other != NULL; line = next_said(line->next), other = next_said(other->next))
        if (line->word_count != other->word_count || line->timed != other->timed ||
            line->canonical_bytes != other->canonical_bytes ||
            memcmp(line->canonical, other->canonical, line->canonical_bytes) != 0 ||
            (line->comment == NULL) != (other->comment == NULL))
            return false;
    return line == NULL && other == NULL;
}

static bool same_scenario(const struct torc_scenario *a, const struct torc_scenario *b)
{
    const struct torci_step *step = a->steps;
    const struct torci_step *other = b->steps;

    for (; step != NULL && other != NULL; step = step->next, other = other->next)
        if (!same_step(step, other))
            return false;
    return step == NULL && other == NULL && same_text(a->title, b->title) && a->seed == b->seed &&
           a->limit_time_ns == b->limit_time_ns && a->limit_events == b->limit_events &&
           a->campaigns == b->campaigns && a->host_count == b->host_count &&
           a->decision_count == b->decision_count && a->fault_count == b->fault_count &&
           a->label_count == b->label_count && a->assertion_count == b->assertion_count &&
           a->slot_count == b->slot_count;
}

static const char *compare(const struct torc_scenario *scenario, const struct printed *once,
                           const struct torc_scenario_parse_options *options)
{
    struct torc_scenario *again = NULL;
    struct torc_scenario_error error;
    struct printed twice = {NULL, 0, 0, false};
    const char *wrong = NULL;

    if (once->lost)
        return NULL;
    if (torc_scenario_parse(once->text, once->bytes, "f.scn", options, &again, &error) != 0)
        return "what is printed does not parse";
    torc_scenario_print(again, collect, &twice);
    if (!same_lines(scenario, again))
        wrong = "what is printed says something else";
    else if (!same_scenario(scenario, again))
        wrong = "what is printed means something else";
    else if (!twice.lost &&
             (twice.bytes != once->bytes || memcmp(twice.text, once->text, once->bytes) != 0))
        wrong = "what is printed prints differently";
    torc_scenario_free(again);
    free(twice.text);
    return wrong;
}

const char *scenario_round_trip(const char *text, size_t bytes,
                                const struct torc_scenario_parse_options *options,
                                struct torc_scenario **out)
{
    struct torc_scenario *scenario = NULL;
    struct torc_scenario_error error;
    struct printed once = {NULL, 0, 0, false};
    const char *wrong;
    int code = torc_scenario_parse(text, bytes, "f.scn", options, &scenario, &error);

    if (out != NULL)
        *out = NULL;
    if (code != 0)
        return (code == TORC_ESYNTAX || code == TORC_ENOMEM) && error.text[0] != '\0'
                   ? NULL
                   : "an error without a message";
    torc_scenario_print(scenario, collect, &once);
    wrong = compare(scenario, &once, options);
    free(once.text);
    if (out != NULL)
        *out = scenario;
    else
        torc_scenario_free(scenario);
    return wrong;
}
