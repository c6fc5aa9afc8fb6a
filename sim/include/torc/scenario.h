/* torc/scenario.h - scenarios: what happens to simulated hosts, and what must be true of it, as a text.
 *
 * A scenario is parsed from a text (docs/scenario.md is its grammar) and run in a world made for it.  Both are
 * pure: no file is opened and nothing is printed here; files come from a callback and results are a
 * report.  `torc run` is these calls and a printer.
 *
 *     torc_scenario_parse(text, bytes, "line.scn", NULL, &scenario, &error);
 *     torc_scenario_run_options_init(&options);
 *     options.load = my_modules;
 *     torc_scenario_run(scenario, &options, &report);
 *     ... report->verdict, report->failures ...
 *     torc_scenario_report_free(report);
 *     torc_scenario_free(scenario);
 */
#ifndef TORC_SCENARIO_H
#define TORC_SCENARIO_H

#include <torc/decision.h>
#include <torc/module.h>
#include <torc/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

struct torc_scenario;

/* --- parsing ------------------------------------------------------------------------------------ */

/* Reads the file at `path`: 0, and *out_data is from malloc and taken (it may be NULL if *out_bytes is 0);
 * or an error, TORC_ENOTFOUND among them. */
typedef int torc_scenario_read_fn(void *arg, const char *path, char **out_data, size_t *out_bytes);

struct torc_scenario_parse_options {
    size_t size;                 /* sizeof(struct torc_scenario_parse_options) */
    torc_scenario_read_fn *read; /* for `include` and @file; NULL: there are no files */
    void *read_arg;
    const char *const *params; /* name, value, ..., NULL: instead of the values of `param` lines; or NULL */
};
#define TORC_SCENARIO_PARSE_OPTIONS_INIT {sizeof(struct torc_scenario_parse_options), NULL, NULL, NULL}

/* What is wrong with a text.  `text` is the whole message, several lines, newline at the end:
 *
 *     line.scn:7:14: unknown key 'dellay'; did you mean 'delay'?
 *         link cli<->srv dellay=2ms
 *                        ^
 *
 * `line` and `column` count from 1, in bytes; 0 if it is about the whole. */
struct torc_scenario_error {
    unsigned line;
    unsigned column;
    char file[256];
    char text[1024];
};

/* Parses a text.  `name` is how messages call it, and paths in it are relative to the folder of that name;
 * text and name are copied.  `options` may be NULL.  Whatever the bytes, the answer is a scenario or an
 * error.  A last line without a newline that does not parse is left out, with a warning: whoever wrote it
 * died in the middle of it.
 * Errors: TORC_ESYNTAX; TORC_ENOMEM; what `read` answered.  `error` is then filled in. */
TORC_API TORC_CHECKED int torc_scenario_parse(const char *text, size_t bytes, const char *name,
                                              const struct torc_scenario_parse_options *options,
                                              struct torc_scenario **out,
                                              struct torc_scenario_error *error);
TORC_API void torc_scenario_free(struct torc_scenario *scenario);

/* Borrowed until the scenario is freed.  No title: the name it was parsed with. */
TORC_API const char *torc_scenario_title(const struct torc_scenario *scenario);
/* The `seed` line's, or 1. */
TORC_API uint64_t torc_scenario_seed(const struct torc_scenario *scenario);
/* Whether it has `sweep` or `explore` lines: campaigns, which torc_scenario_run leaves aside. */
TORC_API bool torc_scenario_has_campaigns(const struct torc_scenario *scenario);
/* What an `explore` line says, or the defaults: portfolio, seeds 1 to 100, no budget, sites that take no time, depth 12. */
struct torc_scenario_exploration {
    enum torc_strategy strategy;
    uint64_t first_seed;
    uint64_t last_seed;
    uint64_t budget_ns; /* of real time; 0: none */
    uint64_t sites;     /* torc_decision_sites_parse */
    unsigned depth;     /* of dfs */
    bool marks;         /* every `sometimes` and `reachable` mark of the modules is to hold in some run */
};
TORC_API void torc_scenario_explore(const struct torc_scenario *scenario,
                                    struct torc_scenario_exploration *out);
