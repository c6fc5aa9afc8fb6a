/* torc/listeners.h - listening wherever the options of a module say. */
#ifndef TORC_LISTENERS_H
#define TORC_LISTENERS_H

#include <torc/module.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Some listeners with one factory. */
struct torc_listeners;

/* Listens at every address of the option `name`; at all of them, or, with a failure (of type listen_error,
 * which names the address, or out_of_memory), at none.  No address at all is a failure too.
 * `factory` and `listen_options` (may be NULL) are as torc_listen takes them; `out` is given. */
TORC_API struct torc_failure *torc_listen_all_at(const char *site, struct torc_reactor *reactor,
                                                 const struct torc_options *options,
                                                 const char *name, struct torc_factory *factory,
                                                 const struct torc_listen_options *listen_options,
                                                 struct torc_listeners **out);
#define torc_listen_all(...) torc_listen_all_at(TORC_HERE, __VA_ARGS__)

/* Closes them, as torc_listener_close does.  NULL is accepted. */
TORC_API void torc_listeners_close(struct torc_listeners *listeners);

#ifdef __cplusplus
}
#endif
#endif
