/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "log/receipt.h"
#include "log/signed.h"

/* In a file of its own: who makes receipts, and does not judge them, is not linked with what checks
 * signatures. */

static int no(Err *why, const char *text) {
        (void) err_set(why, -EBADMSG, "%s", text);
        return 0;
}

int receipt_judge(const HistoryLine *l, const TpmPublic *ak, Err *why, Err *e) {
        TpmSignature s;
        bool holds;
        int rc;

        rc = receipt_says(l->attest, l->content.bytes, l->value, why, e);
        if (rc <= 0)
                return rc;
        if (tpm_signature_parse(l->signature, &s, why) < 0)
                return 0;
        rc = signed_by(ak, l->attest, &s, &holds, e);
        if (rc < 0)
                return rc;
        return holds ? 1 : no(why, "its receipt is not signed with the attestation key");
}
