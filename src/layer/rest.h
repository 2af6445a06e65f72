/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "layer/layer.h"

/* The bytes of a disk image that its root hash does not cover: both partition tables and what lies
 * between them and the partitions, the padding of data and hash partition, and the signature
 * partition. None of them changes what the kernel reads as data; what is damaged or hidden there is
 * still seen.
 *
 * The signature is judged by the certificate that it carries, which says that it is undamaged, and
 * not whose it is. Two things that nothing in the image tells cannot be seen: another UUID in the
 * superblock, and the bytes of a signature that carries no certificate. */
int rest_check(const Layer *l, Err *e) _must_check_;
