/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/sign-pe.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "image/uki-write.h"
#include "port/authenticode.h"
#include "port/interrupt.h"
#include "wire/limits.h"
#include "wire/pe.h"
#include "wire/wincert.h"

enum { CHUNK = 64 * 1024, ALIGNMENT = 8, SIGNATURE_FILE_MAX = 4096 };

void pe_signer_done(PeSigner *s) {
        certificate_done(&s->certificate);
        certificate_list_done(&s->more);
        private_key_done(&s->key);
        buf_done(&s->signature);
}

int pe_signer_open(const SignParams *p, PeSigner *ret, Err *e) {
        _cleanup_(pe_signer_done) PeSigner s = PE_SIGNER_NONE;
        int rc;

        s.replace = p->replace;
        s.signature = BUF_UP_TO(SIGNATURE_FILE_MAX);
        rc = certificate_load(p->certificate, &s.certificate, e);
        if (rc == 0 && p->more)
                rc = certificate_list_load(p->more, &s.more, e);
        if (rc == 0 && p->signature)
                rc = file_read(p->signature, &s.signature, e);
        else if (rc == 0 && p->private_key)
                rc = private_key_load(p->private_key, &p->source, &s.key, e);
        if (rc == 0 && s.key)
                rc = private_key_fits(s.key, &s.certificate, e);
        if (rc < 0)
                return rc;

        *ret = s;
        s = PE_SIGNER_NONE;
        return 0;
}

/* Whether one of these signatures is ours already. */
static int is_signed(
                const PeSigner *s, const Digest *image, const WinCerts *before, bool *ret, Err *e) {
        *ret = false;
        for (size_t i = 0; i < before->n; i++) {
                Authenticode a;
                int rc;

                if (before->list[i].type != WINCERT_PKCS7)
                        continue;
                rc = authenticode_judge(before->list[i].bytes, image, &a, e);
                if (rc < 0)
                        return rc;
                *ret = *ret || (a.holds && digest_equal(&a.signer, &s->certificate.fingerprint));
        }
        return 0;
}

static int make(const PeSigner *s, const Digest *image, Buf *der, Err *e) {
        if (s->key)
                return authenticode_sign(image, s->key, &s->certificate, &s->more, der, e);
        return authenticode_join(image, &s->certificate, &s->more, buf_span(&s->signature), der, e);
}

int pe_signer_table(const PeSigner *s, const Digest *image, Span before, Buf *table, Err *e) {
        _cleanup_(buf_done) Buf der = BUF_UP_TO(CMS_MAX);
        WinCerts certs;
        bool is_ours = false;
        int rc;

        if (s->replace)
                before = (Span){};
        rc = wincerts_parse(before, &certs, e);
        if (rc == 0)
                rc = is_signed(s, image, &certs, &is_ours, e);
        if (rc == 0 && !is_ours)
                rc = make(s, image, &der, e);
        if (rc < 0)
                return rc;
        buf_bytes(table, before);
        if (!is_ours)
                wincert_put(table, buf_span(&der));
        return table->failed < 0 || certs.n + !is_ours > SIGNERS_MAX
                               ? err_set(e, table->failed ?: -E2BIG,
                                                 "no room for one more signature")
                               : 0;
}

static int shorter(const UkiPart *p, Err *e) {
        return err_set(e, -EIO, "%s: became shorter while it was read", p->name);
}

/* A PE file as it is before it is signed. Owner: image_done(). */
typedef struct Image {
        Pe pe;
        Buf head;     /* all of the headers; without checksum and place of certificates */
        Buf before;   /* the certificates that are there */
        uint64_t end; /* of what is signed, before it is padded */
} Image;

static void image_done(Image *im) {
        buf_done(&im->head);
        buf_done(&im->before);
}

static void clear(Buf *head, size_t at, size_t size) {
        memset(head->data + at, 0, size);
}

static int read_head(const UkiPart *p, Image *im, Err *e) {
        size_t room = p->size < PE_HEAD_MAX ? (size_t) p->size : PE_HEAD_MAX, n = 0;
        uint8_t *bytes;
        int rc;

        im->head = BUF_UP_TO(PE_HEAD_MAX);
        bytes = buf_room(&im->head, room);
        if (im->head.failed < 0)
                return err_set(e, im->head.failed, "%s: no memory", p->name);
        rc = bytes ? uki_part_read(p, 0, bytes, room, &n, e) : 0;
        if (rc < 0)
                return rc;
        rc = pe_parse((Span){ bytes, n }, p->size, &im->pe, e);
        if (rc < 0) {
                err_at(e, p->name);
                return rc;
        }
        if (im->pe.size_of_headers > n)
                return err_set(e, -E2BIG, "%s: headers of %u bytes; %d are the most", p->name,
                                im->pe.size_of_headers, PE_HEAD_MAX);
        im->head.size = im->pe.size_of_headers;
        return 0;
}

