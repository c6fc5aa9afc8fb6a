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

#include <torc/trial.h>

#include "comparison.h"
#include "server_process.h"

static char folder[32];
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

static struct torc_deferred *start_servers(struct torc_trial *trial)
{
    char torc[512];
    char module[512];
    char listen[80];
    char line[256];
    const char *kv_argv[] = {torc, "serve", module, "--listen", listen, "--log-level", "error", NULL};
    const char *redis_argv[] = {"redis-server", "--port", "0", "--unixsocket", redis_path,
                                "--save", "", "--appendonly", "no", "--dir", folder, NULL};

    (void)trial;
    strcpy(folder, "/tmp/torc-clients-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(kv_path, sizeof(kv_path), "%s/kv", folder);
    snprintf(redis_path, sizeof(redis_path), "%s/redis", folder);
    snprintf(listen, sizeof(listen), "unix:%s", kv_path);
    build_path("torc", torc, sizeof(torc));
    build_path("modules/kv.so", module, sizeof(module));
    assert_true(server_process_start(&kv, kv_argv, "listening", line, sizeof(line)));
    has_redis = server_process_start(&redis, redis_argv, "eady to accept connections", line,
                                     sizeof(line));
    return NULL;
}

static struct torc_deferred *stop_servers(struct torc_trial *trial)
{
    int status = server_process_stop(&kv);

    (void)trial;
    if (left_open)
        redisFree(left_open);
    left_open = NULL;
    if (has_redis)
        server_process_stop(&redis);
    unlink(kv_path);
    unlink(redis_path);
    rmdir(folder);
    assert_int_equal(status, 0);
    return NULL;
}

static const struct torc_trial_group with_servers = {.set_up = start_servers, .tear_down = stop_servers};

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

TORC_TEST(hiredis_sets_and_gets, .group = &with_servers)
{
    redisContext *context = connect_kv();
    redisReply *reply;

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
    return NULL;
}

TORC_TEST(hiredis_gets_pipelined_replies_in_order, .group = &with_servers)
{
    enum { COMMANDS = 10000 };
    redisContext *context = connect_kv();
    redisReply *reply = NULL;

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
    return NULL;
}

TORC_TEST(a_binary_value_of_16_mib_comes_back_the_same, .group = &with_servers)
{
    size_t bytes = (size_t)16 << 20;
    char *value = malloc(bytes);
    redisContext *context = connect_kv();
    uint32_t random = 1;
    redisReply *reply;

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
    return NULL;
}

TORC_TEST(a_connection_is_left_open_for_the_shutdown, .group = &with_servers)
{
    left_open = connect_kv();
    assert_reply(redisCommand(left_open, "PING"), REDIS_REPLY_STATUS, "PONG");
    return NULL;
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

TORC_TEST(replies_equal_those_of_redis_byte_for_byte, .group = &with_servers)
{
    size_t wrong = 0;

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
    return NULL;
}

TORC_TRIAL_MAIN
