/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/uki-join.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "image/uki-finish.h"
#include "image/uki-leaf.h"
#include "image/uki-list.h"
#include "image/uki-part.h"
#include "image/uki-write.h"
#include "layer/uki-name.h"
#include "layer/uki.h"
#include "port/interrupt.h"
#include "port/key-rsa.h"
#include "wire/pcrsig.h"

enum { CHUNK = 64 * 1024, HASHES = 2 * 32 };

/* One that is being joined. Owner: join_done(). */
typedef struct Join {
        const UkiJoinParams *p;
        Uki image;
        UkiPart whole, given_text;
        PcrSignature given[PCR_SIGNATURES_MAX];
        size_t n_given;
        Buf key; /* the public key inside; empty where there is none */
        Buf texts[PROFILES_MAX + 1];
        const PeSection *places[PROFILES_MAX + 1]; /* of the texts, in the order of the file */
        unsigned n;
        PeSigner signer;
        NewFile output;
        UkiLeaves leaves;
        UkiBuilt built;
} Join;

static void join_done(Join *j) {
        new_file_done(&j->output);
        uki_leaves_done(&j->leaves);
        for (unsigned i = 0; i < j->n; i++)
                buf_done(&j->texts[i]);
        buf_done(&j->key);
        pe_signer_done(&j->signer);
        uki_part_done(&j->given_text);
        uki_part_done(&j->whole);
        uki_done(&j->image);
}

static int open_image(Join *j, Err *e) {
        int rc;

        rc = uki_open(j->p->image, &j->image, e);
        if (rc == 0)
                rc = uki_part_open(j->p->image, &j->whole, e);
        if (rc < 0)
                return rc;
        if (j->image.pe.directories[PE_DIRECTORY_CERTIFICATES].size > 0)
                return err_set(e, -EBADMSG, "%s: is signed, and would not be any more",
                                j->p->image);
        if (!pe_is_gapless(&j->image.pe) || pe_raw_end(&j->image.pe) != j->whole.size)
                return err_set(e, -EBADMSG, "%s: has bytes that belong to no section", j->p->image);
        j->key = BUF_UP_TO(UKI_TEXT_MAX);
        return uki_text(&j->image, ".pcrpkey", &j->key, e);
}

static int open_given(Join *j, Err *e) {
        int rc;

        rc = uki_part_text(j->p->signatures, false, &j->given_text, e);
        if (rc == 0)
                rc = pcrsig_parse(buf_span(&j->given_text.bytes), j->given, &j->n_given, e);
        if (rc == 0 && j->p->sign)
                rc = pe_signer_open(j->p->sign, &j->signer, e);
        return rc;
}

static bool same_policy(const PcrSignature *a, const PcrSignature *b) {
        if (a->bank != b->bank || memcmp(a->key, b->key, sizeof(a->key)) != 0)
                return false;
        if (a->to_sign.size > 0 && b->to_sign.size > 0)
                return span_equal(a->to_sign, b->to_sign);
        return memcmp(a->policy, b->policy, sizeof(a->policy)) == 0 &&
               span_equal(a->reference, b->reference);
}

/* By the key inside, where it is the one that was asked. */
static int check_signature(const Join *j, const PcrSignature *s, Span to_sign, Err *e) {
        _cleanup_(buf_done) Buf signature = BUF_UP_TO(KEY_FILE_MAX);
        uint8_t bytes[HASHES];
        RsaPublic inside;
        bool holds = true;
        int rc;

        if (j->key.size == 0)
                return 0;
        rc = rsa_public_read(buf_span(&j->key), ".pcrpkey", &inside, e);
        if (rc < 0 || memcmp(inside.fingerprint.bytes, s->key, sizeof(s->key)) != 0)
                return rc;
        if (!text_unbase64(s->signature, &signature) || to_sign.size / 2 > sizeof(bytes) ||
                        !text_unhex(to_sign, bytes, to_sign.size / 2))
                return err_set(e, -EBADMSG, "%s: a signature that is none", j->p->image);
        rc = rsa_public_judge(buf_span(&j->key), (Span){ bytes, to_sign.size / 2 },
                        buf_span(&signature), &holds, e);
        if (rc == 0 && !holds)
                rc = err_set(e, -EKEYREJECTED,
                                "a signature that is given for %s is not by the key inside",
                                j->p->image);
        return rc;
}

