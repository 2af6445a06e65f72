/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/show.h"

#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "tools/tool.h"

static const Option options[] = {
        { "certificate", 0, OPTION_VALUE, "CERT",
                        "Of an image: say whether it is signed with the key of this certificate",
                        offsetof(ShowArgs, certificate) },
        { "key", 0, OPTION_VALUE, "CERT",
                        "The same as --certificate=", offsetof(ShowArgs, certificate) },
        { "pcr-public-key", 0, OPTION_VALUE, "PEM",
                        "Of a UKI: say whether the policies of this key in it are signed by it",
                        offsetof(ShowArgs, pcr_public_key) },
        { "phase", 0, OPTION_REPEATED, "PATH",
                        "Of a UKI: look at this boot phase, as enter-initrd:leave-initrd (default: "
                        "the usual four)",
                        offsetof(ShowArgs, phases) },
        { "verify", 0, OPTION_FLAG, NULL,
                        "Of an image: read all of it, and say whether each byte is what it should be",
                        offsetof(ShowArgs, verify) },
        { "json", 0, OPTION_JSON, NULL, "Print it as JSON", offsetof(ShowArgs, json) },
        {},
};

static const ShowKind *const kinds[] = {
        &show_uki,
        &show_image,
        &show_leaf,
        &show_systemd,
        &show_log,
        &show_ima,
        &show_firmware,
        &show_evidence,
};

static int find_kind(const char *path, const ShowKind **ret, Err *e) {
        _cleanup_(fd_done) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        uint8_t head[SHOW_HEAD];
        size_t size;
        int rc;

        if (fd < 0)
                return err_set(e, -errno, "%s: %s", path, strerror(errno));
        rc = file_read_some(fd, path, 0, head, sizeof(head), &size, e);
        if (rc < 0)
                return rc;
        for (size_t i = 0; i < ELEMENTS(kinds); i++)
                if (kinds[i]->matches((Span){ head, size })) {
                        *ret = kinds[i];
                        return 0;
                }
        return err_set(e, -ENODATA,
                        "%s: neither an image, a UKI, a release leaf, a log nor evidence", path);
}

static int run(void *values, char *const *operands, Err *e) {
        const ShowArgs *a = values;
        const ShowKind *kind = NULL;
        Err why = {};
        int rc;

        rc = find_kind(operands[0], &kind, e);
        if (rc < 0)
                return rc;
        if ((a->certificate || a->verify) && !kind->has_content)
                return err_set(e, -EINVAL,
                                "%s: --certificate= and --verify are about images, and this is of the "
                                "kind '%s'",
                                operands[0], kind->name);
        if ((a->pcr_public_key || a->phases.n > 0) && !kind->has_policies)
                return err_set(e, -EINVAL,
                                "%s: --pcr-public-key= and --phase= are about unified kernel images, "
                                "and this is of the kind '%s'",
                                operands[0], kind->name);
        rc = kind->show(a, operands[0], &why);
        if (rc == -EBADMSG) { /* what the file is was found out: it is none that holds */
                (void) tool_end("avouch show", rc, &why);
                return EXIT_NO;
        }
        return rc < 0 ? err_set(e, rc, "%s", why.text) : rc;
}

static const Verb verbs[] = {
        { "", "FILE", NULL, 1, 1, run },
        {},
};

int main(int argc, char **argv) {
        ShowArgs args = {};

        return tool_main(&(Tool){ .name = "avouch show",
                                         .options = options,
                                         .verbs = verbs,
                                         .values = &args },
                        argc, argv);
}
