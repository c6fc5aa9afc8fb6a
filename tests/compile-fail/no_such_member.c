/* says: count */
#include <torc/row_map.h>

struct thing {
    int64_t id;
};
#define THING_FIELDS(F)                                                                            \
    F(id, "id", INTEGER, TORC_KEY)                                                                 \
    F(count, "count", INTEGER, 0)
TORC_ROW_MAP(thing, "things", THING_FIELDS);
