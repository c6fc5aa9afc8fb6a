#include "recording_header.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <torc/format.h>

static const char trailer_start[] = "{\"end\":";

/* `json` (taken; may be NULL) as a line. */
static char *line_of(json_t *json)
{
    char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
    char *line = text != NULL ? malloc(strlen(text) + 2) : NULL;

    if (line != NULL) {
        size_t bytes = strlen(text);

        memcpy(line, text, bytes);
        memcpy(line + bytes, "\n", 2);
    }
    free(text);
    json_decref(json);
    return line;
}

/* A string for JSON: bytes that are not UTF-8 (a file name may have some) make it "". */
static json_t *text_of(const char *text)
{
    json_t *json = json_string(text != NULL ? text : "");

    return json != NULL ? json : json_string("");
}

char *torci_recording_header_text(const struct torc_recorder_options *options, int64_t wall_ns)
{
    json_t *pairs = json_array();

    for (size_t i = 0; options->pairs != NULL && options->pairs[i] != NULL; i += 2) {
        json_array_append_new(pairs, json_pack("[o,o]", text_of(options->pairs[i]),
                                               text_of(options->pairs[i + 1])));
    }
    return line_of(json_pack(
        "{s:s,s:i,s:s,s:o,s:o,s:o,s:o,s:o,s:I}", "torc", "recording", "format",
        TORCI_RECORDING_FORMAT, "version", TORC_VERSION, "host", text_of(options->host_name),
        "module", text_of(options->module),
        "module_version", text_of(options->module_version), "options", pairs, "build",
        text_of(options->build), "wall_ns", (json_int_t)wall_ns));
}

char *torci_recording_trailer_text(const struct torci_recording_trailer *trailer)
{
    return line_of(json_pack("{s:I,s:I,s:I,s:I,s:I,s:s}", "end", (json_int_t)trailer->events,
                             "turns", (json_int_t)trailer->turns, "connections",
                             (json_int_t)trailer->connections, "read_bytes",
                             (json_int_t)trailer->read_bytes, "written_bytes",
                             (json_int_t)trailer->written_bytes, "digest", trailer->digest));
}

/* The options' texts, copied: [["listen","tcp:7000"], ...]. */
static int copy_pairs(const json_t *array, char ***out)
{
    size_t count = json_array_size(array);
    char **pairs = calloc(2 * count + 1, sizeof(*pairs));

    if (pairs == NULL) {
        return TORC_ENOMEM;
    }
    *out = pairs; /* released with the header, also when it is not complete */
    for (size_t i = 0; i < count; i++) {
        const json_t *pair = json_array_get(array, i);

        for (size_t j = 0; j < 2; j++) {
            const char *text = json_string_value(json_array_get(pair, j));

            if (text == NULL || json_array_size(pair) != 2) {
                return TORC_ESYNTAX;
            }
            pairs[2 * i + j] = strdup(text);
            if (pairs[2 * i + j] == NULL) {
                return TORC_ENOMEM;
            }
        }
    }
    return 0;
}

static int copy_text(const json_t *object, const char *name, char **out)
{
    const char *text = json_string_value(json_object_get(object, name));

    if (text == NULL) {
        return TORC_ESYNTAX;
    }
    *out = strdup(text);
    return *out != NULL ? 0 : TORC_ENOMEM;
}

