/* manual_page.h - a command's page of section 1 of the manual, from its table. */
#ifndef TORCI_MANUAL_PAGE_H
#define TORCI_MANUAL_PAGE_H

#include <stdio.h>

#include "command_table.h"

/* Writes it in mdoc(7).  Its date is today's, or SOURCE_DATE_EPOCH's. */
void torci_manual_page_print(const struct torci_command *command, FILE *out);

#endif
