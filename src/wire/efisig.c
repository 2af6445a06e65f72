/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/efisig.h"

#include <errno.h>

#include "wire/efievent.h"

enum { LIST_HEAD_SIZE = 16 + 4 + 4 + 4 };

static const struct {
        EfiSignatureKind kind;
        const char *type;
        size_t data_size; /* 0: any */
} kinds[] = {
        { EFI_SIGNATURE_X509, "a5c059a1-94e4-4aa7-87b5-ab155c2bf072", 0 },
        { EFI_SIGNATURE_SHA256, "c1c41626-504c-4092-aca9-41f936934328", 32 },
        { EFI_SIGNATURE_X509_SHA256, "3bd2a492-96c0-4079-b420-fcf98ef103ed", 32 + 16 },
        { EFI_SIGNATURE_X509_SHA384, "7076876e-80c2-4ee6-aad2-28b349a6865b", 48 + 16 },
        { EFI_SIGNATURE_X509_SHA512, "446dbf63-2502-4cda-bcfa-2465d2b0fe9d", 64 + 16 },
};

EfiSignatures efi_signatures_over(Span variable) {
        return (EfiSignatures){ .lists = cursor_over(variable), .entries = cursor_over((Span){}) };
}

/* Opens the next list. */
static void open_list(EfiSignatures *it) {
        Cursor *c = &it->lists;
        size_t at = c->at;
        uint32_t list_size, head_size, entry_size;
        Span body;

        it->type = cursor_bytes(c, EFI_GUID_SIZE);
        list_size = cursor_u32le(c);
        head_size = cursor_u32le(c);
        entry_size = cursor_u32le(c);
        if (list_size < LIST_HEAD_SIZE || head_size > list_size - LIST_HEAD_SIZE)
                cursor_reject_at(c, at, "a list that is shorter than its head");
        (void) cursor_bytes(c, head_size);
        body = cursor_bytes(c, list_size - LIST_HEAD_SIZE - head_size);
        if (entry_size <= EFI_GUID_SIZE || body.size % (entry_size ?: 1) != 0)
                cursor_reject_at(c, at, "a list that does not end with an entry");
        it->entries = cursor_over(body);
        it->entry_size = entry_size;
}

static EfiSignatureKind kind_of(const EfiSignature *s) {
        for (size_t i = 0; i < ELEMENTS(kinds); i++)
                if (efi_guid_is(s->type, kinds[i].type) &&
                                (kinds[i].data_size == 0 || kinds[i].data_size == s->data.size))
                        return kinds[i].kind;
        return EFI_SIGNATURE_OTHER;
}

int efi_signature_next(EfiSignatures *it, EfiSignature *ret, Err *e) {
        EfiSignature s;
        int rc;

        while (!cursor_failed(&it->lists) && cursor_left(&it->entries) == 0) {
                if (cursor_left(&it->lists) == 0)
                        return 0;
                open_list(it);
        }
        if (it->n == FIRMWARE_SIGNATURES_MAX)
                cursor_reject(&it->lists, "more signatures than are taken");
        if (cursor_failed(&it->lists)) {
                rc = cursor_end(&it->lists, "signature database", e);
                return rc;
        }
        s.type = it->type;
        s.owner = cursor_bytes(&it->entries, EFI_GUID_SIZE);
        s.data = cursor_bytes(&it->entries, it->entry_size - EFI_GUID_SIZE);
        s.kind = kind_of(&s);
        it->n++;

        *ret = s;
        return 1;
}
