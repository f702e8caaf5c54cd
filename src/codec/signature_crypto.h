/* SPDX-License-Identifier: MIT */
/*
 * libcrypto for signatures: short names for the few things that the schemes ask of it. What is
 * signed is mostly put together from pieces; it is never copied into one where that can be helped.
 */
#pragma once

#include "base/base.h"
#include "base/base64.h"
#include "base/span.h"
#include "signature_plan.h"

#define SIGNATURE_DIGEST_MAX 64		  /* SHA-512 */
#define SIGNATURE_TEXT_SIZE  (2 * 64 + 1) /* of a digest in hex */

/* HMAC of PARTS one after the other as text, `out`. 0 or -ENOMEM. */
struct signature_mac {
	enum signature_algorithm algorithm;
	enum signature_encoding encoding;
};
int signature_mac_text(struct signature_mac how, struct span key, const struct span *parts,
	size_t n, char out[SIGNATURE_TEXT_SIZE]);
/* Characters of such a text. */
size_t signature_mac_length(struct signature_mac how);

/* The bytes of both are the same; takes as long wherever they differ. */
bool signature_same(struct span a, struct span b);
/* The same without telling the length either. False when out of memory. */
bool signature_same_secret(struct span a, struct span b);

/* The bytes that the base 64 text of a secret stands for, in ROOM: padding may be missing and bits
 * behind the last byte are passed over, as the senders' own libraries do. ptr is NULL when it is no
 * such text, or empty. */
struct signature_key_room {
	char text[SIGNATURE_SECRET_MAX];
	char bytes[BASE64_DECODED_SIZE(SIGNATURE_SECRET_MAX)];
};
struct span signature_key_bytes(struct span text, struct signature_key_room *room);

/* Public keys. 0, SIGNATURE_WRONG, or -ENOMEM. */
struct signature_digest_key {
	struct evp_pkey_st *key;
	bool sha1; /* else SHA-256 */
};
int signature_digest_verify(
	struct signature_digest_key k, struct span signature, const struct span *parts, size_t n);
int signature_ed25519_verify(struct span key, struct span signature, struct span signed_bytes);
