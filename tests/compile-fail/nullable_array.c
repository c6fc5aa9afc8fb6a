/* says: code: with TORC_NULLABLE it needs a C type that can be NULL */
#include <torc/row_map.h>

struct thing {
    int64_t id;
    char code[8];
};
#define THING_FIELDS(F)                                                                            \
    F(id, "id", INTEGER, TORC_KEY)                                                                 \
    F(code, "code", TEXT, TORC_NULLABLE)
TORC_ROW_MAP(thing, "things", THING_FIELDS);
