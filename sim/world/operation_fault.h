/* operation_fault.h - what may go wrong with the operations of a host: the sites and their options, as
 * torc_decision_sites names them; for the files of sim/world only.  Raw hosts suffer none of it. */
#ifndef TORCI_OPERATION_FAULT_H
#define TORCI_OPERATION_FAULT_H

#include <torc/operation_fault.h>

#include "world.h"

#define TORCI_OPTION(option) (UINT64_C(1) << (option))

enum { /* socket.fail */
    TORCI_SOCKET_EMFILE = 1,
    TORCI_SOCKET_ENFILE,
    TORCI_SOCKET_ENOBUFS,
    TORCI_SOCKET_ENOMEM,
    TORCI_SOCKET_EADDRINUSE
};
enum { /* connect.fail */
    TORCI_CONNECT_REFUSED = 1,
    TORCI_CONNECT_TIMED_OUT,
    TORCI_CONNECT_HOST_UNREACHABLE,
    TORCI_CONNECT_NET_UNREACHABLE,
    TORCI_CONNECT_RESET,
    TORCI_CONNECT_NO_ADDRESS
};
enum { /* accept.fail */
    TORCI_ACCEPT_EMFILE = 1,
    TORCI_ACCEPT_ENFILE,
    TORCI_ACCEPT_ENOBUFS,
    TORCI_ACCEPT_ENOMEM,
    TORCI_ACCEPT_ABORTED
};
enum { TORCI_READ_RESET = 1, TORCI_READ_TIMED_OUT };   /* read.fail */
enum { /* write.fail */
    TORCI_WRITE_EPIPE = 1,
    TORCI_WRITE_RESET,
    TORCI_WRITE_TIMED_OUT,
    TORCI_WRITE_ENOBUFS
};
enum { TORCI_AGAIN_1MS = 1, TORCI_AGAIN_100MS, TORCI_AGAIN_5S }; /* read.again, write.again */
enum { /* send.fail */
    TORCI_SEND_EAGAIN = 1,
    TORCI_SEND_ENOBUFS,
    TORCI_SEND_EPERM,
    TORCI_SEND_NET_UNREACHABLE,
    TORCI_SEND_HOST_UNREACHABLE,
    TORCI_SEND_REFUSED
};
enum { TORCI_STALL_SILENT = 1 };                                   /* stream.stall */
enum { /* resolve.fail */
    TORCI_RESOLVE_NXDOMAIN = 1,
    TORCI_RESOLVE_SERVFAIL,
    TORCI_RESOLVE_TIMEOUT,
    TORCI_RESOLVE_SLOW,
    TORCI_RESOLVE_FLIP
};
enum { TORCI_JOB_ENOMEM = 1, TORCI_JOB_ELIMIT }; /* job.fail */
enum { TORCI_ALLOC_ENOMEM = 1 };                 /* alloc.fail */
enum { /* db.fail */
    TORCI_DB_BUSY = 1,
    TORCI_DB_LOCKED,
    TORCI_DB_FULL,
    TORCI_DB_IOERR,
    TORCI_DB_CORRUPT,
    TORCI_DB_INTERRUPT,
    TORCI_DB_DISCONNECT,
    TORCI_DB_DROP_REPLY
};
enum { /* disk.fail */
    TORCI_DISK_IOERR = 1,
    TORCI_DISK_FULL,
    TORCI_DISK_CANTOPEN,
    TORCI_DISK_BUSY,
    TORCI_DISK_SHORT
};
enum { TORCI_DEFERRED_CANCEL = 1, TORCI_DEFERRED_ERRBACK, TORCI_DEFERRED_NEVER }; /* deferred.fail */

uint64_t torci_host_ask_operation(struct torc_host *host, const char *site, uint64_t possible,
                                  const char *about);

/* What goes wrong with the operation that is begun: 0, nothing, or one of the options in `possible` (bit i: option
 * i).  `site` is a literal. */
static inline uint64_t torci_operation(struct torc_host *host, const char *site, uint64_t possible)
{
    return host->may_fail ? torci_host_ask_operation(host, site, possible, NULL) : 0;
}
/* The same of one that is about something: the `about` of its question. */
static inline uint64_t torci_operation_about(struct torc_host *host, const char *site, uint64_t possible,
                                             const char *about)
{
    return host->may_fail ? torci_host_ask_operation(host, site, possible, about) : 0;
}

/* socket.fail, as the error of a call that makes a socket, and binds it if `binds`; 0: it goes well. */
int torci_socket_fails(struct torc_host *host, bool binds);

/* From now on the host's operations may fail: if the world has a decider; once a fault is added. */
void torci_host_may_fail(struct torc_host *host);
void torci_host_free_operation_faults(struct torc_host *host);
void torci_host_free_deferred_faults(struct torc_host *host);

#endif
