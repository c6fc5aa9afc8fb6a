/* torc new: a folder with a project that builds and passes, made from the template that is installed with the command.
 * In the template's texts and paths @name@ stands for the name. */
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arguments.h"
#include "command.h"
#include "command_list.h"
#include "own_folder.h"
#include "scenario_source.h"

static const char name[] = "new";
static const char mark[] = "@name@";

enum { NAME_BYTES_MAX = 64, PATH_BYTES_MAX = 4096 };

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* --- arguments ------------------------------------------------------------------------------------ */

static int read_name(const char *text)
{
    size_t good = strspn(text, LETTERS "0123456789_");
    int bad_bytes = 1; /* of the first character that cannot be in a name */

    while (text[good] != '\0' && ((unsigned char)text[good + (size_t)bad_bytes] & 0xC0) == 0x80)
        bad_bytes++; /* of UTF-8 */
    if (text[0] == '\0')
        return torci_usage_error(name, "the name is empty");
    if (text[good] != '\0')
        return torci_usage_error(name, "'%s': '%.*s' cannot be in a name; it has letters, digits and _", text, bad_bytes,
                                 text + good);
    if (strchr(LETTERS, text[0]) == NULL)
        return torci_usage_error(name, "'%s' begins with '%c'; a name begins with a letter", text, text[0]);
    if (good > NAME_BYTES_MAX)
        return torci_usage_error(name, "'%s' has %zu letters; a name has at most %d", text, good, NAME_BYTES_MAX);
    return 0;
}

static int read_operand(void *arg, const char *text)
{
    const char **out = arg;

    if (*out != NULL)
        return torci_usage_error(name, "'%s' and '%s': one project at a time", *out, text);
    *out = text;
    return 0;
}

/* 0, or an exit status. */
static int read_arguments(int argc, char **argv, const char **out, bool *out_done)
{
    const struct torci_argument_reader reader = {NULL, read_operand, out};
    int status = torci_arguments_read(&torci_table_new, argc, argv, &reader, out_done);

    if (status != 0 || *out_done)
        return status;
    return *out != NULL ? read_name(*out) : torci_usage_error(name, "which NAME?");
}

/* --- the template --------------------------------------------------------------------------------- */

/* Beside the command in a tree where it was built, or where `make install` puts it. */
static int find_template(char *path, size_t size)
{
    static const char *const places[] = {"template", "../share/torc/template"};
    char folder[PATH_BYTES_MAX];

    if (torci_own_folder(folder, sizeof folder) != 0)
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "the template is not found: /proc is missing");
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (snprintf(path, size, "%s/%s", folder, places[i]) < (int)size && access(path, R_OK | X_OK) == 0)
            return 0;
    return torci_command_error(name, TORCI_EXIT_INTERNAL, "there is no template, neither in %s/%s nor in %s/%s: is all of "
                               "Torc installed?", folder, places[0], folder, places[1]);
}

/* Writes `text` with the project's name in place of each mark. */
static void expand(FILE *out, const char *text, size_t bytes, const char *project)
{
    const char *end = text + bytes;
    const char *found;

    while ((found = memmem(text, (size_t)(end - text), mark, sizeof mark - 1)) != NULL) {
        fwrite(text, 1, (size_t)(found - text), out);
        fputs(project, out);
        text = found + sizeof mark - 1;
    }
    fwrite(text, 1, (size_t)(end - text), out);
}

/* Closes what `expand` has written to.  0, or the errno of what failed. */
static int finish(FILE *out)
{
    int error = ferror(out) ? errno : 0;

    return fclose(out) != 0 && error == 0 ? errno : error;
}

/* `folder` and the expanded path below it; NULL without memory. */
static char *path_in(const char *folder, const char *below, const char *project)
{
    char *path = NULL;
    size_t bytes;
    FILE *out = open_memstream(&path, &bytes);

    if (out == NULL)
        return NULL;
    fputs(folder, out);
    expand(out, below, strlen(below), project);
    if (finish(out) == 0)
        return path;
    free(path);
    return NULL;
}

