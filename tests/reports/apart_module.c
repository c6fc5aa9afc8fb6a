/* apart_module.c - what apart.c loads. */
#include <torc/error.h>

int apart_module(int way);
int apart_module(int way)
{
    if (way == 1)
        return TORC_EBUSY;
    if (way == 8)
        return TORC_ELIMIT;
    return 0;
}
