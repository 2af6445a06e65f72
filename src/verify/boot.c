/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/boot.h"

#include <errno.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/text.h"
#include "port/crypto.h"
#include "wire/efievent.h"
#include "wire/limits.h"

enum {
        PCR_GRUB = 8,
        PCR_KERNEL = 9,
        PCR_UKI = 11,
        PCR_CONFIG = 12,
        PCR_EXTENSIONS = 13,
};

/* Room for what is read, and what the last event was. */
typedef struct BootReading {
        Boot boot;
        char open[9]; /* the section whose name was measured last, and whose content was not */
        bool seen_kernel;
} BootReading;

static void wrong(Boot *b, const FirmwareEvent *event, const char *what) {
        if (b->wrong[0] == '\0')
                (void) snprintf(b->wrong, sizeof(b->wrong), "event %zu in PCR %u: %s",
                                event->number, event->pcr, what);
}

bool boot_section_name(Span utf16, char into[9]) {
        size_t n = utf16.size / 2;

        if (utf16.size % 2 != 0 || n < 2 || n > 9 || utf16.data[utf16.size - 2] != '\0')
                return false;
        for (size_t i = 0; i < n; i++) {
                bool visible = utf16.data[2 * i] > 0x20 && utf16.data[2 * i] < 0x7f;

                if (utf16.data[2 * i + 1] != 0 || (i + 1 < n && !visible))
                        return false;
                into[i] = (char) utf16.data[2 * i];
        }
        return true;
}

/* Two events a section: the name, then the content (systemd-stub(7), "PCR measurements"). */
static void read_section(BootReading *r, const Measured *m) {
        Boot *b = &r->boot;
        char name[9] = "";

        if (m->event.type != EV_IPL || !boot_section_name(m->event.data, name)) {
                wrong(b, &m->event, "no section of a UKI");
        } else if (r->open[0] == '\0') {
                if (m->proof != PROOF_DATA)
                        wrong(b, &m->event, "the name of a section is not what was measured");
                memcpy(r->open, name, sizeof(name));
        } else {
                if (strcmp(r->open, name) != 0)
                        wrong(b, &m->event, "the content of another section than was named");
                if (b->n_sections == BOOT_SECTIONS_MAX) {
                        wrong(b, &m->event, "more sections than are taken");
                        return;
                }
                b->sections[b->n_sections] = (BootSection){ m->event.number, "", m->digest };
                memcpy(b->sections[b->n_sections++].name, name, sizeof(name));
                r->open[0] = '\0';
        }
}

/* What came beside the UKI. Of a command line the text itself is measured; of all else the log
 * has a description that nothing proves. */
static void read_companion(Boot *b, const Measured *m) {
        if (m->event.pcr == PCR_CONFIG && m->event.type == EV_IPL && m->proof == PROOF_DATA) {
                if (b->n_lines == BOOT_LINES_MAX)
                        wrong(b, &m->event, "more command lines than are taken");
                else
                        b->lines[b->n_lines++] = (BootLine){ m->event.number, m->event.data };
                return;
        }
        if (b->companions++ == 0)
                b->first_companion = m->event.number;
}

static void read_kernel(BootReading *r, const Measured *m) {
        if (!r->seen_kernel) {
                r->boot.has_options = true;
                r->boot.options = m->digest;
        }
        r->seen_kernel = true;
}

static void read_grub(Boot *b, const Measured *m) {
        b->grub = true;
        if (m->proof == PROOF_PART && span_starts(m->event.data, SPAN_LITERAL("kernel_cmdline: ")))
                b->grub_line = m->proven;
}

static void read_event(BootReading *r, const Measured *m) {
        switch (m->event.pcr) {
        case PCR_GRUB:
                read_grub(&r->boot, m);
                break;
        case PCR_KERNEL:
                read_kernel(r, m);
                break;
        case PCR_UKI:
                read_section(r, m);
                break;
        case PCR_CONFIG:
        case PCR_EXTENSIONS:
                read_companion(&r->boot, m);
                break;
        default:
                break;
        }
}

int boot_read(Span log, HashAlg alg, Boot *ret, Err *e) {
        BootReading b = {};
        FirmwareReading r;
        Measured m;
        int rc;

        rc = firmware_read(log, alg, &r, e);
        if (rc < 0)
                return rc;
        r.only = UINT32_C(1) << PCR_GRUB | UINT32_C(1) << PCR_KERNEL | UINT32_C(1) << PCR_UKI |
                 UINT32_C(1) << PCR_CONFIG | UINT32_C(1) << PCR_EXTENSIONS;
        while ((rc = firmware_read_next(&r, &m, e)) > 0)
                if (m.proof != PROOF_NONE)
                        read_event(&b, &m);
        if (rc < 0)
                return rc;
        if (b.open[0] != '\0' && b.boot.wrong[0] == '\0')
                (void) snprintf(b.boot.wrong, sizeof(b.boot.wrong),
                                "the content of section %s was not measured", b.open);

        *ret = b.boot;
        return 0;
}

static int compare(const Digest *digest, const Buf *text, bool *ret, Err *e) {
        Digest d;
        Span bytes;
        int rc;

        rc = buf_end(text, &bytes);
        if (rc < 0)
                return err_set(e, rc == -E2BIG ? -EBADMSG : rc, "the command line does not fit");
        rc = hash_bytes(digest->alg, bytes, &d, e);
        if (rc < 0)
                return rc;
        *ret = digest_equal(&d, digest);
        return 0;
}

int boot_line_is(const Boot *b, Span text, bool *ret, Err *e) {
        _cleanup_(buf_done) Buf utf16 = BUF_UP_TO(2 * COMMAND_LINE_MAX + 2);

        *ret = false;
        if (!b->has_options || b->options.alg == HASH_NONE)
                return 0;
        while (text.size > 0) {
                uint32_t c = 0;
                size_t n = text_utf8(text, &c);

                if (n == 0)
                        return 0;
                if (c > 0xffff) {
                        buf_le(&utf16, 0xd800 + ((c - 0x10000) >> 10), 2);
                        c = 0xdc00 + ((c - 0x10000) & 0x3ff);
                }
                buf_le(&utf16, c, 2);
                text = span_from(text, n);
        }
        buf_zeros(&utf16, 2);
        return compare(&b->options, &utf16, ret, e);
}

int boot_text_is(const Digest *digest, Span text, bool *ret, Err *e) {
        static const char *const ends[] = { "", "\n" };

        *ret = false;
        for (size_t i = 0; !*ret && i < 2 * ELEMENTS(ends); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(COMMAND_LINE_MAX + 2);
                int rc;

                buf_bytes(&b, text);
                buf_string(&b, ends[i / 2]);
                buf_zeros(&b, i % 2);
                rc = compare(digest, &b, ret, e);
                if (rc < 0)
                        return rc;
        }
        return 0;
}
