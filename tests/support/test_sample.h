/* test_sample.h - how much a test does that can do everything: TORC_TEST_SAMPLE=N in the environment, where all takes long
 * (valgrind, sanitizers), asks for every N-th only. */
#ifndef TORC_TEST_SAMPLE_H
#define TORC_TEST_SAMPLE_H

/* N, at least 1. */
unsigned test_sample(void);

#endif
