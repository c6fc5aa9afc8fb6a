/* peer_libfiu_point.c - libfiu's fault point that is not enabled, in the loop of fault_point.c.  ns each. */
#define FIU_ENABLE 1
#include <fiu.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

enum { TIMES = 20000000 };

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline void barrier(void)
{
    __asm__ volatile("" ::: "memory");
}

int main(void)
{
    double start;
    double used;
    int failed = 0;

    if (fiu_init(0) != 0)
        return 1;
    start = seconds();
    for (uint32_t i = 0; i < TIMES; i++) {
        failed += fiu_fail("bench/point");
        barrier();
    }
    used = seconds() - start;
    start = seconds();
    for (uint32_t i = 0; i < TIMES; i++)
        barrier();
    used -= seconds() - start;
    printf("%.3f\n", used / TIMES * 1e9);
    return failed;
}
