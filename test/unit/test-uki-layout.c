/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "image/uki-layout.h"
#include "support/pedraft.h"

enum { O = DRAFT_OPTIONAL, D = DRAFT_DIRECTORIES, S = DRAFT_SECTIONS, ONE = 40, N_ADDED = 3 };

static const UkiSection added[N_ADDED] = {
        { ".cmdline", 5, PE_SECTION_READ | PE_SECTION_DATA },
        { ".linux", 0x1201, PE_SECTION_READ | PE_SECTION_CODE },
        { ".sbat", 0x100, PE_SECTION_READ | PE_SECTION_DATA },
};

/* The plan for a draft of a stub that was changed somehow. */
static int plan_of(const Buf *stub, const UkiSection *sections, size_t n, UkiPlan *ret, Err *e) {
        Pe pe;

        assert_int_equal(pe_parse(buf_span(stub), stub->size, &pe, NULL), 0);
        return uki_plan(buf_span(stub), &pe, sections, n, ret, e);
}

static void sections_lie_behind_one_another(void **state) {
        static const struct {
                const char *name;
                uint32_t size, memory, raw, at;
        } expected[] = {
                { ".text", 0x300, 0x1000, 0x400, 0x200 },
                { ".sbat", 0x100, 0x2000, 0x200, 0x600 },
                { ".sdmagic", 0x33, 0x3000, 0x200, 0x800 },
                { ".cmdline", 5, 0x4000, 0x200, 0xa00 },
                { ".linux", 0x1201, 0x5000, 0x1400, 0xc00 },
        };
        _cleanup_(buf_done) Buf stub = BUF_UP_TO(DRAFT_SIZE), headers = BUF_UP_TO(DRAFT_SIZE);
        UkiPlan plan;
        Pe pe, again;

        (void) state;
        (void) draft_pe(&stub);
        assert_int_equal(plan_of(&stub, added, N_ADDED, &plan, NULL), 0);
        assert_int_equal(pe_parse(buf_span(&stub), stub.size, &pe, NULL), 0);
        uki_headers(buf_span(&stub), &pe, &plan, 0x60, &headers);
        assert_int_equal(headers.size, 0x400); /* 328 + 5 * 40 bytes are more than 512 */
        assert_int_equal(pe_parse(buf_span(&headers), plan.file_size, &again, NULL), 0);
        assert_int_equal(again.n_sections, ELEMENTS(expected));
        for (size_t i = 0; i < ELEMENTS(expected); i++) {
                const PeSection *s = &again.sections[i];

                assert_string_equal(s->name, expected[i].name);
                assert_int_equal(s->virtual_size, expected[i].size);
                assert_int_equal(s->virtual_address, expected[i].memory);
                assert_int_equal(s->raw_size, expected[i].raw);
                assert_int_equal(s->raw_offset, expected[i].at + 0x200);
        }
        assert_int_equal(plan.file_size, 0x2200);
        assert_int_equal(again.size_of_image, 0x7000);
        assert_int_equal(again.size_of_code, 0x300 + 0x1201);
        assert_int_equal(again.size_of_data, 0x100 + 5 + 0x100 - 0x92);
        assert_int_equal(again.dll_flags, 0x60);
        assert_int_equal(again.checksum, 0);
        assert_int_equal(again.flags, pe.flags);
        assert_true(again.image_base == pe.image_base);
        assert_int_equal(again.sections[4].flags, PE_SECTION_READ | PE_SECTION_CODE);
        assert_int_equal(plan.places[0].added, -1);
        assert_int_equal(plan.places[1].added, 2);
        assert_int_equal(plan.places[0].from.at, 0x200);
        assert_int_equal(plan.places[0].from.size, 0x400);
}

static void headers_stay_where_they_have_room(void **state) {
        _cleanup_(buf_done) Buf stub = BUF_UP_TO(DRAFT_SIZE);
        UkiPlan plan;

        (void) state;
        (void) draft_pe(&stub);
        assert_int_equal(plan_of(&stub, added, 1, &plan, NULL), 0);
        assert_int_equal(plan.size_of_headers, 0x200);
        assert_int_equal(plan.places[0].header.raw_offset, 0x200);
}

