/* replayer_jobs.c - jobs of a program that is replayed: submitted, and run when their end is told. */
#include "replayer.h"

#include <stdlib.h>
#include <string.h>

int torci_replayer_submit(struct torc_platform *self, torc_work_fn *work, void *arg,
                          uint64_t token)
{
    struct torci_replayer *replayer = (struct torci_replayer *)self;
    struct torci_replay_event *event =
        replayer->over ? NULL : torci_replay_turn_next(replayer, NULL, TORC_TRACE_job);

    if (event == NULL) {
        torci_replay_differs(replayer, NULL, NULL, "submitted a job, which is not recorded");
        return TORC_ENOTSUP;
    }
    if (replayer->job_count == replayer->job_capacity) {
        size_t capacity = replayer->job_capacity != 0 ? 2 * replayer->job_capacity : 16;
        struct torci_replay_job *grown = realloc(replayer->jobs, capacity * sizeof(*grown));

        if (grown == NULL) {
            return TORC_ENOMEM;
        }
        replayer->jobs = grown;
        replayer->job_capacity = capacity;
    }
    event->used = true;
    if (event->recorded.event.error != 0) {
        return event->recorded.event.error;
    }
    replayer->jobs[replayer->job_count++] =
        (struct torci_replay_job){event->recorded.event.as.number, token, work, arg};
    return 0;
}

void torci_replay_job_end(struct torci_replayer *replayer, size_t index, const int32_t *recorded,
                          struct torc_platform_event *out)
{
    struct torci_replay_job job = replayer->jobs[index];

    memmove(&replayer->jobs[index], &replayer->jobs[index + 1],
            (replayer->job_count - index - 1) * sizeof(job));
    replayer->job_count--;
    replayer->in_job = true;
    out->token = job.token;
    out->events = TORC_EVENT_JOB;
    out->result = job.work(job.arg);
    replayer->in_job = false;
    torci_replay_database_job_ended(replayer);
    if (recorded != NULL && out->result != *recorded) {
        torci_replay_differs(replayer, NULL, NULL, "job j%u returned %d, recorded is %d",
                             (unsigned)job.number, (int)out->result, (int)*recorded);
    }
}

size_t torci_replay_jobs_end(struct torci_replayer *replayer, struct torc_platform_event *batch,
                             size_t capacity)
{
    size_t count = 0;

    while (count < capacity && replayer->job_count > 0) {
        torci_replay_job_end(replayer, 0, NULL, &batch[count++]);
    }
    return count;
}
