/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/addon.h"

#include <errno.h>
#include <string.h>

#include "layer/stubline.h"
#include "wire/stub.h"

void addons_done(Addons *a) {
        buf_done(&a->lines[0]);
        buf_done(&a->lines[1]);
}

/* strneq8(): up to a NUL, or to the end of the addon's. So "6.1" fits "6.1.0", and not the other
 * way round. */
static bool names_fit(Span uki, Span addon) {
        for (size_t i = 0; i < addon.size; i++) {
                uint8_t a = i < uki.size ? uki.data[i] : 0, b = addon.data[i];

                if (a != b)
                        return false;
                if (a == 0)
                        break;
        }
        return true;
}

static int check_kernel(const Uki *addon, Span uname, Err *e) {
        const PeSection *s = pe_find(&addon->pe, ".uname");
        _cleanup_(buf_done) Buf theirs = BUF_UP_TO(UKI_TEXT_MAX);
        int rc;

        if (!s || s->virtual_size == 0 || uname.size == 0)
                return 0;
        rc = uki_bytes(addon, s, &theirs, e);
        if (rc == 0 && !names_fit(uname, buf_span(&theirs)))
                rc = err_set(e, -EINVAL,
                                "%s: is for another kernel (its section .uname), so the stub "
                                "leaves it out",
                                addon->path);
        return rc;
}

static int take_line(const Uki *addon, unsigned generation, Buf *line, Err *e) {
        const PeSection *s = pe_find(&addon->pe, ".cmdline");
        _cleanup_(buf_done) Buf text = BUF_UP_TO(UKI_TEXT_MAX);
        int rc;

        if (!s || s->virtual_size == 0)
                return 0;
        rc = uki_bytes(addon, s, &text, e);
        if (rc < 0)
                return rc;
        if (line->size > 0)
                buf_byte(line, ' ');
        if (generation >= STUB_PROFILES) {
                stub_line_settle(generation, buf_span(&text), line);
        } else {
                Span raw = buf_span(&text);
                const uint8_t *nul = memchr(raw.data, 0, raw.size);

                buf_bytes(line, nul ? (Span){ raw.data, (size_t) (nul - raw.data) } : raw);
        }
        return line->failed < 0 ? err_set(e, -EBADMSG, "%s: the command line is too long",
                                                  addon->path)
                                : 0;
}

static void take_part(const Uki *addon, const UkiDigests *d, const char *name, AddonParts *parts,
                bool *found) {
        const PeSection *s = pe_find(&addon->pe, name);

        if (!s || s->virtual_size == 0)
                return;
        memcpy(parts->list[parts->n].list, d->sections[s - addon->pe.sections],
                        sizeof(parts->list[0].list));
        parts->paths[parts->n++] = addon->path;
        *found = true;
}

static int take_one(
                const Companion *c, const Uki *uki, Span uname, Course *course, Addons *a, Err *e) {
        _cleanup_(uki_done) Uki addon = UKI_NONE;
        unsigned generation = uki->stub_generation;
        bool found = false;
        UkiDigests d;
        int rc;

        rc = uki_open_addon(c->path, &addon, e);
        if (rc == 0 && addon.pe.machine != uki->pe.machine)
                rc = err_set(e, -EINVAL, "%s: is for another architecture", c->path);
        if (rc == 0 && pe_find(&addon.pe, ".dtbauto"))
                rc = err_set(e, -EOPNOTSUPP,
                                "%s: has device trees that the machine chooses from; what is "
                                "measured cannot be foretold",
                                c->path);
        if (rc == 0)
                rc = check_kernel(&addon, uname, e);
        if (rc == 0)
                rc = uki_digest(&addon, course->banks.list, course->banks.n, &d, e);
        if (rc < 0)
                return rc;
        rc = course_add(course, STEP_COMPANION, PCR_PROGRAMS, d.images, e);
        if (rc == 0)
                rc = take_line(&addon, generation,
                                &a->lines[!c->global && generation < STUB_ADDONS_JOINED], e);
        if (rc < 0)
                return rc;
        found = pe_find(&addon.pe, ".cmdline") != NULL;
        if (generation >= STUB_DEVICETREE_ADDONS)
                take_part(&addon, &d, ".dtb", &a->devicetrees, &found);
        if (generation >= STUB_INITRD_ADDONS) {
                take_part(&addon, &d, ".initrd", &a->initrds, &found);
                take_part(&addon, &d, ".ucode", &a->microcode, &found);
        }
        return found ? 0
                     : err_set(e, -EINVAL, "%s: has nothing that a stub of systemd %u takes",
                                       c->path, generation);
}

int addons_take(const Companions *c, const Uki *uki, unsigned profile, Course *course, Addons *ret,
                Err *e) {
        const PeSection *s = uki_section(uki, profile, ".uname");
        _cleanup_(buf_done) Buf uname = BUF_UP_TO(UKI_TEXT_MAX);
        int rc = s ? uki_bytes(uki, s, &uname, e) : 0;

        for (size_t i = 0; rc == 0 && i < 2 * c->n; i++) { /* the global ones first */
                const Companion *one = &c->list[i % c->n];

                if (one->kind == COMPANION_ADDON && one->global == (i < c->n))
                        rc = take_one(one, uki, buf_span(&uname), course, ret, e);
        }
        return rc;
}
