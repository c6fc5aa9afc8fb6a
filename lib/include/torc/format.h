/* torc/format.h - formatted text without stdio, the same bytes on every machine and locale.
 *
 * Conversions: %s (with .N and .* precision, - and width) %c %% %d %i %u %x %p, with the lengths
 * hh h l ll z j t and the flags 0 and -.  No floating point, no %n.  An unknown conversion is
 * copied as it stands. */
#ifndef TORC_FORMAT_H
#define TORC_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

#include <torc/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes at most `size` bytes, the terminating NUL among them (size 0 writes nothing), and returns
 * the length the whole text has, as snprintf does. */
TORC_API size_t torc_format(char *buffer, size_t size, const char *format, ...) TORC_PRINTF(3, 4);
TORC_API size_t torc_format_list(char *buffer, size_t size, const char *format, va_list arguments)
    TORC_PRINTF(3, 0);

#ifdef __cplusplus
}
#endif
#endif
