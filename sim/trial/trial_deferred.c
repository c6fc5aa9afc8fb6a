/* trial_deferred.c - assertions about deferreds. */
#include <stdio.h>
#include <stdlib.h>

#include "trial_state.h"

static const char *name_of(const struct torc_failure_type *type)
{
    return type == NULL ? "a failure" : type->name;
}

/* The result, or the end of the test. */
static struct torc_result take(const char *file, int line, struct torc_deferred *deferred, const char *wanted)
{
    struct torc_result result = torc_value(NULL);

    if (torc_deferred_take(deferred, &result) != 0) {
        print_error("%s was expected, and the deferred made at %s has no result\n", wanted,
                    torc_deferred_site(deferred));
        torc_deferred_drop(deferred);
        _fail(file, line);
    }
    torc_deferred_drop(deferred);
    return result;
}

struct torc_result torc_success_result_of_at(const char *file, int line, struct torc_deferred *deferred)
{
    struct torc_result result = take(file, line, deferred, "a value");
    char text[1024];

    if (result.kind == TORC_RESULT_FAILURE) {
        (void)torc_failure_describe(result.as.failure, text, sizeof text);
        torc_result_drop(result);
        print_error("a value was expected, and it failed: %s\n", text);
        _fail(file, line);
    }
    return result;
}

struct torc_failure *torc_failure_result_of_at(const char *file, int line, struct torc_deferred *deferred,
                                               const struct torc_failure_type *type)
{
    struct torc_result result = take(file, line, deferred, name_of(type));
    char text[1024];

    if (result.kind != TORC_RESULT_FAILURE) {
        torc_result_drop(result);
        print_error("%s was expected, and it has a value\n", name_of(type));
        _fail(file, line);
    }
    if (type != NULL && !torc_failure_check(result.as.failure, type)) {
        (void)torc_failure_describe(result.as.failure, text, sizeof text);
        torc_result_drop(result);
        print_error("%s was expected, and it failed otherwise: %s\n", type->name, text);
        _fail(file, line);
    }
    return result.as.failure;
}

void torc_assert_no_result_at(const char *file, int line, struct torc_deferred *deferred)
{
    if (!torc_deferred_has_fired(deferred))
        return;
    print_error("no result was expected, and the deferred made at %s has fired\n", torc_deferred_site(deferred));
    _fail(file, line);
}

/* --- asynchronously ---------------------------------------------------------------------------- */

struct expected {
    struct torc_trial *trial;
    const struct torc_failure_type *type;
    const char *file;
    int line;
};

static struct torc_result unexpected_value(struct torc_result result, void *arg)
{
    const struct expected *expected = arg;

    torc_result_drop(result);
    return torc_fail(torc_failure_new_at(NULL, torc_trial_scope(expected->trial), &torc_failure_error, TORC_EINVAL, NULL,
                                         "%s was expected at %s:%d, and there is a value", name_of(expected->type),
                                         expected->file, expected->line));
}

static struct torc_result some_failure(struct torc_result result, void *arg)
{
    const struct expected *expected = arg;

    if (expected->type == NULL || torc_failure_check(result.as.failure, expected->type)) {
        torc_result_drop(result);
        return torc_value(NULL);
    }
    return torc_fail(torc_failure_new_at(NULL, torc_trial_scope(expected->trial), &torc_failure_error, TORC_EINVAL,
                                         result.as.failure, "%s was expected at %s:%d", expected->type->name,
                                         expected->file, expected->line));
}

struct torc_deferred *torc_assert_failure_at(const char *file, int line, struct torc_trial *trial,
                                             struct torc_deferred *deferred, const struct torc_failure_type *type)
{
    struct expected *expected = malloc(sizeof *expected);

    if (expected == NULL)
        abort();
    *expected = (struct expected){trial, type, file, line};
    if (torc_deferred_add(deferred, unexpected_value, some_failure, expected, free) != 0) {
        struct torc_result result = torc_value(NULL);

        free(expected);
        if (torc_deferred_take(deferred, &result) == 0)
            torc_result_drop(result);
        torc_deferred_drop(deferred);
        torc_trial_need_at(file, line, trial, TORC_ENOMEM);
    }
    return deferred;
}
