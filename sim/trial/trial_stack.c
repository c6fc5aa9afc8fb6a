#include "trial_stack.h"

#if defined(__SANITIZE_ADDRESS__)
#define TORCI_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TORCI_ASAN 1
#endif
#endif

#ifdef TORCI_ASAN
#include <pthread.h>
#include <stddef.h>

#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

static void *bottom;
static size_t bytes;

void torci_trial_note_stack(void)
{
    pthread_attr_t attributes;

    if (bottom != NULL || pthread_getattr_np(pthread_self(), &attributes) != 0)
        return;
    (void)pthread_attr_getstack(&attributes, &bottom, &bytes);
    pthread_attr_destroy(&attributes);
}

/* Its own frame lies among those it speaks of. */
__attribute__((noinline, no_sanitize_address)) void torci_trial_back_on_stack(void)
{
    char *here = __builtin_frame_address(0);

    if (bottom == NULL)
        return;
    __asan_unpoison_memory_region(bottom, (size_t)(here - (char *)bottom));
    __sanitizer_start_switch_fiber(NULL, bottom, bytes);
    __sanitizer_finish_switch_fiber(NULL, NULL, NULL);
}
#else
void torci_trial_note_stack(void)
{
}

void torci_trial_back_on_stack(void)
{
}
#endif
