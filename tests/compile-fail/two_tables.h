/* two_tables.h - orders and their lines, for the programs that use them wrongly. */
#include <torc/row_map.h>

struct order {
    int64_t id;
};
#define ORDER_FIELDS(F) F(id, "id", INTEGER, TORC_KEY)
TORC_ROW_MAP(order, "orders", ORDER_FIELDS);

struct line {
    int64_t order_id;
    const char *item;
};
#define LINE_FIELDS(F)                                                                             \
    F(order_id, "order_id", INTEGER, TORC_KEY | TORC_PARENT)                                       \
    F(item, "item", TEXT, TORC_KEY | TORC_PARENT)
TORC_ROW_MAP(line, "order_lines", LINE_FIELDS);
