/* SPDX-License-Identifier: MIT */
/*
 * SipHash-2-4 (Aumasson and Bernstein, 2012; vectors in the authors' reference code) for maps,
 * partitions and message ids; CRC32C (Castagnoli, RFC 3720 appendix B.4) for values whose silent
 * corruption would be worse than their loss.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"

uint64_t siphash24(const uint64_t key[2], struct span bytes);

/* Continues from CRC; start with 0. */
uint32_t crc32c(uint32_t crc, struct span bytes);
