/* SPDX-License-Identifier: MIT */
/* What waits and what was sent, of two customers who are one. Inside core only. */
#pragma once

#include "core/merge.h"

#include "absence_parts.h"

/* What becomes of one of its jobs. */
struct verdict_job {
	const struct instance *by; /* what takes it back; NULL: it stays */
	bool twice;		   /* it was sent under the other name already */
	struct span event;	   /* behind BY */
	int64_t at;		   /* event time of that */
};

/* What the other side knows that an instance does not. */
struct verdict {
	enum outcome end; /* it waits no more; OUTCOME_NONE: it may go on */
	const struct instance *ended_by;
	struct span ended_event; /* the event behind it; empty: not known */
	bool terminal;		 /* a terminal fact did it */
	bool paused;		 /* the other's pause over all keys did it */
	bool goes_on;		 /* what armed it may yet arm the other one */
	int64_t slack_ms;	 /* that of its rule */
	struct span clause;	 /* what is said behind the other's key; may be empty */
	int64_t ended_at;	 /* event time of that */
	int64_t cancelled_at;	 /* the latest cancel that concerns it; INT64_MIN: none */
	struct verdict_job jobs[1 + INSTANCE_EARLIER_MAX]; /* the latest, and those before it */
};

/* Two who are one, as they were before. */
struct merge_sides {
	const struct rules *rules;
	const struct journey *own, *others;
	struct span self; /* who both are by now */
	int64_t now;	  /* merge_known_at() */
};

/* What the others say about I, one of its own side. */
struct verdict merge_verdict(const struct merge_sides *s, const struct instance *i);

/* What of OWN, which is that side of S, the others' jobs would have kept from being armed has
 * nothing to hand over. V: what is said of each; not carried out yet, on either side. */
void merge_moments(const struct merge_sides *s, struct journey *own, const struct verdict *v);

/* Of two instances of one rule and key of J that wait, is A the one that goes on? */
bool merge_goes_on(const struct rule *rule, const struct journey *j, const struct instance *a,
	const struct instance *b);

/* What armed A and B, which may be the same: <0, 0 or >0, by what happened and whichever of it came
 * in first. */
int merge_compare_arming(const struct rule *rule, const struct journey *j, const struct instance *a,
	const struct instance *b);

/* The instances of OTHER as they stand among the turn's customer's, but for what is forgotten by
 * now. *RET_SIDE is the caller's. 0 or -ENOMEM. */
int merge_copy_side(const struct turn *t, const struct journey *other, struct journey **ret_side);

/* The instances of OTHER into the turn's journey. 0 or -ENOMEM. */
int merge_instances(const struct turn *t, const struct journey *other);
