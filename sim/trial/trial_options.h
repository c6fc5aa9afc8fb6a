/* trial_options.h - the arguments of a run of tests, and what the environment says about it. */
#ifndef TORCI_TRIAL_OPTIONS_H
#define TORCI_TRIAL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trial_report.h"
#include "trial_run.h"

enum { TORCI_TRIAL_PATTERNS_MAX = 64 };

struct torci_trial_options {
    struct torci_trial_run_options run;
    const char *filters[TORCI_TRIAL_PATTERNS_MAX];
    size_t filter_count;
    const char *skips[TORCI_TRIAL_PATTERNS_MAX];
    size_t skip_count;
    bool list;
    bool random;
    uint64_t seed;
    bool until_failure;
    uint64_t repeat;
    bool gdb;
    bool help;
    const struct torci_trial_form *form;
    char xml_file[4096];      /* of CMOCKA_XML_FILE */
    const char *junit;        /* files, or NULL */
    const char *jsonl;
    const char *failed_first;
    const char *coverage;     /* a folder, or NULL */
    int operands;             /* argv from here on */
};

/* 0, or an exit status with the error printed.  argv[0] is the name in messages; operands are moved to the end. */
int torci_trial_options_read(struct torci_trial_options *options, int argc, char **argv);
void torci_trial_options_help(const char *command, bool operands);

#endif
