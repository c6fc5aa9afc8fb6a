/* torc/scope.h - what a deferred, a failure or a clock is made in: an allocator, an observer of log
 * events and a registry of what is alive.
 *
 * A reactor has a scope of its own (torc_reactor_scope); code without a reactor, such as a unit
 * test of a protocol, makes one.  There is no default scope and nothing in Torc is process-wide.
 * A scope belongs to one thread. */
#ifndef TORC_SCOPE_H
#define TORC_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <torc/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct torc_scope;
struct torc_failure;
struct torc_log_observer;

/* Releases what an `arg` stands for.  May be NULL wherever one is asked for. */
typedef void torc_drop_fn(void *arg);

/* Where memory comes from.  The structure is copied; `ctx` is borrowed until the scope is freed. */
struct torc_allocator {
    /* Allocates (ptr NULL, old 0), grows or shrinks, or frees (new 0; returns NULL).  The old size
     * is always the size asked for before.  NULL for a non-zero new size: no memory, and the old
     * block is untouched.  Blocks are aligned for any object. */
    void *(*resize)(void *ctx, void *ptr, size_t old_bytes, size_t new_bytes);
    /* Asked before each acquisition that a pool answers without calling `resize`, so that a test
     * which fails the k-th acquisition sees every one.  0 or TORC_ENOMEM.  NULL admits all. */
    int (*admit)(void *ctx, size_t bytes);
    void *ctx;
};

/* Makes a scope.  allocator NULL: the C library's.  observer NULL: events are counted and
 * forgotten; otherwise it is borrowed until the scope is freed.  Errors: TORC_ENOMEM. */
TORC_API TORC_CHECKED int torc_scope_new(const struct torc_allocator *allocator,
                                         struct torc_log_observer *observer,
                                         struct torc_scope **out);

/* Frees the scope and every deferred still in it: a never-fired one is dropped without a result
 * (its callbacks do not run, their drop functions do), and a failure that is the result of one is
 * reported as unhandled.  What the drop functions do to deferreds of this scope has no effect.  One of
 * another scope that waits for one of this scope gets a failure of type deferred_error.  Not to be
 * called by a callback of one of its own deferreds.  NULL is accepted. */
TORC_API void torc_scope_free(struct torc_scope *scope);

/* Memory from the scope's allocator, for the user's own objects: in a simulated host it goes with
 * the host.  `torc_alloc` does not clear, `torc_alloc_zero` does.  NULL: out of memory; a block of 0
 * bytes is a block too.  torc_release accepts NULL. */
TORC_API TORC_CHECKED void *torc_alloc(struct torc_scope *scope, size_t bytes);
TORC_API TORC_CHECKED void *torc_alloc_zero(struct torc_scope *scope, size_t bytes);
TORC_API TORC_CHECKED void *torc_resize(struct torc_scope *scope, void *ptr, size_t old_bytes,
                                        size_t new_bytes);
TORC_API void torc_release(struct torc_scope *scope, void *ptr, size_t bytes);

/* Replaces the observer and returns the one before it.  Both may be NULL. */
TORC_API struct torc_log_observer *torc_scope_set_observer(struct torc_scope *scope,
                                                           struct torc_log_observer *observer);

/* Sets memory aside for one deferred; while the reserve is open, one that there is no memory for is made of it.  For
 * what has to be waited for in any case: a module's `stop` runs with one (torc_module_start).  `release` gives one
 * back that is not wanted any more; without any it does nothing.  Errors: TORC_ENOMEM. */
TORC_API TORC_CHECKED int torc_scope_reserve_deferred(struct torc_scope *scope);
TORC_API void torc_scope_release_reserve(struct torc_scope *scope);
TORC_API void torc_scope_open_reserve(struct torc_scope *scope, bool open);

/* What is alive in a scope and what went wrong in it, for tests and reports. */
struct torc_scope_counts {
    size_t deferreds;          /* alive */
    size_t deferreds_unfired;  /* of those, not fired yet */
    size_t failures;           /* alive, without the static ones */
    uint64_t unhandled;        /* failures that were dropped with nobody having handled them */
    uint64_t errors_logged;    /* events of level error or critical, the unhandled ones among them */
    size_t bytes_in_use;       /* asked of the allocator and not given back; pooled memory counts */
};
TORC_API void torc_scope_count(const struct torc_scope *scope, struct torc_scope_counts *out);

/* Calls `visit` for each deferred that has not fired, oldest first, with the place it was made and whether
 * it is withheld (below).  `visit` must not change the scope. */
typedef void torc_visit_unfired_fn(void *arg, const char *site, bool withheld);
TORC_API void torc_scope_visit_unfired(const struct torc_scope *scope, torc_visit_unfired_fn *visit,
                                       void *arg);

/* A test's way to deferreds it was not given, whoever holds them: the one that visiting shows after `index`
 * others.  Callbacks run, so that the next one may stand elsewhere then.  false: there are not so many.
 *
 * cancel: torc_deferred_cancel.
 * fail: a cancel too, so that whoever works for it stops, but what the deferred fires with is `failure`, in
 * place of `cancelled` or of another failure the canceller fires; a value it fires stands.  `failure` is taken
 * always.
 * withhold: whoever fires it is told that it has, what it is fired with is dropped, and it stays as it was; the
 * source is spent then.  It can be cancelled as ever.  One for which nobody waits when it is fired, by a callback
 * or another deferred, fires all the same. */
TORC_API bool torc_scope_cancel_unfired(struct torc_scope *scope, size_t index);
TORC_API bool torc_scope_fail_unfired(struct torc_scope *scope, size_t index,
                                      struct torc_failure *failure);
TORC_API bool torc_scope_withhold_unfired(struct torc_scope *scope, size_t index);

/* Ends all withholding: those that were not fired yet fire as ever; of those that were, the ones that nobody can
 * cancel any more, because their sink end is dropped, or that of the one which waits for them, are cancelled.  A reactor
 * does it when its shutdown begins, so that withholding keeps none from stopping. */
TORC_API void torc_scope_release_withheld(struct torc_scope *scope);

/* The oldest that has not fired and that this has not told of: its index, as above, and place.  false: none. */
TORC_API TORC_CHECKED bool torc_scope_note_unfired(struct torc_scope *scope, size_t *out_index,
                                                   const char **out_site);
/* It is not to tell of any that is there now. */
TORC_API void torc_scope_note_all_unfired(struct torc_scope *scope);

#ifdef __cplusplus
}
#endif
#endif
