#include "shard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"

/* Digits and nothing else, up to TORCI_SHARD_COUNT_MAX; where they end, in *out_end. */
static bool read_digits(const char *text, const char **out_end, uint32_t *out)
{
    char *end;
    unsigned long number;

    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    number = strtoul(text, &end, 10);
    *out_end = end;
    *out = (uint32_t)number;
    return errno == 0 && number <= TORCI_SHARD_COUNT_MAX;
}

int torci_shard_read(const char *command, const char *text, struct torci_shard *out)
{
    const char *end = text;
    struct torci_shard shard = {.source = "--shard"};

    if (!read_digits(text, &end, &shard.index) || *end != '/' ||
        !read_digits(end + 1, &end, &shard.count) || *end != '\0')
        return torci_usage_error(command, "--shard: '%s' is not I/N, as in 0/4", text);
    if (shard.index >= shard.count)
        return torci_usage_error(command, "--shard: '%s': %u shards are numbered from 0 to %u", text,
                                 shard.count, shard.count == 0 ? 0 : shard.count - 1);
    *out = shard;
    return 0;
}

/* --- the environment ------------------------------------------------------------------------------ */

struct place {
    const char *index;
    const char *count;
    const char *min;  /* or NULL: it counts from 0 */
    const char *max;
    const char *step;
};

static const struct place places[] = {
    {"TEST_SHARD_INDEX", "TEST_TOTAL_SHARDS", NULL, NULL, NULL},
    {"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX",
     "SLURM_ARRAY_TASK_STEP"},
    {"JOB_COMPLETION_INDEX", "JOB_COMPLETIONS", NULL, NULL, NULL},
};
enum { PLACES = sizeof places / sizeof places[0] };

/* A number of the environment; `otherwise` if the variable is not set. */
static int read_variable(const char *command, const char *name, uint32_t otherwise, uint32_t *out)
{
    const char *text = name != NULL ? getenv(name) : NULL;
    const char *end = text;

    *out = otherwise;
    if (text == NULL)
        return 0;
    if (!read_digits(text, &end, out) || *end != '\0')
        return torci_usage_error(command, "%s: '%s' is not a number of shards; --shard I/N comes before it",
                                 name, text);
    return 0;
}

static int read_place(const char *command, const struct place *place, struct torci_shard *out)
{
    uint32_t index = 0;
    uint32_t count = 0;
    uint32_t min = 0;
    uint32_t max = 0;
    uint32_t step = 1;
    int status;

    if (getenv(place->count) == NULL)
        return torci_usage_error(command, "%s is set, but %s, the number of shards, is not; "
                                 "--shard I/N comes before both", place->index, place->count);
    status = read_variable(command, place->index, 0, &index);
    if (status == 0)
        status = read_variable(command, place->count, 0, &count);
    if (status == 0 && count == 0)
        status = torci_usage_error(command, "%s is 0: there are no shards", place->count);
    if (status == 0)
        status = read_variable(command, place->min, 0, &min);
    if (status == 0)
        status = read_variable(command, place->step, 1, &step);
    if (status == 0)
        status = read_variable(command, place->max, min + (count - 1) * step, &max);
    if (status != 0)
        return status;
    if (step == 0 || index < min || (index - min) % step != 0 || max < min ||
        (uint64_t)(max - min) != (uint64_t)step * ((uint64_t)count - 1))
        return torci_usage_error(command, "%s is %u, of %u from %u to %u: an array with gaps; give --shard I/N",
                                 place->index, index, count, min, max);
    index = (index - min) / step;
    if (index >= count)
        return torci_usage_error(command, "%s is %u, but %s is %u: shards are numbered from 0", place->index,
                                 index, place->count, count);
    *out = (struct torci_shard){index, count, place->index};
    return 0;
}

/* Who shards by TEST_SHARD_INDEX looks at this file to see that it was heeded. */
static int touch_status_file(const char *command)
{
    const char *path = getenv("TEST_SHARD_STATUS_FILE");
    int file;

    if (path == NULL || path[0] == '\0')
        return 0;
    file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0 || futimens(file, NULL) != 0) {
        int error = errno;

        if (file >= 0)
            close(file);
        return torci_command_error(command, TORCI_EXIT_INTERNAL, "TEST_SHARD_STATUS_FILE: %s: %s", path,
                                   strerror(error));
    }
    close(file);
    return 0;
}

int torci_shard_from_environment(const char *command, struct torci_shard *out)
{
    *out = (struct torci_shard){0, 1, NULL};
    for (size_t i = 0; i < PLACES; i++) {
        int status;

        if (getenv(places[i].index) == NULL)
            continue;
        status = read_place(command, &places[i], out);
        return status == 0 && i == 0 ? touch_status_file(command) : status;
    }
    return 0;
}

/* --- what it has ---------------------------------------------------------------------------------- */

bool torci_shard_has(const struct torci_shard *shard, uint64_t number)
{
    return number % shard->count == shard->index;
}

uint64_t torci_shard_share(const struct torci_shard *shard, uint64_t first, uint64_t last,
                           uint64_t *out_first)
{
    uint64_t skip = (shard->index + shard->count - first % shard->count) % shard->count;

    if (skip > last - first)
        return 0;
    *out_first = first + skip;
    return (last - *out_first) / shard->count + 1;
}
