/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/report.h"

#include "verify/layers.h"

#include "base/text.h"

/* A member's value: a string with its JSON escapes resolved, anything else as it stands. */
static void put_member(const Content *c, const char *before, const char *name, Buf *to) {
        Json value = content_member(c, name);
        Span text = json_raw(value);

        if (text.size == 0)
                return;
        buf_string(to, before);
        if (!json_text(value, to))
                buf_bytes(to, text);
}

/* Text that somebody chose: in quotation marks, so that it cannot pass for the report's own words.
 */
static void put_quoted(const Content *c, const char *before, const char *name, Buf *to) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(STRING_MAX);

        if (!json_text(content_member(c, name), &text)) {
                buf_fail(to, text.failed);
                return;
        }
        buf_string(to, before);
        text_quote(to, buf_span(&text), SIZE_MAX);
}

static void put_short(const Content *c, const char *before, const char *name, Buf *to) {
        Span text = content_text(c, name);

        if (text.size == 0)
                return;
        buf_string(to, before);
        buf_bytes(to, (Span){ text.data, text.size < 16 ? text.size : 16 });
        buf_string(to, "...");
}

static void say_genesis(const Content *c, Buf *to) {
        put_member(c, "recording begins (", "why", to);
        if (span_is(content_text(c, "register"), "none"))
                buf_string(to, ") without a TPM: in no register, and proven by nothing");
        else
                put_member(c, ") in ", "register", to);
        if (content_flag(c, "software"))
                buf_string(to, " of a TPM that is a program");
        if (content_flag(c, "unmeasured"))
                buf_string(to, ", after records without a TPM");
        put_short(c, ", machine ", "machine", to);
}

static void say_layer(const Content *c, const Question *q, Buf *to) {
        StoryLayer layer = story_layer(c);
        const Release *r = q ? layer_release(&layer, q->releases) : NULL;

        put_member(c, "", "class", to);
        put_quoted(c, " ", "name", to);
        put_quoted(c, " version ", "version", to);
        put_short(c, ", root hash ", "rootHash", to);
        put_short(c, ", Authenticode digest ", "identity", to);
        put_quoted(c, ": ", "reason", to);
        if (q)
                buf_string(to, r && !layer_contradiction(&layer, r) ? ", a known release"
                                                                    : ", NO KNOWN RELEASE");
}

static void say_unlock(const Content *c, Buf *to) {
        put_quoted(c, "volume ", "volume", to);
        put_member(c, " by ", "method", to);
}

static void say_glass(const Content *c, Buf *to) {
        put_member(c, "", "kind", to);
        put_quoted(c, " by ", "user", to);
        put_member(c, " (uid ", "uid", to);
        buf_string(to, ")");
        put_quoted(c, " on ", "tty", to);
        put_quoted(c, ": ", "reason", to);
}

void report_record(const Content *c, const Question *q, Buf *to) {
        switch (c->event) {
        case EVENT_PHASE_GENESIS:
                say_genesis(c, to);
                break;
        case EVENT_PHASE_BROKEN:
                buf_string(to, "the register held what the log does not name: somebody else extended it");
                break;
        case EVENT_PHASE_ENTER:
                put_quoted(c, "the machine enters ", "phase", to);
                break;
        case EVENT_LAYER_ACTIVATE:
        case EVENT_LAYER_DEACTIVATE:
        case EVENT_LAYER_REFUSE:
                say_layer(c, q, to);
                break;
        case EVENT_UNLOCK_OPEN:
        case EVENT_UNLOCK_FAIL:
                say_unlock(c, to);
                break;
        case EVENT_GLASS_OPEN:
        case EVENT_GLASS_CLOSE:
                say_glass(c, to);
                break;
        case EVENT_GLASS_BEGIN:
                put_member(c, "the count of openings begins at ", "count", to);
                break;
        case EVENT_GLASS_LOST:
                put_member(c, "openings without a record: ", "why", to);
                break;
        case EVENT_NOTE_TEXT:
                put_quoted(c, "", "text", to);
                break;
        case EVENT_NOTE_LOST:
                put_member(c, "records left out: ", "lost", to);
                break;
        default:
                break;
        }
}
