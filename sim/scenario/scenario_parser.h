/* scenario_parser.h - what the files of the parser share.
 *
 *   scenario_lexer.c        a text to lines and words; errors with their line and caret
 *   scenario_parser.c       a file: lines in order, includes
 *   scenario_time.c         the time column, durations
 *   scenario_declaration.c  seed title param host limit
 *   scenario_link.c         links; what paths there are between hosts
 *   scenario_net.c          cuts
 *   scenario_decide.c       decisions that are not the default
 *   scenario_explore.c      how it is to be explored
 *   scenario_split.c        streams that are split, or are to be
 *   scenario_database.c     databases
 *   scenario_fault.c        what goes wrong (scenario_fault.h)
 *   scenario_label.c        names given by `as`
 *   scenario_trigger.c      when
 *   scenario_rand.c         durations that are drawn
 *   scenario_action.c       verbs of hosts, and of connections without arguments
 *   scenario_call.c         calls, and what is expected of them
 *   scenario_message.c      send and expect
 *   scenario_condition.c    conditions
 *   scenario_token.c        their tokens (scenario_token.h)
 *   scenario_assertion.c    what is made of them
 *
 * A function that can fail returns 0, TORC_ENOMEM or, the error then being described in the parser's
 * torc_scenario_error, TORC_ESYNTAX. */
#ifndef TORCI_SCENARIO_PARSER_H
#define TORCI_SCENARIO_PARSER_H

#include "scenario_model.h"

/* A short text must not make a large scenario: what times= and parameters multiply is bounded. */
enum { TORCI_EXPANDED_BYTES_MAX = 256 << 20, TORCI_SOURCES_MAX = 1000 };

struct torci_parser {
    struct torc_scenario *scenario;
    const struct torc_scenario_parse_options *options; /* or NULL */
    struct torc_scenario_error *error;
    /* The line being parsed, and the ends of the lists it adds to. */
    struct torci_line *line;
    size_t cut; /* where the last line begins, if it has no newline and does not parse; otherwise SIZE_MAX */
    size_t include_depth;
    size_t source_count;
    size_t expanded_bytes; /* that parameters and times= have made */
    struct torci_time time_before; /* of the timeline line before: what + counts from */
    struct torci_line **line_end;
    struct torci_source **source_end;
    struct torci_step **step_end;
    struct torci_trigger **trigger_end;
    struct torci_assertion **assertion_end;
    struct torci_script_host **host_end;
    struct torci_script_link **link_end;
    struct torci_script_name **name_end;
    struct torci_script_database **database_end;
    struct torci_script_fault **fault_end;
    struct torci_label **label_end;
    struct torci_warning **warning_end;
};

/* --- errors --------------------------------------------------------------------------------------- */

/* Describes what is wrong with the word (or, with an offset, from there in it) and returns TORC_ESYNTAX. */
int torci_parse_error(struct torci_parser *parser, const struct torci_word *word, size_t offset,
                      const char *format, ...) TORC_PRINTF(4, 5);
/* At the end of the line: something is missing. */
int torci_parse_error_end(struct torci_parser *parser, const char *format, ...) TORC_PRINTF(2, 3);
/* An error, said as "...; did you mean 'nearest'?" if `nearest` is not NULL. */
int torci_parse_unknown(struct torci_parser *parser, const struct torci_word *word, size_t offset,
                        const char *nearest, const char *format, ...) TORC_PRINTF(5, 6);
/* A warning of the scenario: the last line, which `why` is about, is left out. */
TORC_CHECKED int torci_parse_warn_of_cut(struct torci_parser *parser,
                                         const struct torc_scenario_error *why);
/* A warning of the scenario: `text`, which ends with a newline. */
TORC_CHECKED int torci_parse_warn(struct torci_parser *parser, const char *text);

/* Composes "FILE:LINE:COLUMN: sentence", the line and a caret. */
void torci_scenario_compose(struct torc_scenario_error *error, const struct torci_line *line,
                            unsigned column, const char *sentence);