/* Reads "7" or "1..2000".  Errors: TORC_ESYNTAX. */
TORC_API TORC_CHECKED int torc_scenario_parse_seeds(const char *text, uint64_t *out_first,
                                                    uint64_t *out_last);

/* A place where a stream of a scripted peer's connection is split: what the client sends (or the server, the side that
 * accepts) comes in two pieces there, as a network may bring it.  What a peer sends gets a boundary of segments, what
 * a module writes is taken short. */
struct torc_scenario_split {
    const char *connection; /* its label */
    bool from_server;
    uint64_t at; /* after so many bytes of that stream */
};
/* Reads "c2s" or "s2c".  Errors: TORC_ESYNTAX. */
TORC_API TORC_CHECKED int torc_split_parse_direction(const char *text, bool *out_from_server);

/* Streams that are split everywhere in turn. */
struct torc_scenario_segmenting {
    const char *connection; /* NULL: all there are */
    bool from_client;
    bool from_server;
    uint64_t every; /* places are so many bytes apart */
    const char *file; /* where the connection is named; borrowed until the scenario is freed */
    unsigned line;
    unsigned column;
};

/* What `sweep` lines say, or the defaults: every class of faults, once and persist, every operation, no budget. */
struct torc_scenario_sweeping {
    unsigned classes; /* bit i: torc_fault_classes[i] */
    unsigned named;   /* of those, the ones that a line names */
    bool equivalent_once; /* of operations that are asked from the same place of the code only a few fail */
    bool once;        /* the operation fails */
    bool persist;     /* it fails, and all of its kind after it */
    uint64_t first;   /* operations of a host at a site, counted from 1 */
    uint64_t last;
    uint64_t budget_ns; /* of real time; 0: none */
    const struct torc_scenario_segmenting *segmentings; /* borrowed until the scenario is freed */
    size_t segmenting_count;
};
TORC_API void torc_scenario_sweep(const struct torc_scenario *scenario,
                                  struct torc_scenario_sweeping *out);
/* Read "once" or "all"; "once,persist"; "1..", "3", "3..5".  Errors: TORC_ESYNTAX. */
TORC_API TORC_CHECKED int torc_sweep_parse_equivalent(const char *text, bool *out_once);
TORC_API TORC_CHECKED int torc_sweep_parse_modes(const char *text, bool *out_once,
                                                 bool *out_persist);
TORC_API TORC_CHECKED int torc_sweep_parse_numbers(const char *text, uint64_t *out_first,
                                                   uint64_t *out_last);

/* Reads "12", a depth of dfs.  Errors: TORC_ESYNTAX. */
TORC_API TORC_CHECKED int torc_scenario_parse_depth(const char *text, unsigned *out);

/* The decisions of its `decide` lines; borrowed until it is freed.  Returns their number. */
TORC_API size_t torc_scenario_decisions(const struct torc_scenario *scenario,
                                        const struct torc_decision **out);
/* Shows the module of each host that runs one, as `load` is asked for it, host by host. */
TORC_API void torc_scenario_modules(const struct torc_scenario *scenario, torc_visit_text_fn *visit,
                                    void *arg);
/* One message of the form above for each thing that is odd but no error. */
TORC_API void torc_scenario_warnings(const struct torc_scenario *scenario, torc_visit_text_fn *visit,
                                     void *arg);

/* One thing that is no error and surely wrong.  `text` is a sentence, borrowed until the call returns. */
struct torc_scenario_finding {
    const char *check; /* one of torc_scenario_checks */
    const char *file;
    unsigned line;
    unsigned column;
    const char *text;
};
struct torc_scenario_lint_options {
    size_t size; /* sizeof(struct torc_scenario_lint_options) */
    void (*found)(void *arg, const struct torc_scenario_finding *finding);
    /* Whether the module, named as `load` is asked for it, may make failures of that type; NULL: types the library
     * does not have are not judged. */
    bool (*has_type)(void *arg, const char *module, const char *type);
    void *arg;
};
/* The names of the checks, ended by NULL:
 *   unused-name   a name given by `as`, of anything but a connection, and no line is about it or counts from it
 *   unknown-name  a line about a name, or counting from one, that no line gives: it never happens
 *   unused-host   nothing is done to a host, and nothing asked of it; a link alone is no use
 *   never-due     a line after the time limit, or counting from the end, from itself or from what never happens
 *   no-assertion  no line could find anything wrong
 *   failure-type  `expect failure` with a type that neither the library nor a module has
 *   lint-off      "# lint: off CHECK" with a check there is not
 * A comment "# lint: off CHECK" silences that check on its line.  In an included file, what is unused is not told. */
