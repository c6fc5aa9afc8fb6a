/* Patterns over bytes, re"...": compiled to a small program whose threads run side by side, so the time
 * is bounded by length of program x length of data whatever the pattern.  There is no end anchor: on a stream
 * the end of the data is only what has arrived so far. */
#include <stdlib.h>
#include <string.h>

#include "scenario_model.h"

enum { PROGRAM_MAX = 2048, DEPTH_MAX = 32, REPEAT_MAX = 1000 };

enum operation { OP_SET, OP_SPLIT, OP_JUMP, OP_MATCH };

/* Jumps are relative, so a piece of program can be moved. */
struct instruction {
    enum operation operation;
    int32_t first; /* SPLIT: both ways; JUMP: the way */
    int32_t second;
    uint64_t set[4]; /* SET: which bytes */
};

struct torci_pattern {
    size_t count;
    struct instruction *program;
};

struct compiler {
    const char *text;
    size_t bytes;
    size_t at;
    size_t depth;
    struct instruction *program; /* PROGRAM_MAX of them */
    size_t count;
    const char *why;
};

static int wrong(struct compiler *compiler, const char *why)
{
    compiler->why = why;
    return TORC_ESYNTAX;
}

/* --- compiling ----------------------------------------------------------------------------------- */

/* Makes room for one instruction at `where`. */
static int insert(struct compiler *compiler, size_t where, struct instruction **out)
{
    if (compiler->count == PROGRAM_MAX)
        return wrong(compiler, "the pattern is too large");
    memmove(&compiler->program[where + 1], &compiler->program[where],
            (compiler->count - where) * sizeof(compiler->program[0]));
    compiler->count++;
    memset(&compiler->program[where], 0, sizeof(compiler->program[0]));
    *out = &compiler->program[where];
    return 0;
}

static void set_add(uint64_t *set, unsigned byte)
{
    set[byte / 64] |= UINT64_C(1) << (byte % 64);
}

static bool set_has(const uint64_t *set, unsigned byte)
{
    return (set[byte / 64] >> (byte % 64)) & 1;
}

static void set_add_range(uint64_t *set, unsigned first, unsigned last)
{
    for (unsigned byte = first; byte <= last; byte++)
        set_add(set, byte);
}

static void set_invert(uint64_t *set)
{
    for (size_t i = 0; i < 4; i++)
        set[i] = ~set[i];
}

static int hex(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *digit = c == '\0' ? NULL : strchr(digits, c);

    return digit == NULL ? -1 : (int)(digit - digits);
}

/* After a backslash.  *single is the byte, or -1 for a class. */
static int read_escape(struct compiler *compiler, uint64_t *set, int *single)
{
    static const char names[] = "nrtfv0";
    static const char values[] = "\n\r\t\f\v\0";
    static const char classes[] = "dDwWsS";
    const char *found;
    char c;

    if (compiler->at >= compiler->bytes)
        return wrong(compiler, "nothing follows the backslash");
    c = compiler->text[compiler->at++];
    *single = -1;
    if (c == 'x') {
        int high = compiler->at < compiler->bytes ? hex(compiler->text[compiler->at]) : -1;
        int low = compiler->at + 1 < compiler->bytes ? hex(compiler->text[compiler->at + 1]) : -1;

        if (high < 0 || low < 0)
            return wrong(compiler, "\\x takes two hexadecimal digits in lower case");
        compiler->at += 2;
        *single = high * 16 + low;
    } else if ((found = strchr(names, c)) != NULL && c != '\0') {
        *single = (unsigned char)values[found - names];
    } else if (strchr(classes, c) != NULL && c != '\0') {
        if (c == 'd' || c == 'D' || c == 'w' || c == 'W')
            set_add_range(set, '0', '9');
        if (c == 'w' || c == 'W') {
            set_add_range(set, 'a', 'z');
            set_add_range(set, 'A', 'Z');
            set_add(set, '_');
        }
        if (c == 's' || c == 'S') {
            set_add_range(set, '\t', '\r');
            set_add(set, ' ');
        }
        if (c == 'D' || c == 'W' || c == 'S')
            set_invert(set);
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
        return wrong(compiler, "no such escape in a pattern: there are \\d \\w \\s \\D \\W \\S \\n \\r "
                               "\\t \\f \\v \\0 \\xHH, and \\ before a sign stands for the sign");
    } else {
        *single = (unsigned char)c;
    }
    if (*single >= 0)
        set_add(set, (unsigned)*single);
    return 0;
}

