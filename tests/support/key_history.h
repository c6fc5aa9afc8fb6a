/* key_history.h - what a writer knows of one key: how many changes it has sent and how many of them were
 * acknowledged.
 *
 * Changes are numbered from 1.  Every seventh removes the key, the others set it to their number; so what
 * is found later tells which change was the last to be kept. */
#ifndef TORC_TEST_KEY_HISTORY_H
#define TORC_TEST_KEY_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

struct key_history {
    uint64_t sent;
    uint64_t acked;
};

static inline bool key_history_removes(uint64_t number)
{
    return number % 7 == 0;
}

/* The number of the change that left what was found: `value` if `present`.  It can be the last one
 * acknowledged or any that was sent after it.  UINT64_MAX: it is none of these, so something was lost or was
 * never sent. */
static inline uint64_t key_history_find(const struct key_history *history, bool present,
                                        uint64_t value)
{
    for (uint64_t number = history->sent; number + 1 > history->acked; number--) {
        bool absent = number == 0 || key_history_removes(number);

        if (present ? !absent && number == value : absent)
            return number;
        if (number == 0)
            break;
    }
    return UINT64_MAX;
}

#endif
