/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <string.h>

#include "support/gptdraft.h"

enum { SECTOR = 512, ENTRIES = 4, SECTORS = 4096 };

/* A disk of 2 MiB with two partitions, the first copy of its table: a header in sector 1, four
 * entries in sector 2. */
typedef struct Sample {
        GptHeader h;
        GptTable t;
        uint8_t labels[2][GPT_LABEL_SIZE];
        uint8_t header[SECTOR], entries[ENTRIES * GPT_ENTRY_SIZE];
} Sample;

static void seal(Sample *s) {
        s->h.entries_checksum = gpt_draft_checksum(s->entries, sizeof(s->entries));
        gpt_draft_header(&s->h, s->header);
}

static void sample(Sample *s) {
        *s = (Sample){
                .h = { .here = 1,
                                .other = SECTORS - 1,
                                .first_usable = 34,
                                .last_usable = SECTORS - 34,
                                .entries = 2,
                                .n_entries = ENTRIES,
                                .disk = "disk" },
                .t = { .n = 2,
                                .entries = { { .number = 1,
                                                             .type = "type",
                                                             .id = "one",
                                                             .first = 2048,
                                                             .last = 2055,
                                                             .attributes = UINT64_C(1) << 60 },
                                                { .number = 3,
                                                                .type = "type",
                                                                .id = "three",
                                                                .first = 2056,
                                                                .last = 2063 } } },
                .labels = { "j\0q" },
        };
        for (size_t i = 0; i < s->t.n; i++)
                s->t.entries[i].label = (Span){ s->labels[i], GPT_LABEL_SIZE };
        gpt_draft_entries(&s->t, ENTRIES, s->entries);
        seal(s);
}

static int parse(const Sample *s, GptHeader *h, GptTable *t, Err *e) {
        int rc = gpt_header_parse((Span){ s->header, SECTOR }, 1, "header", h, e);

        return rc < 0 ? rc
                      : gpt_entries_parse((Span){ s->entries, sizeof(s->entries) }, h, "entries", t,
                                        e);
}

static void what_is_written_is_read_again(void **state) {
        GptHeader h;
        GptTable t;
        Sample s;

        (void) state;
        sample(&s);
        assert_int_equal(parse(&s, &h, &t, NULL), 0);
        assert_int_equal(h.here, 1);
        assert_int_equal(h.other, SECTORS - 1);
        assert_int_equal(h.first_usable, 34);
        assert_int_equal(h.last_usable, SECTORS - 34);
        assert_memory_equal(h.disk, "disk\0", 5);
        assert_int_equal(t.n, 2);
        assert_int_equal(t.entries[0].number, 1);
        assert_int_equal(t.entries[1].number, 3);
        assert_int_equal(t.entries[1].first, 2056);
        assert_int_equal(t.entries[1].last, 2063);
        assert_int_equal(t.entries[0].attributes, UINT64_C(1) << 60);
        assert_memory_equal(t.entries[1].id, "three\0", 6);
        assert_int_equal(t.entries[0].label.data - s.entries, 56);
}

/* Whichever bit is changed. */
static void every_changed_byte_is_seen(void **state) {
        GptHeader h;
        GptTable t;
        Sample s;

        (void) state;
        sample(&s);
        for (size_t i = 0; i < SECTOR; i++) {
                s.header[i] ^= (uint8_t) (1u << i % 8);
                assert_int_equal(parse(&s, &h, &t, NULL), -EBADMSG);
                s.header[i] ^= (uint8_t) (1u << i % 8);
        }
        for (size_t i = 0; i < sizeof(s.entries); i++) {
                Err e = {};

                s.entries[i] ^= (uint8_t) (1u << i % 8);
                assert_int_equal(parse(&s, &h, &t, &e), -EBADMSG);
                assert_string_equal(e.text, "entries: the checksum in the header is not theirs");
                s.entries[i] ^= (uint8_t) (1u << i % 8);
        }
}

static void every_prefix_is_refused(void **state) {
        GptHeader h;
        GptTable t;
        Sample s;

        (void) state;
        sample(&s);
        assert_int_equal(gpt_header_parse((Span){ s.header, SECTOR }, 1, "header", &h, NULL), 0);
        for (size_t n = 0; n < GPT_HEADER_SIZE; n++)
                assert_int_equal(gpt_header_parse((Span){ s.header, n }, 1, "header", &h, NULL),
                                -EBADMSG);
        for (size_t n = 0; n < sizeof(s.entries); n++)
                assert_int_equal(gpt_entries_parse((Span){ s.entries, n }, &s.h, "x", &t, NULL),
                                -EBADMSG);
}

