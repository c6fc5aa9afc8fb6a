#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "live_pair.h"

static struct torc_address path_address(const char *path)
{
    struct torc_address address = {.family = TORC_ADDRESS_UNIX};

    address.path_bytes = (uint16_t)strlen(path);
    memcpy(address.path, path, address.path_bytes);
    return address;
}

static int listen_result(struct live_pair *pair, const struct torc_address *address, uint32_t mode)
{
    const struct torc_listen_settings settings = {16, mode};
    uint64_t handle = 4711;
    int error = pair->ops->listen(pair->platform, address, &settings, TOKEN_LISTENER, &handle);

    if (error == 0)
        pair->listener = handle;
    else
        assert_int_equal(handle, 4711);
    return error;
}

static void open_bare(struct live_pair *pair)
{
    memset(pair, 0, sizeof *pair);
    assert_int_equal(torc_live_new(NULL, &pair->platform), 0);
    pair->ops = pair->platform->ops;
}

TORC_TEST(a_free_port_is_found_and_the_names_agree)
{
    struct live_pair pair;
    struct torc_address client_local, client_peer, server_local, server_peer;

    open_pair(&pair);
    assert_true(pair.address.port != 0);
    assert_int_equal(pair.ops->names(pair.platform, pair.client, &client_local, &client_peer), 0);
    assert_int_equal(pair.ops->names(pair.platform, pair.server, &server_local, NULL), 0);
    assert_int_equal(pair.ops->names(pair.platform, pair.server, NULL, &server_peer), 0);
    assert_true(torc_address_equal(&client_peer, &pair.address));
    assert_true(torc_address_equal(&server_local, &pair.address));
    assert_true(torc_address_equal(&server_peer, &client_local));
    assert_int_equal(pair.ops->names(pair.platform, pair.listener, NULL, &server_peer),
                     TORC_ENOTCONN);
    close_pair(&pair);
    return NULL;
}

TORC_TEST(accept_tells_who_came_and_then_that_nobody_waits)
{
    struct live_pair pair;
    struct torc_address peer, local;
    uint64_t second, accepted, none = 7;

    open_pair(&pair);
    assert_int_equal(pair.ops->connect(pair.platform, &pair.address, NULL, 4, &second), 0);
    expect_event(pair.platform, 4, TORC_EVENT_CONNECT, 0);
    assert_int_equal(pair.ops->accept(pair.platform, pair.listener, 5, &accepted, &peer), 0);
    assert_int_equal(pair.ops->names(pair.platform, second, &local, NULL), 0);
    assert_true(torc_address_equal(&peer, &local));
    assert_int_equal(pair.ops->accept(pair.platform, pair.listener, 6, &none, &peer), TORC_EAGAIN);
    assert_int_equal(none, 7);
    pair.ops->close(pair.platform, second, TORC_CLOSE_NORMAL);
    pair.ops->close(pair.platform, accepted, TORC_CLOSE_NORMAL);
    close_pair(&pair);
    return NULL;
}

TORC_TEST(sockets_do_not_block_and_are_not_inherited)
{
    struct live_pair pair;
    uint64_t handles[3];

    open_pair(&pair);
    handles[0] = pair.listener;
    handles[1] = pair.client;
    handles[2] = pair.server;
    for (int i = 0; i < 3; i++) {
        int fd = live_handle_at(handles[i])->fd;

        assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    }
    close_pair(&pair);
    return NULL;
}

TORC_TEST(an_address_in_use_is_refused_and_free_again_after)
{
    struct live_pair pair;
    struct torc_address address;

    open_pair(&pair);
    address = pair.address;
    assert_int_equal(listen_result(&pair, &address, 0), TORC_EADDRINUSE);
    /* The server side closes first, so its port is in TIME_WAIT. */
    pair.ops->close(pair.platform, pair.server, TORC_CLOSE_NORMAL);
    pair.server = 0;
    pair.ops->close(pair.platform, pair.client, TORC_CLOSE_NORMAL);
    pair.client = 0;
    pair.ops->close(pair.platform, pair.listener, TORC_CLOSE_NORMAL);
    pair.listener = 0;
    assert_int_equal(listen_result(&pair, &address, 0), 0);
    close_pair(&pair);
    return NULL;
}

