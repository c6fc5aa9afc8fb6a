/* recorder_jobs.c - jobs of a program that is recorded: what they saw is recorded before their end. */
#include "recorder.h"

#include <stdlib.h>

/* A job of the program, as the platform below gets it. */
struct torci_recorder_work {
    struct torci_recorder *recorder;
    torc_work_fn *work;
    void *arg;
};

/* Runs on the job's thread.  All it saw of its databases is recorded before its end is told. */
static int do_work(void *arg)
{
    const struct torci_recorder_work *work = arg;
    int result = work->work(work->arg);

    torci_recorder_job_ended(work->recorder);
    return result;
}

static int submit_below(struct torci_recorder *recorder, torc_work_fn *work, void *arg,
                        uint64_t handle)
{
    struct torci_recorder_object *job = torci_recorder_objects_get(&recorder->jobs, handle);

    job->work = malloc(sizeof(*job->work));
    if (job->work == NULL) {
        return TORC_ENOMEM;
    }
    *job->work = (struct torci_recorder_work){recorder, work, arg};
    return recorder->inner->ops->submit(recorder->inner, do_work, job->work, handle);
}

int torci_recorder_submit(struct torc_platform *self, torc_work_fn *work, void *arg,
                          uint64_t token)
{
    struct torci_recorder *recorder = torci_recorder_of(self);
    struct torci_recording_event event = {.kind = TORC_TRACE_job};
    struct torci_recorder_object *job;
    uint64_t handle;
    int status = torci_recorder_objects_add(&recorder->jobs, token, &handle);

    if (status != 0) {
        return status;
    }
    event.error = submit_below(recorder, work, arg, handle);
    if (event.error == 0) {
        job = torci_recorder_objects_get(&recorder->jobs, handle);
        torci_recorder_objects_name(&recorder->jobs, job, 'j');
        event.as = job->name;
    } else {
        torci_recorder_objects_remove(&recorder->jobs, handle);
    }
    torci_recorder_record(recorder, &event);
    return event.error;
}
