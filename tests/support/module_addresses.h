/* module_addresses.h - what every module that listens must do: serve each of several addresses, leave
 * nothing when one of them cannot be had, and stop at once when nobody is connected. */
#ifndef TORC_TESTS_MODULE_ADDRESSES_H
#define TORC_TESTS_MODULE_ADDRESSES_H

#include <torc/module.h>

/* Runs the tests on a module that answers `question` with `answer`; returns what main returns. */
int module_address_tests(const struct torc_module *module, const char *question, const char *answer);

#endif
