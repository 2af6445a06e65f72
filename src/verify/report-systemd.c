/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/report-systemd.h"

#include <inttypes.h>

#include "base/text.h"
#include "verify/evidence.h"

/* Text that systemd was given by others: no more of it than a line has room for. */
static void quote(const char *before, Span text, Buf *to) {
        buf_string(to, before);
        text_quote(to, text, 200);
}

static void plain(const char *before, Span text, size_t max, Buf *to) {
        buf_string(to, before);
        buf_bytes(to, (Span){ text.data, text.size < max ? text.size : max });
        if (text.size > max)
                buf_string(to, "...");
}

static void say_keyslot(const SystemdWords *w, Buf *to) {
        quote("volume ", w->name, to);
        if (w->method.size > 0)
                quote(" unlocked by ", w->method, to);
        else
                buf_string(to, " unlocked by passphrase, recovery key or key file");
        if (w->slot.size > 0)
                plain(", slot ", w->slot, 10, to);
}

static void say_verity(const SystemdWords *w, const Question *q, Buf *to) {
        uint8_t root_hash[32];
        const Release *r = NULL;

        quote("dm-verity device ", w->name, to);
        plain(", root hash ", w->value, 16, to);
        if (q && text_unhex(w->value, root_hash, sizeof(root_hash)))
                r = releases_by_root_hash(q->releases, root_hash);
        if (r) {
                quote(", release ", span_of(r->name), to);
                quote(" version ", span_of(r->version), to);
        }
        if (w->signers.size > 0)
                buf_string(to, ", names a signer (whose signature may not have been checked)");
}

static void say_init(const SystemdWords *w, Buf *to) {
        quote("NvPCR ", w->name, to);
        buf_printf(to, " is NV index 0x%08x", w->index);
        plain(", Name ", w->value, 20, to);
}

void report_systemd_entry(const SystemdEntry *entry, const Question *q, Buf *to) {
        const SystemdWords *w = &entry->words;

        switch (w->kind) {
        case SYSTEMD_PHASE:
                plain("", w->value, 64, to);
                break;
        case SYSTEMD_MACHINE_ID:
        case SYSTEMD_PRODUCT_ID:
                plain("", w->value, 64, to);
                break;
        case SYSTEMD_FILE_SYSTEM:
                quote("file system at ", w->name, to);
                quote(": ", w->value, to);
                break;
        case SYSTEMD_VOLUME_KEY:
                quote("key of volume ", w->name, to);
                quote(", LUKS ", w->value, to);
                break;
        case SYSTEMD_IMDS:
                quote("the cloud's user data: ", w->value, to);
                break;
        case SYSTEMD_OS_SEPARATOR:
                buf_printf(to, "what firmware measured into PCR %u ends here",
                                entry->record.reg.index);
                break;
        case SYSTEMD_NVPCR_INIT:
                say_init(w, to);
                break;
        case SYSTEMD_NVPCR_SEPARATOR:
                buf_string(to, "no NvPCR is introduced behind this");
                break;
        case SYSTEMD_KEYSLOT:
                say_keyslot(w, to);
                break;
        case SYSTEMD_VERITY:
                say_verity(w, q, to);
                break;
        case SYSTEMD_LOGIN:
                quote("first login of user ", w->name, to);
                break;
        default:
                quote("", entry->measured, to);
                break;
        }
}

const char *report_systemd_standing(const SystemdStory *s, const SystemdEntry *entry) {
        if (s && !systemd_covers(s, entry))
                return "not covered";
        if (entry->proof == SYSTEMD_KEYED)
                return "keyed";
        if (entry->proof == SYSTEMD_UNPROVEN)
                return "unproven";
        if (!s)
                return "matching";
        return systemd_proven(s, entry) == entry->words.kind ? "proven" : "elsewhere";
}

/* What a reader has to hold of a line that is not plainly proven. */
static const char *remark(const char *standing, const SystemdEntry *entry) {
        static const struct {
                const char *standing, *remark;
        } remarks[] = {
                { "not covered", " [not proven: no proven register holds it]" },
                { "keyed", " [an HMAC with that key: whether the words are true cannot be seen]" },
                { "elsewhere", " [measured, but not where systemd measures such]" },
        };

        for (size_t i = 0; i < ELEMENTS(remarks); i++)
                if (strcmp(standing, remarks[i].standing) == 0)
                        return remarks[i].remark;
        if (strcmp(standing, "unproven") != 0)
                return "";
        return entry->cut ? " [cut short by systemd: these words are not proven]"
                          : " [these words are NOT what was measured]";
}

static void put_register(const SystemdStory *s, const SystemdEntry *entry, Buf *to) {
        const Register *reg = &entry->record.reg;
        const NvPcr *nv = s && reg->kind == REGISTER_NV ? systemd_nv(s, reg->index) : NULL;

        if (reg->kind == REGISTER_PCR)
                buf_printf(to, "pcr:%u", reg->index);
        else if (nv && nv->label[0] != '\0')
                buf_printf(to, "nv:%s", nv->label);
        else
                buf_printf(to, "nv:0x%08x", reg->index);
}

