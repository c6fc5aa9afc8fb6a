#include <torc/listeners.h>

struct torc_listeners {
    struct torc_scope *scope;
    size_t capacity;
    size_t count;
    struct torc_listener each[];
};

static size_t bytes_of(size_t capacity)
{
    return sizeof(struct torc_listeners) + capacity * sizeof(struct torc_listener);
}

struct torc_failure *torc_listen_all_at(const char *site, struct torc_reactor *reactor,
                                        const struct torc_options *options, const char *name,
                                        struct torc_factory *factory,
                                        const struct torc_listen_options *listen_options,
                                        struct torc_listeners **out)
{
    struct torc_scope *scope = torc_reactor_scope(reactor);
    size_t capacity = torc_options_address_count(options, name);
    struct torc_listeners *listeners;

    if (capacity == 0)
        return torc_failure_new_at(site, scope, &torc_failure_listen_error, TORC_EINVAL, NULL,
                                   "no address to listen at: option \"%s\" has none", name);
    listeners = torc_alloc(scope, bytes_of(capacity));
    if (!listeners)
        return torc_failure_no_memory();
    listeners->scope = scope;
    listeners->capacity = capacity;
    for (listeners->count = 0; listeners->count < capacity; listeners->count++) {
        const struct torc_address *address = torc_options_address(options, name, listeners->count);
        int code = torc_listen_at(site, reactor, address, factory, listen_options,
                                  &listeners->each[listeners->count]);

        if (code) {
            char text[TORC_ADDRESS_TEXT_MAX];

            torc_listeners_close(listeners);
            if (code == TORC_ENOMEM)
                return torc_failure_no_memory();
            torc_address_format(address, text, sizeof(text));
            return torc_failure_new_at(site, scope, &torc_failure_listen_error, code, NULL,
                                       "listening at %s: %s", text, torc_error_text(code));
        }
    }
    *out = listeners;
    return NULL;
}

void torc_listeners_close(struct torc_listeners *listeners)
{
    if (!listeners)
        return;
    for (size_t i = 0; i < listeners->count; i++)
        torc_listener_close(listeners->each[i]);
    torc_release(listeners->scope, listeners, bytes_of(listeners->capacity));
}
