/* refuser.c - to be preloaded into torc trial: refuses what the environment names.  Holds no tests.
 *
 * TORC_REFUSE_MEMORY=K    the K-th block the command itself asks of malloc, calloc or realloc, counted from 1; what libraries
 *                         ask for themselves does not count
 * TORC_REFUSE_LINK=1      readlink() of anything
 */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

static uintptr_t command_begin;
static uintptr_t command_end;
static long left; /* until the one that is refused */

/* The first image there is, which is the program. */
static int find_command(struct dl_phdr_info *image, size_t bytes, void *data)
{
    (void)bytes;
    (void)data;
    command_begin = image->dlpi_addr;
    for (int i = 0; i < image->dlpi_phnum; i++)
        if (image->dlpi_phdr[i].p_type == PT_LOAD)
            command_end = image->dlpi_addr + image->dlpi_phdr[i].p_vaddr + image->dlpi_phdr[i].p_memsz;
    return 1;
}

__attribute__((constructor)) static void begin(void)
{
    const char *memory = getenv("TORC_REFUSE_MEMORY");

    dl_iterate_phdr(find_command, NULL);
    left = memory != NULL ? strtol(memory, NULL, 10) : 0;
}

static bool is_refused(const void *caller)
{
    uintptr_t place = (uintptr_t)caller;

    if (left == 0 || place < command_begin || place >= command_end || --left > 0)
        return false;
    errno = ENOMEM;
    return true;
}

/* What glibc calls its own. */
extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *block, size_t bytes);

__attribute__((visibility("default"))) void *malloc(size_t bytes)
{
    return is_refused(__builtin_return_address(0)) ? NULL : __libc_malloc(bytes);
}

__attribute__((visibility("default"))) void *calloc(size_t count, size_t bytes)
{
    return is_refused(__builtin_return_address(0)) ? NULL : __libc_calloc(count, bytes);
}

__attribute__((visibility("default"))) void *realloc(void *block, size_t bytes)
{
    return is_refused(__builtin_return_address(0)) ? NULL : __libc_realloc(block, bytes);
}

__attribute__((visibility("default"))) ssize_t readlink(const char *path, char *text, size_t bytes)
{
    ssize_t (*real)(const char *, char *, size_t);

    if (getenv("TORC_REFUSE_LINK") != NULL) {
        errno = EACCES;
        return -1;
    }
    *(void **)&real = dlsym(RTLD_NEXT, "readlink");
    return real(path, text, bytes);
}
