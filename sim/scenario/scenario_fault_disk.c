/* on disk: what goes wrong with the files of a host. */
#include <string.h>

#include <sqlite3.h>

#include "scenario_fault.h"

#define ACCIDENTS "fail, short, lie, rot or delay"

/* op=write,sync: one or several. */
static int read_operations(struct torci_parser *parser, const struct torci_fault_match *match,
                           unsigned *out)
{
    static const char *const names[] = {"open", "read", "write", "truncate", "sync", "delete",
                                        "lock", NULL};
    const struct torci_word *word = match->op;
    unsigned operations = 0;

    for (size_t at = match->op_offset;;) {
        size_t bytes = strcspn(word->text + at, ",");
        const char *name = torci_scenario_copy(parser->scenario, word->text + at, bytes);
        size_t i = 0;

        if (name == NULL)
            return TORC_ENOMEM;
        while (names[i] != NULL && strcmp(names[i], name) != 0)
            i++;
        if (names[i] == NULL)
            return torci_parse_unknown(parser, word, at, torc_name_nearest(name, names),
                                       "unknown operation '%.64s' of a disk", name);
        operations |= 1u << i;
        if (word->text[at + bytes] == '\0')
            break;
        at += bytes + 1;
    }
    *out = operations;
    return 0;
}

/* An accident of one operation only. */
static int need_operation(struct torci_parser *parser,
                          const struct torci_fault_match *match, unsigned operation,
                          const char *sentence, struct torci_script_fault *fault)
{
    if (match->op != NULL && fault->disk.operations != operation)
        return torci_parse_error(parser, match->op, match->op_offset, "%s", sentence);
    fault->disk.operations = operation;
    return 0;
}

/* The operations that fail with a code, where the line does not say which. */
static unsigned operations_with(int code)
{
    switch (code) {
    case SQLITE_IOERR_READ:
    case SQLITE_IOERR_SHORT_READ:
        return TORC_DISK_READ;
    case SQLITE_IOERR_WRITE:
    case SQLITE_FULL:
        return TORC_DISK_WRITE;
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC:
        return TORC_DISK_SYNC;
    case SQLITE_IOERR_TRUNCATE:
        return TORC_DISK_TRUNCATE;
    case SQLITE_IOERR_DELETE:
        return TORC_DISK_DELETE;
    case SQLITE_IOERR_LOCK:
    case SQLITE_BUSY:
        return TORC_DISK_LOCK;
    default:
        return (code & 0xff) == SQLITE_CANTOPEN ? TORC_DISK_OPEN : TORC_DISK_ANY;
    }
}

static int parse_fail(struct torci_fault_reader *reader, struct torci_script_fault *fault)
{
    const struct torci_word *word = torci_fault_next_word(reader);

    fault->disk.kind = TORC_DISK_FAIL;
    if (word == NULL)
        return torci_parse_error_end(reader->parser,
                                     "fail with which code? SQLITE_IOERR_WRITE, SQLITE_FULL, ...");
    if (torci_fault_read_code(reader->parser, word, &fault->disk.code) != 0)
        return TORC_ESYNTAX;
    if (fault->disk.operations == TORC_DISK_ANY)
        fault->disk.operations = operations_with(fault->disk.code);
    return 0;
}

static int parse_short(struct torci_fault_reader *reader, struct torci_script_fault *fault)
{
    const struct torci_word *word = torci_fault_next_word(reader);
    const char *why = NULL;

    fault->disk.kind = TORC_DISK_SHORT;
    if (word == NULL)
        return torci_parse_error_end(reader->parser, "how much is written? short 512");
    if (torci_value_size(word->text, &fault->disk.bytes, &why) != 0)
        return torci_parse_error(reader->parser, word, 0, "%s", why);
    return 0;
}

static int parse_lie(struct torci_fault_reader *reader, struct torci_script_fault *fault)
{
    (void)reader;
    fault->disk.kind = TORC_DISK_LIE;
    return 0;
}

