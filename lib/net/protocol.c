/* protocol.c - driving a protocol: what connects it, feeds it and ends it. */
#include <torc/protocol.h>

struct torc_failure *torc_protocol_connect(struct torc_protocol *protocol,
                                           struct torc_transport transport)
{
    protocol->transport = transport;
    return protocol->ops->connection_made != NULL ? protocol->ops->connection_made(protocol) : NULL;
}

struct torc_failure *torc_protocol_receive(struct torc_protocol *protocol, const void *data,
                                           size_t bytes)
{
    return protocol->ops->data_received(protocol, data, bytes);
}

void torc_protocol_lose(struct torc_protocol *protocol, struct torc_failure *reason)
{
    protocol->ops->connection_lost(protocol, reason);
}