TORC_API extern const char *const torc_scenario_checks[];
/* Shows what each check finds.  Errors: TORC_ENOMEM. */
TORC_API TORC_CHECKED int torc_scenario_lint(const struct torc_scenario *scenario,
                                             const struct torc_scenario_lint_options *options);

/* The canonical text, line by line and each with its newline: one space between words; what happens in one column,
 * and comments behind lines in another, from one empty line to the next; never two empty lines.  Nothing
 * but blanks and empty lines changes.  What it prints parses to the same, and prints the same. */
TORC_API void torc_scenario_print(const struct torc_scenario *scenario, torc_visit_text_fn *visit,
                                  void *arg);

/* --- running ------------------------------------------------------------------------------------ */

/* Finds the module that a host runs; borrowed as long as the report.  `error` gets a sentence. */
typedef int torc_scenario_load_fn(void *arg, const char *name, const struct torc_module **out,
                                  char *error, size_t error_size);

/* What can be failed one by one: sites of faults (torc/decision.h) under one name; or, without sites, places where
 * streams are split, which is no fault. */
enum { TORC_FAULT_CLASS_SITES = 4 };
struct torc_fault_class {
    const char *name;
    const char *other_name; /* or NULL */
    const char *sites[TORC_FAULT_CLASS_SITES];
    uint64_t option; /* the one it is about; 0: all the sites have */
    bool on_request; /* swept only if it is named */
};
/* At most 32, ended by one without a name. */
TORC_API extern const struct torc_fault_class torc_fault_classes[];
TORC_API bool torc_fault_class_is_segment(const struct torc_fault_class *fault_class);
/* `option` 0: any. */
TORC_API bool torc_fault_class_has(const struct torc_fault_class *fault_class, const char *site,
                                   uint64_t option);
/* Reads "alloc,db" as a set of classes.  Errors: TORC_ENOTFOUND; *out_bad points at the name that is none. */
TORC_API TORC_CHECKED int torc_fault_classes_parse(const char *text, unsigned *out,
                                                   const char **out_bad);

struct torc_scenario_run_options {
    size_t size; /* sizeof(struct torc_scenario_run_options) */
    bool seed_given;
    uint64_t seed; /* if given, instead of the scenario's */
    torc_scenario_load_fn *load;
    void *load_arg;
    /* What the run leaves open: the scenario's `decide` lines, then these, then the decider, decide.  NULL: the
     * default. */
    const struct torc_decision *decisions;
    size_t decision_count;
    struct torc_decider *decider;
    /* One decision more, after those; or NULL.  Once a fault was decided, expectations that fail do not end the run
     * and are counted only: what must hold is what `always` and `never` say, that nothing leaks, gets stuck or is
     * left unhandled. */
    const struct torc_decision *fault;
    const struct torc_scenario_split *split; /* one more than `split` lines say; or NULL */
    bool count_questions; /* report->questions and report->streams are wanted */
    unsigned perturb; /* of enum torc_perturbation */
    bool trace_hashes; /* torc_trace_show_hash */
    torc_trace_write_fn *trace; /* gets the trace, line by line; NULL: only the digest is kept */
    void *trace_arg;
    /* Told what happens, one sentence each: lines as they are done or skipped, what peers receive, what
     * hosts log.  NULL: nobody. */
    torc_visit_text_fn *tell;
    void *tell_arg;
    /* Told at the end which marks of the code (torc/mark.h) held at least once, by name; nothing of a run that is set
     * aside.  NULL: nobody. */
    torc_visit_text_fn *held;
    void *held_arg;
    /* Told at the end each behaviour of the run (torc_trace_behaviours); nothing of a run that is set aside.  NULL: they
     * are not kept. */
    torc_visit_number_fn *behaved;
    void *behaved_arg;
};
TORC_API void torc_scenario_run_options_init(struct torc_scenario_run_options *options);

