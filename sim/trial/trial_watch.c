#include "trial_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_THREAD__)
#define BUILT_SLOW 20
#elif defined(__SANITIZE_ADDRESS__)
#define BUILT_SLOW 5
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define BUILT_SLOW 20
#elif __has_feature(address_sanitizer)
#define BUILT_SLOW 5
#endif
#endif
#ifndef BUILT_SLOW
#define BUILT_SLOW 1
#endif

enum { VALGRIND_SLOW = 50 };

bool torci_trial_is_debugged(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[256];
    bool traced = false;

    if (status == NULL)
        return false;
    while (fgets(line, sizeof line, status) != NULL)
        traced = traced || (strncmp(line, "TracerPid:", 10) == 0 && strtol(line + 10, NULL, 10) != 0);
    fclose(status);
    return traced;
}

/* It loads a library of its own into what it runs. */
bool torci_trial_is_on_valgrind(void)
{
    const char *preload = getenv("LD_PRELOAD");

    return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

unsigned torci_trial_slowness(void)
{
    if (torci_trial_is_debugged())
        return 0;
    return torci_trial_is_on_valgrind() ? VALGRIND_SLOW : BUILT_SLOW;
}
