/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/login.h"

#include <errno.h>
#include <fnmatch.h>

#include "base/text.h"
#include "port/crypto.h"
#include "port/leeway.h"
#include "port/run.h"
#include "wire/limits.h"
#include "wire/sshauth.h"

/* TIMEOUT: what a person at a door puts up with */
enum { WORDS_MAX = 16, TIMEOUT = 3, TIMEOUT_MAX = 60 };

/* What a session is by its service, as distributions name them; the first row that fits. What is
 * not known is an opening too. */
static const struct {
        const char *service, *kind; /* a pattern; NULL: no human comes in */
} services[] = {
        { "sudo*", "sudo" },
        { "su", "sudo" },
        { "su-l", "sudo" },
        { "doas", "sudo" },
        { "systemd-run0", "sudo" },
        { "polkit-1", "sudo" }, /* pkexec */
        { "login", "login" },
        { "remote", "login" },
        { "sshd", "login" },
        { "ssh", "login" },
        { "cockpit", "login" },
        { "xrdp-sesman", "login" },
        { "gdm-launch-environment", NULL },
        { "*-greeter", NULL },
        { "gdm*", "login" },
        { "lightdm*", "login" },
        { "sddm*", "login" },
        { "greetd", "login" },
        { "lxdm", "login" },
        { "xdm", "login" },
        { "systemd-user", NULL },
        { "cron", NULL },
        { "crond", NULL },
        { "atd", NULL },
        { "runuser*", NULL },
        { "*", "other" },
};

static const char *const remote_services[] = { "sshd", "ssh", "remote", "cockpit", "xrdp-sesman",
        NULL };

static bool is_one_of(const char *s, const char *const *list) {
        for (; *list; list++)
                if (strcmp(s, *list) == 0)
                        return true;
        return false;
}

static int kind_index(Span kind) {
        for (int i = 0; event_kinds[i]; i++)
                if (span_is(kind, event_kinds[i]))
                        return i;
        return -1;
}

static int read_kinds(const char *list, LoginRules *r, Err *e) {
        bool kinds[EVENT_KINDS] = {};

        for (;;) {
                size_t size = strcspn(list, ",");
                int at = kind_index((Span){ (const uint8_t *) list, size });

                if (at < 0)
                        return err_set(e, -EINVAL, "kinds=: there is no kind '%.*s'", (int) size,
                                        list);
                kinds[at] = true;
                if (list[size] == '\0')
                        break;
                list += size + 1;
        }
        memcpy(r->kinds, kinds, sizeof(kinds));
        return 0;
}

static int read_failure(const char *word, LoginRules *r, Err *e) {
        static const char *const words[] = {
                [LOGIN_CONSOLE] = "console", [LOGIN_DENY] = "deny", [LOGIN_ALLOW] = "allow", NULL
        };

        for (int i = 0; words[i]; i++)
                if (strcmp(word, words[i]) == 0) {
                        r->on_failure = (LoginFailure) i;
                        return 0;
                }
        return err_set(e, -EINVAL, "on-tpm-failure=%s: there are console, deny and allow", word);
}

static int read_seconds(const char *text, LoginRules *r, Err *e) {
        uint64_t n;

        if (!text_number(span_of(text), TIMEOUT_MAX, &n) || n == 0)
                return err_set(e, -EINVAL, "timeout=%s: seconds, from 1 to %d", text, TIMEOUT_MAX);
        r->seconds = (unsigned) n;
        return 0;
}

/* What stands behind "name="; NULL where word is another. */
static const char *behind(const char *word, const char *name) {
        size_t size = strlen(name);

        return strncmp(word, name, size) == 0 && word[size] == '=' ? word + size + 1 : NULL;
}

static int read_rule(const char *word, LoginRules *r, Err *e) {
        const char *value;

        if ((value = behind(word, "on-tpm-failure")))
                return read_failure(value, r, e);
        if ((value = behind(word, "kinds")))
                return read_kinds(value, r, e);
        if ((value = behind(word, "timeout")))
                return read_seconds(value, r, e);
        if ((value = behind(word, "program")))
                r->program = value;
        else if ((value = behind(word, "tpm")))
                r->tpm = value;
        else if (strcmp(word, "ask") == 0)
                r->ask = true;
        else
                return err_set(e, -EINVAL, "'%s' is no word of pam_avouch(8)", word);
        return 0;
}

int login_rules(int n, const char *const *words, LoginRules *ret, Err *e) {
        int first = 0;

        *ret = (LoginRules){ .seconds = TIMEOUT, .program = LIBEXEC_DIR "/avouch-measure" };
        memset(ret->kinds, true, sizeof(ret->kinds));
        for (int i = 0; i < n; i++) {
                int rc = read_rule(words[i], ret, e);

                first = first < 0 ? first : rc;
        }
        return first;
}

/* Its row of services; the last one fits all. */
static size_t service_row(const Login *l) {
        size_t i = 0;

        while (i < ELEMENTS(services) - 1 && fnmatch(services[i].service, l->service ?: "", 0) != 0)
                i++;
        return i;
}

int login_kind(const Login *l) {
        const char *kind = services[service_row(l)].kind;

        return kind ? kind_index(span_of(kind)) : -1;
}

/* A screen with its keyboard, or a line that ends at this machine, by its name (Linux,
 * Documentation/admin-guide/devices.txt): no terminal whose other end a program holds, as "pts/0"
 * and "ttyp0" of old. Services say other words there, too: "ssh", "ftp", ":0". */
