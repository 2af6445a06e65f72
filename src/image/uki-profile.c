/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/uki-profile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "image/uki-kernel.h"
#include "wire/osrel.h"

void uki_profile_id(Span text, char id[NAME_TEXT_MAX + 1]) {
        Span value = osrel_value(text, "ID");

        (void) snprintf(id, NAME_TEXT_MAX + 1, "%.*s", (int) value.size, (const char *) value.data);
}

static bool is_taken(const UkiProfile *p, const char *name) {
        static const char *const taken[] = { ".linux", ".osrel", ".cmdline", ".initrd", ".efifw",
                ".ucode", ".splash", ".dtb", ".uname", ".sbat", ".profile" };

        for (size_t i = 0; i < ELEMENTS(taken); i++)
                if (strcmp(name, taken[i]) == 0)
                        return i != 1 || !p->without_os_release;
        return false;
}

static int read_headers(const UkiPart *file, Pe *ret, Err *e) {
        _cleanup_(uki_part_done) UkiPart head = UKI_PART_NONE;
        size_t n = file->size < PE_HEAD_MAX ? (size_t) file->size : PE_HEAD_MAX;
        int rc;

        rc = uki_part_load(file, 0, n, PE_HEAD_MAX, &head, e);
        if (rc < 0)
                return rc;
        rc = pe_parse(buf_span(&head.bytes), file->size, ret, e);
        if (rc < 0)
                err_at(e, file->name);
        return rc;
}

static int check(const UkiPart *file, const Pe *pe, const UkiProfile *p, Err *e) {
        const char *first = NULL;
        unsigned n = 0;

        for (unsigned i = 0; i < pe->n_sections; i++) {
                const char *name = pe->sections[i].name;

                if (is_taken(p, name) && !first)
                        first = name;
                n += strcmp(name, ".profile") == 0;
        }
        if (!first || strcmp(first, ".profile") != 0)
                return err_set(e, -EBADMSG, "%s: no profile: %s stands where .profile belongs",
                                file->name, first ?: "nothing");
        if (n > 1)
                return err_set(e, -EBADMSG, "%s: has %u profiles, and one is what can be joined",
                                file->name, n);
        if (pe->machine != p->machine)
                return err_set(e, -EBADMSG, "%s: is for %s, and the stub for %s", file->name,
                                pe_architecture(pe->machine) ?: "another machine",
                                pe_architecture(p->machine));
        return 0;
}

/* What a section is looked at for. */
static int look(const UkiPart *part, const char *name, UkiProfile *p, Err *e) {
        _cleanup_(uki_part_done) UkiPart text = UKI_PART_NONE;
        Kernel kernel;
        int rc = 0;

        if (strcmp(name, ".linux") == 0) {
                rc = kernel_open(part, p->machine, &kernel, e);
                if (rc == 0 && !(kernel.pe.dll_flags & PE_DLL_NX_COMPAT))
                        p->takes_nx = false;
        } else if (strcmp(name, ".profile") == 0) {
                rc = uki_part_load(part, 0, (size_t) part->size, UKI_TEXT_MAX, &text, e);
                if (rc == 0)
                        uki_profile_id(buf_span(&text.bytes), p->id);
        }
        return rc;
}

int uki_profile_join(UkiList *l, const char *path, UkiProfile *p, Err *e) {
        _cleanup_(uki_part_done) UkiPart file = UKI_PART_NONE;
        Pe pe;
        int rc;

        p->takes_nx = true;
        rc = uki_part_open(path, &file, e);
        if (rc == 0)
                rc = read_headers(&file, &pe, e);
        if (rc == 0)
                rc = check(&file, &pe, p, e);
        for (unsigned i = 0; rc == 0 && i < pe.n_sections; i++) {
                _cleanup_(uki_part_done) UkiPart part = UKI_PART_NONE;
                const PeSection *s = &pe.sections[i];

                if (!is_taken(p, s->name))
                        continue;
                rc = uki_part_slice(&file, s->raw_offset, pe_section_size(s), &part, e);
                if (rc == 0)
                        rc = look(&part, s->name, p, e);
                if (rc == 0)
                        rc = uki_list_add(l, s->name, &part, e);
        }
        return rc;
}
