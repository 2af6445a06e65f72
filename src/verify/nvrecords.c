/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/nvrecords.h"

static bool is_of(const NvRecords *of, const SystemdStory *s, const SystemdEntry *entry) {
        return systemd_is_of_nvpcr(s, entry, of->label) || entry->words.kind == of->kind ||
               json_is(entry->record.event_type, systemd_kind_name(of->kind));
}

/* Why the words of a record do not count, for people. */
static const char *doubt(const SystemdStory *s, const SystemdEntry *entry) {
        if (!systemd_covers(s, entry))
                return "no proven NvPCR is over it";
        return entry->cut ? "systemd wrote down no more than its first 1024 bytes"
                          : "its words are not what was measured";
}

int nvrecords_next(const NvRecords *of, const SystemdStory *s, SystemdWalk *w, Verdict *v,
                SystemdEntry *ret, Err *e) {
        int rc;

        if (!(s->kinds >> of->kind & 1) && s->n_nv == 0)
                return 0;
        while ((rc = systemd_walk_next(w, ret, e)) > 0) {
                if (!is_of(of, s, ret))
                        continue;
                if (systemd_proven(s, ret) == of->kind)
                        return 1;
                verdict_refute(v, of->claim, "record %zu of systemd's log tells of %s, and %s",
                                ret->n, of->what, doubt(s, ret));
        }
        return rc;
}

bool nvrecords_has_register(const NvRecords *of, const SystemdStory *s) {
        for (size_t i = 0; i < s->n_nv; i++)
                if (!s->nv[i].fault && strcmp(s->nv[i].label, of->label) == 0)
                        return true;
        return false;
}
