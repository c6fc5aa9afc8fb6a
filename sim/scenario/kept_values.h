/* kept_values.h - a list of copied database values, used again and again without new memory. */
#ifndef TORCI_KEPT_VALUES_H
#define TORCI_KEPT_VALUES_H

#include <torc/database_event.h>
#include <torc/error.h>

/* Zero is an empty list. */
struct torci_kept_values {
    struct torc_db_value *values;
    size_t count;
    size_t capacity;
    uint8_t *bytes; /* of text and blobs, in order, a NUL after each */
    size_t bytes_used;
    size_t bytes_capacity;
};

/* Appends copies.  Errors: TORC_ENOMEM; some of them may have been appended. */
TORC_CHECKED int torci_kept_values_add(struct torci_kept_values *kept,
                                       const struct torc_db_value *values, size_t count);
/* The values, borrowed until the list is changed. */
const struct torc_db_value *torci_kept_values_list(struct torci_kept_values *kept);
/* Empties the list and keeps its memory; or frees that too. */
void torci_kept_values_reset(struct torci_kept_values *kept);
void torci_kept_values_free(struct torci_kept_values *kept);

#endif
