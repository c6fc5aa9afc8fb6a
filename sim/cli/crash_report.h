/* crash_report.h - what a run that crashes leaves to be read. */
#ifndef TORCI_CRASH_REPORT_H
#define TORCI_CRASH_REPORT_H

/* From now on a crash of this process (SIGSEGV, SIGBUS, SIGFPE, SIGILL) writes to descriptor 2 which scenario it was,
 * virtual time and host if the code of a host was running, the places in the object that the library had called, and
 * the command that repeats it in gdb; then it goes on as it would have without. `scenario` and `arguments` (those of
 * `torc run` that repeat the run, with a blank after each) are borrowed until torci_crash_report_end. */
void torci_crash_report_begin(const char *scenario, const char *arguments);
void torci_crash_report_end(void);

#endif
