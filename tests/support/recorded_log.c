#include "recorded_log.h"

#include <string.h>

#include <torc/format.h>

static void emit(struct torc_log_observer *self, const struct torc_log_event *event)
{
    struct torc_test_log *log = (struct torc_test_log *)self;

    log->events++;
    log->level = event->level;
    torc_format(log->name_space, sizeof log->name_space, "%s", event->name_space);
    torc_format(log->message, sizeof log->message, "%s", event->message);
    torc_format(log->site, sizeof log->site, "%s", event->site ? event->site : "");
    log->failure[0] = 0;
    if (event->failure)
        torc_failure_describe(event->failure, log->failure, sizeof log->failure);
    log->field_count = event->field_count;
}

void torc_test_log_init(struct torc_test_log *log)
{
    memset(log, 0, sizeof *log);
    log->base.emit = emit;
}
