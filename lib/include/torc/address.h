/* torc/address.h - where a stream listens, goes to or comes from.  A plain value. */
#ifndef TORC_ADDRESS_H
#define TORC_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <torc/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum torc_address_family { TORC_ADDRESS_NONE, TORC_ADDRESS_IPV4, TORC_ADDRESS_IPV6, TORC_ADDRESS_UNIX };

#define TORC_ADDRESS_PATH_MAX 108
#define TORC_ADDRESS_TEXT_MAX 128

struct torc_address {
    uint8_t family;  /* enum torc_address_family */
    uint8_t ip[16];  /* network order; IPv4 in the first four */
    uint16_t port;   /* host order; 0 when listening: any free one */
    uint16_t path_bytes; /* UNIX: length of `path`; a first byte of 0 means the abstract namespace */
    uint32_t scope_id;   /* IPv6 link-local */
    char path[TORC_ADDRESS_PATH_MAX];
};

TORC_API struct torc_address torc_address_ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d,
                                               uint16_t port);

/* Parses a description:
 *   tcp:PORT   tcp:HOST:PORT   tcp:[V6]:PORT   unix:PATH   unix:@ABSTRACT
 * HOST is numeric: names are resolved first (torc/resolver.h).  tcp:PORT listens on every IPv4 interface.
 * Errors: TORC_ESYNTAX; `error`, if not NULL, then points at a static sentence saying what is wrong. */
TORC_API TORC_CHECKED int torc_address_parse(const char *text, struct torc_address *out,
                                             const char **error);

/* "tcp:127.0.0.1:6379", "tcp:[::1]:80", "unix:/run/x", "none".  Returns the length of the whole text,
 * as torc_format does; TORC_ADDRESS_TEXT_MAX bytes always suffice. */
TORC_API size_t torc_address_format(const struct torc_address *address, char *buffer, size_t size);

TORC_API bool torc_address_equal(const struct torc_address *a, const struct torc_address *b);

#ifdef __cplusplus
}
#endif
#endif
