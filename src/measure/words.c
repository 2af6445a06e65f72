/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/words.h"

#include <errno.h>

#include "base/text.h"

enum { GLASS_MEMBERS_MAX = 6 };

/* As a record has it, escapes and all. */
static int check_length(const char *what, const char *text, Err *e) {
        _cleanup_(buf_done) Buf escaped = BUF_UP_TO(STRING_MAX);
        Span unused;

        text_escape(&escaped, span_of(text));
        if (buf_end(&escaped, &unused) == -E2BIG)
                return err_set(e, -EINVAL, "%s takes more than %d bytes; say it shorter", what,
                                STRING_MAX);
        return 0;
}

static Member text_member(const char *name, const char *text) {
        return (Member){ .name = name, .type = MEMBER_TEXT, .bytes = span_of(text) };
}

int measure_note(Account *a, const char *text, Err *e) {
        const Member member = text_member("text", text);
        int rc;

        if (text[0] == '\0')
                return err_set(e, -EINVAL, "a note says something; this one is empty");
        rc = check_length("the note", text, e);
        if (rc < 0)
                return rc;
        return account_record(a, EVENT_NOTE_TEXT, &member, 1, e);
}

int measure_phase(Account *a, const char *word, Err *e) {
        const Member member = text_member("phase", word);

        if (word[0] == '\0' || word[strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0')
                return err_set(e, -EINVAL, "a phase is a word of a-z, 0-9 and '-', as in 'ready'");
        return account_record(a, EVENT_PHASE_ENTER, &member, 1, e);
}

static bool is_kind(const char *kind) {
        for (const char *const *k = event_kinds; *k; k++)
                if (strcmp(*k, kind) == 0)
                        return true;
        return false;
}

static int record_glass(Account *a, Event event, const Glass *g, const char *kind, Err *e) {
        const struct {
                const char *name, *text;
        } optional[] = {
                { "reason", g->reason },
                { "session", g->caller.session },
                { "tty", g->caller.tty },
        };
        Member members[GLASS_MEMBERS_MAX];
        size_t n = 0;
        int rc;

        if (!is_kind(kind))
                return err_set(e, -EINVAL,
                                "'%s' is no kind of opening; there are login, sudo, emergency, rescue, debug-shell, console, nspawn, hibernate, other",
                                kind);
        members[n++] = text_member("kind", kind);
        members[n++] = text_member("user", g->caller.user);
        members[n++] = (Member){ .name = "uid", .type = MEMBER_INTEGER, .number = g->caller.uid };
        rc = check_length("the reason", g->reason, e);
        if (rc < 0)
                return rc;
        for (size_t i = 0; i < ELEMENTS(optional); i++)
                if (optional[i].text && optional[i].text[0])
                        members[n++] = text_member(optional[i].name, optional[i].text);
        if (g->odometer)
                return odometer_record(g->odometer, event, members, n, e);
        return account_record(a, event, members, n, e);
}

int glass_open(Account *a, const Glass *g, Err *e) {
        return record_glass(a, EVENT_GLASS_OPEN, g, g->kind ?: "other", e);
}

int glass_close(Account *a, const Glass *g, Err *e) {
        if (a->glass.opened <= a->glass.closed)
                return err_set(e, -ESRCH, "nothing is open: there is nothing to close");
        return record_glass(a, EVENT_GLASS_CLOSE, g, g->kind ?: a->glass.kind, e);
}
