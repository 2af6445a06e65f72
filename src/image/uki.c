/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/uki.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "image/uki-finish.h"
#include "image/uki-inputs.h"
#include "image/uki-layout.h"
#include "image/uki-write.h"
#include "layer/uki-name.h"

/* What there is while an image is built. Owner: work_done(), which takes back all that was not
 * committed. */
typedef struct Work {
        const UkiParams *p;
        UkiInputs in;
        HashAlg banks[BANKS_MAX]; /* in which contents are hashed: what the leaf and the policies
                                   * need */
        unsigned n_banks;
        UkiSection sections[PE_SECTIONS_MAX]; /* those of the list */
        UkiPlan plan;
        NewFile image;
        UkiLeaves leaves;
        UkiBuilt built;
} Work;

static void work_done(Work *w) {
        new_file_done(&w->image);
        uki_leaves_done(&w->leaves);
        uki_inputs_done(&w->in);
}

static int open_inputs(Work *w, Err *e) {
        const PolicyParams *p = w->p->policy;

        if (w->p->leaf)
                w->banks[w->n_banks++] = HASH_SHA256;
        for (unsigned i = 0; p && i < p->n_banks; i++)
                if (p->banks[i] != HASH_SHA256 || !w->p->leaf)
                        w->banks[w->n_banks++] = p->banks[i];
        return uki_inputs_open(w->p, &w->in, &w->built, e);
}

static int plan(Work *w, Err *e) {
        const UkiStub *stub = &w->in.stub;
        int rc;

        uki_list_sections(&w->in.list, w->sections);
        rc = uki_plan(buf_span(&stub->bytes), &stub->pe, w->sections, w->in.list.n, &w->plan, e);
        if (rc < 0)
                err_at(e, stub->path);
        return rc;
}

/* The text of a section that is in memory; what a profile brought is not. */
static Span text_of(const Work *w, const char *name) {
        const UkiItem *item = uki_list_find(&w->in.list, w->built.n_profiles > 0, name);

        return item ? buf_span(&item->content.parts[0].bytes) : (Span){};
}

/* For the leaf and for people. */
static int take_names(Work *w, Err *e) {
        const UkiParams *p = w->p;
        UkiBuilt *b = &w->built;

        uki_name(text_of(w, ".osrel"), text_of(w, ".uname"), b->name, b->version);
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
        return rc < 0 ? rc : uki_leaves_open(w->p->leaf, w->built.n_profiles, &w->leaves, e);
}

/* PCR 11 as the stub will leave it, in the banks that are signed for. */
static int foretell(const Work *w, const UkiBoot *boot, Digest booted[BANKS_MAX], Err *e) {
        const PolicyParams *p = w->p->policy;
        int rc = 0;

        for (unsigned i = 0; i < p->n_banks; i++)
                for (unsigned k = 0; rc == 0 && k < w->n_banks; k++)
                        if (w->banks[k] == p->banks[i])
                                rc = uki_list_pcr11(&w->in.list, boot, k, &booted[i], e);
        return rc;
}

/* In place of a text of the same length, when all that is measured has been hashed: for each of the
 * device trees that the machine may choose, where there are some. */
static int sign_policies(Work *w, const UkiItem *item, Err *e) {
        UkiPart *part = &w->in.list.parts[item->content.parts - w->in.list.parts];
        UkiBoot boot = { .generation = w->built.stub_generation, .profile = item->profile };
        Digest booted[PE_SECTIONS_MAX][BANKS_MAX];
        size_t n = 0;
        int rc = 0;

        do {
                boot.devicetree = uki_list_devicetree(&w->in.list, item->profile, n);
                if (boot.devicetree || n == 0)
                        rc = foretell(w, &boot, booted[n++], e);
        } while (rc == 0 && boot.devicetree);
        if (rc < 0)
                return rc;
        part->bytes.size = 0;
        rc = policy_signers_write(
                        &w->in.policy, (const Digest(*)[BANKS_MAX]) booted, n, &part->bytes, e);
        /* room for the signatures of a key that is elsewhere */
        while (rc == 0 && part->bytes.failed == 0 && part->bytes.size < part->size)
                buf_byte(&part->bytes, ' ');
        assert(rc < 0 || part->bytes.size == part->size);
        return rc;
}

