/* The live world: one reactor on libevent, real sockets on loopback. */
#include "conformance.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <torc/format.h>
#include "live_answers.h"

#define FILLERS 4

struct live_state {
    struct torc_platform *platform;
    int silent;
    int fillers[FILLERS];
    unsigned unix_names;
    char directory[256]; /* of its databases; "": none yet */
};

static bool live_open(struct conf *c)
{
    struct torc_reactor_options options = TORC_REACTOR_OPTIONS_INIT;
    struct torc_live_options live = TORC_LIVE_OPTIONS_INIT;
    struct live_state *state = calloc(1, sizeof *state);
    size_t i;

    if (state == NULL)
        return false;
    c->world = state;
    state->silent = -1;
    for (i = 0; i < FILLERS; i++)
        state->fillers[i] = -1;
    options.observer = &c->observer;
    options.watch_signals = true;
    live.look_up = live_look_up;
    if (torc_live_new(&live, &state->platform) != 0 ||
        torc_reactor_new(state->platform, &options, &c->server) != 0)
        return false;
    c->client = c->server;
    return torc_reactor_start(c->server) == 0;
}

static void live_database_path(struct conf *c, const char *name, char *out, size_t size)
{
    struct live_state *state = c->world;
    const char *parent = getenv("TMPDIR");

    if (state->directory[0] == '\0') {
        torc_format(state->directory, sizeof state->directory, "%s/torc-conformance-XXXXXX",
                    parent != NULL ? parent : "/tmp");
        if (mkdtemp(state->directory) == NULL)
            abort();
    }
    torc_format(out, size, "%s/%s", state->directory, name);
}

static void remove_directory(const char *path)
{
    DIR *directory = opendir(path);
    struct dirent *entry;

    while (directory != NULL && (entry = readdir(directory)) != NULL)
        (void)unlinkat(dirfd(directory), entry->d_name, 0);
    if (directory != NULL)
        closedir(directory);
    (void)rmdir(path);
}

static void live_close(struct conf *c)
{
    struct live_state *state = c->world;
    size_t i;

    torc_reactor_free(c->server);
    live_answers_clear();
    torc_live_free(state->platform);
    if (state->silent >= 0)
        close(state->silent);
    for (i = 0; i < FILLERS; i++)
        if (state->fillers[i] >= 0)
            close(state->fillers[i]);
    if (state->directory[0] != '\0')
        remove_directory(state->directory);
    free(state);
}

static bool live_step(struct conf *c)
{
    return torc_reactor_turn(c->client, torc_reactor_next_at(c->client)) == 0;
}

static uint64_t live_now(struct conf *c)
{
    return torc_reactor_now(c->client);
}

static struct torc_address live_address(struct conf *c, enum family family)
{
    struct live_state *state = c->world;
    struct torc_address address = torc_address_ipv4(127, 0, 0, 1, 0);
    char text[TORC_ADDRESS_TEXT_MAX];

    if (family == FAMILY_UNIX) {
        torc_format(text, sizeof text, "unix:@torc-conformance-%ld-%p-%u", (long)getpid(),
                    (void *)state, state->unix_names++);
        if (torc_address_parse(text, &address, NULL) != 0)
            abort();
    }
    return address;
}

static struct torc_address live_address6(struct conf *c)
{
    struct torc_address address;

    (void)c;
    memset(&address, 0, sizeof address);
    address.family = TORC_ADDRESS_IPV6;
    address.ip[15] = 1;
    return address;
}

/* A listener that never accepts and whose queue is full drops every further SYN. */
static bool live_silent_address(struct conf *c, struct torc_address *out)
{
    struct live_state *state = c->world;
    struct sockaddr_in name = {.sin_family = AF_INET};
    socklen_t length = sizeof name;
    size_t i;

    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    state->silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (state->silent < 0 || bind(state->silent, (struct sockaddr *)&name, sizeof name) < 0 ||
        listen(state->silent, 0) < 0 ||
        getsockname(state->silent, (struct sockaddr *)&name, &length) < 0)
        return false;
    for (i = 0; i < FILLERS; i++) {
        state->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (state->fillers[i] < 0)
            return false;
        (void)connect(state->fillers[i], (struct sockaddr *)&name, sizeof name);
    }
    *out = torc_address_ipv4(127, 0, 0, 1, ntohs(name.sin_port));
    return true;
}

static void live_signal(struct conf *c, int number)
{
    (void)c;
    (void)kill(getpid(), number == TORC_SIGNAL_INTERRUPT ? SIGINT : SIGTERM);
}

const struct world_ops live_world = {
    live_open,           live_close,  live_step,         live_now,
    live_address, live_address6, live_silent_address, live_signal, live_set_name,
    live_database_path};
