/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>

#include "measure/recovery.h"
#include "measure/unlock.h"
#include "support/folder.h"

/* Which key opens a volume, and what is recorded of it before it is opened. The volume, whoever
 * answers, and log and register are doubles, which write down what was done in its order. */

#define RECOVERY "cbdefghi-jklnrtuv-cbdefghi-jklnrtuv-cbdefghi-jklnrtuv-cbdefghi-jklnrtuv"

enum { SLOT_TYPED = 0, SLOT_TOKEN = 1, SLOT_FILE = 3, SLOT_RECOVERY = 5 };

typedef struct Vault {
        Luks luks;
        Unlocker unlocker;
        UnlockLine line;
        LuksToken tokens[LUKS_SLOTS];
        size_t n_tokens;
        int token_says;             /* without a PIN: a slot, or an error */
        const char *const *answers; /* of whoever is asked; NULL: nobody answers */
        Buf done;
        int steps_left; /* then one fails; negative: none does */
        bool active;
        UnlockKey key;
        Err e;
} Vault;

static Vault *of_luks(Luks *l) {
        return (Vault *) l;
}

static Vault *of_unlocker(const Unlocker *u) {
        return u->user;
}

static int step(Vault *v, Err *e) {
        return v->steps_left-- == 0 ? err_set(e, -EIO, "as told") : 0;
}

static int double_uuid(Luks *l, char ret[LUKS_UUID_MAX + 1], Err *e) {
        (void) snprintf(ret, LUKS_UUID_MAX + 1, "77");
        return step(of_luks(l), e);
}

static int double_tokens(Luks *l, LuksToken ret[LUKS_SLOTS], size_t *ret_n, Err *e) {
        Vault *v = of_luks(l);

        memcpy(ret, v->tokens, sizeof(v->tokens));
        *ret_n = v->n_tokens;
        return step(v, e);
}

static int give_key(int slot, Secret *key) {
        const uint8_t bytes[] = { 'k', 'e', 'y', (uint8_t) ('0' + slot) };

        assert_int_equal(secret_set(key, (Span){ bytes, sizeof(bytes) }, NULL), 0);
        return slot;
}

static int double_by_token(
                Luks *l, const LuksToken *token, const Secret *pin, Secret *key, Err *e) {
        Vault *v = of_luks(l);

        buf_printf(&v->done, "token %d%s; ", token->id, pin ? " pin" : "");
        if (pin && !span_is(secret_span(pin), "1234"))
                return err_set(e, -ENOANO, "another PIN");
        if (!pin && v->token_says < 0)
                return err_set(e, v->token_says, "the token says no");
        return give_key(pin ? SLOT_TOKEN : v->token_says, key);
}

static int double_by_passphrase(Luks *l, int slot, Span passphrase, Secret *key, Err *e) {
        static const struct {
                int slot;
                const char *passphrase;
        } keys[] = {
                { SLOT_TYPED, "typed" },
                { SLOT_FILE, "of the file" },
                { SLOT_RECOVERY, RECOVERY },
        };

        (void) l;
        if (span_is(passphrase, "break"))
                return err_set(e, -EIO, "the disk is gone");
        for (size_t i = 0; i < ELEMENTS(keys); i++)
                if (span_is(passphrase, keys[i].passphrase) && (slot < 0 || slot == keys[i].slot))
                        return give_key(keys[i].slot, key);
        return err_set(e, -EPERM, "no key slot opens");
}

static int double_activate(Luks *l, const char *name, const Secret *key, LuksFlags flags, Err *e) {
        Vault *v = of_luks(l);
        int rc = step(v, e);

        if (rc < 0)
                return rc;
        buf_printf(&v->done, "activate %s %.*s %x; ", name, (int) key->size,
                        (const char *) key->data, (unsigned) flags);
        v->active = true;
        return 0;
}

static const LuksOps double_ops = {
        .uuid = double_uuid,
        .tokens = double_tokens,
        .by_token = double_by_token,
        .by_passphrase = double_by_passphrase,
        .activate = double_activate,
};

static int double_ask(const Unlocker *u, UnlockWant want, Secret *ret, Err *e) {
        Vault *v = of_unlocker(u);

        buf_string(&v->done, want == UNLOCK_WANT_PIN ? "ask pin; " : "ask; ");
        if (!v->answers || !*v->answers)
                return err_set(e, -ECANCELED, "nobody answered");
        return secret_set(ret, span_of(*v->answers++), e);
}