static int write_added(Work *w, UkiItem *item, UkiWriter *writer, Err *e) {
        int rc;

        rc = strcmp(item->name, ".pcrsig") == 0 ? sign_policies(w, item, e) : 0;
        return rc < 0 ? rc : uki_content_write(&item->content, w->banks, w->n_banks, writer, e);
}

static int write_places(Work *w, UkiWriter *writer, Err *e) {
        int rc = 0;

        for (unsigned i = 0; rc == 0 && i < w->plan.n_places; i++) {
                const UkiPlace *p = &w->plan.places[i];
                uint32_t size = p->added >= 0 ? p->header.virtual_size : p->from.size;

                if (p->added >= 0)
                        rc = write_added(w, &w->in.list.items[p->added], writer, e);
                else
                        rc = uki_writer_put(writer,
                                        (Span){ w->in.stub.bytes.data + p->from.at, size }, e);
                if (rc == 0)
                        rc = uki_writer_zeros(writer, p->header.raw_size - size, e);
        }
        return rc;
}

static int write_image(Work *w, Err *e) {
        _cleanup_(uki_writer_done) UkiWriter writer = {};
        _cleanup_(buf_done) Buf headers = BUF_UP_TO(STUB_MAX);
        const UkiStub *stub = &w->in.stub;
        uint16_t dll_flags = stub->pe.dll_flags;
        int fd = w->p->digest_only ? -1 : w->image.fd;
        bool hashes = w->p->sign || w->p->leaf || w->p->digest_only || !w->p->no_authenticode;
        Span bytes;
        int rc;

        /* both must say the same, or firmware that enforces it will not start the kernel */
        if (!w->in.takes_nx)
                dll_flags &= (uint16_t) ~PE_DLL_NX_COMPAT;
        uki_headers(buf_span(&stub->bytes), &stub->pe, &w->plan, dll_flags, &headers);
        rc = buf_end(&headers, &bytes);
        if (rc < 0)
                return err_set(e, rc, "%s: no memory for its headers", w->p->output);
        rc = (hashes ? uki_writer_open : uki_writer_open_unhashed)(
                        fd, w->p->output, bytes, &stub->pe, &writer, e);
        if (rc == 0)
                rc = write_places(w, &writer, e);
        return rc < 0 ? rc
                      : uki_finish(&writer,
                                        &(UkiEnd){ .signer = w->p->sign ? &w->in.signer : NULL,
                                                        .to_sign = w->p->digest_only ? &w->image
                                                                                     : NULL },
                                        &w->built, e);
}

static int write_leaves(Work *w, Err *e) {
        UkiLeaf l = {
                .built = &w->built,
                .list = &w->in.list,
                .has_epoch = w->p->has_epoch,
                .epoch = w->p->epoch,
        };

        while (l.bank < w->n_banks && w->banks[l.bank] != HASH_SHA256)
                l.bank++;
        return uki_leaves_write(&w->leaves, &l, e);
}

/* What a key that is elsewhere is to sign, of all profiles together. */
static int tell_policies(Work *w, Err *e) {
        const PolicyParams *p = w->p->policy;
        int rc = 0;

        for (size_t i = 0; rc == 0 && p && p->key_is_elsewhere && i < w->in.list.n; i++)
                if (strcmp(w->in.list.items[i].name, ".pcrsig") == 0)
                        rc = policies_gather(buf_span(&w->in.list.items[i].content.parts[0].bytes),
                                        w->p->to_sign, e);
        return rc;
}

static int commit(Work *w, Err *e) {
        return uki_commit(&w->image, &w->leaves, e);
}

int uki_build(const UkiParams *p, UkiBuilt *ret, Err *e) {
        static int (*const steps[])(Work *, Err *) = { open_inputs, plan, take_names, open_files,
                write_image, write_leaves, tell_policies, commit };
        _cleanup_(work_done) Work w = { .p = p, .in = UKI_INPUTS_NONE, .image = NEW_FILE_NONE };
        int rc = 0;

        if (p->leaf && strcmp(p->leaf, p->output) == 0)
                return err_set(e, -EINVAL, "%s: is to be both the image and its leaf", p->leaf);
        for (size_t i = 0; rc == 0 && i < ELEMENTS(steps); i++)
                rc = steps[i](&w, e);
        if (rc < 0)
                return rc;

        *ret = w.built;
        return 0;
}
