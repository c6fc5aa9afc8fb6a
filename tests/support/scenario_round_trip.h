/* scenario_round_trip.h - what holds for the parser and the printer of scenarios, whatever the text. */
#ifndef TORC_TESTS_SCENARIO_ROUND_TRIP_H
#define TORC_TESTS_SCENARIO_ROUND_TRIP_H

#include <torc/scenario.h>

/* Parses the text; if that is a scenario, prints it, parses what was printed, and prints that: both scenarios are
 * equal, and so are both texts.  `options` may be NULL.  Returns NULL, or what does not hold.
 * `*out`, if not NULL, gets the scenario, to be freed, or NULL if the text is none. */
const char *scenario_round_trip(const char *text, size_t bytes,
                                const struct torc_scenario_parse_options *options,
                                struct torc_scenario **out);

#endif
