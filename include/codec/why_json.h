/* SPDX-License-Identifier: MIT */
/*
 * Why did this customer get a message, or why not? One answer for each rule, made of what was
 * recorded when it was decided: the rule's instances, the note of the last event that did not arm
 * it, and the decisions of the timeline. Nothing is worked out afterwards, for what was true then
 * need not be true now.
 */
#pragma once

#include "base/buf.h"
#include "codec/timeline.h"
#include "core/journey.h"
#include "core/rule.h"

struct why_ask {
	const struct rules *rules; /* in force, for rules that never did anything; NULL: unknown */
	const struct journey *journey;
	struct span rule;    /* empty: all */
	struct span matched; /* the key that the customer was asked for by; empty: not told */
	int64_t now;	     /* the clock of the log */
	const struct timeline_entry *entries; /* the latest decisions, newest first */
	size_t n_entries;
	bool cut;	   /* there were more decisions than these */
	uint64_t in_force; /* digest of `rules`, as the log names them; 0: it names none */
};

/*
 * What is said of one rule. An instance speaks for it: one that is waiting, else the one that was
 * touched last; a note counts if it is newer than all that.
 */
struct why {
	struct span id;
	const struct rule *rule;	    /* NULL: not in force any more */
	const struct instance *instance;    /* NULL: none */
	const struct note *note;	    /* NULL: none */
	const struct timeline_entry *entry; /* the latest decision of it; NULL: none */
	bool note_speaks;		    /* the note is the latest news */
};

/*
 * The N-th rule that ASK is about: first those in force, in their order, then those that are gone
 * but left something. False: there are no more.
 */
bool why_of(const struct why_ask *ask, size_t n, struct why *ret_why);

/* The one sentence for W, appended to OUT unescaped: what it is waiting for or how it ended. */
void why_text(const struct why_ask *ask, const struct why *w, struct buf *out);
/* The same of one instance. */
void why_instance_text(const struct why_ask *ask, const struct instance *i, struct buf *out);
/* And of a note. */
void why_note_text(const struct note *n, struct buf *out);

/* Everything as one JSON object (schemas/openapi.yaml, Why). 0 or -ENOMEM. */
int why_json(const struct why_ask *ask, struct buf *out);
