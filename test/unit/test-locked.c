/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "port/crypto.h"
#include "support/case.h"
#include "support/firmlog.h"
#include "support/folder.h"
#include "support/judgefaults.h"
#include "support/libc.h"
#include "support/sdlog.h"
#include "verify/reference.h"
#include "wire/efievent.h"

/* Folders of systemd-pcrlock components, and a machine that they are of. */

static const HashAlg sha256 = HASH_SHA256;

#define FIRMWARE 0xefu
#define KERNEL (1u << 4 | 1u << 11)

typedef struct Locked {
        Case c;
        FirmLog log;
        FirmBoot boot;
        SdLog sd;
        Buf vendor;
        Folder folder;
        References references;
        Judgement judgement;
        char id[33];
} Locked;

static void locked_begin(Locked *l) {
        *l = (Locked){ .vendor = BUF_UP_TO(4096), .folder = folder_new() };
        firmlog_certificate(&l->vendor, "vendor");
        l->boot = (FirmBoot){
                .secure_boot = true, .certificate = buf_span(&l->vendor), .cmdline = "root=x quiet"
        };
        case_begin(&l->c);
        case_judge(&l->c);
        for (size_t i = 0; i < 16; i++)
                (void) snprintf(l->id + 2 * i, 3, "%02x",
                                l->c.judgement.story.segment.chain.boot[i]);
}

static void locked_done(Locked *l) {
        judgement_done(&l->judgement);
        references_done(&l->references);
        firmlog_done(&l->log);
        sd_done(&l->sd);
        buf_done(&l->vendor);
        folder_done(&l->folder);
        case_end(&l->c);
}

/* Firmware's part. */
static void start(Locked *l) {
        firmlog_done(&l->log);
        sd_done(&l->sd);
        l->log = firmlog_new(&sha256, 1);
        firmlog_boot(&l->log, &l->boot);
        forge_firmware(&l->c.forge, &l->log);
        sd_new(&l->sd);
        l->sd.boot = l->id;
        memcpy(l->sd.pcrs.digests[0], l->c.forge.values.digests[0],
                        16 * sizeof(l->sd.pcrs.digests[0][0]));
}

static void judge(Locked *l) {
        _cleanup_(buf_done) Buf bytes = BUF_UP_TO(BUNDLE_MAX);
        Question q = case_question(&l->c);
        Forge *f = &l->c.forge;

        for (unsigned pcr = 0; pcr < 16; pcr++)
                if (pcr != WORLD_PCR)
                        f->values.digests[0][pcr] = l->sd.pcrs.digests[0][pcr];
        f->signed_values = f->values;
        buf_done(&f->systemd_log);
        buf_bytes(&f->systemd_log, buf_span(&l->sd.log));
        forge_quote(f);
        forge_bundle(f, &bytes);
        q.references = &l->references;
        judgement_done(&l->judgement);
        assert_int_equal(appraise(buf_span(&bytes), &q, &l->judgement, NULL), 0);
}

static void put_record(Buf *to, unsigned pcr, const Digest *d) {
        buf_printf(to, "%s{\"pcr\":%u,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"",
                        to->size > 12 ? "," : "", pcr);
        for (size_t i = 0; i < d->size; i++)
                buf_printf(to, "%02x", d->bytes[i]);
        buf_string(to, "\"}]}");
}

static void put_file(Locked *l, const char *name, const Buf *records) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(PCRLOCK_MAX);

        buf_bytes(&text, buf_span(records));
        buf_string(&text, "]}\n");
        folder_write(&l->folder, name, buf_span(&text));
}

/* A component of all that the log has of some registers. */
static void put_events(Locked *l, const char *name, uint32_t pcrs) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(PCRLOCK_MAX);

        buf_string(&text, "{\"records\":[");
        for (size_t i = 0; i < l->log.n; i++)
                if (pcrs >> l->log.events[i].pcr & 1)
                        put_record(&text, l->log.events[i].pcr, &l->log.events[i].digests[0]);
        put_file(l, name, &text);
}

