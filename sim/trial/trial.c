/* trial.c - what a test can ask of its run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trial_state.h"

struct torc_reactor *torc_trial_reactor(struct torc_trial *trial)
{
    torci_trial_stand(trial);
    return trial->reactor;
}

struct torc_scope *torc_trial_scope(struct torc_trial *trial)
{
    return torc_reactor_scope(torc_trial_reactor(trial));
}

struct torc_world *torc_trial_world(struct torc_trial *trial)
{
    torci_trial_stand(trial);
    return trial->world;
}

struct torc_host *torc_trial_host(struct torc_trial *trial)
{
    return torc_trial_world(trial) != NULL ? trial->hosts[0] : NULL;
}

const char *torc_trial_parameter(const struct torc_trial *trial)
{
    return trial->parameter;
}

const void *torc_trial_subject(const struct torc_trial *trial)
{
    return trial->test->subject;
}

void torc_trial_set_state(struct torc_trial *trial, void *state)
{
    trial->state = state;
}

void *torc_trial_state(const struct torc_trial *trial)
{
    return trial->state;
}

void *torci_trial_grow(void *array, size_t count, size_t bytes)
{
    void *grown = array;

    if ((count & (count - 1)) == 0)
        grown = realloc(array, (count == 0 ? 1 : 2 * count) * bytes);
    if (grown == NULL)
        abort();
    return grown;
}

void torc_trial_add_clean_up(struct torc_trial *trial, torc_clean_up_fn *clean_up, void *arg)
{
    trial->clean_ups = torci_trial_grow(trial->clean_ups, trial->clean_up_count, sizeof *trial->clean_ups);
    trial->clean_ups[trial->clean_up_count++] = (struct torci_trial_clean_up){clean_up, arg};
}

void torci_trial_end(struct torc_trial *trial, const char *format, ...)
{
    const char *colon = strrchr(trial->test->site, ':');
    char file[256];
    va_list arguments;

    va_start(arguments, format);
    vprint_error(format, arguments);
    va_end(arguments);
    print_error("\n");
    snprintf(file, sizeof file, "%.*s", (int)(colon - trial->test->site), trial->test->site);
    _fail(file, atoi(colon + 1));
}

/* --- faults ------------------------------------------------------------------------------------ */

/* `code` is what adding it has answered. */
static void note_armed(struct torc_trial *trial, const struct torci_armed_fault *armed, int code)
{
    if (code != 0)
        torci_trial_end(trial, "a fault cannot be armed: %s: %s", armed->text, torc_error_text(code));
    trial->armed = torci_trial_grow(trial->armed, trial->armed_count, sizeof *trial->armed);
    trial->armed[trial->armed_count++] = *armed;
}

void torc_trial_arm(struct torc_trial *trial, struct torc_host *host, const struct torc_operation_fault *fault)
{
    struct torci_armed_fault armed = {host, torc_host_operation_fault_struck, 0, ""};
    const struct torc_decision_site *site = fault->site == NULL ? NULL : torc_decision_find_site(fault->site);
    const char *option = site == NULL ? NULL : torc_decision_option_name(site, fault->option);

    snprintf(armed.text, sizeof armed.text, "%s = %s on host %s", fault->site == NULL ? "no site" : fault->site,
             option == NULL ? "no option of it" : option, torc_host_name(host));
    note_armed(trial, &armed, torc_host_add_operation_fault(host, fault, &armed.number));
}

void torc_trial_arm_database(struct torc_trial *trial, struct torc_host *host, const struct torc_database_fault *fault)
{
    struct torci_armed_fault armed = {host, torc_host_database_fault_struck, 0, ""};

    snprintf(armed.text, sizeof armed.text, "of statements like \"%s\" on host %s",
             fault->sql == NULL ? ".*" : fault->sql, torc_host_name(host));
    note_armed(trial, &armed, torc_host_add_database_fault(host, fault, &armed.number));
}

void torc_trial_arm_disk(struct torc_trial *trial, struct torc_host *host, const struct torc_disk_fault *fault)
{
    struct torci_armed_fault armed = {host, torc_host_disk_fault_struck, 0, ""};

    snprintf(armed.text, sizeof armed.text, "of files like \"%s\" on host %s", fault->file == NULL ? ".*" : fault->file,
             torc_host_name(host));
    note_armed(trial, &armed, torc_host_add_disk_fault(host, fault, &armed.number));
}

/* --- leaving early ----------------------------------------------------------------------------- */

/* CMocka knows one way out of a function. */
static void leave(struct torc_trial *trial, enum torci_trial_exit how)
{
    trial->exit = how;
    _skip(__FILE__, __LINE__);
}

void torc_trial_skip(struct torc_trial *trial, const char *reason)
{
    snprintf(trial->outcome->reason, sizeof trial->outcome->reason, "%s", reason);
    leave(trial, TORCI_TRIAL_SKIPPED_ITSELF);
    abort(); /* not reached: _skip does not return inside of a test */
}

bool torc_trial_struck(const struct torc_trial *trial)
{
    return trial->sweep != NULL && trial->sweep->struck;
}

void torc_trial_need_at(const char *file, int line, struct torc_trial *trial, int code)
{
    if (code == 0)
        return;
    if (torc_trial_struck(trial))
        leave(trial, TORCI_TRIAL_ENDED);
    print_error("%s: %s\n", torc_error_name(code), torc_error_text(code));
    _fail(file, line);
}
