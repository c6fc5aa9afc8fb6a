/* says: incompatible */
#include "two_tables.h"

int insert(struct order_table *orders, const struct line *line, struct torc_deferred **out);
int insert(struct order_table *orders, const struct line *line, struct torc_deferred **out)
{
    return order_insert(orders, line, out);
}
