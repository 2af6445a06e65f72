/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/uki-layout.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Offsets in the file header and in the optional header ("PE Format"). */
enum {
        FILE_N_SECTIONS = 2,
        FILE_SYMBOLS = 8,
        FILE_N_SYMBOLS = 12,
        FILE_FLAGS = 18,
        OPTIONAL_CODE = 4,
        OPTIONAL_DATA = 8,
        OPTIONAL_IMAGE = 56,
        OPTIONAL_HEADERS = 60,
        OPTIONAL_CHECKSUM = 64,
        OPTIONAL_DLL_FLAGS = 70,
        SYMBOL_SIZE = 18,
};

static uint64_t round_up(uint64_t n, uint32_t alignment) {
        return (n + alignment - 1) / alignment * alignment;
}

static Span part_of(Span s, uint64_t at, uint64_t size) {
        return (Span){ s.data + at, (size_t) size };
}

static uint32_t read_u32(Span s, uint64_t at) {
        return (uint32_t) s.data[at] | (uint32_t) s.data[at + 1] << 8 |
               (uint32_t) s.data[at + 2] << 16 | (uint32_t) s.data[at + 3] << 24;
}

/* Whether all that follows the sections is the symbol table of a stub that was not stripped: 18
 * bytes a symbol, and the strings, which begin with their size. */
static bool only_symbols_follow(Span stub, const Pe *pe, uint64_t end) {
        uint64_t strings = pe->symbols_at + (uint64_t) pe->n_symbols * SYMBOL_SIZE;

        if (pe->symbols_at < end || strings > stub.size - 4 || stub.size < 4)
                return false;
        return span_is_zero(part_of(stub, end, pe->symbols_at - end)) &&
               strings + read_u32(stub, strings) == stub.size;
}

/* Bytes of the stub that no section holds would be lost. */
static bool has_gap(Span stub, const Pe *pe) {
        uint64_t covered = pe->size_of_headers;

        for (unsigned i = 0; i < pe->n_sections; i++)
                covered += pe->sections[i].raw_size;
        if (covered == pe_raw_end(pe))
                return false;
        for (uint64_t at = pe->size_of_headers, next; at < pe_raw_end(pe); at = next) {
                const PeSection *here = NULL;

                next = pe_raw_end(pe);
                for (unsigned i = 0; i < pe->n_sections; i++) {
                        const PeSection *s = &pe->sections[i];

                        if (s->raw_size > 0 && s->raw_offset == at)
                                here = s;
                        if (s->raw_size > 0 && s->raw_offset > at && s->raw_offset < next)
                                next = s->raw_offset;
                }
                if (here)
                        next = at + here->raw_size;
                else if (!span_is_zero(part_of(stub, at, next - at)))
                        return true;
        }
        return false;
}

/* Which of two would be replaced, nobody can say. */
static bool has_twice(const Pe *pe) {
        for (unsigned i = 0; i < pe->n_sections; i++)
                if (pe->sections[i].name[0] &&
                                pe_find(pe, pe->sections[i].name) != &pe->sections[i])
                        return true;
        return false;
}

static int check_stub(Span stub, const Pe *pe, UkiPlan *plan, Err *e) {
        uint64_t end = pe_raw_end(pe), headers_end;

        if (has_twice(pe))
                return err_set(e, -EBADMSG, "the stub has two sections of one name");
        headers_end = pe->at.sections + (uint64_t) pe->n_sections * PE_SECTION_HEADER_SIZE;
        if (pe->directories[PE_DIRECTORY_CERTIFICATES].size > 0)
                return err_set(e, -EBADMSG, "the stub is signed, and would not be any more");
        if (pe->directories[PE_DIRECTORY_DEBUG].size > 0)
                return err_set(e, -EBADMSG,
                                "the stub has debug data, which says where it lies in the file");
        if (!span_is_zero(part_of(stub, headers_end, pe->size_of_headers - headers_end)))
                return err_set(e, -EBADMSG,
                                "the stub has something behind its section headers, where more of "
                                "them would go");
        plan->drop_symbols = pe->symbols_at != 0;
        if (plan->drop_symbols && !only_symbols_follow(stub, pe, end))
                return err_set(e, -EBADMSG, "the stub has symbols that do not stand at its end");
        if ((!plan->drop_symbols && end < stub.size) || has_gap(stub, pe))
                return err_set(e, -EBADMSG, "the stub has bytes that belong to no section");
        return 0;
}

static int find_added(const UkiSection *added, size_t n_added, const char *name) {
        for (size_t i = 0; i < n_added; i++)
                if (strcmp(added[i].name, name) == 0)
                        return (int) i;
        return -1;
}

