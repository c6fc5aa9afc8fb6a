/* Compiles: so the others fail for what they say and for nothing else. */
#include "two_tables.h"

TORC_ONE_TO_MANY(lines_of_order, order, id, line, order_id);

int insert(struct order_table *orders, const struct order *order, struct torc_deferred **out);
int insert(struct order_table *orders, const struct order *order, struct torc_deferred **out)
{
    return order_insert(orders, order, out);
}