/* One number changed in the header, whose checksum fits; what is said of it. */
static const struct {
        const char *what;
        size_t at, size;
        uint64_t value;
        const char *said; /* NULL: still good */
} headers[] = {
        { "as it is", 24, 8, 1, NULL },
        { "another signature", 0, 1, 'F', "at byte 0 of 512: no GPT header" },
        { "revision 1.1", 8, 4, 0x10001, "at byte 8 of 512: not revision 1.0" },
        { "96 bytes", 12, 4, 96, "at byte 12 of 512: the header is not of 92 bytes" },
        { "reserved", 20, 4, 1, "at byte 20 of 512: reserved bytes that are not zero" },
        { "elsewhere", 24, 8, 2, "at byte 24 of 512: it is about another sector than it" },
        { "a copy among the partitions", 32, 8, 34, "use sectors of the table itself" },
        { "a copy behind them", 32, 8, SECTORS - 33, NULL },
        { "the header among the partitions", 40, 8, 1, "use sectors of the table itself" },
        { "the entries among them", 40, 8, 2, "use sectors of the table itself" },
        { "right behind the entries", 40, 8, 3, NULL },
        { "entries far away", 72, 8, UINT64_MAX, NULL },
        { "entries before all", 72, 8, 33, NULL },
        { "entries too far", 72, 8, 34, "at byte 40 of 512: partitions may use sectors of the" },
        { "nothing usable", 48, 8, 33, "at byte 40 of 512: no sector that partitions may use" },
        { "all of it", 48, 8, UINT64_MAX, "use sectors of the table itself" },
        { "no entries", 80, 4, 0, "at byte 80 of 512: no entries, or more than are read" },
        { "129 entries", 80, 4, 129, "at byte 80 of 512: no entries, or more than are read" },
        { "entries of 256", 84, 4, 256, "at byte 84 of 512: entries are not of 128 bytes" },
        { "behind it", 92, 1, 1, "at byte 92 of 512: bytes behind the header that are not" },
        { "at the end", 511, 1, 1, "at byte 92 of 512: bytes behind the header that are not" },
};

static void a_header_that_contradicts_is_refused(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(headers); i++) {
                GptHeader h;
                Sample s;
                Err e = {};
                int rc;

                sample(&s);
                gpt_draft_le(s.header + headers[i].at, headers[i].value,
                                (unsigned) headers[i].size);
                gpt_draft_seal(s.header);
                rc = gpt_header_parse((Span){ s.header, SECTOR }, 1, "header", &h, &e);
                if (rc != (headers[i].said ? -EBADMSG : 0))
                        fail_msg("%s: %d, %s", headers[i].what, rc, e.text);
                if (headers[i].said && !strstr(e.text, headers[i].said))
                        fail_msg("%s: said '%s'", headers[i].what, e.text);
        }
}

/* The same in the entries; the third is the second partition's. */
static const struct {
        const char *what;
        size_t at, size;
        uint64_t value;
        const char *said;
} entries[] = {
        { "as it is", 32, 8, 2048, NULL },
        { "no GUID", 16, 4, 0, "malformed at byte 16 of 512: a partition without a GUID" },
        { "no type", 0, 4, 0, "malformed at byte 0 of 512: an unused entry that is not empty" },
        { "an unused entry's end", 255, 1, 1, "at byte 128 of 512: an unused entry that is not" },
        { "ends before it begins", 40, 8, 2047, "at byte 32 of 512: a partition that ends before" },
        { "one sector", 40, 8, 2048, NULL },
        { "before all", 32, 8, 33, "at byte 32 of 512: a partition outside of what partitions" },
        { "behind all", 256 + 40, 8, SECTORS - 33, "at byte 288 of 512: a partition outside of" },
        { "to the end", 256 + 40, 8, SECTORS - 34, NULL },
        { "overlap by one", 40, 8, 2056, "entries: partitions 1 and 3 overlap" },
        { "overlap at the end", 256 + 32, 8, 2055, "entries: partitions 1 and 3 overlap" },
        { "one in the other", 40, 8, 3000, "entries: partitions 1 and 3 overlap" },
        { "one GUID for two", 256 + 16, 8, 0x656e6f, "partitions 1 and 3 have the same GUID" },
        { "behind the label's end", 56 + 70, 1, 1, "byte 60 of 512: bytes after the end of" },
        { "attributes", 48, 8, UINT64_MAX, NULL },
};

