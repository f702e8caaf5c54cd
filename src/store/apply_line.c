/* SPDX-License-Identifier: MIT */
/*
 * Those who wait in line for a product (core/news.h). The line stands in the index of the held, in
 * the partition of the product's key: a number for each customer, by since when they wait. A number
 * names nobody, so nothing of it has to go when somebody is erased; and it is the same in every
 * partition, so that two who asked at one instant stand in the same order whoever counts them.
 *
 * When there is stock, the owner says so to themselves first (LINE), and thereby hears it as a
 * batch of its own, with the line as it is then. Each partition gets the places of its own with the
 * news, and gives them to its customers as they are told. Nothing of this is kept by a worker: the
 * line is in the store, the places are in the logs.
 *
 *   places:  `L1 `, how many there are in all, then for each of the partition, in order of the
 *            numbers, number · place from 1; all as bytes, the highest first
 */
#include "apply_impl.h"

#include "base/hash.h"
#include "codec/json_scan.h"
#include "codec/message_json.h"
#include "core/news.h"

#define PLACES	    SPAN_LIT("L1 ")
#define NUMBER	    8  /* bytes */
#define PLACE	    4  /* bytes */
#define NUMBER_HEX  16 /* digits */
#define MEMBER_HEX  20 /* and four of the partition */
#define MEMBER_SIZE (MEMBER_HEX + 1)

struct place {
	uint64_t number;
	uint32_t partition, place;
};

static uint64_t number_of(struct span customer)
{
	static const uint64_t key[2] = {UINT64_C(0x6d72617779617720), UINT64_C(0x656e696c206e6920)};

	return siphash24(key, customer);
}

/* ---- who waits ----------------------------------------------------------------------------- */

int applier_ask(struct applier *a, struct span customer, struct span product, int64_t since)
{
	char number[NUMBER_HEX + 1];
	struct message m = {.kind = MESSAGE_ASKED, .to = product, .said_at = since};

	(void)snprintf(number, sizeof(number), "%016llx", (unsigned long long)number_of(customer));
	m.of = span_str(number);
	return applier_say(a, &m, NULL);
}

int applier_leave_lines(struct applier *a, const struct cached *c)
{
	struct followed followed;
	int r = followed_of(c->record.journey, &a->arena, &followed);

	for (size_t i = 0; r == 0 && i < followed.n_waited; i++) {
		struct span key = news_product_key(followed.waited[i].id, &a->arena);

		r = key.len > 0 ? applier_ask(a, c->customer, key, TIME_NEVER) : -ENOMEM;
	}
	return r;
}

static struct span line_of(struct applier *a, struct span product)
{
	struct span prefix = NEWS_LINE;
	char *name = arena_alloc(&a->arena, prefix.len + product.len);

	if (!name)
		return SPAN_EMPTY;
	memcpy(name, prefix.ptr, prefix.len);
	memcpy(name + prefix.len, product.ptr, product.len);
	return span_of(name, prefix.len + product.len);
}

int applier_wait_in_line(struct applier *a, const struct message *m)
{
	char member[MEMBER_SIZE];
	struct commit_hold *hold;
	struct span name, line;

	if (m->of.len != NUMBER_HEX || !news_is_key(m->to))
		return 0; /* none of ours says so */
	memcpy(member, m->of.ptr, NUMBER_HEX);
	(void)snprintf(member + NUMBER_HEX, sizeof(member) - NUMBER_HEX, "%04x", m->from & 0xffff);
	name = arena_copy(&a->arena, span_str(member));
	line = line_of(a, m->to);
	hold = list_add(&a->holds);
	if (!hold || !name.ptr || !line.ptr)
		return -ENOMEM;
	*hold = (struct commit_hold){name, line, m->said_at};
	return 0;
}

/* ---- the line ------------------------------------------------------------------------------ */

int applier_line_up(struct applier *a, const struct work *w)
{
	const struct cargo cargo = {.event = w->entry.event, .meta = w->entry.meta};
	struct message m = {.kind = MESSAGE_LINE, .to = w->event.customer, .at = w->entry.id};

	return applier_say(a, &m, &cargo);
}

int applier_begin_line(struct applier *a, const struct position *from, const struct log_entry *e)
{
	bool heard;
	struct work *w = applier_begin_message(a, from, e, &heard), *last;

	if (!w)
		return -ENOMEM;
	a->mark.mark_source = SPAN_EMPTY;
	a->to.id = e->id;
	a->to.clock = int64_max(a->to.clock, (int64_t)e->id.ms - 1);
	if (heard)
		return 0;
	last = arena_alloc(&a->arena, sizeof(*last));
	if (!last)
		return -ENOMEM;
	*last = *w;
	a->line = last;
	a->work.n = 0;
	a->mark.mark_source = line_of(a, w->message->to);
	a->mark_until = INT64_MAX;
	return a->mark.mark_source.ptr ? APPLIER_HELD : -ENOMEM;
}

static bool read_hex(struct span s, uint64_t *ret_n)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
			return false;
		n = n << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	*ret_n = n;
	return true;
}

int applier_lined_up(struct applier *a, const struct span *members, size_t n)
{
	struct work *w = list_add(&a->work);

	a->mark.mark_source = SPAN_EMPTY;
	a->n_places = 0;
	a->places = arena_calloc(&a->arena, n + 1, sizeof(*a->places));
	if (!w || !a->places)
		return -ENOMEM;
	*w = *a->line;
	a->line_full = n == NEWS_LINE_MAX;
	for (size_t i = 0; i < n; i++) {
		struct place *p = &a->places[a->n_places];
		uint64_t number, partition;

		if (members[i].len != MEMBER_HEX ||
			!read_hex(span_of(members[i].ptr, NUMBER_HEX), &number) ||
			!read_hex(span_of(members[i].ptr + NUMBER_HEX, MEMBER_HEX - NUMBER_HEX),
				&partition))
			continue;
		*p = (struct place){number, (uint32_t)partition, (uint32_t)++a->n_places};
	}
	return 0;
}