/* The last section may grow as far as it likes: what is added begins behind it. */
static void what_grows_at_the_end_is_not_written_over(void **state) {
        static const UkiSection grown[] = {
                { ".cmdline", 5, PE_SECTION_READ | PE_SECTION_DATA },
                { ".sdmagic", 0x2345, PE_SECTION_READ | PE_SECTION_DATA },
        };
        _cleanup_(buf_done) Buf stub = BUF_UP_TO(DRAFT_SIZE);
        UkiPlan plan;

        (void) state;
        (void) draft_pe(&stub);
        assert_int_equal(plan_of(&stub, grown, ELEMENTS(grown), &plan, NULL), 0);
        assert_int_equal(plan.places[2].header.virtual_address, 0x3000);
        assert_int_equal(plan.places[2].header.virtual_size, 0x2345);
        assert_int_equal(plan.places[3].header.virtual_address, 0x6000);
        assert_int_equal(plan.size_of_image, 0x7000);

        assert_int_equal(plan_of(&stub, &grown[1], 1, &plan, NULL), 0);
        assert_int_equal(plan.size_of_image, 0x6000);
}

/* As in the stub of systemd 252, where the next section begins 256 bytes behind .sbat. */
static void what_outgrows_its_place_goes_to_the_end(void **state) {
        UkiSection larger = { ".sbat", 0x1001, PE_SECTION_READ | PE_SECTION_DATA };
        UkiSection fitting = { ".sbat", 0x1000, PE_SECTION_READ | PE_SECTION_DATA };
        _cleanup_(buf_done) Buf stub = BUF_UP_TO(DRAFT_SIZE);
        UkiPlan plan;

        (void) state;
        (void) draft_pe(&stub);
        assert_int_equal(plan_of(&stub, &fitting, 1, &plan, NULL), 0);
        assert_int_equal(plan.n_places, 3);
        assert_string_equal(plan.places[1].header.name, ".sbat");
        assert_int_equal(plan.places[1].header.raw_size, 0x1000);
        assert_int_equal(plan.places[2].header.raw_offset, 0x1600);

        assert_int_equal(plan_of(&stub, &larger, 1, &plan, NULL), 0);
        assert_int_equal(plan.n_places, 3);
        assert_string_equal(plan.places[1].header.name, ".sdmagic");
        assert_string_equal(plan.places[2].header.name, ".sbat");
        assert_int_equal(plan.places[2].header.virtual_address, 0x4000);
        assert_int_equal(plan.places[2].header.raw_offset, 0x800);
        assert_int_equal(plan.size_of_data, 0x100 - 0x92 + 0x1001);

        draft_put(&stub, S + ONE + 8, 0, 4); /* .sbat is empty, and lies nowhere */
        draft_put(&stub, S + ONE + 16, 0, 8);
        memset(stub.data + 0x600, 0, 0x200);
        assert_int_equal(plan_of(&stub, &fitting, 1, &plan, NULL), 0);
        assert_string_equal(plan.places[2].header.name, ".sbat");
        assert_int_equal(plan.places[2].header.virtual_address, 0x4000);
}

/* One field of the stub changed, and what is said about it. */
static const struct {
        const char *what;
        size_t at;
        uint64_t value;
        unsigned n_bytes;
        const char *said;
} cases[] = {
        { "a signature", D + 32, UINT64_C(0x0000001000000a00), 8, "the stub is signed" },
        { "debug data", D + 52, 1, 4, "the stub has debug data" },
        { "something behind the headers", S + 3 * ONE, 1, 1, "has something behind its section" },
        { "the last byte there", DRAFT_HEADERS - 1, 1, 1, "has something behind its section" },
        { "symbols in its midst", DRAFT_FILE_HEADER + 8, 0x800, 4, "the stub has symbols that" },
        { "symbols beyond its end", DRAFT_FILE_HEADER + 8, 0xffffffff, 4, "the stub has symbols" },
        { "a hole with bytes in it", S + ONE + 16, 0x40, 4, "bytes that belong to no section" },
        { "a section twice", S, UINT64_C(0x746162732e), 8, "two sections of one name" },
        { "no room for headers", S + 12, 0x200, 4, "the stub has no room for 5 section headers" },
};

static void stubs_that_cannot_be_added_to(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf stub = BUF_UP_TO(2 * DRAFT_SIZE);
                UkiPlan plan;
                Err e = {};
                int rc;

                (void) draft_pe(&stub);
                if (i == 0)
                        buf_zeros(&stub, 16); /* the certificates */
                draft_put(&stub, cases[i].at, cases[i].value, cases[i].n_bytes);
                rc = plan_of(&stub, added, N_ADDED, &plan, &e);
                if (rc != -EBADMSG || !strstr(e.text, cases[i].said))
                        fail_msg("%s: %d, '%s'", cases[i].what, rc, e.text);
        }
}

