/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>

#include "base/text.h"
#include "support/counted.h"
#include "support/draftlog.h"
#include "support/firmlog.h"
#include "support/hashes.h"
#include "support/libc.h"
#include "support/sdlog.h"
#include "verify/facts.h"
#include "wire/efievent.h"

/* What evidence tells of a machine, fact by fact: each as "kind <subject>: words", behind it
 * whether it is proven, and of a digest its first bytes. */

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
        Span subject = facts_text(f, fact->subject), words = facts_text(f, fact->value);

        buf_printf(to, "%s <%.*s>: %.*s%s", fact_kind_name(fact->kind), (int) subject.size,
                        (const char *) subject.data, (int) words.size, (const char *) words.data,
                        fact->proven ? " [proven]" : "");
        if (fact->digest.alg != HASH_NONE) {
                buf_byte(to, ' ');
                text_hex(to, (Span){ fact->digest.bytes, 4 });
        }
        buf_byte(to, '\n');
}

static void tell(const Judgement *j, HashAlg bank, Buf *to) {
        _cleanup_(facts_done) Facts f = {};
        uint32_t silent;

        assert_int_equal(facts_take(j, bank, &f, NULL), 0);
        silent = f.told;
        for (size_t i = 0; i < f.n; i++) {
                put_fact(&f, &f.list[i], to);
                silent &= ~(1u << f.list[i].kind);
        }
        for (FactKind kind = 0; kind < _FACT_MAX; kind++)
                if (silent >> kind & 1)
                        buf_printf(to, "%s: none\n", fact_kind_name(kind));
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
        sd_measure(&t->sd, sd_pcr15, "no such\x7fword", "unknown");
        sd_measure(&t->sd, sd_pcr15, "verity:usr:" SD_BOOT SD_BOOT ":somebody", "dm-verity");
        sd_measure(&t->sd, sd_pcr15, "login:eve:{}", "login");
        sd_extend(&t->sd, sd_pcr15, "the HMAC");
        sd_write(&t->sd, sd_pcr15, "the HMAC", "volume-key", "cryptsetup:v2:2222");
}

