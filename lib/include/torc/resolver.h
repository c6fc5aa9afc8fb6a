/* torc/resolver.h - addresses of names, and connecting to a name. */
#ifndef TORC_RESOLVER_H
#define TORC_RESOLVER_H

#include <torc/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a name stands for, in the order to be tried, as the system gives them (RFC 6724). */
struct torc_addresses {
    size_t count; /* at least 1 */
    const struct torc_address *list;
};

/* For who took them out of a result.  NULL is accepted. */
TORC_API void torc_addresses_free(struct torc_addresses *addresses);

enum torc_resolve_family { TORC_RESOLVE_ANY, TORC_RESOLVE_IPV4, TORC_RESOLVE_IPV6 };

struct torc_resolve_options {
    size_t size; /* sizeof(struct torc_resolve_options) */
    enum torc_resolve_family family;
    uint64_t timeout_ns; /* 0: 60 s; TORC_NEVER: as long as it takes */
};
#define TORC_RESOLVE_OPTIONS_INIT {sizeof(struct torc_resolve_options), TORC_RESOLVE_ANY, 0}

/* Resolves a host name, with `port` put into each address; a numeric address is itself.  The deferred fires
 * with a struct torc_addresses * (owned), or with a failure: name_not_found (no such name, or none of that
 * family), name_error (the service failed), timeout, cancelled (also when the reactor stops), out_of_memory.
 * It never fires before this returns.  Cancelling lets go of the answer; the lookup itself may go on for a
 * while.  Nothing is kept: each call asks.
 * `name` is copied; `options` may be NULL.  Errors: TORC_ENOMEM; TORC_EINVAL, an empty name or one longer than
 * 253 bytes; TORC_ELIMIT, too many lookups wait; TORC_ECLOSED, the reactor has stopped. */
TORC_API TORC_CHECKED int torc_resolve_at(const char *site, struct torc_reactor *reactor,
                                          const char *name, uint16_t port,
                                          const struct torc_resolve_options *options,
                                          struct torc_deferred **out);
#define torc_resolve(...) torc_resolve_at(TORC_HERE, __VA_ARGS__)

struct torc_connect_name_options {
    size_t size; /* sizeof(struct torc_connect_name_options) */
    enum torc_resolve_family family;
    uint64_t resolve_timeout_ns; /* as above */
    uint64_t attempt_timeout_ns; /* of each address; 0: 30 s; TORC_NEVER: as long as the system tries */
    uint64_t attempt_delay_ns;   /* before the next address is tried beside those under way; 0: 250 ms */
    bool nodelay;
    bool keepalive;
};
#define TORC_CONNECT_NAME_OPTIONS_INIT                                                             \
    {sizeof(struct torc_connect_name_options), TORC_RESOLVE_ANY, 0, 0, 0, false, false}

/* Resolves and connects, as RFC 8305 ("happy eyeballs") says: families take turns, beginning with that of the
 * first address; the next attempt begins after the delay, or at once when one has failed; the first connection
 * wins and the other attempts are given up.  The deferred fires with the struct torc_protocol * (borrowed) after
 * its connection_made, or with a failure: that of resolving; of the attempt that failed last; what
 * connection_made or build_protocol failed with; connect_cancelled, it was cancelled or the reactor stopped.
 * Cancelling leaves nothing behind: a connection made meanwhile is lost.
 *
 * `factory` is used for nothing but to build the protocol: of its callbacks build_protocol, started and stopped are
 * called.  It is borrowed until the deferred has failed or the connection is lost.
 * `name` is copied; `options` may be NULL.  Errors: those of torc_resolve. */
TORC_API TORC_CHECKED int torc_connect_name_at(const char *site, struct torc_reactor *reactor,
                                               const char *name, uint16_t port,
                                               struct torc_factory *factory,
                                               const struct torc_connect_name_options *options,
                                               struct torc_deferred **out);
#define torc_connect_name(...) torc_connect_name_at(TORC_HERE, __VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
