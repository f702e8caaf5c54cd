/* SPDX-License-Identifier: MIT */
#include "two_worlds.h"

struct story story;
struct world one, two;

void begin(uint64_t seed, const char *rules)
{
	if (rules) {
		world_init_with(&one, seed, rules);
		world_init_with(&two, seed + 1, rules);
	} else {
		world_init(&one, seed);
		world_init(&two, seed + 1);
	}
	memset(&story, 0, sizeof(story));
	story.at = BASE_AT;
}

void end(void)
{
	world_release(&one);
	world_release(&two);
}

struct saying *add(unsigned rights)
{
	struct story *s = &story;
	struct saying *l = &s->lines[s->n++];

	assert(s->n <= LINES);
	l->rights = rights;
	l->at = s->at += 1000;
	return l;
}

void says(unsigned rights, const char *json)
{
	(void)snprintf(add(rights)->json, sizeof(story.lines[0].json), "%s", json);
}

/* Says what comes before the N-th line, each at its instant, and nothing is left on the way. */
void play(struct world *w, size_t from, size_t n, bool linking)
{
	const struct story *s = &story;

	for (size_t i = from; i < n; i++) {
		const struct saying *l = &s->lines[i];

		if (l->alone)
			world_settle(w);
		w->clock = l->at;
		world_say(w, linking || !(l->rights & LINK_EXPLICIT) ? l->rights : 0, l->json);
		if (l->alone || world_roll(w, 3) == 0)
			world_settle(w);
	}
	world_settle(w);
	CHECK(w->clock < s->lines[n - 1].at + 900);
}

/* Which numbers of jobs are spent, when it was said in which name they are. */
static bool spent_same(const struct instance *a, const struct instance *b)
{
	bool same = a->n_spent == b->n_spent && a->number == b->number;

	for (uint32_t n = 0; same && n < a->n_spent; n++)
		same = spent_compare(&a->spent[n], &b->spent[n]) == 0 &&
		       a->spent[n].number == b->spent[n].number;
	return same;
}

static bool all_spent_same(const struct journey *a, const struct journey *b)
{
	bool same = a->n_instances == b->n_instances;

	for (size_t i = 0; same && i < a->n_instances; i++)
		same = spent_same(&a->instances[i], &b->instances[i]);
	return same;
}

/* What was spent when the two were one is so for one of them since, who may remember nothing else
 * of it. */
static void forget_numbers(struct journey *j, const struct journey *other)
{
	for (size_t i = j->n_instances; i > 0; i--) {
		struct instance *in = &j->instances[i - 1];
		bool only = in->n_spent > 0 && in->episode == 0 &&
			    !journey_instance(other, text_span(in->rule), text_span(in->key));

		spent_release(in);
		in->number = in->last_number = 0;
		for (uint32_t k = 0; k < in->n_earlier; k++)
			in->earlier[k].number = 0;
		if (only)
			journey_remove_instance(j, i - 1);
	}
}

/* That a job lies elsewhere than it would is so since it was made. */
static void forget_homes(struct record *r)
{
	for (size_t i = 0; i < r->journey->n_instances; i++) {
		struct instance *in = &r->journey->instances[i];

		CHECK_INT(text_set(&in->home, SPAN_EMPTY), 0);
		CHECK_INT(text_set(&in->last_subject, SPAN_EMPTY), 0);
		for (uint32_t k = 0; k < in->n_earlier; k++) {
			CHECK_INT(text_set(&in->earlier[k].home, SPAN_EMPTY), 0);
			CHECK_INT(text_set(&in->earlier[k].subject, SPAN_EMPTY), 0);
		}
	}
}

struct span record_of(const struct world *w, const char *key)
{
	struct span k = span_str(key);

	return memory_store_record(w->shores[partition_of(k, PARTS)].memory, k);
}