/* --- lexer ---------------------------------------------------------------------------------------- */

/* The next line from *at on, with its words.  *out_terminated: it ends with a newline. */
TORC_CHECKED int torci_lex_line(struct torci_parser *parser, const struct torci_source *source,
                                size_t *at, unsigned number, bool *out_terminated);

bool torci_word_is(const struct torci_word *word, const char *text);
bool torci_is_name_byte(char c); /* letters, digits, _ and - */
bool torci_is_name(const char *text, size_t bytes);

/* If the word is KEY=VALUE: the length of KEY. Otherwise 0. */
size_t torci_word_key(const struct torci_word *word);

/* The text of a value: the rest of the word from `offset`, unquoted if it is a string.  Ends with a NUL. */
TORC_CHECKED int torci_word_value(struct torci_parser *parser, const struct torci_word *word,
                                  size_t offset, const char **out);

/* Sets the line's canonical text. */
TORC_CHECKED int torci_line_make_canonical(struct torc_scenario *scenario, struct torci_line *line);
/* Sets how lines are printed, when all are read. */
TORC_CHECKED int torci_lay_out(struct torc_scenario *scenario);

/* --- parts of lines ------------------------------------------------------------------------------- */

/* Reads the file `path` names, relative to the present file's folder. */
TORC_CHECKED int torci_parse_file(struct torci_parser *parser, const struct torci_word *word,
                                  size_t offset, const char **out_name, struct torci_bytes *out);

/* A time column, if `word` looks like one (*out_is_time). */
bool torci_is_time(const struct torci_word *word);
TORC_CHECKED int torci_parse_time(struct torci_parser *parser, const struct torci_word *word,
                                  struct torci_time *out);
TORC_CHECKED int torci_word_duration(struct torci_parser *parser, const struct torci_word *word,
                                      size_t offset, uint64_t *out_ns);
/* The same of `bytes` only. */
TORC_CHECKED int torci_bytes_duration(struct torci_parser *parser, const struct torci_word *word,
                                      size_t offset, size_t bytes, uint64_t *out_ns);
/* Whether it begins with rand( */
bool torci_is_rand(const char *text);
/* DUR or rand(DUR..DUR): the rest of the word. */
TORC_CHECKED int torci_parse_span(struct torci_parser *parser, const struct torci_word *word,
                                  size_t offset, struct torci_span *out);
/* Makes the time later; each span is added to one time.  The word is for the error, a time that is too far away. */
TORC_CHECKED int torci_time_add(struct torci_parser *parser, const struct torci_word *word,
                                struct torci_time *time, const struct torci_span *span);

/* A duration with a sign; and parts per million, with a sign and a unit ("" for none). */
TORC_CHECKED int torci_word_signed_duration(struct torci_parser *parser,
                                            const struct torci_word *word, size_t offset,
                                            size_t bytes, int64_t *out_ns);
TORC_CHECKED int torci_word_ppm(struct torci_parser *parser, const struct torci_word *word,
                                size_t offset, size_t bytes, const char *unit, int32_t *out);

TORC_CHECKED int torci_parse_declaration(struct torci_parser *parser, bool *out_done);
TORC_CHECKED int torci_parse_assertion(struct torci_parser *parser, size_t first,
                                       const struct torci_time *time, bool *out_done);
TORC_CHECKED int torci_parse_action(struct torci_parser *parser, size_t first,
                                    const struct torci_time *time);

/* link ...: the whole line. */
TORC_CHECKED int torci_parse_link(struct torci_parser *parser);
/* a,b or *. */
TORC_CHECKED int torci_parse_hosts(struct torci_parser *parser, const struct torci_word *word,
                                   struct torci_script_hosts *out);
/* a,b->c, a<->b or *; `what` is "a link", say. */
TORC_CHECKED int torci_parse_paths(struct torci_parser *parser, const struct torci_word *word,
                                   const char *what, struct torci_script_paths *out);
