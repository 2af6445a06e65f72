/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/uki.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "image/uki-content.h"
#include "image/uki-kernel.h"
#include "image/uki-layout.h"
#include "image/uki-leaf.h"
#include "image/uki-part.h"
#include "image/uki-sbat.h"
#include "image/uki-stub.h"
#include "image/uki-write.h"
#include "layer/uki-name.h"
#include "port/authenticode.h"
#include "port/interrupt.h"
#include "port/pcr11.h"
#include "wire/pe.h"
#include "wire/stub.h"

enum { SECTIONS = 11, INITRD_ALIGNMENT = 4 };

/* In the order of the file, which is ukify's. */
typedef enum Which {
        OSREL,
        CMDLINE,
        DTB,
        UNAME,
        SPLASH,
        PCRPKEY,
        KERNEL,
        INITRD,
        UCODE,
        SBAT,
        PCRSIG,
} Which;

#define DATA (PE_SECTION_READ | PE_SECTION_DATA)

static const struct {
        const char *name;
        uint32_t flags;
} rows[SECTIONS] = {
        [OSREL] = { ".osrel", DATA },
        [CMDLINE] = { ".cmdline", DATA },
        [DTB] = { ".dtb", DATA },
        [UNAME] = { ".uname", DATA },
        [SPLASH] = { ".splash", DATA },
        [PCRPKEY] = { ".pcrpkey", DATA },
        /* old kernels are run where they lie */
        [KERNEL] = { ".linux", PE_SECTION_READ | PE_SECTION_CODE },
        [INITRD] = { ".initrd", DATA },
        [UCODE] = { ".ucode", DATA },
        [SBAT] = { ".sbat", DATA },
        [PCRSIG] = { ".pcrsig", DATA },
};

/* What there is while an image is built. Owner: work_done(), which takes back all that was not
 * committed. */
typedef struct Work {
        const UkiParams *p;
        UkiStub stub;
        UkiPart single[SECTIONS]; /* all but the initrds */
        UkiPart initrds[UKI_INITRDS_MAX];
        Kernel kernel;

        UkiSection sections[SECTIONS]; /* those that are not empty */
        Which which[SECTIONS];
        size_t n_sections;
        UkiContent contents[SECTIONS]; /* of each row */
        HashAlg banks[BANKS_MAX];      /* in which they are hashed: SHA-256, and what is signed */
        unsigned n_banks;
        UkiPlan plan;
        PeSigner signer;
        PolicySigners policy;
        NewFile image, leaf;
        UkiBuilt built;
} Work;

static void work_done(Work *w) {
        new_file_done(&w->image);
        new_file_done(&w->leaf);
        for (size_t i = 0; i < ELEMENTS(w->single); i++)
                uki_part_done(&w->single[i]);
        for (size_t i = 0; i < ELEMENTS(w->initrds); i++)
                uki_part_done(&w->initrds[i]);
        uki_stub_done(&w->stub);
        pe_signer_done(&w->signer);
        policy_signers_done(&w->policy);
}

static void work_new(const UkiParams *p, Work *w) {
        memset(w, 0, sizeof(*w));
        w->p = p;
        w->stub = UKI_STUB_NONE;
        w->signer = PE_SIGNER_NONE;
        w->image = NEW_FILE_NONE;
        w->leaf = NEW_FILE_NONE;
        for (size_t i = 0; i < ELEMENTS(w->single); i++)
                w->single[i] = UKI_PART_NONE;
        for (size_t i = 0; i < ELEMENTS(w->initrds); i++)
                w->initrds[i] = UKI_PART_NONE;
        for (size_t i = 0; i < ELEMENTS(w->contents); i++)
                w->contents[i] = (UkiContent){ &w->single[i], 1, 1, {} };
        w->contents[INITRD] = (UkiContent){ w->initrds, p->n_initrds,
                p->n_initrds > 1 ? INITRD_ALIGNMENT : 1, {} };
}

static int open_stub(Work *w, Err *e) {
        const char *names[SECTIONS + 1] = {};
        size_t n = 0;
        int rc;

        for (size_t i = 0; i < SECTIONS; i++)
                if (i != SBAT)
                        names[n++] = rows[i].name;
        rc = uki_stub_open(w->p->stub, names, &w->stub, e);
        if (rc < 0)
                return rc;
        w->built.architecture = pe_architecture(w->stub.pe.machine);
        w->built.stub_generation = w->stub.mark.generation;
        (void) snprintf(w->built.stub_version, sizeof(w->built.stub_version), "%.*s",
                        (int) w->stub.mark.version.size, (const char *) w->stub.mark.version.data);
        return 0;
}

