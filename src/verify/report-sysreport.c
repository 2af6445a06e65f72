/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/report-sysreport.h"

#include "base/text.h"

static Span key_name(const SysEvidence *s) {
        return (Span){ s->ak_name, s->ak_name_size };
}

void report_sysreport_head(const SysEvidence *s, FILE *to) {
        _cleanup_(buf_done) Buf ak = BUF_UP_TO(2 * TPM_NAME_MAX);

        text_hex(&ak, key_name(s));
        fprintf(to, "A report of systemd, made ");
        text_print(to, s->report.timestamp);
        fprintf(to, " (the machine's own clock)\n  attestation key  ");
        text_print(to, buf_span(&ak));
        fprintf(to, "\n");
}

void report_sysreport_coverage(const SysEvidence *s, FILE *to) {
        for (size_t i = 0; i < s->tpm2.n_components; i++) {
                _cleanup_(buf_done) Buf quoted = BUF_UP_TO(512);

                if (s->tpm2.components[i].type != SYS_PCR)
                        continue;
                pcr_selection_text(&s->attested[i].quoted.selection, &quoted);
                fprintf(to, "\nQuoted: ");
                text_print(to, buf_span(&quoted));
        }
        fprintf(to, "\nNot covered: whether the key is in a genuine TPM, what firmware and kernel are, whether the "
                    "report's metrics are true, and every boot before this one.\n");
        if (s->n_others > 0)
                fprintf(to, "In the report, but not judged by this version: %u signature%s by other means\n",
                                s->n_others, s->n_others > 1 ? "s" : "");
}

void report_sysreport_json(const SysEvidence *s, JsonWriter *w) {
        json_put_hex(w, "attestationKey", key_name(s));
        json_put_foreign(w, "timestamp", s->report.timestamp);
        json_put_integer(w, "otherSignatures", s->n_others);
}
