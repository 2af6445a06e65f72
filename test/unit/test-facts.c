/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>

#include "base/text.h"
#include "support/case.h"
#include "support/draftlog.h"
#include "support/firmlog.h"
#include "support/hashes.h"
#include "support/libc.h"
#include "support/sdlog.h"
#include "verify/facts.h"
#include "wire/efievent.h"

/* What evidence tells of a machine, fact by fact: each as "kind: words", behind it whether it is
 * proven, and of a digest its first bytes. */

static const HashAlg sha256 = HASH_SHA256;
static const uint8_t entry[32] = { 0xca, 0xfe };

typedef struct Teller {
        Case c;
        FirmLog firm;
        SdLog sd;
        DraftLog log;
} Teller;

static void teller_begin(Teller *t) {
        char start[DRAFT_START_MAX];
        Digest sha1 = digest_zero(HASH_SHA1), zeros = digest_zero(HASH_SHA256);

        *t = (Teller){ .firm = firmlog_new(&sha256, 1), .log = draft_log() };
        case_begin(&t->c);
        sd_new(&t->sd);
        t->sd.boot = HEX_32;
        t->sd.name_nvpcr = sd_name_nvpcr;
        draft_register_values(&sha1, &zeros, start);
        draft_log_add(&t->log, EVENT_PHASE_GENESIS,
                        (const DraftChange[]){ { "start", start }, { "others", NULL },
                                        { "blinded", NULL }, { "missing", NULL }, {} });
}

static void teller_done(Teller *t) {
        firmlog_done(&t->firm);
        sd_done(&t->sd);
        draft_log_done(&t->log);
        case_end(&t->c);
}

/* The firmware has started the machine: its registers are as they are then. */
static void start(Teller *t) {
        forge_firmware(&t->c.forge, &t->firm);
        memcpy(t->sd.pcrs.digests[0], t->c.forge.values.digests[0],
                        16 * sizeof(t->sd.pcrs.digests[0][0]));
}

/* Registers hold all that was measured. */
static void judge(Teller *t) {
        Forge *f = &t->c.forge;

        buf_done(&f->log);
        buf_bytes(&f->log, draft_log_bytes(&t->log));
        buf_done(&f->systemd_log);
        buf_bytes(&f->systemd_log, buf_span(&t->sd.log));
        for (unsigned pcr = 0; pcr < 16; pcr++)
                f->values.digests[0][pcr] = t->sd.pcrs.digests[0][pcr];
        f->values.digests[0][8] = draft_log_replay(&t->log, 1, digest_zero(HASH_SHA256));
        for (size_t i = 0; i < t->sd.n_nv; i++)
                forge_nvpcr(f,
                                (NvPublic){ .index = t->sd.nv[i].index,
                                                .name_alg = HASH_SHA256,
                                                .attributes = t->sd.nv[i].attributes,
                                                .policy = t->sd.nv[i].policy,
                                                .size = t->sd.nv[i].size },
                                t->sd.nv[i].value);
        f->signed_values = f->values;
        f->clock = (TpmClock){ .clock = 9000, .reset_count = 7, .restart_count = 7, .safe = true };
        case_judge(&t->c);
}

static void put_fact(const Facts *f, const Fact *fact, Buf *to) {
        Span words = facts_text(f, fact->value);

        buf_printf(to, "%s: %.*s%s", fact_kind_name(fact->kind), (int) words.size,
                        (const char *) words.data, fact->proven ? " [proven]" : "");
        if (fact->digest.alg != HASH_NONE) {
                buf_byte(to, ' ');
                text_hex(to, (Span){ fact->digest.bytes, 4 });
        }
        buf_byte(to, '\n');
}

static void tell(const Judgement *j, HashAlg bank, Buf *to) {
        _cleanup_(facts_done) Facts f = {};

        assert_int_equal(facts_take(j, bank, &f, NULL), 0);
        for (size_t i = 0; i < f.n; i++)
                if (f.list[i].kind != FACT_CLAIM)
                        put_fact(&f, &f.list[i], to);
        if (f.fault[0] != '\0')
                buf_printf(to, "not whole: %s\n", f.fault);
        buf_byte(to, '\0');
}