static int parse_rot(struct torci_fault_reader *reader, struct torci_script_fault *fault)
{
    static const char *const keys[] = {"bit", NULL};
    const struct torci_word *word = torci_fault_next_word(reader);
    const char *why = NULL;
    size_t key = 0;
    size_t value = 0;
    int code;

    fault->disk.kind = TORC_DISK_ROT;
    if (word == NULL)
        return torci_parse_error_end(reader->parser, "which bit? rot bit=0");
    reader->seen = 0;
    code = torci_fault_read_key(reader, word, keys, NULL, &key, &value);
    if (code == 0 && torci_value_count(word->text + value, &fault->disk.bit, &why) != 0)
        return torci_parse_error(reader->parser, word, value, "%s", why);
    return code;
}

static int parse_delay(struct torci_fault_reader *reader, struct torci_script_fault *fault)
{
    const struct torci_word *word = torci_fault_next_word(reader);

    fault->disk.kind = TORC_DISK_DELAY;
    if (word == NULL)
        return torci_parse_error_end(reader->parser, "how long? delay 30ms");
    return torci_word_duration(reader->parser, word, 0, &fault->disk.delay_ns);
}

static int read_effect(struct torci_fault_reader *reader, const struct torci_fault_match *match,
                       struct torci_script_fault *fault)
{
    static const struct {
        const char *name;
        int (*parse)(struct torci_fault_reader *reader, struct torci_script_fault *fault);
        unsigned operation; /* 0: of any */
        const char *sentence;
    } accidents[] = {
        {"fail", parse_fail, 0, NULL},
        {"short", parse_short, TORC_DISK_WRITE, "only a write is short: op=write"},
        {"lie", parse_lie, TORC_DISK_SYNC, "only a sync lies: op=sync"},
        {"rot", parse_rot, TORC_DISK_READ, "rot is found by a read: op=read"},
        {"delay", parse_delay, 0, NULL},
    };
    static const char *const names[] = {"fail", "short", "lie", "rot", "delay", NULL};
    struct torci_parser *parser = reader->parser;
    const struct torci_word *word = torci_fault_next_word(reader);
    size_t i = 0;
    int code;

    if (word == NULL)
        return torci_parse_error_end(parser, "what happens then? " ACCIDENTS);
    while (names[i] != NULL && strcmp(names[i], word->text) != 0)
        i++;
    if (names[i] == NULL)
        return torci_parse_unknown(parser, word, 0, torc_name_nearest(word->text, names),
                                   "unknown fault '%.64s'", word->text);
    code = accidents[i].parse(reader, fault);
    if (code == 0 && accidents[i].operation != 0)
        code = need_operation(parser, match, accidents[i].operation, accidents[i].sentence,
                              fault);
    word = torci_fault_next_word(reader);
    if (code == 0 && word != NULL)
        return torci_parse_error(parser, word, 0, "'%s' takes nothing more", names[i]);
    return code;
}

int torci_parse_disk_fault(struct torci_parser *parser)
{
    static const char *const keys[] = {"file", "n", "times", "op", NULL};
    const struct torci_line *line = parser->line;
    const struct torc_disk_fault empty = TORC_DISK_FAULT_INIT;
    struct torci_script_fault *fault = torci_scenario_alloc(parser->scenario, sizeof(*fault));
    struct torci_fault_reader reader = {parser, 3, 0};
    struct torci_fault_match match = {NULL, 0, 0, false, NULL, 0};
    int code;

    if (line->word_count < 3)
        return torci_parse_error_end(parser, "which host's disk? on disk HOST ... : fail ...");
    if (fault == NULL)
        return TORC_ENOMEM;
    fault->host = torci_find_script_host(parser->scenario, line->words[2].text, line->words[2].bytes);
    if (fault->host == NULL)
        return torci_parse_no_host(parser, &line->words[2], 0, line->words[2].bytes);
    if (fault->host->module == NULL)
        return torci_parse_error(parser, &line->words[2], 0, "a peer runs no module and has no disk");
    code = torci_fault_read_match(&reader, keys, ACCIDENTS, &match);
    if (code != 0)
        return code;
    fault->kind = TORCI_FAULT_DISK;
    fault->disk = empty;
    fault->disk.file = match.pattern;
    fault->disk.n = match.n;
    fault->disk.times = match.times;
    if (match.op != NULL)
        code = read_operations(parser, &match, &fault->disk.operations);
    if (code == 0)
        code = read_effect(&reader, &match, fault);
    if (code == 0)
        torci_fault_add(parser, &match, fault);
    return code;
}
