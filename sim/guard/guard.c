/* guard.c - the escape guard of torc/guard.h: stands in front of the C library's sources of real time,
 * randomness, network, threads and waiting.
 *
 * It holds the only writable statics of Torc: what it stands in for are functions without an argument
 * that could carry its state. */
#include <dlfcn.h>
#include <link.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <torc/guard.h>

static _Thread_local const struct torc_guard_place *guarded;

const struct torc_guard_place *torc_guard_set(const struct torc_guard_place *place)
{
    const struct torc_guard_place *before = guarded;

    guarded = place;
    return before;
}

/* The name of the function an address is in, or NULL: static functions have none here, and dladdr
 * answers with whatever exported one lies before. */
static const char *function_at(void *address, Dl_info *info)
{
    const ElfW(Sym) *symbol = NULL;

    if (dladdr1(address, info, (void **)&symbol, RTLD_DL_SYMENT) == 0) {
        info->dli_fname = NULL;
        return NULL;
    }
    if (info->dli_sname == NULL || symbol == NULL ||
        (uintptr_t)address - (uintptr_t)info->dli_saddr >= symbol->st_size)
        return NULL;
    return info->dli_sname;
}

/* Says who called `name`, and ends the process. */
static void report(const char *name, void *caller)
{
    const struct torc_guard_place *place = guarded;
    Dl_info info;
    const char *function;

    guarded = NULL; /* what reports may look at the clock */
    function = function_at(caller, &info);
    if (info.dli_fname == NULL) {
        info.dli_fname = "?";
        info.dli_fbase = NULL;
    }
    fprintf(stderr,
            "torc: escape from the simulation: %s called by %s (addr2line -e %s 0x%lx) on host %s at "
            "virtual time %llu ns, seed %llu\n",
            name, function == NULL ? "a static function" : function, info.dli_fname,
            (unsigned long)((uintptr_t)caller - (uintptr_t)info.dli_fbase), place->host,
            (unsigned long long)*place->now_ns, (unsigned long long)place->seed);
    abort();
}

/* Defines a stand-in: reports when guarded, else calls the next definition of the same name,
 * which is looked up once. */
#define STAND_IN(type, name, parameters, arguments)                                                \
    TORC_API type name parameters                                                                  \
    {                                                                                              \
        typedef type function parameters;                                                          \
        static void *_Atomic next;                                                                 \
        void *found = atomic_load_explicit(&next, memory_order_relaxed);                           \
                                                                                                   \
        if (guarded != NULL)                                                                       \
            report(#name, __builtin_return_address(0));                                            \
        if (found == NULL) {                                                                       \
            found = dlsym(RTLD_NEXT, #name);                                                       \
            atomic_store_explicit(&next, found, memory_order_relaxed);                             \
        }                                                                                          \
        return (*(function **)&found)arguments;                                                    \
    }

/* Time. */
STAND_IN(int, clock_gettime, (clockid_t clock, struct timespec *out), (clock, out))
STAND_IN(time_t, time, (time_t * out), (out))
STAND_IN(int, gettimeofday, (struct timeval *restrict out, void *restrict zone), (out, zone))
STAND_IN(clock_t, clock, (void), ())

/* Randomness. */
STAND_IN(ssize_t, getrandom, (void *out, size_t bytes, unsigned flags), (out, bytes, flags))
STAND_IN(int, getentropy, (void *out, size_t bytes), (out, bytes))
STAND_IN(int, rand, (void), ())
STAND_IN(long, random, (void), ())

/* Network. */
STAND_IN(int, socket, (int domain, int type, int protocol), (domain, type, protocol))
STAND_IN(int, socketpair, (int domain, int type, int protocol, int out[2]),
         (domain, type, protocol, out))
STAND_IN(int, connect, (int fd, __CONST_SOCKADDR_ARG address, socklen_t bytes),
         (fd, address, bytes))

STAND_IN(int, getaddrinfo,
         (const char *restrict name, const char *restrict service,
          const struct addrinfo *restrict hints, struct addrinfo **restrict out),
         (name, service, hints, out))
STAND_IN(struct hostent *, gethostbyname, (const char *name), (name))

/* Threads and processes. */
STAND_IN(int, pthread_create,
         (pthread_t *restrict out, const pthread_attr_t *restrict attributes, void *(*run)(void *),
          void *restrict arg),
         (out, attributes, run, arg))
STAND_IN(pid_t, fork, (void), ())
STAND_IN(int, system, (const char *command), (command))
STAND_IN(FILE *, popen, (const char *command, const char *mode), (command, mode))
STAND_IN(int, posix_spawn,
         (pid_t *restrict out, const char *restrict path,
          const posix_spawn_file_actions_t *restrict actions,
          const posix_spawnattr_t *restrict attributes, char *const argv[restrict],
          char *const envp[restrict]),
         (out, path, actions, attributes, argv, envp))

/* Waiting. */
STAND_IN(int, nanosleep, (const struct timespec *delay, struct timespec *left), (delay, left))
STAND_IN(int, clock_nanosleep,
         (clockid_t clock, int flags, const struct timespec *delay, struct timespec *left),
         (clock, flags, delay, left))
STAND_IN(int, usleep, (useconds_t delay_us), (delay_us))
STAND_IN(unsigned, sleep, (unsigned delay_s), (delay_s))
STAND_IN(int, select,
         (int count, fd_set *restrict readable, fd_set *restrict writable,
          fd_set *restrict exceptional, struct timeval *restrict timeout),
         (count, readable, writable, exceptional, timeout))
STAND_IN(int, poll, (struct pollfd * fds, nfds_t count, int timeout_ms), (fds, count, timeout_ms))
STAND_IN(int, epoll_wait, (int fd, struct epoll_event *events, int capacity, int timeout_ms),
         (fd, events, capacity, timeout_ms))
