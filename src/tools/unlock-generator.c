/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/settings.h"
#include "measure/unlockconf.h"
#include "tools/place.h"
#include "tools/tool.h"
#include "tools/unit-name.h"

/* avouch-unlock-generator: what unlock.conf(5) says, as dependencies of avouch-unlock@.service, in
 * the order that systemd-cryptsetup-generator(8) has. It runs in the first moments of each boot,
 * before anything is mounted: it reads two files and writes some small ones. A line that is wrong
 * keeps no other volume locked. */

#define UNIT "avouch-unlock@"

typedef struct Generator {
        const char *into; /* the first of systemd's three folders */
        const char *source;
        Buf crypttab;
        bool failed;
} Generator;

/* A generator has no journal yet, and its stderr goes nowhere: the kernel's log is where systemd's
 * own generators speak. */
static void say(Generator *g, const char *where, const char *what) {
        g->failed = true;
        if (secure_getenv("SYSTEMD_SCOPE")) {
                FILE *log = fopen("/dev/kmsg", "we");

                if (log) {
                        fprintf(log, "<3>avouch-unlock-generator: %s: %s\n", where, what);
                        (void) fclose(log);
                        return;
                }
        }
        fprintf(stderr, "avouch-unlock-generator: %s: %s\n", where, what);
}

/* True where crypttab(5) names the volume: then it is systemd's to unlock, and to record. */
static bool is_in_crypttab(const Generator *g, const char *name) {
        Span rest = buf_span(&g->crypttab);

        while (rest.size > 0) {
                const uint8_t *end = memchr(rest.data, '\n', rest.size);
                size_t n = end ? (size_t) (end - rest.data) : rest.size;
                Span line = { rest.data, n };

                if (span_is(setting_word(&line), name))
                        return true;
                n += end ? 1 : 0;
                rest = span_from(rest, n);
        }
        return false;
}

/* folder/file, with text in it; the folder is made. */
static int put_file(
                const Generator *g, const char *folder, const char *file, const Buf *text, Err *e) {
        char path[PATH_MAX];
        Span bytes;
        int rc;

        rc = buf_end(text, &bytes);
        if (rc < 0)
                return err_set(e, rc, "%s/%s: %s", folder, file, strerror(-rc));
        (void) snprintf(path, sizeof(path), "%s/%s", g->into, folder);
        rc = dir_make(path, 0755, e);
        if (rc < 0)
                return rc;
        (void) snprintf(path, sizeof(path), "%s/%s/%s", g->into, folder, file);
        return file_write(path, 0644, bytes, e);
}

/* A link in TARGET.requires/ or TARGET.wants/ to the instance of the template. */
static int put_link(
                const Generator *g, const char *target, const char *how, const char *unit, Err *e) {
        char path[PATH_MAX];
        int rc;

        (void) snprintf(path, sizeof(path), "%s/%s.%s", g->into, target, how);
        rc = dir_make(path, 0755, e);
        if (rc < 0)
                return rc;
        (void) snprintf(path, sizeof(path), "%s/%s.%s/%s", g->into, target, how, unit);
        if (symlink(AVOUCH_UNIT_DIR "/" UNIT ".service", path) < 0 && errno != EEXIST)
                return err_set(e, -errno, "%s: %s", path, strerror(errno));
        return 0;
}

/* What stands behind a path: a device's unit, or whatever is mounted there. */
static void put_source(Buf *to, const char *path, const char *binding) {
        if (strncmp(path, "/dev/", strlen("/dev/")) != 0) {
                buf_printf(to, "RequiresMountsFor=%s\n", path);
                return;
        }
        for (int i = 0; i < 2; i++) {
                buf_printf(to, "%s=", i == 0 ? binding : "After");
                unit_escape_path(to, span_of(path));
                buf_string(to, ".device\n");
        }
}

static const char *target_of(const UnlockLine *l) {
        return l->flags & UNLOCK_NETDEV ? "remote-cryptsetup.target" : "cryptsetup.target";
}

static void write_order(const Generator *g, const UnlockLine *l, Buf *to) {
        buf_string(to, "# Written by avouch-unlock-generator\n[Unit]\n");
        buf_printf(to, "SourcePath=%s\n", g->source);
        if (l->flags & UNLOCK_NETDEV)
                buf_string(to, "After=remote-fs-pre.target\n");
        if (!(l->flags & UNLOCK_IN_INITRD))
                buf_string(to, "Conflicts=umount.target\n");
        if (l->key.text[0])
                put_source(to, l->key.text, "Requires");
        if (!(l->flags & UNLOCK_NOFAIL))
                buf_printf(to, "Before=%s\n", target_of(l));
        if (l->header.text[0])
                put_source(to, l->header.text, "Requires");
        put_source(to, l->device.text, "BindsTo");
        if (strncmp(l->device.text, "/dev/", strlen("/dev/")) != 0) /* loop devices */
                buf_string(to, "After=systemd-tmpfiles-setup-dev.service\n"
                               "Requires=systemd-tmpfiles-setup-dev.service\n");
}

