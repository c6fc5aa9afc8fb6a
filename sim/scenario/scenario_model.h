/* scenario_model.h - a parsed scenario: what the parser makes and the runner and the printer read.
 *
 * Everything in it lies in the scenario's pile and lives until that is freed; nothing in it
 * changes after parsing.  Lists keep the order of the text. */
#ifndef TORCI_SCENARIO_MODEL_H
#define TORCI_SCENARIO_MODEL_H

#include <torc/database_fault.h>
#include <torc/deferred_fault.h>
#include <torc/operation_fault.h>
#include <torc/decision.h>
#include <torc/disk.h>
#include <torc/nearest_name.h>
#include <torc/network_fault.h>
#include <torc/scenario.h>
#include <torc/sim.h>

/* Memory that is only added to, cleared when given, and freed as a whole. */
struct torci_pile {
    struct torci_pile_block *blocks;
};
void *torci_pile_alloc(struct torci_pile *pile, size_t bytes); /* NULL: there is none */
const char *torci_pile_copy(struct torci_pile *pile, const char *text, size_t bytes);
void torci_pile_free(struct torci_pile *pile);

/* A text that was read: the scenario itself, an included one.  `text` ends with a NUL it does not count. */
struct torci_source {
    struct torci_source *next;
    const struct torci_source *included_by;
    const char *name;
    const char *text;
    size_t bytes;
};

/* What is between blanks.  A quoted string is part of the word it begins in, blanks and all. */
struct torci_word {
    const char *text; /* parameters replaced; ends with a NUL */
    size_t bytes;
    const char *raw; /* as it was written; not ended */
    size_t raw_bytes;
    unsigned column;
};

struct torci_line {
    struct torci_line *next;
    const struct torci_source *source;
    unsigned number;
    const char *raw; /* without its newline */
    size_t raw_bytes;
    struct torci_word *words;
    size_t word_count;
    const char *comment; /* from its '#'; NULL: none */
    size_t comment_bytes;
    bool timed; /* the first word is the time */
    const char *canonical; /* the words alone; not ended */
    size_t canonical_bytes;
    const char *printed; /* as it is laid out, with comment and newline; NULL: an empty line too many */
};

/* Where a failure points to. */
struct torci_place {
    const struct torci_line *line;
    unsigned column;
};

struct torci_bytes {
    const uint8_t *data;
    size_t bytes;
};

/* --- declarations ------------------------------------------------------------------------------- */

/* skew: drawn, evenly, up to so much either way, and added to the others. */
struct torci_script_clock {
    int64_t offset_ns;
    int32_t ppm;
    uint64_t skew_ns;
    int32_t skew_ppm;
};

/* Of a host that runs a module; all 0: an exact clock, no limits. */
struct torci_host_settings {
    struct torci_script_clock clock;
    uint32_t handles_max;
    uint64_t memory_bytes_max;
};

struct torci_script_host {
    struct torci_script_host *next;
    struct torci_place place;
    const char *name;
    const char *module;       /* NULL: a scripted peer */
    const char *const *pairs; /* the module's options: name, value, ..., NULL */
    struct torci_host_settings settings;
    size_t index;
};

enum torci_link_field {
    TORCI_LINK_DELAY = 1,
    TORCI_LINK_RATE = 2,
    TORCI_LINK_MTU = 4,
    TORCI_LINK_BUFFER = 8,
    TORCI_LINK_LOSS = 16,
    TORCI_LINK_DUP = 32,
    TORCI_LINK_REORDER = 64,
    TORCI_LINK_CORRUPT = 128,
    TORCI_LINK_QUEUE = 256
};

/* a,b; hosts NULL: every host. */
struct torci_script_hosts {
    const struct torci_script_host **hosts;
    size_t count;
};

/* a,b->c: from each to each. */
struct torci_script_paths {
    struct torci_script_hosts from;
    struct torci_script_hosts to;
    bool both_ways;
};

