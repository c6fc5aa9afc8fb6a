#include "elf_file.h"

#include <string.h>

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OWN_ORDER ELFDATA2LSB
#else
#define OWN_ORDER ELFDATA2MSB
#endif

/* --- tables --------------------------------------------------------------------------------------- */

static bool lies_within(const struct torci_elf *elf, uint64_t offset, uint64_t bytes)
{
    return offset <= elf->size && bytes <= elf->size - offset;
}

/* Copied: nothing says that a table is aligned in the file. */
static Elf64_Shdr header_of(const struct torci_elf *elf, size_t index)
{
    Elf64_Shdr header;

    memcpy(&header, elf->bytes + elf->header.e_shoff + index * sizeof header, sizeof header);
    return header;
}

static Elf64_Sym symbol_of(const struct torci_elf *elf, const Elf64_Shdr *table, size_t index)
{
    Elf64_Sym symbol;

    memcpy(&symbol, elf->bytes + table->sh_offset + index * sizeof symbol, sizeof symbol);
    return symbol;
}

static const char *text_of(const struct torci_elf *elf, const Elf64_Shdr *table, uint32_t offset)
{
    return (const char *)elf->bytes + table->sh_offset + offset;
}

/* Every offset below its size is then that of a text that ends. */
static bool is_text_table(const struct torci_elf *elf, const Elf64_Shdr *table)
{
    return table->sh_type == SHT_STRTAB && table->sh_size > 0 &&
           elf->bytes[table->sh_offset + table->sh_size - 1] == '\0';
}

static bool has_symbols(const Elf64_Shdr *table)
{
    return table->sh_type == SHT_SYMTAB || table->sh_type == SHT_DYNSYM;
}

/* --- reading -------------------------------------------------------------------------------------- */

static const char *check_header(const struct torci_elf *elf)
{
    const Elf64_Ehdr *header = &elf->header;

    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return "it is no ELF file";
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != OWN_ORDER)
        return "it is not for this machine: its class or its byte order is another one";
    if (header->e_type != ET_DYN)
        return "it is no shared object";
    if (header->e_shnum == 0 || header->e_shentsize != sizeof(Elf64_Shdr))
        return "it has no table of sections, so nothing can be told of it";
    if (!lies_within(elf, header->e_shoff, (uint64_t)header->e_shnum * sizeof(Elf64_Shdr)))
        return "it is cut short, or damaged: the table of its sections goes beyond its end";
    if (header->e_shstrndx >= header->e_shnum)
        return "it is damaged: there is no section with the names of sections";
    return NULL;
}

/* What the loader would map from beyond the end, it would die of. */
static const char *check_segments(const struct torci_elf *elf)
{
    const Elf64_Ehdr *header = &elf->header;

    if (header->e_phnum == 0)
        return NULL;
    if (header->e_phentsize != sizeof(Elf64_Phdr) ||
        !lies_within(elf, header->e_phoff, (uint64_t)header->e_phnum * sizeof(Elf64_Phdr)))
        return "it is damaged: the table of its segments goes beyond its end";
    for (size_t i = 0; i < header->e_phnum; i++) {
        Elf64_Phdr segment;

        memcpy(&segment, elf->bytes + header->e_phoff + i * sizeof segment, sizeof segment);
        if (!lies_within(elf, segment.p_offset, segment.p_filesz))
            return "it is cut short, or damaged: a segment goes beyond its end";
    }
    return NULL;
}

static const char *check_symbols(const struct torci_elf *elf, const Elf64_Shdr *table)
{
    Elf64_Shdr names;

    if (table->sh_entsize != sizeof(Elf64_Sym) || table->sh_link >= elf->header.e_shnum)
        return "it is damaged: a table of symbols is of no known form";
    names = header_of(elf, table->sh_link);
    if (!lies_within(elf, names.sh_offset, names.sh_size) || !is_text_table(elf, &names))
        return "it is damaged: there is no section with the names of symbols";
    for (size_t i = 0; i < table->sh_size / sizeof(Elf64_Sym); i++) {
        Elf64_Sym symbol = symbol_of(elf, table, i);

        if (symbol.st_name >= names.sh_size)
            return "it is damaged: the name of a symbol is not among the names";
        if (symbol.st_shndx >= elf->header.e_shnum && symbol.st_shndx < SHN_LORESERVE)
            return "it is damaged: a symbol is of a section there is not";
    }
    return NULL;
}