/* One member of [...], or the first end of a range. */
static int read_member(struct compiler *compiler, uint64_t *set, int *single)
{
    char c = compiler->text[compiler->at++];

    if (c == '\\')
        return read_escape(compiler, set, single);
    *single = (unsigned char)c;
    set_add(set, (unsigned char)c);
    return 0;
}

static int read_class(struct compiler *compiler, uint64_t *set)
{
    bool inverted = compiler->at < compiler->bytes && compiler->text[compiler->at] == '^';
    bool first = true;

    if (inverted)
        compiler->at++;
    for (;; first = false) {
        int low;
        int high;
        int code;

        if (compiler->at >= compiler->bytes)
            return wrong(compiler, "the [ has no ]");
        if (compiler->text[compiler->at] == ']' && !first)
            break;
        code = read_member(compiler, set, &low);
        if (code != 0)
            return code;
        if (compiler->bytes - compiler->at < 2 || compiler->text[compiler->at] != '-' ||
            compiler->text[compiler->at + 1] == ']')
            continue;
        compiler->at++;
        code = read_member(compiler, set, &high);
        if (code != 0)
            return code;
        if (low < 0 || high < low)
            return wrong(compiler, "a range in [] goes from a lower byte to a higher one");
        set_add_range(set, (unsigned)low, (unsigned)high);
    }
    compiler->at++;
    if (inverted)
        set_invert(set);
    return 0;
}

static int compile_alternatives(struct compiler *compiler);

static int compile_atom(struct compiler *compiler)
{
    struct instruction *instruction;
    int single;
    int code;
    char c = compiler->text[compiler->at++];

    if (c == '(') {
        if (compiler->depth == DEPTH_MAX)
            return wrong(compiler, "too many groups within groups");
        compiler->depth++;
        code = compile_alternatives(compiler);
        compiler->depth--;
        if (code != 0)
            return code;
        if (compiler->at >= compiler->bytes)
            return wrong(compiler, "the ( has no )");
        compiler->at++;
        return 0;
    }
    if (strchr("*+?{", c) != NULL && c != '\0')
        return wrong(compiler, "there is nothing to repeat");
    if (c == '$')
        return wrong(compiler, "$ has no meaning in a stream: write the bytes that come last");
    code = insert(compiler, compiler->count, &instruction);
    if (code != 0)
        return code;
    instruction->operation = OP_SET;
    if (c == '.') {
        set_invert(instruction->set);
        instruction->set['\n' / 64] &= ~(UINT64_C(1) << '\n');
        return 0;
    }
    if (c == '[')
        return read_class(compiler, instruction->set);
    if (c == '\\')
        return read_escape(compiler, instruction->set, &single);
    set_add(instruction->set, (unsigned char)c);
    return 0;
}

static int read_number(struct compiler *compiler, unsigned *out)
{
    unsigned number = 0;
    size_t begin = compiler->at;

    while (compiler->at < compiler->bytes && compiler->text[compiler->at] >= '0' &&
           compiler->text[compiler->at] <= '9') {
        number = number * 10 + (unsigned)(compiler->text[compiler->at++] - '0');
        if (number > REPEAT_MAX)
            return wrong(compiler, "repeated too often: 1000 times is the most");
    }
    if (compiler->at == begin)
        return wrong(compiler, "{} takes a number of times: {3} {3,} {3,5}");
    *out = number;
    return 0;
}

