/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/event.h"

#include "base/macro.h"

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

const char *const event_classes[] = { "sysext", "confext", "portable", "root", "usr", "uki", NULL };
const char *const event_kinds[EVENT_KINDS + 1] = { "login", "sudo", "emergency", "rescue",
        "debug-shell", "console", "nspawn", "hibernate", "other", NULL };
const char *const event_methods[] = { "tpm2", "fido2", "pkcs11", "recovery", "passphrase",
        "keyfile", "keyring", NULL };

static const MemberRule tpm_members[] = {
        { "clock", RULE_COUNT, false, NULL, NULL },
        { "reset", RULE_COUNT, false, NULL, NULL },
        { "restart", RULE_COUNT, false, NULL, NULL },
        {},
};

static const MemberRule log_members[] = {
        { "index", RULE_COUNT, false, NULL, NULL },
        { "origin", RULE_TEXT, false, NULL, NULL },
        { "root", RULE_SHA256, false, NULL, NULL },
        { "size", RULE_COUNT, false, NULL, NULL },
        {},
};

static const MemberRule auth_members[] = {
        { "key", RULE_TEXT, true, NULL, NULL },
        { "method", RULE_TEXT, false, NULL, NULL },
        {},
};

const MemberRule event_common_members[] = {
        { "avouch", RULE_COUNT, false, NULL, NULL },
        { "boot", RULE_ID, false, NULL, NULL },
        { "event", RULE_TEXT, false, NULL, NULL },
        { "prev", RULE_SHA256, false, NULL, NULL },
        { "seq", RULE_COUNT, false, NULL, NULL },
        { "time", RULE_COUNT, false, NULL, NULL },
        { "wall", RULE_TIME, false, NULL, NULL },
        {},
};

static const MemberRule genesis_members[] = {
        { "config", RULE_SHA256, true, NULL, NULL },
        { "blinded", RULE_NV_VALUES, true, NULL, NULL },
        { "count", RULE_COUNT, true, NULL, NULL },
        { "history", RULE_SHA256, true, NULL, NULL },
        { "machine", RULE_ID, false, NULL, NULL },
        { "missing", RULE_NV_LIST, true, NULL, NULL },
        { "others", RULE_STARTS, true, NULL, NULL },
        { "register", RULE_REGISTER, false, NULL, NULL },
        { "skipped", RULE_BANK_LIST, true, NULL, NULL },
        { "software", RULE_FLAG, true, NULL, NULL },
        { "start", RULE_BANKS, false, NULL, NULL },
        { "tpm", RULE_OBJECT, false, NULL, tpm_members },
        { "unmeasured", RULE_FLAG, true, NULL, NULL },
        { "version", RULE_TEXT, false, NULL, NULL },
        { "why", RULE_WORD, false, WORDS("boot", "kexec", "resume"), NULL },
        {},
};

static const MemberRule broken_members[] = {
        { "expected", RULE_BANKS, false, NULL, NULL },
        { "found", RULE_BANKS, false, NULL, NULL },
        {},
};

static const MemberRule enter_members[] = {
        { "phase", RULE_TEXT, false, NULL, NULL },
        {},
};

#define LAYER_MEMBERS(reason_optional)                                                             \
        {                                                                                          \
                { "class", RULE_WORD, false, event_classes, NULL },                                \
                                { "commandLine", RULE_SHA256, true, NULL, NULL },                  \
                                { "identity", RULE_SHA256, true, NULL, NULL },                     \
                                { "log", RULE_OBJECT, true, NULL, log_members },                   \
                                { "name", RULE_TEXT, false, NULL, NULL },                          \
                                { "order", RULE_COUNT, true, NULL, NULL },                         \
                                { "reason", RULE_TEXT, reason_optional, NULL, NULL },              \
                                { "rootHash", RULE_SHA256, true, NULL, NULL },                     \
                                { "signer", RULE_SHA256, true, NULL, NULL },                       \
                                { "verity", RULE_TEXT, true, NULL, NULL },                         \
                                { "version", RULE_TEXT, true, NULL, NULL }, {},                    \
        }

static const MemberRule layer_members[] = LAYER_MEMBERS(true);
static const MemberRule refuse_members[] = LAYER_MEMBERS(false);

