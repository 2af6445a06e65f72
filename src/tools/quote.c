/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "log/chain.h"
#include "measure/glasscount.h"
#include "port/host.h"
#include "port/tpm-tss2.h"
#include "quote/evidence.h"
#include "quote/export.h"
#include "quote/systemd.h"
#include "tools/asked.h"
#include "tools/machine.h"
#include "tools/place.h"
#include "tools/said.h"
#include "tools/tool.h"

typedef struct Args {
        const char *nonce, *output, *pcrs, *type, *tpm, *format;
        bool socket;
        SaidFrom from;
} Args;

static const Option options[] = {
        { "nonce", 'q', OPTION_VALUE, "HEX", "The challenger's nonce (16 to 32 bytes)",
                        offsetof(Args, nonce) },
        { "output", 'o', OPTION_VALUE, "PATH", "Where the evidence goes", offsetof(Args, output) },
        { "pcrs", 0, OPTION_VALUE, "LIST", "Which PCRs (default: sha256:0-15)",
                        offsetof(Args, pcrs) },
        { "key-algorithm", 'G', OPTION_VALUE, "TYPE", "Which key signs: ecc (default) or rsa",
                        offsetof(Args, type) },
        { "firmware-log", 0, OPTION_VALUE, "PATH|no",
                        "The firmware's log, where it is not the running machine's",
                        offsetof(Args, from.firmware_log) },
        { "command-line", 0, OPTION_VALUE, "PATH|no",
                        "The kernel's command line, where it is not /proc/cmdline",
                        offsetof(Args, from.command_line) },
        { "ima-log", 0, OPTION_VALUE, "PATH|no",
                        "IMA's list, where it is not the running machine's",
                        offsetof(Args, from.ima_log) },
        { "tpm", 'T', OPTION_VALUE, "TCTI",
                        "Which TPM, as tpm2-tools names it (default: $TPM2TOOLS_TCTI, device:/dev/tpmrm0)",
                        offsetof(Args, tpm) },
        { "format", 0, OPTION_VALUE, "FORMAT",
                        "avouch (default: a bundle), or tpm2-tools (a folder for tpm2_checkquote)",
                        offsetof(Args, format) },
        { "systemd-log", 0, OPTION_VALUE, "PATH|no",
                        "systemd's log that goes along (default: of this machine's TPM, that of systemd)",
                        offsetof(Args, from.systemd_log) },
        { "systemd-report", 0, OPTION_VALUE, "FILE",
                        "A report that systemd signed, which goes along",
                        offsetof(Args, from.systemd_report) },
        { "socket", 0, OPTION_FLAG, NULL,
                        "Answer one call on the socket that is standard input (avouch-quote.socket)",
                        offsetof(Args, socket) },
        {},
};

/* What was asked for, read from the options. */
typedef struct Wish {
        uint8_t nonce[NONCE_MAX];
        Span nonce_span;
        PcrSelection pcrs;
        TpmAkType type;
        bool tpm2_tools;
} Wish;

static int read_nonce(const char *hex, Wish *w, Err *e) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(NONCE_MAX);
        Span nonce;

        if (!hex)
                return err_set(e, -EINVAL,
                                "--nonce= is missing: evidence without the challenger's nonce proves nothing");
        if (!text_unhex_buf(span_of(hex), true, &b) || buf_span(&b).size < NONCE_MIN)
                return err_set(e, -EINVAL, "'--nonce=' takes %d to %d bytes in hex", NONCE_MIN,
                                NONCE_MAX);
        nonce = buf_span(&b);
        memcpy(w->nonce, nonce.data, nonce.size);
        w->nonce_span = (Span){ w->nonce, nonce.size };
        return 0;
}

static int read_wish(const Args *a, Wish *w, Err *e) {
        int rc;

        rc = read_nonce(a->nonce, w, e);
        if (rc < 0)
                return rc;
        if (!a->output)
                return err_set(e, -EINVAL, "--output= is missing: name the file");
        rc = pcr_selection_from_text(a->pcrs ?: "sha256:0-15", &w->pcrs, e);
        if (rc < 0)
                return rc;
        if (a->type && strcmp(a->type, "ecc") != 0 && strcmp(a->type, "rsa") != 0)
                return err_set(e, -EINVAL, "'-G %s': keys are ecc or rsa", a->type);
        w->type = a->type && strcmp(a->type, "rsa") == 0 ? TPM_AK_RSA : TPM_AK_ECC;
        if (a->format && strcmp(a->format, "avouch") != 0 && strcmp(a->format, "tpm2-tools") != 0)
                return err_set(e, -EINVAL, "'--format=%s': formats are avouch and tpm2-tools",
                                a->format);
        w->tpm2_tools = a->format && strcmp(a->format, "tpm2-tools") == 0;
        return w->tpm2_tools ? export_fits_tpm2_tools(w->pcrs.n_banks, e) : 0;
}

