/* Platforms that are wrong about databases, in one way each: what they say of a statement, what they let
 * it give, where the files lie, and when jobs run. */
#include "mutant.h"

#include <sqlite3.h>

#include <torc/format.h>

static enum torc_database_answer pass(struct torc_platform *s, struct torc_database_event *event)
{
    return INNER(s)->ops->database(INNER(s), event);
}

static bool begins_with(const struct torc_database_event *event, const char *word)
{
    return sqlite3_strnicmp(event->sql, word, (int)strlen(word)) == 0;
}

/* --- a wrong outcome ---------------------------------------------------------------------------- */

typedef void outcome_fn(struct torc_database_event *end);

static enum torc_database_answer with_outcome(struct torc_platform *s,
                                              struct torc_database_event *event,
                                              outcome_fn *change)
{
    enum torc_database_answer answer = pass(s, event);

    if (event->kind != TORC_DATABASE_END)
        return answer;
    change(event);
    return TORC_DATABASE_ANSWER;
}

#define OUTCOME_MUTATION(name)                                                                     \
    static enum torc_database_answer name##_database(struct torc_platform *s,                      \
                                                     struct torc_database_event *event)            \
    {                                                                                              \
        return with_outcome(s, event, name);                                                       \
    }                                                                                              \
    static void apply_##name(struct torc_platform_ops *ops)                                        \
    {                                                                                              \
        ops->database = name##_database;                                                           \
    }

static void went_well(struct torc_database_event *end)
{
    end->code = SQLITE_OK;
    end->message = "not an error";
    end->lost = false;
}

static void error_swallowed(struct torc_database_event *end)
{
    if (end->code != SQLITE_OK && !end->lost)
        went_well(end);
}
OUTCOME_MUTATION(error_swallowed)

static void busy_swallowed(struct torc_database_event *end)
{
    if ((end->code & 0xff) == SQLITE_BUSY)
        went_well(end);
}
OUTCOME_MUTATION(busy_swallowed)

static void loss_swallowed(struct torc_database_event *end)
{
    if (end->lost)
        went_well(end);
}
OUTCOME_MUTATION(loss_swallowed)

static void never_lost(struct torc_database_event *end)
{
    end->lost = false;
}
OUTCOME_MUTATION(never_lost)

static void other_family(struct torc_database_event *end)
{
    if ((end->code & 0xff) == SQLITE_CONSTRAINT)
        end->code = SQLITE_FULL;
}
OUTCOME_MUTATION(other_family)

static void primary_code(struct torc_database_event *end)
{
    end->code &= 0xff;
}
OUTCOME_MUTATION(primary_code)

static void changes_wrong(struct torc_database_event *end)
{
    if (end->changes > 0)
        end->changes++;
}
OUTCOME_MUTATION(changes_wrong)

static void last_id_wrong(struct torc_database_event *end)
{
    if (end->last_insert_id > 0)
        end->last_insert_id--;
}
OUTCOME_MUTATION(last_id_wrong)

/* --- told without being run ----------------------------------------------------------------------- */

/* Tells the statement as done; `instead` (may be NULL) is what is really run. */
static enum torc_database_answer pretend(struct torc_platform *s, struct torc_database_event *event,
                                         const char *instead, bool in_transaction)
{
    struct answer *answer = answer_begin(mutant_of(s), event->sqlite, NULL);

    if (answer == NULL)
        return pass(s, event);
    if (instead != NULL)
        (void)sqlite3_exec(event->sqlite, instead, NULL, NULL, NULL);
    answer->in_transaction = in_transaction;
    return TORC_DATABASE_ANSWER;
}

/* What comes after BEGIN, for a statement that was pretended; `*out` untouched for any other. */
static bool pretended(struct torc_platform *s, struct torc_database_event *event,
                      enum torc_database_answer *out)
{
    struct answer *answer = answer_of(mutant_of(s), event->sqlite);

    if (answer == NULL)
        return false;
    *out = event->kind == TORC_DATABASE_END ? answer_end(answer, event) : TORC_DATABASE_PROCEED;
    return true;
}

static enum torc_database_answer writes_forgotten_database(struct torc_platform *s,
                                                           struct torc_database_event *event)
{
    enum torc_database_answer answer;

    if (pretended(s, event, &answer))
        return answer;
    if (event->kind == TORC_DATABASE_BEGIN && event->sqlite != NULL &&
        (begins_with(event, "INSERT") || begins_with(event, "UPDATE") ||
         begins_with(event, "DELETE")))
        return pretend(s, event, NULL, sqlite3_get_autocommit(event->sqlite) == 0);
    return pass(s, event);
}
static void apply_writes_forgotten(struct torc_platform_ops *ops)
{
    ops->database = writes_forgotten_database;
}

static enum torc_database_answer commit_undone_database(struct torc_platform *s,
                                                        struct torc_database_event *event)
{
    enum torc_database_answer answer;

