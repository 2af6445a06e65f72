/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "unit/suite.h"

#include <stdio.h>
#include <sys/stat.h>

#include "port/crypto.h"
#include "support/case.h"
#include "support/firmlog.h"
#include "support/folder.h"
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

static inline void locked_begin(Locked *l) {
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

static inline void locked_done(Locked *l) {
        judgement_done(&l->judgement);
        references_done(&l->references);
        firmlog_done(&l->log);
        sd_done(&l->sd);
        buf_done(&l->vendor);
        folder_done(&l->folder);
        case_end(&l->c);
}

/* What firmware's log says was measured. */
static inline void take_firmware(Locked *l) {
        forge_firmware(&l->c.forge, &l->log);
        memcpy(l->sd.pcrs.digests[0], l->c.forge.values.digests[0],
                        16 * sizeof(l->sd.pcrs.digests[0][0]));
}

/* Firmware's part. */
static inline void start(Locked *l) {
        firmlog_done(&l->log);
        sd_done(&l->sd);
        l->log = firmlog_new(&sha256, 1);
        firmlog_boot(&l->log, &l->boot);
        sd_new(&l->sd);
        l->sd.boot = l->id;
        take_firmware(l);
}

static inline void judge(Locked *l) {
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

static inline void put_record(Buf *to, unsigned pcr, const Digest *d) {
        buf_printf(to, "%s{\"pcr\":%u,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"",
                        to->size > 12 ? "," : "", pcr);
        for (size_t i = 0; i < d->size; i++)
                buf_printf(to, "%02x", d->bytes[i]);
        buf_string(to, "\"}]}");
}

static inline void put_file(Locked *l, const char *name, const Buf *records) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(PCRLOCK_MAX);

        buf_bytes(&text, buf_span(records));
        buf_string(&text, "]}\n");
        folder_write(&l->folder, name, buf_span(&text));
}

/* A component of all that the log has of some registers. */
static inline void put_events(Locked *l, const char *name, uint32_t pcrs) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(PCRLOCK_MAX);

        buf_string(&text, "{\"records\":[");
        for (size_t i = 0; i < l->log.n; i++)
                if (pcrs >> l->log.events[i].pcr & 1)
                        put_record(&text, l->log.events[i].pcr, &l->log.events[i].digests[0]);
        put_file(l, name, &text);
}

static inline void put_bytes(Locked *l, const char *name, uint32_t pcrs, Span bytes) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(PCRLOCK_MAX);
        Digest d;

        assert_int_equal(hash_bytes(HASH_SHA256, bytes, &d, NULL), 0);
        buf_string(&text, "{\"records\":[");
        for (unsigned pcr = 0; pcr < 24; pcr++)
                if (pcrs >> pcr & 1)
                        put_record(&text, pcr, &d);
        put_file(l, name, &text);
}

static inline void put_word(Locked *l, const char *name, uint32_t pcrs, const char *word) {
        put_bytes(l, name, pcrs, span_of(word));
}

/* What systemd measures as it starts, up to a phase. */
static inline void run_system(Locked *l, unsigned n_phases) {
        static const char *const phases[] = { "enter-initrd", "leave-initrd", "sysinit" };

        for (unsigned i = 0; i < n_phases; i++) {
                sd_measure(&l->sd, sd_pcr11, phases[i], "phase");
                for (unsigned pcr = 0; i == 0 && pcr < 8; pcr++)
                        sd_measure(&l->sd, (Register){ REGISTER_PCR, pcr }, "os-separator",
                                        "os-separator");
        }
}

static inline void put_folder(Locked *l, const char *name) {
        assert_int_equal(mkdir(folder_path(&l->folder, name), 0700), 0);
}

/* The whole folder, of the boot as it is; one variant of the kernel is another one. */
static inline void put_all(Locked *l) {
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

static inline void load(Locked *l) {
        Err e = {};

        if (pcrlock_load(&l->references.pcrlock, l->folder.path, &e) < 0)
                fail_msg("%s", e.text);
}

/* The machine as it is, and the whole folder read. */
static inline void locked_whole(Locked *l) {
        locked_begin(l);
        start(l);
        put_all(l);
        load(l);
}

#define assert_claim(l, claim, expected, said)                                                     \
        do {                                                                                       \
                const char *reason_ = (l)->judgement.verdict.reasons[claim];                       \
                                                                                                   \
                if (verdict_state(&(l)->judgement.verdict, claim) != (expected) ||                 \
                                !strstr(reason_, said))                                            \
                        fail_msg("'%s', not '%s'", reason_, said);                                 \
        } while (0)
