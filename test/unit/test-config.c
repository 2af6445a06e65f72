/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macro.h"
#include "measure/config.h"
#include "port/crypto.h"
#include "support/folder.h"

static Register lane_of(const Config *c, Lane lane) {
        return c->plan.lanes[lane];
}

static bool is_pcr(Register reg, uint32_t index) {
        return register_equal(reg, (Register){ REGISTER_PCR, index });
}

static void lanes_go_into_registers(void **state) {
        Config c = config_default();

        (void) state;
        for (Lane lane = 0; lane < _LANE_MAX; lane++)
                assert_true(is_pcr(lane_of(&c, lane), 8));
        assert_int_equal(config_apply(SPAN_LITERAL("[Registers]\nNote=pcr:9\n"), &c, NULL), 0);
        assert_true(is_pcr(lane_of(&c, LANE_NOTE), 9));
        assert_true(is_pcr(lane_of(&c, LANE_GLASS), 8));
        /* later lines win: Default= is all of them */
        assert_int_equal(config_apply(SPAN_LITERAL("[Registers]\nDefault=pcr:14\nGlass=pcr:13\n"),
                                         &c, NULL),
                        0);
        assert_true(is_pcr(lane_of(&c, LANE_NOTE), 14));
        assert_true(is_pcr(lane_of(&c, LANE_PHASE), 14));
        assert_true(is_pcr(lane_of(&c, LANE_GLASS), 13));
        assert_false(c.plan.occupied);
        assert_int_equal(config_apply(SPAN_LITERAL("[Registers]\nOccupied=yes"), &c, NULL), 0);
        assert_true(c.plan.occupied);
}

static void lists_grow_and_are_cleared(void **state) {
        Config c = config_default();

        (void) state;
        assert_int_equal(config_apply(SPAN_LITERAL("[Socket]\nNoteUser=ann  1000\nNoteUser=bob\n"
                                                   "NoteUnit=fan.service\n"),
                                         &c, NULL),
                        0);
        assert_int_equal(c.n_note_users, 3);
        assert_string_equal(c.note_users[0], "ann");
        assert_string_equal(c.note_users[1], "1000");
        assert_string_equal(c.note_users[2], "bob");
        assert_string_equal(c.note_units[0], "fan.service");
        assert_int_equal(config_apply(SPAN_LITERAL("[Socket]\nNoteUser=\n"), &c, NULL), 0);
        assert_int_equal(c.n_note_users, 0);
        assert_int_equal(c.n_note_units, 1);
}

