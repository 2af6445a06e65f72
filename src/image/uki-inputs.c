/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/uki-inputs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "image/uki-firmware.h"
#include "image/uki-hwids.h"
#include "image/uki-kernel.h"
#include "image/uki-profile.h"
#include "image/uki-sbat.h"
#include "wire/stub.h"

#define HWIDS "/usr/lib/systemd/boot/hwids"

enum { INITRD_ALIGNMENT = 4 };

/* One that is being opened. */
typedef struct Opening {
        const UkiParams *p;
        UkiInputs *in;
        UkiBuilt *built;
        char uname[128];            /* as the kernel says it */
        char id[NAME_TEXT_MAX + 1]; /* of the profile that was added last */
        size_t n_found;             /* of those that are to be signed */
} Opening;

void uki_inputs_done(UkiInputs *in) {
        uki_list_done(&in->list);
        uki_part_done(&in->kernel);
        uki_part_done(&in->kernel_sbat);
        uki_stub_done(&in->stub);
        pe_signer_done(&in->signer);
        policy_signers_done(&in->policy);
}

/* Before the long work, which a key that cannot sign would waste. */
static int open_signers(Opening *o, Err *e) {
        UkiBuilt *b = o->built;
        int rc = 0;

        b->reproducible = true;
        if (o->p->sign) {
                const PeSigner *s = &o->in->signer;

                rc = pe_signer_open(o->p->sign, &o->in->signer, e);
                if (rc < 0)
                        return rc;
                b->reproducible = !s->key || private_key_repeats(s->key);
                b->signer = s->certificate.fingerprint;
                (void) snprintf(b->subject, sizeof(b->subject), "%s", s->certificate.subject);
        }
        return o->p->policy ? policy_signers_open(o->p->policy, &o->in->policy, e) : rc;
}

static int open_stub(Opening *o, Err *e) {
        UkiStub *s = &o->in->stub;
        UkiBuilt *b = o->built;
        uint16_t machine = 0;
        int rc = 0;

        if (o->p->linux_image) {
                rc = uki_part_open(o->p->linux_image, &o->in->kernel, e);
                if (rc == 0)
                        rc = kernel_machine(&o->in->kernel, &machine, e);
        }
        if (rc == 0)
                rc = uki_stub_open(&(UkiStubParams){ .path = o->p->stub,
                                                   .efi_arch = o->p->efi_arch,
                                                   .machine = machine,
                                                   .has_kernel = b->has_kernel },
                                s, e);
        if (rc < 0)
                return rc;
        b->architecture = pe_architecture(s->pe.machine);
        b->stub_generation = s->mark.generation;
        (void) snprintf(b->stub_version, sizeof(b->stub_version), "%.*s",
                        (int) s->mark.version.size, (const char *) s->mark.version.data);
        return 0;
}

/* All of it that is needed before it becomes the section .linux. */
static int look_at_kernel(Opening *o, Err *e) {
        UkiPart *part = &o->in->kernel;
        const PeSection *sbat;
        Digest unused;
        Kernel k;
        int rc;

        o->in->takes_nx = true;
        if (!o->built->has_kernel)
                return 0;
        rc = kernel_open(part, o->in->stub.pe.machine, &k, e);
        if (rc < 0)
                return rc;
        o->in->takes_nx = (k.pe.dll_flags & PE_DLL_NX_COMPAT) != 0;
        (void) snprintf(o->uname, sizeof(o->uname), "%s", k.uname);
        sbat = pe_find(&k.pe, ".sbat");
        if (sbat)
                rc = uki_part_load(part, sbat->raw_offset, pe_section_size(sbat), UKI_TEXT_MAX,
                                &o->in->kernel_sbat, e);
        return rc == 0 && o->p->sign_kernel ? sign_pe(part, &o->in->signer, &unused, e) : rc;
}

static int add(Opening *o, const char *name, UkiPart *part, Err *e) {
        return uki_list_add(&o->in->list, name, part, e);
}

/* A stub that does not know such a section would pass over it in silence. */
static int check_known(const Opening *o, const char *section, Err *e) {
        const char *const *name = stub_measures(o->in->stub.mark.generation);

        while (*name && strcmp(*name, section) != 0)
                name++;
        return *name ? 0
                     : err_set(e, -EOPNOTSUPP,
                                       "%s: a stub of systemd %u does not know the section %s",
                                       o->in->stub.path, o->in->stub.mark.generation, section);
}

