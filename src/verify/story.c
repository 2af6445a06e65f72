/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/story.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "verify/nvregister.h"
#include "verify/segments.h"

static void copy_hex(const Content *c, const char *name, uint8_t *into, bool *ret_has) {
        *ret_has = json_hex(content_member(c, name), into, 32);
}

StoryLayer story_layer(const Content *c) {
        StoryLayer layer = { .class = content_text(c, "class"),
                .name = content_text(c, "name"),
                .version = content_text(c, "version"),
                .seq = c->seq };

        copy_hex(c, "rootHash", layer.root_hash, &layer.has_root_hash);
        copy_hex(c, "identity", layer.identity, &layer.has_identity);
        copy_hex(c, "signer", layer.signer, &layer.has_signer);
        copy_hex(c, "commandLine", layer.line, &layer.has_line);
        return layer;
}

/* A kernel was loaded for kexec, or taken away again. */
static void tell_kernel(Story *s, const Content *c, bool activated) {
        StoryLayer layer = story_layer(c);

        if (!layer.has_identity)
                return;
        s->has_ready = activated && layer.has_line;
        s->ready = layer;
}

static int tell_layer(Story *s, const Content *c, Err *e) {
        if (s->n_layers == STORY_LAYERS_MAX)
                return err_set(e, -EBADMSG, "more than %d layers were activated", STORY_LAYERS_MAX);
        s->layers[s->n_layers++] = story_layer(c);
        tell_kernel(s, c, true);
        return 0;
}

/* A kernel that another one started, by what the log said last before: registers outlive a boot in
 * no other way, whatever the log calls it. */
static void tell_kexec(Story *s, const Content *c) {
        bool another = s->n_segments > 1 && memcmp(s->boot, c->boot, sizeof(s->boot)) != 0;

        memcpy(s->boot, c->boot, sizeof(s->boot));
        if (!another && !span_is(content_text(c, "why"), "kexec"))
                return;
        s->kexec = true;
        s->unnamed = s->unnamed || !s->has_ready;
        s->running = s->ready;
        s->has_ready = false;
}

/* Up to max bytes of a member that somebody wrote. */
static void put_quoted(
                const Content *c, const char *before, const char *name, size_t max, Buf *to) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(STRING_MAX);

        if (!json_text(content_member(c, name), &text))
                return;
        buf_string(to, before);
        text_quote(to, buf_span(&text), max);
}

void story_opening_words(const Content *c, char into[STORY_WORDS]) {
        _cleanup_(buf_done) Buf words = BUF_UP_TO(STORY_WORDS - 1);
        Span text;

        buf_bytes(&words, content_text(c, "kind"));
        put_quoted(c, " by ", "user", 40, &words);
        put_quoted(c, ": ", "reason", 60, &words);
        text = buf_span(&words);
        (void) snprintf(into, STORY_WORDS, "%.*s", (int) text.size, (const char *) text.data);
}

uint32_t story_opening_kind(const Content *c) {
        Span kind = content_text(c, "kind");

        for (unsigned i = 0; event_kinds[i]; i++)
                if (span_is(kind, event_kinds[i]))
                        return UINT32_C(1) << i;
        return 0;
}

static void tell_opening(Story *s, const Content *c) {
        s->opened_kinds |= story_opening_kind(c);
        if (s->opened++ > 0)
                return;
        s->first_opened_seq = c->seq;
        story_opening_words(c, s->first_opened);
}

/* Records that were left out: of these lanes nothing is known any more. */
static void tell_left_out(Story *s, const Content *c) {
        Span lane = content_text(c, "lane");
        bool glass = span_is(lane, "glass"), layer = span_is(lane, "layer");
        bool unlock = span_is(lane, "unlock");
        bool harmless = unlock || span_is(lane, "note") || span_is(lane, "phase");

        s->unlocks = s->unlocks || unlock || !(glass || layer || harmless);
        s->lost += glass || !(layer || harmless);
        s->lost_layers = s->lost_layers || layer || !(glass || harmless);
}

/* No other event has that word. */
static bool is_awakening(const Content *c) {
        return span_is(content_text(c, "why"), "resume");
}

bool story_begins_awake(Span log) {
        Span line = {};
        Record r = {};

        return record_next_line(&log, &line, NULL) > 0 && record_parse(line, &r, NULL) == 0 &&
               is_awakening(&r.content);
}

