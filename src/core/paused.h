/* SPDX-License-Identifier: MIT */
/*
 * The latest activity for a key that began nothing, since a pause over all keys of its rule ran.
 * One name has no use for it. But who turns out to have another name may have waited for that key
 * under it since before the pause: then the activity would have moved that wait, as any other does,
 * had both been of one name. What began there during the pause is over for the same reason, and is
 * remembered in the same way, since a third name may have waited for longer.
 *
 * It is kept for as long as something may wait from there, as what touches is, and for two days at
 * least; where the instant to wait for comes with the activity it is known for a day before the two
 * were said to be one. One for each key: the latest is in force, whatever came before it. What
 * several events arm together, and what is handed over, is on the instance's list for itself.
 * Inside core only.
 */
#pragma once

#include "absence.h"

/* A was to arm KEY by RULE, and something speaks against that: remembered if it was such a pause
 * and there is room. 0 or -ENOMEM. */
int paused_note(
	const struct turn *t, const struct rule *rule, struct span key, const struct arming *a);
/* A was to arm I while a pause ran that began at SINCE_AT: the later one is kept. 0 or -ENOMEM. */
int paused_set(struct instance *i, const struct arming *a, int64_t since_at);
/* FROM's is INTO's if it is the later; moved. */
void paused_join(struct instance *into, struct instance *from);
/* What I, which has become part of another, remembers moves what waits for the same. 0 or -ENOMEM.
 */
int paused_offer(const struct turn *t, const struct rule *rule, struct instance *i);
