/* SPDX-License-Identifier: MIT */
/*
 * The names of what is kept in Redis (DESIGN, section 3). Every key of partition 7 carries the
 * hash tag {p7}, so that it lives on one cluster node and commits atomically.
 *
 *   wm:meta              hash: dataset (32 hex), partitions, format, created_at, identity
 *                        (digest of the settings of identity that its keys follow from, 16 hex),
 *                        salt (64 hex; of the HMACs of what is not to be read), find (1: the sets
 *                        of that name are whole)
 *   wm:erasing, wm:erasing:ID, wm:erasure:ID   store/eraser.h
 *   wm:orders, wm:order:ID   what erasures have asked the archive for (store/archive_order.h)
 *   wm:audit             stream: what staff did with customers' data (store/audit.h)
 *   wm:rules             hash: name of a set of rules → its text (codec/rule_set_json.h); active →
 *                        the name of the latest
 *   wm:workers           sorted set: worker id → expiry (ms of Redis time)
 *   wm:{p7}:in           stream: fields e (the event), m (meta, see log_meta), and, of an event
 *                        that was translated from a webhook or another vendor's shape, o (the
 *                        bytes that came); or, of a watermark, w (source), t (until when it is
 *                        complete, ms) and m; or, of a change of rules, r (the set's name);
 *                        or, of a message from a partition, x (codec/message_json.h), of a
 *                        forwarded event also e and m, of a record b
 *   wm:{p7}:out          stream, the outbox: messages on their way to other partitions; fields q
 *                        (which), and those of the entry that goes into its log
 *   wm:{p7}:pos          hash: epoch, seq, id, clock, rules (the set in force), rules_first (the
 *                        one that the log began with), rules_last (the one put into the log last),
 *                        out (messages said so far), x:Q (of partition Q, how many were heard)
 *   wm:{p7}:lease        string: worker id, with PX
 *   wm:{p7}:c:ID         record (codec/record.h); of an identifier that leads to a customer of
 *                        another key, a link (codec/link.h). ID may be site:left:DIGEST, which for
 *                        a day passes news on to who was taken out of a customer of the partition
 *   wm:{p7}:ids:ID       set: the keys that lead to the customer, those who became part of him too,
 *                        but not what leads to them
 *   wm:{p7}:parts:ID     list: parts of the timeline that have no room in the record
 *                        (customer_part_encode), in the order in which they lost it
 *   wm:{p7}:m:ID         hash: key of a customer who became part of this one → the record before it
 *   wm:{p7}:find         sorted set, all scores 0: what customers are found by, as members: a term
 *                        (codec/find_terms.h), NUL, the key whose it is
 *   wm:{p7}:t:ID         list: sealed chunks, oldest first
 *   wm:{p7}:due          sorted set: customer → earliest time anything of theirs is due (ms)
 *   wm:{p7}:marks        hash: source → until when it is complete (ms); @incident,
 *                        @incident-over: since when, until when the shop has or had one
 *   wm:{p7}:held:SOURCE  sorted set: customer → earliest deadline that is held for the source
 *   wm:{p7}:held:@rules  sorted set: customers who have dates → when they were shown a change of
 *                        rules last (ms; 0: never)
 *   wm:{p7}:held:product:SKU, wm:{p7}:held:site:shop
 *                        sorted sets: customers who follow the thing (core/news.h) → number of the
 *                        news that they were told of last, where it took more than one piece; 0
 *   wm:{p7}:held:line:product:SKU
 *                        sorted set: who waits in line for it, in any partition: a number that
 *                        follows from their name in 16 hex digits, and their partition in four →
 *                        since when (ms)
 *   wm:{p7}:jobs         stream: fields id, j (JSON), or id, r (reason of a retraction)
 *   wm:{p7}:shadow       stream: what would have been sent, had its rule not been on trial or the
 *                        customer not held out; fields id (the job's), j (job_trial_json); about
 *                        the latest [worker] shadow_keep
 *   wm:{p7}:job:ID       hash: s (state, see job_desk.h; `taken` of before there were leases is
 *                        done), at (place in the stream), c (customer), o (member, see below), ch
 *                        (channel), cl (class), ru (rule), vu (valid until), fa (when it fired), nb
 *                        (not before), r (reason), n (leases), tok, by, la and lu (token, consumer,
 *                        beginning and end of the latest), ft (the token that failed), lt (a
 *                        retraction that came late), late (sent though taken back), da (sent at),
 *                        x:OUTCOME (when); instants in ms
 *   wm:{p7}:ready:CHANNEL  sorted set, all scores 0: jobs that may be leased, as members that sort:
 *                        rank (codec/job_view.h), place in the stream in digits, `:`, id
 *   wm:{p7}:chans        set: channels that have had such jobs
 *   wm:{p7}:later        sorted set: the same members → when they may be leased: not before, or the
 *                        end of the lease
 *   wm:{p7}:expiry       sorted set: members that nobody has leased → valid until
 *   wm:{p7}:jobn         hash: `CLASS/STATE` → how many jobs
 *   wm:{p7}:taken        string: place in the stream up to which jobs of before there were members
 *                        were looked at; `all`
 *   wm:{p7}:bad          stream: fields id (log id; empty: it never was in the log), e, m, c
 *                        (reason code), w (words); of a payload that had to be translated also h
 *                        (name of the hook, or `@` and the preset), x (JSON object: what of its
 *                        head and query the mapping reads) and k (JSON array: message ids of what
 *                        of it was understood)
 *   wm:{p7}:arch         hash, of the archive: epoch, id (archived up to), file (the last), clock
 *                        (virtual time that goes with it), lines, bytes, at (when, ms), trimmed
 *                        (the log begins here or later), trouble (why it stands still)
 *   wm:{p7}:seal         hash: customer → the key that their archived lines are sealed with
 *                        (codec/seal.h); `?` and a log id: that of an entry that is about nobody
 *   wm:{p7}:seen:HOUR    string: message ids seen in that hour, SEEN_BYTES each
 *   wm:{p7}:gone         hash: name of an erased key, of any partition (codec/gone_name.h) → when
 *                        (ms) and by which receipt; salt → what the names were made with
 *   wm:{p7}:stale        string: since when (ms) bytes of what was kept out lie in the log; renew:…
 *                        while it is written anew (store/renewal.h, store/eraser.h)
 *   wm:{p7}:erased:ID, kin:ID, linkkin:ID   sets: while ID, an erasure, is under way
 *   wm:{p7}:day:DATE     hash: counter → n; `quarantined/SOURCE/REASON` → n
 */