static int compare_places(const void *x, const void *y)
{
	const struct place *a = x, *b = y;

	if (a->partition != b->partition)
		return a->partition < b->partition ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

static void put_bytes(struct buf *out, uint64_t n, unsigned bytes)
{
	while (bytes-- > 0)
		buf_add_char(out, (char)(n >> 8 * bytes));
}

static uint64_t take_bytes(const char *at, unsigned bytes)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < bytes; i++)
		n = n << 8 | (unsigned char)at[i];
	return n;
}

/* Those of PARTITION, from *I on. */
static int encode_places(struct applier *a, uint32_t partition, size_t *i, struct span *ret_bytes)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	buf_add_span(&out, PLACES);
	put_bytes(&out, a->n_places, PLACE);
	for (; *i < a->n_places && a->places[*i].partition <= partition; ++*i) {
		if (a->places[*i].partition != partition)
			continue;
		put_bytes(&out, a->places[*i].number, NUMBER);
		put_bytes(&out, a->places[*i].place, PLACE);
	}
	*ret_bytes = arena_copy(&a->arena, buf_span(&out));
	return buf_failed(&out) < 0 || !ret_bytes->ptr ? -ENOMEM : 0;
}

int applier_spread_line(struct applier *a, const struct work *w)
{
	uint32_t n = a->options.partitions > 0 ? a->options.partitions : 1;
	struct cargo cargo = {.event = w->entry.event, .meta = w->entry.meta};
	size_t i = 0;
	int r = 0;

	if (a->n_places > 1)
		qsort(a->places, a->n_places, sizeof(*a->places), compare_places);
	a->commit.counters[COUNTER_NEWS_LIMIT] += a->line_full;
	for (uint32_t p = 0; r == 0 && p < n; p++) {
		r = encode_places(a, p, &i, &cargo.record);
		if (r == 0)
			r = applier_spread_to(a, w, p, w->message->at, &cargo);
	}
	return r;
}

/* ---- a customer's place -------------------------------------------------------------------- */

static bool has_places(const struct work *w, struct span *ret_places)
{
	struct span all = w->entry.record, head = PLACES;

	if (!span_starts(all, head) || all.len < head.len + PLACE ||
		(all.len - head.len - PLACE) % (NUMBER + PLACE) != 0)
		return false;
	*ret_places = span_of(all.ptr + head.len, all.len - head.len);
	return true;
}

uint64_t applier_places(const struct work *w)
{
	struct span places;

	return has_places(w, &places) ? take_bytes(places.ptr, PLACE) + 1 : 0;
}

uint64_t applier_place(const struct work *w, struct span customer)
{
	struct span places;
	uint64_t number = number_of(customer);
	size_t from = 0, until;

	if (!has_places(w, &places))
		return 0;
	until = (places.len - PLACE) / (NUMBER + PLACE);
	while (from < until) {
		size_t middle = from + (until - from) / 2;
		const char *at = places.ptr + PLACE + middle * (NUMBER + PLACE);
		uint64_t found = take_bytes(at, NUMBER);

		if (found == number)
			return take_bytes(at + NUMBER, PLACE);
		if (found < number)
			from = middle + 1;
		else
			until = middle;
	}
	return 0;
}

/* Behind the brace of the event's properties; 0: it has none, or says which turn it is itself. */
static size_t turn_at(struct span json, bool *ret_empty)
{
	struct json_cursor c, in;
	struct json_value key, value;
	size_t at = 0;

	json_cursor_init(&c, json);
	if (json_object_open(&c) != 0)
		return 0;
	while (json_object_key(&c, &key) == 0 && json_value(&c, &value) == 0) {
		if (!json_is(&key, SPAN_LIT("properties")) || value.type != JSON_TYPE_OBJECT)
			continue;
		at = (size_t)(value.raw.ptr - json.ptr) + 1;
		*ret_empty = true;
		json_cursor_init(&in, value.raw);
		if (json_object_open(&in) != 0)
			return 0;
		while (json_object_key(&in, &key) == 0 && json_value(&in, &value) == 0) {
			*ret_empty = false;
			if (json_is(&key, SPAN_LIT("turn")))
				return 0;
		}
	}
	return at;
}

int applier_give_turn(struct applier *a, struct work *w, uint64_t place)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	struct span was = w->entry.event;
	bool empty = false;
	size_t at = place > 0 ? turn_at(was, &empty) : 0;
	struct work told = *w;
	int r;

	if (at == 0)
		return 0;
	buf_add(&out, was.ptr, at);
	buf_printf(&out, "\"turn\":%llu%s", (unsigned long long)place - 1, empty ? "" : ",");
	buf_add(&out, was.ptr + at, was.len - at);
	told.entry.event = arena_copy(&a->arena, buf_span(&out));
	if (buf_failed(&out) < 0 || !told.entry.event.ptr)
		return -ENOMEM;
	r = applier_decode(a, &told, w->message->at);
	if (r < 0 || told.kind == WORK_BAD)
		return r;
	/* It is the same event still, and stands on the timeline as it was sent: a place says as
	 * much of others as of them. */
	told.event.properties = w->event.properties;
	told.event.id = w->event.id;
	told.event.received_at = w->event.received_at;
	told.event.content = w->event.content;
	told.event.customer = w->event.customer;
	told.event.named = w->event.named;
	told.event.subject = w->event.subject;
	w->event = told.event;
	return 0;
}