static int add_text(Opening *o, const char *name, const char *value, Err *e) {
        _cleanup_(uki_part_done) UkiPart part = UKI_PART_NONE;
        int rc;

        if (!value)
                return 0;
        rc = uki_part_text(value, strcmp(name, ".cmdline") == 0, &part, e);
        return rc < 0 ? rc : add(o, name, &part, e);
}

static int add_file(Opening *o, const char *name, const char *path, Err *e) {
        _cleanup_(uki_part_done) UkiPart part = UKI_PART_NONE;
        int rc;

        if (!path || !path[0])
                return 0;
        rc = check_known(o, name, e);
        if (rc == 0)
                rc = uki_part_open(path, &part, e);
        return rc < 0 ? rc : add(o, name, &part, e);
}

static int add_cmdline(Opening *o, Err *e) {
        return add_text(o, ".cmdline", o->p->cmdline, e);
}

static int add_profile(Opening *o, Err *e) {
        const char *given = o->p->profile && o->p->profile[0] ? o->p->profile : NULL;
        const char *text = given ?: o->p->join_profiles.n > 0 ? "ID=main" : NULL;
        int rc;

        if (!text)
                return 0;
        rc = check_known(o, ".profile", e);
        if (rc == 0)
                rc = add_text(o, ".profile", text, e);
        if (rc == 0)
                uki_profile_id(buf_span(&o->in->list.parts[o->in->list.n_parts - 1].bytes), o->id);
        return rc;
}

static int add_os_release(Opening *o, Err *e) {
        const char *text = o->p->os_release;

        if (!text && o->built->has_kernel)
                text = access("/etc/os-release", F_OK) == 0 ? "@/etc/os-release"
                                                            : "@/usr/lib/os-release";
        return add_text(o, ".osrel", text, e);
}

/* Those that the host has for all images, as ukify takes them from systemd 260 on. */
static int add_usual_hwids(Opening *o, Err *e) {
        _cleanup_(uki_part_done) UkiPart part = UKI_PART_NONE;
        char folder[64];
        Err none = {};
        int rc;

        (void) snprintf(folder, sizeof(folder), HWIDS "/%s", uki_stub_machine(&o->in->stub));
        if (check_known(o, ".hwids", NULL) < 0 || access(folder, F_OK) < 0)
                return 0;
        rc = uki_hwids(folder, &part, &none);
        if (rc == -ENOENT)
                return 0;
        return rc < 0 ? err_set(e, rc, "%s", none.text) : add(o, ".hwids", &part, e);
}

static int add_hwids(Opening *o, Err *e) {
        _cleanup_(uki_part_done) UkiPart part = UKI_PART_NONE;
        int rc;

        if (!o->p->hwids)
                return add_usual_hwids(o, e);
        if (!o->p->hwids[0])
                return 0;
        rc = check_known(o, ".hwids", e);
        if (rc == 0)
                rc = uki_hwids(o->p->hwids, &part, e);
        return rc < 0 ? rc : add(o, ".hwids", &part, e);
}

static int add_hardware(Opening *o, Err *e) {
        int rc = add_file(o, ".dtb", o->p->devicetree, e);

        for (size_t i = 0; rc == 0 && i < o->p->devicetrees.n; i++)
                rc = add_file(o, ".dtbauto", o->p->devicetrees.list[i], e);
        return rc < 0 ? rc : add_hwids(o, e);
}

static int add_uname(Opening *o, Err *e) {
        int rc;

        rc = add_text(o, ".uname", o->p->uname ?: o->uname[0] ? o->uname : NULL, e);
        o->built->has_uname = o->p->uname || o->uname[0];
        return rc < 0 ? rc : add_file(o, ".splash", o->p->splash, e);
}

/* The public key that is to be inside. */
static int add_pcr_key(Opening *o, Err *e) {
        _cleanup_(uki_part_done) UkiPart part = UKI_PART_NONE;

        if (o->p->pcr_key)
                return add_file(o, ".pcrpkey", o->p->pcr_key, e);
        part.name = ".pcrpkey";
        part.bytes = o->in->policy.public_pem;
        part.size = part.bytes.size;
        o->in->policy.public_pem = (Buf){};
        return add(o, ".pcrpkey", &part, e);
}