TORC_TEST(addresses_that_cannot_be_are_refused)
{
    struct live_pair pair;
    struct torc_address none = {0};
    struct torc_address unnamed = {.family = TORC_ADDRESS_UNIX};
    struct torc_address elsewhere = torc_address_ipv4(192, 0, 2, 1, 0);
    struct torc_address missing = path_address("missing/socket");
    struct torc_address too_long = {.family = TORC_ADDRESS_UNIX, .path_bytes = 109};
    uint64_t handle;

    open_bare(&pair);
    assert_int_equal(listen_result(&pair, &none, 0), TORC_EAFNOSUPPORT);
    assert_int_equal(listen_result(&pair, &unnamed, 0), TORC_EINVAL);
    assert_int_equal(listen_result(&pair, &too_long, 0), TORC_EINVAL);
    assert_int_equal(listen_result(&pair, &elsewhere, 0), TORC_EADDRNOTAVAIL);
    assert_int_equal(listen_result(&pair, &missing, 0), TORC_ENOTFOUND);
    assert_int_equal(pair.ops->connect(pair.platform, &none, NULL, 1, &handle), TORC_EAFNOSUPPORT);
    assert_int_equal(pair.ops->connect(pair.platform, &unnamed, NULL, 1, &handle), TORC_EINVAL);
    assert_int_equal(pair.ops->connect(pair.platform, &missing, NULL, 1, &handle), TORC_ENOTFOUND);
    close_pair(&pair);
    return NULL;
}

TORC_TEST(a_refused_connection_is_told)
{
    struct live_pair pair;
    uint64_t handle;

    open_pair(&pair);
    pair.ops->close(pair.platform, pair.listener, TORC_CLOSE_NORMAL);
    pair.listener = 0;
    assert_int_equal(pair.ops->connect(pair.platform, &pair.address, NULL, 4, &handle), 0);
    expect_event(pair.platform, 4, TORC_EVENT_CONNECT, TORC_ECONNREFUSED);
    pair.ops->close(pair.platform, handle, TORC_CLOSE_NORMAL);
    assert_true(tells_nothing(pair.platform));
    close_pair(&pair);
    return NULL;
}

TORC_TEST(a_connect_can_be_given_up)
{
    struct live_pair pair;
    uint64_t handle;

    open_pair(&pair);
    assert_int_equal(pair.ops->connect(pair.platform, &pair.address, NULL, 4, &handle), 0);
    pair.ops->close(pair.platform, handle, TORC_CLOSE_ABORT);
    assert_true(tells_nothing(pair.platform));
    close_pair(&pair);
    return NULL;
}

TORC_TEST(a_connection_can_come_from_a_chosen_address)
{
    struct live_pair pair;
    struct torc_address from = torc_address_ipv4(127, 0, 0, 2, 0);
    struct torc_address elsewhere = torc_address_ipv4(192, 0, 2, 1, 0);
    struct torc_address local;
    uint64_t handle;

    open_pair(&pair);
    assert_int_equal(pair.ops->connect(pair.platform, &pair.address, &elsewhere, 4, &handle),
                     TORC_EADDRNOTAVAIL);
    assert_int_equal(pair.ops->connect(pair.platform, &pair.address, &from, 4, &handle), 0);
    expect_event(pair.platform, 4, TORC_EVENT_CONNECT, 0);
    assert_int_equal(pair.ops->names(pair.platform, handle, &local, NULL), 0);
    assert_memory_equal(local.ip, from.ip, 4);
    pair.ops->close(pair.platform, handle, TORC_CLOSE_NORMAL);
    close_pair(&pair);
    return NULL;
}

