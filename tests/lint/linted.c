/* A module that torc lint finds nothing in, and, with one of these macros, what it must find. */
#include <torc/module.h>
#include <torc/reactor.h>

#ifdef STATIC_DATA
static int STATIC_DATA = 1;
#define TOUCH STATIC_DATA++
#elif defined(STATIC_BSS)
static int STATIC_BSS;
#define TOUCH STATIC_BSS++
#elif defined(STATIC_THREAD)
static _Thread_local int STATIC_THREAD;
#define TOUCH STATIC_THREAD++
#elif defined(IMPORT)
void IMPORT(void);
#define TOUCH IMPORT()
#else
#define TOUCH (void)0
#endif
#ifndef PORT_NAME
#define PORT_NAME "port"
#endif
#ifndef PORT_DEFAULT
#define PORT_DEFAULT "7"
#endif
#ifndef PORT_DOC
#define PORT_DOC "a number"
#endif
#ifndef IDLE_NAME
#define IDLE_NAME "idle"
#endif
#ifndef IDLE_TYPE
#define IDLE_TYPE TORC_OPTION_DURATION
#endif
#ifndef PROBE_TEXT
#define PROBE_TEXT NULL
#endif
#ifndef PROBE_NAME
#define PROBE_NAME "other"
#endif
#ifndef CALL_NAME
#define CALL_NAME "undo"
#endif
#ifndef CALL
#define CALL call
#endif
#ifndef PARAMETER_DEFAULT
#define PARAMETER_DEFAULT "0"
#endif
#ifndef NAME
#define NAME "linted"
#endif
#ifndef VERSION
#define VERSION "1"
#endif
#ifndef STOP
#define STOP stop
#endif
#ifndef SIZE
#define SIZE sizeof(struct torc_module)
#endif

/* Written by the loader alone. */
static const char *const words[] = {"one", "two"};

static struct torc_failure *start(struct torc_reactor *reactor, const struct torc_options *options, void **out)
{
    (void)options;
    TOUCH;
    *out = reactor;
    return NULL;
}

static struct torc_deferred *stop(void *instance)
{
    (void)instance;
    return NULL;
}

static int64_t number(void *instance)
{
    return *words[instance != NULL];
}

static int call(void *instance, const struct torc_options *arguments, struct torc_deferred **out)
{
    (void)instance;
    (void)arguments;
    (void)out;
    return TORC_EINVAL;
}

static const struct torc_option options[] = {
    {PORT_NAME, TORC_OPTION_INTEGER, PORT_DEFAULT, PORT_DOC},
    {IDLE_NAME, IDLE_TYPE, "5s", "a time"},
    {NULL, TORC_OPTION_FLAG, NULL, NULL},
};
static const struct torc_option parameters[] = {
    {"id", TORC_OPTION_INTEGER, PARAMETER_DEFAULT, "a number"},
    {NULL, TORC_OPTION_FLAG, NULL, NULL},
};
static const struct torc_probe probes[] = {
    {"words", "a number", number, PROBE_TEXT},
    {PROBE_NAME, "a number", number, NULL},
    {NULL, NULL, NULL, NULL},
};
static const struct torc_module_call calls[] = {
    {"do", "it", parameters, call},
    {CALL_NAME, "it", NULL, CALL},
    {NULL, NULL, NULL, NULL},
};

TORC_API const struct torc_module torc_module = {
    .size = SIZE,
    .name = NAME,
    .version = VERSION,
    .doc = "for the test of torc lint",
    .options = options,
    .probes = probes,
    .start = start,
    .stop = STOP,
    .calls = calls,
};