static void put_bytes(Locked *l, const char *name, uint32_t pcrs, Span bytes) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(PCRLOCK_MAX);
        Digest d;

        assert_int_equal(hash_bytes(HASH_SHA256, bytes, &d, NULL), 0);
        buf_string(&text, "{\"records\":[");
        for (unsigned pcr = 0; pcr < 24; pcr++)
                if (pcrs >> pcr & 1)
                        put_record(&text, pcr, &d);
        put_file(l, name, &text);
}

static void put_word(Locked *l, const char *name, uint32_t pcrs, const char *word) {
        put_bytes(l, name, pcrs, span_of(word));
}

/* What systemd measures as it starts, up to a phase. */
static void run_system(Locked *l, unsigned n_phases) {
        static const char *const phases[] = { "enter-initrd", "leave-initrd", "sysinit" };

        for (unsigned i = 0; i < n_phases; i++) {
                sd_measure(&l->sd, sd_pcr11, phases[i], "phase");
                for (unsigned pcr = 0; i == 0 && pcr < 8; pcr++)
                        sd_measure(&l->sd, (Register){ REGISTER_PCR, pcr }, "os-separator",
                                        "os-separator");
        }
}

static void put_folder(Locked *l, const char *name) {
        assert_int_equal(mkdir(folder_path(&l->folder, name), 0700), 0);
}

/* The whole folder, of the boot as it is; one variant of the kernel is another one. */
static void put_all(Locked *l) {
        put_events(l, "240-firmware.pcrlock", FIRMWARE);
        put_folder(l, "650-kernel.pcrlock.d");
        put_word(l, "650-kernel.pcrlock.d/6.1.pcrlock", KERNEL, "an older kernel");
        put_events(l, "650-kernel.pcrlock.d/6.2.pcrlock", KERNEL);
        put_folder(l, "700-other.pcrlock.d");
        put_word(l, "700-other.pcrlock.d/300-present.pcrlock", 1u << 5, "never measured");
        put_word(l, "700-other.pcrlock.d/600-absent.pcrlock", 0, "");
        put_word(l, "750-enter-initrd.pcrlock", 1u << 11, "enter-initrd");
        put_word(l, "750-os-separator.pcrlock", 0xff, "os-separator");
        put_word(l, "800-leave-initrd.pcrlock", 1u << 11, "leave-initrd");
        put_word(l, "850-sysinit.pcrlock", 1u << 11, "sysinit");
        folder_write(&l->folder, "readme", SPAN_LITERAL("no component"));
}

static void load(Locked *l) {
        Err e = {};

        if (pcrlock_load(&l->references.pcrlock, l->folder.path, &e) < 0)
                fail_msg("%s", e.text);
}

#define assert_claim(l, claim, expected, said)                                                     \
        do {                                                                                       \
                const char *reason_ = (l)->judgement.verdict.reasons[claim];                       \
                                                                                                   \
                if (verdict_state(&(l)->judgement.verdict, claim) != (expected) ||                 \
                                !strstr(reason_, said))                                            \
                        fail_msg("'%s', not '%s'", reason_, said);                                 \
        } while (0)

/* From the initrd on, whatever has been reached. */
static void a_boot_that_components_expect_is_proven(void **state) {
        (void) state;
        for (unsigned phases = 1; phases <= 3; phases++) {
                Locked l;

                locked_begin(&l);
                start(&l);
                put_all(&l);
                load(&l);
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
        forge_firmware(&l.c.forge, &l.log);
        memcpy(l.sd.pcrs.digests[0], l.c.forge.values.digests[0],
                        16 * sizeof(l.sd.pcrs.digests[0][0]));
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
                locked_begin(&l);
                start(&l);
                put_all(&l);
                load(&l);
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

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_boot_that_components_expect_is_proven),
                cmocka_unit_test(what_no_component_expects_is_named),
                cmocka_unit_test(variants_are_not_mixed),
                cmocka_unit_test(what_they_do_not_speak_of_policy_decides),
                cmocka_unit_test(components_of_firmware_alone_say_nothing_of_the_kernel),
                cmocka_unit_test(combinations_end),
                cmocka_unit_test(a_folder_that_is_none_is_refused),
                cmocka_unit_test(no_component_stands_twice),
                cmocka_unit_test(components_are_all_there_or_none),
                cmocka_unit_test(no_fault_gives_another_verdict),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
