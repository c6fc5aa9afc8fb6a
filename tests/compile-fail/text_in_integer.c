/* says: name: a column of type INTEGER does not fit this C type */
#include <torc/row_map.h>

struct thing {
    int64_t id;
    const char *name;
};
#define THING_FIELDS(F)                                                                            \
    F(id, "id", INTEGER, TORC_KEY)                                                                 \
    F(name, "name", INTEGER, 0)
TORC_ROW_MAP(thing, "things", THING_FIELDS);
