/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "log/chain.h"
#include "measure/config.h"
#include "measure/seal.h"
#include "port/memory.h"
#include "port/tpm-tss2-seal.h"
#include "port/tpm-tss2.h"
#include "tools/counting.h"
#include "tools/place.h"
#include "tools/tool.h"

typedef struct Args {
        const char *public, *private, *pcrs, *output, *tpm;
} Args;

static const Option options[] = {
        { "public-key", 0, OPTION_VALUE, "PEM", "Public half of the P-256 key that approves",
                        offsetof(Args, public) },
        { "private-key", 0, OPTION_VALUE, "PEM",
                        "That key, to approve at once; without it: avouch renew --first",
                        offsetof(Args, private) },
        { "pcrs", 0, OPTION_VALUE, "LIST",
                        "Which PCRs have to hold what they hold now (default: sha256:7)",
                        offsetof(Args, pcrs) },
        { "output", 'o', OPTION_VALUE, "PATH", "Where the sealed file goes",
                        offsetof(Args, output) },
        { "tpm", 'T', OPTION_VALUE, "TCTI",
                        "Which TPM, as tpm2-tools names it (default: $TPM2TOOLS_TCTI, device:/dev/tpmrm0)",
                        offsetof(Args, tpm) },
        {},
};

/* A file, or standard input for "-" and none. */
static int read_secret(const char *path, Secret *ret, Err *e) {
        _cleanup_(fd_done) int fd = -1;
        int rc;

        rc = secret_new(SEALED_SECRET_MAX, ret, e);
        if (rc < 0)
                return rc;
        if (!path || strcmp(path, "-") == 0)
                return secret_read_fd(STDIN_FILENO, "standard input", ret, e);
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return err_set(e, -errno, "%s: %s", path, strerror(errno));
        return secret_read_fd(fd, path, ret, e);
}

static int read_keys(const Args *a, SealWish *w, Err *e) {
        _cleanup_(buf_done) Buf public = BUF_UP_TO(PEM_MAX);
        P256Point of_private;
        int rc = 0;

        if (a->public)
                rc = file_read(a->public, &public, e);
        if (rc == 0 && a->public)
                rc = approving_key_read(buf_span(&public), a->public, &w->key, e);
        if (rc < 0 || !a->private)
                return rc;
        rc = signing_key_load(a->private, &w->approver, &of_private, e);
        if (rc < 0)
                return rc;
        if (a->public && memcmp(&of_private, &w->key, sizeof(of_private)) != 0)
                return err_set(e, -EINVAL, "%s is not the private half of %s", a->private,
                                a->public);
        w->key = of_private;
        return 0;
}

/* PCRs whose extending the TPM need not count (PC Client Platform TPM Profile:
 * TPM_PT_PCR_NO_INCREMENT).
 */
#define NOT_COUNTED (UINT32_C(1) << 16 | UINT32_C(7) << 21)

/* The counter closes a secret to every session that begins after an opening. One that asserted the
 * policy before it is ended by what the opening extends, which has to be a PCR that the TPM counts.
 */
static int check_lanes(Err *e) {
        static const Lane counted[] = { LANE_GLASS, LANE_UNLOCK };
        const char *folders[PLACE_FOLDERS_MAX];
        Config config;
        int rc;

        place_config_folders(folders);
        rc = config_load(folders, &config, e);
        for (size_t i = 0; rc == 0 && i < ELEMENTS(counted); i++) {
                const Register reg = config.plan.lanes[counted[i]];

                if (reg.kind != REGISTER_PCR || (NOT_COUNTED >> reg.index & 1))
                        rc = err_set(e, -EOPNOTSUPP,
                                        "openings go into %s (%s lane), which ends no session of before: the secret would outlive an opening there; send them into a PCR (avouch.conf(5))",
                                        register_name(reg).text, lane_names[counted[i]]);
        }
        return rc;
}

/* A history that began after the counter was read would move it, and close the secret though nobody
 * opened the machine. */
static int begin_counting(const Args *a, Err *e) {
        Counting unused;

        return counting_begin(a->tpm, &unused, e);
}

static int seal(const Args *a, const char *secret_path, SealWish *w, Err *e) {
        _cleanup_(buf_done) Buf file = BUF_UP_TO(SEALED_MAX);
        _cleanup_(secret_done) Secret secret = {};
        _cleanup_(tpm_close) Tpm *tpm = NULL;
        int rc;

        rc = read_keys(a, w, e);
        if (rc == 0)
                rc = read_secret(secret_path, &secret, e);
        if (rc < 0)
                return rc;
        if (secret.size == 0)
                return err_set(e, -EINVAL, "there is nothing to seal: the secret is empty");
        w->secret = secret_span(&secret);
        rc = check_lanes(e);
        if (rc == 0)
                rc = begin_counting(a, e);
        if (rc == 0)
                rc = tpm_open_sealing(place_tcti(a->tpm), TPM_PATIENCE, &tpm, e);
        if (rc == 0)
                rc = seal_make(tpm, w, &file, e);
        return rc < 0 ? rc : file_write(a->output, 0600, buf_span(&file), e);
}

static int run(void *values, char *const *operands, Err *e) {
        const Args *a = values;
        SealWish w = {};
        int rc;

        if (!a->output)
                return err_set(e, -EINVAL, "--output= is missing: name the file");
        if (!a->public && !a->private)
                return err_set(e, -EINVAL,
                                "--public-key= and --private-key= are missing: name the key that approves");
        rc = pcr_selection_from_text(a->pcrs ?: "sha256:7", &w.pcrs, e);
        if (rc < 0)
                return rc;
        rc = seal(a, operands[0], &w, e);
        signing_key_done(&w.approver);
        return rc;
}

static const Verb verbs[] = {
        { "", "[SECRET]", NULL, 0, 1, run },
        {},
};

int main(int argc, char **argv) {
        Args args = {};

        memory_hide();
        return tool_main(&(Tool){ .name = "avouch seal",
                                         .options = options,
                                         .verbs = verbs,
                                         .values = &args },
                        argc, argv);
}