/* What makes a record, and no other. */
static int double_record(const Unlocker *u, Event event, const Member *members, size_t n,
                bool human, Err *e) {
        _cleanup_(buf_done) Buf content = BUF_UP_TO(CONTENT_MAX);
        const Content head = { .event = event, .seq = 1, .prev = { 1 } };
        Vault *v = of_unlocker(u);
        int rc = step(v, e);

        if (rc < 0)
                return rc;
        if (content_write(&head, members, n, &content, &v->e) < 0)
                fail_msg("%s", v->e.text);
        buf_printf(&v->done, "%s", event == EVENT_UNLOCK_OPEN ? "open" : "fail");
        for (size_t i = 2; i < n; i++) {
                buf_printf(&v->done, " %s=", members[i].name);
                if (members[i].type == MEMBER_TEXT)
                        buf_bytes(&v->done, members[i].bytes);
                else
                        buf_printf(&v->done, "%d", (int) members[i].number);
        }
        assert_string_equal(members[3].name, "human");
        assert_int_equal(members[3].number, human);
        buf_string(&v->done, "; ");
        return 0;
}

static void double_say(const Unlocker *u, const char *text) {
        (void) u;
        assert_true(strlen(text) > 0);
}

static void begin(Vault *v, const char *line) {
        *v = (Vault){ .luks.ops = &double_ops,
                .unlocker = { .ask = double_ask, .record = double_record, .say = double_say },
                .done = BUF_UP_TO(4096),
                .steps_left = -1 };
        v->unlocker.luks = &v->luks;
        v->unlocker.line = &v->line;
        v->unlocker.user = v;
        assert_int_equal(unlock_conf_find(span_of(line), "v", &v->line, &v->e), 0);
        v->tokens[v->n_tokens++] = (LuksToken){ 4, "systemd-recovery", 1 << SLOT_RECOVERY, false };
}

static void add_token(Vault *v, const char *type, int says) {
        LuksToken t = { .id = 7, .slots = 1 << SLOT_TOKEN, .usable = true };

        (void) snprintf(t.type, sizeof(t.type), "%s", type);
        v->tokens[v->n_tokens++] = t;
        v->token_says = says;
}

#define answer(v, ...) ((v)->answers = (const char *const[]){ __VA_ARGS__, NULL })

/* Unlocks it; it is a device if, and only if, that was the last that was done. */
static void unlocks(Vault *v, int rc, const char *done) {
        assert_int_equal(unlock_volume(&v->unlocker, &v->key, &v->e), rc);
        buf_byte(&v->done, '\0');
        assert_string_equal((const char *) v->done.data ?: "", done);
        assert_int_equal(v->active, rc == 0);
        buf_done(&v->done);
}

static void a_token_opens_and_nobody_is_asked(void **state) {
        static const struct {
                const char *type, *method;
                int human;
        } kinds[] = {
                { "systemd-tpm2", "tpm2", 0 },
                { "systemd-fido2", "fido2", 1 },
                { "systemd-pkcs11", "pkcs11", 1 },
                { "luks2-keyring", "keyring", 0 },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(kinds); i++) {
                char done[256];
                Vault v;

                begin(&v, "v /dev/x - discard,read-only");
                add_token(&v, kinds[i].type, SLOT_TOKEN);
                (void) snprintf(done, sizeof(done),
                                "token 7; open method=%s human=%d tries=1 keyslot=1 token=7; activate v key1 3; ",
                                kinds[i].method, kinds[i].human);
                unlocks(&v, 0, done);
                assert_string_equal(v.key.method, kinds[i].method);
                assert_int_equal(v.key.slot, SLOT_TOKEN);
        }
}

static void what_is_typed_is_known_by_its_slot(void **state) {
        Vault v;

        (void) state;
        begin(&v, "v /dev/x");
        answer(&v, "typed");
        unlocks(&v, 0, "ask; open method=passphrase human=1 tries=1 keyslot=0; activate v key0 0; ");
        begin(&v, "v /dev/x");
        answer(&v, RECOVERY);
        unlocks(&v, 0, "ask; open method=recovery human=1 tries=1 keyslot=5 token=4; activate v key5 0; ");
        /* in another spelling */
        begin(&v, "v /dev/x");
        answer(&v, "CBDEFGHIjklnrtuvcbdefghijklnrtuvcbdefghijklnrtuvcbdefghijklnrtuv");
        unlocks(&v, 0, "ask; open method=recovery human=1 tries=1 keyslot=5 token=4; activate v key5 0; ");
}

