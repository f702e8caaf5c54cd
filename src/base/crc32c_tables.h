/* SPDX-License-Identifier: MIT */
/*
 * CRC32C without the instruction, for processors that lack it.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"

/* Continues from CRC, which is complemented before and after by the caller (hash.c). */
uint32_t crc32c_tables(uint32_t crc, struct span bytes);
