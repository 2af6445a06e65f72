/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/firmware.h"

#include <errno.h>

#include "port/crypto.h"
#include "verify/replay.h"
#include "wire/efievent.h"

const char *proof_name(Proof proof) {
        static const char *const names[] = {
                [PROOF_NONE] = "unproven",
                [PROOF_DIGEST] = "digest only",
                [PROOF_PART] = "proven",
                [PROOF_DATA] = "proven",
                [PROOF_BROKEN] = "CONTRADICTED",
        };

        return names[proof];
}

static int open_log(Span log, FirmwareReading *r, HashAlg alg, Err *e) {
        static const HashAlg best[] = { HASH_SHA256, HASH_SHA384, HASH_SHA512, HASH_SHA1 };
        int rc;

        rc = firmware_open(log, &r->log, e);
        if (rc < 0)
                return rc;
        for (size_t i = 0; i < ELEMENTS(best); i++)
                for (size_t b = 0; b < r->log.n_banks; b++)
                        if (r->log.banks[b].alg == best[i] && r->alg == HASH_NONE &&
                                        (alg == HASH_NONE || alg == best[i])) {
                                r->bank = b;
                                r->alg = best[i];
                        }
        return 0;
}

int firmware_read(Span log, HashAlg alg, FirmwareReading *ret, Err *e) {
        FirmwareReading r = {};
        int rc;

        rc = open_log(log, &r, alg, e);
        if (rc < 0)
                return rc;
        if (alg != HASH_NONE && r.alg == HASH_NONE)
                return err_set(e, -EBADMSG, "firmware log: it has no %s digests", hash_name(alg));

        *ret = r;
        return 0;
}

/* Sets *holds where the digest is that of these bytes. */
static int is_digest_of(const Digest *digest, Span bytes, bool *holds, Err *e) {
        Digest d;
        int rc;

        rc = hash_bytes(digest->alg, bytes, &d, e);
        if (rc < 0)
                return rc;
        *holds = digest_equal(&d, digest);
        return 0;
}

/* Types whose data are what is measured (TCG PC Client Platform Firmware Profile, table 27): where
 * they were not, somebody changed them. */
static bool must_be_data(uint32_t type) {
        switch (type) {
        case EV_SEPARATOR:
        case EV_EFI_VARIABLE_DRIVER_CONFIG:
        case EV_EFI_VARIABLE_BOOT:
        case EV_EFI_VARIABLE_BOOT2:
        case EV_EFI_VARIABLE_AUTHORITY:
        case EV_EFI_GPT_EVENT:
        case EV_EFI_ACTION:
                return true;
        default:
                return false;
        }
}

static Span without_last(Span s, size_t n) {
        return (Span){ s.data, s.size < n ? 0 : s.size - n };
}

/* A text of GRUB's: "grub_cmd: " and the like are written before what is measured, a NUL behind
 * it. */
static Span grub_text(Span data) {
        static const char *const heads[] = {
                "grub_cmd: ", "kernel_cmdline: ", "module_cmdline: ", "grub_cmd "
        };

        for (size_t i = 0; i < ELEMENTS(heads); i++) {
                Span head = span_of(heads[i]);

                if (span_starts(data, head))
                        return without_last(span_from(data, head.size), 1);
        }
        return (Span){};
}

/* The part of the data that this type may have been measured of, where it is not all of them. */
static Span part_of(const FirmwareEvent *event) {
        EfiVariable v;
        EfiTagged t;
        Span grub;

        switch (event->type) {
        case EV_EFI_VARIABLE_BOOT: /* of old: the variable's content alone */
                return efi_variable_parse(event->data, &v, NULL) == 0 ? v.data : (Span){};
        case EV_EFI_VARIABLE_AUTHORITY: /* shim before 15.5 left the last byte out */
                return without_last(event->data, 1);
        case EV_EVENT_TAG:
                return efi_tagged_parse(event->data, &t, NULL) == 0 ? t.data : (Span){};
        case EV_IPL:
                grub = grub_text(event->data);
                return grub.size > 0 ? grub : without_last(event->data, 1);
        case EV_EFI_ACTION:
        case EV_ACTION:
                return without_last(event->data, 1);
        default:
                return (Span){};
        }
}

/* systemd-stub measures a section's name in ASCII with its NUL, and logs it in UTF-16 (facts: both
 * EV_IPL of a section have the same text, and one of them is of the name). */
static int is_section_name(const Measured *m, bool *holds, Err *e) {
        _cleanup_(buf_done) Buf name = BUF_UP_TO(64);

        *holds = false;
        if (m->event.type != EV_IPL || m->event.data.size > 32)
                return 0;
        efi_text(m->event.data, &name);
        buf_byte(&name, '\0');
        if (name.failed < 0)
                return err_set(e, name.failed, "no memory for a section's name");
        return is_digest_of(&m->digest, buf_span(&name), holds, e);
}

