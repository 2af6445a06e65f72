/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/systemdlog.h"

#include <errno.h>
#include <stdio.h>

#include "port/crypto.h"

enum { CUT_BEHIND = 1024 }; /* EXTENSION_STRING_SAFE_LIMIT of systemd's pcrextend.c */

SystemdWalk systemd_walk_log(Span log) {
        return (SystemdWalk){ .rest = log,
                .text = BUF_UP_TO(SYSTEMD_RECORD_MAX),
                .plain = BUF_UP_TO(SYSTEMD_RECORD_MAX) };
}

SystemdWalk systemd_walk_array(Json records) {
        SystemdWalk w = systemd_walk_log((Span){});

        w.array = records;
        w.next = json_first(records);
        return w;
}

void systemd_walk_done(SystemdWalk *w) {
        buf_done(&w->text);
        buf_done(&w->plain);
}

static int read_next(SystemdWalk *w, SystemdRecord *ret, Err *e) {
        Span line;
        int rc;

        if (json_type(w->next) != JSON_NONE) {
                rc = systemd_record_read(w->next, ret, e);
                w->next = json_next(w->array, w->next);
                return rc < 0 ? rc : 1;
        }
        rc = systemd_log_next(&w->rest, &line, e);
        if (rc <= 0)
                return rc == -ENODATA ? -EBADMSG : rc;
        rc = systemd_record_parse(line, w->tokens, ret, e);
        return rc < 0 ? rc : 1;
}

/* Whether each digest of the record is over these bytes, and one of them proves. */
static int is_over(const SystemdRecord *r, Span bytes, bool *ret, Err *e) {
        bool proves = false;

        *ret = false;
        for (size_t i = 0; i < r->n_digests; i++) {
                Digest d;
                int rc;

                rc = hash_bytes(r->digests[i].alg, bytes, &d, e);
                if (rc < 0)
                        return rc;
                if (!digest_equal(&d, &r->digests[i]))
                        return 0;
                proves = proves || hash_proves(d.alg);
        }
        *ret = proves;
        return 0;
}

/* The log has a text as it was measured, or as cescape() made it: the digest says which. */
static int prove(SystemdWalk *w, SystemdEntry *entry, Err *e) {
        Span text = buf_span(&w->text), plain = text;
        bool proven;
        int rc;

        if (text.size > 0 && memchr(text.data, '\\', text.size) &&
                        systemd_unescape(text, &w->plain))
                plain = buf_span(&w->plain);
        if (w->plain.failed < 0)
                return err_set(e, w->plain.failed, "no memory for a record");
        rc = is_over(&entry->record, plain, &proven, e);
        if (rc == 0 && !proven) {
                rc = is_over(&entry->record, text, &proven, e);
                plain = proven ? text : plain;
        }
        if (rc < 0)
                return rc;
        entry->measured = plain;
        entry->words = systemd_words(plain);
        entry->cut = !proven && plain.size == CUT_BEHIND + 3 &&
                     span_is((Span){ plain.data + CUT_BEHIND, 3 }, "...");
        if (proven)
                entry->proof = SYSTEMD_PROVEN;
        else if (entry->words.kind == SYSTEMD_VOLUME_KEY)
                entry->proof = SYSTEMD_KEYED;
        return 0;
}

int systemd_walk_next(SystemdWalk *w, SystemdEntry *ret, Err *e) {
        SystemdEntry entry = { .n = w->n };
        char at[64];
        int rc;

        rc = read_next(w, &entry.record, e);
        if (rc < 0) {
                (void) snprintf(at, sizeof(at), "record %zu", w->n);
                err_at(e, at);
        }
        if (rc <= 0)
                return rc;
        buf_done(&w->text);
        buf_done(&w->plain);
        if (w->unread)
                rc = 0;
        else if (json_text(entry.record.string, &w->text))
                rc = prove(w, &entry, e);
        else if (w->text.failed < 0)
                rc = err_set(e, w->text.failed, "no memory for a record");
        else
                rc = 0;
        if (rc < 0)
                return rc;
        w->n++;
        *ret = entry;
        return 1;
}

bool systemd_entry_extends(const SystemdEntry *entry) {
        return entry->record.source != SYSTEMD_SOURCE_FIRMWARE ||
               !json_is(entry->record.event_type, "EV_NO_ACTION");
}

int systemd_replay(SystemdWalk *w, Replay *r, size_t *ret_n, Err *e) {
        SystemdEntry entry;
        int rc;

        w->unread = true;
        while ((rc = systemd_walk_next(w, &entry, e)) > 0) {
                if (!systemd_entry_extends(&entry))
                        continue;
                rc = replay_extend(r, entry.record.reg, entry.record.digests,
                                entry.record.n_digests, e);
                if (rc < 0)
                        return rc;
        }
        *ret_n = w->n;
        return rc;
}