enum torc_scenario_verdict {
    TORC_SCENARIO_PASS,
    TORC_SCENARIO_FAIL,    /* an expectation, `always` or `never` does not hold, or something leaks */
    TORC_SCENARIO_STUCK,   /* nothing is left to happen and a deferred has not fired; or time stands still */
    TORC_SCENARIO_INVALID, /* it cannot run: a module is missing or refuses its options */
    TORC_SCENARIO_LIMIT,   /* a `limit` ended it */
    TORC_SCENARIO_UNMET,   /* all held, but a `sometimes` was never true */
    TORC_SCENARIO_SKIPPED  /* an assumption of the code (TORC_ASSUME) was false: neither passed nor failed; `failures` has
                            * which one, and nothing that came after */
};

struct torc_scenario_failure {
    const char *property; /* the line that does not hold, as the canonical text has it */
    const char *host;     /* or "" */
    uint64_t t_ns;
    const char *file;
    unsigned line;
    unsigned column;
    const char *message; /* one sentence */
    const char *detail;  /* further lines, each with its newline; "" if there are none */
};

/* What a host was asked at a site of faults. */
struct torc_scenario_questions {
    const char *host;
    const char *site;
    uint64_t count;
    const uint64_t *possible; /* of question k: bit i: option i was one; 0: nobody was asked */
    const uint64_t *places;   /* of question k: from where and about what it was asked, the calls that led to it
                               * included: equal or not within this report, and of no other meaning */
};

/* One direction of a scripted peer's connection. */
struct torc_scenario_stream {
    const char *connection;
    bool from_server;
    uint64_t first; /* it can be split after so many bytes and more: what was written before the peer accepted cannot */
    uint64_t bytes; /* that were sent, or received */
};

struct torc_scenario_report {
    enum torc_scenario_verdict verdict;
    const struct torc_scenario_failure *failures;
    size_t failure_count;
    char digest[TORC_DIGEST_TEXT_BYTES];
    uint64_t seed;
    uint64_t t_ns;          /* virtual time at the end */
    uint64_t events;        /* of the world */
    size_t lines_done;      /* of the timeline */
    size_t lines_skipped;   /* whose label never happened */
    uint64_t bytes_sent;    /* by scripted peers */
    uint64_t bytes_received;
    size_t expectations_failed;  /* with a fault: of the lines that were let go */
    uint64_t unmet;              /* `sometimes` and `when` lines that were never true, let go or not: a bit by the hash of
                                  * each, so two may share one */
    int64_t leaks;               /* -1: the run did not get so far */
    const struct torc_scenario_questions *questions; /* if they were to be counted */
    size_t question_count;
    const struct torc_scenario_stream *streams; /* the same */
    size_t stream_count;
    const struct torc_decision *decisions; /* taken, other than the default, in order */
    size_t decision_count;
    size_t drift; /* decisions that were given and never asked for, or had no such option */
    struct torc_decision drifted; /* the first of them; host NULL: none */
};

/* Runs it once, from virtual time 0 to its end.  Whatever becomes of the scenario is in the report, given.
 * Errors: TORC_ENOMEM; what the trace's writer answered. */
TORC_API TORC_CHECKED int torc_scenario_run(const struct torc_scenario *scenario,
                                            const struct torc_scenario_run_options *options,
                                            struct torc_scenario_report **out);
TORC_API void torc_scenario_report_free(struct torc_scenario_report *report);

/* "pass", "fail", "stuck", "invalid", "limit", "unmet", "skipped"; and the exit status the command has for it. */
TORC_API const char *torc_scenario_verdict_name(enum torc_scenario_verdict verdict);
TORC_API int torc_scenario_exit_status(enum torc_scenario_verdict verdict);

#ifdef __cplusplus
}
#endif
#endif
