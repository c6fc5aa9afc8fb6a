#include "test_sample.h"

#include <stdlib.h>

unsigned test_sample(void)
{
    const char *text = getenv("TORC_TEST_SAMPLE");
    unsigned long every = text == NULL ? 1 : strtoul(text, NULL, 10);

    return every == 0 || every > 1000 ? 1 : (unsigned)every;
}
