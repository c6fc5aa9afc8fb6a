#include "job_stack.h"

#include <sys/mman.h>
#include <unistd.h>

#ifdef TORCI_ASAN
#include <sanitizer/asan_interface.h>
#endif

#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif

static size_t guard_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

struct torci_job_stack *torci_job_stack_new(struct torc_world *world)
{
    struct torci_job_stack *stack = world->free_stacks;

    if (stack != NULL) {
        world->free_stacks = stack->next;
        return stack;
    }
    stack = torci_world_resize(world, NULL, 0, sizeof *stack);
    if (stack == NULL)
        return NULL;
    stack->memory = mmap(NULL, guard_bytes() + TORCI_JOB_STACK_BYTES, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack->memory == MAP_FAILED || mprotect(stack->memory, guard_bytes(), PROT_NONE) != 0) {
        if (stack->memory != MAP_FAILED)
            munmap(stack->memory, guard_bytes() + TORCI_JOB_STACK_BYTES);
        torci_world_resize(world, stack, sizeof *stack, 0);
        return NULL;
    }
    stack->bottom = stack->memory + guard_bytes();
    stack->valgrind_id = 0;
#ifdef VALGRIND_STACK_REGISTER
    stack->valgrind_id = VALGRIND_STACK_REGISTER(stack->bottom, stack->bottom + TORCI_JOB_STACK_BYTES);
#endif
    return stack;
}

void torci_job_stack_keep(struct torc_world *world, struct torci_job_stack *stack)
{
#ifdef TORCI_ASAN
    /* Frames that were left for good keep their red zones otherwise. */
    __asan_unpoison_memory_region(stack->bottom, TORCI_JOB_STACK_BYTES);
#endif
    stack->next = world->free_stacks;
    world->free_stacks = stack;
}

void torci_world_free_stacks(struct torc_world *world)
{
    while (world->free_stacks != NULL) {
        struct torci_job_stack *stack = world->free_stacks;

        world->free_stacks = stack->next;
#ifdef VALGRIND_STACK_DEREGISTER
        VALGRIND_STACK_DEREGISTER(stack->valgrind_id);
#endif
        munmap(stack->memory, guard_bytes() + TORCI_JOB_STACK_BYTES);
        torci_world_resize(world, stack, sizeof *stack, 0);
    }
}