/* Whether so many bytes have room where a section of the stub lies, before the next one. One that
 * is empty lies nowhere: its address may be in the headers, or in another's memory. */
static bool fits_in_place(const Pe *pe, const PeSection *s, uint64_t size) {
        if (s->virtual_size == 0)
                return false;
        for (unsigned i = 0; i < pe->n_sections; i++) {
                const PeSection *o = &pe->sections[i];

                if (o->virtual_address > s->virtual_address &&
                                o->virtual_address - s->virtual_address < size)
                        return false;
        }
        return true;
}

static void count(UkiPlan *plan, uint32_t flags, uint64_t size, uint64_t before) {
        if (flags & PE_SECTION_CODE)
                plan->size_of_code += (uint32_t) (size - before);
        else if (flags & PE_SECTION_DATA)
                plan->size_of_data += (uint32_t) (size - before);
}

/* Where the memory of the stub ends, and of what took the place of one of its sections. */
static uint64_t memory_end(const Pe *pe, const UkiPlan *plan) {
        uint64_t end = pe_virtual_end(pe);

        for (unsigned i = 0; i < plan->n_places; i++) {
                const PeSection *s = &plan->places[i].header;
                uint64_t here = (uint64_t) s->virtual_address + s->virtual_size;

                if (here > end)
                        end = here;
        }
        return end;
}

/* The stub's own sections, but those that are moved to the end. is_placed: which of the added ones
 * took the place of one. */
static void place_own(const Pe *pe, const UkiSection *added, size_t n_added, UkiPlan *plan,
                bool is_placed[PE_SECTIONS_MAX]) {
        for (unsigned i = 0; i < pe->n_sections; i++) {
                const PeSection *s = &pe->sections[i];
                int by = find_added(added, n_added, s->name);
                UkiPlace *p = &plan->places[plan->n_places];

                if (by >= 0 && !fits_in_place(pe, s, added[by].size)) {
                        count(plan, s->flags, 0, s->virtual_size);
                        continue;
                }
                *p = (UkiPlace){
                        .header = *s, .added = by, .from = { s->raw_offset, s->raw_size }
                };
                plan->n_places++;
                if (by < 0)
                        continue;
                is_placed[by] = true;
                p->header.virtual_size = (uint32_t) added[by].size;
                p->header.raw_size = (uint32_t) added[by].size;
                count(plan, s->flags, added[by].size, s->virtual_size);
        }
}

static void place_added(const Pe *pe, const UkiSection *added, size_t n_added, UkiPlan *plan,
                const bool is_placed[PE_SECTIONS_MAX]) {
        uint64_t memory = memory_end(pe, plan);

        for (size_t i = 0; i < n_added; i++) {
                UkiPlace *p = &plan->places[plan->n_places];

                if (is_placed[i])
                        continue;
                memory = round_up(memory, pe->section_alignment);
                *p = (UkiPlace){ .added = (int) i };
                (void) snprintf(p->header.name, sizeof(p->header.name), "%s", added[i].name);
                p->header.flags = added[i].flags;
                p->header.virtual_address = (uint32_t) memory;
                p->header.virtual_size = (uint32_t) added[i].size;
                p->header.raw_size = (uint32_t) added[i].size;
                count(plan, added[i].flags, added[i].size, 0);
                memory += added[i].size;
                plan->n_places++;
        }
}

/* Where the bytes of each lie in the file, one behind the other. */
static void place_bytes(const Pe *pe, UkiPlan *plan) {
        uint64_t at = plan->size_of_headers;

        for (unsigned i = 0; i < plan->n_places; i++) {
                PeSection *s = &plan->places[i].header;

                s->raw_size = (uint32_t) round_up(s->raw_size, pe->file_alignment);
                s->raw_offset = s->raw_size > 0 ? (uint32_t) at : 0;
                at += s->raw_size;
        }
        plan->file_size = at;
}

/* More section headers make the headers larger, as far as there is memory before the first section.
 */
static int place_headers(const Pe *pe, UkiPlan *plan, Err *e) {
        uint64_t end = pe->at.sections + (uint64_t) plan->n_places * PE_SECTION_HEADER_SIZE;
        uint64_t first = UINT32_MAX;

        for (unsigned i = 0; i < plan->n_places; i++)
                if (plan->places[i].header.virtual_size > 0 &&
                                plan->places[i].header.virtual_address < first)
                        first = plan->places[i].header.virtual_address;
        if (end < pe->size_of_headers)
                end = pe->size_of_headers;
        end = round_up(end, pe->file_alignment);
        if (end > first)
                return err_set(e, -EBADMSG,
                                "the stub has no room for %u section headers: they would take %llu "
                                "bytes, and the memory of its first section begins at byte %llu",
                                plan->n_places, (unsigned long long) end,
                                (unsigned long long) first);
        plan->size_of_headers = (uint32_t) end;
        return 0;
}