    if (pretended(s, event, &answer))
        return answer;
    if (event->kind == TORC_DATABASE_BEGIN && event->sqlite != NULL && begins_with(event, "COMMIT"))
        return pretend(s, event, "ROLLBACK", false);
    return pass(s, event);
}
static void apply_commit_undone(struct torc_platform_ops *ops)
{
    ops->database = commit_undone_database;
}

static enum torc_database_answer rollback_commits_database(struct torc_platform *s,
                                                           struct torc_database_event *event)
{
    enum torc_database_answer answer;

    if (pretended(s, event, &answer))
        return answer;
    if (event->kind == TORC_DATABASE_BEGIN && event->sqlite != NULL &&
        begins_with(event, "ROLLBACK"))
        return pretend(s, event, "COMMIT", false);
    return pass(s, event);
}
static void apply_rollback_commits(struct torc_platform_ops *ops)
{
    ops->database = rollback_commits_database;
}

/* Each statement of a reader sees a state of its own. */
static enum torc_database_answer no_read_transaction_database(struct torc_platform *s,
                                                              struct torc_database_event *event)
{
    enum torc_database_answer answer;

    if (event->connection == 0)
        return pass(s, event);
    if (pretended(s, event, &answer))
        return answer;
    if (event->kind == TORC_DATABASE_BEGIN && event->sqlite != NULL &&
        (begins_with(event, "BEGIN") || begins_with(event, "COMMIT") ||
         begins_with(event, "ROLLBACK")))
        return pretend(s, event, NULL, begins_with(event, "BEGIN"));
    return pass(s, event);
}
static void apply_no_read_transaction(struct torc_platform_ops *ops)
{
    ops->database = no_read_transaction_database;
}

/* --- the storage, the jobs ------------------------------------------------------------------------ */

static const char *nowhere_storage(struct torc_platform *s)
{
    (void)s;
    return "nowhere";
}
static void apply_storage_not_there(struct torc_platform_ops *ops)
{
    ops->storage = nowhere_storage;
}

static int start_next_job(struct torc_platform *s)
{
    struct mutant *mutant = mutant_of(s);
    struct mutant_job job;

    if (mutant->job_runs || mutant->job_count == 0)
        return TORC_OK;
    job = mutant->jobs[0];
    memmove(mutant->jobs, mutant->jobs + 1, --mutant->job_count * sizeof mutant->jobs[0]);
    mutant->job_runs = true;
    return INNER(s)->ops->submit(INNER(s), job.work, job.arg, job.token);
}
static int queued_submit(struct torc_platform *s, torc_work_fn *work, void *arg, uint64_t token)
{
    struct mutant *mutant = mutant_of(s);
    struct mutant_job job = {work, arg, token};

    if (mutant->job_count == JOBS_MAX)
        return TORC_ELIMIT;
    mutant->jobs[mutant->job_count++] = job;
    return start_next_job(s);
}
static size_t queued_wait(struct torc_platform *s, uint64_t deadline,
                          struct torc_platform_event *batch, size_t capacity)
{
    size_t i, count = INNER(s)->ops->wait(INNER(s), deadline, batch, capacity);

    for (i = 0; i < count; i++)
        if (batch[i].events == TORC_EVENT_JOB) {
            mutant_of(s)->job_runs = false;
            (void)start_next_job(s);
        }
    return count;
}
static void apply_one_job_at_a_time(struct torc_platform_ops *ops)
{
    ops->submit = queued_submit;
    ops->wait = queued_wait;
}

const struct mutation database_mutations[] = {
    {"error-swallowed", "a statement's error is told as success", apply_error_swallowed},
    {"busy-swallowed", "BUSY is told as success", apply_busy_swallowed},
    {"loss-swallowed", "a reply that was lost is told as success", apply_loss_swallowed},
    {"never-lost", "a lost connection is told as any other error", apply_never_lost},
    {"other-family", "a constraint is told as a full disk", apply_other_family},
    {"primary-code", "extended result codes are cut to their family", apply_primary_code},
    {"changes-wrong", "one change too many is told", apply_changes_wrong},
    {"last-id-wrong", "the rowid before is told as the last one", apply_last_id_wrong},
    {"writes-forgotten", "what writes is told as done and not run", apply_writes_forgotten},
    {"commit-undone", "COMMIT is told as done and rolls back", apply_commit_undone},
    {"rollback-commits", "ROLLBACK commits", apply_rollback_commits},
    {"no-read-transaction", "each statement of a reader sees another state",
     apply_no_read_transaction},
    {"storage-not-there", "the storage has a name that SQLite does not know",
     apply_storage_not_there},
    {"one-job-at-a-time", "a job begins when the one before has ended", apply_one_job_at_a_time},
};
const size_t database_mutation_count = sizeof database_mutations / sizeof database_mutations[0];
