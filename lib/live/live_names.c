/* live_names.c - looking names up: getaddrinfo, on threads of its own, so that a name server that is silent keeps no job
 * waiting.
 *
 * A lookup cannot be stopped.  One that is let go of while it runs is freed by its thread; and as the platform must not
 * wait for such a thread when it is freed, what they share goes with the last of them. */
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "live_platform.h"

#define THREADS_DEFAULT 8
#define QUEUED_DEFAULT 1024
#define ADDRESSES_MAX 64

enum live_lookup_state { LOOKUP_WAITING, LOOKUP_RUNNING, LOOKUP_DONE, LOOKUP_TOLD };

struct live_lookup {
    struct live_link link; /* in `waiting` or `done`, or alone */
    enum live_lookup_state state;
    bool abandoned;        /* while it runs */
    uint64_t token;
    enum torc_address_family family;
    int result;
    size_t count;
    struct torc_address addresses[ADDRESSES_MAX];
    char name[];
};

struct live_names_thread {
    struct live_names *names;
    pthread_t thread;
    bool busy;
};

struct live_names {
    pthread_mutex_t mutex; /* of all that follows */
    pthread_cond_t changed;
    struct live *live; /* NULL: freed */
    unsigned users;    /* the platform, and threads that have not ended */
    struct live_link waiting;
    struct live_link done;
    size_t waiting_count;
    size_t waiting_max;
    unsigned idle_threads;
    unsigned threads_started;
    unsigned threads_max;
    torc_look_up_fn *look_up;
    void *look_up_arg;
    struct live_names_thread threads[];
};

static struct live_lookup *lookup_of(struct live_link *link)
{
    return (struct live_lookup *)(void *)link;
}

/* --- asking the system ---------------------------------------------------------------------------- */

static int code_of(int error)
{
    switch (error) {
    case 0:
        return 0;
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
        return TORC_ENOTFOUND;
    case EAI_MEMORY:
        return TORC_ENOMEM;
    default:
        return TORC_EIO;
    }
}

static int system_look_up(void *arg, const char *name, enum torc_address_family family,
                          struct torc_address *out, size_t capacity, size_t *out_count)
{
    const struct addrinfo hints = {.ai_family = family == TORC_ADDRESS_IPV4   ? AF_INET
                                                : family == TORC_ADDRESS_IPV6 ? AF_INET6
                                                                              : AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM}; /* each address once */
    struct addrinfo *list = NULL;
    const struct addrinfo *each;
    int error = getaddrinfo(name, NULL, &hints, &list);
    size_t count = 0;

    (void)arg;
    if (error != 0)
        return code_of(error);
    for (each = list; each != NULL && count < capacity; each = each->ai_next) {
        union live_sockaddr address;

        if (each->ai_family != AF_INET && each->ai_family != AF_INET6)
            continue;
        memcpy(&address, each->ai_addr, each->ai_addrlen);
        torci_live_from_sockaddr(&address, each->ai_addrlen, &out[count++]);
    }
    freeaddrinfo(list);
    *out_count = count;
    return count > 0 ? 0 : TORC_ENOTFOUND;
}

/* --- threads -------------------------------------------------------------------------------------- */

/* Under the mutex, which is given up. */
static void leave(struct live_names *names)
{
    bool last = --names->users == 0;

    pthread_mutex_unlock(&names->mutex);
    if (!last)
        return;
    pthread_cond_destroy(&names->changed);
    pthread_mutex_destroy(&names->mutex);
    free(names);
}

/* Under the mutex, and again when it returns. */
static void run(struct live_names_thread *self, struct live_lookup *lookup)
{
    struct live_names *names = self->names;

    live_link_remove(&lookup->link);
    names->waiting_count--;
    lookup->state = LOOKUP_RUNNING;
    self->busy = true;
    pthread_mutex_unlock(&names->mutex);
    lookup->result = names->look_up(names->look_up_arg, lookup->name, lookup->family,
                                    lookup->addresses, ADDRESSES_MAX, &lookup->count);
    pthread_mutex_lock(&names->mutex);
    self->busy = false;
    if (lookup->abandoned || names->live == NULL) {
        free(lookup);
        return;
    }
    lookup->state = LOOKUP_DONE;
    live_link_append(&names->done, &lookup->link);
    torci_live_wake(&names->live->platform);
}

static void *run_lookups(void *arg)
{
    struct live_names_thread *self = arg;
    struct live_names *names = self->names;

    pthread_mutex_lock(&names->mutex);
    while (names->live != NULL) {
        if (!live_link_alone(&names->waiting)) {
            run(self, lookup_of(names->waiting.next));
            continue;
        }
        names->idle_threads++;
        pthread_cond_wait(&names->changed, &names->mutex);
        names->idle_threads--;
    }
    leave(names);
    return NULL;
}

/* Starts one more thread.  Signals are for the reactor's thread and the user's: none comes here. */
static int start_thread(struct live_names *names)
{
    struct live_names_thread *thread = &names->threads[names->threads_started];
    sigset_t all;
    sigset_t before;
    int error;

    thread->names = names;
    thread->busy = false;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&thread->thread, NULL, run_lookups, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0)
        return TORC_ENOMEM;
    names->threads_started++;
    names->users++;
    return 0;
}

