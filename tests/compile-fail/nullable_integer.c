/* says: count: with TORC_NULLABLE it needs a C type that can be NULL */
#include <torc/row_map.h>

struct thing {
    int64_t id;
    int64_t count;
};
#define THING_FIELDS(F)                                                                            \
    F(id, "id", INTEGER, TORC_KEY)                                                                 \
    F(count, "count", INTEGER, TORC_NULLABLE)
TORC_ROW_MAP(thing, "things", THING_FIELDS);