static void failed_tries_are_recorded_and_counted(void **state) {
        Vault v;

        (void) state;
        begin(&v, "v /dev/x");
        add_token(&v, "systemd-tpm2", -EPERM);
        answer(&v, "wrong",
                        "cbdefghi-jklnrtuv-cbdefghi-jklnrtuv-cbdefghi-jklnrtuv-cbdefghi-cbdefghi",
                        "typed");
        unlocks(&v, 0,
                        "token 7; fail method=tpm2 human=0 tries=1 token=7; "
                        "ask; fail method=passphrase human=1 tries=2; "
                        "ask; fail method=recovery human=1 tries=3; "
                        "ask; open method=passphrase human=1 tries=4 keyslot=0; activate v key0 0; ");
        begin(&v, "v /dev/x - tries=2");
        answer(&v, "wrong", "wrong", "typed");
        unlocks(&v, -EKEYREJECTED,
                        "ask; fail method=passphrase human=1 tries=1; ask; fail method=passphrase human=1 tries=2; ");
        assert_string_equal(v.e.text, "'v' stays locked: 2 tries, and no key opens it");
        begin(&v, "v /dev/x - tries=0"); /* for ever */
        answer(&v, "1", "2", "3", "4", "typed");
        assert_int_equal(unlock_volume(&v.unlocker, &v.key, NULL), 0);
        buf_done(&v.done);
        begin(&v, "v /dev/x");
        unlocks(&v, -ECANCELED, "ask; ");
        assert_string_equal(v.e.text, "nobody answered");
        begin(&v, "v /dev/x"); /* what is no answer of the volume ends it */
        answer(&v, "break", "typed");
        unlocks(&v, -EIO, "ask; ");
        assert_string_equal(v.e.text, "the disk is gone");
}

static void a_token_that_cannot_be_asked_is_no_try(void **state) {
        Vault v;

        (void) state;
        begin(&v, "v /dev/x");
        add_token(&v, "systemd-tpm2", -EAGAIN); /* there is no TPM */
        answer(&v, "typed");
        unlocks(&v, 0, "token 7; ask; open method=passphrase human=1 tries=1 keyslot=0; activate v key0 0; ");
        begin(&v, "v /dev/x - headless=yes");
        add_token(&v, "systemd-tpm2", SLOT_TOKEN); /* of no key slot */
        v.tokens[1].slots = 0;
        unlocks(&v, -EKEYREJECTED, "");
        begin(&v, "v /dev/x - headless=yes");
        add_token(&v, "systemd-tpm2", -ENOENT); /* as systemd 252 says it of another PCR */
        unlocks(&v, -EKEYREJECTED, "token 7; fail method=tpm2 human=0 tries=1 token=7; ");
        begin(&v, "v /dev/x - headless=yes");
        add_token(&v, "systemd-tpm2", SLOT_TOKEN);
        v.tokens[1].usable = false;
        unlocks(&v, -EKEYREJECTED, "");
        assert_non_null(strstr(v.e.text, "nobody was asked"));
        begin(&v, "v /dev/x - headless=yes");
        add_token(&v, "clevis", SLOT_TOKEN); /* a type that we cannot name */
        unlocks(&v, -EKEYREJECTED, "");
}

static void a_token_may_want_a_pin(void **state) {
        Vault v;

        (void) state;
        begin(&v, "v /dev/x");
        add_token(&v, "systemd-tpm2", -ENOANO);
        answer(&v, "0000", "1234");
        unlocks(&v, 0,
                        "token 7; ask pin; token 7 pin; fail method=tpm2 human=1 tries=1 token=7; "
                        "ask pin; token 7 pin; open method=tpm2 human=1 tries=2 keyslot=1 token=7; activate v key1 0; ");
        begin(&v, "v /dev/x - headless=yes");
        add_token(&v, "systemd-tpm2", -ENOANO);
        unlocks(&v, -EKEYREJECTED, "token 7; ");
        /* whoever has no PIN may have a passphrase */
        begin(&v, "v /dev/x - tries=1");
        add_token(&v, "systemd-tpm2", -ENOANO);
        answer(&v, "0000", "typed");
        unlocks(&v, 0,
                        "token 7; ask pin; token 7 pin; fail method=tpm2 human=1 tries=1 token=7; "
                        "ask; open method=passphrase human=1 tries=2 keyslot=0; activate v key0 0; ");
}

static void the_line_says_which_tokens_and_slots(void **state) {
        Vault v;

        (void) state;
        begin(&v, "v /dev/x - fido2-device=auto,headless=yes");
        add_token(&v, "systemd-tpm2", SLOT_TOKEN);
        unlocks(&v, -EKEYREJECTED, "");
        begin(&v, "v /dev/x - fido2-device=auto,tpm2-device=auto");
        add_token(&v, "systemd-tpm2", SLOT_TOKEN);
        unlocks(&v, 0, "token 7; open method=tpm2 human=0 tries=1 keyslot=1 token=7; activate v key1 0; ");
        begin(&v, "v /dev/x - key-slot=5");
        add_token(&v, "systemd-tpm2", SLOT_TOKEN);
        answer(&v, "typed", RECOVERY);
        unlocks(&v, 0,
                        "ask; fail method=passphrase human=1 tries=1; "
                        "ask; open method=recovery human=1 tries=2 keyslot=5 token=4; activate v key5 0; ");
}

