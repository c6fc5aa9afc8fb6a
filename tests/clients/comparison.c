#include "comparison.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define SAME(text) {text, sizeof(text) - 1, NULL}
#define DIFFERS(text, why) {text, sizeof(text) - 1, why}

/* In this order; what one leaves behind the next ones find. */
const struct comparison_case comparison_cases[] = {
    SAME("FLUSHDB\r\n"),
    SAME("PING\r\n"),
    SAME("ping hello\r\n"),
    SAME("PING a b\r\n"),
    SAME("ECHO \"a\\x00b\"\r\n"),
    SAME("ECHO\r\n"),
    SAME("SET a 1\r\n"),
    SAME("GET a\r\n"),
    SAME("GET nosuch\r\n"),
    SAME("GET\r\n"),
    SAME("SET a\r\n"),
    SAME("SET a 1 NX\r\n"),
    SAME("SET a 2 XX\r\n"),
    SAME("SET nosuch 2 XX\r\n"),
    SAME("SET a 3 GET\r\n"),
    SAME("SET a 4 NX GET\r\n"),
    SAME("SET nosuch 4 XX GET\r\n"),
    SAME("SET a 1 NX XX\r\n"),
    SAME("SET a 1 EX\r\n"),
    SAME("SET a 1 EX 0\r\n"),
    SAME("SET a 1 PX -1\r\n"),
    SAME("SET a 1 EX x\r\n"),
    SAME("SET a 1 EX 9223372036854775807\r\n"),
    SAME("SET a 1 PX 9223372036854775807\r\n"),
    SAME("SET a 1 EX 10 PX 10\r\n"),
    SAME("SET a 1 EX 10 KEEPTTL\r\n"),
    SAME("SET a 1 KEEPTTL EX 10\r\n"),
    SAME("SET a 1 EX 10 XX NX\r\n"),
    SAME("SET a 1 nosuch\r\n"),
    SAME("SET a 1 EX 100\r\n"),
    SAME("TTL a\r\n"),
    SAME("SET a 2 KEEPTTL\r\n"),
    SAME("TTL a\r\n"),
    SAME("INCR a\r\n"),
    SAME("TTL a\r\n"),
    SAME("PERSIST a\r\n"),
    SAME("PERSIST a\r\n"),
    SAME("PERSIST nosuch\r\n"),
    SAME("TTL a\r\n"),
    SAME("PTTL a\r\n"),
    SAME("TTL nosuch\r\n"),
    SAME("PTTL nosuch\r\n"),
    SAME("EXPIRE a 100\r\n"),
    SAME("EXPIRE a 50 GT\r\n"),
    SAME("EXPIRE a 50 LT\r\n"),
    SAME("EXPIRE a 50 NX\r\n"),
    SAME("EXPIRE a 70 XX\r\n"),
    SAME("EXPIRE a 70 XX NX\r\n"),
    SAME("EXPIRE a 70 GT LT\r\n"),
    SAME("EXPIRE a 70 nosuch\r\n"),
    SAME("EXPIRE a x\r\n"),
    SAME("EXPIRE a x nosuch\r\n"),
    SAME("EXPIRE a 9223372036854775807\r\n"),
    SAME("EXPIRE a -9223372036854775808\r\n"),
    SAME("PEXPIRE a 9223372036854775807\r\n"),
    SAME("EXPIRE nosuch 10\r\n"),
    SAME("EXPIRE nosuch x\r\n"),
    SAME("EXPIRE a\r\n"),
    SAME("TTL a\r\n"),
    SAME("EXPIRE a 0\r\n"),
    SAME("EXISTS a\r\n"),
    SAME("SET a 1\r\n"),
    SAME("PEXPIRE a -5\r\n"),
    SAME("EXISTS a a\r\n"),
    SAME("INCR n\r\n"),
    SAME("INCRBY n 41\r\n"),
    SAME("DECR n\r\n"),
    SAME("DECRBY n 50\r\n"),
    SAME("INCRBY n 1.5\r\n"),
    SAME("INCRBY n 01\r\n"),
    SAME("INCRBY n +1\r\n"),
    SAME("INCRBY n \"\"\r\n"),
    SAME("DECRBY n -9223372036854775808\r\n"),
    SAME("SET n 9223372036854775807\r\n"),
    SAME("INCR n\r\n"),
    SAME("SET n -9223372036854775808\r\n"),
    SAME("DECR n\r\n"),
    SAME("DECRBY n 9223372036854775807\r\n"),
    SAME("SET n \" 1\"\r\n"),
    SAME("INCR n\r\n"),
    SAME("MSET x 1 y 2 x 3\r\n"),
    SAME("MSET x 1 y\r\n"),
    SAME("MSET\r\n"),
    SAME("MGET x y nosuch\r\n"),
    SAME("EXISTS x y nosuch x\r\n"),
    SAME("TYPE x\r\n"),
    SAME("TYPE nosuch\r\n"),
    SAME("KEYS x*\r\n"),
    SAME("KEYS [y-z]\r\n"),
    SAME("KEYS nosuch*\r\n"),
    SAME("KEYS\r\n"),
    SAME("DBSIZE\r\n"),
    SAME("DBSIZE x\r\n"),
    SAME("DEL x y nosuch\r\n"),
    SAME("DEL\r\n"),
    SAME("FLUSHDB ASYNC\r\n"),
    SAME("FLUSHDB SYNC\r\n"),
    SAME("FLUSHDB nosuch\r\n"),
    SAME("FLUSHDB async sync\r\n"),
    SAME("SELECT 0\r\n"),
    SAME("SELECT x\r\n"),
    SAME("SELECT 99\r\n"),
    SAME("SELECT -1\r\n"),
    DIFFERS("SELECT 1\r\n", "kv has one database"),
    SAME("nosuch\r\n"),
    SAME("nosuch a b c\r\n"),
    SAME("nosuch \"a\\r\\nb\" \"c\\x00d\"\r\n"),
    SAME("nosuch 0123456789012345678901234567890123456789012345678901234567890123456789"
         "0123456789012345678901234567890123456789012345678901234567890123456789 b c\r\n"),
    SAME("n0123456789012345678901234567890123456789012345678901234567890123456789"
         "0123456789012345678901234567890123456789012345678901234567890123456789 b\r\n"),
    SAME("CONFIG\r\n"),
    SAME("CONFIG GET\r\n"),
    SAME("CONFIG nosuch\r\n"),
    SAME("CONFIG GET save\r\n"),
    SAME("CONFIG GET appendonly\r\n"),
    SAME("CONFIG GET nosuch\r\n"),
    DIFFERS("CONFIG GET databases\r\n", "kv has one database"),
    DIFFERS("CONFIG SET save \"\"\r\n", "kv is configured by its options"),
    SAME("CLIENT\r\n"),
    SAME("CLIENT nosuch\r\n"),
    SAME("CLIENT GETNAME\r\n"),
    SAME("CLIENT GETNAME x\r\n"),
    SAME("CLIENT SETNAME \"a b\"\r\n"),
    SAME("CLIENT SETNAME tester\r\n"),
    SAME("CLIENT SETNAME\r\n"),
    SAME("CLIENT ID x\r\n"),
    SAME("CLIENT NO-EVICT on\r\n"),
    SAME("CLIENT NO-EVICT maybe\r\n"),
    SAME("CLIENT NO-EVICT\r\n"),
    SAME("CLIENT LIST nosuch\r\n"),
    DIFFERS("CLIENT ID\r\n", "it counts the connections"),
    DIFFERS("CLIENT LIST\r\n", "kv knows fewer fields"),
    SAME("COMMAND nosuch\r\n"),
    SAME("COMMAND COUNT x\r\n"),
    SAME("COMMAND INFO nosuch\r\n"),
    SAME("COMMAND DOCS nosuch\r\n"),
    DIFFERS("COMMAND COUNT\r\n", "kv has fewer commands"),
    DIFFERS("COMMAND INFO get\r\n", "kv has no categories of access control"),
    DIFFERS("INFO server\r\n", "kv knows fewer fields"),
    SAME("INFO nosuch\r\n"),
    SAME("HELLO x\r\n"),
    SAME("HELLO 1\r\n"),
    SAME("HELLO 4\r\n"),
    SAME("HELLO 2 nosuch\r\n"),
    SAME("HELLO 2 SETNAME\r\n"),
    SAME("HELLO 2 AUTH other any\r\n"),
    DIFFERS("HELLO 2\r\n", "the client's number"),
    DIFFERS("HELLO 3\r\n", "kv speaks the second protocol only"),
    SAME("QUIT\r\n"),
    SAME("QUIT now\r\n"),
    SAME("POST / HTTP/1.1\r\n"),
    SAME("Host: localhost\r\n"),
    /* Forms of requests. */
    SAME("\r\n"),
    SAME("   \r\nPING\r\n"),
    SAME("PING\n"),
    SAME("ECHO \"a\\nb\\x41\\q\" \r\n"),
    SAME("ECHO 'it\\'s'\r\n"),
    SAME("ECHO ab\"cd\"\r\n"),
    SAME("ECHO \"ab\"cd\r\n"),
    SAME("ECHO \"ab\r\n"),
    SAME("ECHO 'ab\r\n"),
    SAME("*0\r\nPING\r\n"),
    SAME("*-1\r\nPING\r\n"),
    SAME("*1\r\n$4\r\nPING\r\n"),
    SAME("*2\r\n$4\r\nECHO\r\n$4\r\n\r\n\0x\r\n"),
    SAME("*1\r\n$4\r\nPINGxx"),
    SAME("*x\r\n"),
    SAME("*01\r\n"),
    SAME("*99999999999999999999\r\n"),
    DIFFERS("*1048577\r\n", "kv takes 1048576 arguments at most"),
    SAME("*1\r\n4\r\nPING\r\n"),
    SAME("*1\r\n:4\r\nPING\r\n"),
    SAME("*1\r\n$x\r\n"),
    SAME("*1\r\n$-1\r\n"),
    SAME("*1\r\n$536870913\r\n"),
    /* Not asked: "$16777217".  kv takes 16 MiB unless told otherwise; Redis goes on to wait for it. */
    SAME("*3\r\n$3\r\nSET\r\n$0\r\n\r\n$5\r\n\r\n\0\r\n\r\n*2\r\n$3\r\nGET\r\n$0\r\n\r\n"),
    SAME("SET a 1\r\nINCR a\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\nnosuch\r\nGET a\r\n"),
    SAME("*1\r\n$0\r\n\r\n"),
};

