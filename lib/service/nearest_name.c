#include <torc/nearest_name.h>

#include <stdint.h>
#include <string.h>

#define NAME_MAX_BYTES 63

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t torc_name_distance(const char *a, const char *b)
{
    size_t a_bytes = strlen(a);
    size_t b_bytes = strlen(b);
    size_t rows[3][NAME_MAX_BYTES + 1];
    size_t *before = rows[0]; /* of the last two letters of `a`, of the last one, of this one */
    size_t *above = rows[1];
    size_t *row = rows[2];

    if (a_bytes > NAME_MAX_BYTES || b_bytes > NAME_MAX_BYTES)
        return a_bytes > b_bytes ? a_bytes : b_bytes;
    for (size_t j = 0; j <= b_bytes; j++)
        above[j] = j;
    for (size_t i = 1; i <= a_bytes; i++) {
        size_t *free_row;

        row[0] = i;
        for (size_t j = 1; j <= b_bytes; j++) {
            size_t replace = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);

            row[j] = smaller(replace, smaller(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smaller(row[j], before[j - 2] + 1);
        }
        free_row = before;
        before = above;
        above = row;
        row = free_row;
    }
    return above[b_bytes];
}

bool torc_name_nearer(const char *written, const char *name, size_t *distance)
{
    size_t here = torc_name_distance(written, name);

    if (here >= *distance || here > strlen(written) / 3 + 1 || here >= strlen(name))
        return false;
    *distance = here;
    return true;
}

const char *torc_name_nearest(const char *written, const char *const *candidates)
{
    const char *nearest = NULL;
    size_t distance = SIZE_MAX;

    for (; *candidates != NULL; candidates++) {
        if (torc_name_nearer(written, *candidates, &distance))
            nearest = *candidates;
    }
    return nearest;
}
