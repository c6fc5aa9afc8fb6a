/* sim_platform.c - the table of torc/platform.h, for a host of a world. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <torc/host_fault.h>

#include "database.h"
#include "disk_state.h"
#include "job.h"
#include "listener.h"
#include "names.h"
#include "udp.h"

static struct torc_host *host_of(struct torc_platform *self)
{
    return (struct torc_host *)(void *)self;
}

/* Somebody else's code uses this host's reactor (a test that holds both ends does): what it
 * armed is not seen by asking after a turn of its own, so ask in a turn it is given for that. */
static void notice_outsider(struct torc_host *host)
{
    struct torc_world *world = host->world;

    if (!world->running || world->host_running == host || host->woken)
        return;
    host->woken = true;
    torci_host_reschedule(host, false);
}

/* --- clock, entropy, memory ----------------------------------------------------------------- */

static uint64_t sim_now_ns(struct torc_platform *self)
{
    return torc_host_now(host_of(self));
}

static uint64_t sim_wall_ns(struct torc_platform *self)
{
    return torc_host_wall(host_of(self));
}

static void sim_random(struct torc_platform *self, const char *site, void *out, size_t bytes)
{
    struct torc_host *host = host_of(self);
    struct torc_world *world = host->world;
    uint8_t *at = out;
    size_t done = 0;

    if (host->unwinding) {
        memset(out, 0, bytes);
        return;
    }
    while (done < bytes) {
        uint64_t value = 0;
        uint8_t word[8];
        unsigned i;
        size_t part = bytes - done < sizeof word ? bytes - done : sizeof word;

        if (torci_draw_next(&world->draw, &world->allocator, site, host->name, &value) != 0)
            world->error = TORC_ENOMEM;
        for (i = 0; i < sizeof word; i++)
            word[i] = (uint8_t)(value >> 8 * i);
        memcpy(at + done, word, part);
        done += part;
    }
    torci_host_trace(host, TORC_TRACE_choose);
    torc_trace_text(world->trace, "site", site);
    torc_trace_bytes(world->trace, "bytes", out, bytes);
    torc_trace_end(world->trace);
}

static void *sim_resize(struct torc_platform *self, void *ptr, size_t old_bytes, size_t new_bytes)
{
    struct torc_host *host = host_of(self);

    notice_outsider(host);
    return torci_arena_resize(&host->arena, ptr, old_bytes, new_bytes);
}

static int sim_admit(struct torc_platform *self, size_t bytes)
{
    struct torc_host *host = host_of(self);

    (void)bytes; /* already in use: the pool holds them */
    notice_outsider(host);
    return torci_arena_admit(&host->arena, 0) ? 0 : TORC_ENOMEM;
}

/* --- waiting -------------------------------------------------------------------------------- */

/* *out_cause: of the last one, if a job's end is that. */
static size_t take_completions(struct torc_host *host, struct torc_platform_event *batch,
                               size_t capacity, uint64_t *out_cause)
{
    size_t count = 0;
    int number;

    for (number = TORC_SIGNAL_INTERRUPT; number <= TORC_SIGNAL_TERMINATE; number++) {
        if ((host->signals >> number & 1) == 0 || count == capacity)
            continue;
        host->signals = (uint8_t)(host->signals & ~(1u << number));
        batch[count].token = host->signal_token;
        batch[count].events = TORC_EVENT_SIGNAL;
        batch[count].result = number;
        count++;
    }
    while (count < capacity && torci_job_take_done(host, &batch[count], out_cause))
        count++;
    return count;
}

/* Tells one handle: a lookup or a connect that has ended alone, readiness together. */
static void tell(struct torci_handle *handle, struct torc_platform_event *out)
{
    out->token = handle->token;
    if (handle->kind == TORCI_HANDLE_LOOKUP) {
        out->events = TORC_EVENT_NAMES;
        out->result = ((struct torci_name_lookup *)(void *)handle)->result;
        handle->ready = 0;
        return;
    }
    if ((handle->ready & TORC_EVENT_CONNECT) == 0) {
        out->events = handle->ready & handle->interest & ~(uint32_t)handle->held;
        out->result = 0;
        return;
    }
    out->events = TORC_EVENT_CONNECT;
    out->result = ((struct torci_end *)(void *)handle)->error;
    handle->ready &= (uint8_t)~TORC_EVENT_CONNECT;
}

