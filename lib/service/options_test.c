#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <torc/clock.h>
#include <torc/module.h>
#include <torc/trial.h>

static const struct torc_option every_type[] = {
    {"verbose", TORC_OPTION_FLAG, "no", "says more"},
    {"workers", TORC_OPTION_INTEGER, "4", "how many"},
    {"idle", TORC_OPTION_DURATION, "5s", "closes a silent connection"},
    {"limit", TORC_OPTION_BYTES, "64KiB", "of the queue"},
    {"name", TORC_OPTION_TEXT, "torc", "what it is called"},
    {"listen", TORC_OPTION_ADDRESS, "tcp:127.0.0.1:7000", "where"},
    {NULL, TORC_OPTION_FLAG, NULL, NULL},
};

static const struct torc_option no_defaults[] = {
    {"listen", TORC_OPTION_ADDRESS, NULL, "where"},
    {"idle", TORC_OPTION_DURATION, NULL, "closes a silent connection"},
    {"name", TORC_OPTION_TEXT, NULL, NULL},
    {NULL, TORC_OPTION_FLAG, NULL, NULL},
};

struct bench {
    struct torc_scope *scope;
    struct torc_options *options;
    char error[200];
    size_t bytes_before;
};

static struct bench open_bench(const struct torc_option *table)
{
    struct bench bench = {NULL, NULL, "untouched", 0};
    struct torc_scope_counts counts;

    assert_int_equal(torc_scope_new(NULL, NULL, &bench.scope), 0);
    torc_scope_count(bench.scope, &counts);
    bench.bytes_before = counts.bytes_in_use;
    assert_int_equal(torc_options_new(bench.scope, table, &bench.options), 0);
    return bench;
}

static void close_bench(struct bench *bench)
{
    struct torc_scope_counts counts;

    torc_options_free(bench->options);
    torc_scope_count(bench->scope, &counts);
    assert_int_equal(counts.bytes_in_use, bench->bytes_before);
    torc_scope_free(bench->scope);
}

static int set(struct bench *bench, const char *name, const char *value)
{
    return torc_options_set(bench->options, name, value, bench->error, sizeof(bench->error));
}

static uint16_t port(const struct bench *bench, size_t index)
{
    const struct torc_address *address = torc_options_address(bench->options, "listen", index);

    return address ? address->port : 0;
}

TORC_TEST(defaults_of_every_type_are_in_force)
{
    struct bench bench = open_bench(every_type);

    assert_false(torc_options_flag(bench.options, "verbose"));
    assert_int_equal(torc_options_integer(bench.options, "workers"), 4);
    assert_true(torc_options_duration(bench.options, "idle") == 5 * TORC_SECOND);
    assert_int_equal(torc_options_bytes(bench.options, "limit"), 65536);
    assert_string_equal(torc_options_text(bench.options, "name"), "torc");
    assert_int_equal(torc_options_address_count(bench.options, "listen"), 1);
    assert_int_equal(port(&bench, 0), 7000);
    assert_int_equal(torc_options_complete(bench.options, bench.error, sizeof(bench.error)), 0);
    assert_string_equal(bench.error, "untouched");
    close_bench(&bench);
    return NULL;
}

TORC_TEST(every_type_can_be_set_and_the_last_value_counts)
{
    struct bench bench = open_bench(every_type);

    assert_int_equal(set(&bench, "verbose", "yes"), 0);
    assert_int_equal(set(&bench, "workers", "-7"), 0);
    assert_int_equal(set(&bench, "idle", "20ms"), 0);
    assert_int_equal(set(&bench, "idle", "30ms"), 0);
    assert_int_equal(set(&bench, "limit", "1MiB"), 0);
    assert_int_equal(set(&bench, "name", "a longer name than before"), 0);
    assert_int_equal(set(&bench, "name", ""), 0);
    assert_true(torc_options_flag(bench.options, "verbose"));
    assert_int_equal(torc_options_integer(bench.options, "workers"), -7);
    assert_true(torc_options_duration(bench.options, "idle") == 30 * TORC_MILLISECOND);
    assert_int_equal(torc_options_bytes(bench.options, "limit"), 1 << 20);
    assert_string_equal(torc_options_text(bench.options, "name"), "");
    close_bench(&bench);
    return NULL;
}

