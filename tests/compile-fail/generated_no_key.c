/* says: count: what is generated is a key of type int64_t */
#include <torc/row_map.h>

struct thing {
    int64_t id;
    int64_t count;
};
#define THING_FIELDS(F)                                                                            \
    F(id, "id", INTEGER, TORC_KEY)                                                                 \
    F(count, "count", INTEGER, TORC_GENERATED)
TORC_ROW_MAP(thing, "things", THING_FIELDS);
