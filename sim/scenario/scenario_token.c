/* Tokens of a condition. */
#include <string.h>

#include "scenario_token.h"

const struct torci_word *torci_token_word(const struct torci_tokens *reader)
{
    return &reader->parser->line->words[reader->token_word];
}

int torci_token_fail(struct torci_tokens *reader, const char *sentence)
{
    if (reader->kind == TORCI_TOKEN_END && reader->end == reader->parser->line->word_count)
        return torci_parse_error_end(reader->parser, "%s", sentence);
    return torci_parse_error(reader->parser, torci_token_word(reader), reader->token_offset, "%s",
                             sentence);
}

static size_t string_bytes(const char *text, size_t bytes)
{
    for (size_t i = 1; i < bytes; i++) {
        if (text[i] == '\\')
            i++;
        else if (text[i] == '"')
            return i + 1;
    }
    return bytes;
}

static size_t sign_bytes(const char *text)
{
    static const char *const two[] = {"==", "!=", "<=", ">=", "&&", "||", NULL};

    for (size_t i = 0; two[i] != NULL; i++)
        if (strncmp(text, two[i], 2) == 0)
            return 2;
    return text[0] != '\0' && strchr("<>!(),", text[0]) != NULL ? 1 : 0;
}

int torci_token_next(struct torci_tokens *reader)
{
    const struct torci_word *word;
    const char *at;
    size_t bytes = 0;

    while (reader->word < reader->end) {
        word = &reader->parser->line->words[reader->word];
        while (reader->offset < word->bytes &&
               (word->text[reader->offset] == ' ' || word->text[reader->offset] == '\t'))
            reader->offset++;
        if (reader->offset < word->bytes)
            break;
        reader->word++;
        reader->offset = 0;
    }
    reader->token_word = reader->word < reader->end ? reader->word : reader->end - 1;
    reader->token_offset = reader->offset;
    reader->text[0] = '\0';
    if (reader->word >= reader->end) {
        reader->kind = TORCI_TOKEN_END;
        return 0;
    }
    word = &reader->parser->line->words[reader->word];
    at = word->text + reader->offset;
    if (at[0] == '"') {
        uint8_t *value;
        const char *why = NULL;
        size_t wrong = 0;
        size_t value_bytes = 0;

        bytes = string_bytes(at, word->bytes - reader->offset);
        value = torci_scenario_alloc(reader->parser->scenario, bytes + 1);
        if (value == NULL)
            return TORC_ENOMEM;
        if (torci_value_string(at, bytes, value, &value_bytes, &why, &wrong) != 0)
            return torci_parse_error(reader->parser, word, reader->offset + wrong, "%s", why);
        reader->string = (const char *)value;
        reader->kind = TORCI_TOKEN_STRING;
    } else if ((bytes = sign_bytes(at)) > 0) {
        reader->kind = TORCI_TOKEN_SIGN;
    } else {
        while (torci_is_name_byte(at[bytes]) || (at[bytes] == '.' && bytes > 0))
            bytes++;
        if (bytes == 0)
            return torci_parse_error(reader->parser, word, reader->offset,
                                     at[0] == '='
                                         ? "a comparison is written =="
                                         : "this has no meaning in a condition");
        reader->kind = (at[0] >= '0' && at[0] <= '9') || at[0] == '-' ? TORCI_TOKEN_NUMBER : TORCI_TOKEN_NAME;
    }
    if (bytes >= TORCI_TOKEN_BYTES_MAX)
        return torci_parse_error(reader->parser, word, reader->offset, "this is too long");
    memcpy(reader->text, at, bytes);
    reader->text[bytes] = '\0';
    reader->offset += bytes;
    return 0;
}

bool torci_token_is_sign(const struct torci_tokens *reader, const char *sign)
{
    return reader->kind == TORCI_TOKEN_SIGN && strcmp(reader->text, sign) == 0;
}
