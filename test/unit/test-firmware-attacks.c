/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "support/case.h"
#include "support/firmlog.h"
#include "wire/efievent.h"

/* What can be done to a firmware's log by whoever hands it out, while the registers are those of an
 * honest boot and the quote is genuine. Each row changes one thing. */

static const HashAlg banks[] = { HASH_SHA1, HASH_SHA256, HASH_SHA384 };

typedef struct Machine {
        FirmLog log;
        Buf certificate;
        Case c;
} Machine;

static void machine_done(Machine *b) {
        firmlog_done(&b->log);
        buf_done(&b->certificate);
        case_end(&b->c);
}

/* A machine with Secure Boot and a UKI, quoted in SHA-256 and SHA-384. */
static void machine_begin(Machine *b) {
        static const PcrSelection quoted = {
                .banks = { { HASH_SHA256, 0xffff }, { HASH_SHA384, 0xfeff } }, .n_banks = 2
        };

        *b = (Machine){ .log = firmlog_new(banks, ELEMENTS(banks)),
                .certificate = BUF_UP_TO(4096) };
        firmlog_certificate(&b->certificate, "vendor");
        firmlog_boot(&b->log, &(FirmBoot){ .secure_boot = true,
                                              .certificate = buf_span(&b->certificate),
                                              .cmdline = "root=x quiet" });
        case_begin(&b->c);
        forge_firmware(&b->c.forge, &b->log);
        b->c.policy.required = 1u << CLAIM_REGISTERS | 1u << CLAIM_FIRMWARE;
        b->c.forge.selection = b->c.forge.asked = quoted;
        b->c.forge.values.held = quoted;
        memmove(b->c.forge.values.digests[0], b->c.forge.values.digests[1],
                        2 * sizeof(b->c.forge.values.digests[0]));
        b->c.forge.signed_values = b->c.forge.values;
}

static size_t find(const FirmLog *l, uint32_t pcr, uint32_t type) {
        return firmlog_find(l, pcr, type, 0);
}

static void nothing(FirmLog *l) {
        (void) l;
}

static void no_pcr7(FirmLog *l) {
        for (size_t i = l->n; i-- > 0;)
                if (l->events[i].pcr == 7)
                        firmlog_remove(l, i);
}

static void no_events(FirmLog *l) {
        l->n = 0;
}

static void secure_boot_flipped(FirmLog *l) {
        FirmEvent *event = &l->events[find(l, 7, EV_EFI_VARIABLE_DRIVER_CONFIG)];

        event->data[event->size - 1] ^= 1;
}

static void authority_changed(FirmLog *l) {
        l->events[find(l, 7, EV_EFI_VARIABLE_AUTHORITY)].data[200] ^= 1;
}

static void order_changed(FirmLog *l) {
        FirmEvent *event = &l->events[find(l, 1, EV_EFI_VARIABLE_BOOT)];

        event->data[event->size - 1] ^= 1;
}

static void table_changed(FirmLog *l) {
        l->events[find(l, 5, EV_EFI_GPT_EVENT)].data[60] ^= 1;
}

static void pcr7_renamed_unused(FirmLog *l) {
        l->events[find(l, 7, EV_EFI_VARIABLE_AUTHORITY)].type = EV_UNUSED;
}

static void pcr7_renamed_ipl(FirmLog *l) {
        l->events[find(l, 7, EV_EFI_VARIABLE_AUTHORITY)].type = EV_IPL;
}

static void pcr7_renamed_no_action(FirmLog *l) {
        l->events[find(l, 7, EV_EFI_VARIABLE_AUTHORITY)].type = EV_NO_ACTION;
}

static void separator_renamed(FirmLog *l) {
        l->events[find(l, 7, EV_SEPARATOR)].type = EV_EFI_ACTION;
}

static void application_renamed(FirmLog *l) {
        l->events[find(l, 4, EV_EFI_BOOT_SERVICES_APPLICATION)].type = EV_UNUSED;
}

static void no_action_added(FirmLog *l) {
        (void) firmlog_add(l, 7, EV_NO_ACTION, SPAN_LITERAL("SecureBoot is on, honestly"));
}

static void swapped_between_registers(FirmLog *l) {
        firmlog_swap(l, find(l, 0, EV_SEPARATOR), find(l, 1, EV_SEPARATOR));
}

static void swapped_in_pcr7(FirmLog *l) {
        size_t first = find(l, 7, EV_EFI_VARIABLE_DRIVER_CONFIG);

        firmlog_swap(l, first, first + 1);
}

static void last_dropped(FirmLog *l) {
        l->n--;
}

static void sha256_left_out(FirmLog *l) {
        for (size_t i = 0; i < l->n; i++)
                l->events[i].left_out = 1 << 1;
}

