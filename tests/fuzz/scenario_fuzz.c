/* libFuzzer's entry to the parser and the printer of scenarios: whatever the bytes, they are a scenario or an error,
 * and what is printed of a scenario is the same scenario.  `make fuzz` runs it.
 *
 * With CANARY a host with a name of two letters is a crash: tests/fuzz.sh plants it, with a seed that has none, to see
 * that what is to be found is found. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/scenario_model.h"
#include "tests/support/scenario_round_trip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* Files there are: scenarios to include, one of which includes itself, and others. */
static int read_file(void *arg, const char *path, char **out_data, size_t *out_bytes)
{
    static const char hosts[] = "scn 1\nparam idle=5s\nhost srv module=line_server\nhost cli peer\n";
    static const char itself[] = "scn 1\ninclude self.inc\n";
    const char *end = strrchr(path, '.');
    const char *text = "SELECT 1;\n";

    (void)arg;
    if (end == NULL)
        return TORC_ENOTFOUND;
    if (strcmp(end, ".inc") == 0)
        text = strstr(path, "self") != NULL ? itself : hosts;
    *out_bytes = strlen(text);
    *out_data = strdup(text);
    return *out_data != NULL ? 0 : TORC_ENOMEM;
}

static void fail_of_canary(const struct torc_scenario *scenario)
{
#ifdef CANARY
    for (const struct torci_script_host *host = scenario->hosts; host != NULL; host = host->next)
        if (strlen(host->name) > 1)
            abort();
#else
    (void)scenario;
#endif
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct torc_scenario_parse_options options = TORC_SCENARIO_PARSE_OPTIONS_INIT;
    struct torc_scenario *scenario = NULL;
    const char *wrong;

    options.read = read_file;
    wrong = scenario_round_trip((const char *)data, bytes, &options, &scenario);
    if (wrong != NULL) {
        fprintf(stderr, "%s\n", wrong);
        abort();
    }
    if (scenario != NULL)
        fail_of_canary(scenario);
    torc_scenario_free(scenario);
    return 0;
}
