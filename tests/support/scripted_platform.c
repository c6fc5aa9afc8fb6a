#include "scripted_platform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct scripted_platform *scripted(struct torc_platform *platform)
{
    return (struct scripted_platform *)(void *)platform;
}

/* A test that asks too much of the script is wrong: say so and end. */
static void require(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "scripted platform: %s\n", what);
        abort();
    }
}

/* --- clock, entropy, memory ------------------------------------------------------------------- */

static uint64_t now_ns(struct torc_platform *platform)
{
    scripted(platform)->now_calls++;
    return scripted(platform)->now_ns;
}

static uint64_t wall_ns(struct torc_platform *platform)
{
    return scripted(platform)->wall_ns;
}

static void random_bytes(struct torc_platform *platform, const char *site, void *out, size_t bytes)
{
    (void)platform;
    memset(out, (unsigned char)site[0], bytes);
}

static bool acquire(struct scripted_platform *self)
{
    size_t number = atomic_fetch_add(&self->acquisitions, 1) + 1;
    return !(self->fail_at && (number == self->fail_at || (self->fail_on && number > self->fail_at)));
}

static int admit(struct torc_platform *platform, size_t bytes)
{
    const struct torc_allocator *memory = scripted(platform)->memory;
    if (memory)
        return memory->admit(memory->ctx, bytes);
    return acquire(scripted(platform)) ? 0 : TORC_ENOMEM;
}

/* Before each block stands its size, to check the `old_bytes` of the next call. */
static void *resize(struct torc_platform *platform, void *ptr, size_t old_bytes, size_t new_bytes)
{
    struct scripted_platform *self = scripted(platform);
    if (self->memory)
        return self->memory->resize(self->memory->ctx, ptr, old_bytes, new_bytes);
    const size_t head = 2 * sizeof(size_t);
    char *block = ptr ? (char *)ptr - head : NULL;
    size_t size = 0;
    if (block)
        memcpy(&size, block, sizeof size);
    require(size == old_bytes, "resize was told a wrong old size");
    if (new_bytes == 0) {
        if (block)
            atomic_fetch_sub(&self->blocks, 1);
        free(block);
        return NULL;
    }
    if (new_bytes > old_bytes && !acquire(self))
        return NULL;
    char *grown = realloc(block, head + new_bytes);
    require(grown != NULL, "no memory for the test itself");
    if (!block)
        atomic_fetch_add(&self->blocks, 1);
    memcpy(grown, &new_bytes, sizeof new_bytes);
    return grown + head;
}

/* --- waiting ---------------------------------------------------------------------------------- */

static bool is_writable(const struct scripted_handle *handle)
{
    return handle->room > 0 || handle->write_code != TORC_EAGAIN;
}

static uint32_t readiness(const struct scripted_handle *handle)
{
    uint32_t ready = 0;
    if (!handle->open || handle->kind == SCRIPTED_CONNECTING)
        return 0;
    if (handle->step_first < handle->step_end)
        ready |= TORC_EVENT_READ;
    if (handle->kind == SCRIPTED_STREAM && is_writable(handle))
        ready |= TORC_EVENT_WRITE;
    return ready & handle->interest;
}

static size_t collect(struct scripted_platform *self, struct torc_platform_event *batch,
                      size_t capacity)
{
    size_t count = 0;
    while (count < capacity && self->event_first < self->event_end)
        batch[count++] = self->events[self->event_first++];
    for (size_t i = 0; i < self->handle_count && count < capacity; i++) {
        uint32_t ready = readiness(&self->handles[i]);
        if (ready)
            batch[count++] = (struct torc_platform_event){self->handles[i].token, ready, 0};
    }
    return count;
}

static void fatal(struct torc_platform *platform, const char *site, const char *message)
    TORC_NORETURN;

static size_t wait(struct torc_platform *platform, uint64_t deadline_ns,
                   struct torc_platform_event *batch, size_t capacity)
{
    struct scripted_platform *self = scripted(platform);
    self->waits++;
    self->last_deadline_ns = deadline_ns;
    size_t count = collect(self, batch, capacity);
    if (count > 0 || deadline_ns <= self->now_ns) {
        atomic_store(&self->woken, false);
        return count;
    }
    if (atomic_exchange(&self->woken, false) || self->steady)
        return 0;
    if (deadline_ns != TORC_NEVER) {
        self->now_ns = deadline_ns;
        return 0;
    }
    if (self->idle)
        self->idle(self, self->idle_arg);
    count = collect(self, batch, capacity);
    if (count == 0 && !atomic_exchange(&self->woken, false))
        fatal(platform, "scripted_platform.c", "a wait that would last for ever");
    return count;
}

