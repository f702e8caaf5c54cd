/* SPDX-License-Identifier: MIT */
/* A list, since nothing is looked up in it but its beginning. */
#include "memory_log.h"

void memory_log_init(struct memory_log *log)
{
	log->first = NULL;
	log->last = &log->first;
	log->newest = (struct log_id){0, 0};
}

void memory_log_trim(struct memory_log *log, struct log_id after)
{
	while (log->first && log_id_compare(log->first->entry.id, after) <= 0) {
		struct logged *l = log->first;

		log->first = l->next;
		if (!log->first)
			log->last = &log->first;
		free(l);
	}
}

/* A copy of E with its bytes behind it; NULL when out of memory. */
static struct logged *logged_new(const struct log_entry *e)
{
	const struct span from[] = {
		e->event, e->meta, e->mark_source, e->mark_until, e->rules, e->message, e->record};
	struct span to[ARRAY_SIZE(from)];
	size_t size = sizeof(struct logged);
	struct logged *l;
	char *bytes;

	for (size_t i = 0; i < ARRAY_SIZE(from); i++)
		size += from[i].len;
	l = malloc(size);
	if (!l)
		return NULL;
	bytes = (char *)(l + 1);
	for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
		to[i] = span_of(bytes, from[i].len);
		if (from[i].len > 0)
			memcpy(bytes, from[i].ptr, from[i].len);
		bytes += from[i].len;
	}
	l->next = NULL;
	l->entry = (struct log_entry){e->id, to[0], to[1], to[2], to[3], to[4], to[5], to[6]};
	return l;
}

int memory_log_append(struct memory_log *log, const struct log_entry *e)
{
	struct logged *l = logged_new(e);

	if (!l)
		return -ENOMEM;
	assert(log_id_compare(e->id, log->newest) > 0);
	log->newest = e->id;
	*log->last = l;
	log->last = &l->next;
	return 0;
}

/* Gives L and those behind it ids after ID, as far as they do not have such already. */
static void move_on(struct memory_log *log, struct logged *l, struct log_id id)
{
	for (; l && log_id_compare(l->entry.id, id) <= 0; l = l->next) {
		id.seq++;
		l->entry.id = id;
	}
	if (log_id_compare(log->newest, id) < 0)
		log->newest = id;
}

int memory_log_deliver(struct memory_log *log, const struct commit *c)
{
	struct log_id id = c->to.id;
	struct logged **place = &log->first;

	while (*place && log_id_compare((*place)->entry.id, id) <= 0)
		place = &(*place)->next;
	if (c->to.clock > (int64_t)id.ms)
		id = (struct log_id){(uint64_t)c->to.clock, UINT64_MAX}; /* the next is 0 */
	/* Behind what was said before and is not heard yet: nobody hears a later word first. */
	for (; *place && (*place)->entry.message.len > 0; place = &(*place)->next)
		id = (*place)->entry.id;
	for (size_t i = 0; i < c->n_messages; i++) {
		const struct commit_message *said = &c->messages[i];
		struct log_entry e = {.message = said->head,
			.event = said->event,
			.meta = said->meta,
			.record = said->record};
		struct logged *l;

		id.seq++;
		e.id = id;
		l = logged_new(&e);
		if (!l)
			return -ENOMEM;
		l->next = *place;
		*place = l;
		place = &l->next;
	}
	if (!*place)
		log->last = place;
	move_on(log, *place, id);
	return 0;
}
