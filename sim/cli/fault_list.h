/* fault_list.h - every single fault that a scenario could suffer: for each question it asks about one, each of its
 * options. */
#ifndef TORCI_FAULT_LIST_H
#define TORCI_FAULT_LIST_H

#include "scenario_source.h"

struct torci_fault_list {
    struct torc_decision *cases; /* the first questions of all hosts and sites come first */
    size_t count;
    struct torc_scenario_report *baseline; /* has the names */
};

/* Runs the scenario once and lists what it asks.  0, or TORC_ENOMEM. */
int torci_fault_list_make(struct torci_scenario_source *source,
                          const struct torc_scenario *scenario, struct torci_fault_list *out);
void torci_fault_list_free(struct torci_fault_list *list);

#endif
