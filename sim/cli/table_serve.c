#include <stddef.h>

#include "command_list.h"
#include "shared_options.h"

const struct torci_command torci_table_serve = {
    .name = "serve",
    .summary = "run a module live, on real sockets and real time",
    .operands = "MODULE [options of the module]",
    .operand = TORCI_VALUE_MODULE,
    .about = "Runs a module on real sockets and real time, until SIGINT or SIGTERM. Prints a line `listening ADDRESS` for "
             "each address it listens on; logs to stderr.\n\n"
             "MODULE is the path of a shared object, or the name of one in the modules folder. Options of the module are "
             "written --NAME VALUE, --NAME=VALUE or NAME=VALUE, after MODULE; --help with MODULE lists them.",
    .more = "The first signal stops the module in order: listeners close, connections are given up, jobs end. A second one "
            "does not wait for that. With --record everything that passes between the program and the platform goes to a "
            "file, which torc-replay(1) plays to any later build.",
    .options =
        (const struct torci_option[]){
            {.name = "record", .value = "FILE", .kind = TORCI_VALUE_FILE,
             .text = "Writes everything that passes the seam to FILE, for torc replay."},
            {.name = "log-level", .value = "LEVEL", .kind = TORCI_VALUE_ONE_OF,
             .text = "Logs what is at least as grave.", .choices = "debug, info, warn, error, critical", .preset = "info"},
            TORCI_OPTION_MODULES,
            {.name = "threads", .value = "NUMBER", .text = "Threads of the pool that runs blocking jobs.", .preset = "4"},
            {.name = NULL}},
    .exits = (const struct torci_term[]){{"0", "It was stopped by SIGTERM."},
                                         {"1", "It could not start, gave up after an error, or the recording is not complete."},
                                         {"2", "Wrong usage."},
                                         {"130", "It was stopped by SIGINT or by force."},
                                         {NULL, NULL}},
    .examples =
        (const struct torci_term[]){
            {"torc serve kv --listen tcp:6379", "The Redis protocol, in memory."},
            {"torc serve kv --listen tcp:127.0.0.1:0 --record session.torc", "On a free port, which is printed, and recorded."},
            {NULL, NULL}},
    .see_also = "torc-replay(1), torc-recording(5)",
};