static int take_text(Work *w, Which which, const char *value, Err *e) {
        if (!value)
                return 0;
        return uki_part_text(value, which == CMDLINE, &w->single[which], e);
}

/* Before the long work, which a key that cannot sign would waste. */
static int open_signer(Work *w, Err *e) {
        UkiBuilt *b = &w->built;
        int rc;

        b->reproducible = true;
        if (!w->p->sign)
                return 0;
        rc = pe_signer_open(w->p->sign, &w->signer, e);
        if (rc < 0)
                return rc;
        b->reproducible = !w->signer.key || private_key_repeats(w->signer.key);
        b->signer = w->signer.certificate.fingerprint;
        (void) snprintf(b->subject, sizeof(b->subject), "%s", w->signer.certificate.subject);
        return 0;
}

static int open_kernel(Work *w, Err *e) {
        const char *uname = w->p->uname;
        UkiPart *part = &w->single[KERNEL];
        Digest unused;
        int rc;

        rc = uki_part_open(w->p->linux_image, part, e);
        if (rc == 0)
                rc = kernel_open(part, w->stub.pe.machine, &w->kernel, e);
        if (rc == 0 && w->p->sign_kernel)
                rc = sign_pe(part, &w->signer, &unused, e);
        if (rc < 0)
                return rc;
        if (!uname && w->kernel.uname[0])
                uname = w->kernel.uname;
        rc = take_text(w, UNAME, uname, e);
        w->built.has_uname = w->single[UNAME].size > 0;
        return rc;
}

static int open_texts(Work *w, Err *e) {
        const char *os_release = w->p->os_release;
        int rc;

        if (!os_release)
                os_release = access("/etc/os-release", F_OK) == 0 ? "@/etc/os-release"
                                                                  : "@/usr/lib/os-release";
        rc = take_text(w, OSREL, os_release, e);
        return rc < 0 ? rc : take_text(w, CMDLINE, w->p->cmdline, e);
}

/* A stub that does not know such a section would pass over it in silence. */
static int open_file(Work *w, Which which, const char *path, Err *e) {
        const char *const *name = stub_measures(w->stub.mark.generation);

        if (!path)
                return 0;
        while (*name && strcmp(*name, rows[which].name) != 0)
                name++;
        if (!*name)
                return err_set(e, -EOPNOTSUPP,
                                "%s: a stub of systemd %u does not know the section %s", w->p->stub,
                                w->stub.mark.generation, rows[which].name);
        return uki_part_open(path, &w->single[which], e);
}

static int open_other(Work *w, Err *e) {
        int rc;

        rc = open_file(w, DTB, w->p->devicetree, e);
        if (rc == 0)
                rc = open_file(w, SPLASH, w->p->splash, e);
        return rc < 0 ? rc : open_file(w, UCODE, w->p->microcode, e);
}

static int open_initrds(Work *w, Err *e) {
        if (w->p->n_initrds > UKI_INITRDS_MAX)
                return err_set(e, -EINVAL, "%zu initrds; %d are the most", w->p->n_initrds,
                                UKI_INITRDS_MAX);
        for (size_t i = 0; i < w->p->n_initrds; i++) {
                int rc = uki_part_open(w->p->initrds[i], &w->initrds[i], e);

                if (rc < 0)
                        return rc;
        }
        return 0;
}

static int make_sbat(Work *w, Err *e) {
        const PeSection *s = pe_find(&w->kernel.pe, ".sbat");
        _cleanup_(buf_done) Buf kernel = BUF_UP_TO(UKI_TEXT_MAX);
        UkiPart *p = &w->single[SBAT];
        uint32_t size = !s ? 0 : s->virtual_size < s->raw_size ? s->virtual_size : s->raw_size;
        uint8_t *bytes = size > 0 ? buf_room(&kernel, size) : NULL;
        size_t n = 0;
        int rc = 0;

        if (kernel.failed < 0)
                return err_set(e, kernel.failed, "%s: a .sbat section of %u bytes",
                                w->p->linux_image, size);
        if (bytes)
                rc = uki_part_read(&w->single[KERNEL], s->raw_offset, bytes, size, &n, e);
        if (rc < 0)
                return rc;
        p->bytes = BUF_UP_TO(UKI_TEXT_MAX);
        rc = uki_sbat(uki_stub_section(&w->stub, ".sbat"), (Span){ bytes, n },
                        w->stub.mark.generation, &p->bytes, e);
        p->size = p->bytes.size;
        return rc;
}

