#include "recorder_objects.h"

#include <stdlib.h>
#include <string.h>

int torci_recorder_objects_add(struct torci_recorder_objects *objects, uint64_t token,
                               uint64_t *out_handle)
{
    struct torci_recorder_object *object;

    if (objects->first_free == 0) {
        uint32_t count = objects->count != 0 ? 2 * objects->count : 16;
        struct torci_recorder_object *places =
            realloc(objects->places, count * sizeof(*places));

        if (places == NULL) {
            return TORC_ENOMEM;
        }
        memset(places + objects->count, 0, (count - objects->count) * sizeof(*places));
        for (uint32_t i = objects->count; i < count; i++) {
            places[i].next_free = i + 1 < count ? i + 2 : 0;
        }
        objects->first_free = objects->count + 1;
        objects->places = places;
        objects->count = count;
    }
    *out_handle = objects->first_free;
    object = &objects->places[objects->first_free - 1];
    objects->first_free = object->next_free;
    memset(object, 0, sizeof(*object));
    object->used = true;
    object->token = token;
    return 0;
}

struct torci_recorder_object *torci_recorder_objects_get(struct torci_recorder_objects *objects,
                                                         uint64_t handle)
{
    if (handle == 0 || handle > objects->count || !objects->places[handle - 1].used) {
        return NULL;
    }
    return &objects->places[handle - 1];
}

void torci_recorder_objects_name(struct torci_recorder_objects *objects,
                                 struct torci_recorder_object *object, char kind)
{
    uint32_t *count = &objects->others_named;

    if (kind == 'l') {
        count = &objects->listeners_named;
    } else if (kind == 'd') {
        count = &objects->datagram_ports_named;
    }
    object->name.kind = kind;
    object->name.number = ++*count;
}

void torci_recorder_objects_remove(struct torci_recorder_objects *objects, uint64_t handle)
{
    struct torci_recorder_object *object = torci_recorder_objects_get(objects, handle);

    if (object != NULL) {
        free(object->work);
        object->work = NULL;
        object->used = false;
        object->next_free = objects->first_free;
        objects->first_free = (uint32_t)handle;
    }
}

void torci_recorder_objects_clear(struct torci_recorder_objects *objects)
{
    for (uint32_t i = 0; i < objects->count; i++) {
        free(objects->places[i].work);
    }
    free(objects->places);
    memset(objects, 0, sizeof(*objects));
}
