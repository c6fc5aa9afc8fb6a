/* says: incompatible */
#include "two_tables.h"

int insert(struct line_table *lines, const struct order *order, struct torc_deferred **out);
int insert(struct line_table *lines, const struct order *order, struct torc_deferred **out)
{
    return order_insert(lines, order, out);
}
