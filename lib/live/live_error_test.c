#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <torc/trial.h>

#include <errno.h>

#include "live_platform.h"

TORC_TEST(every_error_a_socket_call_names_has_a_code)
{
    static const struct {
        int number;
        int code;
    } expected[] = {
        {0, TORC_OK}, {ENOMEM, TORC_ENOMEM}, {EINVAL, TORC_EINVAL}, {EDESTADDRREQ, TORC_EINVAL},
        {EFAULT, TORC_EINVAL}, {EOPNOTSUPP, TORC_ENOTSUP}, {ENOTSUP, TORC_ENOTSUP},
        {ENOSYS, TORC_ENOTSUP}, {ENOPROTOOPT, TORC_ENOTSUP}, {EPROTONOSUPPORT, TORC_ENOTSUP},
        {ESOCKTNOSUPPORT, TORC_ENOTSUP}, {EPROTOTYPE, TORC_ENOTSUP}, {ESTALE, TORC_ESTALE},
        {EAGAIN, TORC_EAGAIN}, {EWOULDBLOCK, TORC_EAGAIN}, {EINTR, TORC_EAGAIN},
        {EALREADY, TORC_EAGAIN}, {EINPROGRESS, TORC_EAGAIN}, {ECANCELED, TORC_ECANCELED},
        {EBADF, TORC_ECLOSED}, {ENOTSOCK, TORC_ECLOSED}, {EBUSY, TORC_EBUSY},
        {EISCONN, TORC_EBUSY}, {ETXTBSY, TORC_EBUSY}, {ETIMEDOUT, TORC_ETIMEDOUT},
        {ENOENT, TORC_ENOTFOUND}, {ENOTDIR, TORC_ENOTFOUND}, {EEXIST, TORC_EEXIST},
        {ENAMETOOLONG, TORC_ETOOLONG}, {EMSGSIZE, TORC_ETOOLONG}, {EPROTO, TORC_EPROTOCOL},
        {ECONNREFUSED, TORC_ECONNREFUSED}, {ECONNRESET, TORC_ECONNRESET},
        {ENETRESET, TORC_ECONNRESET}, {ECONNABORTED, TORC_ECONNABORTED}, {ENOTCONN, TORC_ENOTCONN},
        {EPIPE, TORC_EPIPE}, {ESHUTDOWN, TORC_EPIPE}, {EHOSTUNREACH, TORC_EHOSTUNREACH},
        {EHOSTDOWN, TORC_EHOSTUNREACH}, {ENETUNREACH, TORC_ENETUNREACH},
        {ENETDOWN, TORC_ENETUNREACH}, {ENONET, TORC_ENETUNREACH}, {EADDRINUSE, TORC_EADDRINUSE},
        {EADDRNOTAVAIL, TORC_EADDRNOTAVAIL}, {EAFNOSUPPORT, TORC_EAFNOSUPPORT},
        {EPFNOSUPPORT, TORC_EAFNOSUPPORT}, {EACCES, TORC_EACCES}, {EPERM, TORC_EACCES},
        {EROFS, TORC_EACCES}, {EMFILE, TORC_EMFILE}, {ENFILE, TORC_ENFILE},
        {ENOBUFS, TORC_ENOBUFS}, {EIO, TORC_EIO}, {ENOSPC, TORC_ENOSPC}, {EDQUOT, TORC_ENOSPC},
    };

    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_int_equal(torci_live_error(expected[i].number), expected[i].code);
    return NULL;
}

TORC_TEST(an_error_without_a_code_is_a_system_error)
{
    assert_int_equal(torci_live_error(EXDEV), TORC_ESYSTEM);
    assert_int_equal(torci_live_error(9999), TORC_ESYSTEM);
    return NULL;
}

TORC_TRIAL_MAIN
