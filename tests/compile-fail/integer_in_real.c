/* says: count: a column of type REAL does not fit this C type */
#include <torc/row_map.h>

struct thing {
    int64_t id;
    int64_t count;
};
#define THING_FIELDS(F)                                                                            \
    F(id, "id", INTEGER, TORC_KEY)                                                                 \
    F(count, "count", REAL, 0)
TORC_ROW_MAP(thing, "things", THING_FIELDS);
