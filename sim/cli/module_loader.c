#include "module_loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "own_folder.h"

enum { PATH_BYTES_MAX = 4096, ADVICE_BYTES = 256 };

int torci_module_path(const char *name, const char *directory, char *path, size_t size)
{
    static const char *const places[] = {"modules", "../lib/torc/modules"};
    char folder[PATH_BYTES_MAX];
    int status;

    if (strchr(name, '/') != NULL) {
        return snprintf(path, size, "%s", name) < (int)size ? 0 : TORC_ETOOLONG;
    }
    if (directory != NULL) {
        return snprintf(path, size, "%s/%s.so", directory, name) < (int)size ? 0 : TORC_ETOOLONG;
    }
    status = torci_own_folder(folder, sizeof(folder));
    if (status != 0) {
        return status;
    }
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (snprintf(path, size, "%s/%s/%s.so", folder, places[i], name) >= (int)size) {
            return TORC_ETOOLONG;
        }
        if (access(path, F_OK) == 0) {
            return 0;
        }
    }
    /* Neither: the first is the one to speak of. */
    return snprintf(path, size, "%s/%s/%s.so", folder, places[0], name) < (int)size ? 0
                                                                                   : TORC_ETOOLONG;
}

/* Whether what a shared object exports as torc_module is one this command can run. */
static int examine(const struct torc_module *module, const char *path, char *error,
                   size_t error_size)
{
    if (module->size != sizeof(struct torc_module)) {
        snprintf(error, error_size,
                 "%s was built for another version of Torc: its torc_module has %zu bytes, this is "
                 "Torc " TORC_VERSION " where it has %zu",
                 path, module->size, sizeof(struct torc_module));
        return TORC_EINVAL;
    }
    if (module->name == NULL || module->start == NULL || module->stop == NULL ||
        module->options == NULL) {
        snprintf(error, error_size,
                 "%s: its torc_module has no name, options, start or stop", path);
        return TORC_EINVAL;
    }
    return 0;
}

/* What dlopen found wrong, without the path it begins with. */
static const char *load_error(const char *path)
{
    const char *text = dlerror();
    size_t bytes = strlen(path);

    return strncmp(text, path, bytes) == 0 && strncmp(text + bytes, ": ", 2) == 0 ? text + bytes + 2
                                                                                 : text;
}

/* What may help who has named a module that is not there; empty: nothing comes to mind. */
static void advise(const char *name, const char *directory, char advice[ADVICE_BYTES])
{
    char here[PATH_BYTES_MAX];
    size_t bytes = strlen(name);

    advice[0] = '\0';
    if (strchr(name, '/') != NULL)
        return;
    snprintf(here, sizeof(here), "./%s.so", name);
    if (bytes > 3 && strcmp(name + bytes - 3, ".so") == 0 && access(name, F_OK) == 0)
        snprintf(advice, ADVICE_BYTES, "; a file is named with its folder: ./%s", name);
    else if (access(here, F_OK) == 0)
        snprintf(advice, ADVICE_BYTES, "; the one of this folder is found with --modules .");
    else if (directory == NULL)
        snprintf(advice, ADVICE_BYTES, "; --modules DIR says where else to look");
}

int torci_module_load(const char *name, const char *directory, const struct torc_module **out,
                      char *error, size_t error_size)
{
    char path[PATH_BYTES_MAX];
    void *object;
    const struct torc_module *module;
    int status = torci_module_path(name, directory, path, sizeof(path));

    if (status != 0) {
        snprintf(error, error_size, "module '%s': its path is %s", name,
                 status == TORC_ETOOLONG ? "too long" : "not known, /proc is missing");
        return status;
    }
    if (access(path, R_OK) != 0) {
        int because = errno;
        char advice[ADVICE_BYTES];

        advise(name, directory, advice);
        snprintf(error, error_size, "module '%s': %s: %s%s", name, path, strerror(because), advice);
        return TORC_ENOTFOUND;
    }
    object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (object == NULL) {
        snprintf(error, error_size, "%s is not a module: %s", path, load_error(path));
        return TORC_EINVAL;
    }
    module = dlsym(object, TORC_MODULE_SYMBOL);
    if (module == NULL) {
        snprintf(error, error_size,
                 "%s is a shared object but not a module: it exports no " TORC_MODULE_SYMBOL, path);
        dlclose(object);
        return TORC_EINVAL;
    }
    status = examine(module, path, error, error_size);
    if (status != 0) {
        dlclose(object);
        return status;
    }
    *out = module;
    return 0;
}
