/* mark_count.h - how often each mark was reached and held, over all hosts of a world. */
#ifndef TORCI_MARK_COUNT_H
#define TORCI_MARK_COUNT_H

#include "world.h"

/* `name` is borrowed as long as the world lives (marks are literals). */
void torci_world_count_mark(struct torc_world *world, const char *name);
void torci_world_free_marks(struct torc_world *world);

#endif