static const char things[] =
                "claim <atomic>: atomic absent [proven]\n"
                "claim <bound>: bound absent [proven]\n"
                "claim <firmware>: firmware proven [proven]\n"
                "claim <kernel>: kernel not-proven [proven]\n"
                "claim <key>: key proven [proven]\n"
                "claim <layers>: layers not-proven [proven]\n"
                "claim <login>: login not-proven [proven]\n"
                "claim <machine-id>: machine-id proven [proven]\n"
                "claim <phase>: phase proven [proven]\n"
                "claim <registers>: registers proven [proven]\n"
                "claim <report>: report absent [proven]\n"
                "claim <root>: root not-proven [proven]\n"
                "claim <signature>: signature proven [proven]\n"
                "claim <together>: together absent [proven]\n"
                "claim <unlock>: unlock not-proven [proven]\n"
                "claim <untouched>: untouched not-proven [proven]\n"
                "claim <verity>: verity not-proven [proven]\n"
                "tpm <firmware version>: 0x0000000000002024 [proven]\n"
                "machine <avouch>: 0123456789abcdef0123456789abcdef [proven]\n"
                "machine <machine-id >: e72a1999f6bf4f39be061813d3920b23 [proven]\n"
                "secure-boot <>: on [proven] ccfc4bb3\n"
                "pk <cafe000000000000000000000000000000000000000000000000000000000000>: \"a program by its hash\" (cafe000000000000000000000000000000000000000000000000000000000000) [proven]\n"
                "kek <cafe000000000000000000000000000000000000000000000000000000000000>: \"a program by its hash\" (cafe000000000000000000000000000000000000000000000000000000000000) [proven]\n"
                "db <cafe000000000000000000000000000000000000000000000000000000000000>: \"a program by its hash\" (cafe000000000000000000000000000000000000000000000000000000000000) [proven]\n"
                "dbx <dead000000000000000000000000000000000000000000000000000000000000>: \"a program by its hash\" (dead000000000000000000000000000000000000000000000000000000000000) [proven]\n"
                "authority <a program was let in by \"a program by its hash\" (cafe000000000000...) of \"db\">: a program was let in by \"a program by its hash\" (cafe000000000000...) of \"db\" [proven] 629c56c6\n"
                "firmware <00 00000004 >: separator [proven] df3f6198\n"
                "firmware <00 00000008 >: EV_S_CRTM_VERSION \"1.\" [proven] 4931d3c0\n"
                "firmware <00 80000008 >: EV_EFI_PLATFORM_FIRMWARE_BLOB 16 bytes [proven] c3bf47ea\n"
                "firmware <01 00000004 >: separator [proven] df3f6198\n"
                "firmware <01 80000002 42006f006f0074004f007200640065007200>: variable \"BootOrder\": 0000 [proven] eb881b78\n"
                "firmware <02 00000004 >: separator [proven] df3f6198\n"
                "firmware <03 00000004 >: separator [proven] df3f6198\n"
                "firmware <04 00000004 >: separator [proven] df3f6198\n"
                "firmware <04 80000007 >: \"Calling EFI Application from Boot Option\" [proven] 3d6772b4\n"
                "firmware <05 00000004 >: separator [proven] df3f6198\n"
                "firmware <05 80000006 >: partition table of disk 00000077-0000-0000-0000-000000000000: \"esp\" d719b2cb-3d3a-4596-a3bc-dad00e67656f [proven] 1218487e\n"
                "firmware <05 80000007 >: \"Exit Boot Services Invocation\" [proven] d8043d6b\n"
                "firmware <05 80000007 >: \"Exit Boot Services Returned with Success\" [proven] b54f7542\n"
                "firmware <06 00000004 >: separator [proven] df3f6198\n"
                "firmware <07 00000004 >: separator [proven] df3f6198\n"
                "program <program \"PciRoot(0x0)/Pci(0x1,0x0)/EFI/BOOT/BOOTX64.EFI\", hash >: program \"PciRoot(0x0)/Pci(0x1,0x0)/EFI/BOOT/BOOTX64.EFI\", hash 48d7b815eca253269ef93bbf1fc69bb0f8443b440a91a3db7d85be379fedd678 [proven] 48d7b815\n"
                "section <.cmdline>: .cmdline [proven] 6425e2e5\n"
                "section <.initrd>: .initrd [proven] d5274220\n"
                "section <.linux>: .linux [proven] 4fff0d3e\n"
                "section <.osrel>: .osrel [proven] 374b6b0c\n"
                "command-line <>: root=x quiet debug [proven]\n"
                "appended <>: \"debug\" [proven] 7ea1dc50\n"
                "companion <12 0000000d >: \"Credentials initrd\" [proven] efa07b18\n"
                "companion <13 0000000d >: \"System extension initrd\" [proven] efa07b18\n"
                "kernel <09 00000006 >: kernel's command line \"LOADED_IMAGE::LoadOptions\" [proven] a4bca825\n"
                "kernel <09 00000006 >: kernel's initrd \"Linux initrd\" [proven] d5274220\n"
                "phase <phase enter-initrd>: enter-initrd [proven]\n"
                "phase <phase leave-initrd>: leave-initrd [proven]\n"
                "phase <phase ready>: ready [proven]\n"
                "phase <phase sysinit>: sysinit [proven]\n"
                "phase <phase.enter the machine enters \"text\">: the machine enters \"text\" [proven]\n"
                "verity <dm-verity abababababababababababababababababababababababababababababababab>: root hash abababababababababababababababababababababababababababababababab [proven]\n"
                "verity <dm-verity e72a1999f6bf4f39be061813d3920b23e72a1999f6bf4f39be061813d3920b23>: root hash e72a1999f6bf4f39be061813d3920b23e72a1999f6bf4f39be061813d3920b23, names a signer\n"
                "volume-key <volume-key v2>: key of volume \"v2\", LUKS \"2222\" [proven] 3ab61a89\n"
                "unlock <keyslot root>: volume \"root\" unlocked by \"tpm2\", slot 1 [proven]\n"
                "unlock <unlock.fail text>: failed: volume \"text\" by tpm2 [proven]\n"
                "unlock <unlock.open text>: volume \"text\" by tpm2 [proven]\n"
                "login <login eve>: first login of user \"eve\"\n"
                "login <login root>: first login of user \"root\" [proven]\n"
                "systemd <nvpcr-init cryptsetup>: NvPCR \"cryptsetup\" is NV index 0x01d10201, Name 000b5cdaaf62f0b87c14... [proven]\n"
                "systemd <nvpcr-init hardware>: NvPCR \"hardware\" is NV index 0x01d10200, Name 000ba645e51ed743d262... [proven]\n"
                "systemd <nvpcr-init login>: NvPCR \"login\" is NV index 0x01d10203, Name 000bd24156952b72abc1... [proven]\n"
                "systemd <nvpcr-init verity>: NvPCR \"verity\" is NV index 0x01d10202, Name 000b0972314c17d58715... [proven]\n"
                "systemd <unknown >: \"product-id:text\" 641e7de5\n"
                "systemd <unknown >: \"no such\\x7fword\" 291a41f1\n"
                "layer <layer.activate sysext text>: sysext \"text\" version \"text\", root hash fedcba9876543210...: \"text\" [proven] fedcba98\n"
                "layer <layer.deactivate sysext text>: taken away: sysext \"text\" version \"text\", root hash fedcba9876543210...: \"text\" [proven] fedcba98\n"
                "layer <layer.refuse sysext text>: refused: sysext \"text\" version \"text\", root hash fedcba9876543210...: \"text\" [proven] fedcba98\n"
                "glass <glass.close closed: login by \"text\" (uid 7) on \"text\": \"text\">: closed: login by \"text\" (uid 7) on \"text\": \"text\" [proven]\n"
                "glass <glass.open opened: login by \"text\" (uid 7) on \"text\": \"text\">: opened: login by \"text\" (uid 7) on \"text\": \"text\" [proven]\n"
                "record <config>: configuration [proven] fedcba98\n"
                "record <version>: text [proven]\n"
                "file-system: none\n";

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
        (void) firmlog_add_variable(l, 7, EV_EFI_VARIABLE_BOOT, firmlog_global, "SecureBoot",
                        SPAN_LITERAL("\1"));
        (void) firmlog_add(l, 12, EV_EFI_ACTION, SPAN_LITERAL("a\0\0\0"));
        start(t);
        draft_log_add(&t->log, EVENT_LAYER_REFUSE,
                        (const DraftChange[]){ { "class", "\"uki\"" }, { "rootHash", NULL },
                                        { "identity", "\"" HEX_64 "\"" }, {} });
        draft_log_add(&t->log, EVENT_LAYER_REFUSE,
                        (const DraftChange[]){ { "rootHash", NULL }, {} });
        draft_log_add(&t->log, EVENT_PHASE_BROKEN, NULL);
        buf_string(&t->c.forge.line, "root=x");
}

