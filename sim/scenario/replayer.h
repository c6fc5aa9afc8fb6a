/* replayer.h - the platform that answers from a recording and compares.
 *
 * It holds one recorded turn at a time: the events between one wait and the next.  The program's calls
 * take events of that turn as they come, each kind and each connection in the recorded order; what is
 * left when the program waits again, it did not do.  The first difference, or the end of the recording,
 * makes the replayer `over`: from then on it answers anything harmlessly, until the reactor is freed. */
#ifndef TORCI_REPLAYER_H
#define TORCI_REPLAYER_H

#include <torc/recording.h>

#include "recording_reader.h"

#define TORCI_REPLAY_NONE SIZE_MAX

/* An event of the present turn. */
struct torci_replay_event {
    struct torci_recorded_event recorded;
    bool used;      /* the program did it, or was told it */
    size_t done;    /* rx, tx: bytes of it */
    size_t next_on; /* the next event of the same object, or TORCI_REPLAY_NONE */
};

/* A listener, a connection, a datagram port or a lookup, from the turn that opens it to the end of the one that closes it. */
struct torci_replay_stream {
    struct torci_object name;
    bool open;
    bool connecting;
    bool blocked;  /* in this turn a recorded write was not taken whole */
    uint32_t interest;
    uint64_t token;
    struct torc_address local;
    struct torc_address peer;
    size_t first;  /* of its events in the present turn, or TORCI_REPLAY_NONE */
    size_t last;
    uint64_t read_n; /* the event read last; 0: none */
    size_t read_bytes;
    size_t read_kept;
    uint8_t read_data[256]; /* its beginning */
};

struct torci_replay_streams {
    struct torci_replay_stream **by_number; /* NULL: closed in an earlier turn */
    uint32_t count;
    uint32_t capacity;
};

/* Before each block of the program's memory: what it does not give back, as when it is stopped in the
 * middle by a difference, goes with the replayer. */
struct torci_replay_block {
    struct torci_replay_block *next;
    struct torci_replay_block **link; /* what points at this one */
};

struct torci_replay_job {
    uint32_t number;
    uint64_t token;
    torc_work_fn *work;
    void *arg;
};

/* A db event until a job has come to it. */
struct torci_replay_step {
    struct torci_replay_step *next;
    struct torci_recorded_database *recorded;
    uint64_t n;
};

/* What is recorded of a request and no job has come to. */
struct torci_replay_request {
    struct torci_replay_request *next;
    char *database;
    uint64_t number;
    struct torci_replay_step *steps; /* in the recorded order */
    struct torci_replay_step **steps_end;
    bool touched; /* by the job that runs */
};

/* A statement that the program runs. */
struct torci_replay_statement {
    struct torci_replay_statement *next;
    char *database;
    uint32_t connection;
    struct torci_replay_step *step; /* taken out of its request; NULL: none is under way */
    size_t rows_given;              /* of the step */
    const char **columns;
    size_t column_capacity;
};

struct torci_replay_databases {
    struct torci_replay_request *requests; /* in the recorded order */
    struct torci_replay_request **requests_end;
    struct torci_replay_statement *statements; /* one for each connection */
};

struct torci_replay_real;

struct torci_replayer {
    struct torc_platform platform;
    struct torc_recording *recording;
    struct torc_replay_report *report;
    struct torc_trace *trace;
    bool begun;
    bool over;
    int status;         /* what made reading impossible, or 0; report->error says why */
    uint64_t now_ns;
    uint64_t turn_n;    /* 0 before the first */
    uint64_t wall_ns;   /* the last reading, and when it was */
    uint64_t wall_at_ns;
    struct torci_replay_event *events; /* of the present turn */
    size_t event_count;
    size_t event_capacity;
    struct torci_recorded_event following; /* the turn event after them */
    bool follows;
    const char *ready;  /* of the present turn, what was not told yet */
    bool told_again;    /* this wait was an extra one, to read what was left */
    size_t left_before; /* what was left then */
    struct torci_replay_streams listeners;
    struct torci_replay_streams connections;
    struct torci_replay_streams datagram_ports;
    struct torci_replay_streams lookups;
    struct torci_replay_job *jobs; /* submitted and not ended */
    size_t job_count;
    size_t job_capacity;
    uint32_t jobs_made;
    bool in_job;
    struct torci_replay_databases databases;
    struct torci_replay_real *real; /* NULL: statements are not run */
    struct torci_replay_block *blocks;
    bool signals_watched;
    uint64_t signal_token;
};

