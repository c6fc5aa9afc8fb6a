/* order_search.h - torc explore --strategy dfs: every answer to the first questions of a scenario, one run for each. */
#ifndef TORCI_ORDER_SEARCH_H
#define TORCI_ORDER_SEARCH_H

#include "scenario_source.h"

struct torci_mark_catalogue;

struct torci_order_search {
    struct torci_scenario_source *source;
    const struct torc_scenario *scenario;
    const char *path;
    const char *out; /* folder for what fails; NULL: the scenario's */
    uint64_t sites;
    unsigned depth;
    uint64_t budget_ns; /* 0: none */
    struct torci_mark_catalogue *marks;
};

/* Runs until one fails, all are tried or the budget is used up; tells all that.  An exit status. */
int torci_order_search(const struct torci_order_search *search);

#endif
