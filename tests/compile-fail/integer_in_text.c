/* says: count: a column of type TEXT does not fit this C type */
#include <torc/row_map.h>

struct thing {
    int64_t id;
    int32_t count;
};
#define THING_FIELDS(F)                                                                            \
    F(id, "id", INTEGER, TORC_KEY)                                                                 \
    F(count, "count", TEXT, 0)
TORC_ROW_MAP(thing, "things", THING_FIELDS);