/* What is printed of them goes to terminals and into logs. */
static bool has_control(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

static int header_fields(const json_t *json, struct torci_recording_header *header,
                         const char **out_reason)
{
    const json_t *wall = json_object_get(json, "wall_ns");
    const char *kind = json_string_value(json_object_get(json, "torc"));
    int status;

    *out_reason = "this is not a recording: the first line does not begin {\"torc\":\"recording\"";
    if (kind == NULL || strcmp(kind, "recording") != 0) {
        return TORC_ESYNTAX;
    }
    *out_reason = "the recording is of a format this version does not read (it reads format 1)";
    if (json_integer_value(json_object_get(json, "format")) != TORCI_RECORDING_FORMAT) {
        return TORC_ESYNTAX;
    }
    *out_reason = "the first line lacks one of version, module, module_version, build, wall_ns";
    if (!json_is_integer(wall)) {
        return TORC_ESYNTAX;
    }
    header->wall_ns = json_integer_value(wall);
    if ((status = copy_text(json, "version", &header->version)) != 0 ||
        (status = copy_text(json, "module", &header->module)) != 0 ||
        (status = copy_text(json, "module_version", &header->module_version)) != 0 ||
        (status = copy_text(json, "build", &header->build)) != 0) {
        return status;
    }
    *out_reason = "a control character is in one of version, module, module_version, build";
    if (has_control(header->version) || has_control(header->module) || has_control(header->module_version) ||
        has_control(header->build)) {
        return TORC_ESYNTAX;
    }
    *out_reason = "\"host\" is not a string"; /* older recordings have none */
    if (json_object_get(json, "host") != NULL &&
        (status = copy_text(json, "host", &header->host_name)) != 0) {
        return status;
    }
    *out_reason = "\"options\" is not a list of [name, value]";
    if (!json_is_array(json_object_get(json, "options"))) {
        return TORC_ESYNTAX;
    }
    return copy_pairs(json_object_get(json, "options"), &header->pairs);
}

int torci_recording_header_parse(const char *line, size_t bytes,
                                 struct torci_recording_header *out, const char **out_reason)
{
    struct torci_recording_header header;
    json_t *json = json_loadb(line, bytes, JSON_REJECT_DUPLICATES, NULL);
    int status;

    memset(&header, 0, sizeof(header));
    status = header_fields(json, &header, out_reason);
    json_decref(json);
    if (status != 0) {
        torci_recording_header_clear(&header);
        return status;
    }
    *out = header;
    return 0;
}

void torci_recording_header_clear(struct torci_recording_header *header)
{
    free(header->host_name);
    free(header->module);
    free(header->module_version);
    free(header->build);
    free(header->version);
    for (size_t i = 0; header->pairs != NULL && header->pairs[i] != NULL; i++) {
        free(header->pairs[i]);
    }
    free(header->pairs);
    memset(header, 0, sizeof(*header));
}

bool torci_recording_trailer_begins(const char *line, size_t bytes)
{
    size_t start_bytes = sizeof(trailer_start) - 1;

    return bytes >= start_bytes && memcmp(line, trailer_start, start_bytes) == 0;
}

static int trailer_fields(const json_t *json, struct torci_recording_trailer *trailer)
{
    const struct {
        const char *name;
        uint64_t *out;
    } numbers[] = {{"end", &trailer->events},
                   {"turns", &trailer->turns},
                   {"connections", &trailer->connections},
                   {"read_bytes", &trailer->read_bytes},
                   {"written_bytes", &trailer->written_bytes}};
    const char *digest = json_string_value(json_object_get(json, "digest"));

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        const json_t *number = json_object_get(json, numbers[i].name);

        if (!json_is_integer(number) || json_integer_value(number) < 0) {
            return TORC_ESYNTAX;
        }
        *numbers[i].out = (uint64_t)json_integer_value(number);
    }
    if (digest == NULL || strlen(digest) != sizeof(trailer->digest) - 1) {
        return TORC_ESYNTAX;
    }
    memcpy(trailer->digest, digest, sizeof(trailer->digest));
    return 0;
}

int torci_recording_trailer_parse(const char *line, size_t bytes,
                                  struct torci_recording_trailer *out, const char **out_reason)
{
    struct torci_recording_trailer trailer;
    json_t *json = json_loadb(line, bytes, JSON_REJECT_DUPLICATES, NULL);
    int status = trailer_fields(json, &trailer);

    json_decref(json);
    if (status != 0) {
        *out_reason = "the last line lacks one of end, turns, connections, read_bytes, "
                      "written_bytes, digest";
        return status;
    }
    *out = trailer;
    return 0;
}
