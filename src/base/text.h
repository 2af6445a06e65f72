/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "base/buf.h"

/* Bytes as text: hex, base64, numbers, and foreign text made safe to store and to look at. */

void text_hex(Buf *to, Span bytes); /* lower case */

/* Exactly two lower-case hex digits a byte into exactly size bytes; false otherwise, with into in
 * an undefined state. Upper case is refused: one value has one spelling. */
bool text_unhex(Span hex, uint8_t *into, size_t size) _must_check_;

/* As text_unhex(), for a length that is not known beforehand; at most what the Buf takes. Upper
 * case is taken too where it comes from a person (any_case). Where this and the like below refuse,
 * the Buf holds what it held. */
bool text_unhex_buf(Span hex, bool any_case, Buf *to) _must_check_;

/* RFC 4648: base64url without padding, as our own formats have it. */
void text_base64url(Buf *to, Span bytes);
bool text_unbase64url(Span text, Buf *to) _must_check_;

/* RFC 4648: base64 with padding, as systemd and PEM have it. */
void text_base64(Buf *to, Span bytes);
bool text_unbase64(Span text, Buf *to) _must_check_;

/* 16 bytes as a UUID is written, in their order, lower case: 8-4-4-4-12. */
enum { UUID_TEXT_SIZE = 37 };
void text_uuid(const uint8_t id[16], char into[UUID_TEXT_SIZE]);

/* A decimal number as a person or a format writes it: digits only, no sign, no leading zero (but
 * "0"), at most max. */
bool text_number(Span digits, uint64_t max, uint64_t *ret) _must_check_;

/* The length of the UTF-8 character at the head of s (1 to 4); 0 where the bytes are none: overlong
 * forms, surrogates and what lies above U+10FFFF are refused. ret may be NULL. */
size_t text_utf8(Span s, uint32_t *ret);

/* The bytes of a character up to U+10FFFF; how many they are. */
size_t text_utf8_write(uint32_t c, uint8_t to[static 4]);

/* Foreign text for a record: '\' becomes \x5c, each control byte (0x00-0x1f, 0x7f) and each byte
 * that is not valid UTF-8 becomes \xNN; the rest stays. It can be turned back
 * (avouch-log-format(5)). */
void text_escape(Buf *to, Span s);

/* Text that somebody else chose, between quotation marks, so that it cannot pass for ours: those in
 * it become \x22, and where it is longer than max bytes, whole characters and "..." are left. */
void text_quote(Buf *to, Span s, size_t max);

/* True for a character that is valid and still changes what a reader sees around it: C1 controls,
 * bidirectional marks, line separators, zero-width and tag characters. */
bool text_misleads(uint32_t c);

/* Prints text that we did not write. As text_escape(), and bidirectional controls, U+2028/9 and
 * other characters that drive a terminal come out as \u{N} too, so that no log can lie to its
 * reader. A text that went through text_escape() before prints as it stands. */
void text_print(FILE *to, Span s);

/* The name out of a NULL-terminated list that is nearest to what was written, for "did you mean".
 * NULL where none is near. */
const char *text_nearest(Span written, const char *const *names);
