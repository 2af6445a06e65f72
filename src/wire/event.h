/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/span.h"

/* The events that a record may tell, and the members that each has (avouch-log-format(5)): one
 * table, by which records are read, written and documented. */

typedef enum Event {
        EVENT_INVALID, /* 0 is never an event: zeroed memory is not a record */
        EVENT_PHASE_GENESIS,
        EVENT_PHASE_BROKEN,
        EVENT_PHASE_ENTER,
        EVENT_LAYER_ACTIVATE,
        EVENT_LAYER_DEACTIVATE,
        EVENT_LAYER_REFUSE,
        EVENT_UNLOCK_OPEN,
        EVENT_UNLOCK_FAIL,
        EVENT_GLASS_BEGIN,
        EVENT_GLASS_OPEN,
        EVENT_GLASS_CLOSE,
        EVENT_GLASS_LOST,
        EVENT_NOTE_TEXT,
        EVENT_NOTE_LOST,
        _EVENT_MAX,
} Event;

/* "layer.activate"; "invalid" for what is none. */
const char *event_name(Event event);

/* EVENT_INVALID for a name that is none. */
Event event_of_name(Span name);

/* The kinds of layer and of glass that records may name, and how disks are unlocked; NULL ends
 * each. */
extern const char *const event_classes[];
enum { EVENT_KINDS = 9 };
extern const char *const event_kinds[EVENT_KINDS + 1];
extern const char *const event_methods[];

/* What a member may hold. */
typedef enum Rule {
        RULE_TEXT,      /* a string of at most STRING_MAX bytes */
        RULE_COUNT,     /* integer, 0 or more */
        RULE_TIME,      /* integer, any sign */
        RULE_FLAG,      /* 0 or 1 */
        RULE_ID,        /* 32 hex digits */
        RULE_SHA256,    /* 64 hex digits */
        RULE_TPM_NAME,  /* 68 hex digits: 000b and a SHA-256 */
        RULE_INDEX,     /* 8 hex digits: an NV index */
        RULE_BANKS,     /* {"sha256":hex,...}; none where there is no register */
        RULE_BANK_LIST, /* ["0x0012",...] */
        RULE_NV_VALUES, /* {NV index: hex,...} */
        RULE_NV_LIST,   /* [NV index,...] */
        RULE_STARTS,    /* {"pcr:9":{"sha256":hex,...},...} */
        RULE_REGISTER,  /* as register_parse() takes it */
        RULE_WORD,      /* one of words */
        RULE_OBJECT,    /* members of its own */
} Rule;

typedef struct MemberRule {
        const char *name; /* NULL ends a table */
        Rule rule;
        bool optional;
        const char *const *words;         /* RULE_WORD; ends with NULL */
        const struct MemberRule *members; /* RULE_OBJECT */
} MemberRule;

/* What every event has, and what this one has besides. */
extern const MemberRule event_common_members[];
const MemberRule *event_members(Event event);

/* The kinds of event, each of which may have a register of its own: what stands before the dot. */
typedef enum Lane { LANE_PHASE, LANE_LAYER, LANE_UNLOCK, LANE_GLASS, LANE_NOTE, _LANE_MAX } Lane;

/* "layer"; names[_LANE_MAX] is NULL. */
extern const char *const lane_names[_LANE_MAX + 1];

/* Of an event that is one. */
Lane event_lane(Event event);

/* True for the events that name a layer. */
bool event_is_layer(Event event);
