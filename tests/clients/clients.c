/* clients.c - kv under `torc serve`, as the world's own clients see it: hiredis, and Redis to compare
 * with.  tests/clients.sh has the commands redis-cli and redis-benchmark. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <hiredis/hiredis.h>

#include "comparison.h"
#include "server_process.h"

static char folder[] = "/tmp/torc-clients-XXXXXX";
static char kv_path[64];
static char redis_path[64];
static struct server_process kv;
static struct server_process redis;
static bool has_redis;
static redisContext *left_open; /* must not keep the server from stopping */

static const char *build_path(const char *name, char *buffer, size_t size)
{
    const char *build = getenv("TORC_BUILD");

    snprintf(buffer, size, "%s/%s", build ? build : "build", name);
    return buffer;
}

static int start_servers(void **state)
{
    char torc[512];
    char module[512];
    char listen[80];
    char line[256];
    const char *kv_argv[] = {torc, "serve", module, "--listen", listen, "--log-level", "error", NULL};
    const char *redis_argv[] = {"redis-server", "--port", "0", "--unixsocket", redis_path,
                                "--save", "", "--appendonly", "no", "--dir", folder, NULL};

    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(kv_path, sizeof(kv_path), "%s/kv", folder);
    snprintf(redis_path, sizeof(redis_path), "%s/redis", folder);
    snprintf(listen, sizeof(listen), "unix:%s", kv_path);
    build_path("torc", torc, sizeof(torc));
    build_path("modules/kv.so", module, sizeof(module));
    if (!server_process_start(&kv, kv_argv, "listening", line, sizeof(line)))
        return -1;
    has_redis = server_process_start(&redis, redis_argv, "eady to accept connections", line,
                                     sizeof(line));
    return 0;
}

static int stop_servers(void **state)
{
    int status = server_process_stop(&kv);

    (void)state;
    if (left_open)
        redisFree(left_open);
    if (has_redis)
        server_process_stop(&redis);
    unlink(kv_path);
    unlink(redis_path);
    rmdir(folder);
    if (status != 0)
        fprintf(stderr, "torc serve ended with %d\n", status);
    return status == 0 ? 0 : -1;
}

static redisContext *connect_kv(void)
{
    redisContext *context = redisConnectUnix(kv_path);

    assert_non_null(context);
    assert_int_equal(context->err, 0);
    return context;
}

static void assert_reply(redisReply *reply, int type, const char *text)
{
    assert_non_null(reply);
    assert_int_equal(reply->type, type);
    assert_string_equal(reply->str, text);
    freeReplyObject(reply);
}

static void hiredis_sets_and_gets(void **state)
{
    redisContext *context = connect_kv();
    redisReply *reply;

    (void)state;
    assert_reply(redisCommand(context, "PING"), REDIS_REPLY_STATUS, "PONG");
    assert_reply(redisCommand(context, "SET %s %s", "greeting", "hello"), REDIS_REPLY_STATUS, "OK");
    assert_reply(redisCommand(context, "GET greeting"), REDIS_REPLY_STRING, "hello");
    assert_reply(redisCommand(context, "INCR greeting"), REDIS_REPLY_ERROR,
                 "ERR value is not an integer or out of range");
    reply = redisCommand(context, "MGET greeting nosuch");
    assert_non_null(reply);
    assert_int_equal(reply->type, REDIS_REPLY_ARRAY);
    assert_int_equal(reply->elements, 2);
    assert_int_equal(reply->element[1]->type, REDIS_REPLY_NIL);
    freeReplyObject(reply);
    redisFree(context);
}

static void hiredis_gets_pipelined_replies_in_order(void **state)
{
    enum { COMMANDS = 10000 };
    redisContext *context = connect_kv();
    redisReply *reply = NULL;

    (void)state;
    assert_int_equal(redisAppendCommand(context, "DEL counter"), REDIS_OK);
    for (int i = 0; i < COMMANDS; i++)
        assert_int_equal(redisAppendCommand(context, "INCR counter"), REDIS_OK);
    assert_int_equal(redisGetReply(context, (void **)&reply), REDIS_OK);
    freeReplyObject(reply);
    for (int i = 1; i <= COMMANDS; i++) {
        assert_int_equal(redisGetReply(context, (void **)&reply), REDIS_OK);
        assert_int_equal(reply->type, REDIS_REPLY_INTEGER);
        assert_int_equal(reply->integer, i);
        freeReplyObject(reply);
    }
    redisFree(context);
}

static void a_binary_value_of_16_mib_comes_back_the_same(void **state)
{
    size_t bytes = (size_t)16 << 20;
    char *value = malloc(bytes);
    redisContext *context = connect_kv();
    uint32_t random = 1;
    redisReply *reply;

    (void)state;
    assert_non_null(value);
    for (size_t i = 0; i < bytes; i++) {
        random = random * 1664525u + 1013904223u;
        value[i] = (char)(random >> 24);
    }
    assert_reply(redisCommand(context, "SET big %b", value, bytes), REDIS_REPLY_STATUS, "OK");
    reply = redisCommand(context, "GET big");
    assert_non_null(reply);
    assert_int_equal(reply->type, REDIS_REPLY_STRING);
    assert_int_equal(reply->len, bytes);
    assert_memory_equal(reply->str, value, bytes);
    freeReplyObject(reply);
    reply = redisCommand(context, "DEL big");
    freeReplyObject(reply);
    free(value);
    redisFree(context);
}

static void a_connection_is_left_open_for_the_shutdown(void **state)
{
    (void)state;
    left_open = connect_kv();
    assert_reply(redisCommand(left_open, "PING"), REDIS_REPLY_STATUS, "PONG");
}

static void show(const char *who, const char *reply, size_t bytes)
{
    fprintf(stderr, "# %s: ", who);
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)reply[i];

        if (c >= ' ' && c <= '~')
            fputc(c, stderr);
        else
            fprintf(stderr, "\\x%02x", c);
    }
    fputc('\n', stderr);
}

static void replies_equal_those_of_redis_byte_for_byte(void **state)
{
    size_t wrong = 0;

    (void)state;
    if (!has_redis)
        skip();
    for (size_t i = 0; i < comparison_case_count; i++) {
        const struct comparison_case *one = &comparison_cases[i];
        size_t kv_bytes = 0;
        size_t redis_bytes = 0;
        char *kv_reply = comparison_ask(kv_path, one, &kv_bytes);
        char *redis_reply = comparison_ask(redis_path, one, &redis_bytes);
        bool equal;

        assert_non_null(kv_reply);
        assert_non_null(redis_reply);
        equal = kv_bytes == redis_bytes && memcmp(kv_reply, redis_reply, kv_bytes) == 0;
        if (equal != (one->difference == NULL)) {
            wrong++;
            show("request", one->request, one->bytes);
            show("kv", kv_reply, kv_bytes);
            show("redis", redis_reply, redis_bytes);
        }
        free(kv_reply);
        free(redis_reply);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hiredis_sets_and_gets),
        cmocka_unit_test(hiredis_gets_pipelined_replies_in_order),
        cmocka_unit_test(a_binary_value_of_16_mib_comes_back_the_same),
        cmocka_unit_test(replies_equal_those_of_redis_byte_for_byte),
        cmocka_unit_test(a_connection_is_left_open_for_the_shutdown),
    };

    return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
