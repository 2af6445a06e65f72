/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/securevars.h"

#include <errno.h>

#include "layer/admission.h"
#include "wire/efisig.h"

enum {
        PCR_SECURE_BOOT = 7,
        EFIVARFS_ATTRIBUTES = 0x7f, /* those that there are (UEFI, 8.2.1) */
        AUTH_TIME = 16,             /* EFI_TIME, before a WIN_CERTIFICATE_UEFI_GUID (UEFI, 8.2.2) */
        AUTH_HEAD = AUTH_TIME + 8,
        AUTH_REVISION_AND_TYPE = 0x0ef10200,
        VARIABLE_MAX = 2 * 1024 * 1024,
};

#define GLOBAL_GUID SPAN_LITERAL("\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c")
#define SECURITY_GUID                                                                              \
        SPAN_LITERAL("\xcb\xb2\x19\xd7\x3a\x3d\x96\x45\xa3\xbc\xda\xd0\x0e\x67\x65\x6f")

static bool is_database(Span s) {
        EfiSignatures it = efi_signatures_over(s);
        EfiSignature entry;
        int rc;

        while ((rc = efi_signature_next(&it, &entry, NULL)) > 0)
                ;
        return rc == 0;
}

/* What follows the attributes of a variable. */
static bool skip_attributes(Span file, Span *ret) {
        Cursor c = cursor_over(file);
        uint32_t attributes = cursor_u32le(&c);

        if (cursor_failed(&c) || attributes == 0 || attributes > EFIVARFS_ATTRIBUTES)
                return false;
        *ret = cursor_rest(&c);
        return true;
}

/* What follows the signature of a file that enrolls. */
static bool skip_signature(Span file, Span *ret) {
        Cursor c = cursor_over(file);
        uint32_t length;

        (void) cursor_bytes(&c, AUTH_TIME);
        length = cursor_u32le(&c);
        if (cursor_u32le(&c) != AUTH_REVISION_AND_TYPE || length < AUTH_HEAD - AUTH_TIME)
                return false;
        (void) cursor_bytes(&c, length - (AUTH_HEAD - AUTH_TIME));
        if (cursor_failed(&c))
                return false;
        *ret = cursor_rest(&c);
        return true;
}

int secure_vars_database(Span file, Span *ret, Err *e) {
        Span inner;

        if (is_database(file))
                *ret = file;
        else if (skip_signature(file, &inner) && is_database(inner))
                *ret = inner;
        else if (skip_attributes(file, &inner) && is_database(inner))
                *ret = inner;
        else
                return err_set(e, -EBADMSG,
                                "not a signature database of EFI (an ESL, a file .auth, or one of "
                                "efivarfs)");
        return 0;
}

/* UEFI_VARIABLE_DATA: GUID, two lengths, the name in UTF-16LE without NUL, the data. */
static int add_variable(
                Span guid, const char *name, Span data, StepPart part, Course *course, Err *e) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(VARIABLE_MAX);
        Span bytes;

        buf_bytes(&b, guid);
        buf_le(&b, strlen(name), 8);
        buf_le(&b, data.size, 8);
        for (const char *p = name; *p; p++)
                buf_le(&b, (uint8_t) *p, 2);
        buf_bytes(&b, data);
        if (buf_end(&b, &bytes) < 0)
                return err_set(e, -EBADMSG, "variable %s: too long", name);
        return course_add_bytes(course, part, PCR_SECURE_BOOT, bytes, e);
}

int secure_vars_foretell(const SecureVars *v, Course *course, Err *e) {
        const struct {
                Span guid;
                const char *name;
                Span data;
        } variables[] = {
                { GLOBAL_GUID, "SecureBoot", SPAN_LITERAL("\x01") },
                { GLOBAL_GUID, "PK", v->pk },
                { GLOBAL_GUID, "KEK", v->kek },
                { SECURITY_GUID, "db", v->db },
                { SECURITY_GUID, "dbx", v->dbx },
        };
        int rc = 0;

        for (size_t i = 0; rc == 0 && i < ELEMENTS(variables); i++)
                rc = add_variable(variables[i].guid, variables[i].name, variables[i].data,
                                STEP_VARIABLES, course, e);
        return rc < 0 ? rc
                      : course_add_bytes(course, STEP_FIRMWARE, PCR_SECURE_BOOT,
                                        SPAN_LITERAL("\0\0\0\0"), e);
}

int secure_vars_admit(SecureVars *v, const Uki *program, const Digest *authenticode, Course *course,
                Err *e) {
        Span entry = {};
        int rc = admission_judge(v->db, v->dbx, program, authenticode, &entry, e);

        if (rc < 0)
                return rc;
        for (size_t i = 0; i < v->n_admitted; i++)
                if (span_equal(v->admitted[i], entry))
                        return 0;
        v->admitted[v->n_admitted++] = entry;
        return add_variable(SECURITY_GUID, "db", entry, STEP_AUTHORITY, course, e);
}
