/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/handover.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "layer/stubcpio.h"
#include "layer/stubline.h"
#include "wire/stub.h"

enum { PCR_KERNEL = 9, CHUNK = 64 * 1024, ALIGN = 4, HEADERS_MAX = 4096 };

/* By which a kernel describes what it measures: they stand in it where it does. In one that is
 * compressed as a whole nobody sees them. */
static const char *const descriptions[] = { "Linux initrd", "LOADED_IMAGE::LoadOptions" };

enum { DESCRIPTION_INITRD, DESCRIPTION_LINE, DESCRIPTION_MAX = 32 };

typedef struct Habits {
        bool measures[ELEMENTS(descriptions)];
} Habits;

static void search(Span bytes, Habits *h) {
        for (size_t i = 0; i < ELEMENTS(descriptions); i++)
                if (memmem(bytes.data, bytes.size, descriptions[i], strlen(descriptions[i]) + 1))
                        h->measures[i] = true;
}

/* In pieces, each of which begins with the end of the one before. */
static int read_habits(const Uki *u, const PeSection *kernel, Habits *ret, Err *e) {
        uint8_t chunk[CHUNK];
        uint64_t size = pe_section_size(kernel), at = u->at + kernel->raw_offset;
        Habits h = {};

        for (uint64_t done = 0; done < size; done += CHUNK - DESCRIPTION_MAX) {
                size_t n = size - done < CHUNK ? (size_t) (size - done) : CHUNK;
                int rc = file_read_at(u->fd, u->path, at + done, chunk, n, e);

                if (rc < 0)
                        return rc;
                search((Span){ chunk, n }, &h);
        }
        *ret = h;
        return 0;
}

/* An initrd while it is put together. */
typedef struct Initrd {
        BankHash hash;
        size_t n_parts;
        uint64_t size; /* of the last part */
} Initrd;

static void initrd_done(Initrd *i) {
        bank_hash_done(&i->hash);
}

/* Each part ends at a multiple of four bytes, but for one that is alone. */
static int pad(Initrd *i, Err *e) {
        static const uint8_t zeros[ALIGN];

        return bank_hash_add(&i->hash, (Span){ zeros, (ALIGN - i->size % ALIGN) % ALIGN }, e);
}

static int begin_part(Initrd *i, uint64_t size, Err *e) {
        int rc = i->n_parts > 0 ? pad(i, e) : 0;

        i->n_parts++;
        i->size = size;
        return rc;
}

/* As it lies in memory. */
static int add_bytes(Initrd *i, const Uki *u, const PeSection *s, Err *e) {
        static const uint8_t zeros[4096];
        uint32_t raw = pe_section_size(s), left = s->virtual_size - raw;
        int rc = bank_hash_file(&i->hash, u->fd, u->path, u->at + s->raw_offset, raw, e);

        while (rc == 0 && left > 0) {
                size_t n = left < sizeof(zeros) ? left : sizeof(zeros);

                rc = bank_hash_add(&i->hash, (Span){ zeros, n }, e);
                left -= (uint32_t) n;
        }
        return rc;
}

static int add_section(Initrd *i, const Uki *u, unsigned profile, const char *name, Err *e) {
        const PeSection *s = uki_section(u, profile, name);
        int rc;

        if (!s || s->virtual_size == 0)
                return 0;
        rc = begin_part(i, s->virtual_size, e);
        return rc < 0 ? rc : add_bytes(i, u, s, e);
}

static int add_addons(
                Initrd *i, const AddonParts *parts, const char *section, bool backwards, Err *e) {
        int rc = 0;

        for (size_t k = 0; rc == 0 && k < parts->n; k++) {
                _cleanup_(uki_done) Uki addon = UKI_NONE;

                rc = uki_open_addon(parts->paths[backwards ? parts->n - 1 - k : k], &addon, e);
                if (rc == 0)
                        rc = add_section(i, &addon, 0, section, e);
        }
        return rc;
}

static int add_headers(Initrd *i, Buf *headers, Err *e) {
        Span bytes;
        int rc = buf_end(headers, &bytes);

        rc = rc < 0 ? err_set(e, rc, "no memory") : bank_hash_add(&i->hash, bytes, e);
        headers->size = 0;
        return rc;
}

