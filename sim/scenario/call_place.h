/* call_place.h - from where the code was called that runs now, as a number. */
#ifndef TORCI_CALL_PLACE_H
#define TORCI_CALL_PLACE_H

#include <stdint.h>

/* A hash of `about` (NULL: nothing) and of the addresses the calls return to, the innermost TORCI_CALL_PLACE_FRAMES of them: of this thread's stack,
 * or of the job's.  Equal calls have equal numbers within one process only, so it is in no digest and in no name. */
enum { TORCI_CALL_PLACE_FRAMES = 128 };
uint64_t torci_call_place(const char *about);

#endif