TORC_TEST(a_bare_flag_means_yes_and_others_need_a_value)
{
    struct bench bench = open_bench(every_type);

    assert_int_equal(set(&bench, "verbose", NULL), 0);
    assert_true(torc_options_flag(bench.options, "verbose"));
    assert_int_equal(set(&bench, "workers", NULL), TORC_ESYNTAX);
    assert_string_equal(bench.error, "option \"workers\" needs a value");
    close_bench(&bench);
    return NULL;
}

TORC_TEST(given_addresses_replace_the_default_and_add_up)
{
    struct bench bench = open_bench(every_type);

    assert_int_equal(set(&bench, "listen", "tcp:8001"), 0);
    assert_int_equal(set(&bench, "listen", "tcp:8002"), 0);
    assert_int_equal(set(&bench, "listen", "unix:/run/torc"), 0);
    assert_int_equal(torc_options_address_count(bench.options, "listen"), 3);
    assert_int_equal(port(&bench, 0), 8001);
    assert_int_equal(port(&bench, 1), 8002);
    assert_int_equal(torc_options_address(bench.options, "listen", 2)->family, TORC_ADDRESS_UNIX);
    assert_null(torc_options_address(bench.options, "listen", 3));
    close_bench(&bench);
    return NULL;
}

TORC_TEST(an_address_that_does_not_parse_changes_nothing)
{
    struct bench bench = open_bench(every_type);

    assert_int_equal(set(&bench, "listen", "tcp:never"), TORC_ESYNTAX);
    assert_memory_equal(bench.error, "option \"listen\": \"tcp:never\": ", 30);
    assert_int_equal(torc_options_address_count(bench.options, "listen"), 1);
    assert_int_equal(port(&bench, 0), 7000);
    close_bench(&bench);
    return NULL;
}

TORC_TEST(a_wrong_value_is_quoted_with_its_option_and_the_reason)
{
    struct bench bench = open_bench(every_type);

    assert_int_equal(set(&bench, "idle", "20"), TORC_ESYNTAX);
    assert_string_equal(bench.error,
                        "option \"idle\": \"20\": the unit is missing: us, ms, s, m or h");
    assert_true(torc_options_duration(bench.options, "idle") == 5 * TORC_SECOND);
    assert_int_equal(set(&bench, "verbose", "perhaps"), TORC_ESYNTAX);
    assert_string_equal(bench.error, "option \"verbose\": \"perhaps\": not a flag; say yes or no");
    assert_int_equal(set(&bench, "workers", "many"), TORC_ESYNTAX);
    assert_string_equal(bench.error, "option \"workers\": \"many\": not an integer, as in 42 or -1");
    assert_int_equal(set(&bench, "limit", "5kb"), TORC_ESYNTAX);
    assert_string_equal(bench.error, "option \"limit\": \"5kb\": no such unit of size; there are KiB, "
                                     "MiB and GiB, or none for bytes");
    close_bench(&bench);
    return NULL;
}

TORC_TEST(an_unknown_name_is_told_the_nearest_one)
{
    struct bench bench = open_bench(every_type);

    assert_int_equal(set(&bench, "ilde", "5s"), TORC_ENOTFOUND);
    assert_string_equal(bench.error, "there is no option \"ilde\"; did you mean \"idle\"?");
    assert_int_equal(set(&bench, "colour", "red"), TORC_ENOTFOUND);
    assert_string_equal(bench.error, "there is no option \"colour\"");
    close_bench(&bench);
    return NULL;
}

TORC_TEST(an_error_may_be_ignored_or_cut)
{
    struct bench bench = open_bench(every_type);
    char small[10] = "";

    assert_int_equal(torc_options_set(bench.options, "ilde", "5s", NULL, 0), TORC_ENOTFOUND);
    assert_int_equal(torc_options_set(bench.options, "ilde", "5s", small, sizeof(small)),
                     TORC_ENOTFOUND);
    assert_string_equal(small, "there is ");
    close_bench(&bench);
    return NULL;
}

TORC_TEST(what_has_no_default_is_compulsory_unless_an_address)
{
    struct bench bench = open_bench(no_defaults);

    assert_int_equal(torc_options_complete(bench.options, bench.error, sizeof(bench.error)),
                     TORC_ENOTFOUND);
    assert_string_equal(bench.error,
                        "option \"idle\" must be given: closes a silent connection");
    assert_int_equal(set(&bench, "idle", "1s"), 0);
    assert_int_equal(torc_options_complete(bench.options, bench.error, sizeof(bench.error)),
                     TORC_ENOTFOUND);
    assert_string_equal(bench.error, "option \"name\" must be given: it has no default");
    assert_null(torc_options_text(bench.options, "name"));
    assert_int_equal(set(&bench, "name", "x"), 0);
    assert_int_equal(torc_options_complete(bench.options, bench.error, sizeof(bench.error)), 0);
    assert_int_equal(torc_options_address_count(bench.options, "listen"), 0);
    close_bench(&bench);
    return NULL;
}