static void what_is_wrong_is_named_with_its_line(void **state) {
        static const struct {
                const char *text, *says;
        } wrong[] = {
                { "[Registers]\nDefualt=pcr:8",
                                "line 2: [Registers] has no key 'Defualt', did you mean 'Default'?" },
                { "[Register]\nDefault=pcr:8",
                                "line 1: there is no section [Register], did you mean [Registers]?" },
                { "Default=pcr:8", "line 1: 'Default' stands before any [Section]" },
                { "[Registers]\nDefault", "line 2 is neither [Section] nor Key=value: 'Default'" },
                { "[Registers]\n\nDefault=pcr:16",
                                "line 3: Default=pcr:16: anybody can reset PCR 16 and 23: they hold no record" },
                { "[Registers]\nGlass=pcr:23",
                                "line 2: Glass=pcr:23: anybody can reset PCR 16 and 23: they hold no record" },
                { "[Registers]\nGlass=pcr:24",
                                "line 2: Glass=pcr:24: a register is written as pcr:8, or nv:0x01806177" },
                { "[Registers]\nGlass=none",
                                "line 2: Glass=none: a register is written as pcr:8, or nv:0x01806177" },
                { "[Registers]\nGlass=",
                                "line 2: Glass=: a register is written as pcr:8, or nv:0x01806177" },
                { "[Registers]\nDefault=nv:0x01800400",
                                "line 2: Default=nv:0x01800400: a log begins in a PCR: only Layer=, Unlock=, Glass= and Note= go into an NV index" },
                { "[Registers]\nPhase=nv:0x01800400",
                                "line 2: Phase=nv:0x01800400: a log begins in a PCR: only Layer=, Unlock=, Glass= and Note= go into an NV index" },
                { "[Registers]\nGlass=nv:0x01806176",
                                "line 2: Glass=nv:0x01806176: a register is an NV index from 0x01800000 to 0x01bfffff, and not the counter (0x01806176)" },
                { "[Registers]\nNote=nv:0x01c00002",
                                "line 2: Note=nv:0x01c00002: a register is an NV index from 0x01800000 to 0x01bfffff, and not the counter (0x01806176)" },
                { "[Registers]\nOccupied=true", "line 2: Occupied=true: yes, or no" },
                { "[Layers]\nRequire=signature log",
                                "line 2: Require=signature log: of an extension: signature, content, or nothing" },
                { "[Layers]\nCertificate=/a b",
                                "line 2: Certificate=/a b: a path from the root on" },
                { "[Socket]\nGlass=pcr:8", "line 2: [Socket] has no key 'Glass', [Registers] has" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(wrong); i++) {
                Config c = config_default(), before = c;
                Err e = {};

                assert_int_equal(config_apply(span_of(wrong[i].text), &c, &e), -EBADMSG);
                assert_string_equal(e.text, wrong[i].says);
                assert_memory_equal(&c, &before, sizeof(c));
        }
}

static void lanes_but_the_phase_may_go_into_an_index(void **state) {
        static const char text[] = "[Registers]\nLayer=nv:0x01806177\nUnlock=nv:0x01806177\n"
                                   "Glass=nv:0x01806178\nNote=nv:0x01806179\n";
        Config c = config_default();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);

        (void) state;
        assert_int_equal(config_apply(SPAN_LITERAL(text), &c, NULL), 0);
        assert_int_equal(c.plan.lanes[LANE_PHASE].kind, REGISTER_PCR);
        assert_int_equal(c.plan.lanes[LANE_LAYER].index, 0x01806177);
        assert_int_equal(c.plan.lanes[LANE_UNLOCK].index, 0x01806177);
        assert_int_equal(c.plan.lanes[LANE_GLASS].index, 0x01806178);
        assert_int_equal(c.plan.lanes[LANE_NOTE].kind, REGISTER_NV);
        config_text(&c, &b);
        buf_byte(&b, '\0');
        assert_non_null(strstr((const char *) b.data, "Glass=nv:0x01806178\n"));
}

static void what_is_asked_of_extensions(void **state) {
        Config c = config_default();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);

        (void) state;
        assert_true(c.layer_signature);
        assert_false(c.layer_content);
        assert_int_equal(config_apply(SPAN_LITERAL("[Layers]\nRequire=content signature\n"
                                                   "Certificate=/a /b\n"),
                                         &c, NULL),
                        0);
        assert_true(c.layer_signature && c.layer_content);
        assert_int_equal(c.n_layer_certificates, 2);
        assert_string_equal(c.layer_certificates[1], "/b");
        config_text(&c, &b);
        buf_byte(&b, '\0');
        assert_non_null(strstr((const char *) b.data,
                        "[Layers]\nRequire=signature content\nCertificate=/a /b\n"));
        assert_int_equal(config_apply(SPAN_LITERAL("[Layers]\nRequire=\n"), &c, NULL), 0);
        assert_false(c.layer_signature || c.layer_content);
}

static void more_names_than_fit_are_refused(void **state) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(4096);
        Config c = config_default();

        (void) state;
        buf_string(&text, "[Socket]\nNoteUser=");
        for (unsigned i = 0; i < CONFIG_NAMES_MAX; i++)
                buf_printf(&text, "%u ", i);
        assert_int_equal(config_apply(buf_span(&text), &c, NULL), 0);
        buf_string(&text, "x");
        assert_int_equal(config_apply(buf_span(&text), &c, NULL), -EBADMSG);
        buf_done(&text);
        buf_string(&text, "[Socket]\nNoteUnit=");
        for (unsigned i = 0; i < CONFIG_NAME_MAX; i++)
                buf_byte(&text, 'u');
        assert_int_equal(config_apply(buf_span(&text), &c, NULL), 0);
        assert_int_equal(strlen(c.note_units[0]), CONFIG_NAME_MAX);
        buf_byte(&text, 'u');
        assert_int_equal(config_apply(buf_span(&text), &c, NULL), -EBADMSG);
}

static void put(const Folder *f, const char *name, const char *text) {
        folder_write(f, name, span_of(text));
}

static void a_subfolder(const Folder *f, const char *name) {
        assert_int_equal(mkdir(folder_path(f, name), 0700), 0);
}

/* As systemd has it: one main file, all drop-ins in the order of their names, the first folder
 * wins. */
