/* SPDX-License-Identifier: MIT */
/*
 * What went as it should, and was heard of last longer than three and a half days before, is not
 * what is spoken of now: that is another thing of its name (fold_is_past()). But another name of
 * the same customer, or late news, may say that it did not go so well, or was spoken of since; then
 * the two are one thing. So the one before is kept beside what began behind it, for as long as it
 * would have been kept without that (src/core/prune.c).
 *
 * Where several names have heard of things of one name they are put in the order in which they
 * began, and each is the one before it, or another, as if one customer had heard of all. Inside
 * core only.
 */
#pragma once

#include "core/journey.h"

/* Of T, of J, and the one before it that which is in question at AT; where T is over by then it is
 * the one before from now on, and T says nothing. NULL: no memory. */
struct thing *thing_at(struct journey *j, struct thing *t, int64_t at);
/* T, or the one before it, has been told something: are they one? 0 or -ENOMEM. */
int thing_settle(struct thing *t);
/* OTHER, another journey's, into that of J which has its name, or as one of J's. 0 or -ENOMEM. */
int thing_join(struct journey *j, const struct thing *other);
/* What was before T is of no concern any more. */
void thing_forget_before(struct thing *t);
