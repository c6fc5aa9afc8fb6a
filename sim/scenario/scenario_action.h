/* scenario_action.h - a line of action while it is read: what scenario_action.c (hosts, and what is short)
 * and scenario_message.c (send, expect) scenario_call.c (call, expect result) and scenario_host_action.c (clock, pause, restart) share. */
#ifndef TORCI_SCENARIO_ACTION_H
#define TORCI_SCENARIO_ACTION_H

#include "scenario_parser.h"

/* Its words are taken one after the other. */
struct torci_action {
    struct torci_parser *parser;
    const struct torci_time *time;
    const struct torci_word *subject;
    const struct torci_word *verb;
    size_t next; /* index of the next word */
    size_t end;  /* of the words, without `as LABEL` */
    const struct torci_script_host *host;
    struct torci_label *label;
    struct torci_label *as;
    const struct torci_word *as_word;
};

/* NULL: none is left. */
const struct torci_word *torci_action_next_word(struct torci_action *action);

/* Errors: TORC_ESYNTAX, a word is left. */
TORC_CHECKED int torci_action_finish(struct torci_action *action);

/* Adds the step the line has turned out to be. */
TORC_CHECKED int torci_action_add(struct torci_action *action, enum torci_verb verb,
                                  struct torci_step **out);

/* Adds what ends that action so much later, a step of its own; the action's label ends with it. */
TORC_CHECKED int torci_action_add_end(struct torci_action *action, enum torci_verb verb,
                                      const struct torci_span *after, struct torci_step **out);

/* The value of KEY=..., for a key among `keys`; each at most once (*seen has a bit for each).
 * *out_index: which; *out_value: where in the word its value begins. */
TORC_CHECKED int torci_action_read_key(struct torci_action *action, const struct torci_word *word,
                                       const char *const *keys, unsigned *seen, size_t *out_index,
                                       size_t *out_value);
/* A number from 1 to `max`. */
TORC_CHECKED int torci_action_read_count(struct torci_action *action, const struct torci_word *word,
                                         size_t offset, uint64_t max, uint64_t *out);

/* DUR in KEY=DUR of an expectation: within=, at most once and not where the line has a window. */
TORC_CHECKED int torci_action_read_within(struct torci_action *action,
                                          const struct torci_word *word, size_t value,
                                          struct torci_time *time);

/* `dns NAME = ANSWER` from word `first` on. */
TORC_CHECKED int torci_parse_dns_action(struct torci_action *action, size_t first);
/* `faults off`, `faults on` from word `first` on. */
TORC_CHECKED int torci_parse_faults(struct torci_action *action, size_t first);
/* `net VERB ...` from word `first` on. */
TORC_CHECKED int torci_parse_net_action(struct torci_action *action, size_t first);
TORC_CHECKED int torci_parse_host_pause(struct torci_action *action);
TORC_CHECKED int torci_parse_host_resume(struct torci_action *action);
TORC_CHECKED int torci_parse_stall(struct torci_action *action);
TORC_CHECKED int torci_parse_clock(struct torci_action *action);
TORC_CHECKED int torci_parse_hold(struct torci_action *action);
TORC_CHECKED int torci_parse_release(struct torci_action *action);
TORC_CHECKED int torci_parse_crash(struct torci_action *action);
TORC_CHECKED int torci_parse_restart(struct torci_action *action);
TORC_CHECKED int torci_parse_reset(struct torci_action *action);
TORC_CHECKED int torci_parse_call(struct torci_action *action);
/* expect result or expect failure, whose words come next. */
TORC_CHECKED int torci_parse_expect_answer(struct torci_action *action,
                                           enum torci_expected expected);
TORC_CHECKED int torci_parse_send(struct torci_action *action);
TORC_CHECKED int torci_parse_expect(struct torci_action *action);

#endif
