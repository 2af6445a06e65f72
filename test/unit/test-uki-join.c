/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <unistd.h>

#include "image/uki-join.h"
#include "layer/uki.h"
#include "support/libc.h"
#include "support/ukiworld.h"

static Scratch keys;

static int make(void **state) {
        (void) state;
        keys = scratch_new();
        certs_make(&keys, "rsa", "rsa:2048");
        return scratch_tool(
                        &keys, "openssl", "pkey", "-in", "rsa.key", "-pubout", "-out", "rsa.pub");
}

static int drop(void **state) {
        (void) state;
        scratch_done(&keys);
        return 0;
}

/* An image as the key would have made it, whose signatures the other one is given. */
typedef struct Halves {
        UkiWorld world;
        ScratchPath public_key;
        char later[UKI_WORLD_PATH];
        Buf at_once, signatures, to_sign;
        UkiJoinParams params;
} Halves;

static void halves_done(Halves *h) {
        buf_done(&h->at_once);
        buf_done(&h->signatures);
        buf_done(&h->to_sign);
        uki_world_done(&h->world);
}

static void read_signatures(const char *path, Buf *to) {
        _cleanup_(uki_done) Uki u = UKI_NONE;

        assert_int_equal(uki_open(path, &u, NULL), 0);
        assert_int_equal(uki_text(&u, ".pcrsig", to, NULL), 0);
        buf_byte(to, '\0');
        assert_int_equal(to->failed, 0);
}

static void halves_open(Halves *h) {
        UkiWorld *w = &h->world;
        UkiBuilt built;

        *h = (Halves){ .signatures = BUF_UP_TO(UKI_TEXT_MAX), .to_sign = BUF_UP_TO(UKI_TEXT_MAX) };
        uki_world_open(w, &keys);
        w->params.policy = &w->policy;
        assert_int_equal(uki_build(&w->params, &built, NULL), 0);
        read_signatures(w->output, &h->signatures);
        h->at_once = folder_read(&w->folder, "out.efi");

        h->public_key = scratch_path(&keys, "rsa.pub");
        w->policy.keys[0] = (PolicyKey){ .public_key = h->public_key.text };
        w->policy.key_is_elsewhere = true;
        uki_world_path(w, "later.efi", h->later);
        w->params.output = h->later;
        w->params.leaf = NULL;
        w->params.to_sign = &h->to_sign;
        assert_int_equal(uki_build(&w->params, &built, NULL), 0);
        h->params = (UkiJoinParams){
                .image = h->later,
                .signatures = (const char *) h->signatures.data,
                .output = w->output,
                .leaf = w->leaf,
        };
}

static void clean(const Halves *h) {
        (void) unlink(h->world.output);
        (void) unlink(h->world.leaf);
}

static void a_key_that_is_elsewhere_gives_the_same_bytes(void **state) {
        _cleanup_(halves_done) Halves h;
        _cleanup_(buf_done) Buf joined = {};
        UkiBuilt built;

        (void) state;
        halves_open(&h);
        clean(&h);
        assert_int_equal(uki_join(&h.params, &built, NULL), 0);
        joined = folder_read(&h.world.folder, "out.efi");
        assert_true(span_equal(buf_span(&joined), buf_span(&h.at_once)));
        assert_int_equal(built.stub_generation, 257);
        assert_string_equal(built.name, "x");
}

/* Whichever call fails, once or from then on: an error that says so and nothing left, or image and
 * leaf as ever. Where the folder's own sync fails, which is the last, they stand. */
static void every_call_may_fail(void **state) {
        static const struct {
                LibcCalls calls;
                int error;
                bool for_ever, sign;
        } ways[] = {
                { LIBC_MEMORY, ENOMEM, false, false },
                { LIBC_MEMORY, ENOMEM, true, false },
                { LIBC_MEMORY, ENOMEM, false, true },
                { LIBC_FILES, EIO, false, false },
                { LIBC_FILES, ENOSPC, true, true },
        };
        _cleanup_(halves_done) Halves h;

        (void) state;
        halves_open(&h);
        for (size_t way = 0; way < ELEMENTS(ways); way++) {
                UkiBuilt good, built;
                int n = 0, failed;

                clean(&h);
                h.params.sign = ways[way].sign ? &h.world.signing : NULL;
                assert_int_equal(uki_join(&h.params, &good, NULL), 0);
                do {
                        const char *names;
                        Err e = {};
                        int rc;

                        clean(&h);
                        libc_fail_after(ways[way].calls, n++, ways[way].error, ways[way].for_ever);
                        rc = uki_join(&h.params, &built, &e);
                        failed = libc_heal();
                        names = folder_names(&h.world.folder);
                        if (rc == 0) {
                                assert_true(digest_equal(&built.authenticode, &good.authenticode));
                                assert_non_null(strstr(names, "out.efi out.leaf"));
                                continue;
                        }
                        assert_true(failed > 0);
                        assert_string_not_equal(e.text, "");
                        if (!strstr(names, "out.efi"))
                                assert_string_equal(names, "initrd kernel later.efi stub ");
                } while (failed > 0);
                assert_true(n > 10);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_key_that_is_elsewhere_gives_the_same_bytes),
                cmocka_unit_test(every_call_may_fail),
        };

        return cmocka_run_group_tests(tests, make, drop);
}