/* Brings the handle that is to be told next to the front of the list, of the `left` that were not told. */
static void choose_ready(struct torc_host *host, uint64_t left)
{
    uint64_t index = torci_decide(host->world, host, "ready.order", left);
    struct torci_handle *handle = host->ready_head;

    if (index == 0)
        return;
    while (index-- > 0)
        handle = handle->ready_next;
    handle->ready_previous->ready_next = handle->ready_next;
    if (handle->ready_next != NULL)
        handle->ready_next->ready_previous = handle->ready_previous;
    else
        host->ready_tail = handle->ready_previous;
    handle->ready_previous = NULL;
    handle->ready_next = host->ready_head;
    host->ready_head->ready_previous = handle;
    host->ready_head = handle;
}

static uint64_t count_ready(const struct torc_host *host)
{
    uint64_t count = 0;

    for (const struct torci_handle *handle = host->ready_head; handle != NULL;
         handle = handle->ready_next)
        count++;
    return count;
}

/* What was told goes to the end of the list, so that a batch that is too small for all of them is
 * fair; one that has only been told of its end may leave it. */
static size_t take_ready(struct torc_host *host, struct torc_platform_event *batch, size_t capacity)
{
    struct torci_handle *last = host->ready_tail;
    uint64_t left = host->world->decider == NULL ? 0 : count_ready(host);
    size_t count = 0;

    while (count < capacity && host->ready_head != NULL) {
        struct torci_handle *handle;
        bool was_last;

        choose_ready(host, left);
        handle = host->ready_head;
        was_last = left == 0 ? handle == last : --left == 0;
        tell(handle, &batch[count]);
        count++;
        if (host->ready_head != host->ready_tail) {
            host->ready_head = handle->ready_next;
            host->ready_head->ready_previous = NULL;
            handle->ready_next = NULL;
            handle->ready_previous = host->ready_tail;
            host->ready_tail->ready_next = handle;
            host->ready_tail = handle;
        }
        torci_handle_update(handle);
        if (was_last)
            break;
    }
    return count;
}

static size_t sim_wait(struct torc_platform *self, uint64_t deadline_ns,
                       struct torc_platform_event *batch, size_t capacity)
{
    struct torc_host *host = host_of(self);
    uint64_t cause = 0;
    size_t count;

    (void)deadline_ns; /* time is the world's */
    host->woken = false;
    count = take_completions(host, batch, capacity, &cause);
    count += take_ready(host, batch + count, capacity - count);
    /* Of a turn that only hears of one job, all goes back to that. */
    if (count == 1 && host->world->host_running == host && host->world->cause == 0)
        host->world->cause = cause;
    return count;
}

static void sim_wake(struct torc_platform *self)
{
    struct torc_host *host = host_of(self);

    if (host->woken)
        return;
    host->woken = true;
    torci_host_reschedule(host, false);
}

static bool sim_in_reactor(struct torc_platform *self)
{
    return host_of(self)->world->job_running == NULL;
}

/* --- streams -------------------------------------------------------------------------------- */

/* A handle the core does not have is a broken invariant of the core. */
static struct torci_handle *handle_of(struct torc_platform *self, uint64_t number)
{
    struct torci_handle *handle = torci_handle_find(host_of(self), number);

    if (handle == NULL)
        self->ops->fatal(self, TORC_HERE, "a platform slot was called with a handle that is not open");
    return handle;
}

static struct torci_end *end_of(struct torc_platform *self, uint64_t handle)
{
    return (struct torci_end *)(void *)handle_of(self, handle);
}

