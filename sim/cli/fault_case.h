/* fault_case.h - the text form of one decision that brings about a fault: SITE:HOST:K[..]=OPTION. */
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
void torci_fault_case_write(const struct torc_decision *decision, char *out, size_t size);

#endif
