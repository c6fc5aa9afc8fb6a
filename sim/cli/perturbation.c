#include "perturbation.h"

#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>

enum { FILL = 0xa5, STACK_BYTES = 256 * 1024, ENVIRONMENT_BYTES = 5000 };

const struct torci_perturbation_kind torci_perturbation_kinds[] = {
    {TORCI_PERTURB_MEMORY, "memory", "the contents of fresh memory",
     "memory that is read before it was written"},
    {TORCI_PERTURB_STACK, "stack", "what lay on the stack before",
     "a local variable that is read before it was written"},
    {TORCI_PERTURB_ADDRESSES, "addresses", "where memory lies",
     "an order or a hash made from addresses"},
    {TORCI_PERTURB_ENVIRONMENT, "environment", "the environment",
     "an environment variable, or memory beyond an array's end"},
    {0, NULL, NULL, NULL},
};

static unsigned find(const char *name, size_t bytes)
{
    for (const struct torci_perturbation_kind *kind = torci_perturbation_kinds; kind->name; kind++)
        if (strlen(kind->name) == bytes && memcmp(kind->name, name, bytes) == 0)
            return kind->bit;
    return 0;
}

bool torci_perturbation_parse(const char *text, unsigned *out, const char **out_bad)
{
    unsigned all = 0;

    for (;;) {
        size_t bytes = strcspn(text, ",");
        unsigned bit = find(text, bytes);

        if (bit == 0) {
            *out_bad = text;
            return false;
        }
        all |= bit;
        if (text[bytes] == '\0')
            break;
        text += bytes + 1;
    }
    *out = all;
    return true;
}

void torci_perturbation_enter(unsigned perturbations)
{
    if ((perturbations & TORCI_PERTURB_ADDRESSES) == 0)
        (void)personality(ADDR_NO_RANDOMIZE);
    if ((perturbations & TORCI_PERTURB_MEMORY) != 0)
        (void)setenv("MALLOC_PERTURB_", "165", 1);
    if ((perturbations & TORCI_PERTURB_ENVIRONMENT) != 0) {
        char text[ENVIRONMENT_BYTES];

        memset(text, 'x', sizeof text - 1);
        text[sizeof text - 1] = '\0';
        (void)setenv("TORC_CHECK_PADDING", text, 1);
    }
}

void torci_perturbation_soil_stack(void)
{
    volatile unsigned char soil[STACK_BYTES];

    for (size_t i = 0; i < sizeof soil; i++)
        soil[i] = FILL;
}