/* Later lines change what earlier ones set for a pair, field by field. */
struct torci_script_link {
    struct torci_script_link *next;
    struct torci_place place;
    struct torci_script_paths paths;
    unsigned fields; /* of enum torci_link_field */
    struct torc_link link;
};

/* One of the addresses of a name. */
struct torci_script_address {
    const struct torci_script_host *host; /* its own ones; NULL: `address` */
    struct torc_address address;
};

/* What a name is answered with; the last line of a name counts. */
struct torci_script_name {
    struct torci_script_name *next;
    const char *name;
    enum torc_name_answer answer;
    uint64_t delay_ns;
    size_t count;
    struct torci_script_address addresses[TORC_NAME_ADDRESSES_MAX / 2];
    struct torci_script_name *turn; /* the answer after this one; NULL: the first again */
    uint64_t flip_ns;               /* of the first: how long each holds; 0: for one lookup */
};

enum torci_disk_field {
    TORCI_DISK_SECTOR = 1,
    TORCI_DISK_CAPACITY = 2,
    TORCI_DISK_OP_TIME = 4,
    TORCI_DISK_SYNC_TIME = 8,
    TORCI_DISK_LIES = 16
};

/* A database of a host: a name its pool has, and a file.  What it says of the host's disk changes what earlier
 * lines have said, field by field. */
struct torci_script_database {
    struct torci_script_database *next;
    struct torci_place place;
    const struct torci_script_host *host;
    const char *name;
    const char *file;
    const char *schema; /* SQL; NULL: none */
    bool optional;      /* no pool need open it */
    unsigned disk_fields; /* of enum torci_disk_field */
    struct torc_disk_options disk;
};

enum torci_fault_kind { TORCI_FAULT_DATABASE, TORCI_FAULT_DISK, TORCI_FAULT_OPERATION, TORCI_FAULT_DEFERRED };

/* What goes wrong with statements, with the disk, or with an operation: of the three what `kind` says.  The texts lie
 * in the pile. */
struct torci_script_fault {
    struct torci_script_fault *next;
    struct torci_place place;
    const struct torci_script_host *host;
    enum torci_fault_kind kind;
    struct torc_database_fault fault;
    struct torc_disk_fault disk;
    struct torc_operation_fault operation;
    struct torc_deferred_fault deferred;
    bool optional; /* may stay unspent */
    size_t index;
};

struct torci_param {
    struct torci_param *next;
    const char *name;
    const char *value;
    bool wanted; /* a line declares or uses it */
};

/* --- conditions --------------------------------------------------------------------------------- */

enum torci_condition_kind {
    TORCI_CONDITION_NUMBER,
    TORCI_CONDITION_TEXT,
    TORCI_CONDITION_TIME,      /* t */
    TORCI_CONDITION_LEAKS,     /* leaks */
    TORCI_CONDITION_UNHANDLED, /* deferred.unhandled */
    TORCI_CONDITION_PROBE,     /* HOST.NAME; NAME, of the host under consideration, which is then no host here */
    TORCI_CONDITION_SITE,      /* site("NAME") */
    TORCI_CONDITION_RUNNING,   /* running(HOST) */
    TORCI_CONDITION_HELD,      /* held(HOST, "POINT") */
    TORCI_CONDITION_SQL,       /* sql(HOST.DATABASE, "STATEMENT") */
    TORCI_CONDITION_COUNT,     /* count(CONDITION): these five are about all hosts that run a module */
    TORCI_CONDITION_ALL,       /* all(CONDITION) */
    TORCI_CONDITION_ANY,       /* any(CONDITION) */
    TORCI_CONDITION_MAX,       /* max(PROBE) */
    TORCI_CONDITION_MIN,       /* min(PROBE) */
    TORCI_CONDITION_NOT,
    TORCI_CONDITION_AND,
    TORCI_CONDITION_OR,
    TORCI_CONDITION_EQUAL,
    TORCI_CONDITION_DIFFERENT,
    TORCI_CONDITION_LESS,
    TORCI_CONDITION_LESS_OR_EQUAL,
    TORCI_CONDITION_GREATER,
    TORCI_CONDITION_GREATER_OR_EQUAL
};

