#include "failure_identity.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* 0x7ffd3cd39cb0 is one too: where something lies is another place in each process. */
static size_t number_bytes(const char *text)
{
    return strncmp(text, "0x", 2) == 0 && isxdigit((unsigned char)text[2])
               ? 2 + strspn(text + 2, "0123456789abcdefABCDEF")
               : strspn(text, "0123456789");
}

void torci_failure_without_numbers(const char *text, char *out, size_t size)
{
    size_t used = 0;

    while (*text != '\0' && used + 1 < size) {
        if (!isdigit((unsigned char)*text)) {
            out[used++] = *text++;
            continue;
        }
        text += number_bytes(text);
        out[used++] = '#';
    }
    out[used] = '\0';
}

void torci_failure_identify(const struct torc_scenario_report *report,
                            struct torci_failure_identity *out)
{
    memset(out, 0, sizeof *out);
    out->verdict = (int)report->verdict;
    if (report->failure_count == 0)
        return;
    snprintf(out->property, sizeof out->property, "%s", report->failures[0].property);
    torci_failure_without_numbers(report->failures[0].message, out->message, sizeof out->message);
    snprintf(out->host, sizeof out->host, "%s", report->failures[0].host);
}

bool torci_failure_same(const struct torci_failure_identity *a,
                        const struct torci_failure_identity *b)
{
    return a->verdict == b->verdict && strcmp(a->property, b->property) == 0 &&
           strcmp(a->message, b->message) == 0 &&
           strcmp(a->host, b->host) == 0;
}
