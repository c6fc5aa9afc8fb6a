/* torc/recording.h - what the world did to a program, written down at the seam and played back.
 *
 * The recorder is a platform that wraps another one.  Everything the world below tells the program goes
 * into the recording, in order: what each wait told and when, connections, bytes in their original
 * pieces, results, clock readings, random draws; and so does everything the program did to the world:
 * the bytes it wrote, what it opened and closed.  The replayer is a platform that answers from such a
 * recording and compares: the first thing the program does otherwise ends the replay and is told, with
 * both sides.
 *
 * Replay feeds by order, time second.  It gives each recorded turn (one wait and what follows it) the
 * recorded events and the recorded time, so replies that depend on the order between connections, on
 * timers or on random numbers come out the same.  Within a turn, what is done to different connections
 * may come in another order, and the same bytes may be written in other pieces.
 *
 * The file is JSON Lines; docs/recording.md describes it field by field.  A recorder that dies in
 * mid-line loses that line; a file without its last line replays up to its last whole turn.
 *
 * Limits: calls from other threads (torc_call_from_thread) do not pass the seam and are not recorded; a
 * job is run again by the replay, and its result compared. */
#ifndef TORC_RECORDING_H
#define TORC_RECORDING_H

#include <torc/module.h>
#include <torc/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- recording -------------------------------------------------------------------------------- */

struct torc_recorder_options {
    size_t size;                 /* sizeof(struct torc_recorder_options) */
    torc_trace_write_fn *write;  /* gets the lines; on any thread, one call at a time, as `flush` */
    int (*flush)(void *arg);     /* what was written is to reach the file now; may be NULL */
    void *arg;                   /* for both */
    uint64_t flush_interval_ns;  /* a line waits no longer than this for its flush; 0: 100 ms */
    const char *module;          /* name and version of the program; NULL: "" */
    const char *module_version;
    const char *const *pairs;    /* its options: name, value, ..., NULL; may be NULL */
    const char *build;           /* tells builds apart; NULL: "" */
    const char *host_name;       /* as the reactor's; NULL: "" */
};
#define TORC_RECORDER_OPTIONS_INIT                                                                 \
    {sizeof(struct torc_recorder_options), NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL}

/* Makes a recorder around `inner`, which is borrowed until the recorder is freed, and writes the first
 * line.  The options are not needed after.  Its time begins at 0 and stands still from one wait to the
 * next.  Errors: TORC_ENOMEM; what `write` returned; TORC_EINVAL, the time of `inner` is driven from
 * outside (a simulated run has its trace). */
TORC_API TORC_CHECKED int torc_recorder_new(struct torc_platform *inner,
                                            const struct torc_recorder_options *options,
                                            struct torc_platform **out);

/* Ends the recording with its last line; the platform goes on without one.  Call it after
 * torc_reactor_run has returned and before the reactor is freed.  Returns 0, or the first error: when
 * writing fails the recording ends there, and the program does not notice. */
TORC_API int torc_recorder_finish(struct torc_platform *recorder);

/* Events recorded, and the error that ended the recording or 0. */
TORC_API uint64_t torc_recorder_events(struct torc_platform *recorder);
TORC_API int torc_recorder_error(struct torc_platform *recorder);

/* Frees it, after its reactor.  NULL is accepted. */
TORC_API void torc_recorder_free(struct torc_platform *recorder);

/* --- reading ---------------------------------------------------------------------------------- */

struct torc_recording;

/* Gives the next bytes of a recording: how many were stored, 0 at the end, or a negative code. */
typedef long torc_recording_read_fn(void *arg, void *buffer, size_t bytes);

#define TORC_RECORDING_ERROR_BYTES 512

/* Opens a recording and reads its first line.  `name` is for messages.  `read` and `arg` are borrowed
 * until it is closed.  On failure `error` (TORC_RECORDING_ERROR_BYTES) holds "name:line: reason".
 * Errors: TORC_ESYNTAX, it is not a recording; TORC_ENOMEM; what `read` returned. */
TORC_API TORC_CHECKED int torc_recording_open(torc_recording_read_fn *read, void *arg,
                                              const char *name, struct torc_recording **out,
                                              char *error);
TORC_API void torc_recording_close(struct torc_recording *recording);

/* What the first line says; borrowed until it is closed. */
TORC_API const char *torc_recording_module(const struct torc_recording *recording);
TORC_API const char *torc_recording_module_version(const struct torc_recording *recording);
TORC_API const char *torc_recording_build(const struct torc_recording *recording);
TORC_API const char *const *torc_recording_pairs(const struct torc_recording *recording);

/* --- replaying -------------------------------------------------------------------------------- */