static void assert_tells(const Teller *t, HashAlg bank, const char *lines) {
        _cleanup_(buf_done) Buf said = BUF_UP_TO(64 * 1024);

        tell(&t->c.judgement, bank, &said);
        if (strcmp((const char *) said.data, lines) != 0) {
                print_error("%s", (const char *) said.data);
                fail_msg("%s", "it should tell other things");
        }
}

static void everything(Teller *t) {
        static const Event events[] = { EVENT_PHASE_ENTER, EVENT_LAYER_ACTIVATE,
                EVENT_LAYER_DEACTIVATE, EVENT_LAYER_REFUSE, EVENT_UNLOCK_OPEN, EVENT_UNLOCK_FAIL,
                EVENT_NOTE_TEXT, EVENT_GLASS_OPEN, EVENT_GLASS_CLOSE };

        teller_begin(t);
        firmlog_boot(&t->firm, &(FirmBoot){ .secure_boot = true,
                                               .certificate = { entry, 32 },
                                               .cmdline = "root=x quiet",
                                               .appended = "debug",
                                               .credentials = true,
                                               .extensions = true });
        start(t);
        buf_string(&t->c.forge.line, "root=x quiet debug\n");
        for (size_t i = 0; i < ELEMENTS(events); i++)
                draft_log_add(&t->log, events[i], NULL);
        sd_boot(&t->sd);
        sd_measure(&t->sd, sd_pcr15, "product-id:text", "product-id");
        sd_measure(&t->sd, sd_pcr15, "no such word", "unknown");
        sd_extend(&t->sd, sd_pcr15, "the HMAC");
        sd_write(&t->sd, sd_pcr15, "the HMAC", "volume-key", "cryptsetup:v2:2222");
}

static const char things[] =
                "tpm: 0x0000000000002024 [proven]\n"
                "machine: 0123456789abcdef0123456789abcdef [proven]\n"
                "machine: e72a1999f6bf4f39be061813d3920b23 [proven]\n"
                "secure-boot: on [proven] ccfc4bb3\n"
                "pk: \"a program by its hash\" (cafe000000000000000000000000000000000000000000000000000000000000) [proven]\n"
                "kek: \"a program by its hash\" (cafe000000000000000000000000000000000000000000000000000000000000) [proven]\n"
                "db: \"a program by its hash\" (cafe000000000000000000000000000000000000000000000000000000000000) [proven]\n"
                "dbx: \"a program by its hash\" (dead000000000000000000000000000000000000000000000000000000000000) [proven]\n"
                "authority: a program was let in by \"a program by its hash\" (cafe000000000000...) of \"db\" [proven] 629c56c6\n"
                "firmware: separator [proven] df3f6198\n"
                "firmware: EV_S_CRTM_VERSION \"1.\" [proven] 4931d3c0\n"
                "firmware: EV_EFI_PLATFORM_FIRMWARE_BLOB 16 bytes [proven] c3bf47ea\n"
                "firmware: separator [proven] df3f6198\n"
                "firmware: variable \"BootOrder\": 0000 [proven] eb881b78\n"
                "firmware: separator [proven] df3f6198\n"
                "firmware: separator [proven] df3f6198\n"
                "firmware: separator [proven] df3f6198\n"
                "firmware: \"Calling EFI Application from Boot Option\" [proven] 3d6772b4\n"
                "firmware: separator [proven] df3f6198\n"
                "firmware: partition table of disk 00000077-0000-0000-0000-000000000000: \"esp\" d719b2cb-3d3a-4596-a3bc-dad00e67656f [proven] 1218487e\n"
                "firmware: \"Exit Boot Services Invocation\" [proven] d8043d6b\n"
                "firmware: \"Exit Boot Services Returned with Success\" [proven] b54f7542\n"
                "firmware: separator [proven] df3f6198\n"
                "firmware: separator [proven] df3f6198\n"
                "program: program \"PciRoot(0x0)/Pci(0x1,0x0)/EFI/BOOT/BOOTX64.EFI\", hash 48d7b815eca253269ef93bbf1fc69bb0f8443b440a91a3db7d85be379fedd678 [proven] 48d7b815\n"
                "section: .cmdline [proven] 6425e2e5\n"
                "section: .initrd [proven] d5274220\n"
                "section: .linux [proven] 4fff0d3e\n"
                "section: .osrel [proven] 374b6b0c\n"
                "command-line: root=x quiet debug [proven]\n"
                "appended: \"debug\" [proven] 7ea1dc50\n"
                "companion: \"Credentials initrd\" [proven] efa07b18\n"
                "companion: \"System extension initrd\" [proven] efa07b18\n"
                "kernel: kernel's command line \"LOADED_IMAGE::LoadOptions\" [proven] a4bca825\n"
                "kernel: kernel's initrd \"Linux initrd\" [proven] d5274220\n"
                "phase: enter-initrd [proven]\n"
                "phase: leave-initrd [proven]\n"
                "phase: ready [proven]\n"
                "phase: sysinit [proven]\n"
                "phase: the machine enters \"text\" [proven]\n"
                "verity: root hash abababababababababababababababababababababababababababababababab [proven]\n"
                "volume-key: key of volume \"v2\", LUKS \"2222\" [proven] 3ab61a89\n"
                "unlock: volume \"root\" unlocked by \"tpm2\", slot 1 [proven]\n"
                "unlock: failed: volume \"text\" by tpm2 [proven]\n"
                "unlock: volume \"text\" by tpm2 [proven]\n"
                "login: first login of user \"root\" [proven]\n"
                "systemd: NvPCR \"cryptsetup\" is NV index 0x01d10201, Name 000b5cdaaf62f0b87c14... [proven]\n"
                "systemd: NvPCR \"hardware\" is NV index 0x01d10200, Name 000ba645e51ed743d262... [proven]\n"
                "systemd: NvPCR \"login\" is NV index 0x01d10203, Name 000bd24156952b72abc1... [proven]\n"
                "systemd: NvPCR \"verity\" is NV index 0x01d10202, Name 000b0972314c17d58715... [proven]\n"
                "systemd: \"product-id:text\" 641e7de5\n"
                "systemd: \"no such word\" f0a5e170\n"
                "layer: sysext \"text\" version \"text\", root hash fedcba9876543210...: \"text\" [proven] fedcba98\n"
                "layer: taken away: sysext \"text\" version \"text\", root hash fedcba9876543210...: \"text\" [proven] fedcba98\n"
                "layer: refused: sysext \"text\" version \"text\", root hash fedcba9876543210...: \"text\" [proven] fedcba98\n"
                "glass: closed: login by \"text\" (uid 7) on \"text\": \"text\" [proven]\n"
                "glass: opened: login by \"text\" (uid 7) on \"text\": \"text\" [proven]\n"
                "record: configuration [proven] fedcba98\n"
                "record: text [proven]\n";

