/* torc/mark.h - marks in code that a test wants to know were reached.
 *
 *   TORC_SOMETIMES(reactor, condition, "line.partial_crlf");   true at least once, in some run
 *   TORC_REACHABLE(reactor, "kv.evict");                       executed at least once
 *   TORC_UNREACHABLE(reactor, "kv.impossible");                never executed
 *   TORC_ALWAYS(reactor, condition, "kv.count_fits");          true whenever executed
 *   TORC_ASSUME(reactor, condition, "kv.fits_in_memory");      a run in which it is false tests nothing:
 *                                                              a scenario's ends there, set aside
 *
 * Marks belong to a reactor: two hosts that run one module count apart.  Each mark is also in a
 * section of its module, so that one that was never executed is known.  Live, a mark costs a test
 * of one pointer, in place.
 *
 *   TORC_POINT(reactor, "orders.before_commit");               a job may be held here
 *
 * A point is for the code of a job of that reactor (torc_run_job, an interaction of a pool):
 * a scenario or exploration holds it there, in the middle of what it does, and lets it go on
 * (torc/point.h).  In other code, which must not block, it does nothing; and so it does live, for the same price. */
#ifndef TORC_MARK_H
#define TORC_MARK_H

#include <torc/reactor.h>

#ifdef __cplusplus
extern "C" {
#endif

enum torc_mark_kind {
    TORC_MARK_SOMETIMES,
    TORC_MARK_REACHABLE,
    TORC_MARK_UNREACHABLE,
    TORC_MARK_ALWAYS,
    TORC_MARK_ASSUME
};

struct torc_mark {
    const char *name; /* a literal; the identity of the mark */
    const char *site;
    enum torc_mark_kind kind;
};

/* Someone who wants to know.  Without one, marks do nothing. */
struct torc_mark_observer {
    void (*mark)(struct torc_mark_observer *self, const struct torc_mark *mark, bool held);
    /* NULL: points do nothing.  Called where the job runs, which live is a thread of its own. */
    void (*point)(struct torc_mark_observer *self, const char *name);
};
/* Replaces the observer; NULL: none.  Not while a job runs that may come to a point. */
TORC_API void torc_reactor_observe_marks(struct torc_reactor *reactor,
                                         struct torc_mark_observer *observer);
TORC_API void torc_mark_hit(struct torc_reactor *reactor, const struct torc_mark *mark, bool held);
TORC_API void torc_point_reach(struct torc_reactor *reactor, const char *name);

/* A reactor begins with its observer, so that a mark nobody observes is not even a call. */
static inline bool torc_marks_are_observed(const struct torc_reactor *reactor)
{
    return *(struct torc_mark_observer *const *)(const void *)reactor != NULL;
}

/* The catalogue of the module or program this header is compiled into: [begin, end). */
extern const struct torc_mark __start_torc_marks[] __attribute__((weak, visibility("hidden")));
extern const struct torc_mark __stop_torc_marks[] __attribute__((weak, visibility("hidden")));

#define TORC_MARK_(reactor, mark_kind, held, mark_name)                                            \
    do {                                                                                           \
        static const struct torc_mark torc_mark_here                                               \
            __attribute__((section("torc_marks"), used, aligned(8))) = {(mark_name), TORC_HERE,    \
                                                                        (mark_kind)};              \
        const bool torc_mark_held = (held);                                                        \
        struct torc_reactor *const torc_mark_reactor = (reactor);                                  \
        if (torc_marks_are_observed(torc_mark_reactor))                                            \
            torc_mark_hit(torc_mark_reactor, &torc_mark_here, torc_mark_held);                     \
    } while (0)
#define TORC_SOMETIMES(reactor, condition, name)                                                   \
    TORC_MARK_(reactor, TORC_MARK_SOMETIMES, (condition) ? true : false, name)
#define TORC_REACHABLE(reactor, name) TORC_MARK_(reactor, TORC_MARK_REACHABLE, true, name)
#define TORC_UNREACHABLE(reactor, name) TORC_MARK_(reactor, TORC_MARK_UNREACHABLE, false, name)
#define TORC_ALWAYS(reactor, condition, name)                                                      \
    TORC_MARK_(reactor, TORC_MARK_ALWAYS, (condition) ? true : false, name)
#define TORC_ASSUME(reactor, condition, name)                                                      \
    TORC_MARK_(reactor, TORC_MARK_ASSUME, (condition) ? true : false, name)
#define TORC_POINT(reactor, name)                                                                  \
    do {                                                                                           \
        struct torc_reactor *const torc_point_reactor = (reactor);                                 \
        if (torc_marks_are_observed(torc_point_reactor))                                           \
            torc_point_reach(torc_point_reactor, (name));                                          \
    } while (0)

#ifdef __cplusplus
}
#endif
#endif