/* What stands in the values of KEY in both; all that can differ is forgotten. */
static void read_both(const char *key, struct record *ret_a, struct record *ret_b)
{
	REQUIRE(!link_is(record_of(&one, key)));
	CHECK_INT(record_decode(record_of(&one, key), ret_a), 0);
	CHECK_INT(record_decode(record_of(&two, key), ret_b), 0);
	if (!ret_a->journey || !ret_b->journey)
		return;
	forget_homes(ret_a);
	forget_homes(ret_b);
}

static void check_journeys(struct journey *a, struct journey *b)
{
	_cleanup_(buf_release) struct buf x = BUF_INIT, y = BUF_INIT;

	forget_numbers(a, b);
	forget_numbers(b, a);
	CHECK_INT(a->n_events, b->n_events);
	CHECK_INT(journey_encode(a, &x), 0);
	CHECK_INT(journey_encode(b, &y), 0);
	CHECK(span_equal(buf_span(&x), buf_span(&y)));
}

void check_known(const char *key)
{
	_cleanup_(record_release) struct record a = RECORD_INIT, b = RECORD_INIT;

	read_both(key, &a, &b);
	REQUIRE(a.journey && b.journey);
	check_journeys(a.journey, b.journey);
}

static void check_chunks(const char *key)
{
	struct span k = span_str(key);
	uint32_t p = partition_of(k, PARTS);

	for (size_t i = 0;; i++) {
		struct span mine = memory_store_chunk(one.shores[p].memory, k, i);
		struct span want = memory_store_chunk(two.shores[p].memory, k, i);

		CHECK(span_equal(mine, want));
		if (mine.len == 0 || want.len == 0)
			break;
	}
}

void check_same(const char *key)
{
	_cleanup_(record_release) struct record a = RECORD_INIT, b = RECORD_INIT;
	_cleanup_(buf_release) struct buf x = BUF_INIT, y = BUF_INIT;

	read_both(key, &a, &b);
	REQUIRE(a.journey && b.journey);
	/* The timeline says which number a job has. */
	if (all_spent_same(a.journey, b.journey)) {
		CHECK_INT(record_encode(&a, &x), 0);
		CHECK_INT(record_encode(&b, &y), 0);
		CHECK(span_equal(buf_span(&x), buf_span(&y)));
		CHECK_INT(a.n_chunks, b.n_chunks);
		check_chunks(key);
	}
	check_journeys(a.journey, b.journey);
}

/* No job was made twice, wherever, unless the first was ended. */
void check_jobs(const struct world *w)
{
	for (size_t i = 0; i < w->n_jobs; i++)
		for (size_t k = 0; k < i; k++)
			CHECK(strcmp(w->jobs[i].id, w->jobs[k].id) != 0 ||
				w->jobs[k].retracted == ENDED);
}

/* The first entry of KEY's log at or after SINCE that is a message of KIND to KEY. */
static const struct log_entry *message_of(
	const struct world *w, const char *key, const char *kind, int64_t since)
{
	const struct shore *s = &w->shores[partition_of(span_str(key), PARTS)];
	const struct log_entry *found = NULL;
	_cleanup_(arena_release) struct arena a;

	arena_init(&a);
	for (size_t i = 0; i < s->n_log && !found; i++) {
		struct message m;

		if ((int64_t)s->log[i].id.ms >= since && s->log[i].message.len > 0 &&
			message_parse(s->log[i].message, &a, &m) == 0 && span_is(m.to, key) &&
			span_is(message_kind_name(m.kind), kind))
			found = &s->log[i];
	}
	return found;
}

/* The word of staff, in ONE, and its notes in TWO. */
void take_apart(const char *key, const char *from)
{
	const struct log_entry *back;
	char later[CUSTOMER_MAX + 1] = "";
	int64_t at = one.clock = story.at += 1000;

	CHECK_INT(world_unmerge(&one, key, later), 0);
	CHECK_STR(span_str(later), "");
	world_settle(&one);
	back = message_of(&one, key, "restore", at);
	REQUIRE(back);
	world_note_apart(&two, from, key, at, at);
	world_note_apart(&two, key, from, (int64_t)back->id.ms, at);
	world_settle(&two);
}
