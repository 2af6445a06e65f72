/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/tpm-tss2.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <tss2/tss2_rc.h>
#include <unistd.h>

#include "port/tpm-tss2-inside.h"

const TSS2L_SYS_AUTH_COMMAND tss2_password = { .count = 1,
        .auths = { { .sessionHandle = TPM2_RH_PW } } };
const TSS2L_SYS_AUTH_COMMAND tss2_two_passwords = { .count = 2,
        .auths = { { .sessionHandle = TPM2_RH_PW }, { .sessionHandle = TPM2_RH_PW } } };

enum {
        WAIT_FIRST = 2, /* milliseconds, doubled up to the last */
        WAIT_LAST = 250,
};

/* The TPM's own response code without the number of the handle, session or parameter that it is
 * about (Part 2, section 6.6); 0 where another layer speaks. */
static TSS2_RC tpm_code(TSS2_RC rc) {
        TSS2_RC layer = rc & TSS2_RC_LAYER_MASK;

        if (layer != TSS2_TPM_RC_LAYER && layer != TSS2_RESMGR_TPM_RC_LAYER)
                return 0;
        rc &= ~TSS2_RC_LAYER_MASK;
        return rc & TPM2_RC_FMT1 ? rc & (TPM2_RC_FMT1 | 0x3f) : rc;
}

/* The answers that mean "not now": the command was refused whole, so that asking again cannot do it
 * twice, an extend neither. */
static bool says_not_now(TSS2_RC rc) {
        TSS2_RC code = tpm_code(rc);

        /* short of contexts, memory or handles, of objects or of sessions */
        if (code >= TPM2_RC_CONTEXT_GAP && code <= TPM2_RC_OBJECT_HANDLES)
                return true;
        return code == TPM2_RC_RETRY || code == TPM2_RC_YIELDED || code == TPM2_RC_TESTING ||
               code == TPM2_RC_NV_RATE;
}

static uint64_t now_ms(void) {
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000 + (uint64_t) t.tv_nsec / 1000000;
}

bool tss2_once_more(const Tss2 *t, Waiting *w, TSS2_RC rc) {
        if (!says_not_now(rc))
                return false;
        if (w->next == 0)
                *w = (Waiting){ .until = now_ms() + t->patience, .next = WAIT_FIRST };
        if (now_ms() + w->next > w->until)
                return false;
        (void) usleep(w->next * 1000);
        w->next = w->next * 2 < WAIT_LAST ? w->next * 2 : WAIT_LAST;
        return true;
}

static void disconnect(Tss2 *t) {
        if (t->let_go)
                t->let_go(t);
        if (t->sys)
                Tss2_Sys_Finalize(t->sys);
        free(t->sys);
        t->sys = NULL;
        line_close(&t->line);
        t->key = 0;
        t->audit = (Audit){};
        memset(t->nv, 0, sizeof(t->nv));
}

/* What the one who reads the message can do about it. */
static const char *advice(TSS2_RC rc) {
        static const struct {
                TSS2_RC code;
                const char *text;
        } known[] = {
                { TPM2_RC_INITIALIZE, "; it was not started, which is the firmware's task" },
                { TPM2_RC_BAD_AUTH, "; it has a password where avouch expects none" },
                { TPM2_RC_HIERARCHY, "; is the TPM switched off in the firmware's settings?" },
                { TPM2_RC_CURVE, "; try the other kind of key (-G rsa)" },
                { TPM2_RC_ASYMMETRIC, "; try the other kind of key (-G ecc or -G rsa)" },
                { TPM2_RC_INTEGRITY,
                                "; it was changed, or made by another TPM or before this one was cleared" },
                { TPM2_RC_PCR_CHANGED, "; something was recorded in between: begin anew" },
                { TPM2_RC_EXCLUSIVE, "; somebody else used it in between: begin anew" },
        };

        if (says_not_now(rc))
                return "; something else keeps it busy: try again later";
        for (size_t i = 0; i < ELEMENTS(known); i++)
                if (known[i].code == tpm_code(rc))
                        return known[i].text;
        if (tpm_code(rc) == 0)
                return "; is it still there? choose another with --tpm=";
        return "";
}

/* The refusals that a caller may want to tell apart. */
static int code_of(TSS2_RC rc) {
        static const struct {
                TSS2_RC code;
                int error;
        } known[] = {
                { TPM2_RC_HANDLE, -ENOENT },
                { TPM2_RC_NV_DEFINED, -EEXIST },
                { TPM2_RC_NV_SPACE, -ENOSPC },
                { TPM2_RC_EXCLUSIVE, -EAGAIN },
                { TPM2_RC_NV_UNINITIALIZED, -ENODATA },
                { TPM2_RC_PCR_CHANGED, -EAGAIN },
                { TPM2_RC_BAD_AUTH, -EPERM },
                { TPM2_RC_AUTH_FAIL, -EPERM },
                { TPM2_RC_POLICY, -EACCES },
                { TPM2_RC_POLICY_FAIL, -EACCES },
                { TPM2_RC_SIGNATURE, -EACCES },
                { TPM2_RC_INTEGRITY, -EBADMSG },
        };

        if (says_not_now(rc))
                return -EBUSY;
        for (size_t i = 0; i < ELEMENTS(known); i++)
                if (known[i].code == tpm_code(rc))
                        return known[i].error;
        return -EIO;
}

