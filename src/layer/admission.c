/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/admission.h"

#include <errno.h>

#include "base/file.h"
#include "port/authenticode.h"
#include "port/chain.h"
#include "port/crypto.h"
#include "wire/efisig.h"
#include "wire/wincert.h"

/* What is asked, and the program's signatures that hold, in their order. */
typedef struct Question {
        Span db, dbx;
        const Digest *authenticode;
        Buf table;
        Span signatures[SIGNERS_MAX]; /* in table */
        size_t n;
        bool revoked; /* a certificate in db would let it in, if dbx had not that one's hash */
} Question;

static void question_done(Question *q) {
        buf_done(&q->table);
}

static int find_signatures(const Uki *u, Question *q, Err *e) {
        const PeRange *at = &u->pe.directories[PE_DIRECTORY_CERTIFICATES];
        uint8_t *bytes = at->size > 0 ? buf_room(&q->table, at->size) : NULL;
        WinCerts certs;
        int rc = 0;

        if (at->size == 0)
                return 0;
        if (!bytes)
                return err_set(e, -EBADMSG, "%s: %u bytes of certificates; %zu are the most",
                                u->path, at->size, q->table.max);
        rc = file_read_at(u->fd, u->path, at->at, bytes, at->size, e);
        if (rc == 0)
                rc = wincerts_parse(buf_span(&q->table), &certs, e);
        for (size_t i = 0; rc == 0 && i < certs.n; i++) {
                Authenticode a;

                if (certs.list[i].type != WINCERT_PKCS7)
                        continue;
                rc = authenticode_judge(certs.list[i].bytes, q->authenticode, &a, e);
                if (rc == 0 && a.holds)
                        q->signatures[q->n++] = certs.list[i].bytes;
        }
        return rc;
}

/* The first entry of that kind whose data begin with these bytes: 1, or 0. */
static int find_hash(Span database, EfiSignatureKind kind, const Digest *hash, EfiSignature *ret,
                Err *e) {
        EfiSignatures it = efi_signatures_over(database);
        int rc;

        while ((rc = efi_signature_next(&it, ret, e)) > 0)
                if (ret->kind == kind && span_starts(ret->data, digest_span(hash)))
                        return 1;
        return rc;
}

/* The first certificate that a signature leads to. */
static int find_certificate(Span database, Span signature, EfiSignature *ret, Err *e) {
        EfiSignatures it = efi_signatures_over(database);
        int rc;

        while ((rc = efi_signature_next(&it, ret, e)) > 0) {
                bool found = false;

                if (ret->kind == EFI_SIGNATURE_X509)
                        rc = chain_admits(signature, ret->data, &found, e);
                if (rc < 0 || found)
                        return rc < 0 ? rc : 1;
        }
        return rc;
}

/* Whether dbx has the hash of a certificate's signed part. */
static int is_revoked_by_hash(Span dbx, Span certificate, Err *e) {
        static const struct {
                EfiSignatureKind kind;
                HashAlg alg;
        } kinds[] = {
                { EFI_SIGNATURE_X509_SHA256, HASH_SHA256 },
                { EFI_SIGNATURE_X509_SHA384, HASH_SHA384 },
                { EFI_SIGNATURE_X509_SHA512, HASH_SHA512 },
        };
        Span body = certificate_signed_part(certificate);
        int found = 0;

        for (size_t i = 0; found == 0 && body.size > 0 && i < ELEMENTS(kinds); i++) {
                EfiSignature entry;
                Digest hash;

                found = hash_bytes(kinds[i].alg, body, &hash, e);
                if (found == 0)
                        found = find_hash(dbx, kinds[i].kind, &hash, &entry, e);
        }
        return found;
}

/* IsForbiddenByDbx() */
static int is_signer_kept_out(Span dbx, Span signature, Err *e) {
        _cleanup_(buf_done) Buf signer = BUF_UP_TO(CERTIFICATE_DER_MAX);
        EfiSignature entry;
        int found = find_certificate(dbx, signature, &entry, e);

        if (found == 0)
                found = chain_signer(signature, &signer, e);
        return found != 0 ? found : is_revoked_by_hash(dbx, buf_span(&signer), e);
}

static int check_kept_out(const Question *q, const char *path, Err *e) {
        EfiSignature entry;
        int found = find_hash(q->dbx, EFI_SIGNATURE_SHA256, q->authenticode, &entry, e);

        if (found > 0)
                return err_set(e, -EACCES, "%s: dbx has its hash, so firmware does not start it",
                                path);
        for (size_t i = 0; found == 0 && i < q->n; i++)
                found = is_signer_kept_out(q->dbx, q->signatures[i], e);
        return found <= 0 ? found
                          : err_set(e, -EACCES,
                                            "%s: dbx has the certificate that signed it, or one "
                                            "that issued that, so firmware does not start it",
                                            path);
}

/* IsAllowedByDb(): who is revoked lets nobody in, and whom else it might be is not asked. */
static int find_issuer(Question *q, Span signature, EfiSignature *ret, Err *e) {
        int found = find_certificate(q->db, signature, ret, e);
        int revoked = found > 0 ? is_revoked_by_hash(q->dbx, ret->data, e) : 0;

        q->revoked = q->revoked || revoked > 0;
        return revoked < 0 ? revoked : found - revoked;
}

/* DxeImageVerificationHandler(): one signature after the other, and behind the first the hash. */
static int find_authority(Question *q, EfiSignature *ret, Err *e) {
        int found = 0;

        for (size_t i = 0; found == 0 && i < (q->n > 0 ? q->n : 1); i++) {
                if (i < q->n)
                        found = find_issuer(q, q->signatures[i], ret, e);
                if (found == 0 && i == 0)
                        found = find_hash(q->db, EFI_SIGNATURE_SHA256, q->authenticode, ret, e);
        }
        return found;
}

int admission_judge(Span db, Span dbx, const Uki *program, const Digest *authenticode,
                Span *ret_entry, Err *e) {
        _cleanup_(question_done) Question q = { .db = db,
                .dbx = dbx,
                .authenticode = authenticode,
                .table = BUF_UP_TO(PE_CERTIFICATES_MAX) };
        EfiSignature entry;
        int rc, found;

        rc = find_signatures(program, &q, e);
        if (rc == 0)
                rc = check_kept_out(&q, program->path, e);
        if (rc < 0)
                return rc;
        found = find_authority(&q, &entry, e);
        if (found < 0)
                return found;
        if (found == 0 && q.revoked)
                return err_set(e, -EACCES,
                                "%s: dbx has the hash of the certificate in db that would let it "
                                "in, so firmware does not start it",
                                program->path);
        if (found == 0)
                return err_set(e, -EACCES,
                                "%s: db has neither its hash nor a certificate that signed it, or "
                                "issued that one, so PCR 7 cannot be foretold",
                                program->path);
        *ret_entry = (Span){ entry.owner.data, entry.owner.size + entry.data.size };
        return 0;
}
