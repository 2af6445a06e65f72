/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <libcryptsetup.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "port/luks.h"
#include "support/folder.h"

/* Volumes as they lie on disks: keys are found in them without device-mapper. */

#define TOKEN(type, slot) "{\"type\":\"" type "\",\"keyslots\":[\"" slot "\"],\"x\":\"\"}"

/* A token's plug-in, in place of systemd's: it knows the passphrase, or has no hardware, or wants a
 * PIN. */
static int plug_in_says;

static int plug_in_open(
                struct crypt_device *cd, int token, char **buffer, size_t *size, void *user) {
        (void) cd;
        (void) token;
        (void) user;
        if (plug_in_says < 0)
                return plug_in_says;
        *buffer = strdup(plug_in_says == 0 ? "of the token" : "of another");
        *size = strlen(*buffer);
        return 0;
}

static void plug_in_free(void *buffer, size_t size) {
        (void) size;
        free(buffer);
}

static const crypt_token_handler plug_in = {
        .name = "systemd-tpm2",
        .open = plug_in_open,
        .buffer_free = plug_in_free,
};

static void add_key(struct crypt_device *cd, int slot, const char *passphrase) {
        assert_int_equal(crypt_keyslot_add_by_volume_key(
                                         cd, slot, NULL, 0, passphrase, strlen(passphrase)),
                        slot);
}

/* Slot 0: "typed"; slot 1: "of the token"; slot 5: "recovers". */
static void format(const char *path) {
        static const struct crypt_pbkdf_type cheap = { .type = CRYPT_KDF_PBKDF2,
                .hash = "sha256",
                .iterations = 1000,
                .flags = CRYPT_PBKDF_NO_BENCHMARK };
        struct crypt_device *cd = NULL;
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        assert_int_equal(ftruncate(fileno(file), 20 * 1024 * 1024), 0);
        (void) fclose(file);
        assert_int_equal(crypt_init(&cd, path), 0);
        assert_int_equal(crypt_set_pbkdf_type(cd, &cheap), 0);
        assert_int_equal(crypt_format(cd, CRYPT_LUKS2, "aes", "xts-plain64",
                                         "12345678-1234-1234-1234-123456789abc", NULL, 64, NULL),
                        0);
        add_key(cd, 0, "typed");
        add_key(cd, 1, "of the token");
        add_key(cd, 5, "recovers");
        assert_int_equal(crypt_token_json_set(cd, 2, TOKEN("systemd-tpm2", "1")), 2);
        assert_int_equal(crypt_token_json_set(cd, 4, TOKEN("systemd-recovery", "5")), 4);
        crypt_free(cd);
}

static Luks *volume(const Folder *f) {
        Luks *l = NULL;
        Err e = {};

        if (luks_open(folder_path(f, "volume"), NULL, &l, &e) < 0)
                fail_msg("%s", e.text);
        return l;
}

static void tokens_are_told_with_their_slots(void **state) {
        _cleanup_(luks_close) Luks *l = volume(*state);
        LuksToken tokens[LUKS_SLOTS];
        char uuid[LUKS_UUID_MAX + 1];
        size_t n = 0;

        assert_int_equal(luks_uuid(l, uuid, NULL), 0);
        assert_string_equal(uuid, "12345678-1234-1234-1234-123456789abc");
        assert_int_equal(luks_tokens(l, tokens, &n, NULL), 0);
        assert_int_equal(n, 2);
        assert_int_equal(tokens[0].id, 2);
        assert_string_equal(tokens[0].type, "systemd-tpm2");
        assert_int_equal(tokens[0].slots, 1 << 1);
        assert_true(tokens[0].usable);
        assert_int_equal(tokens[1].id, 4);
        assert_string_equal(tokens[1].type, "systemd-recovery");
        assert_int_equal(tokens[1].slots, 1 << 5);
        assert_false(tokens[1].usable);
}

static int by_passphrase(Luks *l, int slot, const char *passphrase, Secret *key, Err *e) {
        return luks_by_passphrase(l, slot, span_of(passphrase), key, e);
}

