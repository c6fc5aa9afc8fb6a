/* stream_split.c - places where a stream is split, whatever its writer writes at once. */
#include "raw_host.h"
#include "stream.h"

uint32_t torci_end_unsplit(struct torci_end *end, uint32_t bytes)
{
    if (end->splits == NULL)
        return bytes;
    while (*end->splits <= end->written)
        end->splits++;
    return *end->splits - end->written < bytes ? (uint32_t)(*end->splits - end->written) : bytes;
}

uint64_t torci_host_split_stream(struct torc_host *host, uint64_t handle, bool outgoing,
                                 const uint64_t *at)
{
    struct torci_handle *found = torci_handle_find(host, handle);
    struct torci_end *end;

    if (found == NULL || found->kind != TORCI_HANDLE_STREAM)
        return 0;
    end = (struct torci_end *)(void *)found;
    if (!outgoing)
        end = &torci_connection_of(end)->ends[end->side ^ 1];
    end->splits = at;
    return end->written;
}
