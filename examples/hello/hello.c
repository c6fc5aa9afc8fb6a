/* hello.c - a module: greets whatever is sent to it. */
#include <torc/listeners.h>
#include <torc/module.h>

struct hello {
    struct torc_factory factory; /* first: the library hands it back */
    struct torc_scope *scope;
    struct torc_listeners *listeners;
};
struct greeter {
    struct torc_protocol protocol;
    struct torc_scope *scope;
};

static struct torc_failure *received(struct torc_protocol *self, const uint8_t *data, size_t bytes)
{
    struct torc_span answer[] = {{"hello, ", 7}, {data, bytes}};
    int code = torc_transport_write_spans(self->transport, answer, 2);

    return code ? torc_failure_of_code(((struct greeter *)self)->scope, code, "answering") : NULL;
}

static void lost(struct torc_protocol *self, struct torc_failure *reason)
{
    (void)reason;
    torc_release(((struct greeter *)self)->scope, self, sizeof(struct greeter));
}

static struct torc_failure *build(struct torc_factory *self, const struct torc_address *peer,
                                  struct torc_protocol **out)
{
    static const struct torc_protocol_ops ops = {
        .size = sizeof ops, .data_received = received, .connection_lost = lost};
    struct torc_scope *scope = ((struct hello *)self)->scope;
    struct greeter *greeter = torc_alloc_zero(scope, sizeof *greeter);

    (void)peer;
    if (greeter == NULL)
        return torc_failure_no_memory();
    greeter->protocol.ops = &ops;
    greeter->scope = scope;
    *out = &greeter->protocol;
    return NULL;
}

static struct torc_failure *start(struct torc_reactor *reactor, const struct torc_options *options,
                                  void **out)
{
    static const struct torc_factory_ops ops = {.size = sizeof ops, .build_protocol = build};
    struct torc_scope *scope = torc_reactor_scope(reactor);
    struct hello *hello = torc_alloc_zero(scope, sizeof *hello);
    struct torc_failure *failure;

    if (hello == NULL)
        return torc_failure_no_memory();
    hello->factory.ops = &ops;
    hello->scope = scope;
    failure = torc_listen_all(reactor, options, "listen", &hello->factory, NULL, &hello->listeners);
    if (failure != NULL)
        torc_release(scope, hello, sizeof *hello);
    else
        *out = hello;
    return failure;
}

static struct torc_deferred *stop(void *instance)
{
    struct hello *hello = instance;

    torc_listeners_close(hello->listeners);
    torc_release(hello->scope, hello, sizeof *hello);
    return NULL; /* done already: its connections do not need it */
}

static const struct torc_option options[] = {
    {"listen", TORC_OPTION_ADDRESS, NULL, "where to listen"}, {NULL, TORC_OPTION_FLAG, NULL, NULL}};

TORC_API const struct torc_module torc_module = {
    .size = sizeof(struct torc_module), .name = "hello", .version = "1", .doc = "greets",
    .options = options, .start = start, .stop = stop};
