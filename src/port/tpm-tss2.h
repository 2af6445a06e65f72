/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "port/tpm.h"

/* A real TPM, through tpm2-tss (its system API and TCTIs, never FAPI).
 *
 * A TPM that answers "not now" (busy testing itself, short of memory, sparing its flash) is asked
 * again for a bounded time, with growing waits: such an answer says that nothing was done. An
 * answer that gets lost is an error at once; the next call connects anew, so that the caller can
 * look what was done. One that does not come is waited for as long (-ETIMEDOUT), and then nothing
 * is asked of that TPM for as long again: what hangs, hangs whoever waits once. Making an RSA key,
 * which takes a chip long, is waited for six times as long. What libtss2 would print itself is
 * switched off by $TSS2_LOG unless that is set. */

/* tcti: as tpm2-tools has it ("device:/dev/tpmrm0", "swtpm:path=/run/tpm.sock"); NULL for
 * "device:/dev/tpmrm0". No TPM command is sent here. patience: milliseconds for one command to a
 * busy TPM; fewer than TPM_PATIENCE where somebody waits. */
enum { TPM_PATIENCE = 10000 };
int tpm_open_within(const char *tcti, unsigned patience, Tpm **ret, Err *e) _must_check_;

static inline int tpm_open(const char *tcti, Tpm **ret, Err *e) {
        return tpm_open_within(tcti, TPM_PATIENCE, ret, e);
}

/* "unique" of the attestation key's template: SHA-256 of "avouch-ak/v1" (avouch-evidence(5)). */
#define TPM_AK_UNIQUE                                                                              \
        "\x89\x1d\x49\xe4\x18\x33\xcd\xc0\xe3\xa0\x82\x48\xe8\x14\xc2\x64"                         \
        "\x29\x92\x6c\x4a\xcd\xb3\xe5\xc0\xb4\xf3\x29\x1c\x4d\x58\x79\xc2"
