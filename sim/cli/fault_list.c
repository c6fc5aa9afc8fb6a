#include "fault_list.h"

#include <stdlib.h>
#include <string.h>

#include "fault_case.h"

static void add_question(struct torci_fault_list *list,
                         const struct torc_scenario_questions *questions, uint64_t k)
{
    uint64_t option = 0;

    while ((option = torci_fault_next_option(questions, k, option)) != 0) {
        if (list->cases != NULL)
            list->cases[list->count] =
                (struct torc_decision){questions->host, questions->site, k, option, false};
        list->count++;
    }
}

/* Counts the cases, or writes them down. */
static void enumerate(struct torci_fault_list *list)
{
    bool more = true;

    list->count = 0;
    for (uint64_t k = 0; more; k++) {
        more = false;
        for (size_t i = 0; i < list->baseline->question_count; i++) {
            const struct torc_scenario_questions *questions = &list->baseline->questions[i];

            if (k < questions->count && !torc_decision_find_site(questions->site)->alone)
                add_question(list, questions, k);
            more = more || k + 1 < questions->count;
        }
    }
}

int torci_fault_list_make(struct torci_scenario_source *source,
                          const struct torc_scenario *scenario, struct torci_fault_list *out)
{
    struct torc_scenario_run_options options;
    int code;

    memset(out, 0, sizeof *out);
    torci_scenario_source_run_options(source, &options);
    options.count_questions = true;
    code = torc_scenario_run(scenario, &options, &out->baseline);
    if (code != 0)
        return code;
    enumerate(out);
    out->cases = calloc(out->count + 1, sizeof *out->cases);
    if (out->cases == NULL)
        return TORC_ENOMEM;
    enumerate(out);
    return 0;
}

void torci_fault_list_free(struct torci_fault_list *list)
{
    torc_scenario_report_free(list->baseline);
    free(list->cases);
}