TORC_TEST(ipv6_and_ipv4_may_have_the_same_port)
{
    struct live_pair pair;
    struct torc_address six = {.family = TORC_ADDRESS_IPV6};
    struct torc_address four;
    uint64_t first;

    open_bare(&pair);
    if (listen_result(&pair, &six, 0) == TORC_EAFNOSUPPORT) {
        close_pair(&pair);
        skip();
    }
    first = pair.listener;
    assert_int_equal(pair.ops->names(pair.platform, first, &six, NULL), 0);
    four = torc_address_ipv4(0, 0, 0, 0, six.port);
    assert_int_equal(listen_result(&pair, &four, 0), 0);
    pair.ops->close(pair.platform, first, TORC_CLOSE_NORMAL);
    close_pair(&pair);
    return NULL;
}

/* --- UNIX sockets ------------------------------------------------------------------------------ */

TORC_TEST(a_unix_socket_has_a_file_while_it_listens)
{
    struct live_pair pair;
    struct torc_address address = path_address("here.socket");
    struct torc_address peer;
    struct stat file;

    open_bare(&pair);
    assert_int_equal(listen_result(&pair, &address, 0640), 0);
    assert_int_equal(stat("here.socket", &file), 0);
    assert_true(S_ISSOCK(file.st_mode));
    assert_int_equal(file.st_mode & 0777, 0640);
    assert_int_equal(pair.ops->names(pair.platform, pair.listener, &pair.address, NULL), 0);
    assert_true(torc_address_equal(&pair.address, &address));
    connect_pair(&pair);
    assert_int_equal(pair.ops->names(pair.platform, pair.client, NULL, &peer), 0);
    assert_true(torc_address_equal(&peer, &address));
    assert_int_equal(pair.ops->names(pair.platform, pair.server, NULL, &peer), 0);
    assert_int_equal(peer.family, TORC_ADDRESS_UNIX);
    assert_int_equal(peer.path_bytes, 0);
    pair.ops->close(pair.platform, pair.listener, TORC_CLOSE_NORMAL);
    pair.listener = 0;
    assert_int_not_equal(stat("here.socket", &file), 0);
    close_pair(&pair);
    return NULL;
}

TORC_TEST(an_abstract_name_leaves_no_file)
{
    struct live_pair pair;
    struct torc_address address = {.family = TORC_ADDRESS_UNIX, .path_bytes = 20};

    open_bare(&pair);
    pair.ops->random(pair.platform, "test.name", address.path + 1, 19);
    listen_at(&pair, &address);
    assert_true(torc_address_equal(&pair.address, &address));
    connect_pair(&pair);
    assert_int_equal(send_text(&pair, pair.client, "x"), 0);
    close_pair(&pair);
    return NULL;
}

TORC_TEST(the_longest_path_is_108_bytes)
{
    struct live_pair pair;
    char path[109];
    struct torc_address address;

    memset(path, 'p', 108);
    path[108] = '\0';
    address = path_address(path);
    open_bare(&pair);
    listen_at(&pair, &address);
    assert_true(torc_address_equal(&pair.address, &address));
    connect_pair(&pair);
    close_pair(&pair);
    assert_int_not_equal(access(path, F_OK), 0);
    return NULL;
}

TORC_TEST(the_socket_file_of_a_dead_server_is_replaced)
{
    struct live_pair pair;
    struct torc_address address = path_address("stale.socket");
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "stale.socket"};
    int dead = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_int_equal(bind(dead, (struct sockaddr *)&name, sizeof name), 0);
    close(dead);
    open_bare(&pair);
    listen_at(&pair, &address);
    connect_pair(&pair);
    close_pair(&pair);
    assert_int_not_equal(access("stale.socket", F_OK), 0);
    return NULL;
}