static const char besides[] =
                "claim <atomic>: atomic absent [proven]\n"
                "claim <bound>: bound absent [proven]\n"
                "claim <firmware>: firmware not-proven [proven]\n"
                "claim <kernel>: kernel not-proven [proven]\n"
                "claim <key>: key proven [proven]\n"
                "claim <layers>: layers not-proven [proven]\n"
                "claim <login>: login absent [proven]\n"
                "claim <machine-id>: machine-id absent [proven]\n"
                "claim <phase>: phase absent [proven]\n"
                "claim <registers>: registers not-proven [proven]\n"
                "claim <report>: report absent [proven]\n"
                "claim <root>: root absent [proven]\n"
                "claim <signature>: signature proven [proven]\n"
                "claim <together>: together absent [proven]\n"
                "claim <unlock>: unlock absent [proven]\n"
                "claim <untouched>: untouched not-proven [proven]\n"
                "claim <verity>: verity absent [proven]\n"
                "tpm <firmware version>: 0x0000000000002024 [proven]\n"
                "machine <avouch>: 0123456789abcdef0123456789abcdef\n"
                "secure-boot <>: off [proven] 115aa827\n"
                "db <6e6f206365727469666963617465>: an entry of 14 bytes (6e6f206365727469666963617465) [proven]\n"
                "dbx <cafe000000000000000000000000000000000000000000000000000000000000>: \"a program by its hash\" (cafe000000000000000000000000000000000000000000000000000000000000) [proven]\n"
                "firmware <04 80000004 >: driver , hash 867d41be99d87ad311951f6089f59329e62e3c9b8336adcc5e89da59a69cd150 [proven] 867d41be\n"
                "firmware <07 00000004 >: separator [proven] df3f6198\n"
                "firmware <07 80000001 >: a variable that cannot be read [proven] 23496ccd\n"
                "firmware <07 80000001 4b0045004b00>: variable \"KEK\": empty, and bytes that are no entry [proven] f41f3fa6\n"
                "firmware <07 80000001 4f007400680065007200>: variable \"Other\", 1 bytes [proven] fd7633ad\n"
                "firmware <07 80000002 53006500630075007200650042006f006f007400>: variable \"SecureBoot\": on [proven] ccfc4bb3\n"
                "firmware <07 800000e0 >: a program was let in by 32 bytes of \"db\" [proven] f41f3fa6\n"
                "program <program , hash >: program , hash 77c81fb66a43b886cf465ef2634a071856e9529e7509b908ab5c2e70f6e2ddd9 [proven] 77c81fb6\n"
                "section <.linux>: .linux [proven] 4fff0d3e\n"
                "section <11 0000000d >: name of section \"no section\" [proven] e55c5f4e\n"
                "section <11 0000000d >: content of section \".linux\" [proven] cd58a58f\n"
                "command-line <>: root=x\n"
                "companion <12 00000006 >: loader.conf \"loader.conf\" [proven] cde0fb0d\n"
                "companion <12 0000000d >: \"c\" [proven] efa07b18\n"
                "companion <12 80000007 >: \"a\" [proven] a2d39892\n"
                "companion <13 0000000d >: \"e\" [proven] 8fc6cb4a\n"
                "layer <layer.refuse sysext text>: refused: sysext \"text\" version \"text\": \"text\"\n"
                "layer <layer.refuse uki text>: refused: uki \"text\" version \"text\", Authenticode digest fedcba9876543210...: \"text\" fedcba98\n"
                "record <config>: configuration fedcba98\n"
                "record <version>: text\n"
                "pk: none\n"
                "kek: none\n"
                "authority: none\n"
                "appended: none\n"
                "kernel: none\n"
                "phase: none\n"
                "unlock: none\n"
                "glass: none\n"
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

