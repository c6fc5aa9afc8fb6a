/* torc/module.h - a program for Torc: a shared object that exports one `torc_module`.
 *
 * A module gets a reactor and its options, and has no other source of time, randomness, memory,
 * network or threads; so the same object runs live, in simulation and in replay.  It has no writable
 * statics: two simulated hosts may run it in one process. */
#ifndef TORC_MODULE_H
#define TORC_MODULE_H

#include <torc/mark.h>
#include <torc/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

enum torc_option_type {
    TORC_OPTION_FLAG,     /* yes no true false 1 0; the bare name means yes */
    TORC_OPTION_INTEGER,  /* decimal, perhaps negative */
    TORC_OPTION_DURATION, /* 250us 20ms 3s 5m 2h; the unit is compulsory; 0 alone is allowed */
    TORC_OPTION_BYTES,    /* 512 64KiB 16MiB 1GiB */
    TORC_OPTION_TEXT,
    TORC_OPTION_ADDRESS   /* torc_address_parse; may be given more than once */
};

/* A table of these, ended by one whose name is NULL. */
struct torc_option {
    const char *name;
    enum torc_option_type type;
    const char *default_text; /* NULL: none; the option is then compulsory unless an address */
    const char *doc;          /* one line */
};

/* Parsed options. */
struct torc_options;

/* Starts from the defaults of `table` (borrowed).  Errors: TORC_ENOMEM; TORC_EINVAL, a default does not
 * parse. */
TORC_API TORC_CHECKED int torc_options_new(struct torc_scope *scope, const struct torc_option *table,
                                           struct torc_options **out);
TORC_API void torc_options_free(struct torc_options *options);

/* Sets one from text; `value` NULL stands for a name written without one, which only a flag may be.
 * The last value counts, but addresses add up (the first one given replaces the default).  On failure
 * the options are unchanged and `error` holds a sentence: what is wrong, and the nearest name where a
 * name is unknown; `error` may be NULL if `error_size` is 0.
 * Errors: TORC_ENOTFOUND, TORC_ESYNTAX, TORC_ENOMEM. */
TORC_API TORC_CHECKED int torc_options_set(struct torc_options *options, const char *name,
                                           const char *value, char *error, size_t error_size);
/* Whether every compulsory option is set.  TORC_ENOTFOUND: one is not; `error` names the first. */
TORC_API TORC_CHECKED int torc_options_complete(const struct torc_options *options, char *error,
                                                size_t error_size);

/* Values.  A name that is not in the table or of another type is a broken invariant of the module
 * and answers 0, NULL or false. */
TORC_API bool torc_options_flag(const struct torc_options *options, const char *name);
TORC_API int64_t torc_options_integer(const struct torc_options *options, const char *name);
TORC_API uint64_t torc_options_duration(const struct torc_options *options, const char *name);
TORC_API uint64_t torc_options_bytes(const struct torc_options *options, const char *name);
TORC_API const char *torc_options_text(const struct torc_options *options, const char *name);
TORC_API size_t torc_options_address_count(const struct torc_options *options, const char *name);
TORC_API const struct torc_address *torc_options_address(const struct torc_options *options,
                                                         const char *name, size_t index);

/* A named value a scenario can assert on and a monitor can show. */
struct torc_probe {
    const char *name; /* "connections" */
    const char *doc;
    /* Either `number` or `text` is given.  Text is borrowed until the next turn. */
    int64_t (*number)(void *instance);
    const char *(*text)(void *instance);
};

/* A named function a scenario or a test can call without a wire. */
struct torc_module_call {
    const char *name; /* "place_order" */
    const char *doc;
    const struct torc_option *parameters; /* as a module's options; NULL: none */
    /* `arguments` is borrowed until it returns.  The deferred's value is a text (char *, NULL for none), owned
     * by the result. */
    int (*call)(void *instance, const struct torc_options *arguments, struct torc_deferred **out);
};

struct torc_module {
    size_t size; /* sizeof(struct torc_module) */
    const char *name;
    const char *version;
    const char *doc; /* one line */
    const struct torc_option *options;
    const struct torc_probe *probes; /* ended by one whose name is NULL; may be NULL */
    /* Starts on a reactor.  `options` is borrowed until stop's deferred has fired.  On failure nothing
     * is left behind.  `out_instance` is given. */
    struct torc_failure *(*start)(struct torc_reactor *reactor, const struct torc_options *options,
                                  void **out_instance);
    /* Stops: closes listeners and connections in order and fires when done (NULL: done already); the
     * instance is freed by then.  Memory for one deferred is set aside, so that the first one it makes is there in any
     * case and the shutdown waits. */
    struct torc_deferred *(*stop)(void *instance);
    /* The marks of this module: TORC_MODULE_MARKS. */
    const struct torc_mark *marks_begin;
    const struct torc_mark *marks_end;
    const struct torc_module_call *calls; /* ended by one whose name is NULL; may be NULL */
};

#define TORC_MODULE_MARKS __start_torc_marks, __stop_torc_marks

/* A shared object defines:  TORC_API const struct torc_module torc_module = { ... }; */
#define TORC_MODULE_SYMBOL "torc_module"
extern TORC_API const struct torc_module torc_module;

/* Calls start, and stop as a `before shutdown` trigger of the reactor.  `out_instance` may be NULL, and is
 * untouched on failure: what start answered, without memory out_of_memory, or invalid_argument for a
 * module whose table is shorter than this one. */
TORC_API struct torc_failure *torc_module_start(const struct torc_module *module,
                                                struct torc_reactor *reactor,
                                                const struct torc_options *options,
                                                void **out_instance);

#ifdef __cplusplus
}
#endif
#endif
