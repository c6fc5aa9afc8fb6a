/* libFuzzer's entry to the parser of scenarios.  `make fuzz` says how it is built; then
 *     build/fuzz/tests/fuzz/scenario_fuzz -max_total_time=60 CORPUS scenarios/smoke */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <torc/scenario.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void ignore(void *arg, const char *text)
{
    (void)arg;
    (void)text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct torc_scenario *scenario = NULL;
    struct torc_scenario_error error;

    if (torc_scenario_parse((const char *)data, bytes, "fuzz.scn", NULL, &scenario, &error) != 0) {
        if (error.text[0] == '\0')
            abort();
        return 0;
    }
    torc_scenario_print(scenario, ignore, NULL);
    torc_scenario_free(scenario);
    return 0;
}