#pragma once

#include "base/buf.h"
#include "base/span.h"
#include "core/event.h"

#define STORE_FORMAT	   1
#define PARTITIONS_DEFAULT 16
#define PARTITIONS_MAX	   1024
#define SOURCE_MAX	   128 /* bytes of a write key's name */

/*
 * The partition of a customer among N (1..PARTITIONS_MAX): SipHash-2-4 of the key under the 16
 * bytes `waymark:customer`, modulo N.
 */
uint32_t partition_of(struct span customer, uint32_t n);

/* `wm:{pN}:NAME` appended to OUT; with ID: `wm:{pN}:NAME:ID`. */
void key_add(struct buf *out, uint32_t partition, const char *name);
void key_add_id(struct buf *out, uint32_t partition, const char *name, struct span id);

/* A key whose name is one letter and has an id: `wm:{pPARTITION}:LETTER:ID`. */
struct key_parts {
	uint32_t partition;
	char letter;
	struct span id; /* of the key; not empty */
};

/* False: KEY is none. A pattern of Redis' does not tell, for its star passes over braces and
 * colons, and an id may have these: `wm:{p7}:ids:x}:c:y` is no customer's, though `wm:{p*}:c:*`
 * matches. */
bool key_parse(struct span key, struct key_parts *ret_parts);

/*
 * What the collector knows of an entry beside its bytes: `SOURCE/CHANNEL RECV SENT`,
 * `SOURCE/CHANNEL/TYPE RECV SENT` or `SOURCE/CHANNEL/TYPE/FLAGS RECV SENT`, blank-separated: name
 * of the write key (no blanks, no slash), the source's channel (`web`; may be empty), the type (may
 * be empty) and letters in this order (`b`: a robot sent it, `t`: its traits do not count, and what
 * it may make of customers, core/event.h: `l` LINK_TRUSTED, `x` LINK_EXPLICIT, `w` LINK_BROWSER;
 * entries of before there were links have none and link nothing), the collector's clock
 * when the request was read and the sender's sentAt, both in ms, `-` where there is none. A fourth
 * word may follow: the raw JSON context of the batch.
 */
struct log_meta {
	struct span source;
	enum channel channel;
	bool has_type; /* the request's path said what the event is (`track`, …) */
	enum event_type type;
	bool machine;	      /* a robot sent it */
	bool no_traits;	      /* the source may not say who the customer is */
	unsigned link_rights; /* LINK_TRUSTED | … */
	int64_t recv_at;
	int64_t sent_at; /* TIME_NEVER: none */
	struct span context;
};

enum { LOG_META_BAD = 1 };
/* M's source must be 1..SOURCE_MAX bytes without blanks, control characters and slashes. */
void log_meta_add(struct buf *out, const struct log_meta *m);
/* 0 (spans borrow from S) or LOG_META_BAD. The context is not looked into. */
int log_meta_parse(struct span s, struct log_meta *ret_m);

/* The counter of a day for what SOURCE (as in the meta) had put into quarantine for REASON, cut
 * where it is too long. */
#define BAD_COUNTER_SIZE 256
void bad_counter(struct span source, struct span reason, char out[BAD_COUNTER_SIZE]);
/* The same, read back: spans of NAME. False if it is another counter. */
bool bad_counter_parse(struct span name, struct span *ret_source, struct span *ret_reason);

/* The name of a set of rules: 16 hex digits of its digest, which is never 0. */
#define RULES_DIGEST_SIZE 17
void rules_digest_format(uint64_t digest, char out[RULES_DIGEST_SIZE]);
bool rules_digest_parse(struct span s, uint64_t *ret_digest);

/* `wm:{pN}:day:DATE` of the day that the instant AT (ms) lies in, appended to OUT. */
void key_add_day(struct buf *out, uint32_t partition, int64_t at);

/* `MS-SEQ`, decimal, without zeros in front. */
#define LOG_ID_SIZE 42
void log_id_format(struct log_id id, char out[LOG_ID_SIZE]);
enum { LOG_ID_BAD = 1 };
int log_id_parse(struct span s, struct log_id *ret_id);
