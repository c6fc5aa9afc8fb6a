/* scenario_sweep.c - one fault more than the scenario has: arms it, counts what could be failed, and says which
 * failures of the run are let go because of it. */
#include <sqlite3.h>
#include <string.h>

#include "scenario_run.h"

const char *torc_fault_class_name(enum torc_fault_class fault_class)
{
    static const char *const names[] = {"alloc", "db", "io"};

    return (unsigned)fault_class < TORC_FAULT_CLASSES ? names[fault_class] : "?";
}

static int arm_database(struct torc_host *host, const struct torc_scenario_fault *fault)
{
    struct torc_database_fault script = TORC_DATABASE_FAULT_INIT;

    script.n = fault->k;
    script.times = fault->persist ? UINT64_MAX : 1;
    script.code = fault->code != 0 ? fault->code : SQLITE_IOERR;
    return torc_host_add_database_fault(host, &script, NULL);
}

static int arm_disk(struct torc_host *host, const struct torc_scenario_fault *fault)
{
    struct torc_disk_fault script = TORC_DISK_FAULT_INIT;

    script.n = fault->k;
    script.times = fault->persist ? UINT64_MAX : 1;
    return torc_host_add_disk_fault(host, &script, NULL);
}

static int arm(struct torc_host *host, const struct torc_scenario_fault *fault)
{
    switch (fault->fault_class) {
    case TORC_FAULT_ALLOC:
        torc_host_fail_allocation(host, fault->k - 1, fault->persist);
        return 0;
    case TORC_FAULT_DB:
        return arm_database(host, fault);
    case TORC_FAULT_IO:
    default:
        return arm_disk(host, fault);
    }
}

static void count(const struct torci_host_run *host, uint64_t operations[TORC_FAULT_CLASSES])
{
    operations[TORC_FAULT_ALLOC] = torc_host_acquisitions(host->host);
    operations[TORC_FAULT_DB] = torc_host_statements(host->host);
    operations[TORC_FAULT_IO] = torc_host_disk_operations(host->host);
}

/* What hosts asked for before their modules were started is not the modules'. */
int torci_sweep_begin(struct torci_run *run)
{
    const struct torc_scenario_fault *fault = run->options->fault;
    int code = 0;

    for (size_t i = 0; i < run->scenario->host_count && code == 0; i++) {
        struct torci_host_run *host = &run->hosts[i];

        if (host->peer != NULL)
            continue;
        count(host, host->operations_before);
        if (fault != NULL && strcmp(fault->host, host->script->name) == 0)
            code = arm(host->host, fault);
    }
    return code;
}

int torci_sweep_report(struct torci_run *run)
{
    struct torc_scenario_counts *counts =
        torci_pile_alloc(run->report_pile, (run->scenario->host_count + 1) * sizeof(*counts));

    if (counts == NULL)
        return TORC_ENOMEM;
    run->report->counts = counts;
    run->report->leaks = run->leaks;
    for (size_t i = 0; i < run->scenario->host_count; i++) {
        const struct torci_host_run *host = &run->hosts[i];
        struct torc_scenario_counts *out = &counts[run->report->count_count];

        if (host->peer != NULL || host->host == NULL)
            continue;
        count(host, out->operations);
        for (unsigned c = 0; c < TORC_FAULT_CLASSES; c++)
            out->operations[c] -= host->operations_before[c];
        out->host = torci_pile_copy(run->report_pile, host->script->name,
                                    strlen(host->script->name));
        if (out->host == NULL)
            return TORC_ENOMEM;
        run->report->count_count++;
    }
    return 0;
}

bool torci_sweep_lets_go(struct torci_run *run, enum torc_scenario_verdict verdict)
{
    bool faulty = run->options->fault != NULL || torci_run_decided(run, TORC_SITE_FAULT) ||
                  torci_run_decided(run, TORC_SITE_TIME);

    if (!faulty || run->strict ||
        (verdict != TORC_SCENARIO_FAIL && verdict != TORC_SCENARIO_INVALID &&
         verdict != TORC_SCENARIO_UNMET))
        return false;
    run->report->expectations_failed++;
    return true;
}
