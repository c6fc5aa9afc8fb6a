#include "sql_text.h"

#include <stddef.h>

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == ';';
}

/* One that is not closed ends with the text, as SQLite has it. */
static const char *skip_comment(const char *at)
{
    bool to_line_end = *at == '-';
    for (at += 2; *at; at++) {
        if (to_line_end && *at == '\n')
            return at + 1;
        if (!to_line_end && at[0] == '*' && at[1] == '/')
            return at + 2;
    }
    return at;
}

const char *torci_sql_skip_blanks(const char *sql)
{
    for (;;) {
        if (is_blank(*sql))
            sql++;
        else if ((sql[0] == '-' && sql[1] == '-') || (sql[0] == '/' && sql[1] == '*'))
            sql = skip_comment(sql);
        else
            return sql;
    }
}

static bool stands_at(const char *at, const char *word)
{
    for (; *word; at++, word++) {
        char small = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
        if (small != *word)
            return false;
    }
    return true;
}

bool torci_sql_begins_with(const char *sql, const char *word)
{
    return stands_at(torci_sql_skip_blanks(sql), word);
}

bool torci_sql_mentions(const char *sql, const char *word)
{
    for (; *sql; sql++)
        if (stands_at(sql, word))
            return true;
    return false;
}