static void wake(struct torc_platform *platform)
{
    atomic_fetch_add(&scripted(platform)->wakes, 1);
    atomic_store(&scripted(platform)->woken, true);
}

static bool in_reactor(struct torc_platform *platform)
{
    return !scripted(platform)->elsewhere;
}

void scripted_push_event(struct scripted_platform *self, uint64_t token, uint32_t events, int result)
{
    if (self->event_first == self->event_end)
        self->event_first = self->event_end = 0;
    require(self->event_end < SCRIPTED_EVENTS_MAX, "too many events");
    self->events[self->event_end++] = (struct torc_platform_event){token, events, result};
}

/* --- streams ---------------------------------------------------------------------------------- */

static uint64_t add_handle(struct scripted_platform *self, enum scripted_kind kind, uint64_t token)
{
    require(self->handle_count < SCRIPTED_HANDLES_MAX, "too many handles");
    struct scripted_handle *handle = &self->handles[self->handle_count++];
    handle->kind = kind;
    handle->open = true;
    handle->token = token;
    handle->room = SIZE_MAX;
    handle->write_code = TORC_EAGAIN;
    return self->handle_count;
}

static struct scripted_handle *open_handle(struct torc_platform *platform, uint64_t handle)
{
    struct scripted_platform *self = scripted(platform);
    require(handle > 0 && handle <= self->handle_count, "no such handle");
    require(scripted_handle(self, handle)->open, "the handle is closed");
    return scripted_handle(self, handle);
}

static int listen_on(struct torc_platform *platform, const struct torc_address *address,
                     const struct torc_listen_settings *settings, uint64_t token,
                     uint64_t *out_handle)
{
    struct scripted_platform *self = scripted(platform);
    (void)settings;
    if (self->listen_code)
        return self->listen_code;
    *out_handle = add_handle(self, SCRIPTED_LISTENER, token);
    struct scripted_handle *added = scripted_handle(self, *out_handle);
    added->local = *address;
    if (added->local.family != TORC_ADDRESS_UNIX && added->local.port == 0)
        added->local.port = (uint16_t)(40000 + *out_handle);
    return 0;
}

static bool take_step(struct scripted_handle *handle, struct scripted_step *out)
{
    if (handle->step_first == handle->step_end)
        return false;
    *out = handle->steps[handle->step_first++];
    return true;
}

static int accept_one(struct torc_platform *platform, uint64_t listener, uint64_t token,
                      uint64_t *out_handle, struct torc_address *out_peer)
{
    struct scripted_platform *self = scripted(platform);
    struct scripted_handle *from = open_handle(platform, listener);
    struct scripted_step step;
    if (from->step_first == from->step_end)
        return TORC_EAGAIN;
    int code = from->steps[from->step_first].code;
    if (code == TORC_EMFILE || code == TORC_ENFILE || code == TORC_ENOBUFS || code == TORC_ENOMEM)
        return code; /* the connection stays waiting */
    (void)take_step(from, &step);
    if (code)
        return code;
    *out_handle = add_handle(self, SCRIPTED_STREAM, token);
    struct scripted_handle *added = scripted_handle(self, *out_handle);
    added->local = from->local;
    added->peer = from->local;
    added->peer.port = (uint16_t)(50000 + *out_handle);
    *out_peer = added->peer;
    return 0;
}

static int refuse(struct torc_platform *platform, uint64_t listener)
{
    struct scripted_step step;
    if (!take_step(open_handle(platform, listener), &step))
        return TORC_EAGAIN;
    scripted(platform)->refusals++;
    return 0;
}

static int connect_to(struct torc_platform *platform, const struct torc_address *address,
                      const struct torc_address *local, uint64_t token, uint64_t *out_handle)
{
    struct scripted_platform *self = scripted(platform);
    if (self->connect_code)
        return self->connect_code;
    *out_handle = add_handle(self, SCRIPTED_CONNECTING, token);
    struct scripted_handle *added = scripted_handle(self, *out_handle);
    added->peer = *address;
    if (local)
        added->local = *local;
    return 0;
}