/* In place of what is to be signed, what was. */
static int fill_in(const Join *j, PcrSignature *s, Err *e) {
        for (size_t i = 0; i < j->n_given; i++) {
                const PcrSignature *given = &j->given[i];
                int rc;

                if (given->signature.size == 0 || !same_policy(s, given))
                        continue;
                rc = check_signature(j, given, s->to_sign, e);
                s->signature = given->signature;
                s->to_sign = (Span){};
                return rc;
        }
        return err_set(e, -ENOKEY, "%s: no signature is given for one of its policies",
                        j->p->image);
}

static int make_text(Join *j, const PeSection *s, Err *e) {
        _cleanup_(uki_part_done) UkiPart old = UKI_PART_NONE;
        PcrSignature list[PCR_SIGNATURES_MAX];
        Buf *text = &j->texts[j->n];
        size_t n = 0;
        int rc;

        if (j->n == ELEMENTS(j->texts))
                return err_set(e, -E2BIG, "%s: more than %zu sections .pcrsig", j->p->image,
                                ELEMENTS(j->texts));
        *text = BUF_UP_TO(UKI_TEXT_MAX);
        j->places[j->n++] = s;
        rc = uki_part_load(&j->whole, s->raw_offset, pe_section_size(s), UKI_TEXT_MAX, &old, e);
        if (rc == 0)
                rc = pcrsig_parse(buf_span(&old.bytes), list, &n, e);
        for (size_t i = 0; rc == 0 && i < n; i++)
                if (list[i].to_sign.size > 0 && list[i].signature.size == 0)
                        rc = fill_in(j, &list[i], e);
        if (rc < 0)
                return rc;
        pcrsig_write(list, n, text);
        if (text->size > pe_section_size(s))
                return err_set(e, -E2BIG, "%s: its section .pcrsig has no room for the signatures",
                                j->p->image);
        while (text->failed == 0 && text->size < pe_section_size(s))
                buf_byte(text, ' ');
        return text->failed < 0 ? err_set(e, text->failed, "no memory for signatures") : 0;
}

static int make_texts(Join *j, Err *e) {
        const Pe *pe = &j->image.pe;
        int rc = 0;

        for (unsigned i = 0; rc == 0 && i < pe->n_sections; i++) {
                if (strcmp(pe->sections[i].name, ".pcrsig") != 0)
                        continue;
                if (j->n > 0 && pe->sections[i].raw_offset < j->places[j->n - 1]->raw_offset)
                        return err_set(e, -EBADMSG, "%s: its sections are in disorder",
                                        j->p->image);
                rc = make_text(j, &pe->sections[i], e);
        }
        if (rc == 0 && j->n == 0)
                rc = err_set(e, -ENODATA, "%s: has no policies that are to be signed", j->p->image);
        return rc;
}

static int copy(const UkiPart *from, uint64_t end, UkiWriter *w, Err *e) {
        uint8_t chunk[CHUNK];
        int rc = 0;

        while (rc == 0 && w->at < end) {
                size_t want = end - w->at < CHUNK ? (size_t) (end - w->at) : CHUNK, n;

                rc = uki_part_read(from, w->at, chunk, want, &n, e);
                if (rc == 0 && n < want)
                        rc = err_set(e, -EIO, "%s: became shorter while it was read", from->name);
                if (rc == 0)
                        rc = uki_writer_put(w, (Span){ chunk, n }, e);
                if (rc == 0)
                        rc = interrupt_check(e);
        }
        return rc;
}

static int write_image(Join *j, Err *e) {
        _cleanup_(uki_writer_done) UkiWriter w = {};
        _cleanup_(uki_part_done) UkiPart head = UKI_PART_NONE;
        const Pe *pe = &j->image.pe;
        int fd, rc;

        rc = uki_part_load(&j->whole, 0, pe->size_of_headers, PE_HEAD_MAX, &head, e);
        if (rc == 0)
                rc = new_file_open(j->p->output, 0644, &j->output, e);
        if (rc < 0)
                return rc;
        memset(head.bytes.data + pe_checksum_at(pe), 0, 4);
        fd = j->p->digest_only ? -1 : j->output.fd;
        rc = uki_writer_open(fd, j->p->output, buf_span(&head.bytes), pe, &w, e);
        for (unsigned i = 0; rc == 0 && i < j->n; i++) {
                rc = copy(&j->whole, j->places[i]->raw_offset, &w, e);
                if (rc == 0)
                        rc = uki_writer_put(&w, buf_span(&j->texts[i]), e);
        }
        if (rc == 0)
                rc = copy(&j->whole, j->whole.size, &w, e);
        return rc < 0 ? rc
                      : uki_finish(&w,
                                        &(UkiEnd){ .signer = j->p->sign ? &j->signer : NULL,
                                                        .to_sign = j->p->digest_only ? &j->output
                                                                                     : NULL },
                                        &j->built, e);
}

