/* trial_capture.h - what a test prints, in files that have no name. */
#ifndef TORCI_TRIAL_CAPTURE_H
#define TORCI_TRIAL_CAPTURE_H

struct torci_trial_capture {
    int out;
    int err;
    int saved_out;
    int saved_err;
};

/* 0, or an errno. */
int torci_trial_capture_open(struct torci_trial_capture *capture);
void torci_trial_capture_close(struct torci_trial_capture *capture);

/* Empties them.  Then all that is printed goes there, until `end`. */
void torci_trial_capture_empty(struct torci_trial_capture *capture);
void torci_trial_capture_begin(struct torci_trial_capture *capture);
void torci_trial_capture_end(struct torci_trial_capture *capture);

/* What was printed, without what CMocka does, to be freed; NULL: nothing, or no memory. */
char *torci_trial_capture_out(const struct torci_trial_capture *capture);
char *torci_trial_capture_err(const struct torci_trial_capture *capture);

#endif