static void a_machine_is_told_by_its_things(void **state) {
        Teller t;

        (void) state;
        everything(&t);
        judge(&t);
        assert_tells(&t, HASH_SHA256, things);
        teller_done(&t);
}

/* What a firmware may measure besides. */
static void odd(Teller *t) {
        _cleanup_(buf_done) Buf none = BUF_UP_TO(4096), cut = BUF_UP_TO(4096);
        FirmLog *l = &t->firm;
        FirmEvent *event;

        teller_begin(t);
        firmlog_signatures(&none, SPAN_LITERAL("no certificate"));
        firmlog_signatures(&cut, (Span){ entry, 32 });
        buf_string(&cut, "more");
        (void) firmlog_add(l, 0, EV_NO_ACTION, SPAN_LITERAL("nothing was measured"));
        (void) firmlog_add_variable(l, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, firmlog_global,
                        "SecureBoot", SPAN_LITERAL("\0"));
        (void) firmlog_add_variable(l, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, firmlog_security, "db",
                        buf_span(&none));
        (void) firmlog_add_variable(l, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, firmlog_security, "dbx",
                        buf_span(&cut));
        (void) firmlog_add_variable(l, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, firmlog_global, "Other",
                        SPAN_LITERAL("\1"));
        event = firmlog_add_variable(l, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, firmlog_global, "KEK",
                        SPAN_LITERAL("\1"));
        firmlog_rehash(l, event, SPAN_LITERAL("something else"));
        event = firmlog_add_variable(l, 7, EV_EFI_VARIABLE_AUTHORITY, firmlog_security, "db",
                        (Span){ entry, 32 });
        firmlog_rehash(l, event, SPAN_LITERAL("something else"));
        (void) firmlog_add(l, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, SPAN_LITERAL("no variable"));
        (void) firmlog_add(l, 7, EV_SEPARATOR, SPAN_LITERAL("\0\0\0\0"));
        (void) firmlog_add(l, 4, EV_EFI_BOOT_SERVICES_DRIVER, SPAN_LITERAL("no driver"));
        (void) firmlog_add(l, 4, EV_EFI_BOOT_SERVICES_APPLICATION, SPAN_LITERAL("no program"));
        (void) firmlog_add(l, 11, EV_IPL, SPAN_LITERAL("no section"));
        (void) firmlog_add_of(l, 11, EV_IPL, SPAN_LITERAL(".\0l\0i\0n\0u\0x\0\0\0"),
                        SPAN_LITERAL("not the name"));
        firmlog_add_section(l, ".linux", SPAN_LITERAL("a kernel"));
        firmlog_add_tag(l, 12, 0xf5bc582a, "loader.conf", SPAN_LITERAL("settings"));
        (void) firmlog_add_of(l, 12, EV_IPL, SPAN_LITERAL("c\0\0\0"), SPAN_LITERAL("cpio"));
        (void) firmlog_add(l, 13, EV_IPL, SPAN_LITERAL("e\0\0\0"));
        start(t);
        draft_log_add(&t->log, EVENT_PHASE_BROKEN, NULL);
        buf_string(&t->c.forge.line, "root=x");
}

