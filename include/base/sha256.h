/* SPDX-License-Identifier: MIT */
/*
 * SHA-256 (FIPS 180-4), for core, which may use no library: the job that an instance will become
 * is named after a digest, and what is reserved for it bears that name. Not for secrets; what has
 * to do with keys is libcrypto's.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"

#define SHA256_SIZE 32

struct sha256 {
	uint32_t state[8];
	uint64_t len; /* bytes so far */
	unsigned char block[64];
};

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, struct span bytes);
/* The digest of all that was added; S is of no use then. */
void sha256_end(struct sha256 *s, unsigned char ret_digest[SHA256_SIZE]);
