/* scenario_token.h - the words of a condition as tokens: a word may hold several, and blanks only separate them. */
#ifndef TORCI_SCENARIO_TOKEN_H
#define TORCI_SCENARIO_TOKEN_H

#include "scenario_parser.h"

enum { TORCI_TOKEN_BYTES_MAX = 4096 };

enum torci_token_kind {
    TORCI_TOKEN_END,
    TORCI_TOKEN_NAME,
    TORCI_TOKEN_NUMBER,
    TORCI_TOKEN_STRING,
    TORCI_TOKEN_SIGN
};

/* Reads the words from `word` up to `end`. */
struct torci_tokens {
    struct torci_parser *parser;
    size_t word;
    size_t end;
    size_t offset; /* in the word */
    size_t depth;
    size_t nodes; /* made so far */
    bool of_each; /* within count( ) and the like: a name alone is a probe of the host under consideration */
    /* The present token. */
    enum torci_token_kind kind;
    size_t token_word;
    size_t token_offset;
    char text[TORCI_TOKEN_BYTES_MAX];
    const char *string; /* of TORCI_TOKEN_STRING */
};

/* The next token becomes the present one.  Errors: TORC_ENOMEM, TORC_ESYNTAX. */
TORC_CHECKED int torci_token_next(struct torci_tokens *reader);
/* The word the present token is in. */
const struct torci_word *torci_token_word(const struct torci_tokens *reader);
bool torci_token_is_sign(const struct torci_tokens *reader, const char *sign);
/* Describes what is wrong at the present token and returns TORC_ESYNTAX. */
int torci_token_fail(struct torci_tokens *reader, const char *sentence);

#endif
