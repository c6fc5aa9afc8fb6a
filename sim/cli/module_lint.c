#include "module_lint.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct lint {
    const struct torci_elf *elf;
    torci_module_finding_fn *found;
    void *arg;
    bool counted;      /* by gcov */
    bool instrumented; /* by a sanitizer */
};

static void find(const struct lint *lint, const char *check, const char *format, ...) TORC_PRINTF(3, 4);
static void find(const struct lint *lint, const char *check, const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    lint->found(lint->arg, check, text);
}

static bool begins_with_one_of(const char *name, const char *const *beginnings)
{
    for (; *beginnings != NULL; beginnings++)
        if (strncmp(name, *beginnings, strlen(*beginnings)) == 0)
            return true;
    return false;
}

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names != NULL; names++)
        if (strcmp(name, *names) == 0)
            return true;
    return false;
}

/* What the sanitizers ask for, and what they add to what is defined. */
static const char *const sanitizer_names[] = {"__asan_", "__ubsan_",   "__tsan_",   "__sanitizer_", "__sancov_",
                                              "__msan_", "__odr_asan", "__unnamed_", "__lsan_",      NULL};
static const char *const gcov_names[] = {"__gcov_", "__llvm_gcov_ctr", "llvm_gcov_", NULL};

static void look_for_tools(void *arg, const struct torci_elf_symbol *symbol)
{
    struct lint *lint = arg;

    lint->counted = lint->counted || begins_with_one_of(symbol->name, gcov_names);
    lint->instrumented = lint->instrumented || begins_with_one_of(symbol->name, sanitizer_names);
}

/* --- writable statics ----------------------------------------------------------------------------- */

/* Written when it is loaded, by the loader, and never again; torc_marks for the addresses of places. */
static const char *const loaders_sections[] = {".data.rel.ro", ".init_array", ".fini_array", ".preinit_array",
                                               ".ctors",       ".dtors",      ".jcr",        ".dynamic",
                                               ".got",         ".tm_clone_table", "torc_marks", NULL};
/* The start-up code's (crtbegin.o): whether it was unloaded, and a handle for that. */
static const char *const startup_symbols[] = {"completed.", "__dso_handle", "__TMC_END__", NULL};

static bool is_written(const struct torci_elf_section *section)
{
    return (section->flags & (SHF_ALLOC | SHF_WRITE)) == (SHF_ALLOC | SHF_WRITE) && section->bytes > 0 &&
           !begins_with_one_of(section->name, loaders_sections);
}

static void look_at_symbol(void *arg, const struct torci_elf_symbol *symbol)
{
    const struct lint *lint = arg;
    struct torci_elf_section section;

    if ((symbol->type != STT_OBJECT && symbol->type != STT_TLS && symbol->type != STT_COMMON) ||
        symbol->section == SHN_UNDEF || symbol->section >= lint->elf->header.e_shnum)
        return;
    torci_elf_section(lint->elf, symbol->section, &section);
    if (is_written(&section) && !begins_with_one_of(symbol->name, startup_symbols) &&
        !begins_with_one_of(symbol->name, sanitizer_names))
        find(lint, "writable-static", "'%.200s' (%llu bytes in %.64s) can be written: all hosts that run the module share it",
             symbol->name, (unsigned long long)symbol->bytes, section.name);
}

/* The start-up code has 8 bytes in .data and one in .bss. */
static void look_at_size(const struct lint *lint, const struct torci_elf_section *section)
{
    uint64_t own = strcmp(section->name, ".bss") == 0 ? (section->align <= 1 ? 8 : 0)
                   : strcmp(section->name, ".data") == 0 ? 8
                                                         : 0;

    if (section->bytes > own)
        find(lint, "writable-static",
             "%llu bytes in %.64s can be written: all hosts that run the module share them (which they are, no symbol "
             "tells: the file is stripped)",
             (unsigned long long)section->bytes, section->name);
}

static void look_for_statics(struct lint *lint)
{
    size_t symbols = torci_elf_symbols(lint->elf, SHT_SYMTAB, look_at_symbol, lint);

    for (size_t i = 0; symbols == 0 && !lint->instrumented && i < lint->elf->header.e_shnum; i++) {
        struct torci_elf_section section;

        torci_elf_section(lint->elf, i, &section);
        if (is_written(&section))
            look_at_size(lint, &section);
    }
}

/* --- imports -------------------------------------------------------------------------------------- */

/* Functions of their arguments; what the compiler and the start-up code ask for. */
static const char *const allowed[] = {
    "memchr", "memcmp", "memcpy", "memmem", "memmove", "mempcpy", "memrchr", "memset", "bcmp", "stpcpy", "stpncpy",
    "strcat", "strchr", "strchrnul", "strcmp", "strcpy", "strcspn", "strlen", "strncat", "strncmp", "strncpy", "strnlen",
    "strpbrk", "strrchr", "strspn", "strstr", "strtok_r", "strtol", "strtoll", "strtoul", "strtoull", "__isoc23_strtol",
    "__isoc23_strtoll", "__isoc23_strtoul", "__isoc23_strtoull", "snprintf", "vsnprintf", "abs", "labs", "llabs", "bsearch",
    "gmtime_r", "timegm", "__memcpy_chk", "__memmove_chk", "__memset_chk", "__strcat_chk", "__strcpy_chk", "__strncat_chk",
    "__strncpy_chk", "__snprintf_chk", "__vsnprintf_chk", "__errno_location", "__tls_get_addr", "__stack_chk_fail",
    "__cxa_finalize", "__gmon_start__", "_ITM_registerTMCloneTable", "_ITM_deregisterTMCloneTable", NULL};
