/* trial_coverage.h - counts of gcov for each test by itself. */
#ifndef TORCI_TRIAL_COVERAGE_H
#define TORCI_TRIAL_COVERAGE_H

#include <stdbool.h>

/* Makes the folder and stores its whole path, for `free`.  0, or an exit status with the error printed: also if nothing
 * that is loaded has counters. */
int torci_trial_coverage_open(const char *folder, char **out);

/* What is counted from here to the end goes below FOLDER/ID, by GCOV_PREFIX; characters that a file's name should not
 * have are %XX there.  `forked`: in a process that was made for the test.  Does nothing if `folder` is NULL. */
void torci_trial_coverage_begin(const char *folder, const char *id, bool forked);
void torci_trial_coverage_end(const char *folder);

#endif
