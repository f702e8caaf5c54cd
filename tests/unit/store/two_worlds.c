/* SPDX-License-Identifier: MIT */
#include "two_worlds.h"

#include "codec/job_json.h"
#include "codec/timeline_json.h"

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
		if (in->fallback)
			in->fallback->number = 0;
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
		for (uint32_t k = 0; k < in->n_taken; k++)
			CHECK_INT(text_set(&in->taken[k].subject, SPAN_EMPTY), 0);
		if (in->paused)
			CHECK_INT(text_set(&in->paused->what.subject, SPAN_EMPTY), 0);
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

/* ---- timelines --------------------------------------------------------------------------- */

/* All entries of a customer, the oldest first; they borrow from BYTES. */
struct told {
	struct buf bytes;
	struct timeline_entry *list;
	size_t n;
};

static void told_release(struct told *t)
{
	buf_release(&t->bytes);
	free(t->list);
}

static size_t unpack_chunks(
	const struct world *w, struct span key, struct packer *p, struct buf *out)
{
	struct memory_store *m = w->shores[partition_of(key, PARTS)].memory;
	struct span chunk;
	size_t n = 0;

	for (size_t i = 0; chunk = memory_store_chunk(m, key, i), chunk.len > 0; i++) {
		struct chunk_head head = {.n = 0};

		CHECK_INT(chunk_head(chunk, &head), 0);
		CHECK_INT(timeline_unpack(p, head.block, head.n, out), 0);
		n += head.n;
	}
	return n;
}

static void read_told(
	const struct world *w, struct span key, const struct record *r, struct told *ret_t)
{
	_cleanup_(packer_freep) struct packer *p = NULL;
	struct span rest;
	size_t n;

	*ret_t = (struct told){.bytes = BUF_INIT};
	REQUIRE(packer_new(&p) == 0);
	n = unpack_chunks(w, key, p, &ret_t->bytes) + r->packed_n + r->tail_n;
	if (r->packed_n > 0)
		CHECK_INT(timeline_unpack(p, buf_span(&r->packed), r->packed_n, &ret_t->bytes), 0);
	buf_add_span(&ret_t->bytes, buf_span(&r->tail));
	ret_t->list = calloc(n + 1, sizeof(*ret_t->list));
	REQUIRE(ret_t->list);
	for (rest = buf_span(&ret_t->bytes); rest.len > 0; ret_t->n++) {
		REQUIRE(ret_t->n < n);
		REQUIRE(timeline_decode(&rest, &ret_t->list[ret_t->n]) == 0);
	}
	CHECK_INT(ret_t->n, n);
}

/* Is the job that D speaks of one that W made, and KEY's? */
static bool is_own_job(const struct world *w, const struct decision *d, const char *key)
{
	char id[JOB_ID_SIZE];
	bool found = false;

	CHECK_INT(job_id(d, span_str(key), id), 0);
	for (size_t i = 0; i < w->n_jobs && !found; i++)
		found = strcmp(w->jobs[i].id, id) == 0 && strcmp(w->jobs[i].owner, key) == 0;
	return found;
}

static bool entry_same(const struct timeline_entry *a, const struct timeline_entry *b)
{
	_cleanup_(buf_release) struct buf x = BUF_INIT, y = BUF_INIT;

	timeline_encode(a, &x);
	timeline_encode(b, &y);
	return buf_failed(&x) == 0 && buf_failed(&y) == 0 && span_equal(buf_span(&x), buf_span(&y));
}

/* A job that was made while two were one keeps the name and number that it got then, and what is
 * said of it later says those; it is in either world one that was made, and KEY's. What has made
 * none yet has a number that is not spent, which may be a greater one. */
static bool told_same(
	const struct timeline_entry *a, const struct timeline_entry *b, const char *key)
{
	struct timeline_entry x = *a, y = *b;
	struct decision *d = &x.decision, *e = &y.decision;

	if (entry_same(a, b))
		return true;
	if (a->kind != ENTRY_DECISION || b->kind != ENTRY_DECISION)
		return false;
	if (d->outcome == OUTCOME_FIRED || d->outcome == OUTCOME_RETRACTED) {
		if (!is_own_job(&one, d, key) || !is_own_job(&two, e, key))
			return false;
		d->subject = e->subject;
	} else if (d->episode <= e->episode) {
		return false;
	}
	d->episode = e->episode;
	return entry_same(&x, &y);
}

static void print_entry(const struct timeline_entry *e, const char *key)
{
	_cleanup_(buf_release) struct buf json = BUF_INIT;

	CHECK_INT(timeline_json(e, span_str(key), &json), 0);
	fprintf(stderr, "# %.*s\n", (int)buf_span(&json).len, buf_span(&json).ptr);
}

static void check_told(const char *key, const struct record *a, const struct record *b)
{
	struct told x, y;

	read_told(&one, span_str(key), a, &x);
	read_told(&two, span_str(key), b, &y);
	CHECK_INT(x.n, y.n);
	for (size_t i = 0; i < x.n && i < y.n; i++) {
		if (told_same(&x.list[i], &y.list[i], key))
			continue;
		CHECK_STR(span_str(key), "the same timeline");
		print_entry(&x.list[i], key);
		print_entry(&y.list[i], key);
		break;
	}
	told_release(&x);
	told_release(&y);
}

void check_same(const char *key)
{
	_cleanup_(record_release) struct record a = RECORD_INIT, b = RECORD_INIT;

	read_both(key, &a, &b);
	REQUIRE(a.journey && b.journey);
	check_told(key, &a, &b);
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
int try_apart(const char *key, const char *from)
{
	const struct log_entry *back;
	char later[CUSTOMER_MAX + 1] = "";
	int64_t at = one.clock = story.at += 1000;
	int r = world_unmerge(&one, key, later);

	if (r != 0)
		return r;
	world_settle(&one);
	back = message_of(&one, key, "restore", at);
	if (!back)
		return -ENOENT;
	world_note_apart(&two, from, key, at, at);
	world_note_apart(&two, key, from, (int64_t)back->id.ms, at);
	world_settle(&two);
	return 0;
}

void take_apart(const char *key, const char *from)
{
	CHECK_INT(try_apart(key, from), 0);
}
