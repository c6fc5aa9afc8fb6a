/* found.h - a run of a campaign that failed: told, with the commands that repeat it, and made a small scenario. */
#ifndef TORCI_FOUND_H
#define TORCI_FOUND_H

#include "scenario_source.h"

enum { TORCI_FOUND_PATH_BYTES = 2048, TORCI_SHRINK_RUNS_MAX = 2000 };

/* OUT/NAME and `rest`: what is written of runs of the scenario at `path`.  OUT is its folder if `out` is NULL. */
void torci_found_path(const char *path, const char *out, const char *rest,
                      char result[TORCI_FOUND_PATH_BYTES]);

/* The value of --out DIR, a folder that can be written to: what is found after an hour is to go there.  0, or an exit status
 * with the error printed. */
int torci_found_read_out(const char *command, const char *folder, const char **out);

struct torci_found {
    struct torci_scenario_source *source;
    const struct torc_scenario *scenario;
    const char *path;  /* of the scenario */
    const char *out;   /* the folder that gets the files; NULL: that of the scenario */
    const char *label; /* what kind of run it was, as part of file names: "seed7" */
    struct torc_scenario_run_options *options; /* of the run; seed_given */
    uint64_t runs_max;  /* of the shrinker */
    bool traced;        /* its trace is wanted */
};

/* What became of it.  A text that is NULL is not known. */
struct torci_found_shrunk {
    size_t lines; /* 0: it was not shrunk */
    size_t runs;
    uint64_t ns;
    char *sentence;  /* with its place */
    char *detail;
    char *decisions; /* a scenario of `decide` lines: what is decided otherwise than by default in the run */
    char *scenario;  /* the small one */
    char *path;      /* of the small one */
    char *trace;     /* JSON lines, the last ones, of the small one, or of the run if it was not shrunk */
};
void torci_found_free(struct torci_found_shrunk *shrunk);

/* Makes the run again in a process of its own, prints what fails, writes OUT/NAME-LABEL.decisions and, shrunk,
 * OUT/NAME-LABEL.scn, and prints what to do with them.  TORCI_EXIT_FAIL; another exit status if that was not possible:
 * TORCI_EXIT_USAGE, nothing written, for a run that is invalid without any decision.  *out is to be freed in any case. */
int torci_found_tell(const struct torci_found *found, struct torci_found_shrunk *out);

/* Writes OUT/NAME-LABEL.scn alone, and prints where it is: of what was told already.  0, or an exit status.  *out as
 * above. */
int torci_found_shrink(const struct torci_found *found, struct torci_found_shrunk *out);

/* Writes and prints nothing, and shrinks nothing: makes the run again, for what *out has of it.  0, or an exit status. */
int torci_found_look(const struct torci_found *found, struct torci_found_shrunk *out);

#endif
