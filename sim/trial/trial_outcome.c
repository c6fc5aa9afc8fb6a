#include "trial_outcome.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <torc/trial.h>

static void add(struct torci_trial_outcome *outcome, const char *text, size_t bytes)
{
    size_t room = sizeof outcome->text - 2 - outcome->text_bytes;

    if (bytes > room)
        bytes = room;
    if (bytes == 0)
        return;
    memcpy(outcome->text + outcome->text_bytes, text, bytes);
    outcome->text_bytes += bytes;
    outcome->text[outcome->text_bytes++] = '\n';
    outcome->text[outcome->text_bytes] = '\0';
}

void torci_trial_fail(struct torci_trial_outcome *outcome, const char *format, ...)
{
    char sentence[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    add(outcome, sentence, strlen(sentence));
    outcome->verdict = TORCI_TRIAL_FAILED;
}

/* "note: block 0x55d0c8 allocated here": the address says nothing. */
static bool add_block(struct torci_trial_outcome *outcome, const char *line, size_t bytes)
{
    static const char before[] = ": note: block 0x";
    static const char after[] = " allocated here";
    char sentence[1024];
    const char *at = memmem(line, bytes, before, sizeof before - 1);

    if (at == NULL || memmem(at, bytes - (size_t)(at - line), after, sizeof after - 1) == NULL)
        return false;
    snprintf(sentence, sizeof sentence, "%.*s: a block allocated here", (int)(at - line), line);
    add(outcome, sentence, strlen(sentence));
    return true;
}

/* "program(function+0x12)[0x7f0012]", a frame: where it lies differs from run to run. */
static size_t without_address(const char *line, size_t bytes)
{
    static const char before[] = ")[0x";
    const char *at = memmem(line, bytes, before, sizeof before - 1);

    return at != NULL && line[bytes - 1] == ']' ? (size_t)(at - line) + 1 : bytes;
}

/* "[   LINE   ] --- file.c:8: error: Failure!", or the same without its beginning, is a place. */
static bool add_place(struct torci_trial_outcome *outcome, const char *line, size_t bytes)
{
    static const char before[] = "[   LINE   ] --- ";
    static const char after[] = ": error: Failure!";
    char sentence[1024];

    if (bytes < sizeof after || memcmp(line + bytes - (sizeof after - 1), after, sizeof after - 1) != 0)
        return false;
    bytes -= sizeof after - 1;
    if (bytes >= sizeof before && memcmp(line, before, sizeof before - 1) == 0) {
        line += sizeof before - 1;
        bytes -= sizeof before - 1;
    }
    snprintf(sentence, sizeof sentence, "at %.*s", (int)bytes, line);
    add(outcome, sentence, strlen(sentence));
    return true;
}

static void add_line(struct torci_trial_outcome *outcome, const char *line, size_t bytes)
{
    static const char error[] = "ERROR: ";

    if (add_place(outcome, line, bytes) || add_block(outcome, line, bytes))
        return;
    bytes = without_address(line, bytes);
    if (bytes > sizeof error - 1 && memcmp(line, error, sizeof error - 1) == 0)
        add(outcome, line + sizeof error - 1, bytes - (sizeof error - 1));
    else
        add(outcome, line, bytes);
}

void torci_trial_fail_text(struct torci_trial_outcome *outcome, const char *text)
{
    while (*text != '\0') {
        size_t bytes = strcspn(text, "\n");

        add_line(outcome, text, bytes);
        text += bytes + (text[bytes] == '\n');
    }
    outcome->verdict = TORCI_TRIAL_FAILED;
}

static void judge_todo(struct torci_trial_outcome *outcome, const char *why)
{
    if (outcome->verdict == TORCI_TRIAL_PASSED) {
        torci_trial_fail(outcome, "it passes, and is marked todo (%s)", why);
        return;
    }
    outcome->verdict = TORCI_TRIAL_TODO;
    snprintf(outcome->reason, sizeof outcome->reason, "%s", why);
}

static void judge_expected(struct torci_trial_outcome *outcome, const char *text)
{
    if (outcome->verdict == TORCI_TRIAL_PASSED) {
        torci_trial_fail(outcome, "it passes, and has to fail with \"%s\"", text);
        return;
    }
    if (strstr(outcome->text, text) == NULL) {
        torci_trial_fail(outcome, "it fails, and not with \"%s\"", text);
        return;
    }
    outcome->verdict = TORCI_TRIAL_PASSED;
}

void torci_trial_judge(struct torci_trial_outcome *outcome, const struct torc_trial_test *test)
{
    if (outcome->verdict == TORCI_TRIAL_SKIPPED)
        return;
    if (test->todo != NULL)
        judge_todo(outcome, test->todo);
    else if (test->fails != NULL)
        judge_expected(outcome, test->fails);
}

const char *torci_trial_verdict_name(enum torci_trial_verdict verdict)
{
    static const char *const names[] = {"passed", "failed", "skipped", "todo"};

    return names[verdict];
}