/* The repetition after an atom: from `*min` times to `*max` (0: without end); none: once. */
static int read_repetition(struct compiler *compiler, unsigned *min, unsigned *max)
{
    char c = compiler->at < compiler->bytes ? compiler->text[compiler->at] : 'x';
    int code;

    *min = 1;
    *max = 1;
    if (c != '*' && c != '+' && c != '?' && c != '{')
        return 0;
    compiler->at++;
    if (c != '{') {
        *min = c == '+' ? 1 : 0;
        *max = c == '?' ? 1 : 0;
        return 0;
    }
    code = read_number(compiler, min);
    if (code != 0)
        return code;
    *max = *min;
    if (compiler->at < compiler->bytes && compiler->text[compiler->at] == ',') {
        compiler->at++;
        *max = 0;
        if (compiler->at < compiler->bytes && compiler->text[compiler->at] != '}') {
            code = read_number(compiler, max);
            if (code != 0)
                return code;
            if (*max == 0 || *max < *min)
                return wrong(compiler, "the second number in {} is the larger one");
        }
    } else if (*min == 0) {
        return wrong(compiler, "{0} never matches anything");
    }
    if (compiler->at >= compiler->bytes || compiler->text[compiler->at] != '}')
        return wrong(compiler, "the { has no }");
    compiler->at++;
    return 0;
}

/* Makes the program from `begin` on optional, or repeated without end. */
static int make_optional(struct compiler *compiler, size_t begin, bool again)
{
    struct instruction *split;
    struct instruction *jump;
    int32_t length = (int32_t)(compiler->count - begin);
    int code = insert(compiler, begin, &split);

    if (code != 0)
        return code;
    split->operation = OP_SPLIT;
    split->first = 1;
    split->second = length + (again ? 2 : 1);
    if (!again)
        return 0;
    code = insert(compiler, compiler->count, &jump);
    if (code != 0)
        return code;
    jump->operation = OP_JUMP;
    jump->first = -(length + 1);
    return 0;
}

/* An atom and its repetition: the atom is compiled once for every time it may occur. */
static int compile_piece(struct compiler *compiler)
{
    size_t text_begin = compiler->at;
    size_t begin = compiler->count;
    size_t text_end;
    unsigned min;
    unsigned max;
    unsigned copies;
    int code = compile_atom(compiler);

    if (code == 0)
        code = read_repetition(compiler, &min, &max);
    if (code != 0)
        return code;
    text_end = compiler->at;
    if (compiler->count == begin && (min != 1 || max != 1))
        return wrong(compiler, "there is nothing to repeat");
    copies = max != 0 ? max : min + 1;
    for (unsigned i = 0; i < copies; i++) {
        if (i > 0) {
            begin = compiler->count;
            compiler->at = text_begin;
            code = compile_atom(compiler);
            if (code != 0)
                return code;
        }
        if (i >= min)
            code = make_optional(compiler, begin, max == 0);
        if (code != 0)
            return code;
    }
    compiler->at = text_end;
    return 0;
}

static int compile_sequence(struct compiler *compiler)
{
    int code = 0;

    while (code == 0 && compiler->at < compiler->bytes && compiler->text[compiler->at] != '|' &&
           compiler->text[compiler->at] != ')')
        code = compile_piece(compiler);
    return code;
}

static int compile_alternatives(struct compiler *compiler)
{
    size_t begin = compiler->count;
    struct instruction *split;
    struct instruction *jump;
    int code = compile_sequence(compiler);

    if (code != 0 || compiler->at >= compiler->bytes || compiler->text[compiler->at] != '|')
        return code;
    compiler->at++;
    code = insert(compiler, begin, &split);
    if (code != 0)
        return code;
    split->operation = OP_SPLIT;
    split->first = 1;
    code = insert(compiler, compiler->count, &jump);
    if (code != 0)
        return code;
    jump->operation = OP_JUMP;
    compiler->program[begin].second = (int32_t)(compiler->count - begin);
    {
        size_t jump_at = compiler->count - 1;

        if (compiler->depth == DEPTH_MAX)
            return wrong(compiler, "too many alternatives");
        compiler->depth++;
        code = compile_alternatives(compiler);
        compiler->depth--;
        compiler->program[jump_at].first = (int32_t)(compiler->count - jump_at);
    }
    return code;
}

