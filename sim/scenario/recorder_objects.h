/* recorder_objects.h - a table of what is open: found by index, places used again, names counted up. */
#ifndef TORCI_RECORDER_OBJECTS_H
#define TORCI_RECORDER_OBJECTS_H

#include <stddef.h>
#include <stdint.h>

#include <torc/error.h>

#include "recording_event.h"

struct torci_recorder_work;

struct torci_recorder_object {
    bool used;
    uint32_t next_free;       /* place after this one in the free list, while not used */
    uint64_t token;           /* the program's */
    uint64_t inner;           /* handle of the platform below */
    uint64_t read_n;          /* event of the last read; 0: none */
    struct torci_object name; /* kind 0 until it was made */
    struct torci_recorder_work *work; /* of a job; freed with the place */
};

/* Zero is an empty table. */
struct torci_recorder_objects {
    struct torci_recorder_object *places;
    uint32_t count;
    uint32_t first_free; /* 1 + index; 0: none */
    uint32_t listeners_named;
    uint32_t datagram_ports_named;
    uint32_t others_named;
};

/* Takes a place; its handle is never 0.  Errors: TORC_ENOMEM. */
TORC_CHECKED int torci_recorder_objects_add(struct torci_recorder_objects *objects, uint64_t token,
                                            uint64_t *out_handle);
/* NULL: there is nothing at that handle. */
struct torci_recorder_object *torci_recorder_objects_get(struct torci_recorder_objects *objects,
                                                         uint64_t handle);
/* The next name of its kind. */
void torci_recorder_objects_name(struct torci_recorder_objects *objects,
                                 struct torci_recorder_object *object, char kind);
void torci_recorder_objects_remove(struct torci_recorder_objects *objects, uint64_t handle);
void torci_recorder_objects_clear(struct torci_recorder_objects *objects);

#endif
