/* build_id.h - what tells one build of the command from another. */
#ifndef TORCI_BUILD_ID_H
#define TORCI_BUILD_ID_H

#include <stddef.h>

/* The linker's build id of the running program, in hexadecimal; "" if it has none. */
void torci_build_id(char *text, size_t size);

#endif
