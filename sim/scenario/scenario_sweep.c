/* scenario_sweep.c - faults that were decided: what could be failed, question by question, and which failures of
 * the run are let go because of one. */
#include <stdlib.h>
#include <string.h>

#include "call_place.h"
#include "scenario_run.h"

/* --- classes -------------------------------------------------------------------------------------- */

const struct torc_fault_class torc_fault_classes[] = {
    {"alloc", NULL, {"alloc.fail"}, 0, false},
    {"read", NULL, {"read.fail", "read.again", "stream.stall"}, 0, false},
    {"write", NULL, {"write.fail", "write.again"}, 0, false},
    {"send", NULL, {"send.fail"}, 0, false},
    {"accept", NULL, {"accept.fail"}, 0, false},
    {"connect", NULL, {"connect.fail"}, 0, false},
    {"socket", NULL, {"socket.fail"}, 0, false},
    {"resolve", NULL, {"resolve.fail"}, 0, false},
    {"timer", NULL, {"timer.late"}, 0, false},
    {"job", NULL, {"job.fail"}, 0, false},
    {"db", NULL, {"db.fail"}, 0, false},
    {"io", "file", {"disk.fail"}, 0, false},
    {"cancel", NULL, {"deferred.fail"}, 1, false},
    {"errback", NULL, {"deferred.fail"}, 2, true},
    {"never", NULL, {"deferred.fail"}, 3, true},
    {"segment", NULL, {NULL}, 0, true},
    {NULL, NULL, {NULL}, 0, false},
};

bool torc_fault_class_has(const struct torc_fault_class *fault_class, const char *site, uint64_t option)
{
    for (size_t i = 0; i < TORC_FAULT_CLASS_SITES && fault_class->sites[i] != NULL; i++)
        if (strcmp(fault_class->sites[i], site) == 0)
            return option == 0 || fault_class->option == 0 || fault_class->option == option;
    return false;
}

bool torc_fault_class_is_segment(const struct torc_fault_class *fault_class)
{
    return fault_class->sites[0] == NULL;
}

static unsigned find_class(const char *text, size_t bytes)
{
    for (unsigned i = 0; torc_fault_classes[i].name != NULL; i++) {
        const char *const names[] = {torc_fault_classes[i].name, torc_fault_classes[i].other_name};

        for (size_t n = 0; n < 2; n++)
            if (names[n] != NULL && strlen(names[n]) == bytes && memcmp(names[n], text, bytes) == 0)
                return 1u << i;
    }
    return 0;
}

int torc_fault_classes_parse(const char *text, unsigned *out, const char **out_bad)
{
    unsigned classes = 0;

    for (;;) {
        size_t bytes = strcspn(text, ",");
        unsigned one = find_class(text, bytes);

        if (one == 0) {
            *out_bad = text;
            return TORC_ENOTFOUND;
        }
        classes |= one;
        if (text[bytes] == '\0')
            break;
        text += bytes + 1;
    }
    *out = classes;
    return 0;
}

/* --- counting ------------------------------------------------------------------------------------- */

/* What one host was asked at one site. */
struct asked {
    struct asked *next;
    const char *host; /* the world's */
    const char *site; /* a literal */
    uint64_t *possible; /* by k */
    uint64_t *places;   /* the same */
    size_t count;
    size_t room;
};

struct torci_question_counter {
    struct torc_decider decider; /* first */
    struct torc_decider *inner;
    struct asked *asked;
    bool failed; /* out of memory */
};

static struct asked *find_asked(struct torci_question_counter *counter,
                                const struct torc_question *question)
{
    struct asked **at = &counter->asked;

    while (*at != NULL && (strcmp((*at)->site, question->site) != 0 ||
                           strcmp((*at)->host, question->host) != 0))
        at = &(*at)->next;
    if (*at != NULL)
        return *at;
    *at = calloc(1, sizeof(**at));
    if (*at != NULL) {
        (*at)->host = question->host;
        (*at)->site = question->site;
    }
    return *at;
}

static bool grow(uint64_t **numbers, size_t count, size_t room)
{
    uint64_t *grown = realloc(*numbers, room * sizeof(*grown));

    if (grown == NULL)
        return false;
    memset(grown + count, 0, (room - count) * sizeof(*grown));
    *numbers = grown;
    return true;
}

static bool make_room(struct asked *asked, uint64_t k)
{
    size_t room = asked->room == 0 ? 64 : asked->room;

    while (room <= k)
        room *= 2;
    if (room == asked->room)
        return true;
    if (!grow(&asked->possible, asked->room, room) || !grow(&asked->places, asked->room, room))
        return false;
    asked->room = room;
    return true;
}

