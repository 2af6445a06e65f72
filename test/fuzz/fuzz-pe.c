/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "base/cursor.h"
#include "wire/pe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good) {
        if (!good)
                abort();
}

/* Another reading of the field at that place. */
static uint32_t field(Span bytes, size_t at) {
        Cursor c = cursor_over(bytes);

        (void) cursor_bytes(&c, at);
        return cursor_u32le(&c);
}

static void check_section(Span bytes, const Pe *pe, unsigned i) {
        const PeSection *s = &pe->sections[i], *first = pe_find(pe, s->name);
        size_t at = pe->at.sections + (size_t) i * PE_SECTION_HEADER_SIZE;
        uint64_t raw_end = (uint64_t) s->raw_offset + s->raw_size,
                 end = (uint64_t) s->virtual_address + s->virtual_size;

        check(s->virtual_size == field(bytes, at + 8) && s->raw_size == field(bytes, at + 16));
        check(first && first <= s);
        check(raw_end <= bytes.size && (s->raw_size == 0 || s->raw_offset >= pe->size_of_headers));
        check(end <= pe->size_of_image);
        for (unsigned k = 0; k < i; k++) {
                const PeSection *o = &pe->sections[k];

                check(s->raw_size == 0 || o->raw_size == 0 || raw_end <= o->raw_offset ||
                                s->raw_offset >= (uint64_t) o->raw_offset + o->raw_size);
                check(s->virtual_size == 0 || o->virtual_size == 0 || end <= o->virtual_address ||
                                s->virtual_address >=
                                                (uint64_t) o->virtual_address + o->virtual_size);
        }
}

/* Whatever parses has all of its sections in the file and in the image, no two of them share a
 * byte, and the fields are where it says. What does not parse says why. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Span bytes = { data, size };
        Err e = {};
        Pe pe;

        if (pe_parse(bytes, size, &pe, &e) < 0) {
                check(e.code != 0);
                return 0;
        }
        check(pe.n_sections > 0 && pe.n_sections <= PE_SECTIONS_MAX);
        check(field(bytes, pe.at.optional_header + 60) == pe.size_of_headers);
        check(pe.at.sections + (size_t) pe.n_sections * PE_SECTION_HEADER_SIZE <=
                        pe.size_of_headers);
        check(pe_raw_end(&pe) <= size && pe_virtual_end(&pe) <= pe.size_of_image);
        for (unsigned i = 0; i < pe.n_sections; i++)
                check_section(bytes, &pe, i);
        return 0;
}
