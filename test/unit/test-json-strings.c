/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "wire/json.h"

static int judge(JsonForm form, const uint8_t *text, size_t size) {
        JsonToken token;
        Json v;

        return json_parse((Span){ text, size }, form, &token, 1, "text", &v, NULL);
}

/* Characters are looked at eight at a time; what one of them is must not depend on that. */
static void a_byte_is_judged_wherever_it_stands(void **state) {
        static const JsonForm forms[] = { JSON_CANONICAL, JSON_STRICT, JSON_FOREIGN };

        (void) state;
        for (unsigned byte = 0; byte < 3 * 0x100; byte++) {
                const uint8_t lone[] = { '"', (uint8_t) byte, '"' };
                JsonForm form = forms[byte / 0x100];

                for (size_t at = 1; at <= 16 && lone[1] != '"' && lone[1] != '\\'; at++) {
                        uint8_t text[18] = "\"abcdefghijklmnop\"";

                        text[at] = lone[1];
                        assert_int_equal(judge(form, text, sizeof(text)),
                                        judge(form, lone, sizeof(lone)));
                }
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_byte_is_judged_wherever_it_stands),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