static int read_from(struct torc_platform *platform, uint64_t number, void *buffer, size_t bytes,
                     size_t *out_bytes)
{
    struct scripted_handle *handle = open_handle(platform, number);
    struct scripted_step step;
    if (!take_step(handle, &step))
        return TORC_EAGAIN;
    if (step.code)
        return step.code;
    if (step.bytes > bytes) {
        handle->step_first--;
        handle->steps[handle->step_first].data = (const char *)step.data + bytes;
        handle->steps[handle->step_first].bytes = step.bytes - bytes;
        step.bytes = bytes;
    }
    if (step.bytes > 0)
        memcpy(buffer, step.data, step.bytes);
    *out_bytes = step.bytes;
    return 0;
}

static int write_to(struct torc_platform *platform, uint64_t number, const struct torc_span *spans,
                    size_t count, size_t *out_bytes)
{
    struct scripted_handle *handle = open_handle(platform, number);
    size_t taken = 0;
    handle->writevs++;
    if (count > handle->spans)
        handle->spans = count;
    if (handle->shut)
        return TORC_EPIPE;
    if (handle->room == 0)
        return handle->write_code;
    if (!handle->written)
        handle->written = malloc(SCRIPTED_BYTES_MAX);
    require(handle->written != NULL, "no memory for the test itself");
    for (size_t i = 0; i < count && handle->room > 0; i++) {
        size_t bytes = spans[i].bytes < handle->room ? spans[i].bytes : handle->room;
        require(handle->written_bytes + bytes <= SCRIPTED_BYTES_MAX, "too much was written");
        if (bytes > 0)
            memcpy(handle->written + handle->written_bytes, spans[i].data, bytes);
        handle->written_bytes += bytes;
        taken += bytes;
        if (handle->room != SIZE_MAX)
            handle->room -= bytes;
    }
    *out_bytes = taken;
    return 0;
}

static void interest(struct torc_platform *platform, uint64_t handle, uint32_t events)
{
    open_handle(platform, handle)->interest = events;
}

static int shut(struct torc_platform *platform, uint64_t handle)
{
    open_handle(platform, handle)->shut = true;
    return 0;
}

static void forget_events(struct scripted_platform *self, uint64_t token)
{
    size_t kept = self->event_first;
    for (size_t i = self->event_first; i < self->event_end; i++) {
        if (self->events[i].token != token)
            self->events[kept++] = self->events[i];
    }
    self->event_end = kept;
}

static void close_handle(struct torc_platform *platform, uint64_t number,
                         enum torc_close_mode mode)
{
    struct scripted_platform *self = scripted(platform);
    struct scripted_handle *handle = open_handle(platform, number);
    handle->open = false;
    handle->close_mode = mode;
    forget_events(self, handle->token);
}

static int names(struct torc_platform *platform, uint64_t handle, struct torc_address *out_local,
                 struct torc_address *out_peer)
{
    const struct scripted_handle *named = open_handle(platform, handle);
    if (out_local)
        *out_local = named->local;
    if (out_peer)
        *out_peer = named->peer;
    return 0;
}

static int set_option(struct torc_platform *platform, uint64_t handle,
                      enum torc_stream_option option, int value)
{
    open_handle(platform, handle)->options[option] = value;
    return 0;
}

static void add_step(struct scripted_platform *self, uint64_t number, struct scripted_step step)
{
    struct scripted_handle *handle = open_handle(&self->base, number);
    require(handle->step_end < SCRIPTED_STEPS_MAX, "too many steps");
    handle->steps[handle->step_end++] = step;
}

void scripted_feed(struct scripted_platform *self, uint64_t handle, const void *data, size_t bytes)
{
    add_step(self, handle, (struct scripted_step){.data = data, .bytes = bytes});
}

void scripted_feed_end(struct scripted_platform *self, uint64_t handle)
{
    add_step(self, handle, (struct scripted_step){.code = 0});
}

void scripted_feed_error(struct scripted_platform *self, uint64_t handle, int code)
{
    add_step(self, handle, (struct scripted_step){.code = code});
}