/* The counter is certified unless it stands where receipts are given: 1, where it does. */
static int look_for_counter(Tpm *tpm, const Said *said, Taken *taken, Err *e) {
        uint64_t count;
        int rc;

        rc = taken_count(tpm, taken, &count, e);
        if (rc <= 0)
                return rc;
        if (!history_is_open(&said->past, count) &&
                        !history_awaits_receipt(said->parts.parts[PART_AVOUCH_LOG], count))
                return 0;
        taken_leave_counter(taken);
        return 1;
}

/* True where the log has openings that were not counted, and there is a history to tell of that:
 * the TPM did not answer when they were recorded. */
static bool owes_a_gap(const Said *said) {
        Segment s = segment_over(said->parts.parts[PART_AVOUCH_LOG]);
        GlassCount count = {};
        Record r;

        while (segment_next(&s, &r, NULL) > 0)
                glass_count(&count, &r.content);
        return count.uncounted > 0 && said->past.follows && said->past.closed > 0;
}

/* What a crash or a silent TPM left of an opening. It needs the log for itself, and may need to
 * write. */
static void finish_opening(const Args *a) {
        _cleanup_(machine_done) Machine m = {};
        Err e = {};

        if (machine_open(a->tpm, &m, &e) == 0 && machine_finish_opening(&m, &e) > 0)
                return;
        fprintf(stderr, "avouch quote: what the counter counted last is not finished%s",
                        e.code < 0 ? ": " : "");
        text_print(stderr, span_of(e.text));
        fprintf(stderr, "\n");
}

/* The NV indices that the log has records in: its genesis names them. */
static int take_registers(Tpm *tpm, const Bundle *parts, Taken *taken, Err *e) {
        Segment s = segment_over(parts->parts[PART_AVOUCH_LOG]);
        Record unused;
        int rc = 0;

        if (segment_next(&s, &unused, NULL) <= 0)
                return 0;
        for (size_t i = 0; rc >= 0 && i < s.chain.n_strands; i++)
                if (s.chain.strands[i].reg.kind == REGISTER_NV)
                        rc = taken_nvpcr(tpm, s.chain.strands[i].reg.index, taken, e);
        return rc;
}

/* The NvPCRs that systemd's log tells of. Those that are not there, or more than are taken, are
 * missed by whoever verifies. */
static int take_nvpcrs(Tpm *tpm, const Bundle *parts, Taken *taken, Err *e) {
        uint32_t indices[NVPCRS_MAX];
        size_t n = systemd_log_indices(parts->parts[PART_SYSTEMD_LOG], indices);

        for (size_t i = 0; i < n && taken->n_nvpcrs < TAKEN_NVPCRS_MAX; i++) {
                int rc = taken_nvpcr(tpm, indices[i], taken, e);

                if (rc < 0)
                        return rc;
        }
        return 0;
}

/* The TPM of this machine, as the kernel or tpm2-abrmd has it: another one has not seen it boot. */
static bool is_own(const char *tcti) {
        return !tcti || span_starts(span_of(tcti), SPAN_LITERAL("device")) ||
               span_starts(span_of(tcti), SPAN_LITERAL("tabrmd"));
}

/* What the end of the session is about: the manifest, of parts that are all there by then. */
typedef struct Ending {
        const Args *args;
        const Wish *wish;
        Said *said;
        const Taken *taken;
        Buf *manifest;
        Digest extra;
} Ending;

static bool is_wanted(const PcrSelection *which, unsigned pcr) {
        for (size_t i = 0; i < which->n_banks; i++)
                if (which->banks[i].mask >> pcr & 1)
                        return true;
        return false;
}

static int find_extra(void *with, Span *ret, Err *e) {
        enum { PCR_IMA = 10 };
        Ending *end = with;
        Moment now;
        int rc = 0;

        if (is_wanted(&end->wish->pcrs, PCR_IMA))
                rc = said_read_ima(
                                &end->args->from, is_own(place_tcti(end->args->tpm)), end->said, e);
        if (rc == 0)
                rc = host_moment(&now, e);
        if (rc < 0)
                return rc;
        buf_done(end->manifest);
        rc = evidence_manifest(end->taken, end->wish->nonce_span, &end->said->parts, now.wall,
                        end->manifest, e);
        if (rc == 0)
                rc = evidence_extra(end->wish->nonce_span, buf_span(end->manifest), &end->extra, e);
        if (rc < 0)
                return rc;
        *ret = digest_span(&end->extra);
        return 0;
}

/* All that the TPM says, and the manifest of all that the machine says. 1 where an opening is to be
 * finished first, unless that was tried. */
