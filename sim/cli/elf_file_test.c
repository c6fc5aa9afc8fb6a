/* White-box tests of the reader of shared objects, on one that is put together here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "elf_file.h"

enum { RODATA = 1, DATA, NAMES, SYMBOLS, SECTIONS };

static const char names[] = "\0.rodata\0.data\0.strtab\0.symtab\0counter\0outside";
enum { NAME_RODATA = 1, NAME_DATA = 9, NAME_NAMES = 15, NAME_SYMBOLS = 23, NAME_COUNTER = 31, NAME_OUTSIDE = 39 };
static const char constant[] = "order_exists";

/* Header, table of segments, bytes of sections, table of sections. */
struct object {
    Elf64_Ehdr header;
    Elf64_Phdr segment;
    char rodata[16];
    uint64_t data;
    char names[64];
    Elf64_Sym symbols[3];
    Elf64_Shdr sections[SECTIONS];
};

static Elf64_Shdr section(uint32_t name, uint32_t type, uint64_t flags, size_t offset, size_t bytes)
{
    return (Elf64_Shdr){.sh_name = name, .sh_type = type, .sh_flags = flags, .sh_offset = offset,
                        .sh_size = bytes, .sh_addralign = 8};
}

static void put_together(struct object *out)
{
    memset(out, 0, sizeof *out);
    memcpy(out->header.e_ident, ELFMAG, SELFMAG);
    out->header.e_ident[EI_CLASS] = ELFCLASS64;
    out->header.e_ident[EI_DATA] =
        __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
    out->header.e_type = ET_DYN;
    out->header.e_phoff = offsetof(struct object, segment);
    out->header.e_phentsize = sizeof out->segment;
    out->header.e_phnum = 1;
    out->header.e_shoff = offsetof(struct object, sections);
    out->header.e_shentsize = sizeof out->sections[0];
    out->header.e_shnum = SECTIONS;
    out->header.e_shstrndx = NAMES;
    out->segment.p_type = PT_LOAD;
    out->segment.p_filesz = offsetof(struct object, names);
    memcpy(out->rodata, constant, sizeof constant);
    memcpy(out->names, names, sizeof names);
    out->symbols[1] = (Elf64_Sym){.st_name = NAME_COUNTER, .st_info = STT_OBJECT, .st_shndx = DATA, .st_size = 8};
    out->symbols[2] = (Elf64_Sym){.st_name = NAME_OUTSIDE, .st_shndx = SHN_UNDEF};
    out->sections[RODATA] = section(NAME_RODATA, SHT_PROGBITS, SHF_ALLOC, offsetof(struct object, rodata), 16);
    out->sections[DATA] = section(NAME_DATA, SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, offsetof(struct object, data), 8);
    out->sections[NAMES] = section(NAME_NAMES, SHT_STRTAB, 0, offsetof(struct object, names), sizeof names);
    out->sections[SYMBOLS] = section(NAME_SYMBOLS, SHT_SYMTAB, 0, offsetof(struct object, symbols),
                                     sizeof out->symbols);
    out->sections[SYMBOLS].sh_link = NAMES;
    out->sections[SYMBOLS].sh_entsize = sizeof(Elf64_Sym);
}

static bool reads(const void *bytes, size_t size)
{
    struct torci_elf elf;
    const char *why;
    bool good = torci_elf_read(bytes, size, &elf, &why);

    assert_true(good == (why == NULL));
    return good;
}

static void keep_symbol(void *arg, const struct torci_elf_symbol *symbol)
{
    struct torci_elf_symbol *shown = arg;

    shown[strcmp(symbol->name, "outside") == 0 ? 1 : 0] = *symbol;
}

TORC_TEST(sections_and_symbols_are_shown_as_they_are)
{
    struct object object;
    struct torci_elf elf;
    struct torci_elf_section shown;
    struct torci_elf_symbol symbols[2] = {0};
    const char *why;

    put_together(&object);
    assert_true(torci_elf_read((const uint8_t *)&object, sizeof object, &elf, &why));
    torci_elf_section(&elf, DATA, &shown);
    assert_string_equal(shown.name, ".data");
    assert_int_equal(shown.bytes, 8);
    assert_true((shown.flags & SHF_WRITE) != 0);
    assert_int_equal(torci_elf_symbols(&elf, SHT_DYNSYM, keep_symbol, symbols), 0);
    assert_int_equal(torci_elf_symbols(&elf, SHT_SYMTAB, keep_symbol, symbols), 3);
    assert_string_equal(symbols[0].name, "counter");
    assert_int_equal(symbols[0].type, STT_OBJECT);
    assert_int_equal(symbols[0].section, DATA);
    assert_int_equal(symbols[1].section, SHN_UNDEF);
    return NULL;
}