struct torci_condition {
    enum torci_condition_kind kind;
    const struct torci_condition *left; /* NOT, and what is about all hosts: the operand */
    const struct torci_condition *right;
    const struct torci_script_host *host;
    const char *text;  /* probe, mark, literal text, name of a database; of what is about all hosts, as written */
    const char *statement;
    int64_t number;
    bool duration;     /* the number was written as one */
    size_t slot;       /* of a leaf that asks something: numbered through the scenario */
};

/* Whether it is one of the five that are about all hosts. */
static inline bool torci_condition_of_hosts(const struct torci_condition *condition)
{
    return condition->kind >= TORCI_CONDITION_COUNT && condition->kind <= TORCI_CONDITION_MIN;
}

/* --- the timeline ------------------------------------------------------------------------------- */

/* A name given by `as`, or a trigger's own.  `made_by` NULL: no line makes it, so that it never happens.  A connection
 * or a call happens and ends by itself; anything else happens when `made_by` is done and ends with `ended_by`; if
 * that is NULL at once, but an expectation when it is met. */
struct torci_label {
    struct torci_label *next;
    const char *name;
    const struct torci_step *made_by;
    const struct torci_step *ended_by;
    size_t index;
};

enum torci_time_kind {
    TORCI_TIME_AT,     /* at one instant */
    TORCI_TIME_WINDOW, /* from it to window_ns after it, both included */
    TORCI_TIME_ANY,    /* no time was written: from the line before, without end */
    TORCI_TIME_LAST,   /* when all else of the timeline is over: a window */
    TORCI_TIME_END     /* when nothing is left to happen */
};

/* rand(A..B) in a line: A and up to range_ns more, drawn in the run. */
struct torci_rand {
    const struct torci_rand *before; /* in the same time: the line counts from one that has some too */
    const struct torci_line *line;
    uint64_t least_ns;
    uint64_t range_ns;
    size_t index;
};

/* How long something takes: exactly so, or as much more as is drawn. */
struct torci_span {
    uint64_t least_ns;
    struct torci_rand *rand; /* NULL: exactly */
};

enum torci_net_kind { TORCI_NET_CUT, TORCI_NET_HEAL, TORCI_NET_FLAP, TORCI_NET_SWIZZLE };

/* What a net line does; the step that ends it after `lasts` heals. */
struct torci_script_net {
    enum torci_net_kind kind;
    struct torci_script_paths paths; /* swizzle: `from` are its hosts */
    struct torc_cut cut;
    struct torci_span lasts; /* 0: until it is healed */
    uint64_t up_ns; /* flap */
    uint64_t down_ns;
};

/* offset_ns, and what `rand` and those before it draw, after the anchor: the beginning of the run (label NULL), or when
 * the label happened or ended. */
struct torci_time {
    enum torci_time_kind kind;
    const struct torci_label *label;
    bool label_end;
    uint64_t offset_ns;
    uint64_t most_ns; /* offset_ns, and the most that can be drawn */
    const struct torci_rand *rand; /* or NULL */
    uint64_t window_ns;
};

enum torci_verb {
    TORCI_VERB_CONNECT,
    TORCI_VERB_LISTEN,
    TORCI_VERB_ACCEPT,
    TORCI_VERB_KILL,
    TORCI_VERB_CRASH,
    TORCI_VERB_RESTART,
    TORCI_VERB_SIGNAL,
    TORCI_VERB_SEND,
    TORCI_VERB_EXPECT,
    TORCI_VERB_CLOSE,
    TORCI_VERB_RESET,
    TORCI_VERB_SHUTDOWN,
    TORCI_VERB_PAUSE,
    TORCI_VERB_RESUME,
    TORCI_VERB_CALL,
    TORCI_VERB_DNS,
    TORCI_VERB_FAULTS,
    TORCI_VERB_NET,
    TORCI_VERB_CLOCK,
    TORCI_VERB_HOST_PAUSE,
    TORCI_VERB_HOST_RESUME,
    TORCI_VERB_STALL,
    TORCI_VERB_HOLD,
    TORCI_VERB_RELEASE,
    TORCI_VERB_OVER, /* the time that a line has taken is over */
    TORCI_VERB_CHECK /* expect or eventually CONDITION */
};

