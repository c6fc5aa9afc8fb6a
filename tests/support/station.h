/* station.h - scenarios with a module made for the purpose, `station`: it has a role, "follower" or, from `lead=DUR` after
 * its start for `reign=DUR` (0: for ever), "leader", and an `epoch=INT`.  It assumes
 * that the epoch is not 13 when its role changes ("station.lucky").  Its call `work` is a job that comes to the point
 * "station.half" and answers NULL; its call `rest` answers NULL after 10 ms, and is waited for `limit=DUR`.  `mute` is a module without probes, `litter` one that
 * leaves its memory behind when it is stopped. */
#ifndef STATION_H
#define STATION_H

#include <torc/scenario.h>

/* The report of a run of the text, named t.scn; what it told is in `station_told`.  Fails the test if it does not
 * parse.  `options` NULL: none; its `load` and `tell` are set. */
struct torc_scenario_report *station_run(const char *text, struct torc_scenario_run_options *options);
extern char station_told[16000];

/* Runs it and checks its verdict and its first failure, of which `message` is a part; NULL: there is none. */
void expect_run(const char *text, enum torc_scenario_verdict verdict, const char *message);
/* It does not parse, and this is a part of the error. */
void expect_refused(const char *text, const char *message);
/* The canonical text of it is `text` itself. */
void expect_canonical(const char *text);

#endif
