/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>

#include "support/draftlog.h"
#include "support/follow.h"

/* A segment whose records go into several registers. */

/* What drafts of genesis start with. */
static Digest draft_start(HashAlg alg) {
        Digest d = digest_zero(alg);
        const char *hex = alg == HASH_SHA1 ? HEX_32 "01234567" : HEX_64;

        for (size_t i = 0; i < d.size; i++) {
                unsigned byte;

                assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
                d.bytes[i] = (uint8_t) byte;
        }
        return d;
}

static const DraftChange nv_genesis[] = { { "register", "\"nv:0x01800400\"" },
        { "start", "{\"sha256\":\"" HEX_64 "\"}" }, {} };

static void a_genesis_stands_in_no_nv_index(void **state) {
        _cleanup_(draft_log_done) DraftLog l = draft_log();
        Chain c;
        int rc;

        (void) state;
        l.reg = (Register){ REGISTER_NV, 0x01800400 };
        l.n_banks = 1;
        l.banks[0] = HASH_SHA256;
        draft_log_add(&l, EVENT_PHASE_GENESIS, nv_genesis);
        assert_int_equal(follow(draft_log_bytes(&l), &c, &rc, NULL), 0);
        assert_int_equal(rc, -EBADMSG);
}

/* Puts the next record into another register. */
static void into(DraftLog *l, Register reg) {
        static const HashAlg banks[] = { HASH_SHA1, HASH_SHA256 };
        bool nv = reg.kind == REGISTER_NV;

        l->reg = reg;
        l->n_banks = nv ? 1 : 2;
        memcpy(l->banks, nv ? banks + 1 : banks, l->n_banks * sizeof(banks[0]));
}

/* The genesis of drafts names pcr:8, pcr:9 and an NV index. */
static void records_of_several_registers_have_one_order(void **state) {
        static const Register registers[] = { { REGISTER_PCR, 8 }, { REGISTER_PCR, 9 },
                { REGISTER_NV, 0x01800400 } };
        static const unsigned order[] = { 1, 2, 0, 1, 1, 2 };
        _cleanup_(draft_log_done) DraftLog l = draft_log();
        Chain c;
        int rc;

        (void) state;
        draft_log_add(&l, EVENT_PHASE_GENESIS, NULL);
        for (size_t n = 0; n < ELEMENTS(order); n++) {
                into(&l, registers[order[n]]);
                draft_log_add(&l, EVENT_NOTE_TEXT, NULL);
        }
        assert_int_equal(follow(draft_log_bytes(&l), &c, &rc, NULL), 1 + ELEMENTS(order));
        assert_int_equal(rc, 0);
        assert_int_equal(c.n_strands, 3);
        assert_int_equal(c.last_at, 2);
        for (size_t i = 0; i < ELEMENTS(registers); i++) {
                const Strand *s = chain_strand(&c, registers[i]);
                _cleanup_(draft_log_done) DraftLog own = draft_log();
                Digest now;

                /* the register's own records alone */
                assert_non_null(s);
                into(&own, registers[i]);
                assert_int_equal(s->n_banks, own.n_banks);
                for (size_t n = 0; n <= ELEMENTS(order); n++)
                        if (n == 0 ? i == 0 : order[n - 1] == i) {
                                Span record = draft_log_record(&l, n);

                                own.at[own.n++] = own.bytes.size;
                                buf_bytes(&own.bytes, record);
                                own.at[own.n] = own.bytes.size;
                        }
                now = draft_log_replay(&own, s->n_banks - 1, draft_start(HASH_SHA256));
                assert_true(digest_equal(&s->now[s->n_banks - 1], &now));
        }
        assert_null(chain_strand(&c, (Register){ REGISTER_PCR, 10 }));
}

/* Records of one register cannot be put before or behind those of another. */
static void order_across_registers_cannot_be_changed(void **state) {
        _cleanup_(draft_log_done) DraftLog l = draft_log();
        _cleanup_(buf_done) Buf swapped = BUF_UP_TO(DRAFT_LOG_MAX);
        Chain c;
        int rc;

        (void) state;
        draft_log_add(&l, EVENT_PHASE_GENESIS, NULL);
        into(&l, (Register){ REGISTER_PCR, 9 });
        draft_log_add(&l, EVENT_NOTE_TEXT, NULL);
        into(&l, (Register){ REGISTER_PCR, 8 });
        draft_log_add(&l, EVENT_NOTE_TEXT, NULL);
        buf_bytes(&swapped, draft_log_record(&l, 0));
        buf_bytes(&swapped, draft_log_record(&l, 2));
        buf_bytes(&swapped, draft_log_record(&l, 1));
        assert_int_equal(follow(buf_span(&swapped), &c, &rc, NULL), 1);
        assert_int_equal(rc, -EBADMSG);
}

/* Its value as genesis has it. */
#define PCR(n) "\"pcr:" n "\":{\"sha1\":\"" HEX_32 "01234567\",\"sha256\":\"" HEX_64 "\"}"

static void what_a_genesis_may_not_name(void **state) {
        static const struct {
                DraftChange changes[2];
                const char *why;
        } wrong[] = {
                { { { "others", "{\"pcr:8\":{\"sha1\":\"" HEX_32 "01234567\",\"sha256\":\"" HEX_64
                                "\"}}" } },
                                "names a register twice" },
                { { { "others", "{\"pcr:9\":{\"sha256\":\"" HEX_64 "\"}}" } }, "for other banks" },
                { { { "others", "{\"pcr:9\":{\"sha256\":\"" HEX_64 "\",\"sha384\":\"" HEX_32 HEX_64
                                "\"}}" } },
                                "no register value for bank sha1" },
                { { { "others", "{" PCR("0") "," PCR("1") "," PCR("2") "," PCR("3") "," PCR(
                                                "4") "," PCR("5") "," PCR("6") "," PCR("7") "}" } },
                                "more than 8 registers" },
                { { { "others", "{" PCR("1") "," PCR("2") "," PCR("3") "," PCR("4") "," PCR(
                                                "5") "," PCR("6") "," PCR("7") "}" } }, /* and the
                                                                                           NV index
                                                                                           of drafts
                                                                                         */
                                "more than 8 registers" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(wrong); i++) {
                _cleanup_(draft_log_done) DraftLog l = draft_log();
                Err e = {};
                Chain c;
                int rc;

                draft_log_add(&l, EVENT_PHASE_GENESIS, wrong[i].changes);
                assert_int_equal(follow(draft_log_bytes(&l), &c, &rc, &e), 0);
                assert_int_equal(rc, -EBADMSG);
                assert_non_null(strstr(e.text, wrong[i].why));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_genesis_stands_in_no_nv_index),
                cmocka_unit_test(records_of_several_registers_have_one_order),
                cmocka_unit_test(order_across_registers_cannot_be_changed),
                cmocka_unit_test(what_a_genesis_may_not_name),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
