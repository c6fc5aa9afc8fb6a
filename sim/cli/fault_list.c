#include "fault_list.h"

#include <stdlib.h>
#include <string.h>

/* What a host asks at a site. */
struct torci_asked {
    char *host;
    const struct torc_decision_site *site;
    uint64_t times;
    uint64_t options; /* the most there were */
};

/* Decides nothing and counts. */
struct counting {
    struct torc_decider decider; /* first */
    struct torci_fault_list *list;
    size_t capacity;
    bool out_of_memory;
};

static struct torci_asked *find(const struct torci_fault_list *list,
                                const struct torc_question *question)
{
    for (size_t i = 0; i < list->asked_count; i++)
        if (strcmp(list->asked[i].site->name, question->site) == 0 &&
            strcmp(list->asked[i].host, question->host) == 0)
            return &list->asked[i];
    return NULL;
}

static struct torci_asked *add(struct counting *counting, const struct torc_question *question,
                               const struct torc_decision_site *site)
{
    struct torci_fault_list *list = counting->list;
    char *host = strdup(question->host);

    if (host != NULL && list->asked_count == counting->capacity) {
        size_t capacity = counting->capacity == 0 ? 32 : 2 * counting->capacity;
        struct torci_asked *asked = realloc(list->asked, capacity * sizeof *asked);

        if (asked == NULL) {
            free(host);
            host = NULL;
        } else {
            list->asked = asked;
            counting->capacity = capacity;
        }
    }
    counting->out_of_memory = counting->out_of_memory || host == NULL;
    if (host == NULL)
        return NULL;
    list->asked[list->asked_count] = (struct torci_asked){host, site, 0, 0};
    return &list->asked[list->asked_count++];
}

static uint64_t decide(struct torc_decider *self, const struct torc_question *question)
{
    struct counting *counting = (struct counting *)(void *)self;
    const struct torc_decision_site *site = torc_decision_find_site(question->site);
    struct torci_asked *asked;

    if (site == NULL || site->kind != TORC_SITE_FAULT)
        return question->drawn;
    asked = find(counting->list, question);
    if (asked == NULL)
        asked = add(counting, question, site);
    if (asked != NULL) {
        asked->times = question->k + 1;
        asked->options = question->options > asked->options ? question->options : asked->options;
    }
    return question->drawn;
}

/* Counts the cases, or writes them down. */
static void enumerate(struct torci_fault_list *list)
{
    bool more = true;

    list->count = 0;
    for (uint64_t k = 0; more; k++) {
        more = false;
        for (size_t i = 0; i < list->asked_count; i++) {
            const struct torci_asked *asked = &list->asked[i];

            for (uint64_t option = 1; k < asked->times && option < asked->options; option++) {
                if (list->cases != NULL)
                    list->cases[list->count] = (struct torc_decision){
                        asked->host, asked->site->name, k, option, false};
                list->count++;
            }
            more = more || k + 1 < asked->times;
        }
    }
}

int torci_fault_list_make(struct torci_scenario_source *source,
                          const struct torc_scenario *scenario, struct torci_fault_list *out)
{
    struct counting counting = {{decide}, out, 0, false};
    struct torc_scenario_run_options options;
    struct torc_scenario_report *report;
    int code;

    memset(out, 0, sizeof *out);
    torci_scenario_source_run_options(source, &options);
    options.decider = &counting.decider;
    code = torc_scenario_run(scenario, &options, &report);
    if (code != 0)
        return code;
    torc_scenario_report_free(report);
    enumerate(out);
    out->cases = calloc(out->count + 1, sizeof *out->cases);
    if (out->cases == NULL || counting.out_of_memory)
        return TORC_ENOMEM;
    enumerate(out);
    return 0;
}

void torci_fault_list_free(struct torci_fault_list *list)
{
    for (size_t i = 0; i < list->asked_count; i++)
        free(list->asked[i].host);
    free(list->asked);
    free(list->cases);
}
