/* torc/live.h - the live platform: libevent, sockets, threads, the real clock. */
#ifndef TORC_LIVE_H
#define TORC_LIVE_H

#include <torc/platform.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Looks a name up, in place of the system: stores the first `capacity` addresses, port 0, of the family (or
 * TORC_ADDRESS_NONE: any).  Returns 0; TORC_ENOTFOUND, there is none; TORC_ENOMEM; any other code, the service failed.
 * Called on threads of the platform's own, several at a time; may block. */
typedef int torc_look_up_fn(void *arg, const char *name, enum torc_address_family family,
                            struct torc_address *out, size_t capacity, size_t *out_count);

struct torc_live_options {
    size_t size;        /* sizeof(struct torc_live_options) */
    unsigned threads;   /* of the pool that runs jobs, started when first needed; 0: 4 */
    size_t jobs_queued_max; /* waiting for a thread; 0: 4096 */
    unsigned lookup_threads;    /* others, for names, started when first needed; 0: 8 */
    size_t lookups_queued_max;  /* waiting for one; 0: 1024 */
    torc_look_up_fn *look_up;   /* NULL: the system (getaddrinfo) */
    void *look_up_arg;          /* must last as long as a call of look_up may */
};
#define TORC_LIVE_OPTIONS_INIT {sizeof(struct torc_live_options), 0, 0, 0, 0, NULL, NULL}

/* Makes a platform for one reactor.  The thread that makes it is the reactor's.  `options` may be
 * NULL.  SIGPIPE is never raised by it.  What a signal does belongs to the process: only one platform at a
 * time can watch signals, the next one gets TORC_EBUSY.  Errors: TORC_ENOMEM, TORC_EMFILE, TORC_ENFILE,
 * TORC_ESYSTEM. */
TORC_API TORC_CHECKED int torc_live_new(const struct torc_live_options *options,
                                        struct torc_platform **out);

/* Frees it, after its reactor.  Waits for jobs that run, not for lookups; drops those that wait.  NULL is accepted. */
TORC_API void torc_live_free(struct torc_platform *platform);

#ifdef __cplusplus
}
#endif
#endif