/* What stands before the place where a log goes wrong is told, and that there is more. */
static void a_log_that_goes_wrong_is_told_in_part(void **state) {
        static const struct {
                bool firmware;
                const char *first, *fault;
        } rows[] = {
                { true, "secure-boot <>: off", "not whole: firmware log: cut short" },
                { false, "phase <phase.enter the machine enters \"text\">", "not whole: " },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(buf_done) Buf said = BUF_UP_TO(64 * 1024);
                Teller t;

                teller_begin(&t);
                (void) firmlog_add_variable(&t.firm, 7, EV_EFI_VARIABLE_DRIVER_CONFIG,
                                firmlog_global, "SecureBoot", SPAN_LITERAL("\0"));
                start(&t);
                draft_log_add(&t.log, EVENT_PHASE_ENTER, NULL);
                judge(&t);
                buf_string(rows[i].firmware ? &t.c.forge.firmware : &t.c.forge.log,
                                rows[i].firmware ? "x" : "\x1e{}\n");
                case_judge(&t.c);
                tell(&t.c.judgement, HASH_SHA256, &said);
                assert_non_null(strstr((const char *) said.data, rows[i].first));
                assert_non_null(strstr((const char *) said.data, rows[i].fault));
                teller_done(&t);
        }
}

static void a_counter_is_told(void **state) {
        _cleanup_(buf_done) Buf said = BUF_UP_TO(64 * 1024);
        Counted m;

        (void) state;
        counted_begin(&m);
        counted_judge(&m);
        tell(&m.c.judgement, HASH_NONE, &said);
        assert_non_null(strstr((const char *) said.data, "\ncounter <>: "));
        counted_end(&m);
}