static int add_kernel(Opening *o, Err *e) {
        int rc = o->built->has_kernel ? add(o, ".linux", &o->in->kernel, e) : 0;

        for (size_t i = 0; rc == 0 && i < o->p->initrds.n; i++) {
                _cleanup_(uki_part_done) UkiPart part = UKI_PART_NONE;

                rc = uki_part_open(o->p->initrds.list[i], &part, e);
                if (rc == 0)
                        rc = uki_list_join(&o->in->list, ".initrd", &part, INITRD_ALIGNMENT, e);
        }
        return rc;
}

static int add_firmware(Opening *o, const char *folder, Err *e) {
        _cleanup_(uki_part_done) UkiPart header = UKI_PART_NONE;
        _cleanup_(uki_part_done) UkiPart file = UKI_PART_NONE;
        int rc;

        rc = uki_firmware(folder, &header, &file, e);
        if (rc == 0)
                rc = add(o, ".efifw", &header, e);
        return rc < 0 ? rc : uki_list_join(&o->in->list, ".efifw", &file, 1, e);
}

static int add_firmwares(Opening *o, Err *e) {
        int rc = o->p->firmwares.n > 0 ? check_known(o, ".efifw", e) : 0;

        for (size_t i = 0; rc == 0 && i < o->p->firmwares.n; i++)
                rc = add_firmware(o, o->p->firmwares.list[i], e);
        return rc < 0 ? rc : add_file(o, ".ucode", o->p->microcode, e);
}

/* Whether a section has an option of its own, by which more is done than to take its bytes. */
static bool is_made(const char *name) {
        static const char *const made[] = { ".linux", ".sbat", ".profile", ".pcrsig" };

        for (size_t i = 0; i < ELEMENTS(made); i++)
                if (strcmp(made[i], name) == 0)
                        return true;
        return false;
}

/* "NAME:TEXT", and no further colon, as ukify has it. */
static int add_section(Opening *o, const char *given, Err *e) {
        const char *colon = strchr(given, ':');
        char name[PE_NAME_MAX + 2];

        if (!colon || strchr(colon + 1, ':'))
                return err_set(e, -EINVAL, "'--section=%s' is not NAME:TEXT or NAME:@FILE", given);
        (void) snprintf(name, sizeof(name), "%.*s", (int) (colon - given), given);
        if (is_made(name))
                return err_set(e, -EINVAL, "'--section=%s': %s has an option of its own", given,
                                name);
        if (pe_find(&o->in->stub.pe, name))
                return err_set(e, -EINVAL, "'--section=%s': the stub has a section of that name",
                                given);
        return add_text(o, name, colon + 1, e);
}

static int add_sections(Opening *o, Err *e) {
        int rc = 0;

        for (size_t i = 0; rc == 0 && i < o->p->sections.n; i++)
                rc = add_section(o, o->p->sections.list[i], e);
        return rc;
}

/* What one image is made of has none; the image does. */
static bool is_part_of_another(const UkiParams *p) {
        return p->profile && p->profile[0] && p->join_profiles.n == 0;
}

static int add_sbat(Opening *o, Err *e) {
        _cleanup_(uki_part_done) UkiPart part = { .fd = -1, .bytes = BUF_UP_TO(UKI_TEXT_MAX) };
        _cleanup_(uki_part_done) UkiPart text = UKI_PART_NONE;
        Span own = o->built->has_kernel ? UKI_SBAT_IMAGE : UKI_SBAT_ADDON;
        int rc;

        if (is_part_of_another(o->p))
                return 0;
        uki_sbat_begin(&part.bytes);
        rc = !o->built->has_kernel ? 0
                                   : uki_sbat_add("the .sbat section of the stub",
                                                     uki_stub_section(&o->in->stub, ".sbat"),
                                                     &part.bytes, e);
        if (rc == 0)
                rc = uki_sbat_add("the .sbat section of the kernel",
                                buf_span(&o->in->kernel_sbat.bytes), &part.bytes, e);
        if (rc == 0 && o->p->sbat.n == 0)
                rc = uki_sbat_add("", own, &part.bytes, e);
        for (size_t i = 0; rc == 0 && i < o->p->sbat.n; i++) {
                uki_part_done(&text);
                rc = uki_part_text(o->p->sbat.list[i], false, &text, e);
                if (rc == 0)
                        rc = uki_sbat_add("'--sbat='", buf_span(&text.bytes), &part.bytes, e);
        }
        if (rc == 0)
                rc = uki_sbat_end(&part.bytes, o->in->stub.mark.generation, e);
        part.name = ".sbat";
        part.size = part.bytes.size;
        return rc < 0 ? rc : add(o, ".sbat", &part, e);
}