static const char besides[] =
                "tpm: 0x0000000000002024 [proven]\n"
                "machine: 0123456789abcdef0123456789abcdef\n"
                "secure-boot: off [proven] 115aa827\n"
                "db: an entry of 14 bytes (6e6f206365727469666963617465) [proven]\n"
                "dbx: \"a program by its hash\" (cafe000000000000000000000000000000000000000000000000000000000000) [proven]\n"
                "firmware: driver , hash 867d41be99d87ad311951f6089f59329e62e3c9b8336adcc5e89da59a69cd150 [proven] 867d41be\n"
                "firmware: separator [proven] df3f6198\n"
                "firmware: a variable that cannot be read [proven] 23496ccd\n"
                "firmware: variable \"KEK\": empty, and bytes that are no entry [proven] f41f3fa6\n"
                "firmware: variable \"Other\", 1 bytes [proven] fd7633ad\n"
                "firmware: a program was let in by 32 bytes of \"db\" [proven] f41f3fa6\n"
                "program: program , hash 77c81fb66a43b886cf465ef2634a071856e9529e7509b908ab5c2e70f6e2ddd9 [proven] 77c81fb6\n"
                "section: .linux [proven] 4fff0d3e\n"
                "section: name of section \"no section\" [proven] e55c5f4e\n"
                "section: content of section \".linux\" [proven] cd58a58f\n"
                "command-line: root=x\n"
                "companion: loader.conf \"loader.conf\" [proven] cde0fb0d\n"
                "companion: \"c\" [proven] efa07b18\n"
                "companion: \"e\" [proven] 8fc6cb4a\n"
                "record: configuration fedcba98\n"
                "record: text\n"
                "not whole: a database of Secure Boot holds bytes that are no entry\n";

static void what_firmware_measures_besides_is_told_too(void **state) {
        Teller t;

        (void) state;
        odd(&t);
        judge(&t);
        assert_tells(&t, HASH_SHA256, besides);
        teller_done(&t);
}

/* Facts that one failed step is missing from would pass for things that are gone. */
static void they_are_whole_or_none(void **state) {
        void (*const machines[])(Teller *) = { everything, odd };

        (void) state;
        for (size_t i = 0; i < 2 * ELEMENTS(machines); i++) {
                int n = 0, failed = 1;
                Teller t;

                machines[i / 2](&t);
                judge(&t);
                for (; failed > 0; n++) {
                        Err e = {};
                        Facts f;
                        int rc;

                        if (i % 2 == 0)
                                libc_fail_after(LIBC_MEMORY, n, ENOMEM, false);
                        else
                                hashes_fail_after(n);
                        rc = facts_take(&t.c.judgement, HASH_SHA256, &f, &e);
                        failed = libc_heal() + hashes_heal();
                        assert_int_equal(rc, failed == 0 ? 0 : i % 2 == 0 ? -ENOMEM : -EIO);
                        assert_int_equal(e.code, rc);
                        if (rc == 0)
                                facts_done(&f);
                }
                assert_true(n > 20);
                teller_done(&t);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_machine_is_told_by_its_things),
                cmocka_unit_test(what_firmware_measures_besides_is_told_too),
                cmocka_unit_test(they_are_whole_or_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
