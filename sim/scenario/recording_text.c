/* recording_text.c - what a recording writes as text: base64 and addresses. */
#include <string.h>

#include <torc/format.h>

#include "recording_reader.h"

long torci_base64_decode(const char *text, size_t length, uint8_t *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t padding = 0;
    long bytes = 0;

    if (length % 4 != 0) {
        return -1;
    }
    while (padding < 2 && padding < length && text[length - 1 - padding] == '=') {
        padding++;
    }
    for (size_t i = 0; i < length; i += 4) {
        size_t wanted = i + 4 == length ? 4 - padding : 4;
        uint32_t group = 0;

        for (size_t j = 0; j < 4; j++) {
            const char *digit =
                j < wanted ? memchr(digits, text[i + j], sizeof(digits) - 1) : digits;

            if (digit == NULL) {
                return -1;
            }
            group = group << 6 | (uint32_t)(digit - digits);
        }
        if ((group & ((UINT32_C(1) << (8 * (4 - wanted))) - 1)) != 0) {
            return -1; /* bits that stand for nothing */
        }
        for (size_t j = 1; j < wanted; j++) {
            out[bytes++] = (uint8_t)(group >> (24 - 8 * j));
        }
    }
    return bytes;
}

int torci_recording_address(const char *text, struct torc_address *out)
{
    char stream[TORC_ADDRESS_TEXT_MAX];

    if (strncmp(text, "udp:", 4) == 0) {
        torc_format(stream, sizeof(stream), "tcp:%s", text + 4);
        return torc_address_parse(stream, out, NULL);
    }
    if (strcmp(text, "none") == 0 || strcmp(text, "unix:") == 0) {
        memset(out, 0, sizeof(*out));
        out->family = text[0] == 'n' ? TORC_ADDRESS_NONE : TORC_ADDRESS_UNIX;
        return 0;
    }
    return torc_address_parse(text, out, NULL);
}

size_t torci_recording_host(const char *text, struct torc_address *out)
{
    char stream[TORC_ADDRESS_TEXT_MAX];
    size_t bytes = strcspn(text, ",");
    bool ipv6 = memchr(text, ':', bytes) != NULL;

    if (bytes > sizeof(stream) - 16) {
        return 0;
    }
    torc_format(stream, sizeof(stream), ipv6 ? "tcp:[%.*s]:1" : "tcp:%.*s:1", (int)bytes, text);
    if (torc_address_parse(stream, out, NULL) != 0) {
        return 0;
    }
    out->port = 0;
    return bytes + (text[bytes] == ',' ? 1 : 0);
}