static void a_passphrase_tells_its_slot(void **state) {
        _cleanup_(luks_close) Luks *l = volume(*state);
        _cleanup_(secret_done) Secret key = {}, again = {};
        Err e = {};
        int rc;

        assert_int_equal(secret_new(LUKS_KEY_MAX, &key, NULL), 0);
        assert_int_equal(secret_new(LUKS_KEY_MAX, &again, NULL), 0);
        assert_int_equal(by_passphrase(l, -1, "typed", &key, NULL), 0);
        assert_int_equal(key.size, 64);
        assert_int_equal(by_passphrase(l, -1, "recovers", &again, NULL), 5);
        assert_true(span_equal(secret_span(&key), secret_span(&again)));
        assert_int_equal(by_passphrase(l, 5, "recovers", &again, NULL), 5);
        assert_int_equal(by_passphrase(l, 5, "typed", &again, &e), -EPERM);
        assert_non_null(strstr(e.text, "no key slot opens"));
        assert_int_equal(by_passphrase(l, -1, "wrong", &again, NULL), -EPERM);
        rc = by_passphrase(l, 9, "typed", &again, NULL); /* there is no such slot */
        assert_true(rc < 0 && rc != -EPERM);
        /* no room for a volume key: it is not written behind what there is */
        secret_done(&again);
        assert_int_equal(secret_new(63, &again, NULL), 0);
        assert_int_equal(by_passphrase(l, -1, "typed", &again, NULL), -EBADMSG);
}

static void a_token_tells_its_slot(void **state) {
        _cleanup_(luks_close) Luks *l = volume(*state);
        _cleanup_(secret_done) Secret key = {};
        LuksToken t = { .id = 2 };
        Err e = {};

        assert_int_equal(secret_new(LUKS_KEY_MAX, &key, NULL), 0);
        plug_in_says = 0;
        assert_int_equal(luks_by_token(l, &t, NULL, &key, NULL), 1);
        assert_int_equal(key.size, 64);
        plug_in_says = 1;
        assert_int_equal(luks_by_token(l, &t, NULL, &key, NULL), -EPERM);
        plug_in_says = -ENOANO;
        assert_int_equal(luks_by_token(l, &t, NULL, &key, &e), -ENOANO);
        assert_non_null(strstr(e.text, "token 2"));
        plug_in_says = -EAGAIN;
        assert_int_equal(luks_by_token(l, &t, NULL, &key, NULL), -EAGAIN);
        plug_in_says = 0;
        t.id = 7; /* there is none */
        assert_true(luks_by_token(l, &t, NULL, &key, NULL) < 0);
}

/* What is no volume, and what cannot become a device. */
static void what_cannot_be_opened_is_said(void **state) {
        const Folder *f = *state;
        _cleanup_(luks_close) Luks *l = volume(f);
        _cleanup_(secret_done) Secret key = {};
        Luks *none = NULL;
        Err e = {};

        folder_write(f, "zeros", (Span){ (const uint8_t[4096]){}, 4096 });
        assert_int_equal(luks_open(folder_path(f, "zeros"), NULL, &none, &e), -EMEDIUMTYPE);
        assert_non_null(strstr(e.text, "there is no LUKS2 header"));
        e = (Err){};
        assert_true(luks_open(folder_path(f, "absent"), NULL, &none, &e) < 0);
        assert_non_null(strstr(e.text, "absent"));
        assert_null(none);

        /* another key than the volume's is no key of it */
        assert_int_equal(secret_new(LUKS_KEY_MAX, &key, NULL), 0);
        key.size = 64;
        e = (Err){};
        assert_int_equal(luks_activate(l, NULL, &key, 0, &e), -EPERM);
        assert_non_null(strstr(e.text, "cannot be activated"));
        assert_true(luks_activate(l, "avouch-test-luks", &key, 0, NULL) < 0);
        assert_int_equal(by_passphrase(l, -1, "typed", &key, NULL), 0);
        assert_int_equal(luks_activate(l, NULL, &key, 0, NULL), 0);
        assert_false(luks_is_active("avouch-test-luks"));
        assert_true(luks_deactivate("avouch-test-luks", NULL) < 0);
}

static int set_up(void **state) {
        static Folder f;

        f = folder_new();
        *state = &f;
        assert_int_equal(crypt_token_register(&plug_in), 0);
        format(folder_path(&f, "volume"));
        return 0;
}

static int tear_down(void **state) {
        folder_done(*state);
        return 0;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(tokens_are_told_with_their_slots),
                cmocka_unit_test(a_passphrase_tells_its_slot),
                cmocka_unit_test(a_token_tells_its_slot),
                cmocka_unit_test(what_cannot_be_opened_is_said),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
