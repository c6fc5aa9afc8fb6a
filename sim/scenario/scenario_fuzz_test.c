/* Whatever the bytes, the parser answers; and what it took, it prints so that it takes it again. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <torc/trial.h>

#include "tests/support/scenario_round_trip.h"
#include "tests/support/test_sample.h"

enum { TEXT_BYTES_MAX = 16384, FLIPS_OF_EACH = 1500 };

/* Included files are not there, so that only this text is tried. */
static bool survives(const char *text, size_t bytes)
{
    char *exact = malloc(bytes + 1); /* a read past the end is then seen by the sanitizer */
    const char *wrong;

    assert_non_null(exact);
    memcpy(exact, text, bytes);
    wrong = scenario_round_trip(exact, bytes, NULL, NULL);
    free(exact);
    if (wrong != NULL)
        print_message("# %s\n", wrong);
    return wrong == NULL;
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

/* Calls `try` with the text of every scenario shipped.  Returns how many there are. */
static size_t for_each_scenario(bool (*try)(const char *text, size_t bytes))
{
    const char *root = getenv("TORC_ROOT");
    char pattern[4096];
    static char text[TEXT_BYTES_MAX];
    glob_t found;
    size_t count = 0;

    snprintf(pattern, sizeof(pattern), "%s/scenarios/*/*.scn", root != NULL ? root : ".");
    if (glob(pattern, 0, NULL, &found) != 0)
        return 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        FILE *file = fopen(found.gl_pathv[i], "rb");
        size_t bytes;

        assert_non_null(file);
        bytes = fread(text, 1, sizeof(text) - 1, file);
        fclose(file);
        if (!try(text, bytes))
            fail_msg("%s", found.gl_pathv[i]);
        count++;
    }
    globfree(&found);
    return count;
}

static bool survives_truncation(const char *text, size_t bytes)
{
    for (size_t length = 0; length <= bytes; length += test_sample())
        if (!survives(text, length)) {
            print_message("# cut after %zu bytes\n", length);
            return false;
        }
    return true;
}

static bool survives_flips(const char *text, size_t bytes)
{
    static const char bytes_of_interest[] = "\"\\+.$()[]{}@#=<>!&|\n\t 0x";
    static char changed[TEXT_BYTES_MAX];
    uint64_t random = 42;

    for (unsigned i = 0; i < FLIPS_OF_EACH / test_sample(); i++) {
        size_t flips = 1 + next_random(&random) % 4;

        memcpy(changed, text, bytes);
        for (size_t j = 0; j < flips; j++) {
            size_t at = next_random(&random) % bytes;
            uint64_t how = next_random(&random);

            changed[at] = how % 2 ? bytes_of_interest[(how / 2) % (sizeof(bytes_of_interest) - 1)]
                                  : (char)(how / 2);
        }
        if (!survives(changed, bytes)) {
            print_message("# change %u:\n%.*s\n", i, (int)bytes, changed);
            return false;
        }
    }
    return true;
}

TORC_TEST(every_beginning_of_every_scenario_is_answered)
{
    assert_true(for_each_scenario(survives_truncation) > 0);
    return NULL;
}

TORC_TEST(changed_bytes_in_every_scenario_are_answered)
{
    assert_true(for_each_scenario(survives_flips) > 0);
    return NULL;
}

TORC_TEST(random_bytes_are_answered)
{
    uint64_t random = 7;

    for (unsigned i = 0; i < 2000; i++) {
        char text[200] = "scn 1\n";
        size_t bytes = 6 + next_random(&random) % (sizeof(text) - 6);

        for (size_t j = 6; j < bytes; j++)
            text[j] = (char)next_random(&random);
        assert_true(survives(text, bytes));
    }
    return NULL;
}

TORC_TRIAL_MAIN
