/* reset: a connection that is reset at once, or once so many bytes have come. */
#include <string.h>

#include "scenario_action.h"
#include "scenario_run.h"

/* --- lines ---------------------------------------------------------------------------------------- */

static int read_after(struct torci_action *action, const struct torci_word *word, unsigned *seen, uint64_t *out)
{
    static const char *const keys[] = {"after", NULL};
    const char *why = NULL;
    size_t key = 0;
    size_t value = 0;
    int code = torci_action_read_key(action, word, keys, seen, &key, &value);

    if (code == 0 && torci_value_size(word->text + value, out, &why) != 0)
        return torci_parse_error(action->parser, word, value, "%s", why);
    if (code == 0 && *out == 0)
        return torci_parse_error(action->parser, word, value, "after nothing is at once: say reset");
    return code;
}

int torci_parse_reset(struct torci_action *action)
{
    const struct torci_word *word;
    const struct torci_word *spare = NULL;
    struct torci_step *step = NULL;
    unsigned seen = 0;
    uint64_t after = 0;
    int code = 0;

    while (code == 0 && (word = torci_action_next_word(action)) != NULL) {
        if (torci_word_is(word, "optional"))
            spare = word;
        else
            code = read_after(action, word, &seen, &after);
    }
    if (code == 0 && spare != NULL && after == 0)
        return torci_parse_error(action->parser, spare, 0, "a reset at once always happens: optional needs after=");
    if (code == 0)
        code = torci_action_add(action, TORCI_VERB_RESET, &step);
    if (code != 0)
        return code;
    step->after_bytes = after;
    step->optional = spare != NULL;
    return 0;
}

/* --- in a run ------------------------------------------------------------------------------------- */

void torci_reset_do(const struct torci_step *step, struct torci_peer_connection *connection)
{
    if (connection->reset_at == 0 || step->after_bytes < connection->reset_at)
        connection->reset_at = step->after_bytes;
    torci_reset_look(connection);
}

size_t torci_reset_room(const struct torci_peer_connection *connection, size_t most)
{
    uint64_t left = connection->reset_at - connection->received_bytes;

    return connection->reset_at == 0 || left > most ? most : (size_t)left;
}

void torci_reset_look(struct torci_peer_connection *connection)
{
    if (connection->received_bytes < connection->reset_at)
        return;
    connection->reset_at = 0;
    connection->thrown_away = true;
    torci_connection_abort(connection);
}

void torci_resets_check(struct torci_run *run)
{
    for (size_t i = 0; i < run->scenario->step_count; i++) {
        const struct torci_step_run *each = &run->steps[i];
        const struct torci_step *step = each->step;
        const struct torci_peer_connection *connection;

        if (step->verb != TORCI_VERB_RESET || step->after_bytes == 0 || step->optional ||
            each->state != TORCI_STEP_DONE)
            continue;
        connection = run->labels[step->label->index].connection;
        if (connection != NULL && connection->reset_at != 0)
            torci_report_failure(run, TORC_SCENARIO_FAIL, &step->place, NULL, NULL,
                                 "%s was not reset: %zu of %llu bytes have come", step->label->name,
                                 connection->received_bytes, (unsigned long long)step->after_bytes);
    }
}
