#include <torc/failure.h>
#include <torc/format.h>

#include "scope_state.h"

enum { SENTENCE_BYTES = 512 };

void torc_log_emit(struct torc_scope *scope, const struct torc_log_event *event)
{
    if (event->level >= TORC_LOG_ERROR)
        scope->counts.errors_logged++;
    if (!scope->observer || scope->observing)
        return;
    scope->observing = true;
    scope->observer->emit(scope->observer, event);
    scope->observing = false;
}

void torc_log_at(const char *site, struct torc_scope *scope, enum torc_log_level level,
                 const char *name_space, const char *format, ...)
{
    char sentence[SENTENCE_BYTES];
    struct torc_log_event event = {level, name_space, sentence, site, NULL, NULL, 0};
    va_list arguments;

    va_start(arguments, format);
    torc_format_list(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    torc_log_emit(scope, &event);
}

void torc_log_failure(struct torc_scope *scope, const char *name_space, const char *message,
                      struct torc_failure *failure)
{
    struct torc_log_event event = {TORC_LOG_ERROR, name_space, message, NULL, failure, NULL, 0};
    event.site = torc_failure_site(failure);
    torc_log_emit(scope, &event);
}

const char *torc_log_level_name(enum torc_log_level level)
{
    switch (level) {
    case TORC_LOG_DEBUG:
        return "debug";
    case TORC_LOG_INFO:
        return "info";
    case TORC_LOG_WARN:
        return "warn";
    case TORC_LOG_ERROR:
        return "error";
    case TORC_LOG_CRITICAL:
    default:
        return "critical";
    }
}