/* dns ...: the whole line. */
TORC_CHECKED int torci_parse_dns(struct torci_parser *parser);
/* decide ...: the whole line. */
TORC_CHECKED int torci_parse_decide(struct torci_parser *parser);
struct torc_scenario_exploration torci_exploration_defaults(void);
struct torc_scenario_sweeping torci_sweeping_defaults(void);
/* sweep ...: the whole line. */
TORC_CHECKED int torci_parse_sweep(struct torci_parser *parser);
/* sweep segment ...; split ...: the whole line. */
TORC_CHECKED int torci_parse_segmenting(struct torci_parser *parser);
TORC_CHECKED int torci_parse_split(struct torci_parser *parser);
/* explore ...: the whole line. */
TORC_CHECKED int torci_parse_explore(struct torci_parser *parser);

/* db ..., on ...: the whole line. */
TORC_CHECKED int torci_parse_database(struct torci_parser *parser);
TORC_CHECKED int torci_parse_fault(struct torci_parser *parser);
/* HOST.NAME in the word from `offset`, `bytes` long. */
TORC_CHECKED int torci_parse_database_name(struct torci_parser *parser,
                                           const struct torci_word *word, size_t offset,
                                           size_t bytes,
                                           const struct torci_script_database **out);

/* Names are used as what they are: of calls, of connections or of neither.  When all lines are read. */
TORC_CHECKED int torci_check_labels(struct torci_parser *parser);

/* NAME=VALUE words from `first` up to `end` as name, value, ..., NULL.  Those with a name of `reserved` (NULL: none;
 * ended by NULL) are left out: they are in out_reserved, by index, NULL where there is none. */
TORC_CHECKED int torci_parse_pairs(struct torci_parser *parser, size_t first, size_t end,
                                   const char *what, const char *const *reserved,
                                   const struct torci_word **out_reserved,
                                   const char *const **out_pairs);
/* NAME of module=NAME. */
TORC_CHECKED int torci_word_module(struct torci_parser *parser, const struct torci_word *word,
                                   const char **out);
/* clock=, handles= and memory=; each may be NULL. */
TORC_CHECKED int torci_parse_host_settings(struct torci_parser *parser,
                                           const struct torci_word *clock,
                                           const struct torci_word *handles,
                                           const struct torci_word *memory,
                                           struct torci_host_settings *out);

/* A condition from word `first` up to `end`. */
TORC_CHECKED int torci_parse_condition(struct torci_parser *parser, size_t first, size_t end,
                                       const struct torci_condition **out);

const struct torci_script_host *torci_find_script_host(const struct torc_scenario *scenario,
                                                       const char *name, size_t bytes);
/* An unknown host: the error with the host that may have been meant. */
int torci_parse_no_host(struct torci_parser *parser, const struct torci_word *word, size_t offset,
                        size_t bytes);
/* The label of that name, made if there is none yet. */
TORC_CHECKED int torci_parse_label(struct torci_parser *parser, const char *name, size_t bytes,
                                   struct torci_label **out);
/* The label of a trigger, which no other line can name. */
TORC_CHECKED int torci_add_trigger_label(struct torci_parser *parser, struct torci_label **out);
/* `as LABEL`, if the words from `first` up to *end end with it, taken off them; *out is untouched if they do not. */
TORC_CHECKED int torci_parse_as(struct torci_parser *parser, size_t first, size_t *end,
                                struct torci_label **out, const struct torci_word **out_word);
/* when ...: the whole line. */
TORC_CHECKED int torci_parse_when(struct torci_parser *parser);
/* A step at the end of the timeline; its place is the word's. */
TORC_CHECKED int torci_add_step(struct torci_parser *parser, const struct torci_word *word,
                                const struct torci_time *time, enum torci_verb verb,
                                struct torci_step **out);

#endif