static bool is_own_terminal(const char *tty) {
        static const char *const names[] = { "console", "hvc[0-9]*", "tty[0-9]*", "ttyS[0-9]*",
                "tty???*", NULL };
        const char *name = strncmp(tty, "/dev/", 5) == 0 ? tty + 5 : tty;

        for (size_t i = 0; names[i]; i++)
                if (fnmatch(names[i], name, FNM_PATHNAME) == 0)
                        return true;
        return false;
}

static bool is_at_console(const Login *l) {
        return (l->seat && l->seat[0]) || (l->tty && is_own_terminal(l->tty));
}

bool login_is_remote(const Login *l) {
        bool is_known = service_row(l) < ELEMENTS(services) - 1;

        return (l->rhost && l->rhost[0]) || is_one_of(l->service ?: "", remote_services) ||
               (!is_known && !is_at_console(l));
}

bool login_may_pass(const LoginRules *rules, const Login *l) {
        return rules->on_failure == LOGIN_ALLOW ||
               (rules->on_failure == LOGIN_CONSOLE && !login_is_remote(l));
}

/* Words for another program, one after another in a Buf that may move; argv is made last. */
typedef struct Words {
        Buf text;
        size_t at[WORDS_MAX], n;
} Words;

static void words_done(Words *w) {
        buf_done(&w->text);
}

static Buf *word_begin(Words *w) {
        if (w->n == WORDS_MAX)
                w->text.failed = -E2BIG;
        else
                w->at[w->n++] = w->text.size;
        return &w->text;
}

/* So much of it that it fits into a record, escapes and all; whole characters. */
static Span fitting(Span s) {
        _cleanup_(buf_done) Buf escaped = BUF_UP_TO(STRING_MAX);
        size_t taken = 0;

        for (;;) {
                Span rest = { s.data + taken, s.size - taken };
                size_t n = rest.size == 0 ? 0 : text_utf8(rest, NULL) ?: 1;

                text_escape(&escaped, (Span){ rest.data, n });
                if (n == 0 || escaped.failed < 0)
                        return (Span){ s.data, taken };
                taken += n;
        }
}

/* NAME=TEXT; nothing where there is no text. */
static void word_text(Words *w, const char *name, Span text) {
        if (text.size == 0)
                return;
        buf_printf(word_begin(w), "%s=", name);
        buf_bytes(&w->text, fitting(text));
        buf_byte(&w->text, '\0');
}

/* As ssh-keygen(1) prints it; of a certificate, that of its own bytes. False where it is no key. */
static bool fingerprint(Span key, Buf *ret) {
        _cleanup_(buf_done) Buf blob = BUF_UP_TO(SSH_AUTH_MAX), text = BUF_UP_TO(64);
        Span printed;
        Digest d;

        if (!text_unbase64(key, &blob) || hash_bytes(HASH_SHA256, buf_span(&blob), &d, NULL) < 0)
                return false;
        text_base64(&text, digest_span(&d));
        printed = buf_span(&text);
        while (printed.size > 0 && printed.data[printed.size - 1] == '=')
                printed.size--;
        buf_string(ret, "SHA256:");
        buf_bytes(ret, printed);
        return printed.size > 0;
}

/* The methods that were passed, and the first key. What sshd says is worth having, and where it
 * cannot be read, no reason to turn anybody away. */
static void put_auth(Words *w, const char *text) {
        _cleanup_(buf_done) Buf methods = BUF_UP_TO(STRING_MAX), key = BUF_UP_TO(64);
        SshAuth a;

        if (!text || ssh_auth_parse(span_of(text), &a, NULL) < 0)
                return;
        for (size_t i = 0; i < a.n_methods; i++) {
                buf_string(&methods, i > 0 ? "," : "");
                buf_bytes(&methods, a.methods[i].name);
                if (key.size == 0 && a.methods[i].key.size > 0 &&
                                !fingerprint(a.methods[i].key, &key))
                        return;
        }
        word_text(w, "auth.method", buf_span(&methods));
        word_text(w, "auth.key", buf_span(&key));
}

static void put_login(Words *w, const Login *l, int kind) {
        buf_printf(word_begin(w), "kind=%s", event_kinds[kind]);
        buf_byte(&w->text, '\0');
        buf_printf(word_begin(w), "uid=%u", (unsigned) l->uid);
        buf_byte(&w->text, '\0');
        word_text(w, "user", span_of(l->user));
        word_text(w, "service", span_of(l->service));
        word_text(w, "tty", span_of(l->tty));
        word_text(w, "rhost", span_of(l->rhost));
        word_text(w, "session", span_of(l->session));
        word_text(w, "reason", span_of(l->reason));
}

static int record(const LoginRules *rules, const Login *l, Event event, Err *e) {
        _cleanup_(words_done) Words w = { .text = BUF_UP_TO(64 * 1024) };
        _cleanup_(buf_done) Buf output = BUF_UP_TO(4096);
        const char *argv[WORDS_MAX + 1] = {};
        int kind = login_kind(l);

        if (kind < 0 || !rules->kinds[kind])
                return 0;
        word_text(&w, "--tpm", span_of(rules->tpm));
        word_text(&w, "--event", span_of(event_name(event)));
        put_login(&w, l, kind);
        put_auth(&w, l->ssh);
        if (w.text.failed < 0)
                return err_set(e, w.text.failed, "what is known of this login is too long");
        argv[0] = rules->program;
        for (size_t i = 0; i < w.n; i++)
                argv[i + 1] = (const char *) w.text.data + w.at[i];
        return run_program_within(
                        argv, (const char *[]){ "LC_ALL=C", NULL }, rules->seconds, &output, e);
}

int login_record(const LoginRules *rules, const Login *l, Event event, Err *e) {
        Leeway before = leeway_take();
        int rc;

        rc = record(rules, l, event, e);
        leeway_give(&before);
        return rc;
}
