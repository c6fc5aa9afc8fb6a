#include "kept_seeds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"

static const char heading[] = "# Seeds that failed. torc explore tries them first, and drops those that pass.\n";

static int failed(const struct torci_kept_seeds *kept, int error)
{
    return torci_command_error(kept->command, TORCI_EXIT_INTERNAL, "%s: %s", kept->path, strerror(error));
}

static bool has(const uint64_t *seeds, size_t count, uint64_t seed)
{
    for (size_t i = 0; i < count; i++)
        if (seeds[i] == seed)
            return true;
    return false;
}

static int add(uint64_t **seeds, size_t *count, uint64_t seed)
{
    uint64_t *grown;

    if (has(*seeds, *count, seed))
        return 0;
    grown = realloc(*seeds, (*count + 1) * sizeof *grown);
    if (grown == NULL)
        return ENOMEM;
    grown[(*count)++] = seed;
    *seeds = grown;
    return 0;
}

bool torci_kept_seeds_has(const struct torci_kept_seeds *kept, uint64_t seed)
{
    return has(kept->seeds, kept->count, seed);
}

int torci_kept_seeds_note(struct torci_kept_seeds *kept, uint64_t seed, const struct torci_outcome *outcome)
{
    uint64_t kind = outcome->identity ^ (uint64_t)(int64_t)outcome->verdict;
    size_t kinds = kept->failing_count;
    int error;

    if (outcome->verdict == TORC_SCENARIO_INVALID)
        return 0; /* no seed changes that */
    if (!torci_outcome_failed(outcome))
        return torci_kept_seeds_has(kept, seed) ? add(&kept->passing, &kept->passing_count, seed) : 0;
    if (has(kept->failing_kinds, kept->failing_count, kind))
        return 0;
    error = add(&kept->failing_kinds, &kinds, kind);
    return error != 0 ? error : add(&kept->failing, &kept->failing_count, seed);
}

/* --- the file ------------------------------------------------------------------------------------- */

/* Whether a line, without its newline, is a seed with these settings. */
static bool is_ours(const struct torci_kept_seeds *kept, const char *line, uint64_t *out_seed)
{
    char *end;

    if (line[0] < '0' || line[0] > '9')
        return false;
    *out_seed = strtoull(line, &end, 10);
    return *end == ' ' && strcmp(end + 1, kept->settings) == 0;
}

/* Each line of the file, without its newline. */
static int each_line(FILE *file, int (*visit)(void *arg, const char *line), void *arg)
{
    char *line = NULL;
    size_t room = 0;
    int error = 0;

    while (error == 0 && getline(&line, &room, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        error = visit(arg, line);
    }
    if (error == 0 && ferror(file))
        error = EIO;
    free(line);
    return error;
}

static int read_line(void *arg, const char *line)
{
    struct torci_kept_seeds *kept = arg;
    uint64_t seed;

    return is_ours(kept, line, &seed) ? add(&kept->seeds, &kept->count, seed) : 0;
}

int torci_kept_seeds_read(struct torci_kept_seeds *kept, const char *command, const char *path,
                          const char *settings)
{
    FILE *file;
    int error;

    kept->command = command;
    kept->path = strdup(path);
    kept->settings = strdup(settings);
    if (kept->path == NULL || kept->settings == NULL)
        return torci_command_error(command, TORCI_EXIT_INTERNAL, "out of memory");
    file = fopen(path, "re");
    if (file == NULL)
        return errno == ENOENT ? 0 : failed(kept, errno);
    error = each_line(file, read_line, kept);
    fclose(file);
    return error != 0 ? failed(kept, error) : 0;
}

void torci_kept_seeds_free(struct torci_kept_seeds *kept)
{
    free(kept->path);
    free(kept->settings);
    free(kept->seeds);
    free(kept->failing);
    free(kept->failing_kinds);
    free(kept->passing);
}

struct rewrite {
    const struct torci_kept_seeds *kept;
    FILE *out;
    size_t lines;
};

/* What is of other settings stays as it is. */
static int rewrite_line(void *arg, const char *line)
{
    struct rewrite *rewrite = arg;
    const struct torci_kept_seeds *kept = rewrite->kept;
    uint64_t seed;

    if (line[0] == '#' || line[0] == '\0' ||
        (is_ours(kept, line, &seed) && (has(kept->passing, kept->passing_count, seed) ||
                                        has(kept->failing, kept->failing_count, seed))))
        return 0;
    fprintf(rewrite->out, "%s\n", line);
    rewrite->lines++;
    return 0;
}

/* Opens it and waits for its lock.  The one who removes it has the lock too, so look whether it is there still. */
static int open_locked(const char *path, FILE **out)
{
    for (;;) {
        int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        struct stat status;

        if (descriptor < 0)
            return errno;
        if (fcntl(descriptor, F_SETLKW, &lock) != 0 || fstat(descriptor, &status) != 0) {
            int error = errno;

            close(descriptor);
            return error;
        }
        if (status.st_nlink == 0) {
            close(descriptor);
            continue;
        }
        *out = fdopen(descriptor, "r+");
        if (*out == NULL)
            close(descriptor);
        return *out != NULL ? 0 : ENOMEM;
    }
}

/* What is in it becomes `text`; or, if that is empty, it goes. */
static int replace(FILE *file, const char *path, const char *text, size_t bytes)
{
    if (bytes == 0)
        return unlink(path) == 0 ? 0 : errno;
    rewind(file);
    if (ftruncate(fileno(file), 0) != 0 || fputs(heading, file) == EOF || fputs(text, file) == EOF ||
        fflush(file) != 0)
        return errno;
    return 0;
}

static int save(const struct torci_kept_seeds *kept)
{
    struct rewrite rewrite = {kept, NULL, 0};
    char *text = NULL;
    size_t bytes = 0;
    FILE *file = NULL;
    int error = open_locked(kept->path, &file);

    if (error != 0)
        return error;
    rewrite.out = open_memstream(&text, &bytes);
    if (rewrite.out == NULL) {
        fclose(file);
        return ENOMEM;
    }
    error = each_line(file, rewrite_line, &rewrite);
    for (size_t i = 0; i < kept->failing_count; i++)
        fprintf(rewrite.out, "%llu %s\n", (unsigned long long)kept->failing[i], kept->settings);
    if (fclose(rewrite.out) != 0 && error == 0)
        error = ENOMEM;
    if (error == 0)
        error = replace(file, kept->path, text, bytes);
    fclose(file);
    free(text);
    return error;
}

int torci_kept_seeds_save(const struct torci_kept_seeds *kept)
{
    size_t fresh = 0;
    int error;

    if (kept->failing_count + kept->passing_count == 0)
        return 0;
    error = save(kept);
    if (error != 0)
        return failed(kept, error);
    for (size_t i = 0; i < kept->passing_count; i++)
        printf("    kept:      seed %llu passes now, it is no longer in %s\n",
               (unsigned long long)kept->passing[i], kept->path);
    for (size_t i = 0; i < kept->failing_count; i++)
        fresh += torci_kept_seeds_has(kept, kept->failing[i]) ? 0 : 1;
    if (fresh > 0)
        printf("    kept:      %zu seed%s in %s, tried first the next time\n", fresh, fresh == 1 ? "" : "s",
               kept->path);
    return 0;
}
