/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "wire/event.h"
#include "wire/json.h"
#include "wire/limits.h"

/* What a record says: the canonical JSON that is hashed, extended and chained
 * (avouch-log-format(5)). An event's members are in wire/event; any other is refused. */

/* What every event has. Times: microseconds. */
typedef struct Content {
        Span bytes; /* the canonical JSON; borrowed, and so are the tokens' texts */
        Event event;
        uint64_t seq;
        uint8_t boot[16];
        uint8_t prev[32]; /* SHA-256 of the content before, in the same segment; zeros in genesis */
        int64_t time;     /* CLOCK_BOOTTIME */
        int64_t wall;     /* UTC; may be wrong or negative, a clock is nobody's witness */
        JsonToken tokens[RECORD_TOKENS_MAX];
        size_t n_tokens;
} Content;

/* Reads and checks one content: canonical, common members, the event's own members and no others,
 * each of its type. */
int content_parse(Span bytes, Content *ret, Err *e) _must_check_;

/* A member's value; JSON_NONE where it is absent. Borrows from c. */
Json content_member(const Content *c, const char *name);

/* A flag that is there, and set. */
bool content_flag(const Content *c, const char *name);

/* The string of a member as it stands (escapes of section 1 in it); empty where absent. */
Span content_text(const Content *c, const char *name);

/* A member to be written. */
typedef enum MemberType {
        MEMBER_TEXT, /* bytes from anywhere; text_escape() is applied */
        MEMBER_HEX,  /* bytes, written as lower-case hex */
        MEMBER_INTEGER,
        MEMBER_OBJECT, /* members */
        MEMBER_ARRAY,  /* members, names unused */
} MemberType;

typedef struct Member {
        const char *name;
        MemberType type;
        Span bytes;
        int64_t number;
        const struct Member *members;
        size_t n_members;
} Member;

/* Writes a content: head gives the common members (bytes, tokens unused), members the event's own
 * in any order. What was written is read back by content_parse()'s rules, so a content that is
 * wrong (a member missing, a string too long) is refused here with its reason. */
int content_write(const Content *head, const Member *members, size_t n_members, Buf *to,
                Err *e) _must_check_;

/* The same without reading it back, for who does that with the whole record. */
int content_put(const Content *head, const Member *members, size_t n_members, Buf *to,
                Err *e) _must_check_;
