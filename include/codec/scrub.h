/* SPDX-License-Identifier: MIT */
/*
 * What is stored of one customer may speak of another who was erased: the address a present was
 * sent to, the number in a note. The one's data stay theirs; what names the other is taken out,
 * wherever it stands and however it is written.
 *
 * It is looked for as a reader would: an address is what stands around an @, a telephone number a
 * run of digits and what goes between them, and anything else a word that cannot well be a word:
 * eight bytes, of letters, digits and signs at least two. Each is brought into its normal form and
 * asked about, so it costs the same for one name or ten thousand, and it is enough to know the
 * names' digests. Case, spaces, JSON's escapes, %40 and &#64; make no difference, nor does it if
 * all of the name, and nothing besides, stands there in hex or as base 64 (of eight bytes or more).
 * Its SHA-256, as advertisers are told it, is found as the key that scrub_digest says. A user id of
 * four digits is found only where the event says that it is one (codec/event_redact.h): it is too
 * much else besides. Numbers of orders are the shop's own, and stay.
 *
 * A value of JSON that is such a name becomes null; within a longer text there stands SCRUB_WORD
 * instead, or as much of it as the name was long.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "codec/record.h"
#include "core/identity.h"

#define SCRUB_WORD "[erased]"

struct scrubber;

/* What is asked about where a digest stands: this, and 64 hex digits in small letters. No NUL. */
#define SCRUB_DIGEST	 "sha256:"
#define SCRUB_DIGEST_LEN (sizeof(SCRUB_DIGEST) - 1 + 64)
void scrub_digest(struct span value, char ret_key[SCRUB_DIGEST_LEN]);
/* In what comes next, until it is said otherwise, DIGEST is what another customer is called by, and
 * stays. It has to live so long. */
void scrub_spare(struct scrubber *s, struct span digest);

/* Is KEY (core/identity.h) to go? 0 or -ENOMEM. */
typedef int scrub_knows_fn(void *user, struct span key, bool *ret_known);

/* IDENTITY and USER must outlive it. 0 or -ENOMEM. */
int scrubber_new(const struct identity *identity, scrub_knows_fn *knows, void *user,
	struct scrubber **ret_scrubber);
struct scrubber *scrubber_free(struct scrubber *s);
void scrubber_freep(struct scrubber **s);

/*
 * Each of these: 0, 1 (SCRUB_CLEAN: nothing was found, and OUT or what was to be changed is as
 * before), or -ENOMEM. What cannot be read is clean; whoever stores it knows it for broken.
 */
enum { SCRUB_CLEAN = 1 };

/* Appends TEXT to OUT without it. */
int scrub_text(struct scrubber *s, struct span text, struct buf *out);
/* The same for JSON: a sound value, or members without the braces around them. */
int scrub_json(struct scrubber *s, struct span json, struct buf *out);
/* Whichever BYTES look like. */
int scrub_bytes(struct scrubber *s, struct span bytes, struct buf *out);
/* Is there anything in TEXT, of which nobody knows what it is? Shorter names count too: words of
 * six bytes, and whatever stands between quotes. 0: yes. */
int scrub_finds(struct scrubber *s, struct span text);

/* What a customer's journey says: what they are called by stays. */
int scrub_journey(struct scrubber *s, struct journey *j);
/* The journey and the recent part of the timeline. */
int scrub_record(struct scrubber *s, struct packer *p, struct record *record);
/* Appends another value of a customer's key: a record, or a link with a record in it. */
int scrub_value(struct scrubber *s, struct packer *p, struct span value, struct buf *out);
/* Appends a chunk that has the same entries in the same order, and reaches as far. */
int scrub_chunk(struct scrubber *s, struct packer *p, struct span chunk, struct buf *out);
/* Appends what a message carries: a value, or what staff took apart (codec/division.h), one side or
 * both. What is appended counts only if 0 is returned. */
int scrub_cargo(struct scrubber *s, struct packer *p, struct span cargo, struct buf *out);
