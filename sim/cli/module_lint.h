/* module_lint.h - what a module must not have: statics that can be written, imports that get around its reactor, a
 * descriptor that is not whole. */
#ifndef TORCI_MODULE_LINT_H
#define TORCI_MODULE_LINT_H

#include <torc/module.h>

#include "elf_file.h"

/* The sentence is borrowed until the call returns. */
typedef void torci_module_finding_fn(void *arg, const char *check, const char *text);

/* The checks of the file alone:
 *   writable-static   two hosts run one copy of it
 *   forbidden-import  what goes around the reactor, or is not known not to
 * Where gcov counts, neither can be asked: its own statics and imports are linked in, under names of every kind.  Whether
 * they were asked. */
bool torci_module_lint_file(const struct torci_elf *elf, torci_module_finding_fn *found, void *arg);

/* The check `descriptor` of a module that was loaded from `path`: names, options and their defaults, probes, calls. */
void torci_module_lint_descriptor(const struct torc_module *module, const char *path,
                                  torci_module_finding_fn *found, void *arg);

#endif
