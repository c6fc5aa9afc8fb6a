/* power_matrix.h - cuts the power at every operation of a host's disk, with every loss the device allows, and
 * asks each time what is left.
 *
 *     struct power_matrix matrix = {&options, "srv", set_up, world_of, run, check, tear_down, 1};
 *     power_matrix_run(&matrix, &result);
 *     power_matrix_print("kv", &result);
 *     assert_int_equal(result.failures, 0);
 */
#ifndef TORC_TESTS_POWER_MATRIX_H
#define TORC_TESTS_POWER_MATRIX_H

#include <torc/disk.h>

/* Each trial is a world of its own, and all are alike up to the cut. */
struct power_matrix {
    void *arg;
    const char *host;
    void *(*set_up)(void *arg); /* what is done here is not cut */
    struct torc_world *(*world)(void *trial);
    void (*run)(void *trial); /* the work, until it is over or the host is down */
    /* The host is down, or has done all its work.  NULL: all is well; or what is not, borrowed until
     * tear_down. */
    const char *(*check)(void *trial);
    void (*tear_down)(void *trial);
    unsigned every; /* cut at each operation that is a multiple of this; 1: at all.  Under valgrind it is
                     * at least 37, and sampled cuts try nothing torn */
};

struct power_matrix_result {
    uint64_t cuts;           /* operations before which the power went */
    uint64_t losses;         /* trials: cuts times what is lost */
    uint64_t sampled_cuts;   /* with too many unsynced writes to try every subset of them */
    size_t unsynced_most;    /* at a cut */
    uint64_t failures;
    char first_failure[256]; /* "" if none */
};

/* At each cut: every subset of up to 8 unsynced writes; of more, all prefixes, each one lost, each one alone
 * and 64 drawn losses.  The last write of each prefix, and each write alone, also torn after 0, 1, 4 and 7
 * sectors; 8 drawn losses. */
void power_matrix_run(const struct power_matrix *matrix, struct power_matrix_result *out);

/* One line that TAP takes as a comment. */
void power_matrix_print(const char *name, const struct power_matrix_result *result);

#endif
