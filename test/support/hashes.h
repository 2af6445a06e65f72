/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Hashing, made to fail: a program that is linked with hash_wraps (test/meson.build) has its calls
 * of hash_bytes(), hash_parts() and hash_extend() counted. They cannot fail today; whoever calls
 * them is to be ready for those that can. */

/* The next n work, then one fails. */
void hashes_fail_after(int n);

/* All work again. How many failed. */
int hashes_heal(void);
