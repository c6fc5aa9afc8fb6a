#include "trace_compare.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINES_AT_FIRST = 1024, CAUSES_MAX = 8 };

static int add_line(struct torci_trace_file *file, size_t at)
{
    if (file->count == file->capacity) {
        size_t capacity = file->capacity == 0 ? LINES_AT_FIRST : 2 * file->capacity;
        size_t *lines = realloc(file->lines, capacity * sizeof *lines);

        if (lines == NULL)
            return ENOMEM;
        file->lines = lines;
        file->capacity = capacity;
    }
    file->lines[file->count++] = at;
    return 0;
}

static int find_lines(struct torci_trace_file *file)
{
    size_t at = 0;

    while (at < file->bytes) {
        const char *end = memchr(file->text + at, '\n', file->bytes - at);
        int error;

        if (end == NULL) /* a run that was stopped in the middle of it */
            break;
        error = add_line(file, at);
        if (error != 0)
            return error;
        at = (size_t)(end - file->text) + 1;
    }
    file->bytes = at;
    return 0;
}

static int map(struct torci_trace_file *file, int descriptor)
{
    struct stat status;
    void *text;

    if (fstat(descriptor, &status) != 0)
        return errno;
    file->bytes = (size_t)status.st_size;
    if (file->bytes == 0)
        return 0;
    text = mmap(NULL, file->bytes, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (text == MAP_FAILED)
        return errno;
    file->text = text;
    return 0;
}

int torci_trace_file_open(struct torci_trace_file *file, const char *path)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    int error;

    memset(file, 0, sizeof *file);
    if (descriptor < 0)
        return errno;
    error = map(file, descriptor);
    close(descriptor);
    if (error == 0)
        error = find_lines(file);
    if (error != 0)
        torci_trace_file_close(file);
    return error;
}

void torci_trace_file_close(struct torci_trace_file *file)
{
    if (file->text != NULL)
        munmap(file->text, file->bytes);
    free(file->lines);
    memset(file, 0, sizeof *file);
}

static size_t line_bytes(const struct torci_trace_file *file, size_t index)
{
    size_t end = index + 1 < file->count ? file->lines[index + 1] : file->bytes;

    return end - file->lines[index] - 1;
}

/* The digest stands at the end of the line:  "h":"32 digits"}  */
static const char *hash_of(const struct torci_trace_file *file, size_t index)
{
    size_t bytes = line_bytes(file, index);

    return file->text + file->lines[index] + (bytes > 34 ? bytes - 34 : 0);
}

/* Equal hashes mean that everything up to there is equal, so the first difference is found by halving. */
size_t torci_trace_compare(const struct torci_trace_file *a, const struct torci_trace_file *b)
{
    size_t least = a->count < b->count ? a->count : b->count;
    size_t equal = 0; /* so many events are equal */
    size_t different = least;

    if (least > 0 && memcmp(hash_of(a, least - 1), hash_of(b, least - 1), 34) == 0)
        return a->count == b->count ? 0 : least + 1;
    if (least == 0)
        return a->count == b->count ? 0 : 1;
    while (different - equal > 1) {
        size_t middle = equal + (different - equal) / 2;

        if (memcmp(hash_of(a, middle - 1), hash_of(b, middle - 1), 34) == 0)
            equal = middle;
        else
            different = middle;
    }
    return equal + 1;
}

/* Without the hash. */
static void print_line(const struct torci_trace_file *file, size_t index, const char *title)
{
    size_t bytes = line_bytes(file, index);
    const char *line = file->text + file->lines[index];

    printf("  %-13s %.*s}\n", title, (int)(bytes > 40 ? bytes - 40 : bytes), line);
}

/* The number in the field "cause", 0 if there is none. */
static size_t cause_of(const struct torci_trace_file *file, size_t index)
{
    static const char field[] = "\"cause\":";
    const char *line = file->text + file->lines[index];
    const char *found = memmem(line, line_bytes(file, index), field, sizeof field - 1);

    return found == NULL ? 0 : strtoull(found + sizeof field - 1, NULL, 10);
}

void torci_trace_print_event(const struct torci_trace_file *file, size_t n, const char *title)
{
    size_t cause;

    if (n == 0 || n > file->count) {
        printf("  %-13s (the run is over after event %zu)\n", title, file->count);
        return;
    }
    print_line(file, n - 1, title);
    cause = cause_of(file, n - 1);
    for (int i = 0; i < CAUSES_MAX && cause > 0 && cause <= file->count; i++) {
        print_line(file, cause - 1, "  because of");
        cause = cause_of(file, cause - 1);
    }
}