/* The public key that is to be inside, and a section as long as the signatures will take. */
static int open_policy(Work *w, Err *e) {
        const PolicyParams *p = w->p->policy;
        UkiPart *key = &w->single[PCRPKEY], *part = &w->single[PCRSIG];
        int rc = 0;

        w->banks[w->n_banks++] = HASH_SHA256;
        for (unsigned i = 0; p && i < p->n_banks; i++)
                if (p->banks[i] != HASH_SHA256)
                        w->banks[w->n_banks++] = p->banks[i];
        if (w->p->pcr_key && w->p->pcr_key[0])
                rc = uki_part_open(w->p->pcr_key, key, e);
        if (rc < 0 || !p)
                return rc;
        rc = policy_signers_open(p, &w->policy, e);
        if (rc < 0)
                return rc;
        part->bytes = BUF_UP_TO(UKI_TEXT_MAX);
        rc = policy_signers_write(&w->policy, NULL, &part->bytes, e);
        part->size = part->bytes.size;
        if (rc < 0 || w->p->pcr_key)
                return rc;
        key->name = ".pcrpkey";
        key->bytes = w->policy.public_pem;
        key->size = key->bytes.size;
        w->policy.public_pem = (Buf){};
        return 0;
}

/* A section that is empty is none, for the stub too. */
static int plan(Work *w, Err *e) {
        int rc;

        for (unsigned i = 0; i < SECTIONS; i++) {
                UkiSection s = { rows[i].name, uki_content_size(&w->contents[i]), rows[i].flags };

                if (s.size == 0)
                        continue;
                w->which[w->n_sections] = (Which) i;
                w->sections[w->n_sections++] = s;
        }
        rc = uki_plan(buf_span(&w->stub.bytes), &w->stub.pe, w->sections, w->n_sections, &w->plan,
                        e);
        if (rc < 0)
                err_at(e, w->p->stub);
        return rc;
}

/* For the leaf and for people. */
static int take_names(Work *w, Err *e) {
        const UkiParams *p = w->p;
        UkiBuilt *b = &w->built;

        uki_name(buf_span(&w->single[OSREL].bytes), buf_span(&w->single[UNAME].bytes), b->name,
                        b->version);
        if ((p->name && strlen(p->name) > NAME_TEXT_MAX) ||
                        (p->version && strlen(p->version) > NAME_TEXT_MAX))
                return err_set(e, -EINVAL, "a name or version of more than %d bytes",
                                NAME_TEXT_MAX);
        if (p->name)
                (void) snprintf(b->name, sizeof(b->name), "%s", p->name);
        if (p->version)
                (void) snprintf(b->version, sizeof(b->version), "%s", p->version);
        return 0;
}

static int open_files(Work *w, Err *e) {
        int rc;

        rc = new_file_open(w->p->output, 0644, &w->image, e);
        if (rc < 0)
                return rc;
        return w->p->leaf ? new_file_open(w->p->leaf, 0644, &w->leaf, e) : 0;
}

/* PCR 11 as the stub will leave it, in a bank of w->banks. */
static int foretell(const Work *w, unsigned bank, Digest *ret, Err *e) {
        Digest value = digest_zero(w->banks[bank]);

        for (const char *const *name = stub_measures(w->stub.mark.generation); *name; name++)
                for (size_t i = 0; i < w->n_sections; i++) {
                        int rc = strcmp(w->sections[i].name, *name) != 0
                                                 ? 0
                                                 : pcr11_section(&value, *name,
                                                                   &w->contents[w->which[i]]
                                                                                    .digests[bank],
                                                                   e);

                        if (rc < 0)
                                return rc;
                }
        *ret = value;
        return 0;
}

/* In place of a text of the same length, when all that is measured has been hashed. */
static int sign_policies(Work *w, Err *e) {
        const PolicyParams *p = w->p->policy;
        UkiPart *part = &w->single[PCRSIG];
        Digest booted[BANKS_MAX];
        int rc = 0;

        for (unsigned i = 0; i < p->n_banks; i++)
                for (unsigned k = 0; rc == 0 && k < w->n_banks; k++)
                        if (w->banks[k] == p->banks[i])
                                rc = foretell(w, k, &booted[i], e);
        if (rc < 0)
                return rc;
        part->bytes.size = 0;
        rc = policy_signers_write(&w->policy, booted, &part->bytes, e);
        assert(rc < 0 || part->bytes.size == part->size);
        return rc;
}

static int write_added(Work *w, Which which, UkiWriter *writer, Err *e) {
        int rc;

        rc = which == PCRSIG ? sign_policies(w, e) : 0;
        return rc < 0 ? rc
                      : uki_content_write(&w->contents[which], w->banks, w->n_banks, writer, e);
}

