/* db: the databases of hosts, and the disk they lie on. */
#include <string.h>

#include <torc/format.h>

#include "scenario_fault.h"

/* --- names --------------------------------------------------------------------------------------- */

static const struct torci_script_database *find_database(const struct torc_scenario *scenario,
                                                         const struct torci_script_host *host,
                                                         const char *name, size_t bytes)
{
    for (const struct torci_script_database *each = scenario->databases; each; each = each->next)
        if (each->host == host && strlen(each->name) == bytes &&
            memcmp(each->name, name, bytes) == 0)
            return each;
    return NULL;
}

/* The host before the dot, and how long the whole is before it. */
static int read_host(struct torci_parser *parser, const struct torci_word *word, size_t offset,
                     size_t bytes, const struct torci_script_host **out, size_t *out_bytes)
{
    const char *text = word->text + offset;
    const char *dot = memchr(text, '.', bytes);

    if (dot == NULL || dot == text || dot + 1 == text + bytes)
        return torci_parse_error(parser, word, offset, "a database is named HOST.NAME");
    *out_bytes = (size_t)(dot - text);
    *out = torci_find_script_host(parser->scenario, text, *out_bytes);
    if (*out == NULL)
        return torci_parse_no_host(parser, word, offset, *out_bytes);
    if ((*out)->module == NULL)
        return torci_parse_error(parser, word, offset, "a peer runs no module and has no database");
    return 0;
}

int torci_parse_database_name(struct torci_parser *parser, const struct torci_word *word,
                              size_t offset, size_t bytes,
                              const struct torci_script_database **out)
{
    const struct torci_script_host *host = NULL;
    size_t host_bytes = 0;
    const char *nearest = NULL;
    const char *name;
    size_t distance = SIZE_MAX;
    int code = read_host(parser, word, offset, bytes, &host, &host_bytes);

    if (code != 0 || host == NULL)
        return code;
    name = torci_scenario_copy(parser->scenario, word->text + offset + host_bytes + 1,
                               bytes - host_bytes - 1);
    if (name == NULL)
        return TORC_ENOMEM;
    *out = find_database(parser->scenario, host, name, strlen(name));
    if (*out != NULL)
        return 0;
    for (const struct torci_script_database *each = parser->scenario->databases; each;
         each = each->next)
        if (each->host == host && torc_name_nearer(name, each->name, &distance))
            nearest = each->name;
    return torci_parse_unknown(parser, word, offset + host_bytes + 1, nearest,
                               "unknown database '%.64s' of host %s: a line 'db %s.NAME' names one",
                               name, host->name, host->name);
}

/* @FILE, or the statements themselves as a string. */
static int read_schema(struct torci_parser *parser, const struct torci_word *word, size_t offset,
                       const char **out)
{
    struct torci_bytes text = {NULL, 0};
    const char *name = NULL;
    int code;

    if (word->text[offset] == '"')
        return torci_word_value(parser, word, offset, out);
    if (word->text[offset] != '@')
        return torci_parse_error(parser, word, offset, "a schema is a file: schema=@FILE");
    code = torci_parse_file(parser, word, offset + 1, &name, &text);
    if (code != 0)
        return code;
    if (memchr(text.data, '\0', text.bytes) != NULL)
        return torci_parse_error(parser, word, offset + 1, "'%s' is no text", name);
    *out = (const char *)text.data;
    return 0;
}