/* A section as a file of its own: pack_cpio_literal(). */
static int add_file(Initrd *i, const Uki *u, unsigned profile, const char *name, const char *file,
                Err *e) {
        _cleanup_(buf_done) Buf headers = BUF_UP_TO(HEADERS_MAX);
        const PeSection *s = uki_section(u, profile, name);
        StubCpio cpio = { ".extra", 0555, 0444, 0 };
        int rc;

        if (!s || s->virtual_size == 0)
                return 0;
        stub_cpio_begin(&cpio, &headers);
        stub_cpio_file(&cpio, file, s->virtual_size, &headers);
        rc = begin_part(i, 0, e);
        if (rc == 0)
                rc = add_headers(i, &headers, e);
        if (rc == 0)
                rc = add_bytes(i, u, s, e);
        stub_cpio_padding(s->virtual_size, &headers);
        stub_cpio_end(&headers);
        return rc < 0 ? rc : add_headers(i, &headers, e);
}

static int add_files(Initrd *i, const Uki *u, unsigned profile, Err *e) {
        static const struct {
                const char *section, *file;
                unsigned from;
        } files[] = {
                { ".pcrsig", "tpm2-pcr-signature.json", STUB_OLDEST },
                { ".pcrpkey", "tpm2-pcr-public-key.pem", STUB_OLDEST },
                { ".osrel", "os-release", STUB_HANDS_OSREL },
                { ".profile", "profile", STUB_PROFILES },
        };
        int rc = 0;

        for (size_t k = 0; rc == 0 && k < ELEMENTS(files); k++)
                if (u->stub_generation >= files[k].from)
                        rc = add_file(i, u, profile, files[k].section, files[k].file, e);
        return rc;
}

static int add_archives(Initrd *i, const Companions *c, Err *e) {
        int rc = 0;

        for (unsigned n = 0; rc == 0 && n < COMPANION_ARCHIVES; n++) {
                if (!companions_have(c, n))
                        continue;
                rc = begin_part(i, 0, e);
                if (rc == 0)
                        rc = companions_pack(c, n, &i->hash, e);
        }
        return rc;
}

/* enum INITRD_* of stub.c, with what addons bring before and behind. */
static int put_together(const Uki *u, const Handover *h, Initrd *i, Err *e) {
        int rc = add_addons(i, &h->addons->microcode, ".ucode", true, e);

        if (rc == 0 && u->stub_generation >= STUB_MICROCODE)
                rc = add_section(i, u, h->profile, ".ucode", e);
        if (rc == 0)
                rc = add_section(i, u, h->profile, ".initrd", e);
        if (rc == 0)
                rc = add_archives(i, h->companions, e);
        if (rc == 0)
                rc = add_files(i, u, h->profile, e);
        if (rc == 0)
                rc = add_addons(i, &h->addons->initrds, ".initrd", false, e);
        return rc == 0 && i->n_parts > 1 ? pad(i, e) : rc;
}

static int check_stub(const Uki *u, const Handover *h, Err *e) {
        if (u->stub_generation >= STUB_SYSTEM_USES_PCR9)
                return err_set(e, -EOPNOTSUPP,
                                "%s: systemd %u measures into PCR 9 what is each machine's own, so "
                                "it cannot be foretold",
                                u->path, u->stub_generation);
        if (h->line.size == 0)
                return err_set(e, -EOPNOTSUPP,
                                "%s: what a kernel without a command line measures into PCR 9 is "
                                "not known",
                                u->path);
        return 0;
}

static int foretell_line(Span line, Course *course, Err *e) {
        _cleanup_(buf_done) Buf utf16 = BUF_UP_TO(2 * UKI_TEXT_MAX);
        int rc = stub_line_measured(line, &utf16, e);

        return rc < 0 ? rc : course_add_bytes(course, STEP_LINE, PCR_KERNEL, buf_span(&utf16), e);
}

int handover_foretell(const Uki *u, const Handover *h, Course *course, Err *e) {
        const PeSection *kernel = uki_section(u, h->profile, ".linux");
        _cleanup_(initrd_done) Initrd initrd = {};
        Habits habits = {};
        BankDigests d = {};
        int rc;

        rc = check_stub(u, h, e);
        if (rc == 0 && kernel)
                rc = read_habits(u, kernel, &habits, e);
        if (rc == 0 && !habits.measures[DESCRIPTION_INITRD])
                rc = err_set(e, -EOPNOTSUPP,
                                "%s: its kernel does not show that it measures its initrd, so PCR 9 "
                                "cannot be foretold",
                                u->path);
        if (rc == 0)
                rc = bank_hash_new(&course->banks, &initrd.hash, e);
        if (rc == 0)
                rc = put_together(u, h, &initrd, e);
        if (rc == 0)
                rc = bank_hash_end(&initrd.hash, &d, e);
        if (rc == 0 && habits.measures[DESCRIPTION_LINE])
                rc = foretell_line(h->line, course, e);
        return rc < 0 || initrd.n_parts == 0
                               ? rc
                               : course_add(course, STEP_INITRD, PCR_KERNEL, d.list, e);
}
