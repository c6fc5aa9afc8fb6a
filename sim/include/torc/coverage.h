/* torc/coverage.h - the counters of gcov in every program and shared object of a process, as one.
 *
 * gcov writes what it has counted when a process ends by exit(): not on abort, not on _exit; and each shared object has
 * counters of its own, which no call in the program reaches.  What is linked with coverage.c (its path is the variable
 * `coverage` of libtorc-trial's pkg-config file) announces its counters here.  Without any these functions do nothing.
 *
 * They may be called after fork and, as gcov has no other choice, where a crash is handled; by one thread at a time. */
#ifndef TORC_COVERAGE_H
#define TORC_COVERAGE_H

#include <stdbool.h>

#include <torc/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A program or shared object with counters; its own, and valid until it is removed. */
struct torc_coverage_image {
    void (*write)(void);
    void (*forget)(void);
    struct torc_coverage_image *next; /* set here */
};

TORC_API void torc_coverage_add(struct torc_coverage_image *image);
/* Does nothing if it was not added. */
TORC_API void torc_coverage_remove(struct torc_coverage_image *image);

/* Adds what was counted since the last time to the files of counts; GCOV_PREFIX is read anew.  All that ends a process
 * without exit() calls it first. */
TORC_API void torc_coverage_write(void);

/* Counts from zero: a child does so after fork, or what its parent did would be counted twice. */
TORC_API void torc_coverage_forget(void);

/* Whether anything has been added. */
TORC_API bool torc_coverage_is_counted(void);

#ifdef __cplusplus
}
#endif
#endif
