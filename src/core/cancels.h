/* SPDX-License-Identifier: MIT */
/*
 * When an instance was cancelled. The latest says what arms no more, and is all that one name
 * needs: what an earlier one ended is ended by then. But a merge asks for each: a job that the
 * other name made between two of them was disproved by the first, whatever came behind. So those
 * before the latest are kept too, each for as long as a cancel is remembered, by its own instant;
 * at most INSTANCE_CANCELS_MAX of them, of which the oldest makes room and is as if it had been
 * forgotten: what only that disproves under another name stays. Inside core only.
 */
#pragma once

#include "core/journey.h"
#include "core/rule.h"

/* Until when what was cancelled at AT is remembered. RULE: NULL if it is gone. */
int64_t cancels_until(const struct rule *rule, int64_t at);
/* And until when it is kept: that two were said to be one by then may be heard of a day later. */
int64_t cancels_kept(const struct rule *rule, int64_t at);
/* I is cancelled by what happened at AT (INT64_MIN: nothing). 0 or -ENOMEM. */
int cancels_add(const struct rule *rule, struct instance *i, int64_t at, int64_t now);
/* FROM's are INTO's too. 0 or -ENOMEM. */
int cancels_join(
	const struct rule *rule, struct instance *into, const struct instance *from, int64_t now);
/* The one that is BACK before the latest, from 0 to n_cancels; INT64_MIN: there is none, or it is
 * forgotten by NOW. */
int64_t cancels_at(const struct rule *rule, const struct instance *i, size_t back, int64_t now);
/* Forgets those before the latest that are over. */
void cancels_prune(const struct rule *rule, struct instance *i, int64_t now);
