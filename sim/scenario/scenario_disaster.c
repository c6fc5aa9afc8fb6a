/* What can go wrong in a run: databases laid out, faults armed before the modules start, and looked at when
 * all is over. */
#include <string.h>

#include <torc/pool.h>

#include "database.h"
#include "disk_state.h"
#include "scenario_run.h"

/* --- disks ---------------------------------------------------------------------------------------- */

static void merge(struct torc_disk_options *options, const struct torci_script_database *database)
{
    if (database->disk_fields & TORCI_DISK_SECTOR)
        options->sector_bytes = database->disk.sector_bytes;
    if (database->disk_fields & TORCI_DISK_CAPACITY)
        options->capacity_bytes = database->disk.capacity_bytes;
    if (database->disk_fields & TORCI_DISK_OP_TIME)
        options->operation_ns = database->disk.operation_ns;
    if (database->disk_fields & TORCI_DISK_SYNC_TIME)
        options->sync_ns = database->disk.sync_ns;
    if (database->disk_fields & TORCI_DISK_LIES)
        options->ignore_sync = true;
}

/* What all db lines together say of the host's disk. */
static int set_disk(struct torci_run *run, const struct torci_script_host *host)
{
    struct torc_disk_options options = TORC_DISK_OPTIONS_INIT;
    unsigned fields = 0;

    for (const struct torci_script_database *each = run->scenario->databases; each;
         each = each->next)
        if (each->host == host) {
            merge(&options, each);
            fields |= each->disk_fields;
        }
    return fields == 0 ? 0 : torc_host_set_disk(run->hosts[host->index].host, &options);
}

/* --- databases ------------------------------------------------------------------------------------ */

static int lay_out(struct torci_run *run, const struct torci_script_database *database)
{
    struct torc_host *host = run->hosts[database->host->index].host;
    char error[300];
    int code = torc_host_name_database(host, database->name, database->file);

    if (code != 0 || database->schema == NULL)
        return code;
    code = torc_host_sql(host, database->name, database->schema, NULL, error, sizeof(error));
    if (code == TORC_ENOMEM)
        return code;
    if (code != 0)
        torci_report_failure(run, TORC_SCENARIO_INVALID, &database->place, database->host->name,
                             NULL, "the schema is refused: %s", error);
    return 0;
}

/* A code that the operation cannot have is found out here. */
static int arm_on_disk(struct torci_run *run, const struct torci_script_fault *fault)
{
    int code = torc_host_add_disk_fault(run->hosts[fault->host->index].host, &fault->disk,
                                        &run->faults[fault->index].number);

    if (code != TORC_EINVAL)
        return code;
    torci_report_failure(run, TORC_SCENARIO_INVALID, &fault->place, fault->host->name, NULL,
                         "an operation of this kind cannot fail with %s",
                         torc_sqlite_code_name(fault->disk.code));
    return 0;
}

static int arm(struct torci_run *run, const struct torci_script_fault *fault)
{
    struct torc_host *host = run->hosts[fault->host->index].host;
    uint32_t *number = &run->faults[fault->index].number;

    switch (fault->kind) {
    case TORCI_FAULT_DATABASE:
        return torc_host_add_database_fault(host, &fault->fault, number);
    case TORCI_FAULT_DISK:
        return arm_on_disk(run, fault);
    case TORCI_FAULT_DEFERRED:
        return torc_host_add_deferred_fault(host, &fault->deferred, number);
    case TORCI_FAULT_OPERATION:
    default:
        return torc_host_add_operation_fault(host, &fault->operation, number);
    }
}

int torci_disasters_arm(struct torci_run *run)
{
    int code = 0;

    for (const struct torci_script_host *each = run->scenario->hosts; each != NULL && code == 0;
         each = each->next)
        code = set_disk(run, each);
    for (const struct torci_script_database *each = run->scenario->databases;
         each != NULL && code == 0 && !torci_run_failed(run); each = each->next)
        code = lay_out(run, each);
    for (const struct torci_script_fault *each = run->scenario->faults; each != NULL && code == 0;
         each = each->next)
        code = arm(run, each);
    return code;
}