/* Makes the platform and reads the turn before the first wait.  Everything is borrowed until it is
 * freed.  Errors: as torc_replay. */
TORC_CHECKED int torci_replayer_new(struct torc_recording *recording, struct torc_trace *trace,
                                    struct torc_replay_report *report,
                                    struct torci_replayer **out);
void torci_replayer_free(struct torci_replayer *replayer);

/* Ends the replay with an error and its sentence. */
void torci_replayer_fail(struct torci_replayer *replayer, int status, const char *error);

/* The program is done: compares what the present turn has left, and that no turn follows. */
void torci_replayer_end(struct torci_replayer *replayer);

/* --- slots of the platform (replayer_streams.c) -------------------------------------------------- */

int torci_replayer_listen(struct torc_platform *self, const struct torc_address *address,
                          const struct torc_listen_settings *settings, uint64_t token,
                          uint64_t *out_handle);
int torci_replayer_connect(struct torc_platform *self, const struct torc_address *address,
                           const struct torc_address *local, uint64_t token, uint64_t *out_handle);
int torci_replayer_accept(struct torc_platform *self, uint64_t listener, uint64_t token,
                          uint64_t *out_handle, struct torc_address *out_peer);
int torci_replayer_refuse(struct torc_platform *self, uint64_t listener);
int torci_replayer_read(struct torc_platform *self, uint64_t handle, void *buffer, size_t bytes,
                        size_t *out_bytes);
int torci_replayer_writev(struct torc_platform *self, uint64_t handle,
                          const struct torc_span *spans, size_t count, size_t *out_bytes);
void torci_replayer_interest(struct torc_platform *self, uint64_t handle, uint32_t events);
int torci_replayer_shutdown(struct torc_platform *self, uint64_t handle);
void torci_replayer_close(struct torc_platform *self, uint64_t handle, enum torc_close_mode mode);
int torci_replayer_names(struct torc_platform *self, uint64_t handle,
                         struct torc_address *out_local, struct torc_address *out_peer);
int torci_replayer_set_option(struct torc_platform *self, uint64_t handle,
                              enum torc_stream_option option, int value);

/* --- jobs (replayer_jobs.c) ---------------------------------------------------------------------- */

int torci_replayer_submit(struct torc_platform *self, torc_work_fn *work, void *arg,
                          uint64_t token);
/* Runs a job and makes its event.  What it returns is compared, unless `recorded` is NULL. */
void torci_replay_job_end(struct torci_replayer *replayer, size_t index, const int32_t *recorded,
                          struct torc_platform_event *out);
/* The same for all that are left: they have to end before a reactor can be freed. */
size_t torci_replay_jobs_end(struct torci_replayer *replayer, struct torc_platform_event *batch,
                             size_t capacity);

/* --- databases (replay_database.c) --------------------------------------------------------------- */

/* The slot: answers from the recording, and compares. */
enum torc_database_answer torci_replayer_database(struct torc_platform *self,
                                                  struct torc_database_event *event);
/* Keeps a db event, taken in any case, for the job that comes to it.  Errors: TORC_ENOMEM. */
TORC_CHECKED int torci_replay_database_add(struct torci_replayer *replayer,
                                           struct torci_recorded_database *recorded, uint64_t n);
/* A job has ended: what is left of the requests it ran is a difference. */
void torci_replay_database_job_ended(struct torci_replayer *replayer);
/* The recording has ended: what no job has come to is a difference, unless jobs are left. */
void torci_replay_database_rest(struct torci_replayer *replayer);
void torci_replay_database_free(struct torci_replayer *replayer);