static int read_certificates(const UkiPart *p, Image *im, Err *e) {
        const PeRange *c = &im->pe.directories[PE_DIRECTORY_CERTIFICATES];
        uint8_t *bytes;
        size_t n;
        int rc;

        im->before = BUF_UP_TO(PE_CERTIFICATES_MAX);
        im->end = p->size;
        if (c->size == 0)
                return 0;
        if (c->at < pe_raw_end(&im->pe) || (uint64_t) c->at + c->size != p->size)
                return err_set(e, -EBADMSG, "%s: its certificates do not stand at its end",
                                p->name);
        im->end = c->at;
        bytes = buf_room(&im->before, c->size);
        if (!bytes)
                return err_set(e, im->before.failed,
                                "%s: %u bytes of certificates; %d are the most", p->name, c->size,
                                PE_CERTIFICATES_MAX);
        rc = uki_part_read(p, c->at, bytes, c->size, &n, e);
        return rc == 0 && n < c->size ? shorter(p, e) : rc;
}

static int open_image(const UkiPart *p, Image *im, Err *e) {
        int rc;

        rc = read_head(p, im, e);
        if (rc == 0)
                rc = read_certificates(p, im, e);
        if (rc < 0)
                return rc;
        if (!pe_is_gapless(&im->pe))
                return err_set(e, -EBADMSG,
                                "%s: has bytes that belong to no section, so no signature covers "
                                "them",
                                p->name);
        if (im->pe.n_directories <= PE_DIRECTORY_CERTIFICATES)
                return err_set(e, -EBADMSG, "%s: its headers have no room for a signature's place",
                                p->name);
        clear(&im->head, pe_checksum_at(&im->pe), 4);
        clear(&im->head, pe_directory_at(&im->pe, PE_DIRECTORY_CERTIFICATES), 8);
        return 0;
}

/* Through the writer, which writes nothing. */
static int hash_image(const UkiPart *p, const Image *im, UkiWriter *w, Digest *ret, Err *e) {
        uint8_t chunk[CHUNK];
        int rc;

        rc = uki_writer_open(-1, p->name, buf_span(&im->head), &im->pe, w, e);
        while (rc == 0 && w->at < im->end) {
                size_t want = im->end - w->at < CHUNK ? (size_t) (im->end - w->at) : CHUNK, n;

                rc = uki_part_read(p, w->at, chunk, want, &n, e);
                if (rc == 0 && n < want)
                        rc = shorter(p, e);
                if (rc == 0)
                        rc = uki_writer_put(w, (Span){ chunk, n }, e);
                if (rc == 0)
                        rc = interrupt_check(e);
        }
        if (rc == 0)
                rc = uki_writer_zeros(w, (ALIGNMENT - w->at % ALIGNMENT) % ALIGNMENT, e);
        return rc < 0 ? rc : uki_writer_hash(w, ret, e);
}

int sign_pe_hash(const UkiPart *p, Digest *ret, Err *e) {
        _cleanup_(uki_writer_done) UkiWriter w = {};
        _cleanup_(image_done) Image im = {};
        int rc;

        rc = open_image(p, &im, e);
        if (rc == 0)
                rc = hash_image(p, &im, &w, ret, e);
        return rc;
}

static void put_u32le(Buf *b, size_t at, uint32_t v) {
        for (unsigned i = 0; i < 4; i++)
                b->data[at + i] = (uint8_t) (v >> 8 * i);
}

/* What changes of the part: its headers, and what stands behind it. */
static int change(UkiPart *p, Image *im, UkiWriter *w, Span table, Err *e) {
        size_t entry = pe_directory_at(&im->pe, PE_DIRECTORY_CERTIFICATES);
        Buf tail = BUF_UP_TO(PE_CERTIFICATES_MAX + ALIGNMENT);
        uint32_t checksum;
        int rc;

        put_u32le(&im->head, entry, (uint32_t) w->at);
        put_u32le(&im->head, entry + 4, (uint32_t) table.size);
        buf_zeros(&tail, w->at - im->end);
        buf_bytes(&tail, table);
        if (tail.failed < 0)
                return err_set(e, tail.failed, "%s: no memory for its signatures", p->name);
        rc = uki_writer_certificates(w, table, e);
        if (rc == 0)
                rc = uki_writer_end(w, &checksum, e);
        if (rc < 0) {
                buf_done(&tail);
                return rc;
        }
        put_u32le(&im->head, pe_checksum_at(&im->pe), checksum);
        p->head = im->head;
        p->tail = tail;
        p->size = w->at;
        im->head = (Buf){};
        return 0;
}

int sign_pe(UkiPart *p, const PeSigner *s, Digest *ret, Err *e) {
        _cleanup_(buf_done) Buf table = BUF_UP_TO(PE_CERTIFICATES_MAX);
        _cleanup_(uki_writer_done) UkiWriter w = {};
        _cleanup_(image_done) Image im = {};
        int rc;

        rc = open_image(p, &im, e);
        if (rc == 0)
                rc = hash_image(p, &im, &w, ret, e);
        if (rc == 0)
                rc = pe_signer_table(s, ret, buf_span(&im.before), &table, e);
        if (rc == 0)
                rc = change(p, &im, &w, buf_span(&table), e);
        return rc;
}
