#include <stddef.h>

#include "command_list.h"
#include "shared_options.h"

const struct torci_command torci_table_replay = {
    .name = "replay",
    .summary = "play recorded traffic to today's build, and compare",
    .operands = "FILE",
    .operand = TORCI_VALUE_RECORDING,
    .about = "Plays a recording (torc serve --record) to today's build of the module, in virtual time, and compares "
             "everything it does with what is recorded, replies byte for byte. Stops at the first difference and shows both "
             "sides.",
    .options =
        (const struct torci_option[]){
            {.name = "module", .value = "MODULE", .kind = TORCI_VALUE_MODULE, .text = "Path or name of the module.",
             .preset = "the one the recording names"},
            TORCI_OPTION_MODULES,
            {.name = "jsonl", .value = "FILE", .kind = TORCI_VALUE_FILE, .text = "Writes each event once it was replayed."},
            {.name = "db", .value = "KIND", .kind = TORCI_VALUE_ONE_OF,
             .text = "Answers statements on databases from the recording (canned); or does that and also runs them with SQLite, "
                     "on new files that are removed afterwards, and compares codes, rows and changes (real).",
             .choices = "canned, real", .preset = "canned"},
            {.name = "db-from", .value = "FILE", .kind = TORCI_VALUE_FILE,
             .text = "With --db real: databases begin as copies of this one.", .preset = "empty"},
            {.name = "verbose", .letter = 'v', .text = "Shows the log of the module, and where the recording comes from."},
            {.name = NULL}},
    .exits = (const struct torci_term[]){{"0", "Equal."},
                                         {"1", "Different."},
                                         {"2", "The file is damaged or is not a recording."},
                                         {"99", "An output cannot be written."},
                                         {NULL, NULL}},
    .examples = (const struct torci_term[]){{"torc replay session.torc", "Today's build against the recording."},
                                            {"torc replay session.torc --module ./kv.so --db real",
                                             "One's own build, and SQLite."},
                                            {NULL, NULL}},
    .see_also = "torc-serve(1), torc-recording(5)",
};
