/* torc fmt: scenarios in their canonical form. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "command.h"
#include "command_list.h"
#include "file_replace.h"
#include "scenario_source.h"
#include "text_diff.h"

static const char name[] = "fmt";

struct fmt {
    struct torci_scenario_source source;
    const char **paths;
    size_t path_count;
    bool check;
    bool diff;
    bool done; /* --help */
};

/* Grows; `lost` once there was no memory. */
struct text {
    char *data;
    size_t bytes;
    size_t room;
    bool lost;
};

/* --- arguments ------------------------------------------------------------------------------------ */

static int read_option(void *arg, const char *option, const char *value)
{
    struct fmt *fmt = arg;
    bool shared;
    int status = torci_scenario_source_option(&fmt->source, option, value, &shared);

    if (shared)
        return status;
    if (strcmp(option, "check") == 0)
        fmt->check = true;
    else if (strcmp(option, "diff") == 0)
        fmt->diff = true;
    else
        return torci_option_unread(name, option);
    return 0;
}

static int read_operand(void *arg, const char *text)
{
    struct fmt *fmt = arg;

    fmt->paths[fmt->path_count++] = text;
    return 0;
}

static int read_arguments(struct fmt *fmt, int argc, char **argv)
{
    const struct torci_argument_reader reader = {read_option, read_operand, fmt};
    int status = torci_arguments_read(&torci_table_fmt, argc, argv, &reader, &fmt->done);

    if (status == 0 && !fmt->done && fmt->path_count == 0)
        status = torci_usage_error(name, "which scenario?");
    return status;
}

/* --- one file ------------------------------------------------------------------------------------- */

static void add(struct text *text, const char *data, size_t bytes)
{
    if (!text->lost && bytes > text->room - text->bytes) {
        size_t room = 2 * text->room + bytes + 4096;
        char *grown = realloc(text->data, room);

        text->lost = grown == NULL;
        if (text->lost)
            return;
        text->data = grown;
        text->room = room;
    }
    if (text->lost || bytes == 0)
        return;
    memcpy(text->data + text->bytes, data, bytes);
    text->bytes += bytes;
}

static void collect(void *arg, const char *line)
{
    add(arg, line, strlen(line));
}

/* The last line gets its newline, if it has none: it would be left out if it did not parse. */
static int format(struct fmt *fmt, const char *path, const char *text, size_t bytes, struct text *out)
{
    char error[TORCI_SOURCE_ERROR_BYTES];
    struct torc_scenario *scenario = NULL;
    struct text whole = {NULL, 0, 0, false};
    int status = TORCI_EXIT_INTERNAL;

    snprintf(error, sizeof(error), "%.300s: out of memory\n", path);
    add(&whole, text, bytes);
    if (bytes > 0 && text[bytes - 1] != '\n')
        add(&whole, "\n", 1);
    add(&whole, "", 1); /* a text of no bytes is a text too */
    if (!whole.lost)
        status = torci_scenario_source_parse(&fmt->source, path, whole.data, whole.bytes - 1,
                                             &scenario, error);
    free(whole.data);
    if (status == 0) {
        torc_scenario_print(scenario, collect, out);
        torc_scenario_free(scenario);
        if (out->lost)
            status = TORCI_EXIT_INTERNAL;
    }
    if (status != 0)
        fprintf(stderr, "torc fmt: %s", error);
    return status;
}

/* `text` is what the file holds, `canonical` what it should. */
static int settle(const struct fmt *fmt, const char *path, const char *text, size_t bytes,
                  const struct text *canonical)
{
    bool same = bytes == canonical->bytes && memcmp(text, canonical->data, bytes) == 0;
    bool filter = strcmp(path, "-") == 0;
    int error;

    if (fmt->diff && !same &&
        !torci_text_diff_print(stdout, path, text, bytes, canonical->data, canonical->bytes))
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "%s: out of memory", path);
    if (fmt->check && !fmt->diff && !same)
        puts(path);
    if (fmt->check || fmt->diff)
        return same ? TORCI_EXIT_PASS : TORCI_EXIT_FAIL;
    if (filter)
        fwrite(canonical->data, 1, canonical->bytes, stdout);
    if (filter || same)
        return TORCI_EXIT_PASS;
    error = torci_file_replace(path, canonical->data, canonical->bytes);
    if (error != 0)
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "%s: it cannot be written: %s", path,
                                   strerror(error));
    puts(path);
    return TORCI_EXIT_PASS;
}

static int format_file(struct fmt *fmt, const char *path)
{
    struct text canonical = {NULL, 0, 0, false};
    size_t bytes = 0;
    char *text = NULL;
    int error = torci_scenario_source_read(strcmp(path, "-") == 0 ? "/dev/stdin" : path, &text,
                                           &bytes);
    int status;

    if (error != 0)
        return torci_command_error(name, TORCI_EXIT_USAGE, "%s: %s", path, strerror(error));
    status = format(fmt, path, text, bytes, &canonical);
    if (status == 0)
        status = settle(fmt, path, text, bytes, &canonical);
    free(canonical.data);
    free(text);
    return status;
}

int torci_command_fmt(int argc, char **argv)
{
    struct fmt *fmt = calloc(1, sizeof(*fmt));
    int status;

    if (fmt != NULL)
        fmt->paths = calloc((size_t)argc, sizeof(*fmt->paths));
    if (fmt == NULL || fmt->paths == NULL) {
        free(fmt);
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    }
    fmt->source.command = name;
    status = read_arguments(fmt, argc, argv);
    if (status == 0 && !fmt->done)
        for (size_t i = 0; i < fmt->path_count; i++) {
            int one = format_file(fmt, fmt->paths[i]);

            status = one > status ? one : status; /* the worse, the larger: 0, 1, 2, 99 */
        }
    torci_scenario_source_free(&fmt->source);
    free(fmt->paths);
    free(fmt);
    return status;
}
