#include <torc/error.h>

const char *torc_error_name(int code)
{
    switch (code) {
    case TORC_OK:
        return "TORC_OK";
#define X(name, number, text)                                                                      \
    case TORC_##name:                                                                              \
        return "TORC_" #name;
        TORC_ERRORS(X)
#undef X
    default:
        return "TORC_E?";
    }
}

const char *torc_error_text(int code)
{
    switch (code) {
    case TORC_OK:
        return "no error";
#define X(name, number, text)                                                                      \
    case TORC_##name:                                                                              \
        return text;
        TORC_ERRORS(X)
#undef X
    default:
        return "unknown error";
    }
}
