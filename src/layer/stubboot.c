/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/stubboot.h"

#include <errno.h>
#include <stdio.h>

#include "layer/addon.h"
#include "layer/handover.h"
#include "layer/stubline.h"
#include "wire/stub.h"

enum { PCR_UKI = 11, PCR_CONFIG = 12, DEVICETREES_UNKNOWN = 256 };

static int add_sections(const Uki *u, const UkiDigests *d, unsigned profile, Course *c, Err *e) {
        UkiMeasured m;
        int rc;

        rc = course_add(c, STEP_IMAGE, PCR_PROGRAMS, d->images, e);
        if (rc == 0)
                rc = uki_measured(u, profile, &m, e);
        for (size_t i = 0; rc == 0 && i < m.n; i++) {
                const char *name = m.list[i]->name;
                Span with_nul = { (const uint8_t *) name, strlen(name) + 1 };

                rc = course_add_bytes(c, STEP_IMAGE, PCR_UKI, with_nul, e);
                if (rc == 0)
                        rc = course_add(c, STEP_IMAGE, PCR_UKI,
                                        d->sections[m.list[i] - u->pe.sections], e);
        }
        return rc;
}

/* Up to 257 the stub has firmware load the kernel, which measures it; but under Secure Boot it
 * keeps firmware from looking at it, and so from measuring it. */
static int add_kernel(const Uki *u, const StubBoot *b, Course *c, Err *e) {
        UkiDigests d;
        Uki kernel;
        int rc;

        if (b->secure_boot || u->stub_generation >= STUB_STARTS_KERNEL)
                return 0;
        rc = uki_kernel(u, &kernel, e);
        if (rc == 0)
                rc = uki_digest(&kernel, c->banks.list, c->banks.n, &d, e);
        return rc < 0 ? rc : course_add(c, STEP_COMPANION, PCR_PROGRAMS, d.images, e);
}

/* A text as the stub settles it, behind what there is of the command line; *ret is left where
 * nothing of it remains. */
static int join_line(unsigned generation, Span text, Buf *whole, Span *ret, Err *e) {
        size_t at;

        if (whole->size > 0)
                buf_byte(whole, ' ');
        at = whole->size;
        stub_line_settle(generation, text, whole);
        if (whole->failed < 0)
                return err_set(e, -EBADMSG, "a command line that is too long");
        if (whole->size > at)
                *ret = span_from(buf_span(whole), at);
        else if (at > 0)
                whole->size--;
        return 0;
}

/* A text without anything to see is measured by none of them from 255 on. */
static int add_line(unsigned generation, Span text, Buf *whole, Course *c, Err *e) {
        _cleanup_(buf_done) Buf utf16 = BUF_UP_TO(2 * UKI_TEXT_MAX);
        Span line = {};
        int rc = join_line(generation, text, whole, &line, e);

        if (rc < 0 || line.size == 0)
                return rc;
        rc = stub_line_measured(line, &utf16, e);
        return rc < 0 ? rc : course_add_bytes(c, STEP_COMPANION, PCR_CONFIG, buf_span(&utf16), e);
}

/* The image's own, which is in PCR 11 already. */
static int take_own_line(const Uki *u, const StubBoot *b, Buf *whole, Err *e) {
        const PeSection *s = uki_section(u, b->profile, ".cmdline");
        _cleanup_(buf_done) Buf text = BUF_UP_TO(UKI_TEXT_MAX);
        Span line = {};
        int rc = s ? uki_bytes(u, s, &text, e) : 0;

        return rc < 0 ? rc : join_line(u->stub_generation, buf_span(&text), whole, &line, e);
}

bool stub_boot_heeds_line(const Uki *u, const StubBoot *b) {
        const PeSection *own = uki_section(u, b->profile, ".cmdline");

        return !b->secure_boot || !own || own->virtual_size == 0;
}

static int add_profile(const StubBoot *b, Course *c, Err *e) {
        _cleanup_(buf_done) Buf utf16 = BUF_UP_TO(64);
        char number[16];
        int rc;

        if (b->profile == 0)
                return 0;
        (void) snprintf(number, sizeof(number), "%u", b->profile);
        rc = stub_line_measured(span_of(number), &utf16, e);
        return rc < 0 ? rc : course_add_bytes(c, STEP_COMPANION, PCR_CONFIG, buf_span(&utf16), e);
}

