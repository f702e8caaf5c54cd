/* SPDX-License-Identifier: MIT */
/*
 * Rules that follow the calendar: a birthday, the day of the first order. No event arms them; that
 * the date is known does, for the next time that it comes round. Inside core only.
 */
#pragma once

#include "absence.h"

/*
 * Brings the instances of all such rules in line with what is known of the customer: armed for the
 * next occasion that is still ahead, moved where the date or the zone is another one, ended where
 * the date was taken back. Called behind every event and every firing. 0 or -ENOMEM.
 */
int calendar_update(const struct turn *t);

/* When the occasion was due that is before the one I, of RULE, waits for: what happened up to then
 * is that year's. INT64_MIN: there was none. */
int64_t calendar_before(const struct turn *t, const struct rule *rule, const struct instance *i);

/* Whether J has a date that a rule may follow. */
bool calendar_knows(const struct journey *j);