/* The handle of what has that name, and what has that handle (or NULL). */
uint64_t torci_replay_handle(struct torci_object name);
struct torci_replay_stream *torci_replay_stream_of(struct torci_replayer *replayer, uint64_t handle);

/* --- datagrams (replayer_datagrams.c) ------------------------------------------------------------ */

int torci_replayer_datagram_open(struct torc_platform *self, const struct torc_address *local,
                                 unsigned flags, uint64_t token, uint64_t *out_handle);
int torci_replayer_datagram_connect(struct torc_platform *self, uint64_t handle,
                                    const struct torc_address *peer);
int torci_replayer_datagram_send(struct torc_platform *self, uint64_t handle,
                                 const struct torc_address *to, const void *data, size_t bytes);
int torci_replayer_datagram_receive(struct torc_platform *self, uint64_t handle, void *buffer,
                                    size_t bytes, size_t *out_bytes, struct torc_address *out_from);

/* --- names (replayer_names.c) -------------------------------------------------------------------- */

int torci_replayer_resolve(struct torc_platform *self, const char *name,
                           enum torc_address_family family, uint64_t token, uint64_t *out_handle);
size_t torci_replayer_resolved(struct torc_platform *self, uint64_t handle, struct torc_address *out,
                               size_t capacity);
void torci_replayer_resolve_end(struct torc_platform *self, uint64_t handle);

/* --- the present turn (replay_turn.c) ----------------------------------------------------------- */

/* Reads the first or the next turn; sets `over` at the end of the recording or if it cannot be read. */
void torci_replay_turn_read(struct torci_replayer *replayer);
/* Counts the events of the turn, writes them to the trace and forgets them. */
void torci_replay_turn_finish(struct torci_replayer *replayer);
void torci_replay_turn_clear(struct torci_replayer *replayer);

/* The stream of that name, or NULL. */
struct torci_replay_stream *torci_replay_stream_find(const struct torci_replayer *replayer,
                                                     struct torci_object name);
/* The first event of `kind` not used yet, of the stream or (NULL) of the turn; or NULL. */
struct torci_replay_event *torci_replay_turn_next(const struct torci_replayer *replayer,
                                                  const struct torci_replay_stream *stream,
                                                  enum torc_trace_kind kind);
void torci_replay_streams_clear(struct torci_replay_streams *streams);

/* --- differences (replay_difference.c) ---------------------------------------------------------- */

/* Each notes the first difference and makes the replayer over.  `event` is the recorded one, NULL if there
 * is none; `stream` may be NULL. */
void torci_replay_differs(struct torci_replayer *replayer, const struct torci_replay_event *event,
                          const struct torci_replay_stream *stream, const char *format, ...)
    TORC_PRINTF(4, 5);

/* The bytes written are other bytes than recorded, or more: `data` is what was written from the first
 * difference on, all before it was equal.  `event` is the write it falls into, NULL: after the last. */
void torci_replay_differs_in_bytes(struct torci_replayer *replayer,
                                   const struct torci_replay_event *event,
                                   const struct torci_replay_stream *stream, const void *data,
                                   size_t bytes);

/* Fewer bytes were written than recorded, which `event` goes on with. */
void torci_replay_differs_in_length(struct torci_replayer *replayer,
                                    const struct torci_replay_event *event,
                                    const struct torci_replay_stream *stream);

/* A statement is not as recorded: `where` is the place behind that of the statement ("" or ", row 1"), and
 * `expected` and `got` are values or NULL.  `record` names the place; n is that of its event, 0 if it is none. */
void torci_replay_differs_in_statement(struct torci_replayer *replayer,
                                       const struct torci_database_record *record, uint64_t n,
                                       const char *where, const struct torc_db_value *expected,
                                       const struct torc_db_value *got, const char *format, ...)
    TORC_PRINTF(7, 8);

/* `bytes` bytes with C escapes; cut, with "..." at the end, where `size` does not suffice. */
void torci_replay_escape(const void *data, size_t bytes, char *text, size_t size);

#endif