void scripted_arrive(struct scripted_platform *self, uint64_t listener, int code)
{
    add_step(self, listener, (struct scripted_step){.code = code});
}

void scripted_connected(struct scripted_platform *self, uint64_t handle, int result)
{
    struct scripted_handle *connecting = open_handle(&self->base, handle);
    connecting->kind = SCRIPTED_STREAM;
    scripted_push_event(self, connecting->token, TORC_EVENT_CONNECT, result);
}

void scripted_set_room(struct scripted_platform *self, uint64_t handle, size_t room, int code)
{
    scripted_handle(self, handle)->room = room;
    scripted_handle(self, handle)->write_code = code;
}

/* --- datagrams -------------------------------------------------------------------------------- */

static int datagram_open(struct torc_platform *platform, const struct torc_address *local,
                         unsigned flags, uint64_t token, uint64_t *out_handle)
{
    struct scripted_platform *self = scripted(platform);
    if (self->datagram_code)
        return self->datagram_code;
    *out_handle = add_handle(self, SCRIPTED_DATAGRAM, token);
    struct scripted_handle *added = scripted_handle(self, *out_handle);
    added->flags = flags;
    added->local = *local;
    if (added->local.port == 0)
        added->local.port = (uint16_t)(40000 + *out_handle);
    return 0;
}

static int datagram_connect(struct torc_platform *platform, uint64_t handle,
                            const struct torc_address *peer)
{
    if (scripted(platform)->datagram_code)
        return scripted(platform)->datagram_code;
    open_handle(platform, handle)->connected = true;
    open_handle(platform, handle)->peer = *peer;
    return 0;
}

static int datagram_send(struct torc_platform *platform, uint64_t number,
                         const struct torc_address *to, const void *data, size_t bytes)
{
    struct scripted_handle *handle = open_handle(platform, number);
    require(to != NULL || handle->connected, "a datagram to nobody");
    if (handle->send_code)
        return handle->send_code;
    if (!handle->written)
        handle->written = malloc(SCRIPTED_BYTES_MAX);
    require(handle->written != NULL, "no memory for the test itself");
    require(bytes <= SCRIPTED_BYTES_MAX, "too much was sent");
    if (bytes > 0)
        memcpy(handle->written, data, bytes);
    handle->written_bytes = bytes;
    handle->sends++;
    handle->sent_to = to != NULL ? *to : handle->peer;
    return 0;
}

static int datagram_receive(struct torc_platform *platform, uint64_t number, void *buffer,
                            size_t bytes, size_t *out_bytes, struct torc_address *out_from)
{
    struct scripted_step step;
    if (!take_step(open_handle(platform, number), &step))
        return TORC_EAGAIN;
    if (step.code)
        return step.code;
    if (step.bytes > 0 && bytes > 0)
        memcpy(buffer, step.data, step.bytes < bytes ? step.bytes : bytes);
    *out_bytes = step.bytes;
    *out_from = *step.from;
    return 0;
}

void scripted_datagram(struct scripted_platform *self, uint64_t handle, const void *data, size_t bytes,
                       const struct torc_address *from)
{
    add_step(self, handle, (struct scripted_step){.data = data, .bytes = bytes, .from = from});
}

/* --- names ------------------------------------------------------------------------------------ */

static struct scripted_lookup *open_lookup(struct scripted_platform *self, uint64_t handle)
{
    require(handle > 0 && handle <= self->lookup_count, "no such lookup");
    require(self->lookups[handle - 1].open, "the lookup was let go of");
    return &self->lookups[handle - 1];
}

static int resolve(struct torc_platform *platform, const char *name, enum torc_address_family family,
                   uint64_t token, uint64_t *out_handle)
{
    struct scripted_platform *self = scripted(platform);
    if (self->resolve_code)
        return self->resolve_code;
    require(self->lookup_count < SCRIPTED_LOOKUPS_MAX, "too many lookups");
    struct scripted_lookup *lookup = &self->lookups[self->lookup_count++];
    snprintf(lookup->name, sizeof lookup->name, "%s", name);
    lookup->family = family;
    lookup->token = token;
    lookup->open = true;
    *out_handle = self->lookup_count;
    return 0;
}

