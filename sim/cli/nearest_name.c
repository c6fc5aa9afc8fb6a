#include <stddef.h>
#include <string.h>

#include "command.h"

enum { NAME_BYTES_MAX = 64 };

/* Edits (insert, delete, replace, swap of neighbours) that lead from one name to the other. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t rows[3][NAME_BYTES_MAX + 1];
    size_t a_bytes = strlen(a);
    size_t b_bytes = strlen(b);

    if (a_bytes > NAME_BYTES_MAX || b_bytes > NAME_BYTES_MAX) {
        return NAME_BYTES_MAX;
    }
    for (size_t j = 0; j <= b_bytes; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a_bytes; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *two_above = rows[(i + 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= b_bytes; j++) {
            size_t best = above[j - 1] + (a[i - 1] != b[j - 1] ? 1 : 0);

            if (above[j] + 1 < best) {
                best = above[j] + 1;
            }
            if (row[j - 1] + 1 < best) {
                best = row[j - 1] + 1;
            }
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                two_above[j - 2] + 1 < best) {
                best = two_above[j - 2] + 1;
            }
            row[j] = best;
        }
    }
    return rows[a_bytes % 3][b_bytes];
}

const char *torci_nearest_name(const char *name, const char *const *candidates)
{
    const char *nearest = NULL;
    size_t nearest_distance = strlen(name) / 3 + 1;

    for (; *candidates != NULL; candidates++) {
        size_t distance = edit_distance(name, *candidates);

        if (distance < nearest_distance || (distance == nearest_distance && nearest == NULL)) {
            nearest = *candidates;
            nearest_distance = distance;
        }
    }
    return nearest;
}