enum torci_expected {
    TORCI_EXPECTED_BYTES,
    TORCI_EXPECTED_PATTERN,
    TORCI_EXPECTED_CONNECTED,
    TORCI_EXPECTED_REFUSED,
    TORCI_EXPECTED_TIMEOUT,
    TORCI_EXPECTED_END,
    TORCI_EXPECTED_CLOSE,
    TORCI_EXPECTED_RESET,
    TORCI_EXPECTED_NOTHING,
    TORCI_EXPECTED_RESULT, /* of a call */
    TORCI_EXPECTED_FAILURE
};

struct torci_step {
    struct torci_step *next;
    struct torci_place place;
    size_t index;
    struct torci_time time;
    enum torci_verb verb;
    const struct torci_script_host *host; /* of what is done to a host */
    const struct torci_label *label;      /* of what is done to a connection */
    const struct torci_label *as;
    /* connect, listen, accept */
    const struct torci_script_host *remote;
    uint16_t port;
    uint32_t backlog;
    /* signal */
    int signal_number;
    /* crash */
    enum torc_power_loss loss;
    /* What a line before has ordered: the end of its action, and of the label that has */
    bool implied;
    const struct torci_label *ends;
    /* send, expect */
    struct torci_bytes payload;  /* times= is already done */
    size_t segment_bytes;        /* 0: in one */
    enum torci_expected expected;
    const struct torci_pattern *pattern;
    const struct torci_script_host *by;
    const struct torci_condition *condition;
    bool eventually; /* without a time: holds whatever faults were decided */
    /* faults */
    bool on;
    /* pause, stall */
    uint64_t for_ns;
    /* clock */
    int64_t clock_step_ns; /* 0: none */
    bool drift_given;
    int32_t ppm;
    /* call: what is called on the host, and its arguments, as a module's options; restart: another module, and other
     * options, NULL for the same; expect result, failure: the text or the name of the type, NULL for any; hold and release:
     * the point */
    const char *name;
    const char *const *pairs;
    const struct torci_script_host *caller;
    const struct torci_script_name *dns;
    const struct torci_script_net *net;
    uint64_t after_bytes; /* reset: when so many have come; 0: at once */
    bool optional; /* hold: no job need come; reset: nor so many bytes */
};

/* when CONDITION : ACTION.  The action's time is that of `label`, which happens when the condition is first true. */
struct torci_trigger {
    struct torci_trigger *next;
    struct torci_place place;
    const struct torci_condition *condition;
    const struct torci_label *label;
    bool optional; /* it may never fire */
    size_t index;
};

enum torci_assertion_kind { TORCI_ALWAYS, TORCI_NEVER, TORCI_SOMETIMES };

/* What holds, or is true once, without a time. */
struct torci_assertion {
    struct torci_assertion *next;
    struct torci_place place;
    enum torci_assertion_kind kind;
    const struct torci_condition *condition;
    size_t index;
};

struct torci_warning {
    struct torci_warning *next;
    const char *text;
};

/* split CONNECTION c2s at=17 */
struct torci_script_split {
    struct torci_script_split *next;
    struct torc_scenario_split split;
};