/* What is added at most, and that each number of it fits its field. */
static int check_sizes(const Pe *pe, const UkiSection *added, size_t n_added, Err *e) {
        uint64_t all = pe->file_size;

        if (pe->n_sections + n_added > PE_SECTIONS_MAX)
                return err_set(e, -E2BIG, "%zu sections; %d are the most", pe->n_sections + n_added,
                                PE_SECTIONS_MAX);
        for (size_t i = 0; i < n_added; i++)
                if (added[i].size > UKI_MAX || (all += added[i].size) > UKI_MAX)
                        return err_set(e, -E2BIG, "the image would be larger than %d bytes",
                                        UKI_MAX);
        if (pe->size_of_image > UKI_MAX)
                return err_set(e, -E2BIG, "the stub takes more than %d bytes of memory", UKI_MAX);
        if (pe->size_of_image + all + (n_added + 1) * (uint64_t) pe->section_alignment > UINT32_MAX)
                return err_set(e, -E2BIG,
                                "sections of the stub begin at every %u bytes of memory, which is "
                                "too far apart for %zu more",
                                pe->section_alignment, n_added);
        return 0;
}

int uki_plan(Span stub, const Pe *pe, const UkiSection *added, size_t n_added, UkiPlan *ret,
                Err *e) {
        UkiPlan plan = { .size_of_code = pe->size_of_code, .size_of_data = pe->size_of_data };
        bool is_placed[PE_SECTIONS_MAX] = {};
        uint64_t end;
        int rc;

        assert(stub.size == pe->file_size);

        rc = check_sizes(pe, added, n_added, e);
        if (rc == 0)
                rc = check_stub(stub, pe, &plan, e);
        if (rc < 0)
                return rc;
        place_own(pe, added, n_added, &plan, is_placed);
        place_added(pe, added, n_added, &plan, is_placed);
        rc = place_headers(pe, &plan, e);
        if (rc < 0)
                return rc;
        place_bytes(pe, &plan);
        plan.size_of_image = pe->size_of_image;
        end = memory_end(pe, &plan);
        if (end > plan.size_of_image)
                plan.size_of_image = (uint32_t) round_up(end, pe->section_alignment);

        *ret = plan;
        return 0;
}

static void put_le(Buf *b, size_t at, uint32_t v, unsigned n_bytes) {
        for (unsigned i = 0; i < n_bytes; i++)
                b->data[at + i] = (uint8_t) (v >> 8 * i);
}

static void put_section(Buf *to, const PeSection *s) {
        buf_bytes(to, (Span){ (const uint8_t *) s->name, PE_NAME_MAX });
        buf_le(to, s->virtual_size, 4);
        buf_le(to, s->virtual_address, 4);
        buf_le(to, s->raw_size, 4);
        buf_le(to, s->raw_offset, 4);
        buf_zeros(to, 12);
        buf_le(to, s->flags, 4);
}

void uki_headers(Span stub, const Pe *pe, const UkiPlan *plan, uint16_t dll_flags, Buf *to) {
        size_t file = pe->at.file_header, optional = pe->at.optional_header;
        uint16_t flags = pe->flags;

        assert(to->size == 0);

        if (plan->drop_symbols)
                flags |= PE_FLAG_SYMBOLS_STRIPPED;
        buf_bytes(to, part_of(stub, 0, pe->at.sections));
        for (unsigned i = 0; i < plan->n_places; i++)
                put_section(to, &plan->places[i].header);
        buf_zeros(to, plan->size_of_headers - to->size);
        if (to->failed < 0)
                return;
        put_le(to, file + FILE_N_SECTIONS, plan->n_places, 2);
        put_le(to, file + FILE_SYMBOLS, 0, 4);
        put_le(to, file + FILE_N_SYMBOLS, 0, 4);
        put_le(to, file + FILE_FLAGS, flags, 2);
        put_le(to, optional + OPTIONAL_CODE, plan->size_of_code, 4);
        put_le(to, optional + OPTIONAL_DATA, plan->size_of_data, 4);
        put_le(to, optional + OPTIONAL_IMAGE, plan->size_of_image, 4);
        put_le(to, optional + OPTIONAL_HEADERS, plan->size_of_headers, 4);
        put_le(to, optional + OPTIONAL_CHECKSUM, 0, 4);
        put_le(to, optional + OPTIONAL_DLL_FLAGS, dll_flags, 2);
}
