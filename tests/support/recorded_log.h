/* recorded_log.h - an observer for tests that counts events and keeps a copy of the last one. */
#ifndef TORC_TEST_RECORDED_LOG_H
#define TORC_TEST_RECORDED_LOG_H

#include <torc/failure.h>
#include <torc/log.h>

struct torc_test_log {
    struct torc_log_observer base; /* what to give to torc_scope_new */
    size_t events;
    /* The last event. */
    enum torc_log_level level;
    char name_space[64];
    char message[600];
    char site[200];    /* "" for none */
    char failure[600]; /* as torc_failure_describe has it; "" for none */
    size_t field_count;
};

void torc_test_log_init(struct torc_test_log *log);

#endif
