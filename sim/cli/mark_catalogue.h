/* mark_catalogue.h - the marks of a scenario's modules that should hold in some run (TORC_SOMETIMES, TORC_REACHABLE), and
 * which of them held in the runs of a campaign, whatever process made them. */
#ifndef TORCI_MARK_CATALOGUE_H
#define TORCI_MARK_CATALOGUE_H

#include "scenario_source.h"

/* Cleared, it is the catalogue of a campaign that does not ask: it watches nothing and lacks nothing. */
struct torci_mark_catalogue {
    struct torci_scenario_source *source;
    const struct torc_mark **marks; /* the first of each name */
    size_t count;
    size_t room;
    unsigned char *held; /* shared with the processes that make runs */
    char *row;           /* of the run that is made: '1' is written for each mark that holds; or NULL */
    int error;           /* an errno */
};

/* Lists the marks of the modules, before the first run.  0, or an exit status with the error printed. */
int torci_mark_catalogue_make(struct torci_mark_catalogue *catalogue, struct torci_scenario_source *source,
                              const struct torc_scenario *scenario);
void torci_mark_catalogue_free(struct torci_mark_catalogue *catalogue);

/* The run with these options, the next one this process makes, notes the marks that hold in it, also in `row`, which has
 * a place for each; or NULL. */
void torci_mark_catalogue_watch(struct torci_mark_catalogue *catalogue, char *row,
                                struct torc_scenario_run_options *options);

/* "sometimes", "reachable" */
const char *torci_mark_kind_name(const struct torc_mark *mark);

/* Tells the marks that held in no run, a line each.  How many there are. */
size_t torci_mark_catalogue_tell(const struct torci_mark_catalogue *catalogue);

#endif