/* What a leaf is made of. The sections that are measured are those that there were. */
static int list_sections(const Uki *u, const UkiDigests *d, UkiList *l, Err *e) {
        int rc = 0;

        for (unsigned i = 0; rc == 0 && i < u->pe.n_sections; i++) {
                const PeSection *s = &u->pe.sections[i];
                UkiPart nothing = UKI_PART_NONE;

                if (s->virtual_size == 0)
                        continue;
                rc = uki_list_add(l, s->name, &nothing, e);
                if (rc == 0)
                        l->items[l->n - 1].content.digests[0] = d->sections[i][0];
        }
        return rc;
}

static int take_names(Join *j, const Uki *u, Err *e) {
        _cleanup_(buf_done) Buf os_release = BUF_UP_TO(UKI_TEXT_MAX);
        _cleanup_(buf_done) Buf uname = BUF_UP_TO(UKI_TEXT_MAX);
        UkiBuilt *b = &j->built;
        int rc;

        rc = uki_text(u, ".osrel", &os_release, e);
        if (rc == 0)
                rc = uki_text(u, ".uname", &uname, e);
        if (rc < 0)
                return rc;
        uki_name(buf_span(&os_release), buf_span(&uname), b->name, b->version);
        if (j->p->name)
                (void) snprintf(b->name, sizeof(b->name), "%s", j->p->name);
        if (j->p->version)
                (void) snprintf(b->version, sizeof(b->version), "%s", j->p->version);
        (void) snprintf(b->stub_version, sizeof(b->stub_version), "%s", u->stub_version);
        b->stub_generation = u->stub_generation;
        b->architecture = u->architecture;
        b->has_kernel = true;
        b->has_uname = uname.size > 0;
        b->reproducible = !j->signer.key || private_key_repeats(j->signer.key);
        b->signer = j->signer.certificate.fingerprint;
        (void) snprintf(b->subject, sizeof(b->subject), "%s", j->signer.certificate.subject);
        return 0;
}

static int write_leaves(Join *j, Err *e) {
        static const HashAlg banks[] = { HASH_SHA256 };
        _cleanup_(uki_list_done) UkiList list = {};
        UkiLeaf l = {
                .built = &j->built,
                .list = &list,
                .has_epoch = j->p->has_epoch,
                .epoch = j->p->epoch,
        };
        UkiDigests d;
        int rc;

        rc = take_names(j, &j->image, e);
        if (rc == 0)
                rc = uki_digest(&j->image, banks, 1, &d, e);
        if (rc == 0)
                rc = list_sections(&j->image, &d, &list, e);
        if (rc < 0)
                return rc;
        j->built.n_profiles = list.n_profiles;
        rc = uki_leaves_open(j->p->leaf, list.n_profiles, &j->leaves, e);
        return rc < 0 ? rc : uki_leaves_write(&j->leaves, &l, e);
}

static int commit(Join *j, Err *e) {
        return uki_commit(&j->output, &j->leaves, e);
}

int uki_join(const UkiJoinParams *p, UkiBuilt *ret, Err *e) {
        static int (*const steps[])(Join *, Err *) = { open_image, open_given, make_texts,
                write_image, write_leaves, commit };
        _cleanup_(join_done) Join j = { .p = p,
                .image = UKI_NONE,
                .whole = UKI_PART_NONE,
                .given_text = UKI_PART_NONE,
                .signer = PE_SIGNER_NONE,
                .output = NEW_FILE_NONE };
        int rc = 0;

        if (p->leaf && strcmp(p->leaf, p->output) == 0)
                return err_set(e, -EINVAL, "%s: is to be both the image and its leaf", p->leaf);
        for (size_t i = 0; rc == 0 && i < ELEMENTS(steps); i++)
                rc = steps[i](&j, e);
        if (rc < 0)
                return rc;

        *ret = j.built;
        return 0;
}