static int tell(Story *s, const Content *c, Err *e) {
        s->n_records++;
        switch (c->event) {
        case EVENT_PHASE_GENESIS:
                if (!json_hex(content_member(c, "machine"), s->machine, sizeof(s->machine)))
                        return err_set(e, -EBADMSG, "genesis without a machine");
                tell_kexec(s, c);
                s->resumed = s->resumed || is_awakening(c);
                return 0;
        case EVENT_LAYER_ACTIVATE: /* taken away again or not: it was there */
                return tell_layer(s, c, e);
        case EVENT_LAYER_DEACTIVATE:
                tell_kernel(s, c, false);
                return 0;
        case EVENT_UNLOCK_OPEN:
                s->unlocks = true;
                return 0;
        case EVENT_GLASS_OPEN:
                tell_opening(s, c);
                return 0;
        case EVENT_GLASS_CLOSE:
                s->closed++;
                s->lost += s->closed > s->opened; /* what was closed had been opened */
                return 0;
        case EVENT_GLASS_LOST:
                s->lost++;
                return 0;
        case EVENT_NOTE_LOST:
                tell_left_out(s, c);
                return 0;
        default:
                return 0;
        }
}

/* NV indices that the TPM did not have, whose records are elsewhere: what the last genesis says. */
static void tell_missing(Story *s, Json list) {
        s->n_missing = 0;
        for (Json word = json_first(list);
                        json_type(word) != JSON_NONE && s->n_missing < REGISTERS_MAX;
                        word = json_next(list, word))
                s->n_missing += register_of_index(json_raw(word), &s->missing[s->n_missing]);
}

/* What stood when recording began: that of the first segment counts. */
static void tell_genesis(Story *s, const Content *c) {
        int64_t count;

        tell_missing(s, content_member(c, "missing"));
        s->software = s->software || content_flag(c, "software");
        s->unmeasured = s->unmeasured || content_flag(c, "unmeasured");
        if (s->n_segments++ > 0)
                return;
        s->has_count = json_integer(content_member(c, "count"), 0, INT64_MAX, &count);
        s->count = s->has_count ? (uint64_t) count : 0;
        s->has_past = json_hex(content_member(c, "history"), s->past, sizeof(s->past));
}

/* Reads one segment. -EBADMSG where it is none. */
static int read_segment(Span bytes, Story *s, Content *genesis, Err *e) {
        Record r;
        int rc;

        s->segment = segment_over(bytes);
        while ((rc = segment_next(&s->segment, &r, e)) > 0) {
                if (r.content.event == EVENT_PHASE_GENESIS) {
                        *genesis = r.content;
                        tell_genesis(s, &r.content);
                }
                rc = tell(s, &r.content, e);
                if (rc < 0)
                        return rc;
        }
        return rc;
}

static int64_t tpm_member(const Content *genesis, const char *name) {
        int64_t v = -1;

        return json_integer(json_member(content_member(genesis, "tpm"), name), 0, INT64_MAX, &v)
                               ? v
                               : -1;
}

/* The TPM was not restarted behind the log's back (facts: TPM Restart zeroes PCRs with the same
 * reset count; a Clear sets all to 0), and no time ran backwards. */
static const char *clock_contradicts(const Content *genesis, const AttestHead *head) {
        if (tpm_member(genesis, "reset") != head->reset_count)
                return "the TPM was reset since the log began (resetCount differs)";
        if (tpm_member(genesis, "restart") > head->restart_count)
                return "the TPM's restartCount went back since the log began";
        if (tpm_member(genesis, "clock") > (int64_t) head->clock)
                return "the TPM's clock went back since the log began";
        return NULL;
}

/* Whether the quoted values of one PCR are these; -1 where a bank is not among the log's. */
static int compare(
                const Evidence *ev, const Strand *s, const Digest *values, unsigned *ret_proving) {
        const PcrSelection *held = &ev->tpm.pcrs.held;

        *ret_proving = 0;
        for (size_t b = 0; b < held->n_banks; b++) {
                const Digest *quoted = pcr_value(&ev->tpm.pcrs, held->banks[b].alg, s->reg.index);
                size_t i = 0;

                if (!quoted)
                        continue;
                while (i < s->n_banks && values[i].alg != quoted->alg)
                        i++;
                if (i == s->n_banks)
                        return -1;
                if (!digest_equal(&values[i], quoted))
                        return 0;
                *ret_proving += hash_proves(quoted->alg);
        }
        return 1;
}

