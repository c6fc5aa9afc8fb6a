/* module_loader.h - finds and loads modules. */
#ifndef TORCI_MODULE_LOADER_H
#define TORCI_MODULE_LOADER_H

#include <torc/module.h>

/* The path that torci_module_load loads `name` from: of the places it may be in the first where there is such a file,
 * or else the first.  Errors: TORC_ETOOLONG; TORC_ENOTFOUND, /proc is missing. */
int torci_module_path(const char *name, const char *directory, char *path, size_t size);

/* Loads a module.  `name` with a slash is the path of a shared object; without one, the module NAME.so of
 * `directory`, or, if `directory` is NULL, of the folders `modules` beside the command and
 * ../lib/torc/modules from it (where `make install` puts them).
 *
 * A module stays loaded until the process ends: descriptors and marks in it are pointed to from
 * everywhere.  Loading one twice gives the same.
 *
 * On failure `error` holds a sentence that names the file.  Errors: TORC_ENOTFOUND, there is no such
 * file; TORC_EINVAL, it is not a module or one of another version; TORC_ETOOLONG. */
TORC_CHECKED int torci_module_load(const char *name, const char *directory,
                                   const struct torc_module **out, char *error, size_t error_size);

#endif
