/* A file, line by line: what kind of line it is, what it includes. */
#include <stdlib.h>
#include <string.h>

#include <torc/format.h>

#include "scenario_parser.h"

enum { INCLUDE_DEPTH_MAX = 16, TEXT_BYTES_MAX = 64 << 20 };

/* --- files ---------------------------------------------------------------------------------------- */

/* The path of `name` as seen from the folder of `from`, without "./" and "x/../". */
static const char *resolve(struct torci_parser *parser, const char *from, const char *name)
{
    const char *slash = strrchr(from, '/');
    size_t folder_bytes = slash != NULL && name[0] != '/' ? (size_t)(slash + 1 - from) : 0;
    size_t bytes = folder_bytes + strlen(name);
    char *path = torci_scenario_alloc(parser->scenario, bytes + 1);
    char *part;

    if (path == NULL)
        return NULL;
    memcpy(path, from, folder_bytes);
    memcpy(path + folder_bytes, name, strlen(name));
    while ((part = strstr(path, "/./")) != NULL)
        memmove(part, part + 2, strlen(part + 2) + 1);
    while (strncmp(path, "./", 2) == 0)
        memmove(path, path + 2, strlen(path + 2) + 1);
    for (part = path; (part = strstr(part, "/../")) != NULL;) {
        char *before = part;

        while (before > path && before[-1] != '/')
            before--;
        if (before == part || strncmp(before, "../", 3) == 0) {
            part++;
            continue;
        }
        memmove(before, part + 4, strlen(part + 4) + 1);
        part = path;
    }
    return path;
}

int torci_parse_file(struct torci_parser *parser, const struct torci_word *word, size_t offset,
                     const char **out_name, struct torci_bytes *out)
{
    const char *name = NULL;
    const char *path;
    const char *copy;
    char *data = NULL;
    size_t bytes = 0;
    int code = torci_word_value(parser, word, offset, &name);

    if (code != 0)
        return code;
    if (name[0] == '\0')
        return torci_parse_error(parser, word, offset, "the name of a file is missing");
    path = resolve(parser, parser->line->source->name, name);
    if (path == NULL)
        return TORC_ENOMEM;
    if (parser->options == NULL || parser->options->read == NULL)
        return torci_parse_error(parser, word, offset, "'%s' cannot be read: there are no files here",
                                 path);
    code = parser->options->read(parser->options->read_arg, path, &data, &bytes);
    if (code == TORC_ENOMEM)
        return code;
    if (code != 0)
        return torci_parse_error(parser, word, offset, "'%s' cannot be read: %s", path,
                                 torc_error_text(code));
    copy = bytes <= TEXT_BYTES_MAX ? torci_scenario_copy(parser->scenario, data, bytes) : NULL;
    free(data);
    if (bytes > TEXT_BYTES_MAX)
        return torci_parse_error(parser, word, offset, "'%s' is larger than 64 MiB", path);
    if (copy == NULL)
        return TORC_ENOMEM;
    *out_name = path;
    out->data = (const uint8_t *)copy;
    out->bytes = bytes;
    return 0;
}

static int add_source(struct torci_parser *parser, const char *name, const char *text, size_t bytes,
                      const struct torci_source *included_by, struct torci_source **out)
{
    struct torci_source *source = torci_scenario_alloc(parser->scenario, sizeof(*source));

    if (source == NULL)
        return TORC_ENOMEM;
    source->name = name;
    source->text = text;
    source->bytes = bytes;
    source->included_by = included_by;
    *parser->source_end = source;
    parser->source_end = &source->next;
    *out = source;
    return 0;
}

static int parse_source(struct torci_parser *parser, const struct torci_source *source);

static int parse_include(struct torci_parser *parser)
{
    struct torci_line *line = parser->line;
    const struct torci_word *word = &line->words[1];
    struct torci_source *source = NULL;
    struct torci_bytes text = {NULL, 0};
    const char *name = NULL;
    int code;

    if (line->word_count < 2)
        return torci_parse_error_end(parser, "include takes the name of a file");
    if (line->word_count > 2)
        return torci_parse_error(parser, &line->words[2], 0, "include takes one file");
    code = torci_parse_file(parser, word, 0, &name, &text);
    if (code != 0 || name == NULL)
        return code;
    for (const struct torci_source *each = line->source; each != NULL; each = each->included_by)
        if (strcmp(each->name, name) == 0)
            return torci_parse_error(parser, word, 0, "'%s' includes itself", name);
    if (++parser->source_count > TORCI_SOURCES_MAX)
        return torci_parse_error(parser, word, 0, "more than %d files are included",
                                 TORCI_SOURCES_MAX);
    if (parser->include_depth == INCLUDE_DEPTH_MAX)
        return torci_parse_error(parser, word, 0, "files include files more than %d deep",
                                 INCLUDE_DEPTH_MAX);
    code = add_source(parser, name, (const char *)text.data, text.bytes, line->source, &source);
    if (code != 0)
        return code;
    parser->include_depth++;
    code = parse_source(parser, source);
    parser->include_depth--;
    parser->line = line;
    return code;
}