static int take_with_manifest(Tpm *tpm, bool finished, Taken *taken, Ending *end, Err *e) {
        const Bundle *parts = &end->said->parts;
        int rc;

        if (!finished && owes_a_gap(end->said))
                return 1;
        rc = taken_begin(tpm, end->wish->type, &end->wish->pcrs, taken, e);
        if (rc < 0)
                return rc;
        rc = look_for_counter(tpm, end->said, taken, e);
        if (rc < 0 || (rc > 0 && !finished))
                return rc;
        if (rc > 0)
                fprintf(stderr, "avouch quote: the counter is left out (the next avouch glass open or close finishes it)\n");
        rc = take_registers(tpm, parts, taken, e);
        if (rc >= 0)
                rc = take_nvpcrs(tpm, parts, taken, e);
        if (rc < 0)
                return rc;
        return quote_take_with(
                        tpm, end->wish->nonce_span, &(TakenEnd){ find_extra, end }, taken, e);
}

static int open_tpm(const Args *a, Tpm **ret, Err *e) {
        int rc = tpm_open(place_tcti(a->tpm), ret, e);

        if (rc == 0)
                (*ret)->keep = place_log_folder();
        return rc;
}

/* The logs are locked before the TPM is opened, as those who record do it: a TPM without a resource
 * manager is open for one at a time. */
static int take_once(const Args *a, const Wish *w, bool finished, Buf *bundle, Err *e) {
        _cleanup_(buf_done) Buf manifest = BUF_UP_TO(BUNDLE_MAX);
        _cleanup_(said_done) Said said = SAID_NOTHING;
        _cleanup_(taken_done) Taken taken = {};
        _cleanup_(tpm_close) Tpm *tpm = NULL;
        Ending end;
        int rc;

        rc = said_read(&a->from, is_own(place_tcti(a->tpm)), &said, e);
        if (rc < 0)
                return rc;
        rc = open_tpm(a, &tpm, e);
        if (rc < 0)
                return rc;
        end = (Ending){ a, w, &said, &taken, &manifest, {} };
        rc = take_with_manifest(tpm, finished, &taken, &end, e);
        if (rc != 0)
                return rc;
        return evidence_write(&taken, &said.parts, buf_span(&manifest), bundle, e);
}

static int take_bundle(const Args *a, const Wish *w, Buf *bundle, Err *e) {
        int rc;

        rc = take_once(a, w, false, bundle, e);
        if (rc <= 0)
                return rc;
        finish_opening(a);
        return take_once(a, w, true, bundle, e);
}

static int answer_with_bundle(const Args *a, const Wish *w, Err *e) {
        _cleanup_(buf_done) Buf bundle = BUF_UP_TO(BUNDLE_MAX);
        int rc;

        rc = take_bundle(a, w, &bundle, e);
        if (rc < 0)
                return rc;
        return file_write(a->output, 0600, buf_span(&bundle), e); /* as secret as the log in it */
}

/* Others have no use for a counter, nor for an audit. */
static int answer_with_folder(const Args *a, const Wish *w, Err *e) {
        _cleanup_(taken_done) Taken taken = {};
        _cleanup_(tpm_close) Tpm *tpm = NULL;
        int rc;

        rc = open_tpm(a, &tpm, e);
        if (rc < 0)
                return rc;
        rc = taken_begin(tpm, w->type, &w->pcrs, &taken, e);
        if (rc == 0)
                rc = quote_take(tpm, w->nonce_span, (Span){}, &taken, e);
        return rc < 0 ? rc : export_tpm2_tools(&taken, a->output, e);
}

/* Whoever asks hears what went wrong, too; what is theirs alone is no failure of ours. */
static int answer_on_socket(const Args *a, Err *e) {
        _cleanup_(buf_done) Buf bundle = BUF_UP_TO(BUNDLE_MAX);
        Args asked = *a;
        Asked question;
        Wish w = {};
        Err why = {};
        int rc, failed = 0;

        if (a->nonce || a->output || a->format)
                return err_set(e, -EINVAL,
                                "--socket has its nonce from whoever asks: neither --nonce, --output nor --format goes with it");
        rc = asked_read(STDIN_FILENO, &question, e);
        if (rc <= 0)
                return rc;
        asked.nonce = question.nonce;
        asked.output = "-"; /* whoever asks */
        rc = read_wish(&asked, &w, &why);
        if (rc == 0)
                rc = failed = take_bundle(&asked, &w, &bundle, &why);
        rc = asked_answer(STDIN_FILENO, &question, rc < 0 ? (Span){} : buf_span(&bundle), &why, e);
        return failed < 0 ? err_set(e, failed, "%s", why.text) : rc;
}

static int run(void *values, char *const *operands, Err *e) {
        const Args *a = values;
        Wish w = {};
        int rc;

        (void) operands;
        if (a->socket)
                return answer_on_socket(a, e);
        rc = read_wish(a, &w, e);
        if (rc < 0)
                return rc;
        return w.tpm2_tools ? answer_with_folder(a, &w, e) : answer_with_bundle(a, &w, e);
}

static const Verb verbs[] = {
        { "", NULL, NULL, 0, 0, run },
        {},
};

int main(int argc, char **argv) {
        Args args = {};

        return tool_main(&(Tool){ .name = "avouch quote",
                                         .options = options,
                                         .verbs = verbs,
                                         .values = &args },
                        argc, argv);
}
