/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/check.h"
#include "wire/efisig.h"

/* Entries lie within the input, one behind the other, and those of one list have one size. What
 * fails says why, and fails again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        EfiSignatures it = efi_signatures_over((Span){ data, size });
        const uint8_t *last = data;
        EfiSignature s;
        Err e = {};
        int rc;

        while ((rc = efi_signature_next(&it, &s, &e)) > 0) {
                check(s.type.size == 16 && s.owner.size == 16 && s.data.size > 0);
                check(s.type.data >= data && s.owner.data >= last);
                check(s.data.data == s.owner.data + 16);
                last = s.data.data + s.data.size;
                check(last <= data + size);
                check(s.kind != EFI_SIGNATURE_SHA256 || s.data.size == 32);
        }
        check((rc < 0) == (e.code < 0));
        check(efi_signature_next(&it, &s, NULL) == rc);
        return 0;
}