static void files_count_in_their_order(void **state) {
        _cleanup_(folder_done) Folder etc = folder_new(), usr = folder_new();
        const char *const folders[] = { etc.path, usr.path, NULL };
        Config c;

        (void) state;
        assert_int_equal(config_load(folders, &c, NULL), 0);
        assert_true(is_pcr(lane_of(&c, LANE_NOTE), 8));

        put(&usr, "avouch.conf", "[Registers]\nDefault=pcr:9\n");
        assert_int_equal(config_load(folders, &c, NULL), 0);
        assert_true(is_pcr(lane_of(&c, LANE_NOTE), 9));

        put(&etc, "avouch.conf", "[Registers]\nNote=pcr:10\n"); /* hides the other */
        assert_int_equal(config_load(folders, &c, NULL), 0);
        assert_true(is_pcr(lane_of(&c, LANE_NOTE), 10));
        assert_true(is_pcr(lane_of(&c, LANE_GLASS), 8));

        a_subfolder(&etc, "avouch.conf.d");
        a_subfolder(&usr, "avouch.conf.d");
        put(&usr, "avouch.conf.d/20-b.conf", "[Registers]\nNote=pcr:11\nLayer=pcr:11\n");
        put(&etc, "avouch.conf.d/10-a.conf", "[Registers]\nNote=pcr:12\nGlass=pcr:12\n");
        put(&etc, "avouch.conf.d/30-c", "not read");
        put(&etc, "avouch.conf.d/.30-c.conf", "not read");
        assert_int_equal(config_load(folders, &c, NULL), 0);
        assert_true(is_pcr(lane_of(&c, LANE_NOTE), 11));
        assert_true(is_pcr(lane_of(&c, LANE_GLASS), 12));
        assert_true(is_pcr(lane_of(&c, LANE_LAYER), 11));

        assert_int_equal(symlink("/dev/null", folder_path(&etc, "avouch.conf.d/20-b.conf")), 0);
        assert_int_equal(config_load(folders, &c, NULL), 0);
        assert_true(is_pcr(lane_of(&c, LANE_NOTE), 12));
        assert_true(is_pcr(lane_of(&c, LANE_LAYER), 8));
}

static void what_is_wrong_is_named_with_its_file(void **state) {
        _cleanup_(folder_done) Folder etc = folder_new();
        const char *const folders[] = { etc.path, NULL };
        Err e = {};
        Config c;

        (void) state;
        a_subfolder(&etc, "avouch.conf.d");
        put(&etc, "avouch.conf.d/a.conf", "[Registers]\nNote=pcr:99\n");
        assert_int_equal(config_load(folders, &c, &e), -EBADMSG);
        assert_non_null(strstr(e.text, "avouch.conf.d/a.conf: line 2: Note=pcr:99"));
}

/* Whatever it was spelled like, and in whichever files. */
static void what_is_effective_has_one_hash(void **state) {
        _cleanup_(folder_done) Folder etc = folder_new();
        _cleanup_(buf_done) Buf text = BUF_UP_TO(CONFIG_MAX);
        const char *const folders[] = { etc.path, NULL };
        Config c, again = config_default();
        Digest d;

        (void) state;
        assert_int_equal(config_load(folders, &c, NULL), 0);
        assert_true(c.plan.configured);
        config_text(&c, &text);
        assert_int_equal(hash_bytes(HASH_SHA256, buf_span(&text), &d, NULL), 0);
        assert_memory_equal(c.plan.config, d.bytes, 32);
        assert_int_equal(config_apply(buf_span(&text), &again, NULL), 0);

        put(&etc, "avouch.conf", "# nothing new\n[Registers]\n Glass = pcr:8\n");
        assert_int_equal(config_load(folders, &again, NULL), 0);
        assert_memory_equal(c.plan.config, again.plan.config, 32);
        put(&etc, "avouch.conf", "[Registers]\nGlass=pcr:9\n");
        assert_int_equal(config_load(folders, &again, NULL), 0);
        assert_memory_not_equal(c.plan.config, again.plan.config, 32);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(lanes_go_into_registers),
                cmocka_unit_test(lists_grow_and_are_cleared),
                cmocka_unit_test(what_is_wrong_is_named_with_its_line),
                cmocka_unit_test(lanes_but_the_phase_may_go_into_an_index),
                cmocka_unit_test(what_is_asked_of_extensions),
                cmocka_unit_test(more_names_than_fit_are_refused),
                cmocka_unit_test(files_count_in_their_order),
                cmocka_unit_test(what_is_wrong_is_named_with_its_file),
                cmocka_unit_test(what_is_effective_has_one_hash),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
