/* perturbation.h - what `torc check` changes between two runs of a scenario, none of which may show. */
#ifndef TORCI_PERTURBATION_H
#define TORCI_PERTURBATION_H

#include <stdbool.h>

enum torci_perturbation {
    TORCI_PERTURB_MEMORY = 1,
    TORCI_PERTURB_STACK = 2,
    TORCI_PERTURB_ADDRESSES = 4,
    TORCI_PERTURB_ENVIRONMENT = 8,
    TORCI_PERTURB_ALL = 15
};

struct torci_perturbation_kind {
    enum torci_perturbation bit;
    const char *name;
    const char *what;  /* that changed */
    const char *cause; /* the usual one */
};

/* Ended by one whose name is NULL. */
extern const struct torci_perturbation_kind torci_perturbation_kinds[];

/* Reads "memory,stack"; false: one is none of them, which *out_bad then points to. */
bool torci_perturbation_parse(const char *text, unsigned *out, const char **out_bad);

/* In a process of its own, before it becomes the command: what only a new process can have.  An environment
 * variable more for the C library's allocator, a larger environment, another place for everything; without a
 * perturbation the place is always the same one. */
void torci_perturbation_enter(unsigned perturbations);

/* In the command: leaves something on the part of the stack that what follows will use. */
void torci_perturbation_soil_stack(void);

#endif
