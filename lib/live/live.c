/* live.c - the live platform: the object, the clock, randomness, memory, and its table of slots. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "live_platform.h"

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

uint64_t torci_live_now_ns(struct torc_platform *self)
{
    (void)self;
    return clock_ns(CLOCK_MONOTONIC);
}

static uint64_t wall_ns(struct torc_platform *self)
{
    (void)self;
    return clock_ns(CLOCK_REALTIME);
}

static void fatal(struct torc_platform *self, const char *site, const char *message) TORC_NORETURN;
static void fatal(struct torc_platform *self, const char *site, const char *message)
{
    uint64_t now_ns = torci_live_now_ns(self);

    fprintf(stderr, "torc: fatal: %s: %s (live, at %" PRIu64 ".%09" PRIu64 " s)\n", site, message,
            now_ns / 1000000000, now_ns % 1000000000);
    abort();
}

/* The kernel's own generator: every consumer's stream is independent of the others. */
static void random_bytes(struct torc_platform *self, const char *site, void *out, size_t bytes)
{
    unsigned char *next = out;

    while (bytes > 0) {
        ssize_t got = getrandom(next, bytes, 0);

        if (got < 0 && errno != EINTR)
            fatal(self, site, "getrandom failed");
        if (got > 0) {
            next += got;
            bytes -= (size_t)got;
        }
    }
}

static void *resize(struct torc_platform *self, void *ptr, size_t old_bytes, size_t new_bytes)
{
    (void)self;
    (void)old_bytes;
    if (new_bytes == 0) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, new_bytes);
}

static int admit(struct torc_platform *self, size_t bytes)
{
    (void)self;
    (void)bytes;
    return 0;
}

static bool in_reactor(struct torc_platform *self)
{
    return pthread_equal(pthread_self(), live_of(self)->thread) != 0;
}

/* --- databases: real ones, on real files ---------------------------------------------------------- */

static const char *live_storage(struct torc_platform *self)
{
    (void)self;
    return NULL;
}

static enum torc_database_answer live_database(struct torc_platform *self,
                                               struct torc_database_event *event)
{
    (void)self;
    (void)event;
    return TORC_DATABASE_PROCEED;
}

static const struct torc_platform_ops live_ops = {
    .size = sizeof(struct torc_platform_ops),
    .name = "live",
    .driven = false,
    .now_ns = torci_live_now_ns,
    .wall_ns = wall_ns,
    .random = random_bytes,
    .resize = resize,
    .admit = admit,
    .wait = torci_live_wait,
    .wake = torci_live_wake,
    .in_reactor = in_reactor,
    .listen = torci_live_listen,
    .accept = torci_live_accept,
    .refuse = torci_live_refuse,
    .connect = torci_live_connect,
    .read = torci_live_read,
    .writev = torci_live_writev,
    .interest = torci_live_interest,
    .shutdown = torci_live_shutdown,
    .close = torci_live_close,
    .names = torci_live_names,
    .set_option = torci_live_set_option,
    .datagram_open = torci_live_datagram_open,
    .datagram_connect = torci_live_datagram_connect,
    .datagram_send = torci_live_datagram_send,
    .datagram_receive = torci_live_datagram_receive,
    .resolve = torci_live_resolve,
    .resolved = torci_live_resolved,
    .resolve_end = torci_live_resolve_end,
    .submit = torci_live_submit,
    .storage = live_storage,
    .database = live_database,
    .signals = torci_live_signals,
    .fatal = fatal,
};

int torc_live_new(const struct torc_live_options *options, struct torc_platform **out)
{
    struct torc_live_options settings = TORC_LIVE_OPTIONS_INIT;
    struct live *live = calloc(1, sizeof *live);
    int error;

    if (live == NULL)
        return TORC_ENOMEM;
    if (options != NULL)
        memcpy(&settings, options, options->size < sizeof settings ? options->size : sizeof settings);
    live->platform.ops = &live_ops;
    live->options = settings;
    live->thread = pthread_self();
    live->wake_fd = -1;
    live->timer_fd = -1;
    live_link_init(&live->ready);
    live_link_init(&live->faulty);
    live->reserve_fd = -1;
    error = torci_live_wait_init(live);
    if (error == 0)
        error = torci_live_jobs_init(live, &settings);
    if (error != 0) {
        torc_live_free(&live->platform);
        return error;
    }
    *out = &live->platform;
    return 0;
}

void torc_live_free(struct torc_platform *platform)
{
    struct live *live;

    if (platform == NULL)
        return;
    live = live_of(platform);
    (void)torci_live_signals(platform, false, 0);
    torci_live_jobs_free(live);
    torci_live_names_free(live);
    torci_live_wait_free(live);
    free(live->spare);
    free(live);
}