static uint64_t count_strikes(const struct torci_run *run, const struct torci_script_fault *fault)
{
    const struct torc_host *host = run->hosts[fault->host->index].host;
    uint32_t number = run->faults[fault->index].number;

    return fault->kind == TORCI_FAULT_DISK       ? torc_host_disk_fault_struck(host, number)
           : fault->kind == TORCI_FAULT_DATABASE ? torc_host_database_fault_struck(host, number)
           : fault->kind == TORCI_FAULT_DEFERRED ? torc_host_deferred_fault_struck(host, number)
                                                 : torc_host_operation_fault_struck(host, number);
}

void torci_disasters_look(struct torci_run *run)
{
    if (run->options->tell == NULL)
        return;
    for (const struct torci_script_fault *each = run->scenario->faults; each; each = each->next) {
        uint64_t struck = count_strikes(run, each);

        if (struck > run->faults[each->index].told)
            torci_run_tell(run, "line %u strikes: %.*s", each->place.line->number,
                           (int)each->place.line->canonical_bytes, each->place.line->canonical);
        run->faults[each->index].told = struck;
    }
}

/* A line that is about no database, or about another file than the module's, has tested nothing. */
static void check_database(struct torci_run *run, const struct torci_script_database *database)
{
    const struct torc_host *host = run->hosts[database->host->index].host;
    const char *opened = torci_database_path(host, database->name);
    char is[TORCI_DISK_PATH_BYTES];
    char said[TORCI_DISK_PATH_BYTES];

    if (!database->optional && !torci_database_opened(host, database->name)) {
        torci_report_failure(run, TORC_SCENARIO_FAIL, &database->place, database->host->name, NULL,
                             "no pool of %s has opened '%s'", database->host->name, database->name);
        return;
    }
    if (torci_disk_path(opened, is, sizeof(is)) && torci_disk_path(database->file, said, sizeof(said)) &&
        strcmp(is, said) == 0)
        return;
    torci_report_failure(run, TORC_SCENARIO_FAIL, &database->place, database->host->name, NULL,
                         "the pool %s has opened '%s', and the line names '%s'", database->name,
                         opened, database->file);
}

void torci_disasters_check(struct torci_run *run)
{
    for (const struct torci_script_database *each = run->scenario->databases; each;
         each = each->next)
        check_database(run, each);
    for (const struct torci_script_fault *each = run->scenario->faults; each; each = each->next)
        if (!each->optional && count_strikes(run, each) == 0)
            torci_report_failure(run, TORC_SCENARIO_FAIL, &each->place, each->host->name, NULL,
                                 "the fault of line %u never struck", each->place.line->number);
}

/* --- sql() ---------------------------------------------------------------------------------------- */

/* The first column of the first row. */
static struct torci_value read_answer(struct torci_sql_answer *answer)
{
    struct torci_value value = {TORCI_VALUE_NONE, 0, NULL, NULL};
    struct torc_db_value cell;

    if (torc_rows_count(answer->rows) == 0 || torc_rows_columns(answer->rows) == 0)
        return value;
    cell = torc_rows_value(answer->rows, 0, 0);
    if (cell.type == TORC_DB_INTEGER) {
        value.kind = TORCI_VALUE_NUMBER;
        value.number = cell.as.integer;
    } else if (cell.type == TORC_DB_TEXT) {
        value.kind = TORCI_VALUE_TEXT;
        value.text = cell.as.text;
    } else if (cell.type != TORC_DB_NULL) {
        static const char sentence[] = "the answer is neither an integer nor a text: cast it";

        memcpy(answer->error, sentence, sizeof(sentence));
        value.error = answer->error;
    }
    return value;
}

struct torci_value torci_sql_ask(struct torci_run *run, const struct torci_condition *leaf)
{
    struct torci_sql_answer *answer = &run->sql[leaf->slot];
    struct torci_value none = {TORCI_VALUE_NONE, 0, NULL, NULL};
    int code;

    torc_rows_free(answer->rows);
    answer->rows = NULL;
    code = torc_host_sql(run->hosts[leaf->host->index].host, leaf->text, leaf->statement,
                         &answer->rows, answer->error, sizeof(answer->error));
    if (code == 0)
        return read_answer(answer);
    if (code == TORC_ENOMEM)
        run->error = code;
    if (code == TORC_EBUSY) /* in the middle of a transaction: later */
        answer->error[0] = '\0';
    else
        none.error = answer->error;
    return none;
}

void torci_sql_free(struct torci_run *run)
{
    for (size_t i = 0; run->sql != NULL && i < run->scenario->slot_count; i++)
        torc_rows_free(run->sql[i].rows);
}