/* whole: what the kernel is handed in the end. */
static int add_lines(
                const Uki *u, const StubBoot *b, const Addons *a, Buf *whole, Course *c, Err *e) {
        unsigned generation = u->stub_generation;
        int rc;

        if (b->line && stub_boot_heeds_line(u, b))
                rc = add_line(generation, span_of(b->line), whole, c, e);
        else
                rc = take_own_line(u, b, whole, e);
        for (size_t i = 0; rc == 0 && i < ELEMENTS(a->lines); i++)
                rc = add_line(generation, buf_span(&a->lines[i]), whole, c, e);
        if (rc == 0 && b->smbios)
                rc = add_line(generation, span_of(b->smbios), whole, c, e);
        return rc;
}

static int add_parts(const AddonParts *parts, bool backwards, Course *c, Err *e) {
        int rc = 0;

        for (size_t i = 0; rc == 0 && i < parts->n; i++)
                rc = course_add(c, STEP_COMPANION, PCR_CONFIG,
                                parts->list[backwards ? parts->n - 1 - i : i].list, e);
        return rc;
}

static int check_asked(const Uki *u, const StubBoot *b, const Addons *a, Err *e) {
        if (b->smbios && u->stub_generation < STUB_LINE_FROM_SMBIOS)
                return err_set(e, -EINVAL,
                                "%s: its stub, of systemd %u, takes no command line from SMBIOS",
                                u->path, u->stub_generation);
        if (a->devicetrees.n > 0 && u->stub_generation == DEVICETREES_UNKNOWN)
                return err_set(e, -EOPNOTSUPP,
                                "%s: when a stub of systemd %d measures an addon's device tree is "
                                "not known",
                                u->path, DEVICETREES_UNKNOWN);
        return 0;
}

/* What lies beside the image, but for the command lines of addons. */
static int add_companions(const Uki *u, const StubBoot *b, const Addons *a, Course *c, Err *e) {
        bool early = u->stub_generation >= STUB_PROFILES; /* device trees before archives */
        int rc = early ? add_parts(&a->devicetrees, false, c, e) : 0;

        if (rc == 0)
                rc = companions_foretell(&b->companions, c, e);
        if (rc == 0 && !early)
                rc = add_parts(&a->devicetrees, false, c, e);
        if (rc == 0)
                rc = add_parts(&a->microcode, true, c, e);
        return rc < 0 ? rc : add_parts(&a->initrds, false, c, e);
}

/* What the kernel measures is worth a word where it cannot be told, and no failure. */
static int add_handover(const Uki *u, const StubBoot *b, const Addons *a, Span line, Course *c,
                Err *ret_why_not, Err *e) {
        Handover h = { b->profile, line, &b->companions, a };
        int rc;

        if (!ret_why_not)
                return 0;
        rc = handover_foretell(u, &h, c, ret_why_not);
        if (rc == 0 || rc == -EOPNOTSUPP)
                return 0;
        return err_set(e, rc, "%s", ret_why_not->text);
}

int stub_boot_foretell(const Uki *u, const UkiDigests *d, const StubBoot *b, Course *c,
                Err *ret_why_not, Err *e) {
        _cleanup_(buf_done) Buf line = BUF_UP_TO(4 * UKI_TEXT_MAX);
        _cleanup_(addons_done) Addons a = { .lines = { BUF_UP_TO(UKI_TEXT_MAX),
                                                            BUF_UP_TO(UKI_TEXT_MAX) } };
        int rc;

        rc = add_profile(b, c, e);
        if (rc == 0)
                rc = add_sections(u, d, b->profile, c, e);
        if (rc == 0)
                rc = addons_take(&b->companions, u, b->profile, c, &a, e);
        if (rc == 0)
                rc = check_asked(u, b, &a, e);
        if (rc == 0)
                rc = add_lines(u, b, &a, &line, c, e);
        if (rc == 0)
                rc = add_companions(u, b, &a, c, e);
        if (rc == 0)
                rc = add_kernel(u, b, c, e);
        return rc < 0 ? rc : add_handover(u, b, &a, buf_span(&line), c, ret_why_not, e);
}
