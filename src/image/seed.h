/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/digest.h"
#include "base/err.h"

/* The numbers in an image that others draw at random, derived, so that it can be built again:
 * HMAC-SHA256(seed, label) (avouch-build-image(1)). */
typedef struct ImageSeed {
        uint8_t disk[16];       /* "disk": GUID of the partition table */
        uint8_t filesystem[16]; /* "filesystem": UUID of the file system */
        uint8_t verity[16];     /* "verity": UUID in the superblock of the hash tree */
        uint8_t signature[16];  /* "verity-sig": UUID of the signature partition */
        uint8_t salt[32];       /* "salt": of the hash tree */
} ImageSeed;

/* text: the seed as given; NULL for the usual one, SHA-256(name || 0 || version). */
int image_seed(const char *text, const char *name, const char *version, ImageSeed *ret,
                Err *e) _must_check_;

/* Another salt in place of the one that was derived: 64 lower-case hexadecimal digits, otherwise
 * -EINVAL. Nothing for NULL. */
int image_salt(const char *hex, ImageSeed *s, Err *e) _must_check_;
