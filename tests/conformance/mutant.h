/* mutant.h - a platform around another one, wrong in one way. */
#ifndef TORC_CONFORMANCE_MUTANT_H
#define TORC_CONFORMANCE_MUTANT_H

#include "conformance.h"

#define HANDLES_MAX 64
#define ANSWERS_MAX 32
#define COLUMNS_MAX 16
#define JOBS_MAX 64

/* A statement that the mutant answers in SQLite's place. */
struct answer {
    void *sqlite;         /* its connection; NULL: free */
    void *statement;      /* what gives its rows; NULL: there are none */
    int code;
    char message[128];
    uint64_t rows;        /* told so far */
    bool complete;
    bool again;           /* the row it stands on is told once more */
    bool left_out;        /* one was */
    bool in_transaction;  /* what END tells */
    const char *columns[COLUMNS_MAX];
    struct torc_db_value values[COLUMNS_MAX];
};

struct mutant_job {
    torc_work_fn *work;
    void *arg;
    uint64_t token;
};

struct mutant {
    struct torc_platform platform;
    struct torc_platform_ops ops;
    struct torc_platform *inner;
    /* what some mutations remember */
    uint64_t told[HANDLES_MAX];
    size_t told_count;
    struct answer answers[ANSWERS_MAX];
    int64_t last_parameter;
    bool has_last_parameter;
    bool job_runs;
    struct mutant_job jobs[JOBS_MAX];
    size_t job_count;
};

static inline struct mutant *mutant_of(struct torc_platform *self)
{
    return (struct mutant *)(void *)self;
}

#define INNER(self) (mutant_of(self)->inner)

/* The answer under way on a connection, or NULL; begins one (NULL: no room); ends it, as END asks. */
struct answer *answer_of(struct mutant *mutant, const void *sqlite);
struct answer *answer_begin(struct mutant *mutant, void *sqlite, void *statement);
enum torc_database_answer answer_end(struct answer *answer, struct torc_database_event *event);

#endif