TORC_TEST(a_name_of_no_option_or_of_another_type_has_no_value)
{
    struct bench bench = open_bench(every_type);

    assert_false(torc_options_flag(bench.options, "workers"));
    assert_int_equal(torc_options_integer(bench.options, "idle"), 0);
    assert_int_equal(torc_options_duration(bench.options, "limit"), 0);
    assert_int_equal(torc_options_bytes(bench.options, "idle"), 0);
    assert_null(torc_options_text(bench.options, "listen"));
    assert_int_equal(torc_options_address_count(bench.options, "name"), 0);
    assert_null(torc_options_address(bench.options, "missing", 0));
    close_bench(&bench);
    return NULL;
}

TORC_TEST(a_default_that_does_not_parse_is_the_modules_fault)
{
    static const struct torc_option wrong[] = {
        {"name", TORC_OPTION_TEXT, "kept until here", ""},
        {"idle", TORC_OPTION_DURATION, "5", ""},
        {NULL, TORC_OPTION_FLAG, NULL, NULL},
    };
    struct torc_scope *scope;
    struct torc_scope_counts before;
    struct torc_scope_counts after;
    struct torc_options *options = NULL;

    assert_int_equal(torc_scope_new(NULL, NULL, &scope), 0);
    torc_scope_count(scope, &before);
    assert_int_equal(torc_options_new(scope, wrong, &options), TORC_EINVAL);
    assert_null(options);
    torc_scope_count(scope, &after);
    assert_int_equal(after.bytes_in_use, before.bytes_in_use);
    torc_scope_free(scope);
    return NULL;
}

TORC_TEST(an_empty_table_and_freeing_nothing_are_fine)
{
    static const struct torc_option empty[] = {{NULL, TORC_OPTION_FLAG, NULL, NULL}};
    struct bench bench = open_bench(empty);

    assert_int_equal(set(&bench, "idle", "1s"), TORC_ENOTFOUND);
    assert_int_equal(torc_options_complete(bench.options, NULL, 0), 0);
    torc_options_free(NULL);
    close_bench(&bench);
    return NULL;
}

/* An allocator that admits `left` acquisitions and refuses the rest. */
struct budget {
    size_t left;
};

static void *resize_on_budget(void *ctx, void *ptr, size_t old_bytes, size_t new_bytes)
{
    struct budget *budget = ctx;

    (void)old_bytes;
    if (new_bytes == 0) {
        free(ptr);
        return NULL;
    }
    if (budget->left == 0)
        return NULL;
    budget->left--;
    return realloc(ptr, new_bytes);
}

TORC_TEST(without_memory_nothing_is_changed_and_nothing_leaks)
{
    struct budget budget = {SIZE_MAX};
    struct torc_allocator allocator = {resize_on_budget, NULL, &budget};
    struct torc_scope *scope;
    struct torc_options *options = NULL;
    struct torc_scope_counts before;
    struct torc_scope_counts after;
    char error[80];

    assert_int_equal(torc_scope_new(&allocator, NULL, &scope), 0);
    torc_scope_count(scope, &before);
    for (size_t k = 0; k < 4; k++) {
        budget.left = k;
        assert_int_equal(torc_options_new(scope, every_type, &options), TORC_ENOMEM);
        assert_null(options);
    }
    budget.left = 4; /* the object, its values, a text, an address */
    assert_int_equal(torc_options_new(scope, every_type, &options), 0);
    assert_int_equal(torc_options_set(options, "name", "other", error, sizeof(error)), TORC_ENOMEM);
    assert_string_equal(error, "option \"name\": out of memory");
    assert_string_equal(torc_options_text(options, "name"), "torc");
    assert_int_equal(torc_options_set(options, "listen", "tcp:9", error, sizeof(error)), TORC_ENOMEM);
    assert_int_equal(torc_options_address(options, "listen", 0)->port, 7000);
    torc_options_free(options);
    torc_scope_count(scope, &after);
    assert_int_equal(after.bytes_in_use, before.bytes_in_use);
    torc_scope_free(scope);
    return NULL;
}

TORC_TRIAL_MAIN
