/* fault_case.h - the text forms of one case of a sweep: a decision that brings about a fault, SITE:HOST:K[..]=OPTION;
 * a stream that is split, CONNECTION:c2s:AT. */
#ifndef TORCI_FAULT_CASE_H
#define TORCI_FAULT_CASE_H

#include <stddef.h>

#include <torc/scenario.h>

enum { TORCI_FAULT_HOST_BYTES = 64 };

struct torci_fault_case {
    struct torc_decision decision;
    char host[TORCI_FAULT_HOST_BYTES];
};

/* 0, or a usage error of the command. */
int torci_fault_case_read(const char *command, const char *text, struct torci_fault_case *out);
/* As part of file names: "srv-alloc.fail-8-1". */
void torci_fault_case_label(const struct torc_decision *decision, char *out, size_t size);
void torci_fault_case_write(const struct torc_decision *decision, char *out, size_t size);

struct torci_split_case {
    struct torc_scenario_split split;
    char connection[TORCI_FAULT_HOST_BYTES];
};

int torci_split_case_read(const char *command, const char *text, struct torci_split_case *out);
/* As part of file names: "one-c2s-1". */
void torci_split_case_label(const struct torc_scenario_split *split, char *out, size_t size);
void torci_split_case_write(const struct torc_scenario_split *split, char *out, size_t size);

/* The option of torc run that takes a case: "fault" or "split". */
const char *torci_case_option(const char *text);

/* The option after `option` (0: the first) that question `k` has; 0: there is none. */
uint64_t torci_fault_next_option(const struct torc_scenario_questions *questions, uint64_t k,
                                 uint64_t option);

#endif