/* sector=, capacity=, op=, sync=: of the host's disk. */
static int read_disk_key(struct torci_parser *parser, const struct torci_word *word, size_t key,
                         size_t offset, struct torci_script_database *database)
{
    static const unsigned fields[] = {TORCI_DISK_SECTOR, TORCI_DISK_CAPACITY, TORCI_DISK_OP_TIME,
                                      TORCI_DISK_SYNC_TIME};
    const char *value = word->text + offset;
    const char *why = NULL;
    uint64_t number = 0;
    int code = key < 2 ? torci_value_size(value, &number, &why)
                       : torci_value_duration(value, &number, &why);

    if (code != 0)
        return torci_parse_error(parser, word, offset, "%s", why);
    if (key == 0 && (number < 512 || number > 65536 || (number & (number - 1)) != 0))
        return torci_parse_error(parser, word, offset,
                                 "a sector has 512, 1024, 2048, ... 65536 bytes");
    if (key == 1 && number == 0)
        return torci_parse_error(parser, word, offset, "a disk of no bytes holds no database");
    if (key == 0)
        database->disk.sector_bytes = (uint32_t)number;
    else if (key == 1)
        database->disk.capacity_bytes = number;
    else if (key == 2)
        database->disk.operation_ns = number;
    else
        database->disk.sync_ns = number;
    database->disk_fields |= fields[key];
    return 0;
}

static int read_database_key(struct torci_fault_reader *reader, const struct torci_word *word,
                             struct torci_script_database *database)
{
    static const char *const keys[] = {"sector", "capacity", "op", "sync", "file", "vfs", "schema",
                                       NULL};
    struct torci_parser *parser = reader->parser;
    size_t key = 0;
    size_t value = 0;
    int code = torci_fault_read_key(reader, word, keys, NULL, &key, &value);

    if (code != 0)
        return code;
    if (key < 4)
        return read_disk_key(parser, word, key, value, database);
    if (key == 6)
        return read_schema(parser, word, value, &database->schema);
    if (key == 5)
        return strcmp(word->text + value, "fault") == 0
                   ? 0
                   : torci_parse_error(parser, word, value,
                                       "there is one VFS in a simulation: vfs=fault");
    code = torci_word_value(parser, word, value, &database->file);
    if (code == 0 && database->file[0] == '\0')
        return torci_parse_error(parser, word, value, "the name of the file is missing");
    return code;
}

static int read_database_keys(struct torci_fault_reader *reader,
                              struct torci_script_database *database)
{
    const struct torci_word *word;
    int code = 0;

    while (code == 0 && (word = torci_fault_next_word(reader)) != NULL) {
        if (torci_word_is(word, "optional")) {
            database->optional = true;
            continue;
        }
        if (torci_word_is(word, "lies")) {
            database->disk.ignore_sync = true;
            database->disk_fields |= TORCI_DISK_LIES;
            continue;
        }
        code = read_database_key(reader, word, database);
    }
    return code;
}

/* --- the line ------------------------------------------------------------------------------------- */

int torci_parse_database(struct torci_parser *parser)
{
    const struct torci_word *word = &parser->line->words[1];
    struct torci_script_database *database =
        torci_scenario_alloc(parser->scenario, sizeof(*database));
    struct torci_fault_reader reader = {parser, 2, 0};
    size_t host_bytes = 0;
    size_t name_bytes;
    char file[80];
    int code;

    if (parser->line->word_count < 2)
        return torci_parse_error_end(parser, "which database? HOST.NAME");
    if (database == NULL)
        return TORC_ENOMEM;
    code = read_host(parser, word, 0, word->bytes, &database->host, &host_bytes);
    if (code != 0)
        return code;
    name_bytes = word->bytes - host_bytes - 1;
    if (!torci_is_name(word->text + host_bytes + 1, name_bytes))
        return torci_parse_error(parser, word, host_bytes + 1,
                                 "a database's name is made of letters, digits, _ and -, and begins with a letter");
    database->name = word->text + host_bytes + 1;
    if (find_database(parser->scenario, database->host, database->name, name_bytes) != NULL)
        return torci_parse_error(parser, word, host_bytes + 1, "%s has a database '%s' already",
                                 database->host->name, database->name);
    torc_format(file, sizeof(file), "%s.sqlite", database->name);
    database->file = torci_scenario_copy(parser->scenario, file, strlen(file));
    if (database->file == NULL)
        return TORC_ENOMEM;
    code = read_database_keys(&reader, database);
    if (code != 0)
        return code;
    database->place.line = parser->line;
    database->place.column = word->column;
    *parser->database_end = database;
    parser->database_end = &database->next;
    return 0;
}
