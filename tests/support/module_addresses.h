/* module_addresses.h - what every module that listens must do: serve each of several addresses, leave
 * nothing when one of them cannot be had, and stop at once when nobody is connected.
 *
 *     MODULE_ADDRESS_TESTS(&torc_module, "PING\r\n", "+PONG\r\n")
 *     TORC_TRIAL_MAIN
 */
#ifndef TORC_TESTS_MODULE_ADDRESSES_H
#define TORC_TESTS_MODULE_ADDRESSES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <torc/module.h>
#include <torc/trial.h>

/* Each returns NULL. */
struct torc_deferred *module_serves_every_address(struct torc_trial *trial, const struct torc_module *module,
                                                  const char *question, const char *answer);
struct torc_deferred *module_leaves_nothing_without_an_address(struct torc_trial *trial,
                                                               const struct torc_module *module);
struct torc_deferred *module_stops_at_once(struct torc_trial *trial, const struct torc_module *module);

/* The tests of a module that answers `question` with `answer`. */
#define MODULE_ADDRESS_TESTS(module, question, answer)                                             \
    TORC_TEST(every_address_is_served)                                                             \
    {                                                                                              \
        return module_serves_every_address(trial, module, question, answer);                       \
    }                                                                                              \
    TORC_TEST(a_start_that_fails_at_its_last_address_leaves_nothing)                               \
    {                                                                                              \
        return module_leaves_nothing_without_an_address(trial, module);                            \
    }                                                                                              \
    TORC_TEST(a_stop_without_connections_is_done_at_once)                                          \
    {                                                                                              \
        return module_stops_at_once(trial, module);                                                \
    }

#endif
