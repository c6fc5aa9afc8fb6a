/* "did you mean": the candidate with the fewest mistakes, if they are few enough. */
#include <string.h>

#include "scenario_model.h"

enum { NAME_BYTES_MAX = 48 };

/* Letters to insert, delete, replace or exchange with their neighbour. */
static size_t distance_between(const char *a, const char *b)
{
    size_t rows[3][NAME_BYTES_MAX + 1];
    size_t a_bytes = strlen(a);
    size_t b_bytes = strlen(b);

    if (a_bytes > NAME_BYTES_MAX || b_bytes > NAME_BYTES_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b_bytes; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_bytes; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];

        row[0] = i;
        for (size_t j = 1; j <= b_bytes; j++) {
            size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);

            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                rows[(i + 1) % 3][j - 2] + 1 < best)
                best = rows[(i + 1) % 3][j - 2] + 1;
            row[j] = best;
        }
    }
    return rows[a_bytes % 3][b_bytes];
}

bool torci_scenario_nearer(const char *written, const char *name, size_t *distance)
{
    size_t here = distance_between(written, name);

    if (here >= *distance || here > strlen(written) / 3 + 1 || here >= strlen(name))
        return false;
    *distance = here;
    return true;
}

const char *torci_scenario_nearest(const char *written, const char *const *candidates)
{
    const char *nearest = NULL;
    size_t distance = SIZE_MAX;

    for (; *candidates != NULL; candidates++)
        if (torci_scenario_nearer(written, *candidates, &distance))
            nearest = *candidates;
    return nearest;
}
