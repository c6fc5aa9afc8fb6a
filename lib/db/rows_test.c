/* Rows that are made by hand, as platforms and tests make them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <torc/platform.h>
#include <torc/rows.h>
#include <torc/trial.h>

/* Refuses after so many; counts what is out. */
struct memory {
    struct torc_platform platform; /* first */
    size_t left;
    size_t bytes;
};

static void *resize(struct torc_platform *self, void *ptr, size_t old_bytes, size_t new_bytes)
{
    struct memory *memory = (struct memory *)(void *)self;

    if (new_bytes > 0 && memory->left == 0)
        return NULL;
    if (new_bytes > 0)
        memory->left--;
    memory->bytes += new_bytes;
    memory->bytes -= old_bytes;
    if (new_bytes == 0) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, new_bytes);
}

static const struct torc_platform_ops ops = {.size = sizeof ops, .name = "memory", .resize = resize};

static int make(struct memory *memory, struct torc_rows **out)
{
    char first[] = "id";
    const char *const names[] = {first, "name"};
    char text[] = "two";
    struct torc_db_value values[2];
    struct torc_rows *rows = NULL;
    int code = torc_rows_new(&memory->platform, 2, names, &rows);

    if (code != 0)
        return code;
    values[0] = torc_db_integer(2);
    values[1] = torc_db_text(text);
    code = torc_rows_append(rows, values);
    if (code != 0) {
        torc_rows_free(rows);
        return code;
    }
    first[0] = text[0] = 'x'; /* both were copied */
    torc_rows_set_outcome(rows, 3, 7);
    *out = rows;
    return 0;
}

TORC_TEST(rows_made_by_hand_are_read_like_others)
{
    struct memory memory = {{&ops}, SIZE_MAX, 0};
    struct torc_rows *rows = NULL;
    const char *text = NULL;
    int64_t number = 0;
    size_t bytes = 0;

    assert_int_equal(make(&memory, &rows), 0);
    assert_int_equal(torc_rows_count(rows), 1);
    assert_string_equal(torc_rows_column_name(rows, 0), "id");
    assert_int_equal(torc_rows_integer(rows, 0, 0, &number), 0);
    assert_int_equal(number, 2);
    assert_int_equal(torc_rows_text(rows, 0, 1, &text, &bytes), 0);
    assert_string_equal(text, "two");
    assert_int_equal(bytes, 3);
    assert_int_equal(torc_rows_changes(rows), 3);
    assert_int_equal(torc_rows_last_insert_id(rows), 7);
    torc_rows_free(rows);
    assert_int_equal(memory.bytes, 0);
    return NULL;
}

TORC_TEST(without_memory_nothing_is_left)
{
    size_t count;

    for (count = 0;; count++) {
        struct memory memory = {{&ops}, count, 0};
        struct torc_rows *rows = NULL;
        int code = make(&memory, &rows);

        torc_rows_free(rows);
        assert_int_equal(memory.bytes, 0);
        if (code == 0)
            break;
        assert_int_equal(code, TORC_ENOMEM);
        assert_null(rows);
    }
    assert_true(count > 2);
    return NULL;
}

TORC_TRIAL_MAIN
