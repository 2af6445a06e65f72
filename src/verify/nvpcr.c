/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/nvpcr.h"

#include <stdio.h>

#include "base/text.h"

/* What an "nvpcr-init" says of an index; the last one before the separator counts. */
static void introduce(NvPcr *nv, const SystemdWords *w) {
        uint8_t name[TPM_NAME_SHA256];

        if (!text_unhex(w->value, name, sizeof(name)) ||
                        memcmp(name, nv->name, sizeof(name)) != 0) {
                nv->fault = "PCR 9 has the Name of another index (nvpcr-init)";
                return;
        }
        nv->fault = NULL;
        (void) snprintf(nv->label, sizeof(nv->label), "%.*s", (int) w->name.size,
                        (const char *) w->name.data);
}

/* Goes through what systemd measured into PCR 9 until it closed that. */
static int find_names(SystemdStory *s, Err *e) {
        _cleanup_(systemd_walk_done) SystemdWalk w = systemd_walk(s);
        SystemdEntry entry;
        int rc;

        if (s->n_nv == 0)
                return 0;
        for (size_t i = 0; i < s->n_nv; i++)
                s->nv[i].fault =
                                "its Name is not in PCR 9 before nvpcr-separator, or PCR 9 is not proven";
        while ((rc = systemd_walk_next(&w, &entry, e)) > 0) {
                SystemdKind kind = systemd_proven(s, &entry);

                if (kind == SYSTEMD_NVPCR_SEPARATOR)
                        return 0;
                for (size_t i = 0; kind == SYSTEMD_NVPCR_INIT && i < s->n_nv; i++)
                        if (s->nv[i].index == entry.words.index)
                                introduce(&s->nv[i], &entry.words);
        }
        /* Without a separator, whoever comes later can still add names. */
        for (size_t i = 0; i < s->n_nv; i++)
                if (!s->nv[i].fault)
                        s->nv[i].fault =
                                        "nothing closed the list of Names in PCR 9 (nvpcr-separator)";
        return rc;
}

/* Anything that is not as systemd 262 makes it can be written by others than systemd. */
static const char *wrong_public(const NvPcr *nv, Span policy) {
        if ((nv->attributes & ~(uint32_t) NVPCR_ORDERLY) != NVPCR_ATTRIBUTES)
                return "its attributes are not those of an NvPCR";
        if (nv->size != NVPCR_SIZE || nv->value.size != NVPCR_SIZE)
                return "it does not hold 32 bytes";
        if (nv->policy.size != 32)
                return "no policy guards its first write";
        if (policy.size > 0 && !span_equal(policy, nv->policy))
                return "another policy guards its first write than NvPolicy= names";
        return NULL;
}

static bool is_replayed(const NvPcr *nv, const Replay *replay, const Digest *start) {
        const ReplayNv *told = replay_nv(replay, nv->index);

        return span_equal(nv->value, digest_span(told ? &told->value : start));
}

int judge_nvpcrs(const Replay *replay, Span policy, Verdict *v, SystemdStory *s, Err *e) {
        Digest start;
        int rc;

        rc = replay_nvpcr_start(&start, e);
        if (rc == 0)
                rc = find_names(s, e);
        if (rc < 0)
                return rc;
        for (size_t i = 0; i < s->n_nv; i++) {
                NvPcr *nv = &s->nv[i];
                const char *wrong = wrong_public(nv, policy);

                nv->told = replay_nv(replay, nv->index);
                if (wrong)
                        nv->fault = wrong;
                if (is_replayed(nv, replay, &start))
                        continue;
                nv->fault = "the log does not replay to its value";
                verdict_refute(v, CLAIM_REGISTERS,
                                "the log does not replay to the certified NvPCR %s%s0x%08x: records are missing, added or changed",
                                nv->label, nv->label[0] != '\0' ? " " : "", nv->index);
        }
        return 0;
}