static int write_places(Work *w, UkiWriter *writer, Err *e) {
        int rc = 0;

        for (unsigned i = 0; rc == 0 && i < w->plan.n_places; i++) {
                const UkiPlace *p = &w->plan.places[i];

                if (p->added >= 0)
                        rc = write_added(w, w->which[p->added], writer, e);
                else
                        rc = uki_writer_put(writer,
                                        (Span){ w->stub.bytes.data + p->from.at, p->from.size }, e);
                if (rc == 0)
                        rc = uki_writer_zeros(writer,
                                        p->header.raw_size - (p->added >= 0 ? p->header.virtual_size
                                                                            : p->from.size),
                                        e);
        }
        return rc;
}

static int write_to_sign(Work *w, Err *e) {
        _cleanup_(buf_done) Buf bytes = BUF_UP_TO(CMS_MAX);
        int rc;

        rc = authenticode_to_sign(&w->built.authenticode, &bytes, e);
        if (rc == 0)
                rc = file_write_at(w->image.fd, w->p->output, 0, buf_span(&bytes), e);
        return rc;
}

/* What is known when all is written but the end. */
static int end_image(Work *w, UkiWriter *writer, Err *e) {
        _cleanup_(buf_done) Buf table = BUF_UP_TO(PE_CERTIFICATES_MAX);
        uint32_t unused;
        int rc;

        rc = uki_writer_hash(writer, &w->built.authenticode, e);
        if (rc == 0 && w->p->digest_only)
                return write_to_sign(w, e);
        if (rc == 0 && w->p->sign)
                rc = pe_signer_table(&w->signer, &w->built.authenticode, (Span){}, &table, e);
        if (rc == 0 && w->p->sign)
                rc = uki_writer_certificates(writer, buf_span(&table), e);
        if (rc == 0)
                rc = uki_writer_end(writer, &unused, e);
        w->built.size = writer->at;
        return rc;
}

static int write_image(Work *w, Err *e) {
        _cleanup_(uki_writer_done) UkiWriter writer = {};
        _cleanup_(buf_done) Buf headers = BUF_UP_TO(STUB_MAX);
        uint16_t dll_flags = w->stub.pe.dll_flags;
        int fd = w->p->digest_only ? -1 : w->image.fd;
        Span bytes;
        int rc;

        /* both must say the same, or firmware that enforces it will not start the kernel */
        if (!(w->kernel.pe.dll_flags & PE_DLL_NX_COMPAT))
                dll_flags &= (uint16_t) ~PE_DLL_NX_COMPAT;
        uki_headers(buf_span(&w->stub.bytes), &w->stub.pe, &w->plan, dll_flags, &headers);
        rc = buf_end(&headers, &bytes);
        if (rc < 0)
                return err_set(e, rc, "%s: no memory for its headers", w->p->output);
        rc = uki_writer_open(fd, w->p->output, bytes, &w->stub.pe, &writer, e);
        if (rc == 0)
                rc = write_places(w, &writer, e);
        return rc < 0 ? rc : end_image(w, &writer, e);
}

static int write_leaf(Work *w, Err *e) {
        Digest digests[SECTIONS];
        UkiLeaf l = {
                .built = &w->built,
                .sections = w->sections,
                .digests = digests,
                .n_sections = w->n_sections,
                .has_epoch = w->p->has_epoch,
                .epoch = w->p->epoch,
        };

        for (size_t i = 0; i < w->n_sections; i++)
                for (unsigned k = 0; k < w->n_banks; k++)
                        if (w->banks[k] == HASH_SHA256)
                                digests[i] = w->contents[w->which[i]].digests[k];
        return w->p->leaf ? uki_leaf_write(&l, w->leaf.fd, w->p->leaf, e) : 0;
}

static int commit(Work *w, Err *e) {
        int rc;

        rc = interrupt_check(e);
        if (rc == 0)
                rc = new_file_commit(&w->image, e);
        if (rc < 0 || !w->p->leaf)
                return rc;
        rc = new_file_commit(&w->leaf, e);
        if (rc < 0) { /* it may have its name all the same */
                (void) unlink(w->p->output);
                (void) unlink(w->p->leaf);
        }
        return rc;
}

int uki_build(const UkiParams *p, UkiBuilt *ret, Err *e) {
        static int (*const steps[])(Work *, Err *) = { open_stub, open_signer, open_policy,
                open_kernel, open_other, open_texts, open_initrds, make_sbat, plan, take_names,
                open_files, write_image, write_leaf, commit };
        _cleanup_(work_done) Work w;
        int rc = 0;

        work_new(p, &w);
        if (p->leaf && strcmp(p->leaf, p->output) == 0)
                return err_set(e, -EINVAL, "%s: is to be both the image and its leaf", p->leaf);
        for (size_t i = 0; rc == 0 && i < ELEMENTS(steps); i++)
                rc = steps[i](&w, e);
        if (rc < 0)
                return rc;

        *ret = w.built;
        return 0;
}
