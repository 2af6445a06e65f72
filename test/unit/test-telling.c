/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "measure/telling.h"

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* What it comes to; words end with NULL. */
static int tell(const char *event, const char *const *words, Telling *ret, Err *e) {
        int rc = telling_begin(span_of(event), ret, e);

        for (; rc == 0 && *words; words++)
                rc = telling_add_word(ret, *words, e);
        return rc < 0 ? rc : telling_check(ret, e);
}

typedef struct Case {
        const char *event, *words[14], *says; /* says: the error, NULL for none */
} Case;

static void try_all(const Case *cases, size_t n) {
        for (size_t i = 0; i < n; i++) {
                Telling t;
                Err e = {};
                int rc = tell(cases[i].event, cases[i].words, &t, &e);

                assert_int_equal(rc, cases[i].says ? -EINVAL : 0);
                if (cases[i].says)
                        assert_string_equal(e.text, cases[i].says);
        }
}

static void every_event_of_the_table_can_be_told(void **state) {
        static const Case cases[] = {
                { "phase.enter", { "phase=ready" }, NULL },
                { "layer.activate",
                                { "class=sysext", "name=tools", "rootHash=" SHA, "version=1.0",
                                                "signer=" SHA, "log.index=7", "log.origin=example",
                                                "log.root=" SHA, "log.size=9", "order=2",
                                                "verity=dm-3", "reason=x" },
                                NULL },
                { "layer.deactivate", { "class=uki", "name=linux", "identity=" SHA }, NULL },
                { "layer.refuse",
                                { "class=sysext", "name=tools", "rootHash=" SHA,
                                                "reason=unsigned" },
                                NULL },
                { "unlock.open",
                                { "volume=root", "luks=0c4b", "method=recovery", "human=1",
                                                "keyslot=1", "token=0", "tries=2" },
                                NULL },
                { "unlock.fail", { "volume=root", "luks=0c4b", "method=tpm2", "human=0" }, NULL },
                { "glass.open",
                                { "kind=login", "user=ann", "uid=1000", "auth.method=key",
                                                "auth.key=SHA256:x", "reason=a=b",
                                                "rhost=192.0.2.1", "service=sshd", "session=4",
                                                "tty=pts/0" },
                                NULL },
                { "glass.close", { "kind=login", "user=ann", "uid=1000" }, NULL },
                { "note.text", { "text=" }, NULL },
                { "note.lost", { "lane=note", "lost=12" }, NULL },
        };

        (void) state;
        try_all(cases, ELEMENTS(cases));
}

static void what_is_none_is_refused_with_what_is_near(void **state) {
        static const Case cases[] = {
                { "note.txt", {}, "there is no event 'note.txt', did you mean 'note.text'?" },
                { "", {}, "there is no event ''" },
                { "invalid", {}, "there is no event 'invalid'" },
                { "note.text", { "txt=a" }, "note.text has no member 'txt', did you mean 'text'?" },
                { "note.text", { "=a" }, "'=a' is not NAME=VALUE" },
                { "note.text", { "text" }, "'text' is not NAME=VALUE" },
                { "note.text", { "text.a=b" }, "'text' has no members of its own" },
                { "note.text", { "text=a", "text=b" }, "'text' is given twice" },
                { "note.text", { "seq=4" }, "note.text has no member 'seq'" },
                { "note.text", {}, "note.text: member \"text\" is missing" },
                { "note.lost", { "lane=a", "lost=-1" },
                                "note.lost: member \"lost\" is not a number from 0 up" },
                { "note.lost", { "lane=a", "lost=01" }, "lost=01: not a number" },
                { "note.lost", { "lane=a", "lost=-0" }, "lost=-0: not a number" },
                { "note.lost", { "lane=a", "lost=9007199254740992" },
                                "lost=9007199254740992: not a number" },
                { "layer.activate", { "class=sysxt" }, "class=sysxt: did you mean 'sysext'?" },
                { "layer.activate", { "class=painting" },
                                "class=painting: there are sysext, confext, portable, root, usr, uki" },
                { "layer.activate", { "class=sysext", "name=a", "rootHash=0A" },
                                "layer.activate: member \"rootHash\" is not 64 hex digits" },
                { "layer.activate", { "class=sysext", "name=a" },
                                "layer.activate: a layer has a rootHash, a uki has an identity" },
                { "layer.activate", { "log=1" }, "log has members of its own: write log.NAME=" },
                { "layer.activate", { "log.sise=1" },
                                "layer.activate has no member 'sise', did you mean 'size'?" },
                { "layer.activate", { "log.size=1", "log.size=2" }, "'size' is given twice" },
                { "layer.activate", { "class=sysext", "name=a", "rootHash=" SHA, "log.size=1" },
                                "layer.activate: member \"log\" is not the object that it should be" },
                { "unlock.open", { "volume=a", "luks=b", "method=tpm2", "human=2" },
                                "unlock.open: member \"human\" is not 0 or 1" },
        };

        (void) state;
        try_all(cases, ELEMENTS(cases));
}

static void what_avouch_finds_itself_is_not_told(void **state) {
        static const Case cases[] = {
                { "phase.genesis", {},
                                "phase.genesis is recorded by avouch itself, when it finds that it is so" },
                { "phase.broken", {},
                                "phase.broken is recorded by avouch itself, when it finds that it is so" },
                { "glass.begin", {},
                                "glass.begin is recorded by avouch itself, when it finds that it is so" },
                { "glass.lost", {},
                                "glass.lost is recorded by avouch itself, when it finds that it is so" },
                { "glass.open", { "count=4" }, "'count' is not told, avouch counts itself" },
                { "unlock.open", { "past=" SHA }, "'past' is not told, avouch counts itself" },
        };

        (void) state;
        try_all(cases, ELEMENTS(cases));
}

/* No table has more rules than a Telling has room for. */
static void the_table_fits(void **state) {
        (void) state;
        for (Event event = EVENT_INVALID + 1; event < _EVENT_MAX; event++) {
                size_t n = 0, objects = 0;

                for (const MemberRule *rule = event_members(event); rule->name; rule++) {
                        size_t inner = 0;

                        n++;
                        objects += rule->rule == RULE_OBJECT;
                        for (const MemberRule *r = rule->members; r && r->name; r++)
                                inner++;
                        assert_true(inner <= TELLING_INNER_MAX);
                }
                assert_true(n <= TELLING_MEMBERS_MAX && objects <= TELLING_OBJECTS_MAX);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_event_of_the_table_can_be_told),
                cmocka_unit_test(what_is_none_is_refused_with_what_is_near),
                cmocka_unit_test(what_avouch_finds_itself_is_not_told),
                cmocka_unit_test(the_table_fits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