static struct torci_listener *listener_of(struct torc_platform *self, uint64_t handle)
{
    return (struct torci_listener *)(void *)handle_of(self, handle);
}

static int sim_listen(struct torc_platform *self, const struct torc_address *address,
                      const struct torc_listen_settings *settings, uint64_t token,
                      uint64_t *out_handle)
{
    return torci_listener_open(host_of(self), address, settings, token, out_handle);
}

static int sim_accept(struct torc_platform *self, uint64_t listener, uint64_t token,
                      uint64_t *out_handle, struct torc_address *out_peer)
{
    return torci_listener_accept(listener_of(self, listener), token, out_handle, out_peer);
}

static int sim_refuse(struct torc_platform *self, uint64_t listener)
{
    return torci_listener_refuse(listener_of(self, listener));
}

static int sim_connect(struct torc_platform *self, const struct torc_address *address,
                       const struct torc_address *local, uint64_t token, uint64_t *out_handle)
{
    return torci_stream_connect(host_of(self), address, local, token, out_handle);
}

static int sim_read(struct torc_platform *self, uint64_t handle, void *buffer, size_t bytes,
                    size_t *out_bytes)
{
    return torci_stream_read(end_of(self, handle), buffer, bytes, out_bytes);
}

static int sim_writev(struct torc_platform *self, uint64_t handle, const struct torc_span *spans,
                      size_t count, size_t *out_bytes)
{
    return torci_stream_writev(end_of(self, handle), spans, count, out_bytes);
}

static void sim_interest(struct torc_platform *self, uint64_t number, uint32_t events)
{
    struct torci_handle *handle = handle_of(self, number);

    handle->interest = (uint8_t)(events & (TORC_EVENT_READ | TORC_EVENT_WRITE));
    torci_handle_update(handle);
}

static int sim_shutdown(struct torc_platform *self, uint64_t handle)
{
    return torci_stream_shutdown(end_of(self, handle));
}

static void sim_close(struct torc_platform *self, uint64_t number, enum torc_close_mode mode)
{
    struct torci_handle *handle = handle_of(self, number);

    if (handle->kind == TORCI_HANDLE_LISTENER)
        torci_listener_close((struct torci_listener *)(void *)handle);
    else if (handle->kind == TORCI_HANDLE_UDP)
        torci_udp_close((struct torci_udp_port *)(void *)handle);
    else
        torci_stream_close((struct torci_end *)(void *)handle, mode);
}

static int sim_names(struct torc_platform *self, uint64_t number, struct torc_address *out_local,
                     struct torc_address *out_peer)
{
    struct torci_handle *handle = handle_of(self, number);
    struct torci_end *end;

    if (handle->kind == TORCI_HANDLE_UDP)
        return torci_udp_names((struct torci_udp_port *)(void *)handle, out_local, out_peer);
    if (handle->kind == TORCI_HANDLE_LISTENER) {
        if (out_peer != NULL)
            return TORC_ENOTCONN;
        if (out_local != NULL)
            *out_local = ((struct torci_listener *)(void *)handle)->address;
        return 0;
    }
    end = (struct torci_end *)(void *)handle;
    torci_connection_names(torci_connection_of(end), end->side, out_local, out_peer);
    return 0;
}

/* Neither changes anything here: writes are never held back, and a silent peer stays silent. */
static int sim_set_option(struct torc_platform *self, uint64_t handle,
                          enum torc_stream_option option, int value)
{
    struct torci_end *end = end_of(self, handle);

    (void)option;
    (void)value;
    return torci_connection_of(end)->family == TORC_ADDRESS_UNIX ? TORC_ENOTSUP : 0;
}

/* --- datagrams ------------------------------------------------------------------------------ */

static struct torci_udp_port *udp_of(struct torc_platform *self, uint64_t handle)
{
    return (struct torci_udp_port *)(void *)handle_of(self, handle);
}

static int sim_datagram_open(struct torc_platform *self, const struct torc_address *local,
                             unsigned flags, uint64_t token, uint64_t *out_handle)
{
    return torci_udp_open(host_of(self), local, flags, token, out_handle);
}