struct torc_scenario {
    struct torci_pile pile;
    struct torci_source *sources; /* the first is the scenario itself */
    struct torci_line *lines;     /* of the scenario itself, in order, for the printer */
    const char *title;
    uint64_t seed;
    uint64_t limit_time_ns;
    uint64_t limit_events;
    bool campaigns;
    struct torc_scenario_exploration exploration;
    struct torc_scenario_sweeping sweeping;
    bool sweeps_faults; /* a line says which */
    struct torci_script_split *splits;
    struct torci_param *params;
    struct torci_script_host *hosts;
    size_t host_count;
    struct torci_script_link *links;
    struct torci_script_name *names;
    struct torc_decision *decisions; /* of `decide` lines, in order */
    size_t decision_count;
    size_t decision_room;
    bool decided_only; /* what they do not say is the default, whatever is drawn */
    struct torci_script_database *databases;
    struct torci_script_fault *faults;
    size_t fault_count;
    struct torci_label *labels;
    size_t label_count;
    struct torci_step *steps;
    size_t step_count;
    size_t rand_count;
    struct torci_trigger *triggers;
    size_t trigger_count;
    struct torci_assertion *assertions;
    size_t assertion_count;
    size_t slot_count; /* of leaves of conditions */
    struct torci_warning *warnings;
};

/* --- memory ------------------------------------------------------------------------------------- */

/* In the scenario's pile. */
void *torci_scenario_alloc(struct torc_scenario *scenario, size_t bytes);
/* A copy that ends with a NUL. */
const char *torci_scenario_copy(struct torc_scenario *scenario, const char *text, size_t bytes);

/* --- values (scenario_value.c) ------------------------------------------------------------------ */

/* Each reads the whole of `text`.  0, or TORC_ESYNTAX and then *why is a sentence that goes on from "NAME: "
 * and the out-parameter is untouched. */
TORC_CHECKED int torci_value_duration(const char *text, uint64_t *out_ns, const char **why);
TORC_CHECKED int torci_value_size(const char *text, uint64_t *out_bytes, const char **why);
/* A part of all, in millionths. */
TORC_CHECKED int torci_value_share(const char *text, uint64_t *out_ppm, const char **why);
TORC_CHECKED int torci_value_rate(const char *text, uint64_t *out_bits, const char **why);
TORC_CHECKED int torci_value_count(const char *text, uint64_t *out, const char **why);
/* Digits only: all `bytes` of the text. */
TORC_CHECKED int torci_value_digits(const char *text, size_t bytes, uint64_t *out, const char **why);
/* 7, 1..20, or 3.. with `open`, whose end is UINT64_MAX.  The end is not before the start. */
TORC_CHECKED int torci_value_range(const char *text, bool open, uint64_t *out_first, uint64_t *out_last);

/* The bytes of "..." or x"...", quotes included in `text`; `out` holds as many bytes as `text` has.
 * *out_wrong is then the offset of what is wrong. */
TORC_CHECKED int torci_value_string(const char *text, size_t bytes, uint8_t *out, size_t *out_bytes,
                                    const char **why, size_t *out_wrong);

/* How the language writes a duration: "250us", "5s", "1.5ms"; and a string of bytes: "a\r\n", cut at
 * `shown_max` bytes with "..." and the number of the rest. */
size_t torci_show_duration(char *buffer, size_t size, uint64_t ns);
size_t torci_show_bytes(char *buffer, size_t size, const uint8_t *data, size_t bytes,
                        size_t shown_max);

/* --- patterns (scenario_pattern.c) -------------------------------------------------------------- */

struct torci_pattern;

/* Compiles the inside of re"...".  Errors: TORC_ENOMEM; TORC_ESYNTAX, with *why and *out_wrong as above. */
TORC_CHECKED int torci_pattern_compile(struct torc_scenario *scenario, const char *text, size_t bytes,
                                       const struct torci_pattern **out, const char **why,
                                       size_t *out_wrong);

enum torci_match { TORCI_MATCH_YES, TORCI_MATCH_NOT_YET, TORCI_MATCH_NEVER };

/* Whether some beginning of `data` matches: the shortest counts, so that the answer does not depend on how
 * the bytes were cut into segments.  NOT_YET: more bytes may make it match.  *out_bytes: how many it takes
 * (YES), or how many there are before the one that no match has (NEVER). */
enum torci_match torci_pattern_match(const struct torci_pattern *pattern, const uint8_t *data,
                                     size_t bytes, size_t *out_bytes);

#endif