TORC_TEST(a_live_server_or_another_file_is_not_replaced)
{
    struct live_pair pair;
    struct torc_address taken = path_address("taken.socket");
    struct torc_address other = path_address("other.file");
    FILE *file = fopen("other.file", "w");

    assert_non_null(file);
    fclose(file);
    open_bare(&pair);
    listen_at(&pair, &taken);
    assert_int_equal(listen_result(&pair, &taken, 0), TORC_EADDRINUSE);
    assert_int_equal(listen_result(&pair, &other, 0), TORC_EADDRINUSE);
    assert_int_equal(access("other.file", F_OK), 0);
    assert_int_equal(access("taken.socket", F_OK), 0);
    assert_int_equal(unlink("other.file"), 0);
    close_pair(&pair);
    return NULL;
}

TORC_TEST(closing_leaves_a_file_that_is_not_its_own)
{
    struct live_pair pair;
    struct torc_address address = path_address("mine.socket");
    FILE *file;

    open_bare(&pair);
    listen_at(&pair, &address);
    assert_int_equal(rename("mine.socket", "moved.socket"), 0);
    file = fopen("mine.socket", "w");
    assert_non_null(file);
    fclose(file);
    close_pair(&pair);
    assert_int_equal(unlink("mine.socket"), 0);
    assert_int_equal(unlink("moved.socket"), 0);
    return NULL;
}

TORC_TEST(connecting_to_a_dead_unix_server_is_refused)
{
    struct live_pair pair;
    struct torc_address address = path_address("dead.socket");
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "dead.socket"};
    int dead = socket(AF_UNIX, SOCK_STREAM, 0);
    uint64_t handle;

    assert_int_equal(bind(dead, (struct sockaddr *)&name, sizeof name), 0);
    close(dead);
    open_bare(&pair);
    assert_int_equal(pair.ops->connect(pair.platform, &address, NULL, 1, &handle),
                     TORC_ECONNREFUSED);
    close_pair(&pair);
    assert_int_equal(unlink("dead.socket"), 0);
    return NULL;
}

/* --- running out of descriptors ---------------------------------------------------------------- */

TORC_TEST(without_descriptors_a_connection_waits_or_is_turned_away)
{
    struct live_pair pair;
    struct rlimit limit, tight;
    uint64_t clients[3], accepted, extra;
    char byte;
    size_t bytes = 9;
    int lowest, error_accept, error_connect, error_refuse, error_none;

    open_pair(&pair);
    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(pair.ops->connect(pair.platform, &pair.address, NULL, 10 + i, &clients[i]), 0);
        expect_event(pair.platform, 10 + i, TORC_EVENT_CONNECT, 0);
    }
    lowest = dup(0);
    close(lowest);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    tight = limit;
    tight.rlim_cur = (rlim_t)lowest;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    error_accept = pair.ops->accept(pair.platform, pair.listener, 20, &accepted, NULL);
    error_connect = pair.ops->connect(pair.platform, &pair.address, NULL, 21, &extra);
    error_refuse = pair.ops->refuse(pair.platform, pair.listener);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(error_accept, TORC_EMFILE);
    assert_int_equal(error_connect, TORC_EMFILE);
    assert_int_equal(error_refuse, 0);
    assert_int_equal(read_some(&pair, clients[0], 10, &byte, 1, &bytes), 0);
    assert_int_equal(bytes, 0);
    /* The others are still there. */
    assert_int_equal(pair.ops->accept(pair.platform, pair.listener, 20, &accepted, NULL), 0);
    pair.ops->close(pair.platform, accepted, TORC_CLOSE_NORMAL);
    /* valgrind plays the limit by closing what was accepted, so it is not said how many are left. */
    while ((error_none = pair.ops->refuse(pair.platform, pair.listener)) == 0)
        ;
    assert_int_equal(error_none, TORC_EAGAIN);
    for (int i = 0; i < 3; i++)
        pair.ops->close(pair.platform, clients[i], TORC_CLOSE_NORMAL);
    close_pair(&pair);
    return NULL;
}

TORC_TRIAL_MAIN
