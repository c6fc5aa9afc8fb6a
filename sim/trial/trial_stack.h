/* trial_stack.h - tells AddressSanitizer of CMocka's jump out of a job, from its stack to the one this thread began on:
 * it would take the frames that were left for ones in use, and this stack for another. */
#ifndef TORCI_TRIAL_STACK_H
#define TORCI_TRIAL_STACK_H

/* Before anything that may jump. */
void torci_trial_note_stack(void);
/* After a jump. */
void torci_trial_back_on_stack(void);

#endif
