/* torc/trial.h - unit tests, each in a world of its own, over CMocka.
 *
 *     TORC_TEST(a_reply_comes_within_a_second)
 *     {
 *         struct torc_deferred *reply = ask(torc_trial_reactor(trial), "who");
 *
 *         torc_trial_run(trial, TORC_SECOND);
 *         assert_string_equal(torc_success_result_of(reply).as.value, "me");
 *         return NULL;
 *     }
 *     TORC_TRIAL_MAIN
 *
 * To define a test is to register it.  It has a simulated host whose reactor has started, or a live reactor if it says
 * so, both made when it first asks for them, and may return a deferred, which is then waited for.  CMocka's assertions, mocks and test_malloc work inside of
 * it, of its callbacks and of its simulated jobs.  A test fails if
 *
 *   - an assertion fails, it crashes, or its process ends;
 *   - the deferred it returns, or that of a set-up, tear-down or clean-up, fails, or does not fire: when nothing is left
 *     to happen that is told at once, otherwise at its limit of time;
 *   - an error was logged, or a failure left unhandled, and was not flushed (torc_flush_logged_errors);
 *   - after its clean-ups timed calls, listeners, connections, jobs or deferreds are left on its reactor;
 *   - hosts that it added do not stop, or leave anything behind;
 *   - memory of its hosts, of the live reactor, or of test_malloc, is not given back, or file descriptors are left open;
 *   - a fault it armed has not struck (torc_trial_arm).
 *
 * Once an assertion has failed, or the test is skipped, the last four are not looked at.  An assertion that fails inside
 * of a callback, a job or a turn leaves its world in the middle of what it did: that world is abandoned as it is, no
 * tear-down or clean-up runs any more, and the next test begins with another one.
 *
 * Source files of tests include <setjmp.h>, <stdarg.h>, <stddef.h>, <stdint.h> and <cmocka.h> before this header, and
 * are linked to libtorc-trial and CMocka, or as shared objects for `torc trial`, to nothing.  docs/trial.md has the
 * options of the command and of TORC_TRIAL_MAIN, which are the same. */
#ifndef TORC_TRIAL_H
#define TORC_TRIAL_H

#include <torc/database_fault.h>
#include <torc/disk.h>
#include <torc/operation_fault.h>
#include <torc/sim.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One run of one test; lasts from its set-up to its last clean-up. */
struct torc_trial;

/* A test, a set-up, a tear-down.  NULL: it is over; a deferred is taken, and waited for. */
typedef struct torc_deferred *torc_trial_fn(struct torc_trial *trial);

/* --- defining ----------------------------------------------------------------------------------- */

/* What tests share: `set_up` runs before each of them, `tear_down` after each whose set-up has passed.  Either may be NULL. */
struct torc_trial_group {
    const char *name; /* NULL: that of the file of each test */
    torc_trial_fn *set_up;
    torc_trial_fn *tear_down;
};

enum torc_trial_place {
    TORC_ON_SIM = 1,
    TORC_ON_LIVE = 2 /* always in a process of its own, unless --in-process is given */
};

/* A test is called GROUP.NAME, where the group of a test without one, or of one without a name, is its file's name without ".c".  Of a test with
 * parameters there is one for each, GROUP.NAME[PARAMETER]; of one that runs in several ways GROUP.NAME, GROUP.NAME@live
 * and GROUP.NAME@sweep.  Names are unique: two tests of one name are an error, and nothing runs. */
struct torc_trial_test {
    size_t size; /* the first four are set by TORC_TEST */
    const char *name;
    const char *site;
    torc_trial_fn *function;
    const struct torc_trial_group *group;
    const char *const *parameters; /* ended by NULL */
    unsigned places;               /* of enum torc_trial_place; 0: TORC_ON_SIM */
    const char *sweep;             /* sites of torc/decision.h, such as "alloc.fail,connect.fail": run once more for each
                                    * option of each question asked there.  See torc_trial_struck */
    uint64_t virtual_limit_ns;     /* 0: 1 h.  Of one wait, in sim */
    uint64_t real_limit_ns;        /* 0: 20 s.  Of all of it */
    const char *skip;              /* why it is not run */
    const char *todo;              /* why it is expected to fail; once it passes, that is a failure */
    const char *fails;             /* it has to fail, and with this in what is told of it */
    uint64_t seed;                 /* of its world */
    const void *subject;           /* what it is about, if its function is that of other tests too */
};

