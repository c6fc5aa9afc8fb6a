/* elf_file.h - a shared object as bytes: its sections, its symbols and the text in it, without loading it. */
#ifndef TORCI_ELF_FILE_H
#define TORCI_ELF_FILE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrows the bytes. */
struct torci_elf {
    const uint8_t *bytes;
    size_t size;
    Elf64_Ehdr header;
    Elf64_Shdr names; /* the section with the names of sections */
};

/* Looks at all of the file's tables, so that what follows cannot fail: each lies within the bytes, each name ends, each
 * index is one.  Whether it is a shared object of 64 bits in this machine's byte order; if not, *out_why is a sentence. */
bool torci_elf_read(const uint8_t *bytes, size_t size, struct torci_elf *out, const char **out_why);

struct torci_elf_section {
    const char *name;
    uint32_t type;
    uint64_t flags;
    uint64_t bytes;
    uint64_t align;
};

/* `index` is below header.e_shnum. */
void torci_elf_section(const struct torci_elf *elf, size_t index, struct torci_elf_section *out);

struct torci_elf_symbol {
    const char *name;
    unsigned type;  /* STT_... */
    uint64_t bytes;
    size_t section; /* below header.e_shnum, or SHN_ABS and the like; SHN_UNDEF: of another object */
};

typedef void torci_elf_symbol_fn(void *arg, const struct torci_elf_symbol *symbol);

/* Shows the symbols of the tables of that type: SHT_SYMTAB (every one; a stripped file has none), SHT_DYNSYM (what is
 * exported and imported).  Returns the number of symbols. */
size_t torci_elf_symbols(const struct torci_elf *elf, uint32_t type, torci_elf_symbol_fn *visit, void *arg);

/* Whether `text` and the NUL behind it stand in what is loaded and never written. */
bool torci_elf_has_text(const struct torci_elf *elf, const char *text);

#endif
