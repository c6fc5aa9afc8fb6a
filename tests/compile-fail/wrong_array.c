/* says: incompatible */
#include "two_tables.h"

int find(struct torc_transaction *transaction, struct order_table *orders, struct line_array **out);
int find(struct torc_transaction *transaction, struct order_table *orders, struct line_array **out)
{
    return order_select_in(transaction, orders, "", TORC_NO_PARAMETERS, out);
}
