/* SPDX-License-Identifier: MIT */
/*
 * The jobs that an instance had made by right and that were taken back since: by what ended it
 * behind their deadline, or for another's that the customer was sent under another name. One name
 * has no use for them. But a merge asks what each side was sent, and the answer must not depend on
 * whether that was taken back before the link came in or because of it. What should never have been
 * made, since what ended it happened before its deadline, is not among them: had that come in
 * time, there would have been no job.
 *
 * What was taken back by something that happened is kept for as long as that may still be on its
 * way behind a link; the others as long as their instance. At most INSTANCE_TAKEN_MAX, of which the
 * oldest makes room. Inside core only.
 */
#pragma once

#include "core/journey.h"
#include "core/rule.h"

/* M of I was taken back, for what happened at AT; INT64_MAX: it had been sent under another name.
 * 0 or -ENOMEM. */
int taken_add(struct instance *i, const struct emission *m, int64_t at);
/* What is said of T as if it still stood. What it points to stays T's. */
struct emission taken_emission(const struct taken *t);
/* Does T count where what was said up to KNOWN_AT counts? */
bool taken_counts(const struct taken *t, int64_t known_at);
/* What happened at B means that some of I's should never have been made. */
void taken_drop(const struct rule *rule, struct instance *i, int64_t b, bool terminal);
/* FROM's are INTO's too, moved. 0 or -ENOMEM. */
int taken_join(struct instance *into, struct instance *from);
/* Forgets those that are over at NOW. */
void taken_prune(struct instance *i, int64_t now);