/* The device that is waited for, for as long as the line says. */
static int put_timeout(const Generator *g, const UnlockLine *l, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(2 * UNLOCK_WORD_MAX), name = BUF_UP_TO(PATH_MAX);

        if (!l->device_timeout.text[0] || strncmp(l->device.text, "/dev/", strlen("/dev/")) != 0)
                return 0;
        unit_escape_path(&name, span_of(l->device.text));
        buf_string(&name, ".device.d");
        buf_byte(&name, '\0');
        buf_printf(&text, "# Written by avouch-unlock-generator\n[Unit]\nJobRunningTimeoutSec=%s\n",
                        l->device_timeout.text);
        if (name.failed < 0)
                return err_set(e, name.failed, "%s: %s", l->device.text, strerror(-name.failed));
        return put_file(g, (const char *) name.data, "50-avouch-timeout.conf", &text, e);
}

/* Whoever waits for the opened volume waits for as long as somebody takes to answer. */
static int put_mapped(const Generator *g, const UnlockLine *l, const char *instance,
                const char *unit, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(256);
        char device[2 * NAME_MAX];
        int rc;

        (void) snprintf(device, sizeof(device), "dev-mapper-%s.device", instance);
        rc = put_link(g, device, "requires", unit, e);
        if (rc < 0 || (l->flags & (UNLOCK_NOAUTO | UNLOCK_NOFAIL)))
                return rc;
        (void) snprintf(device, sizeof(device), "dev-mapper-%s.device.d", instance);
        buf_string(&text, "# Written by avouch-unlock-generator\n[Unit]\nJobTimeoutSec=infinity\n");
        return put_file(g, device, "40-avouch-timeout.conf", &text, e);
}

static int generate(const Generator *g, const UnlockLine *l, Err *e) {
        _cleanup_(buf_done) Buf order = BUF_UP_TO(16 * UNLOCK_WORD_MAX), name = BUF_UP_TO(NAME_MAX);
        char unit[2 * NAME_MAX], folder[2 * NAME_MAX + 8];
        const char *instance;
        int rc;

        unit_escape(&name, span_of(l->name));
        buf_byte(&name, '\0');
        if (name.failed < 0 || name.size > NAME_MAX - strlen(UNIT ".service.requires"))
                return err_set(e, -ENAMETOOLONG, "'%s' is too long for the name of a unit",
                                l->name);
        instance = (const char *) name.data;
        (void) snprintf(unit, sizeof(unit), UNIT "%s.service", instance);
        (void) snprintf(folder, sizeof(folder), "%s.d", unit);

        write_order(g, l, &order);
        rc = put_file(g, folder, "50-avouch-order.conf", &order, e);
        if (rc == 0)
                rc = put_timeout(g, l, e);
        if (rc == 0 && !(l->flags & UNLOCK_NOAUTO))
                rc = put_link(g, target_of(l), l->flags & UNLOCK_NOFAIL ? "wants" : "requires",
                                unit, e);
        return rc < 0 ? rc : put_mapped(g, l, instance, unit, e);
}

static void generate_all(Generator *g, Span text) {
        UnlockConf c = unlock_conf_over(text);

        for (;;) {
                UnlockLine l;
                Err e = {};
                int rc;

                rc = unlock_conf_next(&c, &l, &e);
                if (rc == 0)
                        return;
                if (rc > 0 && is_in_crypttab(g, l.name))
                        rc = err_set(&e, -EEXIST,
                                        "line %u: '%s' stands in crypttab, too, and is left to systemd-cryptsetup",
                                        l.line, l.name);
                if (rc > 0)
                        rc = generate(g, &l, &e);
                if (rc < 0)
                        say(g, g->source, e.text);
        }
}

/* Absent files say nothing. */
static int read_some(const char *path, Buf *to, Err *e) {
        Err why = {};
        int rc = file_read(path, to, &why);

        if (rc < 0 && rc != -ENOENT && rc != -ENOTDIR)
                return err_set(e, rc, "%s", why.text);
        return 0;
}

static int run(void *values, char *const *operands, Err *e) {
        const char *crypttab = secure_getenv("SYSTEMD_CRYPTTAB") ?: "/etc/crypttab";
        _cleanup_(buf_done) Buf text = BUF_UP_TO(UNLOCK_CONF_MAX);
        char source[PATH_MAX];
        Generator g = { .into = operands[0], .source = source, .crypttab = BUF_UP_TO(1024 * 1024) };
        int rc;

        (void) values;
        (void) umask(0022);
        place_unlock_conf(source, sizeof(source));
        rc = read_some(source, &text, e);
        if (rc == 0)
                rc = read_some(crypttab, &g.crypttab, e);
        if (rc == 0)
                generate_all(&g, buf_span(&text));
        else if (e)
                say(&g, "it generates nothing", e->text);
        buf_done(&g.crypttab);
        return rc == 0 && g.failed ? EXIT_FAIL : rc;
}

static const Option options[] = { {} };

static const Verb verbs[] = {
        { "", "NORMAL [EARLY] [LATE]", NULL, 1, 3, run },
        {},
};

int main(int argc, char **argv) {
        return tool_main(&(Tool){ .name = "avouch unlock-generator",
                                         .summary = "What unlock.conf says, as units",
                                         .options = options,
                                         .verbs = verbs },
                        argc, argv);
}
