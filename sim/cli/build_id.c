#include "build_id.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct search {
    char *text;
    size_t size;
};

/* Looks through one segment of notes for the build id. */
static void search_notes(const uint8_t *at, size_t bytes, const struct search *search)
{
    while (bytes >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) note;
        size_t name_bytes;
        size_t note_bytes;

        memcpy(&note, at, sizeof(note));
        name_bytes = (note.n_namesz + 3u) & ~(size_t)3;
        note_bytes = sizeof(note) + name_bytes + ((note.n_descsz + 3u) & ~(size_t)3);
        if (note_bytes > bytes) {
            return;
        }
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
            memcmp(at + sizeof(note), "GNU", 4) == 0) {
            const uint8_t *id = at + sizeof(note) + name_bytes;

            for (size_t i = 0; i < note.n_descsz && 2 * i + 3 <= search->size; i++) {
                snprintf(search->text + 2 * i, 3, "%02x", id[i]);
            }
            return;
        }
        at += note_bytes;
        bytes -= note_bytes;
    }
}

/* The first object told of is the program itself. */
static int look_at_program(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

        if (segment->p_type == PT_NOTE) {
            search_notes((const uint8_t *)(info->dlpi_addr + segment->p_vaddr), segment->p_memsz,
                         arg);
        }
    }
    return 1;
}

void torci_build_id(char *text, size_t size)
{
    struct search search = {text, size};

    text[0] = '\0';
    dl_iterate_phdr(look_at_program, &search);
}
