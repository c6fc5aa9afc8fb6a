/* database_record.h - the record of a statement: its parameters and rows as SQL literals.
 *
 * A record shows the first TORCI_VALUES_SHOWN bytes of them; longer ones end in their whole length and the
 * XXH64 of all, so that the digest of a run depends on every byte. */
#ifndef TORCI_DATABASE_RECORD_H
#define TORCI_DATABASE_RECORD_H

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <torc/database_event.h>

struct torc_host;

enum { TORCI_VALUES_SHOWN = 4096 };

struct torci_value_text {
    uint64_t bytes; /* of the whole */
    size_t used;
    XXH64_state_t hash;
    char shown[TORCI_VALUES_SHOWN + 80];
};

void torci_value_text_begin(struct torci_value_text *text);
/* "1, 'it''s', NULL": integers in decimal; reals in hexadecimal, 0x1.8p+0, which is exact; text in quotes, or
 * as cast(x'...' as text) if it contains a NUL; blobs x'00ff'. */
void torci_value_text_add(struct torci_value_text *text, const struct torc_db_value *values,
                          size_t count);
void torci_value_text_end_row(struct torci_value_text *text);
/* The text, which is complete. */
const char *torci_value_text_end(struct torci_value_text *text);

/* A statement has ended: its record.  Returns its n. */
uint64_t torci_database_record(struct torc_host *host, const struct torc_database_event *event,
                               uint64_t began_ns, const char *rows);

#endif