const size_t comparison_case_count = sizeof(comparison_cases) / sizeof(comparison_cases[0]);

static int connect_to(const char *socket_path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {30, 0}; /* for a reply that never comes */
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    strncpy(address.sun_path, socket_path, sizeof(address.sun_path) - 1);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* A peer that closed after an error may not take the second request any more. */
static void send_all(int fd, const char *data, size_t bytes)
{
    while (bytes > 0) {
        ssize_t sent = send(fd, data, bytes, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        data += sent;
        bytes -= (size_t)sent;
    }
}

char *comparison_ask(const char *socket_path, const struct comparison_case *one, size_t *out_bytes)
{
    static const char mark[] = "*2\r\n$4\r\nECHO\r\n$15\r\n-- end of it --\r\n";
    static const char marked[] = "$15\r\n-- end of it --\r\n";
    size_t capacity = 1 << 20;
    char *reply = malloc(capacity);
    int fd = connect_to(socket_path);
    size_t used = 0;
    ssize_t got;

    if (!reply || fd < 0) {
        free(reply);
        return NULL;
    }
    send_all(fd, one->request, one->bytes);
    send_all(fd, mark, sizeof(mark) - 1);
    while (used < capacity && (got = read(fd, reply + used, capacity - used)) > 0) {
        used += (size_t)got;
        if (used >= sizeof(marked) - 1 &&
            memcmp(reply + used - (sizeof(marked) - 1), marked, sizeof(marked) - 1) == 0) {
            used -= sizeof(marked) - 1;
            break;
        }
    }
    close(fd);
    *out_bytes = used;
    return reply;
}
