/* What names are answered with in the live world: a table in place of the system's resolver. */
#ifndef TORC_CONFORMANCE_LIVE_ANSWERS_H
#define TORC_CONFORMANCE_LIVE_ANSWERS_H

#include <torc/live.h>

#include "conformance.h"

/* Looks a name up in the table; a name that is answered by silence waits for live_answers_clear. */
int live_look_up(void *arg, const char *name, enum torc_address_family family,
                 struct torc_address *out, size_t capacity, size_t *out_count);
bool live_set_name(struct conf *c, const char *name, enum name_answer answer,
                   const struct torc_address *list, size_t count, uint64_t delay_ns);
void live_answers_clear(void);

#endif