/* The profile that was added last. */
static bool is_to_be_signed(Opening *o) {
        bool is = false;

        for (size_t i = 0; i < o->p->sign_profiles.n && !is; i++)
                is = o->id[0] && strcmp(o->p->sign_profiles.list[i], o->id) == 0;
        o->n_found += is;
        return is;
}

/* A section as long as the signatures will take. */
static int add_policies(Opening *o, Err *e) {
        _cleanup_(uki_part_done) UkiPart part = { .fd = -1, .bytes = BUF_UP_TO(UKI_TEXT_MAX) };
        const UkiList *l = &o->in->list;
        size_t n = 0;
        int rc = 0;

        if (!o->p->policy || is_part_of_another(o->p))
                return 0;
        if (o->p->sign_profiles.n > 0 && !is_to_be_signed(o))
                return 0;
        while (uki_list_devicetree(l, l->n_profiles, n))
                n++;
        rc = policy_signers_write(&o->in->policy, NULL, n > 0 ? n : 1, &part.bytes, e);
        part.name = ".pcrsig";
        part.size = part.bytes.size;
        return rc < 0 ? rc : add(o, ".pcrsig", &part, e);
}

static int join_profiles(Opening *o, Err *e) {
        UkiProfile profile = {
                .machine = o->in->stub.pe.machine,
                .without_os_release = o->p->os_release && !o->p->os_release[0],
        };
        int rc = 0;

        for (size_t i = 0; rc == 0 && i < o->p->join_profiles.n; i++) {
                rc = uki_profile_join(&o->in->list, o->p->join_profiles.list[i], &profile, e);
                (void) snprintf(o->id, sizeof(o->id), "%s", profile.id);
                o->in->takes_nx = o->in->takes_nx && profile.takes_nx;
                if (rc == 0)
                        rc = add_policies(o, e);
        }
        if (rc == 0 && o->n_found < o->p->sign_profiles.n)
                rc = err_set(e, -EINVAL,
                                "'--sign-profile=' is given %zu times, and %zu of these profiles "
                                "are there",
                                o->p->sign_profiles.n, o->n_found);
        return rc;
}

static int add_first_profile(Opening *o, Err *e) {
        return o->p->join_profiles.n == 0 ? add_profile(o, e) : 0;
}

static int add_last_profile(Opening *o, Err *e) {
        return o->p->join_profiles.n > 0 ? add_profile(o, e) : 0;
}

static int check(const UkiParams *p, Err *e) {
        if (!p->linux_image && (p->sign_kernel || p->join_profiles.n > 0))
                return err_set(e, -EINVAL, "'%s' needs '--linux='",
                                p->sign_kernel ? "--sign-kernel" : "--join-profile=");
        if (p->policy && !p->linux_image)
                return err_set(e, -EINVAL,
                                "'--pcr-private-key=' needs '--linux=': what has no kernel leads "
                                "to no PCR 11 of its own");
        if (p->policy && is_part_of_another(p))
                return err_set(e, -EINVAL,
                                "'--pcr-private-key=': a profile is signed where it is joined with "
                                "others, by '--join-profile='");
        if (p->sign_profiles.n > 0 && !p->policy)
                return err_set(e, -EINVAL, "'--sign-profile=' needs '--pcr-private-key='");
        return 0;
}

int uki_inputs_open(const UkiParams *p, UkiInputs *ret, UkiBuilt *built, Err *e) {
        /* in the order of the file, which is ukify's */
        static int (*const steps[])(Opening *, Err *) = { open_signers, open_stub, look_at_kernel,
                add_first_profile, add_os_release, add_cmdline, add_hardware, add_uname,
                add_pcr_key, add_kernel, add_firmwares, add_sections, add_sbat, add_last_profile,
                add_policies, join_profiles };
        Opening o = { .p = p, .in = ret, .built = built };
        int rc;

        built->has_kernel = p->linux_image != NULL;
        rc = check(p, e);
        for (size_t i = 0; rc == 0 && i < ELEMENTS(steps); i++)
                rc = steps[i](&o, e);
        if (rc < 0)
                return rc;
        uki_list_drop_empty(&ret->list);
        built->n_profiles = ret->list.n_profiles;
        return 0;
}