/* TORC_TEST(name, .member = value, ...) { ... }: `trial` is the parameter of the function. */
#define TORC_TRIAL_FIRST_(first, ...) first
#define TORC_TRIAL_FIRST(...) TORC_TRIAL_FIRST_(__VA_ARGS__, 0)
#define TORC_TRIAL_DEFINE_(test_name, ...)                                                         \
    static struct torc_deferred *test_name(struct torc_trial *trial);                              \
    static const struct torc_trial_test torc_trial_of_##test_name                                  \
        __attribute__((section("torc_tests"), used, aligned(8))) = {                               \
            .size = sizeof(struct torc_trial_test),                                                \
            .name = #test_name,                                                                    \
            .site = TORC_HERE,                                                                     \
            .function = __VA_ARGS__};                                                              \
    static struct torc_deferred *test_name(                                                        \
        struct torc_trial *trial __attribute__((unused)))
#define TORC_TRIAL_DEFINE(test_name, ...) TORC_TRIAL_DEFINE_(test_name, __VA_ARGS__)
#define TORC_TEST(...) TORC_TRIAL_DEFINE(TORC_TRIAL_FIRST(__VA_ARGS__), __VA_ARGS__)

/* The tests of a program or shared object; those of torc_trial_main may also be made as the program runs. */
struct torc_trial_catalogue {
    size_t size; /* sizeof(struct torc_trial_catalogue) */
    const struct torc_trial_test *begin;
    const struct torc_trial_test *end;
};
extern const struct torc_trial_test __start_torc_tests[] __attribute__((weak, visibility("hidden")));
extern const struct torc_trial_test __stop_torc_tests[] __attribute__((weak, visibility("hidden")));

/* Every file of a shared object has it, and the linker keeps one: what `torc trial` looks for. */
#define TORC_TRIAL_SYMBOL "torc_trial_tests"
TORC_API extern const struct torc_trial_catalogue torc_trial_tests;
#ifndef __cplusplus
__attribute__((weak)) const struct torc_trial_catalogue torc_trial_tests = {
    sizeof(struct torc_trial_catalogue), __start_torc_tests, __stop_torc_tests};
#endif

/* --- inside of a test --------------------------------------------------------------------------- */

TORC_API struct torc_reactor *torc_trial_reactor(struct torc_trial *trial);
TORC_API struct torc_scope *torc_trial_scope(struct torc_trial *trial);
/* Of the test's own host, "test"; NULL live. */
TORC_API struct torc_world *torc_trial_world(struct torc_trial *trial);
TORC_API struct torc_host *torc_trial_host(struct torc_trial *trial);
/* NULL: the test has no parameters. */
TORC_API const char *torc_trial_parameter(const struct torc_trial *trial);
/* That of its definition. */
TORC_API const void *torc_trial_subject(const struct torc_trial *trial);
/* What a set-up has for its tests; borrowed, NULL at first. */
TORC_API void torc_trial_set_state(struct torc_trial *trial, void *state);
TORC_API void *torc_trial_state(const struct torc_trial *trial);

/* Adds a simulated host, for a module or for peers.  After the clean-ups its reactor is stopped in order, for which there
 * is a minute of virtual time; then nothing may be left of it.  What it logs counts as the test's.  A failure to add it
 * fails the test. */
TORC_API struct torc_host *torc_trial_add_host(struct torc_trial *trial, const char *name);

/* Lets time pass: `span_ns` of virtual or of real time. */
TORC_API void torc_trial_run(struct torc_trial *trial, uint64_t span_ns);

/* Runs after the tear-down, the last one added first, each after what the one before it has returned; also if the test
 * fails.  `arg` is borrowed until then. */
