/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "base/text.h"
#include "image/seed.h"

/* The expected values were computed with Python's hmac and hashlib. */
static void every_number_is_the_hmac_of_its_label(void **state) {
        static const struct {
                const char *seed, *disk, *filesystem, *verity, *signature, *salt;
        } cases[] = {
                { NULL, "9a073dde-308f-49b0-b123-6654fdb93419",
                                "6045bc1f-6415-4162-bd0a-44af251f9a60",
                                "b01ca8ed-f329-485a-975e-75c4bc93f23c",
                                "3ab04947-c5e1-469c-9f08-ea8bb9b15f4a",
                                "6dca82c625a3272ba5e029ac0a0e0a72"
                                "6b65114ac278ed02544c2f17d1ad7ab3" },
                { "my seed", "fe2022e1-a7e3-473d-806b-d6785f77d061",
                                "cbffff67-04ce-44a5-8c56-982d907337f9",
                                "2a2c9c5c-21a1-4fec-8fde-9b591e5f18ac",
                                "7350c361-f1d0-4f9e-bc19-46078df4e4a9",
                                "61cd359763b2005f13c8c2bbd819fb66"
                                "91a7fae87a9c1a6bbb8dd92b9c155f72" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf salt = BUF_UP_TO(64);
                char text[UUID_TEXT_SIZE];
                ImageSeed s;

                assert_int_equal(image_seed(cases[i].seed, "jq", "1.6", &s, NULL), 0);
                text_uuid(s.disk, text);
                assert_string_equal(text, cases[i].disk);
                text_uuid(s.filesystem, text);
                assert_string_equal(text, cases[i].filesystem);
                text_uuid(s.verity, text);
                assert_string_equal(text, cases[i].verity);
                text_uuid(s.signature, text);
                assert_string_equal(text, cases[i].signature);
                text_hex(&salt, (Span){ s.salt, sizeof(s.salt) });
                assert_true(span_is(buf_span(&salt), cases[i].salt));
        }
}

static void name_and_version_do_not_run_into_each_other(void **state) {
        ImageSeed a, b;

        (void) state;
        assert_int_equal(image_seed(NULL, "jq1", "6", &a, NULL), 0);
        assert_int_equal(image_seed(NULL, "jq", "16", &b, NULL), 0);
        assert_memory_not_equal(a.salt, b.salt, sizeof(a.salt));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_number_is_the_hmac_of_its_label),
                cmocka_unit_test(name_and_version_do_not_run_into_each_other),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
