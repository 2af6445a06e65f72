/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/report-ima.h"

#include "base/text.h"

enum { TOLD_MAX = 20, QUOTED_MAX = 400, WORDS_MAX = 4096 };

static void put_foreign(Span text, Buf *to) {
        _cleanup_(buf_done) Buf escaped = BUF_UP_TO(WORDS_MAX);

        text.size = text.size < WORDS_MAX / 4 ? text.size : WORDS_MAX / 4;
        text_escape(&escaped, text);
        buf_fail(to, escaped.failed);
        text_quote(to, buf_span(&escaped), QUOTED_MAX);
}

static void put_digest(const ImaEntry *entry, size_t max, Buf *to) {
        Span digest = entry->digest;

        if (hash_of_name(entry->alg) != HASH_NONE)
                buf_bytes(to, entry->alg);
        else
                put_foreign(entry->alg, to);
        buf_byte(to, ':');
        text_hex(to, (Span){ digest.data, digest.size < max ? digest.size : max });
        if (digest.size > max)
                buf_string(to, "...");
}

static const char *remark(const char *standing) {
        static const struct {
                const char *standing, *remark;
        } remarks[] = {
                { "nameless", " [that there was one is proven, the name is not]" },
                { "sha1", " [by SHA-1 alone, which proves nothing]" },
                { "after", " [not in the quoted register: measured afterwards, or by nobody]" },
                { "not covered", " [not proven: no proven register holds it]" },
        };

        for (size_t i = 0; i < ELEMENTS(remarks); i++)
                if (strcmp(standing, remarks[i].standing) == 0)
                        return remarks[i].remark;
        return "";
}

static void print_entry(const ImaEntry *entry, const char *standing, FILE *to) {
        _cleanup_(buf_done) Buf words = BUF_UP_TO(2 * WORDS_MAX);

        if (entry->known) {
                buf_bytes(&words, entry->template);
                buf_byte(&words, ' ');
                put_digest(entry, 8, &words);
                buf_byte(&words, ' ');
                put_foreign(entry->name, &words);
        } else {
                put_foreign(entry->template, &words);
                buf_string(&words, " (a template that this version does not know)");
        }
        fprintf(to, "%4zu  pcr:%-3u ", entry->number, entry->pcr);
        text_print(to, buf_span(&words));
        fprintf(to, "%s%s\n",
                        entry->violation
                                        ? " [VIOLATION: it was open for writing, and what it held is not known]"
                                        : "",
                        remark(standing));
}

void report_ima_people(const ImaStory *s, FILE *to) {
        ImaLog list = ima_over(s->log);
        ImaEntry entry;

        if (s->log.size == 0)
                return;
        fprintf(to, "\nWhat IMA measured, by the kernel's list (%s)\n",
                        s->covered ? "names and digests are what the kernel said then"
                                   : "NOT PROVEN: anybody may have written this");
        while (list.n_entries < TOLD_MAX && ima_next(&list, &entry, NULL) > 0)
                print_entry(&entry, ima_standing(s, &entry), to);
        if (s->n_entries > list.n_entries)
                fprintf(to, "     ... and %zu entries more (--json has them)\n",
                                s->n_entries - list.n_entries);
}

void report_ima_list(Span log, FILE *to) {
        ImaLog list = ima_over(log);
        ImaEntry entry;

        while (ima_next(&list, &entry, NULL) > 0)
                print_entry(&entry, "", to);
}

static void put_entry(const ImaEntry *entry, const char *standing, JsonWriter *w) {
        _cleanup_(buf_done) Buf digest = BUF_UP_TO(WORDS_MAX);

        json_put_object(w, NULL);
        json_put_integer(w, "entry", (int64_t) entry->number);
        json_put_integer(w, "pcr", entry->pcr);
        json_put_foreign(w, "template", entry->template);
        if (entry->known) {
                put_digest(entry, DIGEST_MAX, &digest);
                buf_fail(w->to, digest.failed);
                json_put_foreign(w, "digest", buf_span(&digest));
                json_put_foreign(w, "name", entry->name);
        }
        json_put_integer(w, "violation", entry->violation);
        if (standing)
                json_put_string(w, "standing", standing);
        json_put_end(w);
}

void report_ima_json(const ImaStory *s, bool judged, JsonWriter *w) {
        size_t room = w->to->size + (w->to->max - w->to->size) / 2;
        ImaLog list = ima_over(s->log);
        ImaEntry entry;

        json_put_integer(w, "count", (int64_t) s->n_entries);
        json_put_integer(w, "violations", (int64_t) s->n_violations);
        if (judged)
                json_put_integer(w, "proven", s->covered && !s->weak ? (int64_t) s->n_proven : 0);
        json_put_array(w, "entries");
        while (w->to->size < room && ima_next(&list, &entry, NULL) > 0)
                put_entry(&entry, judged ? ima_standing(s, &entry) : NULL, w);
        json_put_end(w);
}