typedef struct torc_deferred *torc_clean_up_fn(void *arg);
TORC_API void torc_trial_add_clean_up(struct torc_trial *trial, torc_clean_up_fn *clean_up, void *arg);

/* Forgets the errors logged so far whose failure is of this type or descends from it (NULL: all); tells how many. */
TORC_API size_t torc_flush_logged_errors(struct torc_trial *trial, const struct torc_failure_type *type);

/* Arm a fault of a simulated host that has to strike before the test is over. */
TORC_API void torc_trial_arm(struct torc_trial *trial, struct torc_host *host,
                             const struct torc_operation_fault *fault);
TORC_API void torc_trial_arm_database(struct torc_trial *trial, struct torc_host *host,
                                      const struct torc_database_fault *fault);
TORC_API void torc_trial_arm_disk(struct torc_trial *trial, struct torc_host *host,
                                  const struct torc_disk_fault *fault);

/* Ends the test, which then counts as skipped. */
TORC_API void torc_trial_skip(struct torc_trial *trial, const char *reason) __attribute__((noreturn));

/* Under a sweep: whether the fault has struck.  From then on the deferreds that are waited for may fail, and what is
 * logged, but for unhandled failures, is no failure of the test; all else is. */
TORC_API bool torc_trial_struck(const struct torc_trial *trial);
/* Goes on if `code` is 0.  If not, and a sweep's fault has struck, ends the test, which has passed so far; otherwise
 * fails it. */
TORC_API void torc_trial_need_at(const char *file, int line, struct torc_trial *trial, int code);
#define torc_trial_need(trial, code) torc_trial_need_at(__FILE__, __LINE__, trial, code)

/* --- deferreds ---------------------------------------------------------------------------------- */

/* The value of a deferred that has fired; given, with its release function (torc_result_drop).  The deferred is taken.
 * Fails the test if it has not fired or holds a failure. */
TORC_API struct torc_result torc_success_result_of_at(const char *file, int line,
                                                      struct torc_deferred *deferred);
#define torc_success_result_of(deferred) torc_success_result_of_at(__FILE__, __LINE__, deferred)

/* The failure of one, which has to be of this type or descend from it (NULL: any); given.  The deferred is taken. */
TORC_API struct torc_failure *torc_failure_result_of_at(const char *file, int line,
                                                        struct torc_deferred *deferred,
                                                        const struct torc_failure_type *type);
#define torc_failure_result_of(deferred, type)                                                     \
    torc_failure_result_of_at(__FILE__, __LINE__, deferred, type)

/* Fails the test if the deferred has a result; takes nothing. */
TORC_API void torc_assert_no_result_at(const char *file, int line, struct torc_deferred *deferred);
#define torc_assert_no_result(deferred) torc_assert_no_result_at(__FILE__, __LINE__, deferred)

/* For a test to return: the deferred itself, which then succeeds if it fails with this type or one that descends from
 * it (NULL: any), and otherwise fails. */
TORC_API struct torc_deferred *torc_assert_failure_at(const char *file, int line, struct torc_trial *trial,
                                                      struct torc_deferred *deferred,
                                                      const struct torc_failure_type *type);
#define torc_assert_failure(trial, deferred, type)                                                 \
    torc_assert_failure_at(__FILE__, __LINE__, trial, deferred, type)

/* --- running ------------------------------------------------------------------------------------ */

/* Finds the tests of an operand of the command line.  0, or an exit status with the error printed. */
typedef int torc_trial_load_fn(const char *operand, const struct torc_trial_catalogue **out);

/* Runs tests as the arguments say, prints what came of them, and returns the exit status: 0 all pass, 1 a test failed,
 * 2 wrong usage or no test is left, 77 all were skipped, 99 internal error, 130 interrupted.  `own` (or NULL) are those of
 * the program; with `load` every operand stands for more, without it there are no operands. */
TORC_API int torc_trial_main(int argc, char **argv, const struct torc_trial_catalogue *own,
                             torc_trial_load_fn *load);

#define TORC_TRIAL_MAIN                                                                            \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        return torc_trial_main(argc, argv, &torc_trial_tests, NULL);                               \
    }

#ifdef __cplusplus
}
#endif
#endif
