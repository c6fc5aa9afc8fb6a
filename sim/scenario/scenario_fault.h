/* scenario_fault.h - lines of databases, and of what goes wrong with them and with disks, while they are read.
 *
 *   scenario_fault.c            words, keys, codes; what is said before the colon
 *   scenario_fault_database.c   on db: statements
 *   scenario_fault_disk.c       on disk: files
 *   scenario_fault_deferred.c   on deferred: results that are awaited
 *   scenario_fault_operation.c  on HOST OPERATION: sockets, lookups, jobs, memory
 *   scenario_database.c         db: uses the same words */
#ifndef TORCI_SCENARIO_FAULT_H
#define TORCI_SCENARIO_FAULT_H

#include "scenario_parser.h"

/* The words of a line are taken one after the other. */
struct torci_fault_reader {
    struct torci_parser *parser;
    size_t next;
    unsigned seen; /* bit i: the key of that index was given */
};

/* NULL: none is left. */
const struct torci_word *torci_fault_next_word(struct torci_fault_reader *reader);

/* KEY=... or, for the key named `pattern` (NULL: none), KEY~...: which of `keys` it is, each at most once, and
 * where its value begins. */
TORC_CHECKED int torci_fault_read_key(struct torci_fault_reader *reader,
                                      const struct torci_word *word, const char *const *keys,
                                      const char *pattern, size_t *out_index, size_t *out_value);
/* A number from 1. */
TORC_CHECKED int torci_fault_read_number(struct torci_parser *parser,
                                         const struct torci_word *word, size_t offset,
                                         uint64_t *out);
/* The name of a result code that is an error. */
TORC_CHECKED int torci_fault_read_code(struct torci_parser *parser, const struct torci_word *word,
                                       int *out);

/* What is said before the colon. */
struct torci_fault_match {
    const char *pattern; /* NULL: any */
    uint64_t n;          /* 0: not said */
    uint64_t times;
    bool optional;
    const struct torci_word *op; /* NULL: not said */
    size_t op_offset;
};

/* Up to the colon.  `keys` are the pattern's, "n", "times" and perhaps "op"; `accidents` is what may come
 * then, for the error if nothing does. */
TORC_CHECKED int torci_fault_read_match(struct torci_fault_reader *reader, const char *const *keys,
                                        const char *accidents, struct torci_fault_match *match);

/* Adds the fault the line has turned out to be. */
void torci_fault_add(struct torci_parser *parser, const struct torci_fault_match *match,
                     struct torci_script_fault *fault);

TORC_CHECKED int torci_parse_database_fault(struct torci_parser *parser);
TORC_CHECKED int torci_parse_disk_fault(struct torci_parser *parser);
TORC_CHECKED int torci_parse_deferred_fault(struct torci_parser *parser);
/* Its second word is a host. */
TORC_CHECKED int torci_parse_operation_fault(struct torci_parser *parser);

#endif
