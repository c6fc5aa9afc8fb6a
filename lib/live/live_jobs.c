/* live_jobs.c - the thread pool: work that may block, run by a few threads that are started when there is
 * work for them. */
#include <signal.h>
#include <stdlib.h>

#include "live_platform.h"

static void queue_init(struct live_jobs_queue *queue)
{
    queue->first = NULL;
    queue->end = &queue->first;
}

static void queue_push(struct live_jobs_queue *queue, struct live_job *job)
{
    job->next = NULL;
    *queue->end = job;
    queue->end = &job->next;
}

static struct live_job *queue_pop(struct live_jobs_queue *queue)
{
    struct live_job *job = queue->first;

    if (job != NULL) {
        queue->first = job->next;
        if (queue->first == NULL)
            queue->end = &queue->first;
    }
    return job;
}

static void queue_free(struct live_jobs_queue *queue)
{
    struct live_job *job;

    while ((job = queue_pop(queue)) != NULL)
        free(job);
}

static void *run_jobs(void *arg)
{
    struct live *live = arg;
    struct live_jobs *jobs = &live->jobs;

    pthread_mutex_lock(&jobs->mutex);
    while (!jobs->quitting) {
        struct live_job *job = queue_pop(&jobs->waiting);

        if (job == NULL) {
            jobs->idle_threads++;
            pthread_cond_wait(&jobs->changed, &jobs->mutex);
            jobs->idle_threads--;
            continue;
        }
        jobs->waiting_count--;
        pthread_mutex_unlock(&jobs->mutex);
        job->result = job->work(job->arg);
        pthread_mutex_lock(&jobs->mutex);
        queue_push(&jobs->done, job);
        pthread_mutex_unlock(&jobs->mutex);
        torci_live_wake(&live->platform);
        pthread_mutex_lock(&jobs->mutex);
    }
    pthread_mutex_unlock(&jobs->mutex);
    return NULL;
}

int torci_live_jobs_init(struct live *live, const struct torc_live_options *options)
{
    struct live_jobs *jobs = &live->jobs;

    jobs->threads_max = options->threads != 0 ? options->threads : 4;
    jobs->waiting_max = options->jobs_queued_max != 0 ? options->jobs_queued_max : 4096;
    queue_init(&jobs->waiting);
    queue_init(&jobs->done);
    queue_init(&jobs->telling);
    jobs->threads = calloc(jobs->threads_max, sizeof *jobs->threads);
    if (jobs->threads == NULL)
        return TORC_ENOMEM;
    pthread_mutex_init(&jobs->mutex, NULL);
    pthread_cond_init(&jobs->changed, NULL);
    return 0;
}

void torci_live_jobs_free(struct live *live)
{
    struct live_jobs *jobs = &live->jobs;

    if (jobs->threads == NULL)
        return;
    pthread_mutex_lock(&jobs->mutex);
    jobs->quitting = true;
    pthread_cond_broadcast(&jobs->changed);
    pthread_mutex_unlock(&jobs->mutex);
    for (unsigned i = 0; i < jobs->threads_started; i++)
        pthread_join(jobs->threads[i], NULL);
    queue_free(&jobs->waiting);
    queue_free(&jobs->done);
    queue_free(&jobs->telling);
    pthread_cond_destroy(&jobs->changed);
    pthread_mutex_destroy(&jobs->mutex);
    free(jobs->threads);
}

/* Starts one more thread.  Signals are for the reactor's thread and the user's: none comes here. */
static int start_thread(struct live *live)
{
    struct live_jobs *jobs = &live->jobs;
    sigset_t all;
    sigset_t before;
    int error;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&jobs->threads[jobs->threads_started], NULL, run_jobs, live);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0)
        return TORC_ENOMEM;
    jobs->threads_started++;
    return 0;
}

int torci_live_submit(struct torc_platform *self, torc_work_fn *work, void *arg, uint64_t token)
{
    struct live *live = live_of(self);
    struct live_jobs *jobs = &live->jobs;
    struct live_job *job = malloc(sizeof *job);
    int error = 0;

    if (job == NULL)
        return TORC_ENOMEM;
    *job = (struct live_job){NULL, work, arg, token, 0};
    pthread_mutex_lock(&jobs->mutex);
    if (jobs->waiting_count >= jobs->waiting_max)
        error = TORC_ELIMIT;
    else if (jobs->waiting_count >= jobs->idle_threads &&
             jobs->threads_started < jobs->threads_max && start_thread(live) != 0 &&
             jobs->threads_started == 0)
        error = TORC_ENOMEM; /* with at least one thread the job only waits longer */
    if (error == 0) {
        queue_push(&jobs->waiting, job);
        jobs->waiting_count++;
    }
    pthread_mutex_unlock(&jobs->mutex);
    if (error == 0)
        pthread_cond_signal(&jobs->changed);
    else
        free(job);
    return error;
}

void torci_live_jobs_collect(struct live *live)
{
    struct live_jobs *jobs = &live->jobs;

    if (jobs->threads_started == 0)
        return;
    pthread_mutex_lock(&jobs->mutex);
    if (jobs->done.first != NULL) {
        *jobs->telling.end = jobs->done.first;
        jobs->telling.end = jobs->done.end;
        queue_init(&jobs->done);
    }
    pthread_mutex_unlock(&jobs->mutex);
}

size_t torci_live_jobs_tell(struct live *live, struct torc_platform_event *batch, size_t capacity)
{
    size_t count = 0;

    while (count < capacity && live->jobs.telling.first != NULL) {
        struct live_job *job = queue_pop(&live->jobs.telling);

        batch[count++] = (struct torc_platform_event){job->token, TORC_EVENT_JOB, job->result};
        free(job);
    }
    return count;
}
