/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/locked.h"

#include <errno.h>
#include <limits.h>

#include "support/judgefaults.h"
#include "support/libc.h"

/* Components of systemd-pcrlock vouch for a boot, or name what is other. */

/* From the initrd on, whatever has been reached. */
static void a_boot_that_components_expect_is_proven(void **state) {
        (void) state;
        for (unsigned phases = 1; phases <= 3; phases++) {
                Locked l;

                locked_whole(&l);
                assert_int_equal(l.references.pcrlock.n, 7);
                run_system(&l, phases);
                judge(&l);
                assert_claim(&l, CLAIM_FIRMWARE, CLAIM_PROVEN, "as 7 pcrlock components expect");
                assert_claim(&l, CLAIM_KERNEL, CLAIM_PROVEN,
                                "the UKI is as 7 pcrlock components expect; PCR 11 shows enter-initrd");
                locked_done(&l);
        }
}

/* What was measured instead is told in its own words. */
static void what_no_component_expects_is_named(void **state) {
        static const struct {
                bool insecure, early;
                const char *cmdline, *word;
                Claim claim;
                const char *said;
        } rows[] = {
                { .insecure = true,
                                .claim = CLAIM_FIRMWARE,
                                .said = "pcrlock component '240-firmware' expects not what was measured in pcr:7: variable \"SecureBoot\": off" },
                { .cmdline = "root=x",
                                .claim = CLAIM_KERNEL,
                                .said = "pcrlock component '650-kernel' expects not what was measured in pcr:11: content of section \".cmdline\"" },
                { .early = true,
                                .claim = CLAIM_KERNEL,
                                .said = "pcrlock component '750-enter-initrd' expects more in pcr:11 than was measured" },
                { .word = "ready",
                                .claim = CLAIM_KERNEL,
                                .said = "pcrlock components expect not what was measured in pcr:11: ready" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Locked l;

                locked_begin(&l);
                l.c.policy.boot.secure_boot = SWITCH_ANY;
                start(&l);
                put_all(&l);
                load(&l);
                l.boot.secure_boot = !rows[i].insecure;
                l.boot.cmdline = rows[i].cmdline ? rows[i].cmdline : l.boot.cmdline;
                start(&l);
                run_system(&l, rows[i].early ? 0 : 3);
                if (rows[i].word)
                        sd_measure(&l.sd, sd_pcr11, rows[i].word, "phase");
                judge(&l);
                assert_claim(&l, rows[i].claim, CLAIM_NOT_PROVEN, rows[i].said);
                locked_done(&l);
        }
}

/* Of one variant the program, of another the sections: no component expects the two together. */
static void variants_are_not_mixed(void **state) {
        Locked l;

        (void) state;
        locked_begin(&l);
        start(&l);
        put_all(&l);
        put_events(&l, "650-kernel.pcrlock.d/6.2.pcrlock", 1u << 4);
        put_events(&l, "650-kernel.pcrlock.d/6.3.pcrlock", 1u << 11);
        load(&l);
        run_system(&l, 3);
        judge(&l);
        assert_claim(&l, CLAIM_KERNEL, CLAIM_NOT_PROVEN, "pcrlock component");
        locked_done(&l);
}

/* Nor where one is of firmware, and the other of the kernel: of two releases the keys of one, and
 * the kernel of the other. */
static void variants_are_not_mixed_between_claims(void **state) {
        static const uint32_t keys = 1u << 7;

        for (int mixed = 0; mixed < 2; mixed++) {
                Locked l;

                (void) state;
                locked_begin(&l);
                start(&l);
                put_events(&l, "240-firmware.pcrlock", FIRMWARE & ~keys);
                put_folder(&l, "650-release.pcrlock.d");
                put_events(&l, "650-release.pcrlock.d/1.pcrlock", mixed ? keys : keys | KERNEL);
                put_events(&l, "650-release.pcrlock.d/2.pcrlock", KERNEL);
                put_word(&l, "750-enter-initrd.pcrlock", 1u << 11, "enter-initrd");
                put_word(&l, "750-os-separator.pcrlock", 0xff, "os-separator");
                load(&l);
                run_system(&l, 1);
                judge(&l);
                assert_claim(&l, CLAIM_FIRMWARE, CLAIM_PROVEN, "as 4 pcrlock components expect");
                assert_claim(&l, CLAIM_KERNEL, mixed ? CLAIM_NOT_PROVEN : CLAIM_PROVEN,
                                mixed ? "firmware and kernel are as other variants of pcrlock components expect: pcrlock component"
                                      : "the UKI is as 4 pcrlock components expect");
                locked_done(&l);
        }
}

/* Beside what they vouch for, policy is asked as ever. */
static void what_they_do_not_speak_of_policy_decides(void **state) {
        for (unsigned spoken = 0; spoken < 2; spoken++) {
                Locked l;

                (void) state;
                locked_begin(&l);
                l.boot.credentials = true;
                start(&l);
                put_all(&l);
                if (spoken)
                        put_events(&l, "660-beside.pcrlock", 3u << 12);
                /* an event of PCR 13, so that the component speaks of it */
                if (spoken)
                        put_word(&l, "755-os-separator.pcrlock", 3u << 12, "os-separator");
                load(&l);
                run_system(&l, 1);
                for (unsigned pcr = 12; spoken && pcr <= 13; pcr++)
                        sd_measure(&l.sd, (Register){ REGISTER_PCR, pcr }, "os-separator",
                                        "os-separator");
                judge(&l);
                assert_claim(&l, CLAIM_KERNEL, spoken ? CLAIM_PROVEN : CLAIM_NOT_PROVEN,
                                spoken ? "pcrlock components expect"
                                       : "something came beside the UKI");
                locked_done(&l);
        }
}

/* Without a word of the kernel they do not vouch for it, and refuse nothing either. */
static void components_of_firmware_alone_say_nothing_of_the_kernel(void **state) {
        Locked l;

        (void) state;
        locked_begin(&l);
        start(&l);
        put_events(&l, "240-firmware.pcrlock", FIRMWARE);
        put_word(&l, "750-os-separator.pcrlock", FIRMWARE, "os-separator");
        load(&l);
        run_system(&l, 1);
        judge(&l);
        assert_claim(&l, CLAIM_FIRMWARE, CLAIM_PROVEN, "as 2 pcrlock components expect");
        assert_claim(&l, CLAIM_KERNEL, CLAIM_NOT_PROVEN, "is no release that was handed over");
        locked_done(&l);
}

/* Twenty events, and thirty components that may each be one of them: whoever wrote the folder may
 * want us to look for ever. */
static void combinations_end(void **state) {
        Locked l;

        (void) state;
        locked_begin(&l);
        start(&l);
        for (unsigned i = 0; i < 20; i++)
                (void) firmlog_add(&l.log, 6, EV_EFI_ACTION, SPAN_LITERAL("again"));
        take_firmware(&l);
        put_bytes(&l, "100-separator.pcrlock", 1u << 6, SPAN_LITERAL("\0\0\0\0"));
        for (unsigned i = 0; i < 30; i++) {
                char name[64];

                (void) snprintf(name, sizeof(name), "%u-component.pcrlock.d", 200 + i);
                put_folder(&l, name);
                (void) snprintf(name, sizeof(name), "%u-component.pcrlock.d/absent.pcrlock",
                                200 + i);
                put_word(&l, name, 0, "");
                (void) snprintf(name, sizeof(name), "%u-component.pcrlock.d/again.pcrlock",
                                200 + i);
                put_word(&l, name, 1u << 6, "again");
        }
        put_word(&l, "700-never.pcrlock", 1u << 6, "never");
        load(&l);
        judge(&l);
        assert_claim(&l, CLAIM_FIRMWARE, CLAIM_NOT_PROVEN,
                        "pcrlock components have more combinations of variants than are looked at");
        locked_done(&l);
}

static void a_folder_that_is_none_is_refused(void **state) {
        static const struct {
                const char *name, *text, *said;
        } rows[] = {
                { "readme", "", "no .pcrlock component lies there" },
                { "1.pcrlock", "{}", "/1.pcrlock: pcrlock component" },
                { "1.pcrlock", "{}", "not an object of records alone" },
                { "1.pcrlock", "{\"records\":[{\"pcr\":24,\"digests\":[]}]}",
                                "number of a register" },
                { ".pcrlock", "{\"records\":[]}", "no .pcrlock component lies there" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(folder_done) Folder folder = folder_new();
                _cleanup_(pcrlock_done) Pcrlock p = {};
                Err e = {};

                folder_write(&folder, rows[i].name, span_of(rows[i].text));
                assert_int_equal(pcrlock_load(&p, folder.path, &e), -EBADMSG);
                if (!strstr(e.text, rows[i].said))
                        fail_msg("'%s', not '%s'", e.text, rows[i].said);
        }
}

static void no_component_stands_twice(void **state) {
        _cleanup_(folder_done) Folder folder = folder_new(), empty = folder_new();
        _cleanup_(pcrlock_done) Pcrlock p = {};
        Err e = {}, none = {};

        (void) state;
        folder_write(&folder, "1.pcrlock", SPAN_LITERAL("{\"records\":[]}"));
        assert_int_equal(pcrlock_load(&p, folder.path, NULL), 0);
        assert_int_equal(pcrlock_load(&p, folder.path, &e), -EBADMSG);
        assert_non_null(strstr(e.text, "component '1' stands twice"));
        assert_int_equal(mkdir(folder_path(&empty, "2.pcrlock.d"), 0700), 0);
        assert_int_equal(pcrlock_load(&p, empty.path, &none), -EBADMSG);
        assert_non_null(strstr(none.text, "without any variant"));
        assert_int_equal(pcrlock_load(&p, folder_path(&empty, "missing"), NULL), -ENOENT);
}

static void variants_lie_in_a_folder(void **state) {
        _cleanup_(folder_done) Folder folder = folder_new();
        _cleanup_(pcrlock_done) Pcrlock p = {};
        Err e = {};

        (void) state;
        folder_write(&folder, "1.pcrlock.d", SPAN_LITERAL("{\"records\":[]}"));
        assert_int_equal(pcrlock_load(&p, folder.path, &e), -ENOTDIR);
        assert_non_null(strstr(e.text, "/1.pcrlock.d: "));
}

/* Whichever way the file system has them: what is told of a boot does not depend on it. */
static void variants_are_tried_in_the_order_of_their_names(void **state) {
        static const char order[] = "62719485";
        _cleanup_(folder_done) Folder folder = folder_new();
        _cleanup_(pcrlock_done) Pcrlock p = {};

        (void) state;
        assert_int_equal(mkdir(folder_path(&folder, "1.pcrlock.d"), 0700), 0);
        for (size_t i = 0; i < sizeof(order) - 1; i++) {
                char name[] = "1.pcrlock.d/?.pcrlock";

                *strchr(name, '?') = order[i];
                folder_write(&folder, name, SPAN_LITERAL("{\"records\":[]}"));
        }
        assert_int_equal(pcrlock_load(&p, folder.path, NULL), 0);
        assert_int_equal(p.list[0].n, sizeof(order) - 1);
        for (size_t i = 1; i < p.list[0].n; i++)
                assert_true(strcmp(p.list[0].variants[i - 1].name, p.list[0].variants[i].name) < 0);
}

/* Whatever fails while they are read, no component is left out in silence. */
static void components_are_all_there_or_none(void **state) {
        static const LibcCalls calls[] = { LIBC_MEMORY, LIBC_FILES };
        Locked l;

        (void) state;
        locked_begin(&l);
        start(&l);
        put_all(&l);
        for (size_t i = 0; i < ELEMENTS(calls); i++) {
                int failed = 1, n = 0, code = calls[i] == LIBC_MEMORY ? ENOMEM : EIO;

                for (; failed > 0; n++) {
                        _cleanup_(pcrlock_done) Pcrlock p = {};
                        Err e = {};
                        int rc;

                        libc_fail_after(calls[i], n, code, false);
                        rc = pcrlock_load(&p, l.folder.path, &e);
                        failed = libc_heal();
                        assert_int_equal(rc, failed > 0 ? -code : 0);
                        assert_int_equal(e.code, rc);
                        assert_true(failed > 0 || p.n == 7);
                }
                assert_true(n > 20);
        }
        locked_done(&l);
}

static void no_fault_gives_another_verdict(void **state) {
        for (unsigned fits = 0; fits < 2; fits++) {
                _cleanup_(buf_done) Buf bytes = BUF_UP_TO(BUNDLE_MAX);
                Question q;
                Verdict v;
                Locked l;

                (void) state;
                locked_whole(&l);
                run_system(&l, 3);
                if (!fits)
                        sd_measure(&l.sd, sd_pcr11, "ready", "phase");
                judge(&l);
                forge_bundle(&l.c.forge, &bytes);
                q = case_question(&l.c);
                q.references = &l.references;
                judge_with_faults(&q, buf_span(&bytes), false, &v);
                judge_with_bad_hashes(&q, buf_span(&bytes));
                locked_done(&l);
        }
}

static void write_many(const Folder *folder, const char *within, unsigned n) {
        char name[64];

        for (unsigned i = 0; i < n; i++) {
                (void) snprintf(name, sizeof(name), "%s%u.pcrlock", within, i);
                folder_write(folder, name, SPAN_LITERAL("{\"records\":[]}"));
        }
}

static void folders_have_an_end(void **state) {
        (void) state;
        for (unsigned over = 0; over < 2; over++) {
                _cleanup_(folder_done) Folder folder = folder_new(), variants = folder_new();
                _cleanup_(pcrlock_done) Pcrlock p = {}, q = {};

                write_many(&folder, "", PCRLOCK_COMPONENTS_MAX + over);
                assert_int_equal(pcrlock_load(&p, folder.path, NULL), over ? -E2BIG : 0);
                assert_int_equal(mkdir(folder_path(&variants, "1.pcrlock.d"), 0700), 0);
                write_many(&variants, "1.pcrlock.d/", PCRLOCK_VARIANTS_MAX + over);
                assert_int_equal(pcrlock_load(&q, variants.path, NULL), over ? -E2BIG : 0);
        }
}

/* Of a path that does not fit, no part is opened. */
static void paths_have_an_end(void **state) {
        _cleanup_(folder_done) Folder folder = folder_new();
        _cleanup_(pcrlock_done) Pcrlock p = {};
        char path[PATH_MAX];
        size_t n;

        (void) state;
        folder_write(&folder, "1.pcrlock", SPAN_LITERAL("{\"records\":[]}"));
        n = (size_t) snprintf(path, sizeof(path), "%s", folder.path);
        while (n < sizeof(path) - 4)
                n += (size_t) snprintf(path + n, sizeof(path) - n, "/.");
        assert_int_equal(pcrlock_load(&p, path, NULL), -ENAMETOOLONG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_boot_that_components_expect_is_proven),
                cmocka_unit_test(what_no_component_expects_is_named),
                cmocka_unit_test(variants_are_not_mixed),
                cmocka_unit_test(variants_are_not_mixed_between_claims),
                cmocka_unit_test(what_they_do_not_speak_of_policy_decides),
                cmocka_unit_test(components_of_firmware_alone_say_nothing_of_the_kernel),
                cmocka_unit_test(combinations_end),
                cmocka_unit_test(a_folder_that_is_none_is_refused),
                cmocka_unit_test(no_component_stands_twice),
                cmocka_unit_test(variants_lie_in_a_folder),
                cmocka_unit_test(folders_have_an_end),
                cmocka_unit_test(paths_have_an_end),
                cmocka_unit_test(variants_are_tried_in_the_order_of_their_names),
                cmocka_unit_test(components_are_all_there_or_none),
                cmocka_unit_test(no_fault_gives_another_verdict),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
