#include "call_place.h"

#include <execinfo.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t torci_call_place(const char *about)
{
    void *frames[TORCI_CALL_PLACE_FRAMES];
    int count = backtrace(frames, TORCI_CALL_PLACE_FRAMES);

    return XXH3_64bits_withSeed(frames, (size_t)count * sizeof frames[0],
                                about == NULL ? 0 : XXH3_64bits(about, strlen(about)));
}
