#include "mark_catalogue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "command.h"

static size_t find(const struct torci_mark_catalogue *catalogue, const char *name)
{
    size_t i = 0;

    while (i < catalogue->count && strcmp(catalogue->marks[i]->name, name) != 0)
        i++;
    return i;
}

static void add(struct torci_mark_catalogue *catalogue, const struct torc_mark *mark)
{
    if (find(catalogue, mark->name) < catalogue->count)
        return;
    if (catalogue->count == catalogue->room) {
        size_t room = catalogue->room == 0 ? 32 : 2 * catalogue->room;
        const struct torc_mark **grown = realloc(catalogue->marks, room * sizeof(*grown));

        if (grown == NULL) {
            catalogue->error = ENOMEM;
            return;
        }
        catalogue->marks = grown;
        catalogue->room = room;
    }
    catalogue->marks[catalogue->count++] = mark;
}

/* Of one that cannot be loaded the runs tell. */
static void add_module(void *arg, const char *name)
{
    struct torci_mark_catalogue *catalogue = arg;
    struct torc_scenario_run_options options;
    const struct torc_module *module;
    char error[TORCI_SOURCE_ERROR_BYTES];

    torci_scenario_source_run_options(catalogue->source, &options);
    if (catalogue->error != 0 || options.load(options.load_arg, name, &module, error, sizeof error) != 0)
        return;
    for (const struct torc_mark *mark = module->marks_begin; mark < module->marks_end; mark++)
        if (mark->kind == TORC_MARK_SOMETIMES || mark->kind == TORC_MARK_REACHABLE)
            add(catalogue, mark);
}

int torci_mark_catalogue_make(struct torci_mark_catalogue *catalogue, struct torci_scenario_source *source,
                              const struct torc_scenario *scenario)
{
    catalogue->source = source;
    torc_scenario_modules(scenario, add_module, catalogue);
    if (catalogue->error == 0 && catalogue->count > 0) {
        void *held = mmap(NULL, catalogue->count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        if (held == MAP_FAILED)
            catalogue->error = errno;
        else
            catalogue->held = held;
    }
    return catalogue->error == 0 ? 0
                                 : torci_command_error(source->command, TORCI_EXIT_INTERNAL, "%s",
                                                       strerror(catalogue->error));
}

void torci_mark_catalogue_free(struct torci_mark_catalogue *catalogue)
{
    if (catalogue->held != NULL)
        munmap(catalogue->held, catalogue->count);
    free(catalogue->marks);
    memset(catalogue, 0, sizeof *catalogue);
}

static void note(void *arg, const char *name)
{
    struct torci_mark_catalogue *catalogue = arg;
    size_t i = find(catalogue, name);

    if (i == catalogue->count)
        return;
    catalogue->held[i] = 1;
    if (catalogue->row != NULL)
        catalogue->row[i] = '1';
}

void torci_mark_catalogue_watch(struct torci_mark_catalogue *catalogue, char *row,
                                struct torc_scenario_run_options *options)
{
    if (catalogue->count == 0)
        return;
    catalogue->row = row;
    options->held = note;
    options->held_arg = catalogue;
}

const char *torci_mark_kind_name(const struct torc_mark *mark)
{
    return mark->kind == TORC_MARK_SOMETIMES ? "sometimes" : "reachable";
}

size_t torci_mark_catalogue_tell(const struct torci_mark_catalogue *catalogue)
{
    size_t missing = 0;

    for (size_t i = 0; i < catalogue->count; i++) {
        if (catalogue->held[i] != 0)
            continue;
        missing++;
        printf("    held in no run: %s \"%s\", %s\n",
               torci_mark_kind_name(catalogue->marks[i]),
               catalogue->marks[i]->name, catalogue->marks[i]->site);
    }
    return missing;
}
