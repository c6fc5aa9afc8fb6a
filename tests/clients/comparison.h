/* comparison.h - the same requests to kv and to Redis, and the replies side by side. */
#ifndef TORC_TEST_COMPARISON_H
#define TORC_TEST_COMPARISON_H

#include <stddef.h>

struct comparison_case {
    const char *request; /* as sent; one that is no line, or that ends the connection, in full */
    size_t bytes;
    const char *difference; /* NULL: the replies must be equal; else why they are not */
};

extern const struct comparison_case comparison_cases[];
extern const size_t comparison_case_count;

/* Sends the request and then, on the same connection, one that marks the end of its replies; returns what
 * came before that, or all there was if the connection was closed.  The caller frees it.  NULL: no
 * answer. */
char *comparison_ask(const char *socket_path, const struct comparison_case *one, size_t *out_bytes);

#endif
