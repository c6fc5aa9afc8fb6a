/* log_printer.h - prints log events to stderr, one a line: level, namespace, message, key=value. */
#ifndef TORCI_LOG_PRINTER_H
#define TORCI_LOG_PRINTER_H

#include <stdbool.h>

#include <torc/log.h>

struct torci_log_printer {
    struct torc_log_observer observer;
    enum torc_log_level lowest; /* events below it are not printed */
};

void torci_log_printer_init(struct torci_log_printer *printer, enum torc_log_level lowest);

/* The level of a name ("debug" ... "critical"); false: there is none. */
bool torci_log_level_parse(const char *name, enum torc_log_level *out);

#endif