static int copy_file(const char *from, const char *to, const char *project)
{
    char *text;
    size_t bytes;
    FILE *out;
    int error = torci_scenario_source_read(from, &text, &bytes);

    if (error != 0)
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "%s cannot be read: %s", from, strerror(error));
    out = fopen(to, "wx");
    error = errno;
    if (out != NULL) {
        expand(out, text, bytes, project);
        error = finish(out);
    }
    free(text);
    return error == 0 ? 0
                      : torci_command_error(name, TORCI_EXIT_INTERNAL, "%s cannot be written: %s", to, strerror(error));
}

static int copy_entry(const FTSENT *entry, const char *to, const char *project)
{
    switch (entry->fts_info) {
    case FTS_D:
        if (mkdir(to, 0777) != 0)
            return torci_command_error(name, TORCI_EXIT_INTERNAL, "%s cannot be made: %s", to, strerror(errno));
        return 0;
    case FTS_DP:
        return 0;
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "%s cannot be read: %s", entry->fts_path,
                                   strerror(entry->fts_errno));
    default: /* a file, or what cannot be read as one */
        return copy_file(entry->fts_accpath, to, project);
    }
}

static int copy_template(char *template, const char *folder, const char *project)
{
    char *const roots[] = {template, NULL};
    size_t root_bytes = strlen(template);
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
    const FTSENT *entry;
    int status = 0;

    if (tree == NULL)
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "%s cannot be read: %s", template, strerror(errno));
    while (status == 0 && (errno = 0, entry = fts_read(tree)) != NULL) {
        char *to;

        if (entry->fts_level == FTS_ROOTLEVEL && entry->fts_info == FTS_D)
            continue; /* `folder` stands for it */
        to = path_in(folder, entry->fts_path + root_bytes, project);
        status = to != NULL ? copy_entry(entry, to, project)
                            : torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
        free(to);
    }
    if (status == 0 && errno != 0)
        status = torci_command_error(name, TORCI_EXIT_INTERNAL, "%s cannot be read: %s", template, strerror(errno));
    fts_close(tree);
    return status;
}

/* --- the project ---------------------------------------------------------------------------------- */

static void remove_tree(char *folder)
{
    char *const roots[] = {folder, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    const FTSENT *entry;

    if (tree == NULL)
        return;
    while ((entry = fts_read(tree)) != NULL)
        if (entry->fts_info != FTS_D)
            (void)remove(entry->fts_accpath);
    fts_close(tree);
}

/* As mkdir would have made it: mkdtemp's folders are for their owner alone. */
static int open_to_all(const char *folder)
{
    mode_t mask = umask(0);

    umask(mask);
    return chmod(folder, 0777 & ~mask);
}

/* Made beside it and renamed, so that the folder is whole or is not there. */
static int make_project(char *template, const char *project)
{
    char beside[NAME_BYTES_MAX + 16];
    int status;

    snprintf(beside, sizeof beside, ".%s.XXXXXX", project);
    if (mkdtemp(beside) == NULL)
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "%s cannot be made here: %s", project, strerror(errno));
    status = copy_template(template, beside, project);
    if (status == 0 && (open_to_all(beside) != 0 || rename(beside, project) != 0))
        status = torci_command_error(name, TORCI_EXIT_INTERNAL, "%s cannot be made here: %s", project, strerror(errno));
    if (status != 0)
        remove_tree(beside);
    return status;
}

int torci_command_new(int argc, char **argv)
{
    char template[PATH_BYTES_MAX];
    const char *project = NULL;
    struct stat there;
    bool done;
    int status = read_arguments(argc, argv, &project, &done);

    if (status != 0 || done)
        return status;
    if (lstat(project, &there) == 0)
        return torci_command_error(name, TORCI_EXIT_USAGE, "%s is there already, and is left as it is", project);
    status = find_template(template, sizeof template);
    if (status == 0)
        status = make_project(template, project);
    if (status == 0)
        printf("%s: a module, its scenarios and what checks them\n    cd %s && make check\n", project, project);
    return status;
}