static const MemberRule unlock_members[] = {
        { "count", RULE_COUNT, true, NULL, NULL },
        { "human", RULE_FLAG, false, NULL, NULL },
        { "keyslot", RULE_COUNT, true, NULL, NULL },
        { "luks", RULE_TEXT, false, NULL, NULL },
        { "method", RULE_WORD, false, event_methods, NULL },
        { "past", RULE_SHA256, true, NULL, NULL },
        { "token", RULE_COUNT, true, NULL, NULL },
        { "tries", RULE_COUNT, true, NULL, NULL },
        { "volume", RULE_TEXT, false, NULL, NULL },
        {},
};

static const MemberRule begin_members[] = {
        { "count", RULE_COUNT, false, NULL, NULL },
        { "index", RULE_INDEX, false, NULL, NULL },
        { "name", RULE_TPM_NAME, false, NULL, NULL },
        {},
};

static const MemberRule glass_members[] = {
        { "auth", RULE_OBJECT, true, NULL, auth_members },
        { "count", RULE_COUNT, true, NULL, NULL },
        { "kind", RULE_WORD, false, event_kinds, NULL },
        { "past", RULE_SHA256, true, NULL, NULL },
        { "reason", RULE_TEXT, true, NULL, NULL },
        { "rhost", RULE_TEXT, true, NULL, NULL },
        { "service", RULE_TEXT, true, NULL, NULL },
        { "session", RULE_TEXT, true, NULL, NULL },
        { "tty", RULE_TEXT, true, NULL, NULL },
        { "uid", RULE_COUNT, false, NULL, NULL },
        { "user", RULE_TEXT, false, NULL, NULL },
        {},
};

static const MemberRule lost_members[] = {
        { "from", RULE_COUNT, false, NULL, NULL },
        { "to", RULE_COUNT, false, NULL, NULL },
        { "why", RULE_WORD, false, WORDS("crash", "redefined", "unknown"), NULL },
        {},
};

static const MemberRule note_members[] = {
        { "text", RULE_TEXT, false, NULL, NULL },
        {},
};

static const MemberRule note_lost_members[] = {
        { "lane", RULE_TEXT, false, NULL, NULL },
        { "lost", RULE_COUNT, false, NULL, NULL },
        {},
};

static const struct {
        const char *name;
        const MemberRule *members;
} events[_EVENT_MAX] = {
        [EVENT_INVALID] = { "invalid", NULL },
        [EVENT_PHASE_GENESIS] = { "phase.genesis", genesis_members },
        [EVENT_PHASE_BROKEN] = { "phase.broken", broken_members },
        [EVENT_PHASE_ENTER] = { "phase.enter", enter_members },
        [EVENT_LAYER_ACTIVATE] = { "layer.activate", layer_members },
        [EVENT_LAYER_DEACTIVATE] = { "layer.deactivate", layer_members },
        [EVENT_LAYER_REFUSE] = { "layer.refuse", refuse_members },
        [EVENT_UNLOCK_OPEN] = { "unlock.open", unlock_members },
        [EVENT_UNLOCK_FAIL] = { "unlock.fail", unlock_members },
        [EVENT_GLASS_BEGIN] = { "glass.begin", begin_members },
        [EVENT_GLASS_OPEN] = { "glass.open", glass_members },
        [EVENT_GLASS_CLOSE] = { "glass.close", glass_members },
        [EVENT_GLASS_LOST] = { "glass.lost", lost_members },
        [EVENT_NOTE_TEXT] = { "note.text", note_members },
        [EVENT_NOTE_LOST] = { "note.lost", note_lost_members },
};

const char *event_name(Event event) {
        return event < _EVENT_MAX ? events[event].name : events[EVENT_INVALID].name;
}

Event event_of_name(Span name) {
        for (Event event = EVENT_INVALID + 1; event < _EVENT_MAX; event++)
                if (span_is(name, events[event].name))
                        return event;
        return EVENT_INVALID;
}

const MemberRule *event_members(Event event) {
        return event < _EVENT_MAX ? events[event].members : NULL;
}

const char *const lane_names[_LANE_MAX + 1] = { "phase", "layer", "unlock", "glass", "note", NULL };

Lane event_lane(Event event) {
        Span name = span_of(event_name(event));

        for (Lane lane = 0; lane < _LANE_MAX; lane++) {
                Span known = span_of(lane_names[lane]);

                if (span_starts(name, known) && name.data[known.size] == '.')
                        return lane;
        }
        return LANE_PHASE;
}

bool event_is_layer(Event event) {
        return event == EVENT_LAYER_ACTIVATE || event == EVENT_LAYER_DEACTIVATE ||
               event == EVENT_LAYER_REFUSE;
}
