/* mark_count.c - a short array: a run knows some dozens of marks. */
#include "mark_count.h"

#include <string.h>

struct torci_mark_count {
    const char *name;
    uint64_t held;
};

static struct torci_mark_count *find(struct torc_world *world, const char *name)
{
    size_t i;

    for (i = 0; i < world->mark_count; i++) {
        if (world->marks[i].name == name || strcmp(world->marks[i].name, name) == 0)
            return &world->marks[i];
    }
    return NULL;
}

void torci_world_count_mark(struct torc_world *world, const char *name)
{
    struct torci_mark_count *mark = find(world, name);

    if (mark == NULL && world->mark_count == world->mark_capacity) {
        size_t capacity = world->mark_capacity == 0 ? 32 : 2 * world->mark_capacity;
        struct torci_mark_count *marks =
            torci_world_resize(world, world->marks, world->mark_capacity * sizeof *marks,
                               capacity * sizeof *marks);

        if (marks == NULL) {
            world->error = TORC_ENOMEM;
            return;
        }
        world->marks = marks;
        world->mark_capacity = capacity;
    }
    if (mark == NULL) {
        mark = &world->marks[world->mark_count++];
        mark->name = name;
        mark->held = 0;
    }
    mark->held++;
}

uint64_t torc_world_mark_count(struct torc_world *world, const char *name)
{
    const struct torci_mark_count *mark = find(world, name);

    return mark == NULL ? 0 : mark->held;
}

void torc_world_marks(const struct torc_world *world, torc_visit_text_fn *visit, void *arg)
{
    for (size_t i = 0; i < world->mark_count; i++)
        visit(arg, world->marks[i].name);
}

const struct torc_mark *torc_world_refuted(const struct torc_world *world)
{
    return world->refuted;
}

void torci_world_free_marks(struct torc_world *world)
{
    torci_world_resize(world, world->marks, world->mark_capacity * sizeof *world->marks, 0);
    world->marks = NULL;
    world->mark_count = 0;
    world->mark_capacity = 0;
}