/* --- lines ---------------------------------------------------------------------------------------- */

static int parse_first_line(struct torci_parser *parser)
{
    const struct torci_line *line = parser->line;

    if (strncmp(line->words[0].text, "\xEF\xBB\xBF", 3) == 0)
        return torci_parse_error(parser, &line->words[0], 0,
                                 "a byte order mark, which does not show; it cannot be in a scenario");
    if (!torci_word_is(&line->words[0], "scn"))
        return torci_parse_error(parser, &line->words[0], 0,
                                 "a scenario begins with the line 'scn 1'");
    if (line->word_count < 2)
        return torci_parse_error_end(parser, "the version is missing: scn 1");
    if (!torci_word_is(&line->words[1], "1"))
        return torci_parse_error(parser, &line->words[1], 0,
                                 "version '%.20s' of the language is not known; 1 is",
                                 line->words[1].text);
    if (line->word_count > 2)
        return torci_parse_error(parser, &line->words[2], 0, "nothing comes after the version");
    return 0;
}

int torci_add_step(struct torci_parser *parser, const struct torci_word *word,
                   const struct torci_time *time, enum torci_verb verb, struct torci_step **out)
{
    struct torci_step *step = torci_scenario_alloc(parser->scenario, sizeof(*step));

    if (step == NULL)
        return TORC_ENOMEM;
    step->place.line = parser->line;
    step->place.column = word->column;
    step->index = parser->scenario->step_count++;
    step->time = *time;
    step->verb = verb;
    *parser->step_end = step;
    parser->step_end = &step->next;
    *out = step;
    return 0;
}

static int parse_timeline_line(struct torci_parser *parser)
{
    struct torci_line *line = parser->line;
    struct torci_time time = parser->time_before;
    bool done = false;
    int code = 0;

    time.kind = TORCI_TIME_ANY;
    if (torci_is_time(&line->words[0])) {
        line->timed = true;
        code = torci_parse_time(parser, &line->words[0], &time);
        if (code != 0)
            return code;
        if (line->word_count == 1)
            return torci_parse_error_end(parser, "after the time comes what happens");
    }
    code = torci_parse_assertion(parser, line->timed ? 1 : 0, &time, &done);
    if (code != 0 || done)
        return code;
    return torci_parse_action(parser, line->timed ? 1 : 0, &time);
}

static int parse_line(struct torci_parser *parser)
{
    bool done = false;
    int code;

    if (torci_word_is(&parser->line->words[0], "include"))
        return parse_include(parser);
    if (torci_word_is(&parser->line->words[0], "scn"))
        return torci_parse_error(parser, &parser->line->words[0], 0,
                                 "'scn 1' is the first line, and no other");
    code = torci_parse_declaration(parser, &done);
    if (code != 0 || done)
        return code;
    return parse_timeline_line(parser);
}

static int parse_source(struct torci_parser *parser, const struct torci_source *source)
{
    bool begun = false;
    unsigned number = 0;

    for (size_t at = 0; at < source->bytes;) {
        bool terminated = true;
        size_t line_at = at;
        int code = torci_lex_line(parser, source, &at, ++number, &terminated);
        struct torci_line *line = parser->line;

        if (code == 0 && line->word_count > 0) {
            code = begun ? parse_line(parser) : parse_first_line(parser);
            if (!begun && code != 0)
                return code;
            begun = true;
        }
        if (code == TORC_ESYNTAX && !terminated && begun && parser->line == line &&
            source->included_by == NULL)
            parser->cut = line_at;
        if (code == 0)
            code = torci_line_make_canonical(parser->scenario, line);
        if (code != 0)
            return code;
        if (source->included_by == NULL) {
            *parser->line_end = line;
            parser->line_end = &line->next;
        }
    }
    if (!begun) {
        struct torci_line nothing = {.source = source, .number = 1, .raw = ""};

        torci_scenario_compose(parser->error, &nothing, 1, "a scenario begins with the line 'scn 1'");
        return TORC_ESYNTAX;
    }
    return 0;
}

/* --- the whole ------------------------------------------------------------------------------------ */

static int add_params(struct torci_parser *parser)
{
    const char *const *pair = parser->options != NULL ? parser->options->params : NULL;

    for (; pair != NULL && pair[0] != NULL; pair += 2) {
        struct torci_param *param = torci_scenario_alloc(parser->scenario, sizeof(*param));

        if (param == NULL)
            return TORC_ENOMEM;
        param->name = torci_scenario_copy(parser->scenario, pair[0], strlen(pair[0]));
        param->value = torci_scenario_copy(parser->scenario, pair[1], strlen(pair[1]));
        if (param->name == NULL || param->value == NULL)
            return TORC_ENOMEM;
        param->next = parser->scenario->params;
        parser->scenario->params = param;
    }
    return 0;
}

