#include "listen_watch.h"

/* The table is the watch's first member, so the platform leads to the watch by its table. */
static int watched_listen(struct torc_platform *self, const struct torc_address *address,
                          const struct torc_listen_settings *settings, uint64_t token,
                          uint64_t *out_handle)
{
    const struct torci_listen_watch *watch = (const struct torci_listen_watch *)self->ops;
    struct torc_address local = *address;
    int status = watch->original->listen(self, address, settings, token, out_handle);

    if (status != 0) {
        watch->refused(watch->arg, address, status);
        return status;
    }
    if (watch->original->names(self, *out_handle, &local, NULL) != 0) {
        local = *address;
    }
    watch->listening(watch->arg, &local);
    return 0;
}

void torci_listen_watch_begin(struct torci_listen_watch *watch, struct torc_platform *platform)
{
    watch->platform = platform;
    watch->original = platform->ops;
    watch->ops = *platform->ops;
    watch->ops.listen = watched_listen;
    platform->ops = &watch->ops;
}

void torci_listen_watch_end(struct torci_listen_watch *watch)
{
    watch->platform->ops = watch->original;
}
