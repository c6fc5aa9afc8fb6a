/* address.c - addresses from text and back. */
#include <torc/address.h>

#include <string.h>


struct torc_address torc_address_ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port)
{
    struct torc_address address;
    memset(&address, 0, sizeof address);
    address.family = TORC_ADDRESS_IPV4;
    address.ip[0] = a;
    address.ip[1] = b;
    address.ip[2] = c;
    address.ip[3] = d;
    address.port = port;
    return address;
}

/* --- parsing ---------------------------------------------------------------------------------- */

/* What is left of the text; every take_ function goes forward only if it succeeds. */
struct reader {
    const char *at;
    const char *end;
};

static bool take_char(struct reader *reader, char wanted)
{
    if (reader->at == reader->end || *reader->at != wanted)
        return false;
    reader->at++;
    return true;
}

static bool take_decimal(struct reader *reader, uint32_t max, uint32_t *out)
{
    const char *at = reader->at;
    uint64_t value = 0;
    while (at < reader->end && *at >= '0' && *at <= '9' && value <= max)
        value = value * 10 + (uint64_t)(*at++ - '0');
    if (at == reader->at || value > max)
        return false;
    reader->at = at;
    *out = (uint32_t)value;
    return true;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool take_group(struct reader *reader, uint32_t *out)
{
    const char *at = reader->at;
    uint32_t value = 0;
    while (at < reader->end && at - reader->at < 4 && hex_value(*at) >= 0)
        value = value * 16 + (uint32_t)hex_value(*at++);
    if (at == reader->at)
        return false;
    reader->at = at;
    *out = value;
    return true;
}

static bool take_ipv4(struct reader *reader, uint8_t out[4])
{
    struct reader inner = *reader;
    for (int i = 0; i < 4; i++) {
        uint32_t part;
        if (i > 0 && !take_char(&inner, '.'))
            return false;
        /* A leading zero would be octal to some readers. */
        if (inner.end - inner.at >= 2 && inner.at[0] == '0' && inner.at[1] >= '0' &&
            inner.at[1] <= '9')
            return false;
        if (!take_decimal(&inner, 255, &part))
            return false;
        out[i] = (uint8_t)part;
    }
    *reader = inner;
    return true;
}

/* Eight groups, or fewer with one "::"; the last two may be written as an IPv4 address. */
static bool take_ipv6(struct reader *reader, uint8_t out[16])
{
    struct reader inner = *reader;
    uint8_t bytes[16] = {0};
    size_t used = 0;
    size_t gap = sizeof bytes + 1;
    if (inner.end - inner.at >= 2 && inner.at[0] == ':' && inner.at[1] == ':') {
        inner.at += 2;
        gap = 0;
    }
    while (used < sizeof bytes) {
        uint32_t group;
        if (used <= sizeof bytes - 4 && take_ipv4(&inner, bytes + used)) {
            used += 4;
            break;
        }
        if (!take_group(&inner, &group))
            break;
        bytes[used++] = (uint8_t)(group >> 8);
        bytes[used++] = (uint8_t)group;
        if (inner.end - inner.at >= 2 && inner.at[0] == ':' && inner.at[1] == ':' &&
            gap > sizeof bytes) {
            inner.at += 2;
            gap = used;
        } else if (used == sizeof bytes || inner.end - inner.at < 2 || inner.at[1] == ':' ||
                   !take_char(&inner, ':')) {
            break;
        }
    }
    if (gap > sizeof bytes ? used != sizeof bytes : used > sizeof bytes - 2)
        return false;
    if (gap <= sizeof bytes) {
        memmove(bytes + sizeof bytes - (used - gap), bytes + gap, used - gap);
        memset(bytes + gap, 0, sizeof bytes - used);
    }
    memcpy(out, bytes, sizeof bytes);
    *reader = inner;
    return true;
}

static const char *parse_port(struct reader *reader, struct torc_address *address)
{
    uint32_t port;
    if (!take_decimal(reader, 65535, &port) || reader->at != reader->end)
        return "the port is a number from 0 to 65535";
    address->port = (uint16_t)port;
    return NULL;
}

static const char *parse_tcp6(struct reader *reader, struct torc_address *address)
{
    address->family = TORC_ADDRESS_IPV6;
    if (!take_ipv6(reader, address->ip))
        return "what is in brackets is not an IPv6 address";
    if (take_char(reader, '%') && !take_decimal(reader, UINT32_MAX, &address->scope_id))
        return "the scope of an IPv6 address is a number";
    if (!take_char(reader, ']'))
        return "what is in brackets is not an IPv6 address";
    if (!take_char(reader, ':'))
        return "a port follows an IPv6 address: tcp:[ADDRESS]:PORT";
    return parse_port(reader, address);
}

static const char *parse_tcp(struct reader *reader, struct torc_address *address)
{
    if (take_char(reader, '['))
        return parse_tcp6(reader, address);
    address->family = TORC_ADDRESS_IPV4;
    if (!memchr(reader->at, ':', (size_t)(reader->end - reader->at)))
        return parse_port(reader, address);
    if (!take_ipv4(reader, address->ip) || !take_char(reader, ':'))
        return "the host is numeric: 127.0.0.1, or [::1]";
    return parse_port(reader, address);
}

static const char *parse_unix(struct reader *reader, struct torc_address *address)
{
    size_t bytes = (size_t)(reader->end - reader->at);
    bool abstract = bytes > 0 && reader->at[0] == '@';
    address->family = TORC_ADDRESS_UNIX;
    if (bytes == 0 || (abstract && bytes == 1))
        return "unix: needs a path, or @ and a name";
    /* A path is kept with the NUL the system wants after it. */
    if (bytes > (abstract ? TORC_ADDRESS_PATH_MAX : TORC_ADDRESS_PATH_MAX - 1))
        return "the path is too long";
    memcpy(address->path, reader->at, bytes);
    if (abstract)
        address->path[0] = '\0';
    address->path_bytes = (uint16_t)bytes;
    return NULL;
}

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

int torc_address_parse(const char *text, struct torc_address *out, const char **error)
{
    struct torc_address address;
    const char *wrong = "an address begins with tcp: or unix:";
    memset(&address, 0, sizeof address);
    if (begins_with(text, "tcp:")) {
        struct reader reader = {text + 4, text + strlen(text)};
        wrong = parse_tcp(&reader, &address);
    } else if (begins_with(text, "unix:")) {
        struct reader reader = {text + 5, text + strlen(text)};
        wrong = parse_unix(&reader, &address);
    }
    if (wrong) {
        if (error)
            *error = wrong;
        return TORC_ESYNTAX;
    }
    *out = address;
    return 0;
}

/* --- formatting ------------------------------------------------------------------------------- */

/* Appends to a text whose whole length is counted even where it does not fit. */
struct writer {
    char *buffer;
    size_t size;
    size_t length;
};

static void put(struct writer *writer, const char *text, size_t bytes)
{
    if (writer->length + 1 < writer->size) {
        size_t room = writer->size - 1 - writer->length;
        memcpy(writer->buffer + writer->length, text, bytes < room ? bytes : room);
    }
    writer->length += bytes;
}

/* Addresses of datagrams are in every trace: numbers are written here, without a format to be read. */
static char *write_decimal(char *at, uint32_t number)
{
    uint32_t unit = 1;
    while (number / unit >= 10)
        unit *= 10;
    for (; unit > 0; unit /= 10)
        *at++ = (char)('0' + number / unit % 10);
    return at;
}

static char *write_octet(char *at, uint32_t number)
{
    if (number >= 100)
        *at++ = (char)('0' + number / 100);
    if (number >= 10)
        *at++ = (char)('0' + number / 10 % 10);
    *at++ = (char)('0' + number % 10);
    return at;
}

static void put_decimal(struct writer *writer, uint32_t number)
{
    char text[16];
    put(writer, text, (size_t)(write_decimal(text, number) - text));
}

static void put_hex(struct writer *writer, uint32_t number)
{
    char text[16];
    size_t at = sizeof text;
    do {
        text[--at] = "0123456789abcdef"[number & 15];
        number >>= 4;
    } while (number > 0);
    put(writer, text + at, sizeof text - at);
}

/* "tcp:192.0.2.1:80" */
static void put_ipv4(struct writer *writer, const struct torc_address *address)
{
    char text[32] = "tcp:";
    char *at = text + 4;
    for (int i = 0; i < 4; i++) {
        at = write_octet(at, address->ip[i]);
        *at++ = i < 3 ? '.' : ':';
    }
    at = write_decimal(at, address->port);
    put(writer, text, (size_t)(at - text));
}

/* The shortest form: the longest run of two or more zero groups, the first of them, is "::". */
static void put_ipv6(struct writer *writer, const uint8_t ip[16])
{
    size_t run_at = 8;
    size_t run_groups = 1;
    for (size_t i = 0; i < 8; i++) {
        size_t groups = 0;
        while (i + groups < 8 && ip[2 * (i + groups)] == 0 && ip[2 * (i + groups) + 1] == 0)
            groups++;
        if (groups > run_groups) {
            run_at = i;
            run_groups = groups;
        }
    }
    for (size_t i = 0; i < 8; i++) {
        if (i == run_at) {
            put(writer, "::", 2);
            i += run_groups - 1;
            continue;
        }
        if (i > 0 && i != run_at + run_groups)
            put(writer, ":", 1);
        put_hex(writer, (uint32_t)ip[2 * i] << 8 | ip[2 * i + 1]);
    }
}

/* An address is the user's to fill in: no length is believed beyond the array. */
static size_t path_bytes(const struct torc_address *address)
{
    return address->path_bytes < sizeof address->path ? address->path_bytes : sizeof address->path;
}

static void put_unix(struct writer *writer, const struct torc_address *address)
{
    put(writer, "unix:", 5);
    if (address->path_bytes > 0 && address->path[0] == '\0') {
        put(writer, "@", 1);
        put(writer, address->path + 1, path_bytes(address) - 1);
    } else {
        put(writer, address->path, path_bytes(address));
    }
}

size_t torc_address_format(const struct torc_address *address, char *buffer, size_t size)
{
    struct writer writer = {buffer, size, 0};
    switch (address->family) {
    case TORC_ADDRESS_IPV4:
        put_ipv4(&writer, address);
        break;
    case TORC_ADDRESS_IPV6:
        put(&writer, "tcp:[", 5);
        put_ipv6(&writer, address->ip);
        if (address->scope_id != 0) {
            put(&writer, "%", 1);
            put_decimal(&writer, address->scope_id);
        }
        put(&writer, "]:", 2);
        put_decimal(&writer, address->port);
        break;
    case TORC_ADDRESS_UNIX:
        put_unix(&writer, address);
        break;
    default:
        put(&writer, "none", 4);
        break;
    }
    if (size > 0)
        buffer[writer.length < size ? writer.length : size - 1] = '\0';
    return writer.length;
}

/* --- comparing -------------------------------------------------------------------------------- */

bool torc_address_equal(const struct torc_address *a, const struct torc_address *b)
{
    if (a->family != b->family)
        return false;
    switch (a->family) {
    case TORC_ADDRESS_IPV4:
        return a->port == b->port && memcmp(a->ip, b->ip, 4) == 0;
    case TORC_ADDRESS_IPV6:
        return a->port == b->port && a->scope_id == b->scope_id && memcmp(a->ip, b->ip, 16) == 0;
    case TORC_ADDRESS_UNIX:
        return a->path_bytes == b->path_bytes && memcmp(a->path, b->path, path_bytes(a)) == 0;
    default:
        return true;
    }
}
