/* says: name: what is generated is a key of type int64_t */
#include <torc/row_map.h>

struct thing {
    int64_t id;
    const char *name;
};
#define THING_FIELDS(F)                                                                            \
    F(id, "id", INTEGER, TORC_KEY)                                                                 \
    F(name, "name", TEXT, TORC_KEY | TORC_GENERATED)
TORC_ROW_MAP(thing, "things", THING_FIELDS);
