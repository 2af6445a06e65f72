/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/devices.h"

#include "base/text.h"
#include "verify/nvrecords.h"

static const NvRecords devices = { SYSTEMD_VERITY, "verity", CLAIM_VERITY, "a device" };

static void take_device(const SystemdEntry *entry, const Question *q, Buf *names, Verdict *v) {
        _cleanup_(buf_done) Buf device = BUF_UP_TO(256);
        const Release *r;
        uint8_t hash[32];

        if (!text_unhex(entry->words.value, hash, sizeof(hash)))
                return; /* it would not be a word of this kind */
        r = releases_by_root_hash(q->releases, hash);
        buf_string(names, names->size > 0 ? ", " : "");
        if (r) {
                buf_printf(names, "'%s' %s", r->name, r->version);
        } else if (boot_policy_names_root(&q->policy->boot, hash)) {
                buf_string(names, "one that policy names");
        } else {
                text_quote(&device, entry->words.name, 40);
                verdict_refute(v, CLAIM_VERITY,
                                "the device %s (root hash %.16s..., record %zu of systemd's log) is over no release that was handed over",
                                verdict_words(&device), (const char *) entry->words.value.data,
                                entry->n);
        }
}

int judge_devices(const SystemdStory *systemd, const Question *q, Verdict *v, Err *e) {
        _cleanup_(systemd_walk_done) SystemdWalk w = systemd_walk(systemd);
        _cleanup_(buf_done) Buf names = BUF_UP_TO(2 * REASON_MAX);
        SystemdEntry entry;
        unsigned n = 0;
        int rc;

        for (; (rc = nvrecords_next(&devices, systemd, &w, v, &entry, e)) > 0; n++)
                take_device(&entry, q, &names, v);
        if (rc < 0)
                return rc;
        if (n > 0)
                verdict_prove(v, CLAIM_VERITY, "%u devices, each over a known image: %s", n,
                                verdict_words(&names));
        else if (nvrecords_has_register(&devices, systemd))
                verdict_prove(v, CLAIM_VERITY,
                                "no device was set up: the NvPCR verity is as it was made");
        else
                verdict_leave(v, CLAIM_VERITY,
                                "no proven NvPCR tells of dm-verity devices (systemd has one from 260 on)");
        return 0;
}
