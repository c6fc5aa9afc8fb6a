/* handle.c - slots of a host, and the list of handles with something to tell. */
#include "stream.h"

int torci_handle_open(struct torc_host *host, struct torci_handle *handle, uint64_t *out_handle)
{
    uint32_t index;

    if (host->handles_max != 0 && host->handles >= host->handles_max &&
        handle->kind != TORCI_HANDLE_LOOKUP)
        return TORC_EMFILE;
    if (!torci_arena_admit(&host->arena, 0))
        return TORC_ENOMEM;
    if (host->slot_free == 0) {
        uint32_t capacity = host->slot_capacity == 0 ? 8 : 2 * host->slot_capacity;

        if (host->slot_count == host->slot_capacity) {
            struct torci_slot *slots = torci_world_resize(host->world, host->slots,
                                                          host->slot_capacity * sizeof *slots,
                                                          capacity * sizeof *slots);
            if (slots == NULL)
                return TORC_ENOMEM;
            host->slots = slots;
            host->slot_capacity = capacity;
        }
        index = host->slot_count++;
        host->slots[index].generation = 0;
    } else {
        index = host->slot_free - 1;
        host->slot_free = host->slots[index].next_free;
    }
    host->slots[index].handle = handle;
    host->handles += handle->kind != TORCI_HANDLE_LOOKUP;
    handle->host = host;
    handle->slot = index;
    *out_handle = (uint64_t)host->slots[index].generation << 32 | (index + 1);
    return 0;
}

static void unlist(struct torci_handle *handle)
{
    struct torc_host *host = handle->host;

    if (!handle->listed)
        return;
    if (handle->ready_previous != NULL)
        handle->ready_previous->ready_next = handle->ready_next;
    else
        host->ready_head = handle->ready_next;
    if (handle->ready_next != NULL)
        handle->ready_next->ready_previous = handle->ready_previous;
    else
        host->ready_tail = handle->ready_previous;
    handle->listed = false;
}

void torci_handle_close(struct torci_handle *handle)
{
    struct torc_host *host = handle->host;
    struct torci_slot *slot = &host->slots[handle->slot];

    unlist(handle);
    slot->handle = NULL;
    slot->generation++;
    slot->next_free = host->slot_free;
    host->slot_free = handle->slot + 1;
    host->handles -= handle->kind != TORCI_HANDLE_LOOKUP;
    handle->host = NULL;
}

struct torci_handle *torci_handle_find(struct torc_host *host, uint64_t handle)
{
    uint64_t index = (handle & UINT32_MAX) - 1;

    if (index >= host->slot_count || host->slots[index].generation != (uint32_t)(handle >> 32))
        return NULL;
    return host->slots[index].handle;
}

void torci_handle_update(struct torci_handle *handle)
{
    struct torc_host *host = handle->host;
    uint32_t told = handle->ready & ~(uint32_t)handle->held & (handle->interest | (uint32_t)(TORC_EVENT_CONNECT | TORC_EVENT_NAMES));

    if (told == 0) {
        unlist(handle);
        return;
    }
    if (handle->listed)
        return;
    handle->listed = true;
    handle->ready_next = NULL;
    handle->ready_previous = host->ready_tail;
    if (host->ready_tail != NULL)
        host->ready_tail->ready_next = handle;
    else
        host->ready_head = handle;
    host->ready_tail = handle;
    if (host->ready_head == handle)
        torci_host_reschedule(host, false);
}
