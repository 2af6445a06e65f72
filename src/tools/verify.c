/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "base/file.h"
#include "base/text.h"
#include "tools/print.h"
#include "tools/tool.h"
#include "verify/against.h"
#include "verify/reference.h"
#include "verify/report.h"
#include "verify/suggest.h"

/* A verdict names every record of a log, so its JSON can be larger than the evidence. */
enum { ANSWER_MAX = 2 * BUNDLE_MAX };

typedef struct Args {
        const char *nonce, *json, *against;
        Strings policies, releases, golden, pcrlock;
        bool suggest;
} Args;

static const Option options[] = {
        { "nonce", 'q', OPTION_VALUE, "HEX", "The nonce that was sent (16 to 32 bytes)",
                        offsetof(Args, nonce) },
        { "policy", 0, OPTION_REPEATED, "FILE", "What is demanded, see avouch-policy(5)",
                        offsetof(Args, policies) },
        { "release", 0, OPTION_REPEATED, "PATH", "A release leaf, or a folder of them",
                        offsetof(Args, releases) },
        { "golden", 0, OPTION_REPEATED, "FILE", "Evidence of a machine that is as it should be",
                        offsetof(Args, golden) },
        { "pcrlock", 0, OPTION_REPEATED, "DIR", "A folder of systemd-pcrlock components",
                        offsetof(Args, pcrlock) },
        { "against", 0, OPTION_VALUE, "FILE", "Older evidence: tell what changed since",
                        offsetof(Args, against) },
        { "suggest-policy", 0, OPTION_FLAG, NULL,
                        "Print a policy that this evidence meets, instead of the verdict",
                        offsetof(Args, suggest) },
        { "json", 0, OPTION_JSON, NULL, "Print the verdict as JSON", offsetof(Args, json) },
        {},
};

/* Everything that is judged by, kept together since Question borrows. */
typedef struct Bench {
        Buf nonce;
        Buf texts[OPTION_REPEAT_MAX]; /* of the policies, which the policy borrows from */
        Policy policy;
        Releases releases;
        References references;
} Bench;

static void bench_done(Bench *b) {
        buf_done(&b->nonce);
        for (size_t i = 0; i < ELEMENTS(b->texts); i++)
                buf_done(&b->texts[i]);
        releases_done(&b->releases);
        references_done(&b->references);
}

static int load_policy(const char *path, Buf *text, Policy *policy, Err *e) {
        int rc;

        *text = BUF_UP_TO(POLICY_MAX);
        rc = file_read(path, text, e);
        if (rc < 0)
                return rc;
        policy->file = path;
        rc = policy_apply(buf_span(text), policy, e);
        if (rc < 0)
                err_at(e, path);
        return rc;
}

static int load_leaf(Bench *b, const char *path, Err *e) {
        return releases_load(&b->releases, path, e);
}

static int load_golden(Bench *b, const char *path, Err *e) {
        _cleanup_(buf_done) Buf evidence = BUF_UP_TO(BUNDLE_MAX);
        int rc;

        rc = file_read(path, &evidence, e);
        if (rc < 0)
                return rc;
        return references_add_golden(&b->references, path, buf_span(&evidence), e);
}

static int load_pcrlock(Bench *b, const char *path, Err *e) {
        return pcrlock_load(&b->references.pcrlock, path, e);
}

typedef int Load(Bench *b, const char *path, Err *e);

/* What a policy names, relative to its own folder. */
static int load_named(Bench *b, const PolicyLeaf *named, Load *load, Err *e) {
        const char *slash = strrchr(named->file, '/');
        int folder = slash ? (int) (slash - named->file) + 1 : 0;
        bool absolute = named->path.size > 0 && named->path.data[0] == '/';
        char path[4096];
        int n;

        n = snprintf(path, sizeof(path), "%.*s%.*s", absolute ? 0 : folder, named->file,
                        (int) named->path.size, (const char *) named->path.data);
        if (n < 0 || (size_t) n >= sizeof(path))
                return err_set(e, -EINVAL, "%s: a path is too long", named->file);
        return load(b, path, e);
}

/* What the policies name of a kind, and then what the options do. */
static int load_all(Bench *b, const PolicyLeaf *named, size_t n, const Strings *given, Load *load,
                Err *e) {
        int rc = 0;

        for (size_t i = 0; rc == 0 && i < n; i++)
                rc = load_named(b, &named[i], load, e);
        for (size_t i = 0; rc == 0 && i < given->n; i++)
                rc = load(b, given->values[i], e);
        return rc;
}

