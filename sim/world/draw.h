/* draw.h - counter-based randomness: the n-th draw of a site on a host is a function of the
 * seed, the site, the host and n, and of nothing that happened in between.  So a consumer that
 * is added or removed shifts no other.
 *
 * The generator is Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy
 * as 1, 2, 3, SC 2011): the key is the seed, the counter is n and a hash of site and host. */
#ifndef TORCI_DRAW_H
#define TORCI_DRAW_H

#include <torc/scope.h>

struct torci_draw_stream;

/* Where a stream of two pointers was found last. */
struct torci_draw_place {
    const char *site;
    const char *host;
    size_t index;
};
enum { TORCI_DRAW_PLACES = 64 };

/* How often each (site, host) has drawn. */
struct torci_draw {
    uint64_t seed;
    struct torci_draw_stream *streams; /* open addressing; capacity is a power of two */
    size_t count;
    size_t capacity;
    struct torci_draw_place places[TORCI_DRAW_PLACES];
};

/* Errors: TORC_ENOMEM. */
TORC_CHECKED int torci_draw_init(struct torci_draw *draw, const struct torc_allocator *allocator,
                                 uint64_t seed);
void torci_draw_destroy(struct torci_draw *draw, const struct torc_allocator *allocator);

/* The next 64 bits of a stream.  Errors: TORC_ENOMEM; nothing is drawn. */
TORC_CHECKED int torci_draw_next(struct torci_draw *draw, const struct torc_allocator *allocator,
                                 const char *site, const char *host, uint64_t *out);

/* The same, with n. */
TORC_CHECKED int torci_draw_counted(struct torci_draw *draw, const struct torc_allocator *allocator,
                                    const char *site, const char *host, uint64_t *out_n,
                                    uint64_t *out);

/* The same for texts that stay as they are until torci_draw_forget: they are looked at once. */
TORC_CHECKED int torci_draw_of_literal(struct torci_draw *draw,
                                       const struct torc_allocator *allocator, const char *site,
                                       const char *host, uint64_t *out_n, uint64_t *out);

/* A text that was drawn with ends. */
void torci_draw_forget(struct torci_draw *draw);

/* One block of the generator. */
void torci_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

#endif