/* Nobody waits for it twice: not here, and not with the next command, which would only queue up
 * behind the one that it is at. */
static int fell_silent(Tss2 *t, const char *what, Err *e) {
        t->silent_until = now_ms() + t->patience;
        disconnect(t);
        return err_set(e, -ETIMEDOUT,
                        "TPM %s: %s: no answer for %u ms; is it hung? it may still do what it was asked",
                        t->name, what, t->patience);
}

int tss2_refused(Tss2 *t, TSS2_RC rc, const char *what, Err *e) {
        if (t->line && line_is_silent(t->line))
                return fell_silent(t, what, e);
        if (tpm_code(rc) == 0)
                disconnect(t);
        return err_set(e, code_of(rc), "TPM %s: %s: %s%s", t->name, what, Tss2_RC_Decode(rc),
                        advice(rc));
}

int tss2_owner(const Tss2 *t, int rc, const char *what, const Err *why, Err *e) {
        if (rc == -EPERM)
                return err_set(e, rc,
                                "TPM %s: %s: the owner's hierarchy has a password, and avouch gives none (tpm2_changeauth -c owner -p PASSWORD takes it away)",
                                t->name, what);
        return rc < 0 ? err_set(e, rc, "%s", why->text) : 0;
}

static int connect_failed(const Tss2 *t, TSS2_RC rc, Err *e) {
        static const Span device = SPAN_LITERAL("device:"), swtpm = SPAN_LITERAL("swtpm:");
        const char *ask = "is the TPM there?", *why = Tss2_RC_Decode(rc);
        Span name = span_of(t->name);

        if (span_starts(name, swtpm))
                ask = "is swtpm running?";
        if (span_starts(name, device) && access(t->name + device.size, R_OK | W_OK) < 0) {
                ask = errno == EACCES ? "be root, or" : "is there a TPM?";
                why = strerror(errno);
        }
        return err_set(e, -ENODEV, "TPM %s: %s; %s choose another with --tpm=", t->name, why, ask);
}

int tss2_connect(Tss2 *t, Err *e) {
        TSS2_ABI_VERSION abi = TSS2_ABI_VERSION_CURRENT;
        size_t size = Tss2_Sys_GetContextSize(0);
        TSS2_RC rc;

        if (t->sys)
                return 0;
        if (now_ms() < t->silent_until)
                return err_set(e, -ETIMEDOUT, "TPM %s: it did not answer; try again later",
                                t->name);
        rc = line_open(t->name, t->patience, &t->line);
        if (rc != TSS2_RC_SUCCESS)
                return connect_failed(t, rc, e);
        t->sys = calloc(1, size);
        rc = t->sys ? Tss2_Sys_Initialize(t->sys, size, line_tcti(t->line), &abi)
                    : TSS2_SYS_RC_GENERAL_FAILURE;
        if (rc == TSS2_RC_SUCCESS)
                return 0;
        disconnect(t);
        return connect_failed(t, rc, e);
}

static int tss2_clock(Tpm *tpm, TpmClock *ret, Err *e) {
        TPMS_TIME_INFO info = {};
        Tss2 *t = tss2_of(tpm);
        int rc;

        rc = ASK(t, "reading its clock", e, Tss2_Sys_ReadClock(t->sys, NULL, &info, NULL));
        if (rc < 0)
                return rc;
        *ret = (TpmClock){
                .clock = info.clockInfo.clock,
                .reset_count = info.clockInfo.resetCount,
                .restart_count = info.clockInfo.restartCount,
                .safe = info.clockInfo.safe == TPM2_YES,
        };
        return 0;
}

static void tss2_close(Tpm *tpm) {
        Tss2 *t = tss2_of(tpm);

        tss2_drop_audit(t);
        tss2_drop_key(t);
        disconnect(t);
        free(t->name);
        free(t);
}

static const TpmOps tss2_ops = {
        .banks = tss2_banks,
        .read = tss2_read,
        .extend = tss2_extend,
        .clock = tss2_clock,
        .key = tss2_key,
        .key_save = tss2_key_save,
        .key_load = tss2_key_load,
        .quote = tss2_quote,
        .audit_begin = tss2_audit_begin,
        .audit_end = tss2_audit_end,
        .nv_public = tss2_nv_public,
        .nv_define = tss2_nv_define,
        .nv_undefine = tss2_nv_undefine,
        .nv_increment = tss2_nv_increment,
        .nv_extend = tss2_nv_extend,
        .nv_read = tss2_nv_read,
        .nv_certify = tss2_nv_certify,
        .close = tss2_close,
};

int tpm_open_within(const char *tcti, unsigned patience, Tpm **ret, Err *e) {
        Tss2 *t = calloc(1, sizeof(*t));
        int rc;

        /* before libtss2 speaks for the first time: it reads this once */
        (void) setenv("TSS2_LOG", "all+NONE", 0);

        if (t)
                t->name = strdup(tcti ? tcti : "device:/dev/tpmrm0");
        if (!t || !t->name) {
                free(t);
                return err_set(e, -ENOMEM, "no memory for a TPM connection");
        }
        t->ops = tss2_ops;
        t->tpm.ops = &t->ops;
        t->patience = patience;
        rc = tss2_connect(t, e);
        if (rc < 0) {
                tss2_close(&t->tpm);
                return rc;
        }
        *ret = &t->tpm;
        return 0;
}
