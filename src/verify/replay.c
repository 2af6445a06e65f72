/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/replay.h"

#include <errno.h>

#include "port/crypto.h"

Replay replay_begin(const PcrSelection *held) {
        Replay r = { .pcrs.held = *held };

        for (size_t b = 0; b < held->n_banks; b++) {
                r.pcrs.held.banks[b].mask = (UINT32_C(1) << PCR_COUNT) - 1;
                for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
                        Digest *d = &r.pcrs.digests[b][pcr];

                        *d = digest_zero((HashAlg) held->banks[b].alg);
                        if (!pcr_at_reset(pcr, d)) /* the registers of a dynamic launch */
                                memset(d->bytes, 0xff, d->size);
                }
        }
        return r;
}

int replay_nvpcr_start(Digest *ret, Err *e) {
        *ret = digest_zero(HASH_SHA256);
        return hash_extend(ret, &(Digest){ .alg = HASH_SHA256, .size = 32 }, e);
}

const ReplayNv *replay_nv(const Replay *r, uint32_t index) {
        for (size_t i = 0; i < r->n_nv; i++)
                if (r->nv[i].index == index)
                        return &r->nv[i];
        return NULL;
}

static int nv_place(Replay *r, uint32_t index, ReplayNv **ret, Err *e) {
        ReplayNv nv = { .index = index };
        int rc;

        for (size_t i = 0; i < r->n_nv; i++)
                if (r->nv[i].index == index) {
                        *ret = &r->nv[i];
                        return 0;
                }
        if (r->n_nv == NVPCRS_MAX)
                return err_set(e, -EBADMSG, "records of more than %d NV indices", NVPCRS_MAX);
        rc = replay_nvpcr_start(&nv.value, e);
        if (rc < 0)
                return rc;
        r->nv[r->n_nv] = nv;
        *ret = &r->nv[r->n_nv++];
        return 0;
}

static int extend_nv(Replay *r, uint32_t index, const Digest *digests, size_t n, Err *e) {
        for (size_t i = 0; i < n; i++) {
                ReplayNv *nv = NULL;
                int rc;

                if (digests[i].alg != HASH_SHA256)
                        continue;
                rc = nv_place(r, index, &nv, e);
                if (rc < 0)
                        return rc;
                nv->n++;
                return hash_extend(&nv->value, &digests[i], e);
        }
        return 0;
}

int replay_extend(Replay *r, Register reg, const Digest *digests, size_t n, Err *e) {
        if (reg.kind == REGISTER_NV)
                return extend_nv(r, reg.index, digests, n, e);
        r->told |= UINT32_C(1) << reg.index;
        for (size_t i = 0; i < n; i++)
                for (size_t b = 0; b < r->pcrs.held.n_banks; b++) {
                        Digest *value = &r->pcrs.digests[b][reg.index];
                        int rc;

                        if (value->alg != digests[i].alg)
                                continue;
                        rc = hash_extend(value, &digests[i], e);
                        if (rc < 0)
                                return rc;
                }
        return 0;
}

ReplayResult replay_compare(const Replay *r, const PcrValues *held, unsigned pcr) {
        ReplayResult result = REPLAY_NOT_HELD;

        for (size_t b = 0; b < held->held.n_banks; b++) {
                uint16_t alg = held->held.banks[b].alg;
                const Digest *value = pcr_value(held, alg, pcr), *told;

                if (!value)
                        continue;
                told = pcr_value(&r->pcrs, alg, pcr);
                if (!told || !digest_equal(value, told))
                        return REPLAY_DIFFERS;
                if (hash_proves(alg))
                        result = REPLAY_EQUAL;
        }
        return result;
}
