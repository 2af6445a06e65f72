/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "quote/export.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "log/signed.h"
#include "wire/tpmkey.h"

/* TPML_PCR_SELECTION and TPML_DIGEST as libtss2 has them in memory (facts of tpm2-tools: tools
 * write them with fwrite()) */
enum {
        IMAGE_BANKS = 16,     /* TPM2_NUM_PCR_BANKS */
        IMAGE_DIGESTS = 8,    /* in one list */
        IMAGE_DIGEST = 64,    /* bytes of a TPM2B_DIGEST's buffer */
        IMAGE_SELECT = 4,     /* bytes of pcrSelect */
        PCRS_MAX = 16 * 1024, /* more than 12 lists take */
        PUBLIC_PEM_MAX = 8 * 1024,
};

static void put_selection(const PcrSelection *s, Buf *to) {
        buf_le(to, s->n_banks, 4);
        for (size_t i = 0; i < s->n_banks; i++) {
                buf_le(to, s->banks[i].alg, 2);
                buf_byte(to, PCR_COUNT / 8);
                buf_le(to, s->banks[i].mask, IMAGE_SELECT);
                buf_byte(to, 0); /* padding */
        }
        buf_zeros(to, (IMAGE_BANKS - s->n_banks) * (2 + 1 + IMAGE_SELECT + 1));
}

void export_pcrs(const PcrValues *v, Buf *to) {
        Span values[PCR_VALUES_MAX];
        size_t n = pcr_values_in_order(v, &v->held, values);

        put_selection(&v->held, to);
        buf_le(to, (n + IMAGE_DIGESTS - 1) / IMAGE_DIGESTS, 4);
        for (size_t first = 0; first < n; first += IMAGE_DIGESTS) {
                size_t in_list = n - first < IMAGE_DIGESTS ? n - first : IMAGE_DIGESTS;

                buf_le(to, in_list, 4);
                for (size_t i = first; i < first + in_list; i++) {
                        buf_le(to, values[i].size, 2);
                        buf_bytes(to, values[i]);
                        buf_zeros(to, IMAGE_DIGEST - values[i].size);
                }
                buf_zeros(to, (IMAGE_DIGESTS - in_list) * (2 + IMAGE_DIGEST));
        }
}

static int put_pem(Span ak, Buf *to, Err *e) {
        PublicKey key;
        TpmPublic p;
        int rc;

        rc = tpm_public_parse(ak, &p, e);
        if (rc < 0)
                return rc;
        key = signed_key(&p);
        return public_key_pem(&key, to, e);
}

static const char *const names[] = { "msg", "sig", "pcrs", "ak.pem", "ak.tpmt" };

/* The folder while it is being made, beside the one that it will be. */
typedef struct NewFolder {
        char path[PATH_MAX];
        bool made;
} NewFolder;

static void new_folder_clear(NewFolder *f) {
        char path[PATH_MAX + 16];

        if (!f->made)
                return;
        for (size_t i = 0; i < ELEMENTS(names); i++) {
                (void) snprintf(path, sizeof(path), "%s/%s", f->path, names[i]);
                (void) unlink(path);
        }
        (void) rmdir(f->path);
}

static int failed(const char *path, Err *e) {
        return err_set(e, -errno, "%s: %s", path, strerror(errno));
}

/* A name that nobody could have put something under before. */
static int new_folder_make(const char *folder, NewFolder *ret, Err *e) {
        const char *slash = strrchr(folder, '/'), *name = slash ? slash + 1 : folder;
        int n;

        n = snprintf(ret->path, sizeof(ret->path), "%.*s.%s.XXXXXX", (int) (name - folder), folder,
                        name);
        if (n < 0 || (size_t) n >= sizeof(ret->path))
                return err_set(e, -ENAMETOOLONG, "%s: the path is too long", folder);
        ret->made = mkdtemp(ret->path) != NULL;
        if (!ret->made || chmod(ret->path, 0755) < 0)
                return failed(ret->path, e);
        return 0;
}

static int fill(const NewFolder *f, const Taken *t, Err *e) {
        _cleanup_(buf_done) Buf pcrs = BUF_UP_TO(PCRS_MAX), pem = BUF_UP_TO(PUBLIC_PEM_MAX);
        const Buf *contents[] = { &t->attests[0], &t->signatures[0], &pcrs, &pem, &t->ak };
        int rc;

        export_pcrs(&t->pcrs, &pcrs);
        rc = put_pem(buf_span(&t->ak), &pem, e);
        if (rc < 0)
                return rc;
        static_assert(ELEMENTS(contents) == ELEMENTS(names), "a name for each");
        for (size_t i = 0; i < ELEMENTS(names); i++) {
                char path[PATH_MAX + 16];
                Span bytes;

                (void) snprintf(path, sizeof(path), "%s/%s", f->path, names[i]);
                rc = buf_end(contents[i], &bytes);
                if (rc < 0)
                        return err_set(e, rc, "%s: does not fit", path);
                rc = file_write(path, 0666, bytes, e);
                if (rc < 0)
                        return rc;
        }
        return 0;
}

/* Under its name, unless something stands there. Not every file system can do it in one step. */
static int give_name(const char *from, const char *to, Err *e) {
        struct stat st;

        if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
                return 0;
        if (errno == EINVAL) {
                if (lstat(to, &st) == 0)
                        errno = EEXIST;
                else if (rename(from, to) == 0)
                        return 0;
        }
        return failed(to, e);
}

int export_fits_tpm2_tools(size_t n_quotes, Err *e) {
        if (n_quotes == 1)
                return 0;
        return err_set(e, -EINVAL,
                        "tpm2-tools has files for one quote, and these are %zu: choose one bank, as in --pcrs=sha256:0-15",
                        n_quotes);
}

int export_tpm2_tools(const Taken *t, const char *folder, Err *e) {
        _cleanup_(new_folder_clear) NewFolder f = {};
        char whole[PATH_MAX];
        size_t n = strlen(folder);
        int rc;

        rc = export_fits_tpm2_tools(t->n_quotes, e);
        if (rc < 0)
                return rc;
        while (n > 1 && folder[n - 1] == '/')
                n--;
        if (snprintf(whole, sizeof(whole), "%.*s", (int) n, folder) >= (int) sizeof(whole))
                return err_set(e, -ENAMETOOLONG, "%s: the path is too long", folder);

        rc = new_folder_make(whole, &f, e);
        if (rc < 0)
                return rc;
        rc = fill(&f, t, e);
        if (rc < 0)
                return rc;
        rc = give_name(f.path, whole, e);
        if (rc < 0)
                return rc;
        f.made = false;
        return 0;
}
