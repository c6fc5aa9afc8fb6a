/* torc/nearest_name.h - "did you mean": the name that was most likely meant. */
#ifndef TORC_NEAREST_NAME_H
#define TORC_NEAREST_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include <torc/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The number of letters to insert, delete, replace, or exchange with their neighbour, to make `a` of
 * `b` (optimal string alignment).  Names above 63 letters are as far apart as the longer one is. */
TORC_API size_t torc_name_distance(const char *a, const char *b);

/* Whether `name` may have been meant by `written` (at most one mistake in three letters, and one more)
 * and is nearer than *distance, which then becomes its distance.  *distance begins as SIZE_MAX. */
TORC_API bool torc_name_nearer(const char *written, const char *name, size_t *distance);

/* The first of the nearest candidates (a list ended by NULL), or NULL if none may have been meant. */
TORC_API const char *torc_name_nearest(const char *written, const char *const *candidates);

#ifdef __cplusplus
}
#endif
#endif
