/* SPDX-License-Identifier: MIT */
/*
 * From whom a customer was taken apart: part of the journey (core/journey.h).
 */
#pragma once

#include "base/base.h"
#include "base/span.h"
#include "core/text.h"

struct journey;

#define JOURNEY_APART_MAX  64
#define JOURNEY_PASSED_MAX 1024 /* things of which those who left hear, all together */

/* Somebody who was part of this customer, or this one of them, until staff took them apart. Who
 * left may not be back yet when news of what they follow come to their own partition, so whoever
 * stays passes these on for a while: of the things whose keys (core/news.h) are passed. */
struct customer_apart {
	struct text key;
	int64_t at;	     /* virtual time */
	struct text *passed; /* in no order */
	size_t n_passed;
};

const struct customer_apart *journey_apart(const struct journey *j, struct span key);
/* KEY and this customer are two since AT; of too many the oldest is forgotten. 0 or -ENOMEM. */
int journey_add_apart(struct journey *j, struct span key, int64_t at);
void journey_remove_apart(struct journey *j, struct span key);
/* News of THINGS are passed on to KEY, from whom J was taken apart; of more than
 * JOURNEY_PASSED_MAX the oldest parting's are not any more. 0 or -ENOMEM. */
int journey_pass_news(struct journey *j, struct span key, const struct span *things, size_t n);
/* And what FROM (NULL: nobody) passes on to those from whom J was taken apart, too. 0 or -ENOMEM.
 */
int journey_take_passed(struct journey *j, const struct journey *from);
/* Are THING's news passed on, to anybody or to APART? */
bool journey_passes(const struct journey *j, struct span thing);
bool journey_apart_passes(const struct customer_apart *apart, struct span thing);
void journey_forget_passed(struct customer_apart *apart);
