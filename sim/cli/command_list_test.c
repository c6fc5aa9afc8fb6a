/* Every command against its table, from outside: in a process of its own, with its output in a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "command.h"
#include "command_list.h"

enum { SAID_BYTES = 16384 };

/* Where each command finds a scenario without a line, as its standard input. */
static const char scenario[] = "scn 1\n";

/* A value an option takes, by what stands for it. */
static const struct {
    const char *placeholder;
    const char *value;
} samples[] = {
    {"NUMBER", "2"},      {"N", "2"},
    {"NAME=VALUE", "n=1"}, {"FILE", "/dev/null"},
    {"DIR", "/tmp"},      {"DURATION", "1s"},
    {"A..B", "1..2"},     {"I/N", "0/2"},
    {"N[:SEED]", "3:4"},  {"PATTERN", "x*"},
    {"MODULE", "echo"},   {"decisions", "/dev/stdin"},
    {"fault", "connect.fail:cli:1=1"}, {"split", "c:c2s:3"},
};

static const char *sample_of(const struct torci_option *option)
{
    const char *found = NULL;

    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) /* a name comes after the general ones */
        if (strcmp(samples[i].placeholder, option->value) == 0 || strcmp(samples[i].placeholder, option->name) == 0)
            found = samples[i].value;
    if (found == NULL)
        fail_msg("--%s %s: there is no sample of such a value", option->name, option->value);
    return found;
}

/* Runs the command with these arguments.  Its exit status; what it printed is in `said`. */
static int run(const struct torci_command_entry *entry, const char *const *arguments, char said[SAID_BYTES])
{
    FILE *output = tmpfile();
    FILE *input = tmpfile();
    char *argv[8] = {(char *)(uintptr_t)entry->table->name};
    int argc = 1;
    int status;
    pid_t child;

    assert_non_null(output);
    assert_non_null(input);
    fputs(scenario, input);
    for (; *arguments != NULL; arguments++)
        argv[argc++] = (char *)(uintptr_t)*arguments;
    fflush(NULL);
    child = fork();
    if (child == 0) {
        rewind(input);
        dup2(fileno(input), STDIN_FILENO);
        dup2(fileno(output), STDOUT_FILENO);
        dup2(fileno(output), STDERR_FILENO);
        status = entry->run(argc, argv);
        fflush(NULL);
        _exit(status);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    rewind(output);
    said[fread(said, 1, SAID_BYTES - 1, output)] = '\0';
    fclose(input);
    fclose(output);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void accepts(const struct torci_command_entry *entry, const char *option, const char *value)
{
    char said[SAID_BYTES];
    char argument[256];
    int status;

    snprintf(argument, sizeof argument, "--%s%s%s", option, value != NULL ? "=" : "", value != NULL ? value : "");
    status = run(entry, (const char *[]){argument, "--help", NULL}, said);
    if (status != 0 || strstr(said, "usage: torc ") == NULL)
        fail_msg("torc %s %s: status %d: %s", entry->table->name, argument, status, said);
}

TORC_TEST(every_command_accepts_every_option_of_its_table)
{
    for (const struct torci_command_entry *entry = torci_commands; entry->table != NULL; entry++)
        for (const struct torci_option *option = entry->table->options; option->name != NULL; option++)
            if (option->choices == NULL)
                accepts(entry, option->name, option->value != NULL ? sample_of(option) : NULL);
    return NULL;
}

TORC_TEST(every_command_accepts_every_choice_of_its_table)
{
    for (const struct torci_command_entry *entry = torci_commands; entry->table != NULL; entry++)
        for (const struct torci_option *option = entry->table->options; option->name != NULL; option++)
            for (const char *at = option->choices; at != NULL && *at != '\0'; at += strspn(at, ", ")) {
                char choice[64];

                snprintf(choice, sizeof choice, "%.*s", (int)strcspn(at, ","), at);
                accepts(entry, option->name, choice);
                at += strlen(choice);
            }
    return NULL;
}

TORC_TEST(every_command_refuses_what_is_in_no_table)
{
    char said[SAID_BYTES];

    for (const struct torci_command_entry *entry = torci_commands; entry->table != NULL; entry++) {
        assert_int_equal(run(entry, (const char *[]){"--xyzzy", NULL}, said), TORCI_EXIT_USAGE);
        if (entry->table != &torci_table_serve) { /* which takes what its module takes */
            assert_non_null(strstr(said, "unknown option --xyzzy"));
        }
        assert_int_equal(run(entry, (const char *[]){"--hlep", NULL}, said), TORCI_EXIT_USAGE);
    }
    return NULL;
}

TORC_TEST(every_option_says_that_its_value_is_missing_or_too_many)
{
    char said[SAID_BYTES];
    char argument[128];

    for (const struct torci_command_entry *entry = torci_commands; entry->table != NULL; entry++)
        for (const struct torci_option *option = entry->table->options; option->name != NULL; option++) {
            snprintf(argument, sizeof argument, "--%s%s", option->name, option->value != NULL ? "" : "=yes");
            assert_int_equal(run(entry, (const char *[]){argument, NULL}, said), TORCI_EXIT_USAGE);
            assert_non_null(strstr(said, option->name));
        }
    return NULL;
}

/* What a page is made of. */
TORC_TEST(every_table_is_whole)
{
    for (const struct torci_command_entry *entry = torci_commands; entry->table != NULL; entry++) {
        const struct torci_command *table = entry->table;

        assert_ptr_equal(torci_command_find(table->name), entry);
        assert_true(table->summary[0] >= 'a' && table->summary[0] <= 'z');
        assert_non_null(table->examples[0].word);
        assert_non_null(table->see_also);
        assert_string_equal(table->exits[0].word, "0");
        for (const struct torci_option *option = table->options; option->name != NULL; option++) {
            assert_int_equal(option->text[strlen(option->text) - 1], '.');
            assert_ptr_equal(torci_command_option(table, option->name), option);
            assert_true((option->choices != NULL) == (option->kind >= TORCI_VALUE_ONE_OF));
        }
    }
    assert_null(torci_command_find("nosuch"));
    return NULL;
}

TORC_TRIAL_MAIN
