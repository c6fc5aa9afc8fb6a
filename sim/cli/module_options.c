#include "module_options.h"

#include <string.h>

static const char *type_text(enum torc_option_type type)
{
    switch (type) {
    case TORC_OPTION_FLAG:
        return "yes|no";
    case TORC_OPTION_INTEGER:
        return "NUMBER";
    case TORC_OPTION_DURATION:
        return "DURATION";
    case TORC_OPTION_BYTES:
        return "SIZE";
    case TORC_OPTION_ADDRESS:
        return "ADDRESS";
    default:
        return "TEXT";
    }
}

void torci_module_options_print(const struct torc_module *module, FILE *out)
{
    fprintf(out, "module %s %s: %s\n", module->name,
            module->version != NULL ? module->version : "", module->doc != NULL ? module->doc : "");
    for (const struct torc_option *option = module->options; option->name != NULL; option++) {
        char head[80];

        snprintf(head, sizeof(head), "--%s %s", option->name, type_text(option->type));
        fprintf(out, "  %-28s %s", head, option->doc != NULL ? option->doc : "");
        if (option->default_text != NULL) {
            fprintf(out, " [%s]", option->default_text);
        }
        fputc('\n', out);
    }
}

const struct torc_option *torci_module_option_find(const struct torc_module *module,
                                                   const char *name)
{
    for (const struct torc_option *option = module->options; option->name != NULL; option++) {
        if (strcmp(option->name, name) == 0) {
            return option;
        }
    }
    return NULL;
}