static void judge_strand(const Evidence *ev, Verdict *v, const Story *story, size_t at) {
        const Chain *c = &story->segment.chain;
        const Strand *s = &c->strands[at];
        const RegisterName name = register_name(s->reg);
        unsigned proving;
        int equal = compare(ev, s, s->now, &proving);

        if (s->reg.kind == REGISTER_NV)
                judge_nvregister(ev, c, at, v);
        else if (equal == 0 && at == c->last_at && compare(ev, s, c->before, &proving) == 1)
                /* a crash may leave it; but anybody can write a record that is in no register */
                verdict_refute(v, CLAIM_REGISTERS,
                                "the log's last record (%" PRIu64
                                ") is not in the quoted %s: the machine's next record mends what a crash left, then quote again",
                                c->next_seq - 1, name.text);
        else if (equal < 0)
                verdict_refute(v, CLAIM_REGISTERS,
                                "%s is quoted in a bank that the log was not extended into",
                                name.text);
        else if (equal == 0)
                verdict_refute(v, CLAIM_REGISTERS,
                                "the log's %" PRIu64
                                " records do not replay to the quoted %s: records are missing, added or changed, or somebody else extended it",
                                story->n_records, name.text);
        else if (proving == 0)
                verdict_refute(v, CLAIM_REGISTERS, "%s is not quoted in a bank that proves",
                                name.text);
}

static void judge_values(const Evidence *ev, Verdict *v, const Story *story) {
        for (size_t i = 0; i < story->segment.chain.n_strands; i++)
                if (story->segment.chain.strands[i].reg.kind != REGISTER_NONE)
                        judge_strand(ev, v, story, i);
}

/* A PCR that no log explains: nobody tells what was measured, or what is told does not make it. */
static bool is_unexplained(
                const Evidence *ev, const Replay *others, uint16_t bank, unsigned pcr, bool told) {
        const Digest *quoted = pcr_value(&ev->tpm.pcrs, bank, pcr);

        if (!quoted || told != (others->told >> pcr & 1))
                return false;
        return !digest_equal(quoted, pcr_value(&others->pcrs, bank, pcr));
}

static void find_unexplained(const Evidence *ev, const Question *q, const Replay *others, bool told,
                PcrSelection *ret) {
        const PcrSelection *held = &ev->tpm.pcrs.held;

        for (size_t b = 0; b < held->n_banks; b++) {
                PcrBank found = { .alg = held->banks[b].alg };

                for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++)
                        if (!policy_names(q->policy, (Register){ REGISTER_PCR, pcr }) &&
                                        is_unexplained(ev, others, found.alg, pcr, told))
                                found.mask |= UINT32_C(1) << pcr;
                if (found.mask != 0)
                        ret->banks[ret->n_banks++] = found;
        }
}

/* A quoted register that is not what the logs of others make of it; where they tell nothing of it,
 * that is its reset value: otherwise something happened that nobody tells. */
static void judge_unexplained(
                const Evidence *ev, const Question *q, const Replay *others, Verdict *v) {
        for (int told = 1; told >= 0; told--) {
                _cleanup_(buf_done) Buf text = BUF_UP_TO(512);
                PcrSelection unexplained = {};

                find_unexplained(ev, q, others, told, &unexplained);
                if (unexplained.n_banks == 0)
                        continue;
                pcr_selection_text(&unexplained, &text);
                verdict_refute(v, CLAIM_REGISTERS,
                                told ? "the logs do not replay to what was quoted of %s: records are missing, added or changed, or a log is not here"
                                     : "no log here explains what was quoted of %s (take it out of the quote, or bring its log)",
                                verdict_words(&text));
        }
}

static bool is_missing(const Story *s, Register reg) {
        for (size_t i = 0; i < s->n_missing; i++)
                if (register_equal(s->missing[i], reg))
                        return true;
        return false;
}

/* Silence fails: every register that policy names has a log here, and it is this one. And what is
 * in a register that policy does not name proves nothing: no other may have a part in the log. */
static void judge_silence(const Question *q, Verdict *v, const Story *s) {
        const Chain *c = &s->segment.chain;

        for (size_t i = 0; i < q->policy->n_registers; i++) {
                const Register reg = q->policy->registers[i];

                if (!s->has_log)
                        verdict_refute(v, CLAIM_REGISTERS,
                                        "the machine says nothing: no log of %s is in the evidence",
                                        register_name(reg).text);
                else if (is_missing(s, reg))
                        verdict_refute(v, CLAIM_REGISTERS,
                                        "the log says that the TPM had no %s when it began, which policy names",
                                        register_name(reg).text);
                else if (!chain_strand(c, reg))
                        verdict_refute(v, CLAIM_REGISTERS,
                                        "the log is of another register than %s, which policy names",
                                        register_name(reg).text);
        }
        for (size_t i = 0; i < c->n_strands; i++)
                if (!policy_names(q->policy, c->strands[i].reg))
                        verdict_refute(v, CLAIM_REGISTERS,
                                        "the log has records in %s, which policy does not name",
                                        register_name(c->strands[i].reg).text);
}

