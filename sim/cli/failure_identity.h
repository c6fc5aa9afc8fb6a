/* failure_identity.h - whether two runs fail in the same way. */
#ifndef TORCI_FAILURE_IDENTITY_H
#define TORCI_FAILURE_IDENTITY_H

#include <torc/scenario.h>

/* What a failure is, whatever line or time it comes at: its verdict, the property, the sentence without its
 * numbers, the host. */
struct torci_failure_identity {
    int verdict; /* as in struct torci_outcome: negative if the run ended its process */
    char property[512];
    char message[512];
    char host[64];
};
void torci_failure_identify(const struct torc_scenario_report *report,
                            struct torci_failure_identity *out);
/* The sentence with each number, 0xADDRESS too, as one #. */
void torci_failure_without_numbers(const char *text, char *out, size_t size);
bool torci_failure_same(const struct torci_failure_identity *a,
                        const struct torci_failure_identity *b);

#endif
