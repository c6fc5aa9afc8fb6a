/* listen_watch.h - learns where a program listens, from the platform it listens on: an address with
 * port 0 has a real port only once the platform has bound it. */
#ifndef TORCI_LISTEN_WATCH_H
#define TORCI_LISTEN_WATCH_H

#include <torc/platform.h>

struct torci_listen_watch {
    struct torc_platform_ops ops;             /* those of the platform, but for `listen` */
    const struct torc_platform_ops *original; /* what the platform had before */
    struct torc_platform *platform;
    void (*listening)(void *arg, const struct torc_address *address);
    void (*refused)(void *arg, const struct torc_address *address, int error);
    void *arg;
};

/* From now on, until it is ended, calls `listening` whenever the platform listens, with the real
 * address, and `refused` when it cannot. */
void torci_listen_watch_begin(struct torci_listen_watch *watch, struct torc_platform *platform);
void torci_listen_watch_end(struct torci_listen_watch *watch);

#endif
