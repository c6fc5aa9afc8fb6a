/* live_error.c - the operating system's error numbers, in Torc's. */
#include <errno.h>

#include "live_platform.h"

int torci_live_error(int error)
{
    switch (error) {
    case 0: return TORC_OK;
    case ENOMEM: return TORC_ENOMEM;
    case EINVAL:
    case EDESTADDRREQ:
    case EFAULT: return TORC_EINVAL;
    case EOPNOTSUPP:
#if ENOTSUP != EOPNOTSUPP
    case ENOTSUP:
#endif
    case ENOSYS:
    case ENOPROTOOPT:
    case EPROTONOSUPPORT:
    case ESOCKTNOSUPPORT:
    case EPROTOTYPE: return TORC_ENOTSUP;
    case ESTALE: return TORC_ESTALE;
    case EAGAIN:
#if EWOULDBLOCK != EAGAIN
    case EWOULDBLOCK:
#endif
    case EINTR:
    case EALREADY:
    case EINPROGRESS: return TORC_EAGAIN;
    case ECANCELED: return TORC_ECANCELED;
    case EBADF:
    case ENOTSOCK: return TORC_ECLOSED;
    case EBUSY:
    case EISCONN:
    case ETXTBSY: return TORC_EBUSY;
    case ETIMEDOUT: return TORC_ETIMEDOUT;
    case ENOENT:
    case ENOTDIR: return TORC_ENOTFOUND;
    case EEXIST: return TORC_EEXIST;
    case ENAMETOOLONG:
    case EMSGSIZE: return TORC_ETOOLONG;
    case EPROTO: return TORC_EPROTOCOL;
    case ECONNREFUSED: return TORC_ECONNREFUSED;
    case ECONNRESET:
    case ENETRESET: return TORC_ECONNRESET;
    case ECONNABORTED: return TORC_ECONNABORTED;
    case ENOTCONN: return TORC_ENOTCONN;
    case EPIPE:
    case ESHUTDOWN: return TORC_EPIPE;
    case EHOSTUNREACH:
    case EHOSTDOWN: return TORC_EHOSTUNREACH;
    case ENETUNREACH:
    case ENETDOWN:
    case ENONET: return TORC_ENETUNREACH;
    case EADDRINUSE: return TORC_EADDRINUSE;
    case EADDRNOTAVAIL: return TORC_EADDRNOTAVAIL;
    case EAFNOSUPPORT:
    case EPFNOSUPPORT: return TORC_EAFNOSUPPORT;
    case EACCES:
    case EPERM:
    case EROFS: return TORC_EACCES;
    case EMFILE: return TORC_EMFILE;
    case ENFILE: return TORC_ENFILE;
    case ENOBUFS: return TORC_ENOBUFS;
    case EIO: return TORC_EIO;
    case ENOSPC:
    case EDQUOT: return TORC_ENOSPC;
    default: return TORC_ESYSTEM;
    }
}