static size_t resolved(struct torc_platform *platform, uint64_t handle, struct torc_address *out,
                       size_t capacity)
{
    const struct scripted_lookup *lookup = open_lookup(scripted(platform), handle);
    for (size_t i = 0; i < lookup->count && i < capacity; i++)
        out[i] = lookup->addresses[i];
    return lookup->count;
}

static void resolve_end(struct torc_platform *platform, uint64_t handle)
{
    struct scripted_platform *self = scripted(platform);
    open_lookup(self, handle)->open = false;
    forget_events(self, self->lookups[handle - 1].token);
}

void scripted_answer(struct scripted_platform *self, uint64_t lookup, int result,
                     const struct torc_address *addresses, size_t count)
{
    struct scripted_lookup *answered = open_lookup(self, lookup);
    answered->addresses = addresses;
    answered->count = count;
    scripted_push_event(self, answered->token, TORC_EVENT_NAMES, result);
}

/* --- jobs and signals ------------------------------------------------------------------------- */

static int submit(struct torc_platform *platform, torc_work_fn *work, void *arg, uint64_t token)
{
    struct scripted_platform *self = scripted(platform);
    if (self->submit_code)
        return self->submit_code;
    size_t place = 0;
    if (self->job_count < SCRIPTED_JOBS_MAX)
        place = self->job_count++;
    else
        while (place < SCRIPTED_JOBS_MAX && !self->jobs[place].finished)
            place++;
    require(place < SCRIPTED_JOBS_MAX, "too many jobs");
    self->jobs[place] = (struct scripted_job){work, arg, token, false};
    return 0;
}

void scripted_finish_job(struct scripted_platform *self, size_t index)
{
    struct scripted_job *job = &self->jobs[index];
    require(index < self->job_count && !job->finished, "no such job");
    job->finished = true;
    self->elsewhere = true;
    int result = job->work(job->arg);
    self->elsewhere = false;
    scripted_push_event(self, job->token, TORC_EVENT_JOB, result);
}

static const char *storage(struct torc_platform *self)
{
    (void)self;
    return NULL;
}

static enum torc_database_answer database(struct torc_platform *self,
                                          struct torc_database_event *event)
{
    (void)self;
    (void)event;
    return TORC_DATABASE_PROCEED;
}

static int signals(struct torc_platform *platform, bool watch, uint64_t token)
{
    scripted(platform)->signals_watched = watch;
    scripted(platform)->signal_token = token;
    return 0;
}

void scripted_signal(struct scripted_platform *self, int number)
{
    require(self->signals_watched, "nobody watches for signals");
    scripted_push_event(self, self->signal_token, TORC_EVENT_SIGNAL, number);
}

static void fatal(struct torc_platform *platform, const char *site, const char *message)
{
    struct scripted_platform *self = scripted(platform);
    self->fatal_message = message;
    if (self->fatal_expected)
        longjmp(self->fatal_jump, 1);
    fprintf(stderr, "scripted platform: fatal: %s: %s\n", site, message);
    abort();
}

/* --- making and ending ------------------------------------------------------------------------ */

void scripted_init(struct scripted_platform *self)
{
    memset(self, 0, sizeof *self);
    self->ops = (struct torc_platform_ops){
        .size = sizeof(struct torc_platform_ops),
        .name = "scripted",
        .now_ns = now_ns,
        .wall_ns = wall_ns,
        .random = random_bytes,
        .resize = resize,
        .admit = admit,
        .wait = wait,
        .wake = wake,
        .in_reactor = in_reactor,
        .listen = listen_on,
        .accept = accept_one,
        .refuse = refuse,
        .connect = connect_to,
        .read = read_from,
        .writev = write_to,
        .interest = interest,
        .shutdown = shut,
        .close = close_handle,
        .names = names,
        .set_option = set_option,
        .datagram_open = datagram_open,
        .datagram_connect = datagram_connect,
        .datagram_send = datagram_send,
        .datagram_receive = datagram_receive,
        .resolve = resolve,
        .resolved = resolved,
        .resolve_end = resolve_end,
        .submit = submit,
        .storage = storage,
        .database = database,
        .signals = signals,
        .fatal = fatal,
    };
    self->base.ops = &self->ops;
}

size_t scripted_end(struct scripted_platform *self)
{
    for (size_t i = 0; i < self->handle_count; i++)
        free(self->handles[i].written);
    return atomic_load(&self->blocks);
}