static int prepare(const Args *a, Bench *b, Err *e) {
        const Policy *p = &b->policy;
        int rc = 0;

        if (a->nonce && (!text_unhex_buf(span_of(a->nonce), true, &b->nonce) ||
                                        b->nonce.size < NONCE_MIN || b->nonce.size > NONCE_MAX))
                return err_set(e, -EINVAL, "'--nonce=' takes %d to %d bytes in hex", NONCE_MIN,
                                NONCE_MAX);
        for (size_t i = 0; rc == 0 && i < a->policies.n; i++)
                rc = load_policy(a->policies.values[i], &b->texts[i], &b->policy, e);
        if (rc == 0)
                rc = load_all(b, p->leaves, p->n_leaves, &a->releases, load_leaf, e);
        if (rc == 0)
                rc = load_all(b, p->golden, p->n_golden, &a->golden, load_golden, e);
        if (rc == 0)
                rc = load_all(b, p->pcrlock, p->n_pcrlock, &a->pcrlock, load_pcrlock, e);
        return rc;
}

static int judge_file(const char *path, const Question *q, Judgement *ret, Buf *bundle, Err *e) {
        Err why = {};
        int rc;

        rc = file_read(path, bundle, &why);
        if (rc == -E2BIG) {
                appraise_unreadable(q, why.text, ret);
                return 0;
        }
        if (rc < 0)
                return err_set(e, rc == -EINVAL ? -EIO : rc, "%s", why.text);
        return appraise(buf_span(bundle), q, ret, e);
}

static int answer(const Args *a, const Judgement *j, const Question *q, Err *e) {
        _cleanup_(buf_done) Buf json = BUF_UP_TO(ANSWER_MAX);
        int rc;

        if (a->suggest) {
                rc = report_suggest(j, q, stdout, e);
                if (rc == -EBADMSG) {
                        fprintf(stderr, "avouch verify: ");
                        text_print(stderr, span_of(e->text));
                        fprintf(stderr, "\n");
                        return EXIT_NO;
                }
                return rc;
        }
        if (a->json) {
                rc = report_json(j, q, &json, e);
                if (rc < 0)
                        return rc;
                print_json(a->json, buf_span(&json));
        } else {
                report_people(j, q, stdout);
        }
        return verdict_trusted(&j->verdict) ? EXIT_YES : EXIT_NO;
}

/* A policy that is suggested demands what the evidence shows, not what would be the default: the
 * evidence is judged once more by that. */
static int judge_by_suggestion(
                const char *path, const Question *q, Policy *p, Judgement *j, Buf *bundle, Err *e) {
        int rc;

        rc = policy_suggest(j, p, e);
        if (rc < 0)
                return rc;
        judgement_done(j);
        buf_done(bundle);
        return judge_file(path, q, j, bundle, e);
}

/* The older evidence answered another nonce: that is not asked of it. */
static int compare(const Args *a, const Question *q, Judgement *before, Buf *bundle, Judgement *j,
                Against *ret, Err *e) {
        Question older = *q;
        int rc;

        if (!a->against)
                return 0;
        older.nonce = (Span){};
        rc = judge_file(a->against, &older, before, bundle, e);
        if (rc == 0)
                rc = against_take(before, j, ret, e);
        if (rc == 0)
                j->against = ret;
        return rc;
}

static int run(void *values, char *const *operands, Err *e) {
        _cleanup_(bench_done)
                        Bench b = { .nonce = BUF_UP_TO(NONCE_MAX), .policy = policy_default() };
        _cleanup_(buf_done) Buf bundle = BUF_UP_TO(BUNDLE_MAX), older = BUF_UP_TO(BUNDLE_MAX);
        _cleanup_(judgement_done) Judgement j = {}, before = {};
        _cleanup_(against_done) Against against = {};
        const Args *a = values;
        Question q;
        int rc;

        rc = prepare(a, &b, e);
        if (rc < 0)
                return rc;
        q = (Question){ .nonce = buf_span(&b.nonce),
                .policy = &b.policy,
                .releases = &b.releases,
                .references = &b.references };
        rc = judge_file(operands[0], &q, &j, &bundle, e);
        if (rc == 0 && a->suggest && a->policies.n == 0)
                rc = judge_by_suggestion(operands[0], &q, &b.policy, &j, &bundle, e);
        if (rc == 0)
                rc = compare(a, &q, &before, &older, &j, &against, e);
        if (rc < 0)
                return rc;
        return answer(a, &j, &q, e);
}

static const Verb verbs[] = {
        { "", "EVIDENCE", NULL, 1, 1, run },
        {},
};

int main(int argc, char **argv) {
        Args args = {};

        return tool_main(&(Tool){ .name = "avouch verify",
                                         .options = options,
                                         .verbs = verbs,
                                         .values = &args },
                        argc, argv);
}