static int prove(Measured *m, Err *e) {
        Span part = part_of(&m->event);
        bool holds = false;
        int rc;

        rc = is_digest_of(&m->digest, m->event.data, &holds, e);
        if (rc == 0 && !holds)
                rc = is_section_name(m, &holds, e);
        if (rc < 0)
                return rc;
        if (holds) {
                m->proof = PROOF_DATA;
                m->proven = m->event.data;
                return 0;
        }
        if (part.size > 0)
                rc = is_digest_of(&m->digest, part, &holds, e);
        if (rc < 0)
                return rc;
        m->proof = holds ? PROOF_PART : must_be_data(m->event.type) ? PROOF_BROKEN : PROOF_DIGEST;
        m->proven = holds ? part : (Span){};
        return 0;
}

static bool is_wanted(const FirmwareReading *r, const FirmwareEvent *event) {
        return r->only == 0 || (event->pcr < PCR_COUNT && (r->only >> event->pcr & 1));
}

int firmware_read_next(FirmwareReading *r, Measured *ret, Err *e) {
        Measured m = {};
        int rc;

        do
                rc = firmware_next(&r->log, &m.event, e);
        while (rc > 0 && !is_wanted(r, &m.event));
        if (rc <= 0)
                return rc;
        if (r->alg != HASH_NONE && m.event.has[r->bank] &&
                        !digest_from(r->alg, m.event.digests[r->bank], &m.digest))
                return err_set(e, -EBADMSG, "firmware log: a digest of another size");
        if (m.event.type == EV_NO_ACTION)
                m.proof = PROOF_NONE;
        else if (m.digest.alg == HASH_NONE)
                m.proof = PROOF_DIGEST;
        else
                rc = prove(&m, e);
        if (rc < 0)
                return rc;

        *ret = m;
        return 1;
}

/* The log's banks that we can compute: as many at the most as there are hashes. */
static PcrSelection banks_of(const FirmwareLog *log) {
        PcrSelection s = {};

        for (size_t i = 0; i < log->n_banks; i++)
                if (hash_size(log->banks[i].alg) != 0)
                        s.banks[s.n_banks++].alg = log->banks[i].alg;
        return s;
}

/* The values of a bank, by its place among those of the log. */
static Digest *bank_values(FirmwareReplay *p, const FirmwareLog *log, size_t bank, size_t *ret) {
        for (size_t b = 0; b < p->values.held.n_banks; b++)
                if (p->values.held.banks[b].alg == log->banks[bank].alg) {
                        *ret = b;
                        return p->values.digests[b];
                }
        return NULL;
}

/* What the TPM starts PCR 0 with where it was started from another locality than 0, or by a
 * measured launch (TPM 2.0 Library, Part 1, section 11.4.7). */
static void start_pcr0(FirmwareReplay *p, const FirmwareEvent *event) {
        uint8_t locality = 0;

        if (event->pcr != 0 || (p->touched & 1))
                return;
        if (event->type == EV_EFI_HCRTM_EVENT)
                locality = 4;
        else if (event->type != EV_NO_ACTION || !efi_locality(event->data, &locality))
                return;
        if (p->locality == 0)
                p->locality = locality;
        for (size_t b = 0; b < p->values.held.n_banks; b++) {
                Digest *d = &p->values.digests[b][0];

                d->bytes[d->size - 1] = p->locality;
        }
}

static int extend(FirmwareReplay *p, const FirmwareLog *log, const FirmwareEvent *event, Err *e) {
        for (size_t i = 0; i < log->n_banks; i++) {
                size_t b = 0;
                Digest *values = bank_values(p, log, i, &b), with;
                int rc;

                if (!values)
                        continue;
                if (!event->has[i]) {
                        p->lacking[b] = p->lacking[b] ?: event->number;
                        continue;
                }
                if (!digest_from(values->alg, event->digests[i], &with))
                        return err_set(e, -EBADMSG, "firmware log: a digest of another size");
                rc = hash_extend(&values[event->pcr], &with, e);
                if (rc < 0)
                        return rc;
        }
        p->touched |= UINT32_C(1) << event->pcr;
        p->n_events++;
        return 0;
}

int firmware_replay(Span bytes, FirmwareReplay *ret, Err *e) {
        FirmwareReplay p = {};
        FirmwareEvent event;
        FirmwareLog log;
        PcrSelection banks;
        int rc;

        rc = firmware_open(bytes, &log, e);
        if (rc < 0)
                return rc;
        banks = banks_of(&log);
        p.values = replay_begin(&banks).pcrs;
        p.agile = log.agile;
        p.confidential = log.confidential;
        while ((rc = firmware_next(&log, &event, e)) > 0) {
                start_pcr0(&p, &event);
                if (event.type != EV_NO_ACTION)
                        rc = extend(&p, &log, &event, e);
                if (rc < 0)
                        return rc;
        }
        if (rc < 0)
                return rc;

        *ret = p;
        return 0;
}
