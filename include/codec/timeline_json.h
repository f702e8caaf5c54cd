/* SPDX-License-Identifier: MIT */
/*
 * What staff see, as JSON: entries of a timeline and where a journey stands. One line each. Times
 * are RFC 3339 in UTC with milliseconds, null where there is none. What senders wrote stands there
 * escaped, and properties as the JSON that they sent; whoever shows it must treat it as text.
 */
#pragma once

#include "base/buf.h"
#include "codec/record.h"
#include "codec/timeline.h"

/*
 * Appends E, an entry of CUSTOMER, as an object. Both kinds: kind, id (`MS-SEQ`, of a tick `MS`),
 * nth, at, received_at.
 *   event:     type, event, [original], channel (null: unknown), source, [message_id], [user_id],
 *              [anonymous_id], [flags], [properties]
 *   decision:  outcome, text, rule, epoch, key, episode, [step], [job], anchor_at, armed_at,
 *              deadline, fire_at, [by], by_at, [late], [gate, reason], [channel], [until],
 *              [likelihood, impact, priority], [words], [data]
 * In brackets: only where there is one. `job` is the id of the job that was fired or retracted.
 * 0 or -ENOMEM.
 */
int timeline_json(const struct timeline_entry *e, struct span customer, struct buf *out);

/* Appends one plain sentence that says what was decided, unescaped. */
void decision_text(const struct decision *d, struct buf *out);

/*
 * Appends the customer as an object at NOW (virtual time):
 *   customer, user_id, anonymous_id, stage, since (the first event), last_at, engaged_at,
 *   totals{events, orders, entries}, traits{…},
 *   carts[{key, state, first_at, last_at, added_at, checkout_at}], the open ones,
 *   orders[{id, status, milestones{…}, promised_at, overdue, total, currency}], the open ones,
 *   due[{rule, key, episode, step, anchor_at, deadline, fire_at}], the next first,
 *   instances[{rule, key, state, outcome, epoch, episode, emitted, anchor_at, cancelled_at,
 * until_at, by}], all of them. 0 or -ENOMEM.
 * LAPSE: of the policy in force.
 */
int journey_json(const struct record *r, const struct lapse *lapse, int64_t now, struct buf *out);