/* A list that is full has to grow for the next fact, wherever that comes from. */
static void a_fact_that_finds_no_room_is_no_silence(void **state) {
        (void) state;
        for (unsigned records = 0; records < 2; records++) {
                int n = 0, failed = 1;
                Teller t;

                teller_begin(&t);
                firmlog_add_section(&t.firm, ".linux", SPAN_LITERAL("a kernel"));
                start(&t);
                judge(&t);
                for (; failed > 0; n++) {
                        _cleanup_(facts_done) Facts f = { .text = BUF_UP_TO(FACTS_TEXT_MAX) };
                        int rc;

                        for (int i = 0; i < 256; i++)
                                assert_int_equal(facts_add(&f, FACT_LOGIN, true, (Span){},
                                                                 SPAN_LITERAL("somebody"), NULL,
                                                                 NULL),
                                                0);
                        libc_fail_after(LIBC_MEMORY, n, ENOMEM, false);
                        rc = records ? facts_take_records(&t.c.judgement, &f, NULL)
                                     : facts_take_firmware(&t.c.judgement, HASH_SHA256, &f, NULL);
                        failed = libc_heal();
                        assert_int_equal(rc, failed == 0 ? 0 : -ENOMEM);
                        assert_int_equal(f.n > 256, failed == 0);
                }
                assert_true(n > 1);
                teller_done(&t);
        }
}

static void there_is_an_end_to_facts(void **state) {
        _cleanup_(facts_done) Facts many = { .text = BUF_UP_TO(FACTS_TEXT_MAX) };
        _cleanup_(facts_done) Facts large = { .text = BUF_UP_TO(FACTS_TEXT_MAX) };
        _cleanup_(buf_done) Buf words = BUF_UP_TO(FACTS_TEXT_MAX);
        Span most;

        (void) state;
        for (size_t i = 0; i <= FACTS_MAX; i++) {
                assert_string_equal(many.fault, "");
                assert_int_equal(facts_add(&many, FACT_LOGIN, true, (Span){}, (Span){}, NULL, NULL),
                                0);
        }
        assert_string_equal(many.fault, "it tells more than is compared");
        assert_int_equal(many.n, FACTS_MAX);

        buf_zeros(&words, FACTS_TEXT_MAX);
        most = (Span){ words.data, FACTS_TEXT_MAX - 1 };
        assert_int_equal(facts_add(&large, FACT_LOGIN, true, SPAN_LITERAL("a"), most, NULL, NULL),
                        0);
        assert_string_equal(large.fault, "");
        assert_int_equal(facts_add(&large, FACT_LOGIN, true, SPAN_LITERAL("a"), (Span){}, NULL,
                                         NULL),
                        0);
        assert_string_equal(large.fault, "it tells more than is compared");
        assert_int_equal(large.n, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_machine_is_told_by_its_things),
                cmocka_unit_test(what_firmware_measures_besides_is_told_too),
                cmocka_unit_test(they_are_whole_or_none),
                cmocka_unit_test(a_log_that_goes_wrong_is_told_in_part),
                cmocka_unit_test(a_counter_is_told),
                cmocka_unit_test(a_fact_that_finds_no_room_is_no_silence),
                cmocka_unit_test(there_is_an_end_to_facts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
