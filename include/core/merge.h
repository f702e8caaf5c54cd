/* SPDX-License-Identifier: MIT */
/*
 * Two customers turn out to be one: the journey of the one who is given up (the loser: a visitor's
 * number, a guest's address) becomes part of that of the one who stays (core/identity.h: the order
 * of winners). Nothing here knows where they live; that is for whoever brings the two together.
 *
 * What is known of the customer is put together so that it is what one journey would have come to
 * that had seen all events of both: counts add up, the earliest, the latest and the latest word are
 * what they are of both. So nothing is doubled, nothing is lost, and no side wins because it is
 * called so. Neither the order in which news came nor that in which customers were put together
 * matters.
 *
 * Consent is the exception: what the two sides had said when they were still two is kept apart, and
 * the stricter of it counts until something is said after the instant at which they were said to be
 * one. What is said after that counts as ever. Here too the order in which news came does not
 * matter (src/core/consent_sides.h).
 *
 * What was waiting goes on: an instance keeps its timer, and its jobs the name of the key that
 * their arming event came under (`subject`): that is the event's own, whatever is known by then of
 * who is who, and a job that was decided before is not decided again. What the
 * other side knows, however, ends and takes back as if it had been known: an order under the other
 * name ends the cart's wait, or retracts the mail that it made; a tombstone, a cooldown and rules'
 * precedence hold over both names; of two that wait for the same one goes on. Each of these is a
 * decision, with words that begin with MERGE_WORDS and the other's key. Of what was sent under both
 * the first stays, and what would not have been armed beside it is taken back, while nobody has it;
 * when each was due decides that, and not what either waits for by now. What had been taken back by
 * then counts as sent (src/core/taken.h), unless it should never have been made: so it does not
 * matter which of several names became one first. Nothing fires because of a merge: what is overdue
 * fires at its own instant when the customer is looked at next.
 *
 * A merge arms nothing that neither side had armed, but for what the two sides together have
 * counted to at_least, if its deadline was ahead when they were said to be one. And what each side
 * cancelled is known to the other for as long as a cancel is remembered (a day, or the rule's
 * tombstone) before that, even where more is kept of its key: the latest, and up to
 * INSTANCE_CANCELS_MAX before it. What only moves a wait is known for as long as something may wait
 * from there, or, where that is an instant that its event gives, for a day like a cancel; so is
 * what a pause over all keys kept from beginning a wait (src/core/paused.h), the latest for each
 * key. A job that was taken back stays so, even if what it had repeated turns out to have been sent
 * in error.
 *
 * What is over the bounds of core/journey.h goes as it does there: closed before open, the oldest
 * first; an armed instance only if all are, the one that was armed last, with a decision.
 *
 * Cost: a few passes over both journeys, whose lists are bounded; at the worst the product of their
 * instances. Nothing depends on how long the customers' histories are.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"
#include "core/journey.h"
#include "core/message.h"

/* What is known of the link. */
struct merge_terms {
	int64_t said_at;   /* occurred_at of the event that caused it */
	struct span under; /* whose FROM is since then: INTO's own key, or empty, or one that is
			      part of INTO by now */
	int64_t linked_at; /* when the log took it; 0: not known */
};

/* The instant whose memory counts: what is remembered for some time is known to the other side if
 * the two were said to be one within it, whenever that is heard of. */
static inline int64_t merge_known_at(const struct merge_terms *terms, int64_t now)
{
	return terms->said_at > 0 ? int64_min(terms->said_at, now) : now;
}

#define MERGE_WORDS "known as "

struct rules;

/* All but the instances of FROM into INTO, for step(). 0 or -ENOMEM (then INTO is half done). */
int merge_journeys(const struct rules *rules, struct journey *into, const struct journey *from,
	const struct merge_terms *terms, int64_t now);
