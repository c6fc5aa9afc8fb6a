/* shared_options.h - rows that several commands' tables have. */
#ifndef TORCI_SHARED_OPTIONS_H
#define TORCI_SHARED_OPTIONS_H

#include "command_table.h"

#define TORCI_OPTION_SEED {.name = "seed", .value = "NUMBER", .text = "Takes this seed instead of the scenario's."}

#define TORCI_OPTION_MODULES \
    {.name = "modules", .value = "DIR", .kind = TORCI_VALUE_FOLDER, .text = "Where modules are looked for.", \
     .preset = "beside the command"}

#define TORCI_OPTION_PARAM \
    {.name = "param", .value = "NAME=VALUE", .text = "Takes this instead of the value of a `param` line; may be repeated."}

/* torci_scenario_source_option reads these. */
#define TORCI_SCENARIO_OPTIONS \
    TORCI_OPTION_PARAM, TORCI_OPTION_MODULES, \
    {.name = "decisions", .value = "FILE", .kind = TORCI_VALUE_SCENARIO, \
     .text = "Takes the decisions of its `decide` lines; tells which were never asked for."}

#define TORCI_OPTION_SITES \
    {.name = "sites", .value = "LIST", .kind = TORCI_VALUE_SITES, \
     .text = "What is decided; -NAME: but not that one.", .choices = "free, times, faults, all", \
     .preset = "free, which takes no virtual time"}

#define TORCI_OPTION_JOBS \
    {.name = "jobs", .value = "NUMBER", .text = "Processes at a time.", .preset = "the number of processors"}

#define TORCI_OPTION_BUDGET(PRESET) \
    {.name = "budget", .value = "DURATION", .text = "Of real time; what it left is told.", .preset = PRESET}

/* torci_campaign_option reads these. */
#define TORCI_CAMPAIGN_OPTIONS \
    {.name = "shard", .value = "I/N", .text = "Runs only every N-th, from 0/N to (N-1)/N.", \
     .preset = "what the environment says, or all"}, \
    {.name = "results", .value = "FILE", .kind = TORCI_VALUE_FILE, \
     .text = "Writes a row for each run into FILE, a database of SQLite (torc-results(5))."}, \
    {.name = "resume", .text = "What the file of results has is not run again, but told."}

/* What torci_shard_from_environment reads. */
#define TORCI_CAMPAIGN_ENVIRONMENT \
    (const struct torci_term[]) \
    { \
        {"TEST_SHARD_INDEX, TEST_TOTAL_SHARDS", "The shard, as Bazel says it; TEST_SHARD_STATUS_FILE is touched."}, \
            {"SLURM_ARRAY_TASK_ID, SLURM_ARRAY_TASK_COUNT", "The shard, as Slurm says it."}, \
            {"JOB_COMPLETION_INDEX, JOB_COMPLETIONS", "The shard, as Kubernetes says it."}, {NULL, NULL} \
    }

#endif