static int sim_datagram_connect(struct torc_platform *self, uint64_t handle,
                                const struct torc_address *peer)
{
    return torci_udp_connect(udp_of(self, handle), peer);
}

static int sim_datagram_send(struct torc_platform *self, uint64_t handle,
                             const struct torc_address *to, const void *data, size_t bytes)
{
    return torci_udp_send(udp_of(self, handle), to, data, bytes);
}

static int sim_datagram_receive(struct torc_platform *self, uint64_t handle, void *buffer,
                                size_t bytes, size_t *out_bytes, struct torc_address *out_from)
{
    return torci_udp_receive(udp_of(self, handle), buffer, bytes, out_bytes, out_from);
}

/* --- names ---------------------------------------------------------------------------------- */

static int sim_resolve(struct torc_platform *self, const char *name,
                       enum torc_address_family family, uint64_t token, uint64_t *out_handle)
{
    return torci_names_resolve(host_of(self), name, family, token, out_handle);
}

static size_t sim_resolved(struct torc_platform *self, uint64_t handle, struct torc_address *out,
                           size_t capacity)
{
    return torci_names_resolved((struct torci_name_lookup *)(void *)handle_of(self, handle), out,
                                capacity);
}

static void sim_resolve_end(struct torc_platform *self, uint64_t handle)
{
    torci_names_end((struct torci_name_lookup *)(void *)handle_of(self, handle));
}

/* --- jobs, signals, broken invariants ------------------------------------------------------- */

static int sim_submit(struct torc_platform *self, torc_work_fn *work, void *arg, uint64_t token)
{
    return torci_job_submit(host_of(self), work, arg, token);
}

static const char *sim_storage(struct torc_platform *self)
{
    return torci_host_storage(host_of(self));
}

static enum torc_database_answer sim_database(struct torc_platform *self,
                                              struct torc_database_event *event)
{
    struct torc_host *host = host_of(self);
    enum torc_database_answer answer = torci_host_database(host, event);

    /* It has yielded. */
    torci_host_seed_sqlite(host);
    return answer;
}

static int sim_signals(struct torc_platform *self, bool watch, uint64_t token)
{
    struct torc_host *host = host_of(self);

    host->watch_signals = watch;
    host->signal_token = token;
    if (!watch)
        host->signals = 0;
    return 0;
}

TORC_NORETURN static void sim_fatal(struct torc_platform *self, const char *site,
                                    const char *message)
{
    struct torc_host *host = host_of(self);

    fprintf(stderr, "torc: %s: %s (host %s, virtual time %llu ns, seed %llu)\n", site, message,
            host->name, (unsigned long long)host->world->now_ns,
            (unsigned long long)host->world->seed);
    abort();
}

const struct torc_platform_ops torci_sim_platform_ops = {
    .size = sizeof(struct torc_platform_ops),
    .name = "sim",
    .driven = true,
    .now_ns = sim_now_ns,
    .wall_ns = sim_wall_ns,
    .random = sim_random,
    .resize = sim_resize,
    .admit = sim_admit,
    .wait = sim_wait,
    .wake = sim_wake,
    .in_reactor = sim_in_reactor,
    .listen = sim_listen,
    .accept = sim_accept,
    .refuse = sim_refuse,
    .connect = sim_connect,
    .read = sim_read,
    .writev = sim_writev,
    .interest = sim_interest,
    .shutdown = sim_shutdown,
    .close = sim_close,
    .names = sim_names,
    .set_option = sim_set_option,
    .datagram_open = sim_datagram_open,
    .datagram_connect = sim_datagram_connect,
    .datagram_send = sim_datagram_send,
    .datagram_receive = sim_datagram_receive,
    .resolve = sim_resolve,
    .resolved = sim_resolved,
    .resolve_end = sim_resolve_end,
    .submit = sim_submit,
    .storage = sim_storage,
    .database = sim_database,
    .signals = sim_signals,
    .fatal = sim_fatal,
};
