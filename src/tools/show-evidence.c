/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/cursor.h"
#include "base/file.h"
#include "base/text.h"
#include "tools/print.h"
#include "tools/show.h"
#include "tools/tool.h"
#include "verify/report.h"

static bool matches(Span head) {
        return memmem(head.data, head.size, "\"__cmwc_t\"", 10) != NULL;
}

static void print_quote(const Quoted *q, size_t i) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(512);

        pcr_selection_text(&q->selection, &text);
        printf("  quote %-8zu ", i);
        text_print(stdout, buf_span(&text));
        printf(", clock %" PRIu64 " ms, reset %" PRIu32 ", restart %" PRIu32 "\n", q->head.clock,
                        q->head.reset_count, q->head.restart_count);
}

static void print_nv(const EvidenceNv *n, size_t i) {
        printf("  nv %-11zu index 0x%08x, attributes 0x%08x, ", i, n->public.index,
                        n->public.attributes);
        if (n->certified.contents.size == 8) {
                Cursor c = cursor_over(n->certified.contents);

                printf("value %" PRIu64 "\n", cursor_u64be(&c));
        } else {
                printf("%zu bytes\n", n->certified.contents.size);
        }
}

static void print_values(const PcrValues *v) {
        for (size_t b = 0; b < v->held.n_banks; b++)
                for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
                        const Digest *d = pcr_value(v, v->held.banks[b].alg, pcr);
                        char name[32];

                        if (!d || pcr_at_reset(pcr, d))
                                continue;
                        (void) snprintf(name, sizeof(name), "%s:%u", hash_name(d->alg), pcr);
                        print_hex(name, digest_span(d));
                }
}

static void print_people(const char *path, const Evidence *ev) {
        size_t stray;

        text_print(stdout, span_of(path));
        printf(": evidence (well-formed; whether it is true is for avouch verify to say)\n");
        print_hex("key", (Span){ ev->ak_name, sizeof(ev->ak_name) });
        print_hex("nonce", (Span){ ev->manifest.nonce, ev->manifest.nonce_size });
        for (size_t i = 0; i < ev->tpm.n_quotes; i++)
                print_quote(&ev->quotes[i], i);
        for (size_t i = 0; i < ev->tpm.n_nv; i++)
                print_nv(&ev->nv[i], i);
        printf("  audit          %s\n", !ev->tpm.has_audit ? "none"
                                        : ev->audit.exclusive
                                                        ? "of a session that nobody else shared"
                                                        : "of a session that others shared");
        printf("Registers that are not at their reset value:\n");
        print_values(&ev->tpm.pcrs);
        printf("Parts:\n");
        for (BundleLabel label = PART_INVALID + 1; label < _PART_MAX; label++)
                if (ev->bundle.has[label])
                        printf("  %-14s %zu bytes\n", bundle_label_name(label),
                                        ev->bundle.parts[label].size);
        if (!ev->bundle.has[PART_AVOUCH_LOG])
                return;
        printf("Records of the machine's log:\n");
        stray = report_records(ev->bundle.parts[PART_AVOUCH_LOG], NULL, stdout);
        if (stray > 0)
                printf("     ... and %zu bytes that do not continue it\n", stray);
}

static void put_parts(JsonWriter *w, const Bundle *b) {
        json_put_object(w, "parts");
        for (BundleLabel label = PART_INVALID + 1; label < _PART_MAX; label++)
                if (b->has[label])
                        json_put_integer(w, bundle_label_name(label),
                                        (int64_t) b->parts[label].size);
        json_put_end(w);
}

static void put_values(JsonWriter *w, const PcrValues *v) {
        json_put_object(w, "pcrs");
        for (size_t b = 0; b < v->held.n_banks; b++) {
                json_put_object(w, hash_name(v->held.banks[b].alg));
                for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
                        const Digest *d = pcr_value(v, v->held.banks[b].alg, pcr);
                        char name[16];

                        (void) snprintf(name, sizeof(name), "%u", pcr);
                        if (d)
                                json_put_hex(w, name, digest_span(d));
                }
                json_put_end(w);
        }
        json_put_end(w);
}

static int print_as_json(const char *form, const Evidence *ev, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(BUNDLE_MAX);
        JsonWriter w = json_writer(&text, JSON_STRICT);

        json_put_object(&w, NULL);
        json_put_integer(&w, "avouch", 1);
        json_put_string(&w, "kind", "evidence");
        json_put_hex(&w, "attestationKey", (Span){ ev->ak_name, sizeof(ev->ak_name) });
        json_put_integer(&w, "created", ev->manifest.created);
        json_put_hex(&w, "nonce", (Span){ ev->manifest.nonce, ev->manifest.nonce_size });
        put_parts(&w, &ev->bundle);
        put_values(&w, &ev->tpm.pcrs);
        json_put_end(&w);
        return print_json_buf(form, &text, e);
}

static int show(const ShowArgs *a, const char *path, Err *e) {
        _cleanup_(buf_done) Buf bundle = BUF_UP_TO(BUNDLE_MAX);
        Evidence ev;
        int rc;

        rc = file_read(path, &bundle, e);
        if (rc < 0)
                return rc == -E2BIG ? -EBADMSG : rc;
        rc = evidence_open(buf_span(&bundle), &ev, e);
        if (rc < 0) {
                err_at(e, path);
                return rc == -ENOMEM ? rc : -EBADMSG;
        }
        if (a->json)
                rc = print_as_json(a->json, &ev, e);
        else
                print_people(path, &ev);
        evidence_done(&ev);
        return rc;
}

const ShowKind show_evidence = {
        .name = "evidence",
        .matches = matches,
        .show = show,
};
