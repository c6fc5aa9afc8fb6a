#include "fault_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <torc/pool.h>

#include "command.h"

static int wrong(const char *command, const char *text)
{
    return torci_usage_error(command, "--fault: '%s' is not CLASS:HOST:NUMBER[:persist][:SQLITE_CODE], "
                             "with a class of alloc, db, io", text);
}

static bool read_class(const char *name, size_t bytes, enum torc_fault_class *out)
{
    for (unsigned c = 0; c < TORC_FAULT_CLASSES; c++) {
        const char *known = torc_fault_class_name((enum torc_fault_class)c);

        if (strlen(known) != bytes || memcmp(known, name, bytes) != 0)
            continue;
        *out = (enum torc_fault_class)c;
        return true;
    }
    return false;
}

/* What follows the number. */
static bool read_rest(const char *at, struct torc_scenario_fault *out)
{
    char code[64];

    while (*at == ':') {
        size_t bytes = strcspn(++at, ":");

        if (bytes == 7 && memcmp(at, "persist", 7) == 0) {
            out->persist = true;
        } else {
            snprintf(code, sizeof code, "%.*s", (int)bytes, at);
            if (torc_sqlite_code_of_name(code, &out->code) != 0)
                return false;
        }
        at += bytes;
    }
    return *at == '\0';
}

int torci_fault_case_read(const char *command, const char *text, struct torci_fault_case *out)
{
    size_t class_bytes = strcspn(text, ":");
    const char *host = text + class_bytes + 1;
    size_t host_bytes;
    const char *number;
    char *end;

    memset(out, 0, sizeof *out);
    if (text[class_bytes] != ':' || !read_class(text, class_bytes, &out->fault.fault_class))
        return wrong(command, text);
    host_bytes = strcspn(host, ":");
    if (host[host_bytes] != ':' || host_bytes == 0 || host_bytes >= sizeof out->host)
        return wrong(command, text);
    memcpy(out->host, host, host_bytes);
    out->fault.host = out->host;
    number = host + host_bytes + 1;
    out->fault.k = strtoull(number, &end, 10);
    if (number[0] < '0' || number[0] > '9' || out->fault.k == 0 || !read_rest(end, &out->fault))
        return wrong(command, text);
    return 0;
}

void torci_fault_case_write(const struct torc_scenario_fault *fault, char *out, size_t size)
{
    snprintf(out, size, "%s:%s:%llu%s%s%s", torc_fault_class_name(fault->fault_class), fault->host,
             (unsigned long long)fault->k, fault->persist ? ":persist" : "",
             fault->code != 0 ? ":" : "", fault->code != 0 ? torc_sqlite_code_name(fault->code) : "");
}