static void entries_that_contradict_are_refused(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(entries); i++) {
                GptHeader h;
                GptTable t;
                Sample s;
                Err e = {};
                int rc;

                sample(&s);
                gpt_draft_le(s.entries + entries[i].at, entries[i].value,
                                (unsigned) entries[i].size);
                seal(&s);
                rc = parse(&s, &h, &t, &e);
                if (rc != (entries[i].said ? -EBADMSG : 0))
                        fail_msg("%s: %d, %s", entries[i].what, rc, e.text);
                if (entries[i].said && !strstr(e.text, entries[i].said))
                        fail_msg("%s: said '%s'", entries[i].what, e.text);
        }
}

static void copies_say_the_same_of_each_other(void **state) {
        GptHeader one, other;
        Sample s;

        (void) state;
        sample(&s);
        one = other = s.h;
        other.here = one.other;
        other.other = one.here;
        other.entries = SECTORS - 2;
        assert_true(gpt_is_copy(&one, &other));
        assert_false(gpt_is_copy(&one, &one));
        one.other = one.here;
        assert_false(gpt_is_copy(&one, &one));
        one.other = other.here;
        for (unsigned i = 0; i < 7; i++) {
                GptHeader h = other;

                h.here ^= i == 0;
                h.other ^= i == 1;
                h.first_usable ^= i == 2;
                h.last_usable ^= i == 3;
                h.n_entries ^= i == 4;
                h.entries_checksum ^= i == 5;
                h.disk[15] ^= i == 6;
                assert_false(gpt_is_copy(&one, &h));
        }
}

static void partitions_use_no_sector_of_the_table(void **state) {
        GptHeader h;
        Sample s;
        Err e = {};

        (void) state;
        sample(&s);
        s.h.first_usable = s.h.last_usable = s.h.here; /* and no sector of the entries */
        seal(&s);
        assert_int_equal(gpt_header_parse((Span){ s.header, SECTOR }, 1, "header", &h, &e),
                        -EBADMSG);
        assert_non_null(strstr(e.text, "use sectors of the table itself"));
}

static void there_are_as_many_entries_as_the_header_says(void **state) {
        GptTable t;
        Sample s;

        (void) state;
        for (int more = -1; more <= 1; more += 2) {
                Err e = {};

                sample(&s);
                s.h.n_entries = (uint32_t) (ENTRIES + more);
                assert_int_equal(gpt_entries_parse((Span){ s.entries, sizeof(s.entries) }, &s.h,
                                                 "entries", &t, &e),
                                -EBADMSG);
                assert_string_equal(e.text, more > 0 ? "entries: 512 bytes for 5 entries"
                                                     : "entries: 512 bytes for 3 entries");
        }
}

/* As libfdisk writes it. */
static void only_a_protective_mbr_is_taken(void **state) {
        uint8_t mbr[MBR_SIZE] = {};
        Span all = { mbr, sizeof(mbr) };
        Err e = {};

        (void) state;
        memcpy(mbr + 446, "\0\0\2\0\xee\xff\xff\xff\1", 9);
        gpt_draft_le(mbr + 458, SECTORS - 1, 4);
        memcpy(mbr + 510, "\x55\xaa", 2);
        assert_int_equal(gpt_mbr_parse(all, SECTORS, "MBR", &e), 0);
        assert_int_equal(gpt_mbr_parse(all, SECTORS + 1, "MBR", &e), -EBADMSG);
        assert_string_equal(e.text, "MBR: malformed at byte 458 of 512: not the size of the disk");
        for (size_t i = 0; i < sizeof(mbr); i++) {
                mbr[i] ^= (uint8_t) (1u << i % 8);
                assert_int_equal(gpt_mbr_parse(all, SECTORS, "MBR", NULL), -EBADMSG);
                mbr[i] ^= (uint8_t) (1u << i % 8);
                assert_int_equal(gpt_mbr_parse((Span){ mbr, i }, SECTORS, "MBR", NULL), -EBADMSG);
        }
        gpt_draft_le(mbr + 458, UINT32_MAX, 4); /* larger than can be said */
        assert_int_equal(gpt_mbr_parse(all, UINT64_C(1) << 40, "MBR", NULL), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_written_is_read_again),
                cmocka_unit_test(every_changed_byte_is_seen),
                cmocka_unit_test(every_prefix_is_refused),
                cmocka_unit_test(a_header_that_contradicts_is_refused),
                cmocka_unit_test(entries_that_contradict_are_refused),
                cmocka_unit_test(copies_say_the_same_of_each_other),
                cmocka_unit_test(partitions_use_no_sector_of_the_table),
                cmocka_unit_test(there_are_as_many_entries_as_the_header_says),
                cmocka_unit_test(only_a_protective_mbr_is_taken),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
