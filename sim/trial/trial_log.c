/* trial_log.c - the errors that are logged while a test runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trial_state.h"

static bool descends(const struct torc_failure_type *type, const struct torc_failure_type *from)
{
    while (type != NULL && type != from)
        type = type->parent;
    return type != NULL;
}

static void describe(const struct torc_log_event *event, char *out, size_t size)
{
    char failure[512] = "";

    if (event->failure != NULL)
        (void)torc_failure_describe(event->failure, failure, sizeof failure);
    snprintf(out, size, "%s: %s%s%s%s%s", event->name_space, event->message,
             event->site != NULL ? ", at " : "", event->site != NULL ? event->site : "",
             failure[0] != '\0' ? ": " : "", failure);
}

void torci_trial_observe(struct torc_log_observer *self, const struct torc_log_event *event)
{
    struct torc_trial *trial = (struct torc_trial *)(void *)self;
    struct torci_logged_error *error;
    char text[1024];

    if (event->level < TORC_LOG_ERROR)
        return;
    describe(event, text, sizeof text);
    trial->errors = torci_trial_grow(trial->errors, trial->error_count, sizeof *trial->errors);
    error = &trial->errors[trial->error_count++];
    error->type = event->failure == NULL ? NULL : torc_failure_type(event->failure);
    error->unhandled = strcmp(event->name_space, "torc.deferred") == 0;
    error->text = strdup(text);
}

size_t torc_flush_logged_errors(struct torc_trial *trial, const struct torc_failure_type *type)
{
    size_t kept = 0;
    size_t flushed;

    for (size_t i = 0; i < trial->error_count; i++) {
        if (type != NULL && !descends(trial->errors[i].type, type))
            trial->errors[kept++] = trial->errors[i];
        else
            free(trial->errors[i].text);
    }
    flushed = trial->error_count - kept;
    trial->error_count = kept;
    return flushed;
}

void torci_trial_note_errors(struct torc_trial *trial)
{
    bool tolerant = torc_trial_struck(trial);

    for (size_t i = 0; i < trial->error_count; i++)
        if (!tolerant || trial->errors[i].unhandled)
            torci_trial_fail(trial->outcome, "an error was logged, and not flushed: %s",
                             trial->errors[i].text != NULL ? trial->errors[i].text : "");
}

void torci_trial_free_errors(struct torc_trial *trial)
{
    (void)torc_flush_logged_errors(trial, NULL);
    free(trial->errors);
    trial->errors = NULL;
}
