/* module_options.h - a module's options as they are written on a command line. */
#ifndef TORCI_MODULE_OPTIONS_H
#define TORCI_MODULE_OPTIONS_H

#include <stdio.h>

#include <torc/module.h>

/* Prints the table: name, type, default, what it is for. */
void torci_module_options_print(const struct torc_module *module, FILE *out);

/* The option of that name, or NULL. */
const struct torc_option *torci_module_option_find(const struct torc_module *module,
                                                   const char *name);

#endif
