/* own_folder.h - where the command lies: what is installed with it is found from there. */
#ifndef TORCI_OWN_FOLDER_H
#define TORCI_OWN_FOLDER_H

#include <stddef.h>

/* Writes the folder the running command lies in, without a slash at its end.  Errors: TORC_ENOTFOUND, /proc is
 * missing. */
int torci_own_folder(char *folder, size_t size);

#endif