int torci_pattern_compile(struct torc_scenario *scenario, const char *text, size_t bytes,
                          const struct torci_pattern **out, const char **why, size_t *out_wrong)
{
    struct compiler compiler = {.text = text, .bytes = bytes, .why = "out of memory"};
    struct torci_pattern *pattern = torci_scenario_alloc(scenario, sizeof(*pattern));
    struct instruction *last;
    int code;

    *why = compiler.why;
    *out_wrong = 0;
    compiler.program = malloc(PROGRAM_MAX * sizeof(compiler.program[0]));
    if (pattern == NULL || compiler.program == NULL) {
        free(compiler.program);
        return TORC_ENOMEM;
    }
    if (bytes > 0 && text[0] == '^')
        compiler.at = 1;
    code = compile_alternatives(&compiler);
    if (code == 0 && compiler.at < bytes)
        code = wrong(&compiler, "the ) has no (");
    if (code == 0)
        code = insert(&compiler, compiler.count, &last);
    if (code == 0) {
        last->operation = OP_MATCH;
        pattern->count = compiler.count;
        pattern->program = torci_scenario_alloc(scenario, compiler.count * sizeof(*last));
        if (pattern->program == NULL)
            code = TORC_ENOMEM;
        else
            memcpy(pattern->program, compiler.program, compiler.count * sizeof(*last));
    } else {
        *why = compiler.why;
        *out_wrong = compiler.at > 0 ? compiler.at - 1 : 0;
    }
    free(compiler.program);
    if (code == 0)
        *out = pattern;
    return code;
}

/* --- matching ------------------------------------------------------------------------------------ */

/* The places in the program the threads are at: each at most once. */
struct threads {
    uint16_t at[PROGRAM_MAX];
    size_t count;
    uint64_t present[PROGRAM_MAX / 64];
};

static bool add_one(struct threads *threads, int64_t at)
{
    if ((threads->present[at / 64] >> (at % 64)) & 1)
        return false;
    threads->present[at / 64] |= UINT64_C(1) << (at % 64);
    threads->at[threads->count++] = (uint16_t)at;
    return true;
}

/* Follows jumps: the list is its own queue.  Returns whether MATCH is among them. */
static bool settle(const struct torci_pattern *pattern, struct threads *threads)
{
    bool matched = false;

    for (size_t i = 0; i < threads->count; i++) {
        int64_t at = threads->at[i];
        const struct instruction *instruction = &pattern->program[at];

        if (instruction->operation == OP_MATCH) {
            matched = true;
        } else if (instruction->operation == OP_JUMP) {
            (void)add_one(threads, at + instruction->first);
        } else if (instruction->operation == OP_SPLIT) {
            (void)add_one(threads, at + instruction->first);
            (void)add_one(threads, at + instruction->second);
        }
    }
    return matched;
}

enum torci_match torci_pattern_match(const struct torci_pattern *pattern, const uint8_t *data,
                                     size_t bytes, size_t *out_bytes)
{
    struct threads lists[2];
    struct threads *now = &lists[0];
    struct threads *next = &lists[1];

    memset(now, 0, sizeof(*now));
    (void)add_one(now, 0);
    for (size_t i = 0;; i++) {
        struct threads *other = now;

        *out_bytes = i;
        if (settle(pattern, now))
            return TORCI_MATCH_YES;
        if (i == bytes)
            return TORCI_MATCH_NOT_YET;
        memset(next, 0, sizeof(*next));
        for (size_t j = 0; j < now->count; j++) {
            const struct instruction *instruction = &pattern->program[now->at[j]];

            if (instruction->operation == OP_SET && set_has(instruction->set, data[i]))
                (void)add_one(next, (int64_t)now->at[j] + 1);
        }
        if (next->count == 0)
            return TORCI_MATCH_NEVER;
        now = next;
        next = other;
    }
}