static void sha256_left_out_once(FirmLog *l) {
        l->events[find(l, 7, EV_EFI_VARIABLE_AUTHORITY)].left_out = 1 << 1;
}

static void sha256_zeroed(FirmLog *l) {
        for (size_t i = 0; i < l->n; i++)
                l->events[i].digests[1] = digest_zero(HASH_SHA256);
}

static void sha384_zeroed(FirmLog *l) {
        for (size_t i = 0; i < l->n; i++)
                l->events[i].digests[2] = digest_zero(HASH_SHA384);
}

static void sha256_of_20_bytes(FirmLog *l) {
        l->sizes[1] = 20;
}

static void pcr_200(FirmLog *l) {
        (void) firmlog_add(l, 200, EV_SEPARATOR, SPAN_LITERAL("\0\0\0\0"));
}

/* An event that was never measured, in a bank that nobody quotes. */
static void event_without_proving_digests(FirmLog *l) {
        FirmEvent *event = firmlog_add_variable(
                        l, 7, EV_EFI_VARIABLE_AUTHORITY, firmlog_security, "db", SPAN_LITERAL("x"));

        event->left_out = 1 << 1 | 1 << 2;
}

static void locality_3(FirmLog *l) {
        (void) firmlog_add(l, 0, EV_NO_ACTION, SPAN_LITERAL("StartupLocality\0\3"));
        for (size_t i = l->n - 1; i > 0; i--)
                firmlog_swap(l, i, i - 1);
}

static void locality_0(FirmLog *l) {
        (void) firmlog_add(l, 0, EV_NO_ACTION, SPAN_LITERAL("StartupLocality\0\0"));
        for (size_t i = l->n - 1; i > 0; i--)
                firmlog_swap(l, i, i - 1);
}

static void locality_3_late(FirmLog *l) {
        (void) firmlog_add(l, 0, EV_NO_ACTION, SPAN_LITERAL("StartupLocality\0\3"));
}

static void guests_log(FirmLog *l) {
        l->head_pcr = 1;
        for (size_t i = l->n; i-- > 0;)
                if (l->events[i].pcr > 4)
                        firmlog_remove(l, i);
}

static void event_added(FirmLog *l) {
        (void) firmlog_add(l, 12, EV_IPL, SPAN_LITERAL("x"));
}

static const struct {
        const char *what;
        void (*change)(FirmLog *l);
        const char *registers, *firmware; /* what is said; NULL: the claim is proven */
} rows[] = {
        { "genuine", nothing, NULL, NULL },
        { "StartupLocality 0", locality_0, NULL, NULL },
        { "all of PCR 7 gone", no_pcr7, "sha256:7", "the logs do not replay to pcr:7" },
        { "all events gone", no_events, "sha256:0-7", "the logs do not replay to pcr:0" },
        { "SecureBoot flipped", secure_boot_flipped, NULL, "PCR 7: its data are not what was" },
        { "an authority changed", authority_changed, NULL, "PCR 7: its data are not what was" },
        { "a boot option changed", order_changed, NULL, "in PCR 1: its data are not what was" },
        { "a partition changed", table_changed, NULL, "in PCR 5: its data are not what was" },
        { "PCR 7 renamed EV_UNUSED", pcr7_renamed_unused, NULL,
                        "of a type that does not belong there" },
        { "PCR 7 renamed EV_IPL", pcr7_renamed_ipl, NULL, "of a type that does not belong there" },
        { "PCR 7 renamed EV_NO_ACTION", pcr7_renamed_no_action, "sha256:7", "pcr:7" },
        { "PCR 7's separator renamed", separator_renamed, NULL, "an action that does not belong" },
        { "application renamed EV_UNUSED", application_renamed, NULL, NULL },
        { "unmeasured event added", no_action_added, NULL, NULL },
        { "order between registers", swapped_between_registers, NULL, NULL },
        { "order within PCR 7", swapped_in_pcr7, "sha256:7", "pcr:7" },
        { "last event dropped", last_dropped, "sha256:5", "pcr:5" },
        { "no sha256", sha256_left_out, "has no sha256 digest", NULL },
        { "no sha256 once", sha256_left_out_once, "has no sha256 digest", NULL },
        { "sha256 zeroed", sha256_zeroed, "sha256:0-7,9,11:", NULL },
        { "sha384 zeroed", sha384_zeroed, "sha384:0-7,9,11:", NULL },
        { "sha256 of 20 bytes", sha256_of_20_bytes, "not its algorithm's", "pcr:0" },
        { "PCR 200", pcr_200, "a register that there is not", "pcr:0" },
        { "no digest that proves", event_without_proving_digests, "has no sha", "pcr:0" },
        { "StartupLocality 3", locality_3, "sha256:0+sha384:0:", "pcr:0" },
        { "StartupLocality 3, late", locality_3_late, NULL, NULL },
        { "a guest's log", guests_log, "of a confidential guest's registers", "pcr:0" },
        { "an event added", event_added, "sha256:12", NULL },
};

