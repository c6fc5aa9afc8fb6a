/* says: a table needs a column with TORC_KEY */
#include <torc/row_map.h>

struct thing {
    int64_t id;
};
#define THING_FIELDS(F) F(id, "id", INTEGER, 0)
TORC_ROW_MAP(thing, "things", THING_FIELDS);
