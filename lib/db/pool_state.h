/* pool_state.h - the inside of a pool; for pool*.c and database_failure.c alone.
 *
 * pool.c        making, closing, freeing             pool_queue.c   waiting, starting, ending, trying again
 * pool_submit.c the calls that ask for work          pool_work.c    what runs inside the job
 * pool_stream.c rows piece by piece */
#ifndef TORCI_POOL_STATE_H
#define TORCI_POOL_STATE_H

#include "transaction_state.h"

enum torci_request_kind {
    TORCI_REQUEST_STATEMENT,
    TORCI_REQUEST_INTERACTION,
    TORCI_REQUEST_RUN,
    TORCI_REQUEST_STREAM
};

enum torci_request_state {
    TORCI_REQUEST_WAITING, /* in a queue */
    TORCI_REQUEST_RUNNING, /* a job has it */
    TORCI_REQUEST_DONE,    /* its job has ended, and its result will be told */
    TORCI_REQUEST_PAUSED,  /* has no job: before another attempt, or between two pieces.  Keeps its connection */
    TORCI_REQUEST_ENDING   /* has neither: its result is being told */
};

/* Work that was asked for.  A job has it while it runs; otherwise it is the reactor's. */
struct torci_request {
    struct torci_request *next; /* in its queue, or of those its job runs after it */
    struct torci_request *all_next; /* of the pool */
    struct torci_request **all_link;
    struct torc_pool *pool;
    const char *site;
    enum torci_request_kind kind;
    enum torci_request_state state;
    bool reads;  /* on a reader */
    bool only_reads; /* a statement that writes is an error */
    bool wanted; /* its deferred has not fired, and nobody is about to fire it */
    bool called; /* the user's function has been */
    bool fresh;  /* the job is to begin an attempt */
    bool interrupted; /* under the connection's lock */
    uint64_t number;  /* of the attempt */
    struct torc_source source;
    size_t block_bytes; /* of this structure with its copies */

    const char *sql;
    const struct torc_db_value *parameters;
    size_t parameter_count;

    enum torc_transaction_mode mode;
    torc_interaction_fn *interaction;
    void *arg;
    torc_drop_fn *drop_arg;

    struct torc_row_stream *stream;

    unsigned attempts;
    uint64_t pause_ns; /* before the next attempt */
    struct torc_timer retry;
    struct torci_connection *connection; /* unless waiting */

    /* The outcome, left by the job. */
    int code;
    struct torci_sql_error error;
    struct torc_rows *rows;
    void *value;
    torc_drop_fn *drop_value;
    struct torci_refusal *refusal; /* NULL: none that counts */
    bool reconnect;    /* the connection was closed because of an error */
    char trouble[192]; /* a rollback that failed; "": none */
};

struct torci_queue {
    struct torci_request *first;
    struct torci_request **end;
    size_t count;
};

struct torc_row_stream {
    struct torci_request *request;
    struct torc_row_consumer *consumer;
    size_t rows_max;
    size_t bytes_max;
    bool paused;
    bool telling; /* the consumer is looking at rows */
    bool begun;
    bool over;    /* the statement has ended */
    bool stopping; /* the next job only ends it */
    struct torci_sql_run run;
    struct torc_rows *piece;
    uint64_t told;
    struct torc_failure *failure; /* the consumer's */
};

struct torc_pool {
    struct torc_reactor *reactor;
    struct torc_scope *scope;
    struct torc_platform *platform;
    const char *site;
    char *texts; /* path and name */
    size_t texts_bytes;
    struct torci_database database;
    struct torci_connection *connections; /* [0] writes */
    struct torci_request **users;         /* of each connection; NULL: free */
    size_t connection_count;
    size_t queue_max;
    unsigned busy_retries_max;
    uint64_t busy_retry_ns;
    uint64_t busy_retry_max_ns;
    struct torci_queue writes;
    struct torci_queue reads;
    struct torci_request *all;
    size_t outstanding; /* requests alive */
    size_t running;
    uint64_t last_number;
    uint64_t requests;
    uint64_t retries;
    uint64_t reconnects;
    bool opened; /* a job has opened a connection */
    bool pumping;
    bool pump_again; /* something has changed meanwhile */
    bool given_up;   /* nothing begins any more */
    bool shutdown_missed; /* the shutdown has begun, and does not wait for this pool */
    bool closing;     /* no new work */
    bool closing_now; /* the job that closes the connections runs */
    bool closed;
    bool freed;
    unsigned holds; /* jobs and calls under way */
    struct torc_source close_source;
    struct torc_source idle_source; /* of the shutdown, which waits */
    struct torc_trigger before_shutdown;
    struct torc_trigger during_shutdown;
};

/* --- pool.c */
/* Elsewhere than on the reactor's thread it is fatal. */
void torci_pool_check_thread(const struct torc_pool *pool, const char *site);
void torci_pool_hold(struct torc_pool *pool);
void torci_pool_unhold(struct torc_pool *pool); /* may free it */
/* A request has ended: goes on with closing, if it was the last. */
void torci_pool_check_idle(struct torc_pool *pool);
/* Work was asked for while the shutdown goes on: it waits for this too. */
void torci_pool_join_shutdown(struct torc_pool *pool);

/* --- pool_queue.c */
/* Begins it or queues it.  Errors: those of torc/pool.h; it is as before. */
TORC_CHECKED int torci_pool_enqueue(struct torci_request *request);
/* Begins what waits while connections are free. */
void torci_pool_pump(struct torc_pool *pool);
/* Gives its job to the platform once more; the connection is its own already. */
TORC_CHECKED int torci_request_run(struct torci_request *request);
/* It is over: its connection is free, the next begins, its deferred fires with what it has left (or with
 * `failure`, taken, if that is not NULL), and it is gone. */
void torci_request_end(struct torci_request *request, struct torc_failure *failure);
/* Its deferred fires with `failure` (taken), unless something has been told already; the request goes now or,
 * interrupted, when its job has ended. */
void torci_request_abandon(struct torci_request *request, struct torc_failure *failure);
void torci_request_free(struct torci_request *request);

/* --- pool_work.c */
/* The work of each kind, inside the job: leaves the outcome in the request.  A torc_work_fn. */
int torci_request_work(void *request);
/* What was run, and ended with `error`, must not leave a transaction to whoever comes next. */
int torci_request_end_stray_transaction(struct torci_request *request, int error);

/* --- pool_stream.c */
/* The stream's part of the work, and what comes of a piece. */
int torci_stream_work(struct torc_row_stream *stream);
void torci_stream_piece_done(struct torc_row_stream *stream);
/* Between two pieces: ends the statement. */
void torci_stream_stop(struct torc_row_stream *stream);
void torci_stream_free(struct torc_row_stream *stream);

/* --- database_failure.c */
struct torc_failure *torci_request_failure(const struct torci_request *request);

#endif