static void print_entry(
                const SystemdStory *s, const SystemdEntry *entry, const Question *q, FILE *to) {
        _cleanup_(buf_done) Buf words = BUF_UP_TO(4096), reg = BUF_UP_TO(128);

        put_register(s, entry, &reg);
        report_systemd_entry(entry, q, &words);
        fprintf(to, "%4zu %9" PRId64 ".%03d s  ", entry->n, entry->record.time / 1000000,
                        (int) (entry->record.time / 1000 % 1000));
        text_print(to, buf_span(&reg));
        fprintf(to, "%*s %-15s ", reg.size < 13 ? (int) (13 - reg.size) : 0, "",
                        systemd_kind_name(entry->words.kind));
        text_print(to, buf_span(&words));
        fprintf(to, "%s\n", remark(report_systemd_standing(s, entry), entry));
}

static void print_nv(const NvPcr *nv, FILE *to) {
        fprintf(to, "  NvPCR 0x%08x ", nv->index);
        text_print(to, span_of(nv->label));
        if (nv->fault)
                fprintf(to, "%sproves nothing: %s\n", nv->label[0] != '\0' ? " " : "", nv->fault);
        else
                fprintf(to, "%s\n",
                                nv->told ? ": the records replay to its certified value"
                                         : ": nothing was measured into it");
}

void report_systemd_people(const SystemdStory *s, const Question *q, FILE *to) {
        _cleanup_(systemd_walk_done) SystemdWalk w = systemd_walk(s);
        SystemdEntry entry;

        if (!s->has_log)
                return;
        fprintf(to, "\nWhat systemd measured, in its log's order (times and the order between registers are the log's "
                    "word)\n");
        while (s->n_records > 0 && systemd_walk_next(&w, &entry, NULL) > 0)
                if (entry.record.source != SYSTEMD_SOURCE_FIRMWARE)
                        print_entry(s, &entry, q, to);
        for (size_t i = 0; i < s->n_nv; i++)
                print_nv(&s->nv[i], to);
}

void report_systemd_log(Span log, FILE *to) {
        _cleanup_(systemd_walk_done) SystemdWalk w = systemd_walk_log(log);
        SystemdEntry entry;

        while (systemd_walk_next(&w, &entry, NULL) > 0)
                print_entry(NULL, &entry, NULL, to);
}

static void put_entry(const SystemdStory *s, const SystemdEntry *entry, const Question *q,
                JsonWriter *w) {
        _cleanup_(buf_done) Buf words = BUF_UP_TO(4096), reg = BUF_UP_TO(128);

        put_register(s, entry, &reg);
        report_systemd_entry(entry, q, &words);
        buf_fail(w->to, words.failed);
        buf_fail(w->to, reg.failed);
        json_put_object(w, NULL);
        json_put_integer(w, "record", (int64_t) entry->n);
        json_put_integer(w, "time", entry->record.time);
        json_put_foreign(w, "register", buf_span(&reg));
        json_put_string(w, "kind", systemd_kind_name(entry->words.kind));
        json_put_foreign(w, "says", buf_span(&words));
        json_put_string(w, "standing", report_systemd_standing(s, entry));
        json_put_end(w);
}

void report_systemd_log_json(Span log, JsonWriter *w) {
        _cleanup_(systemd_walk_done) SystemdWalk walk = systemd_walk_log(log);
        SystemdEntry entry;
        int rc;

        json_put_array(w, "records");
        while ((rc = systemd_walk_next(&walk, &entry, NULL)) > 0)
                put_entry(NULL, &entry, NULL, w);
        json_put_end(w);
        buf_fail(w->to, evidence_not_judged(rc) ? rc : 0);
}

static void put_nv(const NvPcr *nv, JsonWriter *w) {
        json_put_object(w, NULL);
        json_put_integer(w, "index", nv->index);
        json_put_foreign(w, "name", span_of(nv->label));
        json_put_integer(w, "proven", !nv->fault);
        if (nv->fault)
                json_put_string(w, "reason", nv->fault);
        json_put_hex(w, "policy", nv->policy);
        json_put_end(w);
}

/* The last of a kind that is proven. */
static void put_fact(const SystemdStory *s, SystemdKind kind, const char *name, JsonWriter *w) {
        _cleanup_(systemd_walk_done) SystemdWalk walk = systemd_walk(s);
        _cleanup_(buf_done) Buf value = BUF_UP_TO(256);
        SystemdEntry entry;
        int rc;

        while ((rc = systemd_walk_next(&walk, &entry, NULL)) > 0)
                if (systemd_proven(s, &entry) == kind) {
                        buf_done(&value);
                        buf_bytes(&value, entry.words.value);
                }
        buf_fail(w->to, evidence_not_judged(rc) ? rc : value.failed);
        if (buf_span(&value).size > 0)
                json_put_foreign(w, name, buf_span(&value));
}

void report_systemd_json(const SystemdStory *s, const Question *q, JsonWriter *w) {
        _cleanup_(systemd_walk_done) SystemdWalk walk = systemd_walk(s);
        SystemdEntry entry;
        int rc = 0;

        put_fact(s, SYSTEMD_MACHINE_ID, "machineId", w);
        put_fact(s, SYSTEMD_PHASE, "phase", w);
        json_put_array(w, "nvpcrs");
        for (size_t i = 0; i < s->n_nv; i++)
                put_nv(&s->nv[i], w);
        json_put_end(w);
        json_put_array(w, "timeline");
        while (s->n_records > 0 && (rc = systemd_walk_next(&walk, &entry, NULL)) > 0)
                if (entry.record.source != SYSTEMD_SOURCE_FIRMWARE)
                        put_entry(s, &entry, q, w);
        json_put_end(w);
        buf_fail(w->to, evidence_not_judged(rc) ? rc : 0);
}