TORC_TEST(a_text_is_found_whole_and_only_in_what_is_never_written)
{
    struct object object;
    struct torci_elf elf;
    const char *why;

    put_together(&object);
    memcpy(&object.data, "written", 8);
    assert_true(torci_elf_read((const uint8_t *)&object, sizeof object, &elf, &why));
    assert_true(torci_elf_has_text(&elf, "order_exists"));
    assert_false(torci_elf_has_text(&elf, "order_exist"));
    assert_false(torci_elf_has_text(&elf, "written"));
    return NULL;
}

TORC_TEST(a_file_cut_short_anywhere_is_refused)
{
    struct object object;

    put_together(&object);
    for (size_t size = 0; size < sizeof object; size++) {
        void *cut = malloc(size + (size == 0)); /* so that a sanitizer sees what is read beyond it */

        assert_non_null(cut);
        memcpy(cut, &object, size);
        assert_false(reads(cut, size));
        free(cut);
    }
    assert_true(reads(&object, sizeof object));
    return NULL;
}

TORC_TEST(each_table_that_is_wrong_is_refused)
{
    struct object good;

    put_together(&good);
#define REFUSED(change)                                                                            \
    do {                                                                                           \
        struct object object = good;                                                               \
        change;                                                                                    \
        assert_false(reads(&object, sizeof object));                                               \
    } while (0)
    REFUSED(object.header.e_ident[0] = 0);
    REFUSED(object.header.e_ident[EI_CLASS] = ELFCLASS32);
    REFUSED(object.header.e_type = ET_REL);
    REFUSED(object.header.e_shnum = 0);
    REFUSED(object.header.e_shoff = UINT64_MAX);
    REFUSED(object.header.e_shstrndx = SECTIONS);
    REFUSED(object.header.e_phoff = UINT64_MAX);
    REFUSED(object.segment.p_filesz = UINT64_MAX);
    REFUSED(object.sections[DATA].sh_offset = sizeof object);
    REFUSED(object.sections[DATA].sh_size = UINT64_MAX);
    REFUSED(object.sections[DATA].sh_name = sizeof names);
    REFUSED(object.sections[NAMES].sh_size--; object.names[sizeof names - 2] = 'x');
    REFUSED(object.sections[SYMBOLS].sh_link = SECTIONS);
    REFUSED(object.sections[SYMBOLS].sh_link = DATA);
    REFUSED(object.sections[SYMBOLS].sh_entsize = 1);
    REFUSED(object.symbols[1].st_name = sizeof names);
    REFUSED(object.symbols[1].st_shndx = SECTIONS);
#undef REFUSED
    return NULL;
}

static void walk(const struct torci_elf *elf)
{
    struct torci_elf_symbol symbols[2];
    struct torci_elf_section shown;
    size_t letters = 0;

    for (size_t i = 0; i < elf->header.e_shnum; i++) {
        torci_elf_section(elf, i, &shown);
        letters += strlen(shown.name);
    }
    torci_elf_symbols(elf, SHT_SYMTAB, keep_symbol, symbols);
    torci_elf_symbols(elf, SHT_DYNSYM, keep_symbol, symbols);
    assert_true(letters <= (size_t)elf->header.e_shnum * elf->names.sh_size);
    (void)torci_elf_has_text(elf, constant);
}

/* Whatever its bytes, it is refused or can be walked through; a sanitizer sees what is read outside. */
TORC_TEST(whatever_is_read_can_be_walked_through)
{
    uint64_t draw = 4711;
    size_t walked = 0;

    for (unsigned round = 0; round < 20000; round++) {
        struct object *object = malloc(sizeof *object);
        struct torci_elf elf;
        const char *why;

        assert_non_null(object);
        put_together(object);
        for (unsigned change = 0; change < 1 + round % 4; change++) {
            draw = draw * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            ((uint8_t *)object)[(draw >> 33) % sizeof *object] = (uint8_t)(draw >> 24);
        }
        if (torci_elf_read((const uint8_t *)object, sizeof *object, &elf, &why)) {
            walk(&elf);
            walked++;
        }
        free(object);
    }
    assert_in_range(walked, 2000, 19000);
    return NULL;
}

TORC_TRIAL_MAIN