/* --- beginning and end ---------------------------------------------------------------------------- */

static struct live_names *names_of(struct live *live)
{
    const struct torc_live_options *options = &live->options;
    unsigned threads_max =
        options->lookup_threads != 0 ? options->lookup_threads : THREADS_DEFAULT;
    struct live_names *names = live->names;

    if (names != NULL)
        return names;
    names = calloc(1, sizeof *names + threads_max * sizeof names->threads[0]);
    if (names == NULL)
        return NULL;
    pthread_mutex_init(&names->mutex, NULL);
    pthread_cond_init(&names->changed, NULL);
    names->live = live;
    names->users = 1;
    live_link_init(&names->waiting);
    live_link_init(&names->done);
    names->waiting_max =
        options->lookups_queued_max != 0 ? options->lookups_queued_max : QUEUED_DEFAULT;
    names->threads_max = threads_max;
    names->look_up = options->look_up != NULL ? options->look_up : system_look_up;
    names->look_up_arg = options->look_up_arg;
    live->names = names;
    return names;
}

static void free_all(struct live_link *list)
{
    while (!live_link_alone(list)) {
        /* Never one that was removed.  NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        struct live_lookup *lookup = lookup_of(list->next);

        live_link_remove(&lookup->link);
        free(lookup);
    }
}

void torci_live_names_free(struct live *live)
{
    struct live_names *names = live->names;
    unsigned i;

    if (names == NULL)
        return;
    pthread_mutex_lock(&names->mutex);
    names->live = NULL;
    free_all(&names->waiting);
    free_all(&names->done);
    pthread_cond_broadcast(&names->changed);
    for (i = 0; i < names->threads_started; i++) {
        pthread_t thread = names->threads[i].thread;

        if (names->threads[i].busy) {
            pthread_detach(thread);
            continue;
        }
        pthread_mutex_unlock(&names->mutex);
        pthread_join(thread, NULL);
        pthread_mutex_lock(&names->mutex);
    }
    leave(names);
    live->names = NULL;
}

/* --- the slots ------------------------------------------------------------------------------------ */

int torci_live_resolve(struct torc_platform *self, const char *name,
                       enum torc_address_family family, uint64_t token, uint64_t *out_handle)
{
    struct live_names *names = names_of(live_of(self));
    size_t name_bytes = strlen(name) + 1;
    struct live_lookup *lookup = names == NULL ? NULL : malloc(sizeof *lookup + name_bytes);
    int error = 0;

    if (lookup == NULL)
        return TORC_ENOMEM;
    live_link_init(&lookup->link);
    lookup->state = LOOKUP_WAITING;
    lookup->abandoned = false;
    lookup->token = token;
    lookup->family = family;
    lookup->count = 0;
    memcpy(lookup->name, name, name_bytes);
    pthread_mutex_lock(&names->mutex);
    if (names->waiting_count >= names->waiting_max)
        error = TORC_ELIMIT;
    else if (names->waiting_count >= names->idle_threads &&
             names->threads_started < names->threads_max && start_thread(names) != 0 &&
             names->threads_started == 0)
        error = TORC_ENOMEM; /* with at least one thread the lookup only waits longer */
    if (error == 0) {
        live_link_append(&names->waiting, &lookup->link);
        names->waiting_count++;
        pthread_cond_signal(&names->changed);
    }
    pthread_mutex_unlock(&names->mutex);
    if (error != 0)
        free(lookup);
    else
        *out_handle = (uint64_t)(uintptr_t)lookup;
    return error;
}

size_t torci_live_resolved(struct torc_platform *self, uint64_t handle, struct torc_address *out,
                           size_t capacity)
{
    const struct live_lookup *lookup = (const struct live_lookup *)(uintptr_t)handle;
    size_t kept = lookup->count < capacity ? lookup->count : capacity;

    (void)self;
    if (kept > 0)
        memcpy(out, lookup->addresses, kept * sizeof *out);
    return lookup->count;
}

void torci_live_resolve_end(struct torc_platform *self, uint64_t handle)
{
    struct live_names *names = live_of(self)->names;
    struct live_lookup *lookup = (struct live_lookup *)(uintptr_t)handle;

    pthread_mutex_lock(&names->mutex);
    if (lookup->state == LOOKUP_RUNNING) {
        lookup->abandoned = true;
    } else {
        names->waiting_count -= lookup->state == LOOKUP_WAITING;
        live_link_remove(&lookup->link);
        free(lookup);
    }
    pthread_mutex_unlock(&names->mutex);
}

size_t torci_live_names_tell(struct live *live, struct torc_platform_event *batch, size_t capacity)
{
    struct live_names *names = live->names;
    size_t count = 0;

    if (names == NULL)
        return 0;
    pthread_mutex_lock(&names->mutex);
    while (count < capacity && !live_link_alone(&names->done)) {
        struct live_lookup *lookup = lookup_of(names->done.next);

        live_link_remove(&lookup->link);
        lookup->state = LOOKUP_TOLD;
        batch[count++] =
            (struct torc_platform_event){lookup->token, TORC_EVENT_NAMES, lookup->result};
    }
    pthread_mutex_unlock(&names->mutex);
    return count;
}
