#include "kept_values.h"

#include <stdlib.h>
#include <string.h>

static bool has_bytes(const struct torc_db_value *value)
{
    return value->type == TORC_DB_TEXT || value->type == TORC_DB_BLOB;
}

/* Makes an array of `size` bytes each hold `needed`. */
static void *grown(void *items, size_t *capacity, size_t needed, size_t size)
{
    size_t wanted = *capacity != 0 ? *capacity : 32;
    void *moved;

    while (wanted < needed) {
        wanted *= 2;
    }
    moved = realloc(items, wanted * size);
    if (moved != NULL) {
        *capacity = wanted;
    }
    return moved;
}

static int keep_bytes(struct torci_kept_values *kept, const void *data, size_t bytes)
{
    size_t needed = kept->bytes_used + bytes + 1;

    if (needed > kept->bytes_capacity) {
        uint8_t *moved = grown(kept->bytes, &kept->bytes_capacity, needed, 1);

        if (moved == NULL) {
            return TORC_ENOMEM;
        }
        kept->bytes = moved;
    }
    if (bytes > 0) {
        memcpy(kept->bytes + kept->bytes_used, data, bytes);
    }
    kept->bytes[needed - 1] = '\0';
    kept->bytes_used = needed;
    return 0;
}

int torci_kept_values_add(struct torci_kept_values *kept, const struct torc_db_value *values,
                          size_t count)
{
    if (kept->count + count > kept->capacity) {
        struct torc_db_value *moved =
            grown(kept->values, &kept->capacity, kept->count + count, sizeof(*moved));

        if (moved == NULL) {
            return TORC_ENOMEM;
        }
        kept->values = moved;
    }
    for (size_t i = 0; i < count; i++) {
        int status =
            has_bytes(&values[i]) ? keep_bytes(kept, values[i].as.blob, values[i].bytes) : 0;

        if (status != 0) {
            return status;
        }
        kept->values[kept->count++] = values[i];
    }
    return 0;
}

/* The bytes may have moved since, but their order is that of the values. */
const struct torc_db_value *torci_kept_values_list(struct torci_kept_values *kept)
{
    const uint8_t *at = kept->bytes;

    for (size_t i = 0; i < kept->count; i++) {
        if (has_bytes(&kept->values[i])) {
            kept->values[i].as.blob = at;
            at += kept->values[i].bytes + 1;
        }
    }
    return kept->values;
}

void torci_kept_values_reset(struct torci_kept_values *kept)
{
    kept->count = 0;
    kept->bytes_used = 0;
}

void torci_kept_values_free(struct torci_kept_values *kept)
{
    free(kept->values);
    free(kept->bytes);
    memset(kept, 0, sizeof(*kept));
}