static void a_hole_of_zeros_is_closed(void **state) {
        _cleanup_(buf_done) Buf stub = BUF_UP_TO(DRAFT_SIZE);
        UkiPlan plan;

        (void) state;
        (void) draft_pe(&stub);
        memset(stub.data + 0x640, 0, 0x1c0);
        draft_put(&stub, S + ONE + 16, 0x40, 4);
        assert_int_equal(plan_of(&stub, added, 1, &plan, NULL), 0);
        assert_int_equal(plan.places[2].header.raw_offset, 0x800);
}

static void symbols_at_the_end_are_dropped(void **state) {
        _cleanup_(buf_done) Buf stub = BUF_UP_TO(2 * DRAFT_SIZE), headers = BUF_UP_TO(DRAFT_SIZE);
        UkiPlan plan;
        Pe pe, again;

        (void) state;
        (void) draft_pe(&stub);
        draft_put(&stub, DRAFT_FILE_HEADER + 8, DRAFT_SIZE, 4);
        draft_put(&stub, DRAFT_FILE_HEADER + 12, 2, 4);
        draft_put(&stub, DRAFT_FILE_HEADER + 18, 0x206, 2);
        buf_zeros(&stub, 2 * 18);
        buf_le(&stub, 6, 4);
        buf_string(&stub, "x");
        assert_int_equal(plan_of(&stub, added, 1, &plan, NULL), -EBADMSG);
        buf_byte(&stub, 0);
        assert_int_equal(plan_of(&stub, added, 1, &plan, NULL), 0);
        assert_int_equal(pe_parse(buf_span(&stub), stub.size, &pe, NULL), 0);
        uki_headers(buf_span(&stub), &pe, &plan, 0, &headers);
        assert_int_equal(pe_parse(buf_span(&headers), plan.file_size, &again, NULL), 0);
        assert_int_equal(again.symbols_at, 0);
        assert_int_equal(again.n_symbols, 0);
        assert_int_equal(again.flags, 0x206 | PE_FLAG_SYMBOLS_STRIPPED);
}

static void bytes_behind_the_last_section_are_not_lost_unseen(void **state) {
        _cleanup_(buf_done) Buf stub = BUF_UP_TO(2 * DRAFT_SIZE);
        UkiPlan plan;

        (void) state;
        (void) draft_pe(&stub);
        buf_byte(&stub, 1);
        assert_int_equal(plan_of(&stub, added, 1, &plan, NULL), -EBADMSG);
}

static void no_more_than_the_limits(void **state) {
        static const UkiSection many[PE_SECTIONS_MAX] = { { ".a", 1, 0 } };
        UkiSection large = { ".linux", UKI_MAX, PE_SECTION_CODE };
        _cleanup_(buf_done) Buf stub = BUF_UP_TO(DRAFT_SIZE);
        UkiPlan plan;

        (void) state;
        (void) draft_pe(&stub);
        assert_int_equal(plan_of(&stub, many, PE_SECTIONS_MAX - 2, &plan, NULL), -E2BIG);
        assert_int_equal(plan_of(&stub, &large, 1, &plan, NULL), -E2BIG);
        large.size = UKI_MAX - DRAFT_SIZE;
        assert_int_equal(plan_of(&stub, &large, 1, &plan, NULL), 0);
        large.size = UINT64_MAX;
        assert_int_equal(plan_of(&stub, &large, 1, &plan, NULL), -E2BIG);

        memcpy(stub.data + O + 32, (uint8_t[]){ 0, 0, 0, 0x40 }, 4); /* sections a GiB apart */
        assert_int_equal(plan_of(&stub, added, 1, &plan, NULL), 0);
        assert_int_equal(plan_of(&stub, added, N_ADDED, &plan, NULL), -E2BIG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(sections_lie_behind_one_another),
                cmocka_unit_test(headers_stay_where_they_have_room),
                cmocka_unit_test(what_grows_at_the_end_is_not_written_over),
                cmocka_unit_test(what_outgrows_its_place_goes_to_the_end),
                cmocka_unit_test(stubs_that_cannot_be_added_to),
                cmocka_unit_test(a_hole_of_zeros_is_closed),
                cmocka_unit_test(symbols_at_the_end_are_dropped),
                cmocka_unit_test(bytes_behind_the_last_section_are_not_lost_unseen),
                cmocka_unit_test(no_more_than_the_limits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
