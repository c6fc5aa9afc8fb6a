#include "log_printer.h"

#include <stdio.h>
#include <string.h>

#include <torc/failure.h>

enum { LINE_BYTES_MAX = 2048 };

/* A text with newlines in it stays one line. */
static void print_text(const char *text)
{
    for (; *text != '\0'; text++) {
        fputc(*text == '\n' || *text == '\r' ? ' ' : *text, stderr);
    }
}

static void emit(struct torc_log_observer *self, const struct torc_log_event *event)
{
    const struct torci_log_printer *printer = (const struct torci_log_printer *)self;

    if (event->level < printer->lowest) {
        return;
    }
    fprintf(stderr, "%s %s ", torc_log_level_name(event->level), event->name_space);
    print_text(event->message);
    for (size_t i = 0; i < event->field_count; i++) {
        fprintf(stderr, " %s=", event->fields[i].key);
        if (event->fields[i].text != NULL) {
            print_text(event->fields[i].text);
        } else {
            fprintf(stderr, "%lld", (long long)event->fields[i].number);
        }
    }
    if (event->failure != NULL) {
        char text[LINE_BYTES_MAX];

        torc_failure_describe(event->failure, text, sizeof(text));
        fputs(" failure=", stderr);
        print_text(text);
    }
    if (event->site != NULL && event->level >= TORC_LOG_WARN) {
        fprintf(stderr, " at=%s", event->site);
    }
    fputc('\n', stderr);
}

void torci_log_printer_init(struct torci_log_printer *printer, enum torc_log_level lowest)
{
    printer->observer.emit = emit;
    printer->lowest = lowest;
}

bool torci_log_level_parse(const char *name, enum torc_log_level *out)
{
    for (int level = TORC_LOG_DEBUG; level <= TORC_LOG_CRITICAL; level++) {
        if (strcmp(torc_log_level_name((enum torc_log_level)level), name) == 0) {
            *out = (enum torc_log_level)level;
            return true;
        }
    }
    return false;
}
