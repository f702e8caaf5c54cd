/* SPDX-License-Identifier: MIT */
/*
 * An open-addressed table of 16-byte slots. Nothing is deleted: what has left the window is left
 * behind when the table is built anew to grow, and counts for nothing before that.
 */
#include "store/seen.h"

#include "base/hash.h"

struct seen_slot {
	uint64_t id;
	uint32_t content;
	int32_t hour; /* 0: free (hours of our days are some 490,000) */
};

static const uint64_t seen_key[2] = {UINT64_C(0x6465656e5f736565), UINT64_C(0x776179206d61726b)};

void seen_init(struct seen *s)
{
	*s = (struct seen){NULL, 0, 0};
}

void seen_release(struct seen *s)
{
	free(s->slots);
	seen_init(s);
}

void seen_mark(const struct event *e, char ret_mark[SEEN_BYTES])
{
	char text[256 + 1 + MESSAGE_ID_MAX];
	size_t n = e->source.len < 256 ? e->source.len : 256;
	size_t m = e->message_id.len < MESSAGE_ID_MAX ? e->message_id.len : MESSAGE_ID_MAX;
	uint64_t id;
	uint32_t content = e->content;

	memcpy(text, e->source.ptr ? e->source.ptr : "", n);
	text[n] = '\0';
	memcpy(text + n + 1, e->message_id.ptr, m);
	id = siphash24(seen_key, span_of(text, n + 1 + m));
	for (int i = 0; i < 8; i++)
		ret_mark[i] = (char)(id >> (8 * i));
	for (int i = 0; i < 4; i++)
		ret_mark[8 + i] = (char)(content >> (8 * i));
}

void seen_news_mark(
	struct span customer, struct log_id at, uint32_t content, char ret_mark[SEEN_BYTES])
{
	struct event named = {.source = customer, .content = content};
	char id[80];

	/* Entries of two logs may have one id; but one thing's news are all in one log. */
	(void)snprintf(id, sizeof(id), "@news %llu-%llu %08x", (unsigned long long)at.ms,
		(unsigned long long)at.seq, (unsigned)content);
	named.message_id = span_str(id);
	seen_mark(&named, ret_mark);
}

int64_t seen_hour(int64_t at)
{
	return at >= 0 ? at / MS_HOUR : (at - MS_HOUR + 1) / MS_HOUR;
}

static struct seen_slot slot_of(const char mark[SEEN_BYTES], int64_t hour)
{
	struct seen_slot slot = {0, 0, (int32_t)hour};

	for (int i = 0; i < 8; i++)
		slot.id |= (uint64_t)(uint8_t)mark[i] << (8 * i);
	for (int i = 0; i < 4; i++)
		slot.content |= (uint32_t)(uint8_t)mark[8 + i] << (8 * i);
	if (slot.hour == 0)
		slot.hour = 1;
	return slot;
}

enum seen_answer seen_check(const struct seen *s, const char mark[SEEN_BYTES], int64_t hour)
{
	struct seen_slot want = slot_of(mark, hour);

	if (s->n_slots == 0)
		return SEEN_NEW;
	for (size_t i = want.id & (s->n_slots - 1); s->slots[i].hour != 0;
		i = (i + 1) & (s->n_slots - 1)) {
		const struct seen_slot *slot = &s->slots[i];

		if (slot->id == want.id && slot->hour >= want.hour - SEEN_HOURS)
			return slot->content == want.content ? SEEN_DUPLICATE : SEEN_CONFLICT;
	}
	return SEEN_NEW;
}

void seen_expect(const struct seen *s, const char mark[SEEN_BYTES])
{
	if (s->n_slots > 0)
		__builtin_prefetch(&s->slots[slot_of(mark, 0).id & (s->n_slots - 1)]);
}

static void put(struct seen *s, struct seen_slot slot)
{
	size_t i = slot.id & (s->n_slots - 1);

	while (s->slots[i].hour != 0)
		i = (i + 1) & (s->n_slots - 1);
	s->slots[i] = slot;
	s->len++;
}

/* Builds the table anew with room for as many again as are still inside the window of HOUR. */
static int rebuild(struct seen *s, int64_t hour)
{
	struct seen next;
	size_t alive = 0;

	for (size_t i = 0; i < s->n_slots; i++)
		alive += s->slots[i].hour != 0 && s->slots[i].hour >= hour - SEEN_HOURS;
	seen_init(&next);
	next.n_slots = 1024;
	while (next.n_slots < alive * 3)
		next.n_slots *= 2;
	next.slots = calloc(next.n_slots, sizeof(*next.slots));
	if (!next.slots)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_slots; i++)
		if (s->slots[i].hour != 0 && s->slots[i].hour >= hour - SEEN_HOURS)
			put(&next, s->slots[i]);
	free(s->slots);
	*s = next;
	return 0;
}

int seen_add(struct seen *s, const char mark[SEEN_BYTES], int64_t hour)
{
	if ((s->len + 1) * 3 > s->n_slots * 2) {
		int r = rebuild(s, hour);

		if (r < 0)
			return r;
	}
	put(s, slot_of(mark, hour));
	return 0;
}