static uint64_t all_options(uint64_t options)
{
    return (UINT64_C(1) << (options < 64 ? options : 63)) - 2;
}

/* What is no operation of the host's code was asked from nowhere, each time. */
static uint64_t place_of(const struct torc_question *question)
{
    return question->possible != 0 ? torci_call_place(question->about) : question->k;
}

static uint64_t count(struct torc_decider *self, const struct torc_question *question)
{
    struct torci_question_counter *counter = (struct torci_question_counter *)(void *)self;
    const struct torc_decision_site *site = torc_decision_find_site(question->site);
    struct asked *asked;

    if (site != NULL && site->kind == TORC_SITE_FAULT) {
        asked = find_asked(counter, question);
        counter->failed = counter->failed || asked == NULL || !make_room(asked, question->k);
        if (!counter->failed) {
            asked->possible[question->k] =
                question->possible != 0 ? question->possible : all_options(question->options);
            asked->places[question->k] = place_of(question);
            asked->count = (size_t)question->k + 1;
        }
    }
    return counter->inner->decide(counter->inner, question);
}

int torci_sweep_count(struct torci_run *run, struct torc_decider **decider)
{
    run->counter = calloc(1, sizeof(*run->counter));
    if (run->counter == NULL)
        return TORC_ENOMEM;
    run->counter->decider.decide = count;
    run->counter->inner = *decider;
    *decider = &run->counter->decider;
    return 0;
}

void torci_sweep_free(struct torci_run *run)
{
    while (run->counter != NULL && run->counter->asked != NULL) {
        struct asked *asked = run->counter->asked;

        run->counter->asked = asked->next;
        free(asked->possible);
        free(asked->places);
        free(asked);
    }
    free(run->counter);
}

static int report_asked(struct torci_run *run, const struct asked *asked,
                        struct torc_scenario_questions *out)
{
    size_t bytes = asked->count * sizeof(uint64_t);
    uint64_t *possible = torci_pile_alloc(run->report_pile, bytes);
    uint64_t *places = torci_pile_alloc(run->report_pile, bytes);

    out->host = torci_pile_copy(run->report_pile, asked->host, strlen(asked->host));
    out->site = asked->site;
    out->count = asked->count;
    out->possible = possible;
    out->places = places;
    if (possible == NULL || places == NULL || out->host == NULL)
        return TORC_ENOMEM;
    memcpy(possible, asked->possible, bytes);
    memcpy(places, asked->places, bytes);
    return 0;
}

int torci_sweep_report(struct torci_run *run)
{
    struct torc_scenario_questions *questions;
    size_t groups = 0;
    int code = 0;

    run->report->leaks = run->leaks;
    if (run->counter == NULL)
        return 0;
    for (const struct asked *each = run->counter->asked; each != NULL; each = each->next)
        groups++;
    questions = torci_pile_alloc(run->report_pile, (groups + 1) * sizeof(*questions));
    if (questions == NULL || run->counter->failed)
        return TORC_ENOMEM;
    for (const struct asked *each = run->counter->asked; each != NULL && code == 0; each = each->next)
        code = report_asked(run, each, &questions[run->report->question_count++]);
    run->report->questions = questions;
    return code;
}

/* --- what is let go ------------------------------------------------------------------------------- */

bool torci_run_is_faulty(const struct torci_run *run)
{
    return torci_run_decided(run, TORC_SITE_FAULT) || torci_run_decided(run, TORC_SITE_TIME);
}

static bool has_cancelled(const struct torci_run *run)
{
    const struct torc_decision *taken = NULL;
    size_t count = run->decisions != NULL ? torc_decision_list_taken(run->decisions, &taken) : 0;

    for (size_t i = 0; i < count; i++)
        if (strcmp(taken[i].site, "deferred.fail") == 0)
            return true;
    return false;
}

void torci_sweep_unhandled(struct torci_run *run, const struct torc_failure *failure)
{
    if (torc_failure_type(failure) == &torc_failure_cancelled && has_cancelled(run))
        run->cancelled_unhandled++;
}

bool torci_sweep_lets_go(struct torci_run *run, enum torc_scenario_verdict verdict)
{
    if (!torci_run_is_faulty(run) || run->strict ||
        (verdict != TORC_SCENARIO_FAIL && verdict != TORC_SCENARIO_INVALID &&
         verdict != TORC_SCENARIO_UNMET))
        return false;
    run->report->expectations_failed++;
    return true;
}
