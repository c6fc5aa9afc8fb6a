/* peer_socket.h - what every echo server written without Torc needs: a listening socket on a free port of
 * the loopback, printed as "port N". */
#ifndef TORC_BENCH_PEER_SOCKET_H
#define TORC_BENCH_PEER_SOCKET_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static inline void peer_must(int ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(1);
    }
}

static inline struct sockaddr_in peer_loopback(void)
{
    struct sockaddr_in name;

    memset(&name, 0, sizeof name);
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return name;
}

static inline void peer_print_port(int fd)
{
    struct sockaddr_in name = {0};
    socklen_t size = sizeof name;

    peer_must(getsockname(fd, (struct sockaddr *)&name, &size) == 0, "getsockname");
    printf("port %u\n", ntohs(name.sin_port));
    fflush(stdout);
}

static inline int peer_listen(void)
{
    struct sockaddr_in name = peer_loopback();
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    peer_must(fd >= 0, "socket");
    peer_must(bind(fd, (struct sockaddr *)&name, sizeof name) == 0, "bind");
    peer_must(listen(fd, 1024) == 0, "listen");
    peer_print_port(fd);
    return fd;
}

static inline void peer_nodelay(int fd)
{
    const int on = 1;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

#endif
