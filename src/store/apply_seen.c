/* SPDX-License-Identifier: MIT */
/* Which events were here before: the window of their ids, and what is added to it with the commit.
 */
#include "apply_impl.h"

int applier_note_seen(struct applier *a, const char mark[SEEN_BYTES], int64_t hour)
{
	struct commit_seen *list;

	if (a->seen_lists.n == 0 || a->seen_hour != hour) {
		list = list_add(&a->seen_lists);
		if (!list)
			return -ENOMEM;
		list->hour = a->seen_hour = hour;
	}
	list = (struct commit_seen *)a->seen_lists.items + a->seen_lists.n - 1;
	list->bytes.len += SEEN_BYTES;
	buf_add(&a->seen_marks, mark, SEEN_BYTES);
	return seen_add(&a->seen, mark, hour);
}

int applier_recognise(struct applier *a, const struct work *w, bool *ret_new)
{
	int64_t hour = seen_hour(w->event.received_at);

	*ret_new = true;
	if (w->event.message_id.len == 0)
		return 0;
	switch (seen_check(&a->seen, w->mark, hour)) {
	case SEEN_DUPLICATE:
		a->commit.counters[COUNTER_DUPLICATE]++;
		*ret_new = false;
		return 0;
	case SEEN_CONFLICT:
		a->commit.counters[COUNTER_CONFLICT]++;
		*ret_new = false;
		return applier_quarantine(a, &w->entry, "message_id_conflict",
			"another event of this source has the same messageId and other content");
	case SEEN_NEW:
		break;
	}
	return applier_note_seen(a, w->mark, hour);
}