/* What becomes of the recorded statements. */
enum torc_replay_database {
    TORC_REPLAY_CANNED, /* the program gets the recorded answers; there is no database */
    TORC_REPLAY_REAL    /* it gets them too, and each statement is also run by SQLite, in the recorded order on
                         * connections of the replay's own; what it gives is compared with what is recorded.
                         * Not run, because time and machine decide them, are statements that ended with
                         * BUSY, LOCKED, INTERRUPT, NOMEM, IOERR, FULL, CANTOPEN, PROTOCOL, CORRUPT or NOTADB
                         * and those whose connection was lost */
};

struct torc_replay_options {
    size_t size;                        /* sizeof(struct torc_replay_options) */
    struct torc_log_observer *observer; /* borrowed; sees the log of the program */
    torc_trace_write_fn *write;         /* gets each event once it was replayed; may be NULL */
    void *arg;
    enum torc_replay_database database;
    const char *directory;     /* REAL: an empty one, for the databases, which stay in it */
    const char *database_from; /* REAL: a file of which each database begins as a copy; NULL: they begin empty */
};
#define TORC_REPLAY_OPTIONS_INIT                                                                   \
    {sizeof(struct torc_replay_options), NULL, NULL, NULL, TORC_REPLAY_CANNED, NULL, NULL}

enum torc_replay_verdict {
    TORC_REPLAY_EQUAL,    /* the program did what is recorded, to the byte */
    TORC_REPLAY_DIFFERENT /* it did not; `difference` is the first time */
};

#define TORC_REPLAY_SHOWN_BYTES 400

/* The first difference.  Texts are "" where there is nothing to say.  Payloads are shown with C escapes,
 * from a little before the first byte that differs. */
struct torc_replay_difference {
    uint64_t n;       /* the recorded event it belongs to, or the turn in which something unrecorded was done */
    uint64_t t_ns;
    char object[24];  /* "c3": the third connection */
    char peer[TORC_ADDRESS_TEXT_MAX];
    char what[256];   /* one sentence */
    uint64_t offset;  /* of the first byte that differs, within what the turn wrote to the connection */
    char where[192];  /* "database shop, request 7, statement 2, row 1, column name"; then `offset` says nothing */
    char statement[TORC_REPLAY_SHOWN_BYTES]; /* its SQL as recorded, where the sides do not show it */
    char expected[TORC_REPLAY_SHOWN_BYTES];
    char got[TORC_REPLAY_SHOWN_BYTES];
    uint64_t led_to_n; /* what was read last on that connection; 0: nothing */
    char led_to[TORC_REPLAY_SHOWN_BYTES];
};

struct torc_replay_probe {
    const char *name; /* of the module */
    int64_t value;
};
#define TORC_REPLAY_PROBES_MAX 16

struct torc_replay_report {
    enum torc_replay_verdict verdict;
    bool truncated;       /* the recording has no last line; it was replayed up to its last whole turn */
    uint64_t events;      /* replayed */
    uint64_t turns;
    uint64_t connections;
    uint64_t reads;       /* pieces of data received */
    uint64_t writes;      /* pieces of data sent */
    uint64_t read_bytes;
    uint64_t written_bytes;
    uint64_t statements;  /* that have ended, on databases */
    uint64_t rows;        /* that they gave */
    uint64_t statements_run;     /* REAL: of these, run by SQLite and equal, or overlapping */
    uint64_t statements_overlapping; /* ... that ran while another connection committed, and gave something else:
                                      * which of the two was first is not known, so that is no difference */
    uint64_t virtual_ns;  /* time of the last turn */
    char digest[TORC_DIGEST_TEXT_BYTES]; /* of the events replayed: the same on every machine */
    size_t probe_count;   /* the module's numbers, read before the first recorded signal or at the end */
    struct torc_replay_probe probes[TORC_REPLAY_PROBES_MAX];
    struct torc_replay_difference difference;
    char error[TORC_RECORDING_ERROR_BYTES]; /* of a call that failed */
};

/* Starts `module` with the recorded options on a replayer and plays the recording to it, once; a
 * recording is replayed by opening it again.  `report` is filled in any case.
 * Errors: TORC_ESYNTAX, the file is damaged - a line cannot be read, or everything was equal and yet the
 * digest is not the recorded one; TORC_EINVAL, the module does not take the recorded options;
 * TORC_ENOMEM; what `read` returned; TORC_EDATABASE, `database_from` cannot be copied.  `report->error` then
 * holds a sentence. */
TORC_API TORC_CHECKED int torc_replay(struct torc_recording *recording,
                                      const struct torc_module *module,
                                      const struct torc_replay_options *options,
                                      struct torc_replay_report *report);

#ifdef __cplusplus
}
#endif
#endif
