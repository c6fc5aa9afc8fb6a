#include <stddef.h>

#include "command_list.h"

const struct torci_command torci_table_torc = {
    .summary = "run, test and replay event-driven programs, live and in virtual time",
    .operands = "COMMAND ...",
    .about = "Runs programs that are written on Torc: live, on real sockets, or in virtual time, where every run is the same to "
             "the byte.",
    .more = "A program is a module, a shared object. torc-serve(1) runs it live and records what it does; torc-replay(1) plays "
            "the recording to another build and compares. A scenario (torc-scenario(5)) puts modules, scripted peers and a "
            "network into virtual time; torc-run(1) runs it, and torc-sweep(1), torc-explore(1) and torc-hunt(1) look for "
            "the faults, orders and moments in which it fails. torc-trial(1) runs unit tests.",
    .options =
        (const struct torci_option[]){
            {.name = "version", .text = "Prints the version and ends."},
            {.name = "man", .value = "COMMAND", .kind = TORCI_VALUE_COMMAND,
             .text = "Prints the manual page of a command, or of torc, in mdoc(7)."},
            {.name = "completion", .value = "SHELL", .kind = TORCI_VALUE_ONE_OF,
             .text = "Prints what completes the arguments of torc in a shell.", .choices = "bash, zsh, fish"},
            {.name = NULL}},
    .exits = (const struct torci_term[]){{"0", "Pass."},
                                         {"1", "Something failed."},
                                         {"2", "Wrong usage or an invalid file."},
                                         {"3", "Nondeterminism."},
                                         {"4", "A budget ended it."},
                                         {"5", "A threshold was not met."},
                                         {"77", "Everything was skipped."},
                                         {"99", "Internal error, or an output cannot be written."},
                                         {"130", "Interrupted."},
                                         {NULL, NULL}},
    .examples =
        (const struct torci_term[]){
            {"torc new parrot && make -C parrot check", "A project of one's own, built and checked."},
            {"torc serve kv --listen tcp:6379 --record session.torc", "A module live, recorded."},
            {"torc replay session.torc", "The recording, against today's build."},
            {"man -l <(torc --man run)", "A manual page of what is not installed."},
            {NULL, NULL}},
    .files =
        (const struct torci_term[]){
            {"../lib/torc/modules/NAME.so", "Modules that have only a name, from the folder of the command."},
            {"modules/NAME.so", "The same, where Torc was built."},
            {NULL, NULL}},
    .see_also = "torc-recording(5), torc-results(5), torc-scenario(5), torc-trace(5), torc(7), torc-limits(7)",
};
