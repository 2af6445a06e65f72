/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/signatures.h"

#include <errno.h>
#include <stdio.h>

#include "base/file.h"
#include "base/text.h"
#include "tools/print.h"
#include "wire/wincert.h"

enum { SUBJECT_SHOWN = 200 };

static int read_table(const Uki *u, Buf *table, Err *e) {
        const PeRange *c = &u->pe.directories[PE_DIRECTORY_CERTIFICATES];
        uint8_t *bytes = c->size > 0 ? buf_room(table, c->size) : NULL;

        if (c->size == 0)
                return 0;
        if (!bytes)
                return err_set(e, table->failed == -E2BIG ? -EBADMSG : table->failed,
                                "%s: %u bytes of certificates; %zu are the most", u->path, c->size,
                                table->max);
        return file_read_at(u->fd, u->path, c->at, bytes, c->size, e);
}

int signatures_look(const Uki *u, const Digest *authenticode, Signatures *ret, Err *e) {
        _cleanup_(buf_done) Buf table = BUF_UP_TO(PE_CERTIFICATES_MAX);
        Signatures s = {};
        WinCerts certs;
        int rc;

        rc = read_table(u, &table, e);
        if (rc < 0)
                return rc;
        rc = wincerts_parse(buf_span(&table), &certs, e);
        if (rc < 0) {
                err_at(e, u->path);
                return rc;
        }
        for (; rc == 0 && s.n < certs.n; s.n++) {
                const WinCert *c = &certs.list[s.n];

                if (c->revision != WINCERT_REVISION_2 || c->type != WINCERT_PKCS7)
                        s.list[s.n].why = "it is of a kind that is not looked at";
                else
                        rc = authenticode_judge(c->bytes, authenticode, &s.list[s.n], e);
                s.any_holds = s.any_holds || s.list[s.n].holds;
        }
        if (rc == 0)
                *ret = s;
        return rc;
}

void signatures_put(JsonWriter *w, const Signatures *s) {
        json_put_array(w, "signatures");
        for (size_t i = 0; i < s->n; i++) {
                const Authenticode *a = &s->list[i];

                json_put_object(w, NULL);
                json_put_integer(w, "holds", a->holds);
                if (a->holds)
                        json_put_hex(w, "signer", digest_span(&a->signer));
                if (a->holds)
                        json_put_foreign(w, "subject", span_of(a->subject));
                if (!a->holds)
                        json_put_string(w, "why", a->why);
                json_put_end(w);
        }
        json_put_end(w);
        json_put_integer(w, "signed", s->any_holds);
}

/* What a certificate calls itself is anybody's choice; its fingerprint is not. */
static void print_holding(const Authenticode *a) {
        _cleanup_(buf_done) Buf subject = BUF_UP_TO(4096);

        text_quote(&subject, span_of(a->subject), SUBJECT_SHOWN);
        print_line("signed", SPAN_LITERAL("by the key of a certificate that calls itself"));
        print_line("", buf_span(&subject));
        print_hex("", digest_span(&a->signer));
}

void signatures_print(const Signatures *s) {
        if (s->n == 0)
                print_line("signed", SPAN_LITERAL("no"));
        for (size_t i = 0; i < s->n; i++) {
                char line[128];

                if (s->list[i].holds) {
                        print_holding(&s->list[i]);
                        continue;
                }
                (void) snprintf(line, sizeof(line), "by nobody: %s", s->list[i].why);
                print_line("signature", span_of(line));
        }
}
