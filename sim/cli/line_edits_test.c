/* White-box tests of the smaller versions of a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "line_edits.h"

struct wanted {
    const char *const *texts; /* each stands in whatever is taken; ended by NULL */
    size_t tries;
};

static bool has_all(void *arg, const char *text)
{
    struct wanted *wanted = arg;
    bool has = true;

    wanted->tries++;
    for (const char *const *each = wanted->texts; *each != NULL; each++)
        has = has && strstr(text, *each) != NULL;
    return has;
}

/* What is left of `line` if it must have all the texts, after at most so many tries. */
static void expect_left(const char *line, const char *const *texts, const char *left, size_t tries_max)
{
    struct wanted wanted = {texts, 0};
    char *text = torci_line_lessen(strdup(line), has_all, &wanted);

    assert_string_equal(text, left);
    assert_true(wanted.tries <= tries_max);
    free(text);
}
#define LEFT(line, left, tries_max, ...) expect_left(line, (const char *const[]){__VA_ARGS__, NULL}, left, tries_max)

TORC_TEST(keys_go_one_by_one)
{
    LEFT("link a<->b delay=2ms rate=1Mbit mtu=100", "link a<->b rate=0Mbit", 20, "link a<->b", "rate=");
    LEFT("host srv module=kv listen=tcp:7000 file=\"a b\"", "host srv listen=tcp:7000", 20, "host srv", "listen=tcp:7000");
    LEFT("always a.n==1 && t<5s", "always a.n==1 && t<5s", 20, "a.n==1 && t<5s");
    return NULL;
}

TORC_TEST(lists_lose_their_names_one_by_one)
{
    LEFT("host a,b,c peer", "host b peer", 20, "host ", "b", " peer");
    LEFT("host a,b,c peer", "host a,c peer", 20, "host ", "a", "c", " peer");
    LEFT("host a module=x clock=skew(+-50ms,ppm=100),drift(5ppm)", "host a clock=skew(+-50ms,ppm=0)", 30, "host a",
         "clock=skew(+-50ms,ppm=");
    return NULL;
}

TORC_TEST(a_decision_for_all_that_follow_becomes_one)
{
    LEFT("decide srv read.short 7.. = 1", "decide srv read.short 7 = 1", 20, "decide srv read.short 7", " = 1");
    LEFT("decide srv read.short 7.. = 1", "decide srv read.short 7.. = 1", 20, "7..", "= 1");
    return NULL;
}

TORC_TEST(strings_get_short_from_both_ends_and_escapes_stay_whole)
{
    static const char all[] = "0 c send \"0123456789abcdef0123456789abcdef0123456789abcdef0123\\x41\\r\\n\" seg=1";

    LEFT(all, "0 c send \"9a\" seg=1", 60, " c send \"", "9a", "seg=1");
    LEFT(all, "0 c send \"\\x41\\r\"", 60, " c send \"", "\\x41\\r");
    LEFT("0 c expect \"abc\" \"def\"", "0 c expect \"d\"", 30, " c expect \"", "d");
    LEFT("0 c expect re\"abc\"", "0 c expect re\"abc\"", 20, "0 c expect re\"", "c\"");
    LEFT("0 expect a.role == \"leader\"", "0 expect a.role == \"leader\"", 20, "== \"leader\"");
    return NULL;
}

TORC_TEST(a_quote_within_a_string_does_not_end_it)
{
    LEFT("0 c send \"a\\\"5 b\" times=3", "0 c send \"\\\"5\"", 40, "0 c send \"", "\\\"5");
    return NULL;
}

TORC_TEST(numbers_become_0_or_are_halved)
{
    LEFT("100ms a2 close", "0ms a2 close", 4, "ms a2 close");
    LEFT("400ms a2 close", "100ms a2 close", 20, "00ms a2 close");
    return NULL;
}

TORC_TRIAL_MAIN
