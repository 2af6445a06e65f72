/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "port/tpm-tss2-inside.h"

/* PCRs: banks, values, extending. */

enum { READ_ATTEMPTS = 10 }; /* of reading PCRs that are extended meanwhile */

TPML_PCR_SELECTION tss2_selection(const PcrSelection *s) {
        TPML_PCR_SELECTION list = { .count = (UINT32) s->n_banks };

        for (size_t i = 0; i < s->n_banks; i++) {
                TPMS_PCR_SELECTION *bank = &list.pcrSelections[i];

                bank->hash = s->banks[i].alg;
                bank->sizeofSelect = PCR_COUNT / 8;
                for (unsigned k = 0; k < PCR_COUNT / 8; k++)
                        bank->pcrSelect[k] = (BYTE) (s->banks[i].mask >> (8 * k));
        }
        return list;
}

static uint32_t mask_of(const TPMS_PCR_SELECTION *bank) {
        uint32_t mask = 0;

        for (unsigned k = 0; k < PCR_COUNT / 8 && k < bank->sizeofSelect; k++)
                mask |= (uint32_t) bank->pcrSelect[k] << (8 * k);
        return mask;
}

int tss2_banks(Tpm *tpm, PcrSelection *ret, Err *e) {
        TPMS_CAPABILITY_DATA data = {};
        const TPML_PCR_SELECTION *list;
        Tss2 *t = tss2_of(tpm);
        PcrSelection s = {};
        TPMI_YES_NO more;
        int rc;

        rc = ASK(t, "asking for its PCR banks", e,
                        Tss2_Sys_GetCapability(
                                        t->sys, NULL, TPM2_CAP_PCRS, 0, 1, &more, &data, NULL));
        if (rc < 0)
                return rc;

        list = &data.data.assignedPCR;
        for (UINT32 i = 0; i < list->count; i++) {
                PcrBank bank = { list->pcrSelections[i].hash, mask_of(&list->pcrSelections[i]) };

                if (bank.mask == 0)
                        continue;
                if (s.n_banks == PCR_BANKS_MAX)
                        return err_set(e, -E2BIG, "TPM %s: more than %d PCR banks are active",
                                        t->name, PCR_BANKS_MAX);
                s.banks[s.n_banks++] = bank;
        }
        *ret = s;
        return 0;
}

/* What of a selection the values do not hold yet. */
static PcrSelection missing(const PcrSelection *which, const PcrValues *v) {
        PcrSelection s = {};

        for (size_t i = 0; i < which->n_banks; i++) {
                uint32_t mask = which->banks[i].mask & ~v->held.banks[i].mask;

                if (mask != 0)
                        s.banks[s.n_banks++] = (PcrBank){ which->banks[i].alg, mask };
        }
        return s;
}

/* Takes over the values of one answer: only what was asked for, each as long as its hash, no more
 * and no fewer than the answer's selection says. */
static bool take_values(const PcrSelection *asked, const TPML_PCR_SELECTION *got,
                const TPML_DIGEST *values, PcrValues *into) {
        const TPM2B_DIGEST *next = values->digests, *end = next + values->count;

        for (UINT32 i = 0; i < got->count; i++) {
                uint16_t alg = got->pcrSelections[i].hash;
                uint32_t mask = mask_of(&got->pcrSelections[i]);

                for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
                        Digest d;

                        if (!(mask >> pcr & 1))
                                continue;
                        if (!pcr_selected(asked, alg, pcr) || next == end)
                                return false;
                        if (!digest_from((HashAlg) alg, (Span){ next->buffer, next->size }, &d))
                                return false;
                        if (!pcr_set(into, pcr, &d))
                                return false;
                        next++;
                }
        }
        return next == end;
}

/* One TPM2_PCR_Read: as many values as the TPM puts into one answer (8). */
static int read_some(Tss2 *t, const PcrSelection *asked, PcrValues *into, uint32_t *ret_updates,
                Err *e) {
        TPML_PCR_SELECTION got = {};
        TPML_DIGEST values = {};
        TPML_PCR_SELECTION list = tss2_selection(asked);
        int rc;

        rc = ASK(t, "reading PCRs", e,
                        Tss2_Sys_PCR_Read(t->sys, NULL, &list, ret_updates, &got, &values, NULL));
        if (rc < 0)
                return rc;
        if (values.count == 0)
                return err_set(e, -ENOENT,
                                "TPM %s: bank %s is not active: choose with --pcrs=", t->name,
                                hash_name(asked->banks[0].alg));
        if (!take_values(asked, &got, &values, into))
                return err_set(e, -EBADMSG, "TPM %s: other PCRs came than were asked for", t->name);
        return 0;
}

/* 1 where all values were read and nothing was extended meanwhile; 0 where something was. */
static int read_all(Tss2 *t, const PcrSelection *which, PcrValues *ret, Err *e) {
        PcrValues v = { .held = *which };
        uint32_t first = 0, updates = 0;
        bool begun = false;
        PcrSelection left;
        int rc;

        for (size_t i = 0; i < which->n_banks; i++)
                v.held.banks[i].mask = 0;
        for (left = missing(which, &v); left.n_banks > 0; left = missing(which, &v)) {
                rc = read_some(t, &left, &v, &updates, e);
                if (rc < 0)
                        return rc;
                if (begun && updates != first)
                        return 0;
                first = updates;
                begun = true;
        }
        *ret = v;
        return 1;
}

int tss2_read(Tpm *tpm, const PcrSelection *which, PcrValues *ret, Err *e) {
        Tss2 *t = tss2_of(tpm);
        int rc;

        for (size_t i = 0; i < which->n_banks; i++)
                if (hash_size(which->banks[i].alg) == 0)
                        return err_set(e, -EINVAL, "PCR bank 0x%04x: not a hash that we know",
                                        which->banks[i].alg);
        for (unsigned n = 0; n < READ_ATTEMPTS; n++) {
                rc = read_all(t, which, ret, e);
                if (rc != 0)
                        return rc < 0 ? rc : 0;
        }
        return err_set(e, -EAGAIN,
                        "TPM %s: PCRs were extended each of the %d times that they were read: try again",
                        t->name, READ_ATTEMPTS);
}

int tss2_extend(Tpm *tpm, unsigned pcr, const Digest *digests, size_t n, Err *e) {
        TPML_DIGEST_VALUES list = { .count = (UINT32) n };
        Tss2 *t = tss2_of(tpm);
        char what[32];

        assert(pcr < PCR_COUNT && n > 0 && n <= PCR_BANKS_MAX);
        for (size_t i = 0; i < n; i++) {
                assert(digests[i].size > 0 && digests[i].size == hash_size(digests[i].alg));
                for (size_t k = 0; k < i; k++)
                        assert(digests[k].alg != digests[i].alg);
                list.digests[i].hashAlg = (TPM2_ALG_ID) digests[i].alg;
                memcpy(&list.digests[i].digest, digests[i].bytes, digests[i].size);
        }
        (void) snprintf(what, sizeof(what), "extending PCR %u", pcr);
        return ASK(t, what, e, Tss2_Sys_PCR_Extend(t->sys, pcr, &tss2_password, &list, NULL));
}