static void check_claim(const Case *c, const char *what, Claim claim, const char *said) {
        const char *reason = c->judgement.verdict.reasons[claim];

        if ((case_state(c, claim) == CLAIM_PROVEN) != (said == NULL))
                fail_msg("%s: %s is %s: %s", what, claim_name(claim),
                                claim_state_name(case_state(c, claim)), reason);
        if (said && !strstr(reason, said))
                fail_msg("%s: %s says '%s', not '%s'", what, claim_name(claim), reason, said);
}

static void a_log_cannot_be_changed(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Machine b;

                machine_begin(&b);
                rows[i].change(&b.log);
                buf_done(&b.c.forge.firmware);
                firmlog_write(&b.log, &b.c.forge.firmware);
                case_judge(&b.c);
                check_claim(&b.c, rows[i].what, CLAIM_REGISTERS, rows[i].registers);
                check_claim(&b.c, rows[i].what, CLAIM_FIRMWARE, rows[i].firmware);
                machine_done(&b);
        }
}

/* What is quoted in a bank that the log does not have is explained by nobody; nor are words in
 * registers that systemd does not extend with them. */
static void what_the_log_cannot_explain_is_unexplained(void **state) {
        Digest other = digest_zero(HASH_SHA512);
        Machine b;

        (void) state;
        machine_begin(&b);
        firmlog_extend(&b.c.forge.values, 15, "os-separator");
        b.c.forge.signed_values = b.c.forge.values;
        case_judge(&b.c);
        check_claim(&b.c, "a word in PCR 15", CLAIM_REGISTERS,
                        "explains what was quoted of sha256:15");
        machine_done(&b);

        machine_begin(&b);
        other.bytes[0] = 1;
        assert_true(pcr_set(&b.c.forge.values, 0, &other));
        b.c.forge.signed_values = b.c.forge.values;
        b.c.forge.selection = b.c.forge.asked = b.c.forge.values.held;
        case_judge(&b.c);
        check_claim(&b.c, "another bank", CLAIM_REGISTERS,
                        "replay to what was quoted of sha512:0:");
        machine_done(&b);
}

/* The bytes of a log, rather than its events. */
static void bytes_cannot_be_changed(void **state) {
        static const struct {
                const char *what, *behind;
                size_t n_behind, n_cut;
                bool good;
        } changes[] = {
                { "cut within an event", "", 0, 7, false },
                { "garbage behind", "\1\2\3", 3, 0, false },
                { "zeros behind", "\0\0\0\0\0\0\0\0", 8, 0, true },
                { "0xff behind", "\xff\xff\xff\xff", 4, 0, true },
                { "zeros and garbage", "\0\0\0\1", 4, 0, false },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(changes); i++) {
                Machine b;

                machine_begin(&b);
                b.c.forge.firmware.size -= changes[i].n_cut;
                buf_bytes(&b.c.forge.firmware,
                                (Span){ (const uint8_t *) changes[i].behind, changes[i].n_behind });
                case_judge(&b.c);
                if ((case_state(&b.c, CLAIM_REGISTERS) == CLAIM_PROVEN) != changes[i].good)
                        fail_msg("%s: %s", changes[i].what,
                                        b.c.judgement.verdict.reasons[CLAIM_REGISTERS]);
                machine_done(&b);
        }
}

/* A register that the log fills and that the TPM says is empty, and the other way round. */
static void a_log_cannot_claim_more_than_the_tpm_holds(void **state) {
        Machine b;

        (void) state;
        machine_begin(&b);
        b.c.forge.values.digests[0][14].bytes[3] = 1;
        b.c.forge.signed_values = b.c.forge.values;
        case_judge(&b.c);
        check_claim(&b.c, "an unexplained register", CLAIM_REGISTERS,
                        "explains what was quoted of sha256:14");
        machine_done(&b);

        machine_begin(&b);
        b.c.forge.values.digests[0][11] = digest_zero(HASH_SHA256);
        b.c.forge.signed_values = b.c.forge.values;
        case_judge(&b.c);
        check_claim(&b.c, "an empty register", CLAIM_REGISTERS, "sha256:11");
        machine_done(&b);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_log_cannot_be_changed),
                cmocka_unit_test(what_the_log_cannot_explain_is_unexplained),
                cmocka_unit_test(bytes_cannot_be_changed),
                cmocka_unit_test(a_log_cannot_claim_more_than_the_tpm_holds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
