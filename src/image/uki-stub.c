/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/uki-stub.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/file.h"

#define FOLDER "/usr/lib/systemd/boot/efi"

/* What EFI calls the machines, and what uname(2) does. */
static const struct {
        uint16_t machine;
        const char *efi, *host;
} machines[] = {
        { PE_MACHINE_X86_64, "x64", "x86_64" },
        { PE_MACHINE_ARM64, "aa64", "aarch64" },
        { PE_MACHINE_RISCV64, "riscv64", "riscv64" },
};

void uki_stub_done(UkiStub *s) {
        buf_done(&s->bytes);
}

const char *uki_stub_machine(const UkiStub *s) {
        for (size_t i = 0; i < ELEMENTS(machines); i++)
                if (machines[i].machine == s->pe.machine)
                        return machines[i].efi;
        return "none";
}

Span uki_stub_section(const UkiStub *stub, const char *name) {
        const PeSection *s = pe_find(&stub->pe, name);

        return s ? (Span){ stub->bytes.data + s->raw_offset, pe_section_size(s) } : (Span){};
}

static int machine_of(const UkiStubParams *p, const struct utsname *host, size_t *ret, Err *e) {
        for (size_t i = 0; i < ELEMENTS(machines); i++)
                if (p->efi_arch                   ? strcmp(p->efi_arch, machines[i].efi) == 0
                                : p->machine != 0 ? p->machine == machines[i].machine
                                                  : strcmp(host->machine, machines[i].host) == 0) {
                        *ret = i;
                        return 0;
                }
        if (p->efi_arch)
                return err_set(e, -EINVAL, "'--efi-arch=%s' is none of x64, aa64, riscv64",
                                p->efi_arch);
        return err_set(e, -EINVAL, "'--stub=' is missing, and there is none for this machine");
}

/* Where distributions have it. */
static int choose(const UkiStubParams *p, UkiStub *s, Err *e) {
        struct utsname host = {};
        size_t i = 0;
        int rc = 0;

        (void) uname(&host);
        if (!p->path || p->efi_arch)
                rc = machine_of(p, &host, &i, e);
        if (rc < 0)
                return rc;
        if (p->efi_arch && p->machine != 0 && p->machine != machines[i].machine)
                return err_set(e, -EINVAL, "'--efi-arch=%s': the kernel is for %s", p->efi_arch,
                                pe_architecture(p->machine) ?: "another machine");
        s->path = p->path ?: s->chosen;
        (void) snprintf(s->chosen, sizeof(s->chosen), FOLDER "/%s%s.efi.stub",
                        p->has_kernel ? "linux" : "addon", machines[i].efi);
        return 0;
}

/* What the stub of a new image must not have. */
static int check_sections(const UkiStub *s, Err *e) {
        static const char *const names[] = { ".osrel", ".cmdline", ".dtb", ".dtbauto", ".hwids",
                ".uname", ".splash", ".pcrpkey", ".linux", ".initrd", ".efifw", ".ucode",
                ".profile", ".pcrsig" };

        for (size_t i = 0; i < ELEMENTS(names); i++)
                if (pe_find(&s->pe, names[i]))
                        return err_set(e, -EBADMSG,
                                        "has a section %s already, so it is an image and no stub",
                                        names[i]);
        return 0;
}

static int check_mark(UkiStub *s, bool has_kernel, Err *e) {
        int rc;

        rc = stub_parse(uki_stub_section(s, ".sdmagic"), &s->mark, e);
        if (rc < 0)
                return rc;
        if (s->mark.is_addon && has_kernel)
                return err_set(e, -EBADMSG, "is the stub of addons, which have no kernel");
        if (!s->mark.is_addon && !has_kernel)
                return err_set(e, -EBADMSG,
                                "is no stub of addons, and what has no kernel is an addon");
        if (!stub_measures(s->mark.generation))
                return err_set(e, -EOPNOTSUPP,
                                "is of systemd %u, which measures nothing into PCR 11; %d is the "
                                "first that does",
                                s->mark.generation, STUB_OLDEST);
        return 0;
}

static int check(UkiStub *s, bool has_kernel, Err *e) {
        int rc;

        if (!pe_architecture(s->pe.machine))
                return err_set(e, -EBADMSG,
                                "is for a machine that is not known (PE machine 0x%04x)",
                                s->pe.machine);
        if (s->pe.subsystem != PE_SUBSYSTEM_EFI_APPLICATION)
                return err_set(e, -EBADMSG, "is no program for EFI");
        if (!pe_find(&s->pe, ".sdmagic"))
                return err_set(e, -EBADMSG, "is no systemd-stub: it has no section .sdmagic");
        rc = check_sections(s, e);
        return rc < 0 ? rc : check_mark(s, has_kernel, e);
}

int uki_stub_open(const UkiStubParams *p, UkiStub *ret, Err *e) {
        Span bytes;
        int rc;

        rc = choose(p, ret, e);
        if (rc == 0)
                rc = file_read(ret->path, &ret->bytes, e);
        if (rc < 0)
                return rc;
        bytes = buf_span(&ret->bytes);
        rc = pe_parse(bytes, bytes.size, &ret->pe, e);
        if (rc == 0)
                rc = check(ret, p->has_kernel, e);
        if (rc < 0)
                err_at(e, ret->path);
        return rc;
}
