/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/release.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/settings.h"
#include "layer/gpt-types.h"
#include "wire/limits.h"
#include "wire/osrel.h"

enum { WORD_MAX = 64 }; /* as much of a foreign word as is shown */

int system_read(const char *root, System *ret, Err *e) {
        static const char *const paths[] = { "etc/os-release", "usr/lib/os-release" };
        System s = SYSTEM_NONE;
        char path[PATH_MAX];
        int rc = -ENOENT;

        (void) snprintf(path, sizeof(path), "%s/etc/initrd-release", root);
        s.initrd = access(path, F_OK) == 0;
        for (size_t i = 0; rc == -ENOENT && i < ELEMENTS(paths); i++) {
                Err why = {};

                (void) snprintf(path, sizeof(path), "%s/%s", root, paths[i]);
                rc = file_read(path, &s.release, &why);
                if (rc < 0 && (rc != -ENOENT || i + 1 == ELEMENTS(paths)))
                        (void) err_set(e, rc, "%s", why.text);
        }
        if (rc < 0) {
                system_done(&s);
                return rc;
        }
        *ret = s;
        return 0;
}

void system_done(System *s) {
        buf_done(&s->release);
}

static int shown(Span s) {
        return s.size < WORD_MAX ? (int) s.size : WORD_MAX;
}

/* key: what does not agree */
static int refuse(const char *key, Span theirs, Span ours, Err *e) {
        return err_set(e, -ENOEXEC, "it is made for another system: %s=%.*s, this one has \"%.*s\"",
                        key, shown(theirs), (const char *) theirs.data, shown(ours),
                        (const char *) ours.data);
}

static bool has_word(Span list, Span word) {
        for (Span w = setting_word(&list); w.size > 0; w = setting_word(&list))
                if (span_equal(w, word))
                        return true;
        return false;
}

/* What says nothing is for a system that runs, and for a portable service: not for an initrd. */
static int check_scope(Span release, const char *key, const System *s, Err *e) {
        Span scope = osrel_value(release, key);
        Span ours = s->initrd ? SPAN_LITERAL("initrd") : SPAN_LITERAL("system");

        if (scope.size == 0)
                scope = SPAN_LITERAL("system portable");
        return has_word(scope, ours) ? 0 : refuse(key, scope, ours, e);
}

static int check_architecture(Span release, Err *e) {
        Span architecture = osrel_value(release, "ARCHITECTURE");
        const GptTypes *native = gpt_types_native();
        Span ours = span_of(native ? native->architecture : "another one");

        if (architecture.size == 0 || span_is(architecture, "_any") ||
                        span_equal(architecture, ours))
                return 0;
        return refuse("ARCHITECTURE", architecture, ours, e);
}

/* By the level, where both have one; otherwise by the version of the whole system, which a rolling
 * one does not have. */
static int check_version(Span release, const char *level_key, Span host, Err *e) {
        Span level = osrel_value(release, level_key), ours = osrel_value(host, level_key);
        Span version = osrel_value(release, "VERSION_ID");

        if (level.size > 0 && ours.size > 0)
                return span_equal(level, ours) ? 0 : refuse(level_key, level, ours, e);
        ours = osrel_value(host, "VERSION_ID");
        if (ours.size == 0 || span_equal(version, ours))
                return 0;
        return refuse("VERSION_ID", version, ours, e);
}

int release_check(Span release, LeafType type, const System *s, Err *e) {
        bool confext = type == LEAF_CONFEXT;
        Span host = buf_span(&s->release), id = osrel_value(release, "ID");
        Span ours = osrel_value(host, "ID");
        int rc;

        if (id.size == 0)
                return err_set(e, -ENOEXEC, "its extension-release has no plain ID=");
        rc = check_scope(release, confext ? "CONFEXT_SCOPE" : "SYSEXT_SCOPE", s, e);
        if (rc == 0)
                rc = check_architecture(release, e);
        if (rc < 0 || span_is(id, "_any"))
                return rc;
        if (!span_equal(id, ours) && !has_word(osrel_value(host, "ID_LIKE"), id))
                return refuse("ID", id, ours, e);
        return check_version(release, confext ? "CONFEXT_LEVEL" : "SYSEXT_LEVEL", host, e);
}