static const char *check_section(const struct torci_elf *elf, const Elf64_Shdr *section)
{
    if (section->sh_type != SHT_NOBITS && !lies_within(elf, section->sh_offset, section->sh_size))
        return "it is cut short, or damaged: a section goes beyond its end";
    if (section->sh_name >= elf->names.sh_size)
        return "it is damaged: the name of a section is not among the names";
    return has_symbols(section) ? check_symbols(elf, section) : NULL;
}

static const char *check(struct torci_elf *elf)
{
    const char *why = check_header(elf);

    if (why == NULL)
        why = check_segments(elf);
    if (why != NULL)
        return why;
    elf->names = header_of(elf, elf->header.e_shstrndx);
    if (!lies_within(elf, elf->names.sh_offset, elf->names.sh_size) || !is_text_table(elf, &elf->names))
        return "it is damaged: there is no section with the names of sections";
    for (size_t i = 0; i < elf->header.e_shnum && why == NULL; i++) {
        Elf64_Shdr section = header_of(elf, i);

        why = check_section(elf, &section);
    }
    return why;
}

bool torci_elf_read(const uint8_t *bytes, size_t size, struct torci_elf *out, const char **out_why)
{
    memset(out, 0, sizeof *out);
    out->bytes = bytes;
    out->size = size;
    if (size < sizeof out->header) {
        *out_why = "it is no ELF file, or cut short";
        return false;
    }
    memcpy(&out->header, bytes, sizeof out->header);
    *out_why = check(out);
    return *out_why == NULL;
}

/* --- asking --------------------------------------------------------------------------------------- */

void torci_elf_section(const struct torci_elf *elf, size_t index, struct torci_elf_section *out)
{
    Elf64_Shdr header = header_of(elf, index);

    out->name = text_of(elf, &elf->names, header.sh_name);
    out->type = header.sh_type;
    out->flags = header.sh_flags;
    out->bytes = header.sh_size;
    out->align = header.sh_addralign;
}

static void show(const struct torci_elf *elf, const Elf64_Shdr *table, torci_elf_symbol_fn *visit, void *arg)
{
    Elf64_Shdr names = header_of(elf, table->sh_link);

    /* The first of each table is a symbol of nothing. */
    for (size_t i = 1; i < table->sh_size / sizeof(Elf64_Sym); i++) {
        Elf64_Sym symbol = symbol_of(elf, table, i);
        struct torci_elf_symbol shown = {text_of(elf, &names, symbol.st_name), ELF64_ST_TYPE(symbol.st_info),
                                         symbol.st_size, symbol.st_shndx};

        visit(arg, &shown);
    }
}

size_t torci_elf_symbols(const struct torci_elf *elf, uint32_t type, torci_elf_symbol_fn *visit, void *arg)
{
    size_t count = 0;

    for (size_t i = 0; i < elf->header.e_shnum; i++) {
        Elf64_Shdr table = header_of(elf, i);

        if (!has_symbols(&table) || table.sh_type != type)
            continue;
        show(elf, &table, visit, arg);
        count += table.sh_size / sizeof(Elf64_Sym);
    }
    return count;
}

bool torci_elf_has_text(const struct torci_elf *elf, const char *text)
{
    for (size_t i = 0; i < elf->header.e_shnum; i++) {
        Elf64_Shdr section = header_of(elf, i);

        if (section.sh_type == SHT_PROGBITS && (section.sh_flags & SHF_ALLOC) != 0 &&
            (section.sh_flags & SHF_WRITE) == 0 &&
            memmem(elf->bytes + section.sh_offset, section.sh_size, text, strlen(text) + 1) != NULL)
            return true;
    }
    return false;
}
