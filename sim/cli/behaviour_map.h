/* behaviour_map.h - the behaviours (torc/trace.h) that runs had, each with the lowest number of such a run; the processes
 * that make the runs add to it. */
#ifndef TORCI_BEHAVIOUR_MAP_H
#define TORCI_BEHAVIOUR_MAP_H

#include <stdint.h>

/* So many are known; what would be one more is not added. */
enum { TORCI_BEHAVIOURS_MAX = 49152 };

struct torci_behaviour_map;

/* Before the processes are made that share it.  NULL: out of memory. */
struct torci_behaviour_map *torci_behaviour_map_new(void);
void torci_behaviour_map_free(struct torci_behaviour_map *map);

/* In any of the processes: that run had it. */
void torci_behaviour_map_add(struct torci_behaviour_map *map, uint64_t behaviour, uint64_t number);

/* In the process that made the map: calls `visit` with each that was added, or got a lower number, since the last time.
 * It returns 0, or a status that ends it and is returned. */
int torci_behaviour_map_visit_new(struct torci_behaviour_map *map,
                                  int (*visit)(void *arg, uint64_t behaviour, uint64_t number), void *arg);

#endif
