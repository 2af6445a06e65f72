/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/uki-stub.h"

#include <errno.h>

#include "base/file.h"

void uki_stub_done(UkiStub *s) {
        buf_done(&s->bytes);
}

Span uki_stub_section(const UkiStub *stub, const char *name) {
        const PeSection *s = pe_find(&stub->pe, name);
        uint32_t size = !s ? 0 : s->virtual_size < s->raw_size ? s->virtual_size : s->raw_size;

        return s ? (Span){ stub->bytes.data + s->raw_offset, size } : (Span){};
}

static int check(UkiStub *s, const char *const *names, Err *e) {
        int rc;

        if (!pe_architecture(s->pe.machine))
                return err_set(e, -EBADMSG,
                                "is for a machine that is not known (PE machine 0x%04x)",
                                s->pe.machine);
        if (s->pe.subsystem != PE_SUBSYSTEM_EFI_APPLICATION)
                return err_set(e, -EBADMSG, "is no program for EFI");
        if (!pe_find(&s->pe, ".sdmagic"))
                return err_set(e, -EBADMSG, "is no systemd-stub: it has no section .sdmagic");
        for (; *names; names++)
                if (pe_find(&s->pe, *names))
                        return err_set(e, -EBADMSG,
                                        "has a section %s already, so it is an image and no stub",
                                        *names);
        rc = stub_parse(uki_stub_section(s, ".sdmagic"), &s->mark, e);
        if (rc == 0 && !stub_measures(s->mark.generation))
                rc = err_set(e, -EOPNOTSUPP,
                                "is of systemd %u, which measures nothing into PCR 11; %d is the "
                                "first that does",
                                s->mark.generation, STUB_OLDEST);
        return rc;
}

int uki_stub_open(const char *path, const char *const *names, UkiStub *ret, Err *e) {
        _cleanup_(uki_stub_done) UkiStub s = UKI_STUB_NONE;
        Span bytes;
        int rc;

        rc = file_read(path, &s.bytes, e);
        if (rc < 0)
                return rc;
        bytes = buf_span(&s.bytes);
        rc = pe_parse(bytes, bytes.size, &s.pe, e);
        if (rc == 0)
                rc = check(&s, names, e);
        if (rc < 0) {
                err_at(e, path);
                return rc;
        }

        *ret = s;
        s = UKI_STUB_NONE;
        return 0;
}