static void a_key_file_comes_first(void **state) {
        const Folder *f = *state;
        char line[256];
        Vault v;

        folder_write(f, "key", SPAN_LITERAL("##of the file##"));
        (void) snprintf(line, sizeof(line), "v /dev/x %s keyfile-offset=2,keyfile-size=11",
                        folder_path(f, "key"));
        begin(&v, line);
        add_token(&v, "systemd-tpm2", SLOT_TOKEN);
        unlocks(&v, 0, "open method=keyfile human=0 tries=1 keyslot=3; activate v key3 0; ");
        /* with all of it: another key */
        (void) snprintf(line, sizeof(line), "v /dev/x %s keyfile-offset=2", folder_path(f, "key"));
        begin(&v, line);
        add_token(&v, "systemd-tpm2", SLOT_TOKEN);
        unlocks(&v, 0,
                        "fail method=keyfile human=0 tries=1; "
                        "token 7; open method=tpm2 human=0 tries=2 keyslot=1 token=7; activate v key1 0; ");
        /* it is shorter, or not there: no try */
        (void) snprintf(line, sizeof(line), "v /dev/x %s keyfile-size=16,headless=yes",
                        folder_path(f, "key"));
        begin(&v, line);
        unlocks(&v, -EKEYREJECTED, "");
        begin(&v, "v /dev/x /nonexistent/key headless=yes");
        unlocks(&v, -EKEYREJECTED, "");
}

/* Whichever step fails, the volume is no device unless its opening was recorded. */
static void what_cannot_be_recorded_opens_nothing(void **state) {
        int n = 0, rc;

        (void) state;
        do {
                Vault v;

                begin(&v, "v /dev/x");
                add_token(&v, "systemd-tpm2", -EPERM);
                answer(&v, "typed");
                v.steps_left = n++;
                rc = unlock_volume(&v.unlocker, &v.key, &v.e);
                buf_byte(&v.done, '\0');
                assert_int_equal(v.active, rc == 0);
                if (v.active)
                        assert_non_null(strstr((const char *) v.done.data, "open method="));
                else
                        assert_int_equal(rc, -EIO);
                if (n == 3) /* the failed try: nobody is asked any more */
                        assert_null(strstr((const char *) v.done.data, "ask"));
                if (n == 4)
                        assert_string_equal(v.e.text,
                                        "'v' stays locked: a key opens it, but that could not be recorded: as told");
                buf_done(&v.done);
        } while (rc < 0);
        assert_int_equal(n, 6); /* UUID, tokens, the failed try, the opening, the device */
}

static void a_recovery_key_has_one_spelling(void **state) {
        static const char *const bad[] = { "", "typed", RECOVERY "c",
                "abdefghi-jklnrtuv-cbdefghi-jklnrtuv-cbdefghi-jklnrtuv-cbdefghi-jklnrtuv",
                "cbdefghi+jklnrtuv-cbdefghi-jklnrtuv-cbdefghi-jklnrtuv-cbdefghi-jklnrtuv",
                "cbdefghijklnrtuvcbdefghijklnrtuvcbdefghijklnrtuvcbdefghijklnrtux" };
        _cleanup_(secret_done) Secret key = {};

        (void) state;
        assert_int_equal(secret_new(RECOVERY_SIZE, &key, NULL), 0);
        assert_true(recovery_read(SPAN_LITERAL(RECOVERY), &key));
        assert_true(span_is(secret_span(&key), RECOVERY));
        assert_true(recovery_read(
                        SPAN_LITERAL("CBDEFGHIjklnrtuvcbdefghijklnrtuvcbdefghijklnrtuvcbdefghijklnrtuv"),
                        &key));
        assert_true(span_is(secret_span(&key), RECOVERY));
        for (size_t i = 0; i < ELEMENTS(bad); i++)
                assert_false(recovery_read(span_of(bad[i]), &key));
}

static int set_up(void **state) {
        static Folder f;

        f = folder_new();
        *state = &f;
        return 0;
}

static int tear_down(void **state) {
        folder_done(*state);
        return 0;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_token_opens_and_nobody_is_asked),
                cmocka_unit_test(what_is_typed_is_known_by_its_slot),
                cmocka_unit_test(failed_tries_are_recorded_and_counted),
                cmocka_unit_test(a_token_that_cannot_be_asked_is_no_try),
                cmocka_unit_test(a_token_may_want_a_pin),
                cmocka_unit_test(the_line_says_which_tokens_and_slots),
                cmocka_unit_test(a_key_file_comes_first),
                cmocka_unit_test(what_cannot_be_recorded_opens_nothing),
                cmocka_unit_test(a_recovery_key_has_one_spelling),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
