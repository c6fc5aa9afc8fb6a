/* echo_load.c - the load for every echo server: CONNECTIONS connections, each with DEPTH messages of 64
 * bytes under way, until MESSAGES have come back; checks that every byte is what was sent.
 *
 * Usage: echo_load PORT CONNECTIONS DEPTH MESSAGES
 * Connects, exchanges some messages to warm up, prints "ready" and waits for a line on standard input;
 * then measures and prints "done MESSAGES SECONDS", and again waits for a line before it closes.
 * MESSAGES 0: the connections stay idle. */
#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "peer_socket.h"

enum { MESSAGE_BYTES = 64, DEPTH_MAX = 64, BATCH = 256 };

struct load {
    int epoll;
    int *connections;
    size_t *received; /* by connection: bytes of a message that is not complete */
    int count;
    int depth;
    long left; /* to be sent */
    long done; /* came back */
    char messages[DEPTH_MAX * MESSAGE_BYTES];
};

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void open_connections(struct load *load, uint16_t port)
{
    struct sockaddr_in name = peer_loopback();

    name.sin_port = htons(port);
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    peer_must(load->epoll >= 0, "epoll_create1");
    for (int i = 0; i < load->count; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};

        peer_must(fd >= 0, "socket");
        peer_must(connect(fd, (struct sockaddr *)&name, sizeof name) == 0, "connect");
        peer_nodelay(fd);
        peer_must(epoll_ctl(load->epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
        load->connections[i] = fd;
    }
}

/* The messages under way are at most 4 KiB, which the socket's buffer takes whole. */
static void send_messages(struct load *load, int which, long count)
{
    size_t bytes;

    if (count > load->left)
        count = load->left;
    if (count == 0)
        return;
    bytes = (size_t)count * MESSAGE_BYTES;
    peer_must(send(load->connections[which], load->messages, bytes, MSG_NOSIGNAL) == (ssize_t)bytes,
              "send");
    load->left -= count;
}

static void receive_messages(struct load *load, int which)
{
    char buffer[DEPTH_MAX * MESSAGE_BYTES];
    size_t before = load->received[which];
    ssize_t got = recv(load->connections[which], buffer, sizeof buffer, MSG_DONTWAIT);
    long complete;

    if (got < 0 && errno == EAGAIN)
        return;
    peer_must(got > 0, "recv");
    for (size_t i = 0; i < (size_t)got; i += MESSAGE_BYTES) {
        size_t at = (before + i) % MESSAGE_BYTES;
        size_t chunk = (size_t)got - i < MESSAGE_BYTES ? (size_t)got - i : MESSAGE_BYTES;

        if (memcmp(buffer + i, load->messages + at, chunk) != 0) {
            fprintf(stderr, "echo_load: the echo is not what was sent\n");
            exit(1);
        }
    }
    complete = (long)((before + (size_t)got) / MESSAGE_BYTES);
    load->received[which] = (before + (size_t)got) % MESSAGE_BYTES;
    load->done += complete;
    send_messages(load, which, complete);
}

static void exchange(struct load *load, long messages)
{
    struct epoll_event events[BATCH];

    load->left = messages;
    load->done = 0;
    for (int i = 0; i < load->count; i++)
        send_messages(load, i, load->depth);
    while (load->done < messages) {
        int ready = epoll_wait(load->epoll, events, BATCH, 10000);

        if (ready == 0) {
            fprintf(stderr, "echo_load: nothing came for ten seconds\n");
            exit(1);
        }
        for (int i = 0; i < ready; i++)
            receive_messages(load, (int)events[i].data.u32);
    }
}

static void await_line(void)
{
    int byte;

    while ((byte = getchar()) != '\n' && byte != EOF)
        ;
}

int main(int argc, char **argv)
{
    struct load load;
    long messages;
    double start;

    if (argc != 5) {
        fprintf(stderr, "usage: echo_load PORT CONNECTIONS DEPTH MESSAGES\n");
        return 2;
    }
    memset(&load, 0, sizeof load);
    load.count = atoi(argv[2]);
    load.depth = atoi(argv[3]);
    messages = atol(argv[4]);
    if (load.count < 1 || load.depth < 1 || load.depth > DEPTH_MAX || messages < 0) {
        fprintf(stderr, "echo_load: numbers out of range\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof load.messages; i++)
        load.messages[i] = (char)('!' + i % MESSAGE_BYTES);
    load.connections = calloc((size_t)load.count, sizeof *load.connections);
    load.received = calloc((size_t)load.count, sizeof *load.received);
    peer_must(load.connections != NULL && load.received != NULL, "calloc");
    open_connections(&load, (uint16_t)atoi(argv[1]));
    exchange(&load, load.count); /* every connection has been accepted when this is over */
    if (messages > 0)
        exchange(&load, messages / 10);
    printf("ready\n");
    fflush(stdout);
    await_line();
    start = seconds();
    exchange(&load, messages);
    printf("done %ld %.6f\n", messages, seconds() - start);
    fflush(stdout);
    await_line();
    free(load.connections);
    free(load.received);
    return 0;
}
