#include "route.h"

#include <string.h>

static const uint8_t zeros[16];

bool torci_is_any(const struct torc_address *address)
{
    return memcmp(address->ip, zeros, torci_ip_bytes(address->family)) == 0;
}

bool torci_is_loopback(const struct torc_address *address)
{
    if (address->family == TORC_ADDRESS_IPV4)
        return address->ip[0] == 127;
    return address->family == TORC_ADDRESS_IPV6 && memcmp(address->ip, zeros, 15) == 0 &&
           address->ip[15] == 1;
}

struct torc_address torc_host_address(const struct torc_host *host, uint16_t port)
{
    return torc_address_ipv4(10, 0, (uint8_t)(host->number >> 8), (uint8_t)host->number, port);
}

struct torc_address torc_host_address6(const struct torc_host *host, uint16_t port)
{
    struct torc_address address;

    memset(&address, 0, sizeof address);
    address.family = TORC_ADDRESS_IPV6;
    address.ip[0] = 0xfd;
    address.ip[14] = (uint8_t)(host->number >> 8);
    address.ip[15] = (uint8_t)host->number;
    address.port = port;
    return address;
}

struct torc_address torci_host_own(const struct torc_host *host, unsigned family)
{
    return family == TORC_ADDRESS_IPV4 ? torc_host_address(host, 0) : torc_host_address6(host, 0);
}

struct torc_host *torci_route(struct torc_host *host, const struct torc_address *address)
{
    static const uint8_t prefixes[2][14] = {{10, 0}, {0xfd}};
    struct torc_world *world = host->world;
    bool ipv4 = address->family == TORC_ADDRESS_IPV4;
    size_t prefix_bytes = ipv4 ? 2 : 14;
    uint32_t number;

    if (address->family == TORC_ADDRESS_UNIX || torci_is_any(address) || torci_is_loopback(address))
        return host;
    if (memcmp(address->ip, prefixes[!ipv4], prefix_bytes) != 0)
        return NULL;
    number = (uint32_t)address->ip[prefix_bytes] << 8 | address->ip[prefix_bytes + 1];
    return number >= 1 && number <= world->host_count ? world->hosts[number - 1] : NULL;
}

int torci_check_local(const struct torc_host *host, const struct torc_address *local)
{
    struct torc_address own = torci_host_own(host, local->family);

    if (local->family != TORC_ADDRESS_IPV4 && local->family != TORC_ADDRESS_IPV6)
        return TORC_EINVAL;
    if (torci_is_any(local) || torci_is_loopback(local) ||
        memcmp(local->ip, own.ip, torci_ip_bytes(local->family)) == 0)
        return 0;
    return TORC_EADDRNOTAVAIL;
}

static struct torc_address loopback(unsigned family)
{
    struct torc_address address = torc_address_ipv4(127, 0, 0, 1, 0);

    if (family == TORC_ADDRESS_IPV6) {
        memset(&address, 0, sizeof address);
        address.family = TORC_ADDRESS_IPV6;
        address.ip[15] = 1;
    }
    return address;
}

void torci_choose_source(const struct torc_host *host, const struct torc_host *server,
                         struct torc_address *server_address, struct torc_address *out_source)
{
    unsigned family = server_address->family;
    size_t bytes = torci_ip_bytes(family);
    struct torc_address own = torci_host_own(host, family);

    *out_source = own;
    if (server != host || memcmp(server_address->ip, own.ip, bytes) == 0)
        return;
    *out_source = loopback(family);
    if (torci_is_any(server_address))
        memcpy(server_address->ip, out_source->ip, bytes);
}