static const char *const allowed_beginnings[] = {"torc_", "__ctype_", NULL};

/* What has a way of its own here. */
static const struct {
    const char *why;
    const char *const *names;
} forbidden[] = {
    {"a real clock: ask torc_reactor_now",
     (const char *const[]){"clock_gettime", "clock_getres", "time", "gettimeofday", "clock", "ftime", "times", "timespec_get",
                           NULL}},
    {"real randomness: ask torc_reactor_random",
     (const char *const[]){"getrandom", "getentropy", "rand", "rand_r", "srand", "random", "srandom", "drand48", "lrand48",
                           "arc4random", "arc4random_uniform", "arc4random_buf", NULL}},
    {"a real network: streams, datagrams and names are the reactor's",
     (const char *const[]){"socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "send", "sendto",
                           "sendmsg", "recv", "recvfrom", "recvmsg", "shutdown", "setsockopt", "getaddrinfo",
                           "gethostbyname", "gethostname", NULL}},
    {"real files: databases are the reactor's, and a job may be asked",
     (const char *const[]){"open", "open64", "openat", "creat", "fopen", "fopen64", "fdopen", "fclose", "fread", "fgets",
                           "read", "pread", "pread64", "write", "pwrite", "pwrite64", "close", "fsync", "fdatasync",
                           "ftruncate", "unlink", "rename", "remove", "mkdir", "stat", "fstat", "access", "opendir",
                           "tmpfile", "mkstemp", NULL}},
    {"it prints: say torc_log",
     (const char *const[]){"printf", "vprintf", "fprintf", "vfprintf", "dprintf", "puts", "fputs", "putchar", "fputc",
                           "putc", "fwrite", "fflush", "perror", "stdout", "stderr", "syslog", "__printf_chk",
                           "__fprintf_chk", "__vfprintf_chk", NULL}},
    {"a thread or a process: say torc_run_job",
     (const char *const[]){"thrd_create", "mtx_lock", "fork", "vfork", "clone", "execv", "execve", "execvp", "posix_spawn",
                           "posix_spawnp", "system", "popen", "waitpid", "sem_wait", NULL}},
    {"it waits, and everybody with it: say torc_reactor_call_later",
     (const char *const[]){"nanosleep", "clock_nanosleep", "usleep", "sleep", "select", "pselect", "poll", "ppoll",
                           "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "pause", "thrd_sleep", NULL}},
    {"it ends the process, which is not the module's, or depends on it",
     (const char *const[]){"exit", "_exit", "_Exit", "quick_exit", "abort", "__assert_fail", "raise", "kill", "signal",
                           "sigaction", "atexit", "getenv", "secure_getenv", "setenv", "getpid", "setlocale", NULL}},
    {"memory that a killed host does not give back: say torc_alloc",
     (const char *const[]){"malloc", "calloc", "realloc", "reallocarray", "free", "aligned_alloc", "posix_memalign",
                           "strdup", "strndup", "asprintf", "vasprintf", "mmap", "munmap", NULL}},
    {"it keeps something from call to call, or is not the same everywhere",
     (const char *const[]){"strtok", "strerror", "localtime", "localtime_r", "gmtime", "ctime", "asctime", "mktime",
                           "strftime", "qsort", NULL}},
};

static const char *why_forbidden(const char *name)
{
    if (strncmp(name, "pthread_", 8) == 0)
        return "a thread or a process: say torc_run_job";
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++)
        if (is_one_of(name, forbidden[i].names))
            return forbidden[i].why;
    return NULL;
}

static void look_at_import(void *arg, const struct torci_elf_symbol *symbol)
{
    const struct lint *lint = arg;
    const char *why;

    if (symbol->section != SHN_UNDEF || is_one_of(symbol->name, allowed) ||
        begins_with_one_of(symbol->name, allowed_beginnings) || begins_with_one_of(symbol->name, sanitizer_names))
        return;
    why = why_forbidden(symbol->name);
    find(lint, "forbidden-import", "it asks for '%.200s': %s", symbol->name,
         why != NULL ? why : "not known to be a function of its arguments alone");
}

bool torci_module_lint_file(const struct torci_elf *elf, torci_module_finding_fn *found, void *arg)
{
    struct lint lint = {elf, found, arg, false, false};

    (void)torci_elf_symbols(elf, SHT_SYMTAB, look_for_tools, &lint);
    (void)torci_elf_symbols(elf, SHT_DYNSYM, look_for_tools, &lint);
    if (lint.counted)
        return false;
    look_for_statics(&lint);
    (void)torci_elf_symbols(elf, SHT_DYNSYM, look_at_import, &lint);
    return true;
}
