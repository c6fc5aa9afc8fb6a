/* route.h - whose an address is.  The n-th host has 10.0.x.y and fd00::xxyy with n = x.y; loopback addresses and the
 * any address are everybody's own. */
#ifndef TORCI_ROUTE_H
#define TORCI_ROUTE_H

#include "world.h"

/* The bytes of `ip` that count. */
static inline size_t torci_ip_bytes(unsigned family)
{
    return family == TORC_ADDRESS_IPV4 ? 4 : 16;
}

bool torci_is_any(const struct torc_address *address);
bool torci_is_loopback(const struct torc_address *address);

/* The address a host of that family is known by to others, port 0. */
struct torc_address torci_host_own(const struct torc_host *host, unsigned family);

/* The host an address belongs to, seen from `host`; NULL: none. */
struct torc_host *torci_route(struct torc_host *host, const struct torc_address *address);

/* Whether a socket of the host may be bound to the address.  Errors: TORC_EADDRNOTAVAIL; TORC_EINVAL, it is
 * neither IPv4 nor IPv6. */
TORC_CHECKED int torci_check_local(const struct torc_host *host, const struct torc_address *local);

/* Where a socket of `host` that is bound to no address of its own (`any`) is seen from when it speaks to an address
 * that leads to `server`; and what that address really is: the any address becomes loopback. */
void torci_choose_source(const struct torc_host *host, const struct torc_host *server,
                         struct torc_address *server_address, struct torc_address *out_source);

#endif
