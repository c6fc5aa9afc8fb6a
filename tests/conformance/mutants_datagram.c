/* Platforms whose datagrams go wrong, in one way each. */
#include "mutant.h"

static int pass_open(struct torc_platform *s, const struct torc_address *local, unsigned flags,
                     uint64_t token, uint64_t *out)
{
    return INNER(s)->ops->datagram_open(INNER(s), local, flags, token, out);
}

static int pass_send(struct torc_platform *s, uint64_t handle, const struct torc_address *to,
                     const void *data, size_t bytes)
{
    return INNER(s)->ops->datagram_send(INNER(s), handle, to, data, bytes);
}

static int pass_receive(struct torc_platform *s, uint64_t handle, void *buffer, size_t bytes,
                        size_t *out, struct torc_address *from)
{
    return INNER(s)->ops->datagram_receive(INNER(s), handle, buffer, bytes, out, from);
}

/* As if it were a stream: what has arrived comes in one piece. */
static int merging_receive(struct torc_platform *s, uint64_t handle, void *buffer, size_t bytes,
                           size_t *out, struct torc_address *from)
{
    size_t more = 0;
    int code = pass_receive(s, handle, buffer, bytes, out, from);

    while (code == TORC_OK && *out < bytes &&
           pass_receive(s, handle, (char *)buffer + *out, bytes - *out, &more, from) == TORC_OK)
        *out += more;
    return code;
}
static void apply_merging(struct torc_platform_ops *ops)
{
    ops->datagram_receive = merging_receive;
}

/* The known bug: what the peer refuses ends the port. */
static int closing_receive(struct torc_platform *s, uint64_t handle, void *buffer, size_t bytes,
                           size_t *out, struct torc_address *from)
{
    int code = pass_receive(s, handle, buffer, bytes, out, from);

    return code == TORC_ECONNREFUSED ? TORC_ECLOSED : code;
}
static void apply_refused_closes(struct torc_platform_ops *ops)
{
    ops->datagram_receive = closing_receive;
}

static int deaf_receive(struct torc_platform *s, uint64_t handle, void *buffer, size_t bytes,
                        size_t *out, struct torc_address *from)
{
    int code = pass_receive(s, handle, buffer, bytes, out, from);

    return code == TORC_ECONNREFUSED ? TORC_EAGAIN : code;
}
static void apply_refused_untold(struct torc_platform_ops *ops)
{
    ops->datagram_receive = deaf_receive;
}

static int empty_ends_receive(struct torc_platform *s, uint64_t handle, void *buffer, size_t bytes,
                              size_t *out, struct torc_address *from)
{
    int code = pass_receive(s, handle, buffer, bytes, out, from);

    return code == TORC_OK && *out == 0 ? TORC_EAGAIN : code;
}
static void apply_empty_lost(struct torc_platform_ops *ops)
{
    ops->datagram_receive = empty_ends_receive;
}

static int cutting_receive(struct torc_platform *s, uint64_t handle, void *buffer, size_t bytes,
                           size_t *out, struct torc_address *from)
{
    int code = pass_receive(s, handle, buffer, bytes, out, from);

    if (code == TORC_OK && *out > bytes)
        *out = bytes;
    return code;
}
static void apply_cut(struct torc_platform_ops *ops)
{
    ops->datagram_receive = cutting_receive;
}

static int portless_receive(struct torc_platform *s, uint64_t handle, void *buffer, size_t bytes,
                            size_t *out, struct torc_address *from)
{
    int code = pass_receive(s, handle, buffer, bytes, out, from);

    if (code == TORC_OK)
        from->port = 0;
    return code;
}
static void apply_portless(struct torc_platform_ops *ops)
{
    ops->datagram_receive = portless_receive;
}

static int doubling_send(struct torc_platform *s, uint64_t handle, const struct torc_address *to,
                         const void *data, size_t bytes)
{
    (void)pass_send(s, handle, to, data, bytes);
    return pass_send(s, handle, to, data, bytes);
}
static void apply_doubled(struct torc_platform_ops *ops)
{
    ops->datagram_send = doubling_send;
}

/* Sends the beginning of what is too long. */
static int shortening_send(struct torc_platform *s, uint64_t handle, const struct torc_address *to,
                           const void *data, size_t bytes)
{
    int code = pass_send(s, handle, to, data, bytes);

    return code == TORC_ETOOLONG ? pass_send(s, handle, to, data, 1000) : code;
}
static void apply_shortened(struct torc_platform_ops *ops)
{
    ops->datagram_send = shortening_send;
}

static int sharing_open(struct torc_platform *s, const struct torc_address *local, unsigned flags,
                        uint64_t token, uint64_t *out)
{
    return pass_open(s, local, flags | TORC_DATAGRAM_REUSE, token, out);
}
static void apply_shared(struct torc_platform_ops *ops)
{
    ops->datagram_open = sharing_open;
}

static int shouting_open(struct torc_platform *s, const struct torc_address *local, unsigned flags,
                         uint64_t token, uint64_t *out)
{
    return pass_open(s, local, flags | TORC_DATAGRAM_BROADCAST, token, out);
}
static void apply_shouting(struct torc_platform_ops *ops)
{
    ops->datagram_open = shouting_open;
}

const struct mutation datagram_mutations[] = {
    {"datagrams-merged", "datagrams that have arrived are received as one", apply_merging},
    {"refused-closes", "a refusal ends the port", apply_refused_closes},
    {"refused-untold", "a refusal is not told", apply_refused_untold},
    {"empty-datagram-lost", "an empty datagram is not received", apply_empty_lost},
    {"datagram-cut", "a datagram that is cut is told as whole", apply_cut},
    {"sender-without-port", "the port of a sender is not told", apply_portless},
    {"datagram-doubled", "each datagram is sent twice", apply_doubled},
    {"datagram-shortened", "of what is too long the beginning is sent", apply_shortened},
    {"port-shared", "two ports may have one address without saying so", apply_shared},
    {"broadcast-free", "broadcasts need not be allowed", apply_shouting},
};
const size_t datagram_mutation_count = sizeof datagram_mutations / sizeof datagram_mutations[0];
