/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/signer.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/macro.h"
#include "port/chain.h"
#include "port/cms.h"
#include "wire/limits.h"

static int add_file(Anchors *a, const char *path, Err *e) {
        Certificate c = CERTIFICATE_NONE, *more;
        int rc;

        if (a->n == ANCHORS_MAX)
                return err_set(e, -E2BIG, "%s: more than %d certificates", path, ANCHORS_MAX);
        rc = certificate_load(path, &c, e);
        if (rc < 0)
                return rc;
        more = reallocarray(a->items, a->n + 1, sizeof(*more));
        if (!more) {
                certificate_done(&c);
                return err_set(e, -ENOMEM, "%s: no memory", path);
        }
        a->items = more;
        more[a->n++] = c;
        return 0;
}

static int is_certificate(const struct dirent *entry) {
        size_t n = strlen(entry->d_name);

        return entry->d_name[0] != '.' && n > strlen(".crt") &&
               strcmp(entry->d_name + n - strlen(".crt"), ".crt") == 0;
}

static int add_folder(Anchors *a, const char *path, Err *e) {
        struct dirent **entries = NULL;
        char file[PATH_MAX];
        int n = scandir(path, &entries, is_certificate, alphasort), rc = 0;

        if (n < 0)
                return err_set(e, -errno, "%s: %s", path, strerror(errno));
        for (int i = 0; i < n; i++) {
                (void) snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
                if (rc == 0)
                        rc = add_file(a, file, e);
                free(entries[i]);
        }
        free(entries);
        return rc;
}

int anchors_add(Anchors *a, const char *path, Err *e) {
        struct stat st;

        if (stat(path, &st) < 0)
                return errno == ENOENT || errno == ENOTDIR
                                       ? 0
                                       : err_set(e, -errno, "%s: %s", path, strerror(errno));
        return S_ISDIR(st.st_mode) ? add_folder(a, path, e) : add_file(a, path, e);
}

void anchors_done(Anchors *a) {
        for (size_t i = 0; i < a->n; i++)
                certificate_done(&a->items[i]);
        free(a->items);
        *a = (Anchors){};
}

static int refuse(const char *why, Err *e) {
        return err_set(e, -EKEYREJECTED, "%s", why);
}

/* That of the certificate that the signature carries. */
static int judge_carried(const Layer *l, const Certificate *c, const Anchors *a, int64_t now,
                Digest *ret, Err *e) {
        const char *why = NULL;
        bool holds;
        int rc;

        rc = layer_signed_by(l, c, &holds, e);
        if (rc == 0 && !holds)
                return refuse("its signature does not hold: it was damaged, or is of something else",
                                e);
        if (rc == 0)
                rc = chain_judge(buf_span(&l->pkcs7), c, a->items, a->n, now, &why, e);
        if (rc < 0)
                return rc;
        if (why)
                return err_set(e, -EKEYREJECTED,
                                "it is signed by \"%.100s\", who is not to be believed: %s",
                                c->subject, why);
        *ret = c->fingerprint;
        return 0;
}

/* It carries none: the signer's own certificate has to be among those that are trusted. */
static int judge_bare(const Layer *l, const Anchors *a, int64_t now, Digest *ret, Err *e) {
        for (size_t i = 0; i < a->n; i++) {
                bool holds;
                int rc = layer_signed_by(l, &a->items[i], &holds, e);

                if (rc < 0)
                        return rc;
                if (holds)
                        return judge_carried(l, &a->items[i], a, now, ret, e);
        }
        return refuse("its signature carries no certificate, and holds for none that is trusted",
                        e);
}

int layer_signer(const Layer *l, const Anchors *a, int64_t now, Digest *ret, Err *e) {
        _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE;
        CmsCarried carried;
        int rc;

        if (!l->has_signature)
                return refuse("it is not signed", e);
        if (a->n == 0)
                return refuse("there is no certificate to judge its signature by", e);
        rc = cms_carried(buf_span(&l->pkcs7), &c, &carried, e);
        if (rc < 0)
                return rc;
        if (carried == CMS_UNFIT)
                return refuse("its signature is none, or not with its signer's certificate", e);
        return carried == CMS_BARE ? judge_bare(l, a, now, ret, e)
                                   : judge_carried(l, &c, a, now, ret, e);
}
