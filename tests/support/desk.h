/* desk.h - a small service for the tests of recordings, and a recorded session with it.
 *
 * It takes lines: `upper TEXT` answers TEXT in capitals, `dice` a random number, `time` the time of day,
 * `later` answers after 10 ms, `work` after a job, `all TEXT` tells every connection, `call` connects to
 * another host and says hello there, `quit` closes, `abort` resets. */
#ifndef TORC_TESTS_DESK_H
#define TORC_TESTS_DESK_H

#include <torc/module.h>
#include <torc/recording.h>

/* What a desk does otherwise than the one that is recorded. */
enum desk_fault {
    DESK_AS_RECORDED,
    DESK_IN_PIECES,      /* each byte of an answer is a write of its own */
    DESK_READS_NAMES,    /* asks for addresses and the time of day, sets options */
    DESK_WRONG_ANSWER,   /* to `upper beta`, in its last letter */
    DESK_LONGER_ANSWER,
    DESK_SHORTER_ANSWER,
    DESK_NO_ANSWER,
    DESK_SWAPPED,        /* `all` tells the connections in the other order */
    DESK_CLOSES,         /* after `upper beta` */
    DESK_STAYS,          /* at `quit` */
    DESK_CLOSES_GENTLY,  /* at `abort` */
    DESK_DEAF,           /* reads no more after `upper beta` */
    DESK_DRAWS_TWICE,
    DESK_DRAWS_ELSEWHERE, /* for another site */
    DESK_DRAWS_NOT,
    DESK_LISTENS_TWICE,
    DESK_CALLS_ANOTHER,  /* `call` goes to another address */
    DESK_CALLS_NOT,
    DESK_WORK_FAILS,
    DESK_WORKS_NOT,
    DESK_STOPS,          /* the reactor, after `upper beta` */
    DESK_DOES_NOT_START,
    DESK_FAULT_COUNT
};

/* The module with that fault.  Its name is "desk". */
const struct torc_module *desk_module(enum desk_fault fault);

/* Bytes of a recording: written by a recorder, read by torc_recording_open. */
struct desk_file {
    char *text;
    size_t bytes;
    size_t capacity;
    size_t read;          /* how many of them were read */
    size_t room;          /* writing fails when it holds so many; 0: never */
    unsigned flushes;
};
int desk_file_write(void *arg, const char *line, size_t bytes);
int desk_file_flush(void *arg);
long desk_file_read(void *arg, void *buffer, size_t bytes);
void desk_file_clear(struct desk_file *file);

/* Records a session of several connections with every command, ended by a signal. */
void desk_record(struct desk_file *file);

/* Replays the file from its beginning. */
int desk_replay(struct desk_file *file, enum desk_fault fault, struct torc_replay_report *report);

#endif
