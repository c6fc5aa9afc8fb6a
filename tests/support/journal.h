/* journal.h - what happened, in order, as words: callbacks write, the test compares at the end.
 *
 *     struct journal journal = {0};
 *     struct line line = {&journal, "timer"};
 *     torc_call_later(clock, 0, journal_call, &line, journal_drop, NULL);
 *     ...
 *     assert_string_equal(journal.text, "timer ~timer ");          ran, then its argument was dropped
 */
#ifndef TORC_TESTS_JOURNAL_H
#define TORC_TESTS_JOURNAL_H

#include <stdio.h>
#include <string.h>

#include <torc/reactor.h>

struct journal {
    char text[2048];
    size_t length;
};

static inline void journal_write(struct journal *journal, const char *mark, const char *word)
{
    int bytes = snprintf(journal->text + journal->length, sizeof journal->text - journal->length,
                         "%s%s ", mark, word);
    if (bytes > 0 && (size_t)bytes < sizeof journal->text - journal->length)
        journal->length += (size_t)bytes;
}

static inline void journal_clear(struct journal *journal)
{
    journal->length = 0;
    journal->text[0] = '\0';
}

/* The argument of the callbacks below. */
struct line {
    struct journal *journal;
    const char *word;
    struct torc_reactor *reactor;
    struct torc_source source;
    int code; /* what the last call made in it answered */
};

static inline struct torc_failure *journal_call(void *arg)
{
    struct line *line = arg;
    journal_write(line->journal, "", line->word);
    return NULL;
}

static inline void journal_drop(void *arg)
{
    struct line *line = arg;
    journal_write(line->journal, "~", line->word);
}

static inline struct torc_result journal_trigger(void *arg)
{
    struct line *line = arg;
    journal_write(line->journal, "", line->word);
    return torc_value(NULL);
}

/* A trigger that returns a deferred; `source` is its other end. */
static inline struct torc_result journal_trigger_waits(void *arg)
{
    struct line *line = arg;
    struct torc_deferred *deferred;
    journal_write(line->journal, "", line->word);
    line->code = torc_deferred_new(torc_reactor_scope(line->reactor), NULL, NULL, &line->source,
                                   &deferred);
    return line->code ? torc_value(NULL) : torc_await(deferred);
}

static inline struct torc_failure *journal_failure(void *arg)
{
    struct line *line = arg;
    journal_write(line->journal, "", line->word);
    return torc_failure_new(torc_reactor_scope(line->reactor), &torc_failure_error, TORC_EIO, NULL,
                            "%s", line->word);
}

static inline struct torc_result journal_trigger_fails(void *arg)
{
    return torc_fail(journal_failure(arg));
}

static inline struct torc_failure *journal_stop(void *arg)
{
    struct line *line = arg;
    journal_write(line->journal, "", line->word);
    line->code = torc_reactor_stop(line->reactor);
    return NULL;
}

static inline struct torc_failure *journal_crash(void *arg)
{
    struct line *line = arg;
    journal_write(line->journal, "", line->word);
    line->code = torc_reactor_crash(line->reactor);
    return NULL;
}

static inline struct torc_result journal_trigger_crashes(void *arg)
{
    (void)journal_crash(arg);
    return torc_value(NULL);
}

/* An observer that writes the message of each event of level warn and above. */
struct journal_observer {
    struct torc_log_observer base;
    struct journal journal;
};

static inline void journal_observe(struct torc_log_observer *self, const struct torc_log_event *event)
{
    struct journal_observer *observer = (struct journal_observer *)(void *)self;
    if (event->level >= TORC_LOG_WARN)
        journal_write(&observer->journal, "", event->message);
}

#endif
