/* SPDX-License-Identifier: MIT */
/*
 * Bytes that are readable only as long as a key is kept. What is archived lies in files that nobody
 * can look through again, on disks and tapes; so that a customer can be forgotten there too, each
 * one's lines are sealed with a random key of their own, and forgetting is throwing the key away.
 *
 * A key is kept as text, 32 hex digits of its id and 64 of the key. Of the 32 bytes K follow, by
 * HMAC-SHA256(K, label), two keys: ENC with the label `waymark seal`, NONCE with `waymark nonce`.
 * TEXT, under the clear bytes HEAD that it belongs to, becomes
 *
 *	nonce (12) = first bytes of HMAC-SHA256(NONCE, length of HEAD in 8 bytes, little-endian,
 *		     HEAD, TEXT)
 *	nonce, AES-256-GCM(ENC, nonce, additional data HEAD, TEXT), tag (16)
 *
 * The nonce follows from all that is sealed. So the same bytes sealed twice, after a crash, are the
 * same, and different ones share a nonce by a chance of 2^-96 for each pair under one customer's
 * key; nothing has to be counted, and a data set that was set back to a backup does not repeat one.
 * It is made with a key that goes with the customer's, so that nobody can afterwards try guesses of
 * the text on it.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

#define SEAL_ID_TEXT  32	/* hex digits of a key's id */
#define SEAL_KEY_TEXT (32 + 64) /* of the id and the key */
#define SEAL_EXTRA    (12 + 16) /* bytes that sealing adds */

struct seal_key {
	char id[SEAL_ID_TEXT + 1];
	unsigned char enc[32], nonce[32];
};

/* A new random key as text, with a NUL. 0 or -EIO: there are no random numbers. */
int seal_key_make(char out[SEAL_KEY_TEXT + 1]);

enum { SEAL_BAD = 1 };

/* 0, SEAL_BAD (no such text), or -ENOMEM. */
int seal_key_read(struct span text, struct seal_key *ret_key);
/* Forgets it. */
void seal_key_clear(struct seal_key *key);

/* One reusable cipher. */
struct sealer;

/* 0 or -ENOMEM. */
int sealer_new(struct sealer **ret_sealer);
struct sealer *sealer_free(struct sealer *s);
void sealer_freep(struct sealer **s);

/* Appends TEXT, sealed. 0 or -ENOMEM (OUT is then failed). */
int seal(struct sealer *s, const struct seal_key *key, struct span head, struct span text,
	struct buf *out);

/* Appends what SEALED holds. 0, -ENOMEM, or SEAL_BAD: it was not sealed with this key under this
 * head, or is damaged; OUT is then as before. */
int seal_open(struct sealer *s, const struct seal_key *key, struct span head, struct span sealed,
	struct buf *out);

/* HMAC-SHA256 of TEXT as 64 hex digits, with a NUL. 0 or -ENOMEM. */
#define SEAL_MAC_TEXT 64
int seal_mac(struct span key, struct span text, char out[SEAL_MAC_TEXT + 1]);