/* A parameter given from outside that no line wants is most likely misspelt. */
static int warn_of_unwanted_params(struct torci_parser *parser)
{
    int code = 0;

    for (const struct torci_param *param = parser->scenario->params; param != NULL && code == 0;
         param = param->next) {
        char text[300];

        if (param->wanted)
            continue;
        torc_format(text, sizeof(text), "%.120s: the parameter '%.64s' is given, and no line has it\n",
                    parser->scenario->sources->name, param->name);
        code = torci_parse_warn(parser, text);
    }
    return code;
}

static int parse_whole(struct torci_parser *parser, const char *text, size_t bytes, const char *name)
{
    struct torci_source *source = NULL;
    const char *name_copy = torci_scenario_copy(parser->scenario, name, strlen(name));
    const char *text_copy = torci_scenario_copy(parser->scenario, text, bytes);
    int code;

    if (name_copy == NULL || text_copy == NULL)
        return TORC_ENOMEM;
    parser->scenario->title = name_copy;
    code = add_params(parser);
    if (code == 0)
        code = add_source(parser, name_copy, text_copy, bytes, NULL, &source);
    if (code == 0)
        code = parse_source(parser, source);
    if (code == 0)
        code = torci_check_labels(parser);
    if (code == 0)
        code = warn_of_unwanted_params(parser);
    if (code == 0)
        code = torci_lay_out(parser->scenario);
    return code;
}

/* A scenario of the parser's; none if it fails. */
static int parse_text(const char *text, size_t bytes, const char *name,
                      const struct torc_scenario_parse_options *options, struct torci_parser *parser,
                      struct torc_scenario_error *error)
{
    struct torc_scenario *scenario = calloc(1, sizeof(*scenario));
    int code;

    *parser = (struct torci_parser){.options = options, .error = error, .cut = SIZE_MAX};
    if (scenario == NULL)
        return TORC_ENOMEM;
    scenario->seed = 1;
    scenario->exploration = torci_exploration_defaults();
    scenario->sweeping = torci_sweeping_defaults();
    scenario->limit_time_ns = UINT64_C(3600) * 1000000000;
    scenario->limit_events = 50000000;
    parser->scenario = scenario;
    parser->line_end = &scenario->lines;
    parser->source_end = &scenario->sources;
    parser->step_end = &scenario->steps;
    parser->trigger_end = &scenario->triggers;
    parser->assertion_end = &scenario->assertions;
    parser->host_end = &scenario->hosts;
    parser->link_end = &scenario->links;
    parser->name_end = &scenario->names;
    parser->database_end = &scenario->databases;
    parser->fault_end = &scenario->faults;
    parser->label_end = &scenario->labels;
    parser->warning_end = &scenario->warnings;
    code = parse_whole(parser, text, bytes, name);
    if (code == 0)
        return 0;
    torc_scenario_free(scenario);
    parser->scenario = NULL;
    return code;
}

int torc_scenario_parse(const char *text, size_t bytes, const char *name,
                        const struct torc_scenario_parse_options *options, struct torc_scenario **out,
                        struct torc_scenario_error *error)
{
    struct torci_parser parser;
    int code;

    memset(error, 0, sizeof(*error));
    code = parse_text(text, bytes, name, options, &parser, error);
    if (code == TORC_ESYNTAX && parser.cut != SIZE_MAX) {
        struct torc_scenario_error why = *error;

        /* From the beginning, so that nothing of that line has happened. */
        code = parse_text(text, parser.cut, name, options, &parser, error);
        if (code == 0)
            code = torci_parse_warn_of_cut(&parser, &why);
    }
    if (code == 0) {
        *out = parser.scenario;
        return 0;
    }
    if (code != TORC_ESYNTAX) {
        torc_format(error->file, sizeof(error->file), "%s", name);
        torc_format(error->text, sizeof(error->text), "%.200s: %s\n", name, torc_error_text(code));
    }
    torc_scenario_free(parser.scenario);
    return code;
}

const char *torc_scenario_title(const struct torc_scenario *scenario)
{
    return scenario->title;
}

uint64_t torc_scenario_seed(const struct torc_scenario *scenario)
{
    return scenario->seed;
}

bool torc_scenario_has_campaigns(const struct torc_scenario *scenario)
{
    return scenario->campaigns;
}

void torc_scenario_modules(const struct torc_scenario *scenario, torc_visit_text_fn *visit, void *arg)
{
    for (const struct torci_script_host *each = scenario->hosts; each != NULL; each = each->next)
        if (each->module != NULL)
            visit(arg, each->module);
}

void torc_scenario_warnings(const struct torc_scenario *scenario, torc_visit_text_fn *visit,
                            void *arg)
{
    for (const struct torci_warning *each = scenario->warnings; each != NULL; each = each->next)
        visit(arg, each->text);
}