/* One run of the TPM, from the genesis to the last attestation. */
static void judge_clock(const Evidence *ev, const Content *genesis, Verdict *v, Story *s) {
        const AttestHead *first = &ev->quotes[0].head, *head;
        EvidenceHeadName name;

        for (size_t i = 0; (head = evidence_head(ev, i, &name)); i++) {
                const char *why = clock_contradicts(genesis, head);

                if (why)
                        verdict_refute(v, CLAIM_REGISTERS, "%s", why);
                if (head->reset_count != first->reset_count ||
                                head->restart_count != first->restart_count)
                        verdict_refute(v, CLAIM_REGISTERS,
                                        "%s is of another run of the TPM than the first quote",
                                        name.text);
        }
        if (s->n_segments == 1)
                s->restarts = first->restart_count - (uint32_t) tpm_member(genesis, "restart");
}

/* What stands in no register is the word of whoever could write the file; so is that nothing else
 * happened meanwhile. */
static void judge_measured(Verdict *v, const Story *s) {
        if (!chain_has_register(&s->segment.chain))
                verdict_refute(v, CLAIM_REGISTERS,
                                "the machine recorded without a TPM (register: none): its records are in no register, so nothing shows that they are whole, or true");
        if (s->unmeasured)
                verdict_refute(v, CLAIM_REGISTERS,
                                "the machine recorded without a TPM earlier in this boot: those records are in no register, and what was opened or used then is not known");
}

/* One segment after those before it, of which the last ended in earlier (NULL: there is none). */
static int judge_segment(const Evidence *ev, const Question *q, Span bytes, const Chain *earlier,
                Verdict *v, Story *s, Err *e) {
        Content genesis = {};
        int rc;

        rc = read_segment(bytes, s, &genesis, e);
        if (rc < 0 || s->segment.chain.next_seq == 0)
                return rc;
        judge_measured(v, s);
        if (!chain_has_register(&s->segment.chain))
                return 0; /* nor has it a clock of the TPM */
        judge_join(earlier, &s->segment.chain, q, v);
        judge_clock(ev, &genesis, v, s);
        return 0;
}

static int judge_segments(const Evidence *ev, const Question *q, Verdict *v, Story *s, Err *e) {
        Span before = ev->bundle.parts[PART_AVOUCH_LOG_BEFORE], bytes;
        Chain earlier;
        int rc;

        while ((rc = segment_cut(&before, &bytes, e)) > 0) {
                rc = judge_segment(ev, q, bytes, s->n_segments > 0 ? &earlier : NULL, v, s, e);
                if (rc < 0)
                        break;
                earlier = s->segment.chain;
        }
        if (rc < 0) {
                err_at(e, "earlier segments");
                return rc;
        }
        return judge_segment(ev, q, ev->bundle.parts[PART_AVOUCH_LOG],
                        s->n_segments > 0 ? &earlier : NULL, v, s, e);
}

static void prove(Verdict *v, const Story *s) {
        _cleanup_(buf_done) Buf names = BUF_UP_TO(16 * (REGISTERS_MAX + 1));
        const Chain *c = &s->segment.chain;

        for (size_t i = 0; i < c->n_strands; i++)
                buf_printf(&names, "%s%s", i > 0 ? ", " : "",
                                register_name(c->strands[i].reg).text);
        verdict_prove(v, CLAIM_REGISTERS, "%" PRIu64 " records replay to the quoted %s",
                        s->n_records, verdict_words(&names));
}

int judge_registers(const Evidence *ev, const Question *q, const Replay *others, Verdict *v,
                Story *ret, Err *e) {
        Err first = {};
        int rc;

        *ret = (Story){ .has_log = ev->bundle.parts[PART_AVOUCH_LOG].size > 0 };
        if (!verdict_proven(v, CLAIM_SIGNATURE))
                verdict_refute(v, CLAIM_REGISTERS, "the quoted values are not signed");
        rc = judge_segments(ev, q, v, ret, &first);
        if (evidence_not_judged(rc))
                return err_set(e, rc, "%s", first.text);
        if (rc < 0)
                verdict_refute(v, CLAIM_REGISTERS, "%s", first.text);
        judge_silence(q, v, ret);
        if (rc == 0 && ret->has_log)
                judge_values(ev, v, ret);
        judge_unexplained(ev, q, others, v);
        prove(v, ret);
        if (ret->n_segments > 1)
                verdict_remark(v, CLAIM_REGISTERS,
                                "in %zu segments, each beginning where the one before ended",
                                ret->n_segments);
        return 0;
}

bool story_has_index(const Story *s) {
        const Chain *c = &s->segment.chain;

        for (size_t i = 0; i < c->n_strands; i++)
                if (c->strands[i].reg.kind == REGISTER_NV)
                        return true;
        return false;
}
