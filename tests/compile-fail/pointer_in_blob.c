/* says: data: a column of type BLOB does not fit this C type */
#include <torc/row_map.h>

struct thing {
    int64_t id;
    void *data;
};
#define THING_FIELDS(F)                                                                            \
    F(id, "id", INTEGER, TORC_KEY)                                                                 \
    F(data, "data", BLOB, 0)
TORC_ROW_MAP(thing, "things", THING_FIELDS);
