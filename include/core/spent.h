/* SPDX-License-Identifier: MIT */
/*
 * Which numbers of jobs are spent. A job's id names the customer whom its arming event came under,
 * and the how-manyth episode *in that name* it is of (triggers, section 7). For a customer who has
 * one name that is the instance's own count of episodes, and nothing is kept here. One who has more
 * counts for each name by itself: so two who become one spend no numbers of one another's, and when
 * they are taken apart again each goes on from where it is. Sets of names and numbers are put
 * together by the greater number of each name; the order in which that happens does not matter.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"
#include "core/text.h"

#define INSTANCE_NAMES_MAX 16 /* of an instance; those beyond count on from the greatest */

struct spent {
	struct text name; /* empty: the journey's own */
	uint32_t epoch;	  /* of the rule: with another one the numbers begin anew */
	uint32_t number;  /* the latest with a job */
};

struct emission;
struct instance;
struct journey;
struct rule;
struct rules;

/* The number that the jobs of I's episode have, or would have if the first were made now. RULE may
 * be NULL: it was removed. */
uint32_t spent_number(const struct rule *rule, const struct instance *i);
/* That of M's job. */
uint32_t spent_by(const struct emission *m);

/* I begins an episode by RULE, perhaps of another epoch. What made no job has used up none, in
 * whatever order cancels come in. */
void spent_begin(const struct rule *rule, struct instance *i);
/* I is about to make a job, whose number is spent. 0 or -ENOMEM. */
int spent_give(const struct rule *rule, struct instance *i);

/* What is left of I's episode, which is armed and has made a job, goes on under a number that is
 * not spent yet. 0 or -ENOMEM. */
int spent_again(struct instance *i);

/* That of the jobs by which I's latest message, which has a fallback, may yet go another way. */
uint32_t spent_way(const struct instance *i);
/* They go on under a number that is not spent yet; of RULE, if it is yearly, under one that says
 * the year. 0 or -ENOMEM. */
int spent_again_way(const struct rule *rule, struct instance *i);

/* Up to NUMBER all is spent in NAME. 0 or -ENOMEM. */
int spent_raise(struct instance *i, struct span name, uint32_t epoch, uint32_t number);

/* Whose jobs; AT: when the latest was made. */
struct spent_key {
	struct span rule, key;
	uint32_t epoch;
	int64_t at;
};

/* The same for an instance of J, which is remembered from now on if it was not. */
int spent_note(struct journey *j, const struct spent_key *k, struct span name, uint32_t number);
/* Of a yearly rule, whose number is the year: the year's jobs bear 10,000 more from now on, which
 * says the year still. K's is in J's own name. 0 or -ENOMEM. */
int spent_note_year(struct journey *j, const struct spent_key *k, uint32_t number);
/* Does I remember nothing else? Then nothing is known of its key yet. */
bool spent_only(const struct instance *i);
/* What FROM's lists say is spent for INTO, too, of rules that are yearly by RULES by the later
 * year; and an episode that both are in the midst of goes on under FROM's number. 0 or -ENOMEM. */
int spent_take(const struct rules *rules, struct journey *into, const struct journey *from);

/* The loser's FROM becomes the winner's TO, a copy of it whose list is empty. 0 or -ENOMEM. */
int spent_copy(
	struct instance *to, const struct instance *from, struct span loser, struct span winner);
/* FROM is part of INTO: before and after their episodes are put together. 0 or -ENOMEM. */
int spent_join(struct instance *into, struct instance *from);
void spent_joined(struct instance *into);

/* The order of a list. */
int spent_compare(const struct spent *a, const struct spent *b);
/* Names were changed: puts the list in order again. 0 or -ENOMEM. */
int spent_settle(struct instance *i);
void spent_release(struct instance *i);
