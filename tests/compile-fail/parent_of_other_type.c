/* says: id and item are of different types */
#include "two_tables.h"

TORC_ONE_TO_MANY(lines_of_order, order, id, line, item);
