/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* verdicts FIRMWARE USERSPACE SECONDS: judges one machine's evidence again and again, and prints
 * how many verdicts a second of CPU time gives, and how many checks of its signature alone. The
 * evidence is a P-256 quote with that many events in the firmware's log and records in systemd's.
 */
#include "support/case.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "port/crypto.h"
#include "support/sdlog.h"
#include "wire/leaf.h"

static double cpu_seconds(void) {
        struct timespec t;

        assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
        return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

static void add_leaf(Releases *to) {
        const struct {
                const char *name;
                Span content;
        } sections[] = {
                { ".linux", SPAN_LITERAL("a kernel") },
                { ".osrel", SPAN_LITERAL("ID=debian\n") },
                { ".cmdline", SPAN_LITERAL("root=x quiet\0") },
                { ".initrd", SPAN_LITERAL("an initrd") },
        };
        _cleanup_(buf_done) Buf text = BUF_UP_TO(LEAF_MAX);
        Leaf leaf = { .type = LEAF_UKI, .name = SPAN_LITERAL("linux") };

        for (size_t i = 0; i < ELEMENTS(sections); i++) {
                Digest d;

                assert_int_equal(hash_bytes(HASH_SHA256, sections[i].content, &d, NULL), 0);
                leaf.sections[leaf.n_sections].name = span_of(sections[i].name);
                memcpy(leaf.sections[leaf.n_sections++].sha256, d.bytes, 32);
        }
        leaf_write(&leaf, &text);
        assert_int_equal(releases_add(to, buf_span(&text), NULL), 0);
}

static void add_firmware(Case *c, size_t n) {
        static const HashAlg sha256 = HASH_SHA256;
        _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);
        _cleanup_(buf_done) Buf certificate = BUF_UP_TO(4096);
        uint8_t data[128] = {};

        firmlog_certificate(&certificate, "maker");
        while (l.n + 41 < n) {
                data[0]++;
                (void) firmlog_add_variable(&l, 1, 0x80000002, firmlog_global, "Boot0001",
                                (Span){ data, sizeof(data) });
        }
        firmlog_boot(&l, &(FirmBoot){ .secure_boot = true,
                                         .certificate = buf_span(&certificate),
                                         .cmdline = "root=x quiet" });
        fprintf(stderr, "%zu events of firmware, ", l.n);
        forge_firmware(&c->forge, &l);
        buf_string(&c->forge.line, "root=x quiet\n");
}

/* What systemd measured after the firmware: the registers go on where that left them. */
static void add_systemd(Case *c, size_t n) {
        static const char *const phases[] = { "enter-initrd", "leave-initrd", "sysinit", "ready" };
        static char boot[33];
        size_t told = ELEMENTS(phases) + 1;
        SdLog l;

        for (size_t i = 0; i < 16; i++)
                (void) snprintf(boot + 2 * i, 3, "%02x", c->judgement.story.segment.chain.boot[i]);
        sd_new(&l);
        l.boot = boot;
        l.banks = "sha256";
        for (size_t i = 0; i < ELEMENTS(phases); i++) {
                sd_measure(&l, sd_pcr11, phases[i], "phase");
                firmlog_extend(&c->forge.values, 11, phases[i]);
        }
        sd_measure(&l, sd_pcr15, "machine-id:" SD_BOOT, "machine-id");
        firmlog_extend(&c->forge.values, 15, "machine-id:" SD_BOOT);
        for (; told < n; told++) {
                char words[160];

                (void) snprintf(words, sizeof(words),
                                "file-system:/mnt/%zu:ext4:0f3c1c56-5a0f-4d4d-9bd6-32b8c5b1d0aa:label::4f68bce3-e8cd-4db1-96e7-fbcaf984b709:root",
                                told);
                sd_measure(&l, sd_pcr15, words, "filesystem");
                firmlog_extend(&c->forge.values, 15, words);
        }
        c->forge.signed_values = c->forge.values;
        buf_bytes(&c->forge.systemd_log, buf_span(&l.log));
        fprintf(stderr, "%zu records of systemd\n", told);
        sd_done(&l);
}

static double verdicts_per_second(const Case *c, Span bundle, double seconds) {
        double start = cpu_seconds(), now = start;
        Question q = case_question(c);
        unsigned n = 0;

        for (; now - start < seconds; now = cpu_seconds())
                for (unsigned i = 0; i < 16; i++, n++) {
                        Judgement j;

                        assert_int_equal(appraise(bundle, &q, &j, NULL), 0);
                        assert_true(verdict_trusted(&j.verdict));
                        judgement_done(&j);
                }
        return n / (now - start);
}

static double signatures_per_second(const Case *c, double seconds) {
        const Evidence *ev = &c->judgement.evidence;
        PublicKey key = { .type = PUBLIC_KEY_P256, .x = ev->ak.x, .y = ev->ak.y };
        double start = cpu_seconds(), now = start;
        unsigned n = 0;
        Digest d;

        assert_int_equal(hash_bytes(HASH_SHA256, ev->tpm.quotes[0].attest, &d, NULL), 0);
        for (; now - start < seconds; now = cpu_seconds())
                for (unsigned i = 0; i < 16; i++, n++) {
                        bool holds;

                        assert_int_equal(signature_judge_ecdsa(&key, &d, ev->signatures[0].r,
                                                         ev->signatures[0].s, &holds, NULL),
                                        0);
                        assert_true(holds);
                }
        return n / (now - start);
}

int main(int argc, char **argv) {
        _cleanup_(buf_done) Buf bundle = BUF_UP_TO(BUNDLE_MAX);
        double seconds;
        Span bytes;
        Case c;

        if (argc != 4)
                return 2;
        seconds = strtod(argv[3], NULL);
        case_begin(&c);
        case_judge(&c);
        add_leaf(&c.releases);
        add_firmware(&c, strtoul(argv[1], NULL, 10));
        add_systemd(&c, strtoul(argv[2], NULL, 10));
        c.policy.required |= 1u << CLAIM_FIRMWARE | 1u << CLAIM_KERNEL;
        case_judge(&c);
        if (!verdict_trusted(&c.judgement.verdict))
                for (Claim claim = 0; claim < _CLAIM_MAX; claim++)
                        fprintf(stderr, "%s: %s\n", claim_name(claim),
                                        c.judgement.verdict.reasons[claim]);
        forge_bundle(&c.forge, &bundle);
        assert_int_equal(buf_end(&bundle, &bytes), 0);
        printf("%.0f %.0f\n", verdicts_per_second(&c, bytes, seconds),
                        signatures_per_second(&c, seconds));
        case_end(&c);
        return 0;
}
