/* replay_real.h - the recorded statements run by SQLite, beside the program that is answered from the recording.
 *
 * They run in the recorded order, each connection of the recording as one of its own, in files of a directory.
 * What one connection read while another was committing depends on which of them was first; the recording
 * knows only that they overlapped, so there another result is no difference. */
#ifndef TORCI_REPLAY_REAL_H
#define TORCI_REPLAY_REAL_H

#include "recording_database.h"

struct torci_replayer;
struct torci_replay_real;

/* `directory` and `from` (which may be NULL) are borrowed.  Errors: TORC_ENOMEM. */
TORC_CHECKED int torci_replay_real_new(struct torci_replayer *replayer, const char *directory,
                                       const char *from, struct torci_replay_real **out);
/* Runs what the record says and compares; a difference is the replayer's. */
void torci_replay_real_step(struct torci_replay_real *real,
                            const struct torci_database_record *record, uint64_t n);
/* The recording has ended: what was still in doubt is a difference. */
void torci_replay_real_end(struct torci_replay_real *real);
/* Closes all connections.  NULL is accepted. */
void torci_replay_real_free(struct torci_replay_real *real);

#endif
