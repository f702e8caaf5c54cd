/* SPDX-License-Identifier: MIT */
/*
 * The two records are in hand. Of the timeline they only have what is recent; where that has too
 * few events, the sealed chunks behind it are read, the latest first.
 */
#include "apart_view.h"

#include "store/keys.h"

static int say(const struct tool *t, int r)
{
	return tool_say(&t->program, STATUS_FOUND, "%s",
		r == -ENOMEM ? "out of memory." : "what was made cannot be read.");
}

/* ---- the latest events ------------------------------------------------------------------- */

struct reading {
	struct tool *t;
	struct redis *redis;
	struct apart_view *view;
	struct apart_side *side;
	struct packer *packer;
};

static void note_event(struct apart_side *side, const struct timeline_entry *e)
{
	size_t i = side->n_latest;

	if (i == APART_LATEST && timeline_compare(e, &side->latest[i - 1]) > 0)
		return;
	if (i < APART_LATEST)
		side->n_latest = ++i;
	for (i--; i > 0 && timeline_compare(e, &side->latest[i - 1]) < 0; i--)
		side->latest[i] = side->latest[i - 1];
	side->latest[i] = *e;
}

/* Entries as they stand for themselves. 0, -ENOMEM or TIMELINE_CORRUPT. */
static int note_entries(const struct reading *g, struct span bytes)
{
	struct span rest = arena_copy(&g->view->arena, bytes);
	int r = rest.ptr ? 0 : -ENOMEM;

	while (r == 0 && rest.len > 0) {
		struct timeline_entry e;

		r = timeline_decode(&rest, &e);
		if (r == 0 && e.kind == ENTRY_EVENT)
			note_event(g->side, &e);
	}
	return r;
}

static int note_block(const struct reading *g, struct span block, uint32_t n)
{
	_cleanup_(buf_release) struct buf raw = BUF_INIT;
	int r = n > 0 ? timeline_unpack(g->packer, block, n, &raw) : 0;

	return r == 0 ? note_entries(g, buf_span(&raw)) : r;
}

static int note_chunk(const struct reading *g, struct span chunk)
{
	struct chunk_head head;
	int r = chunk_head(chunk, &head);

	return r == 0 ? note_block(g, head.block, head.n) : r;
}

/* Chunk I of those that were there before and stay. 0, a status (said), or as above. */
static int note_sealed(const struct reading *g, uint32_t i, bool *ret_said)
{
	_cleanup_(buf_release) struct buf key = BUF_INIT, index = BUF_INIT;
	const struct redis_value *v;
	uint32_t n = g->t->program.dataset.partitions;

	key_add_id(&key, partition_of(g->side->key, n), "t", g->side->key);
	buf_add_u64(&index, i);
	if (buf_failed(&key) < 0 || buf_failed(&index) < 0)
		return -ENOMEM;
	v = tool_ask(g->t, g->redis,
		(struct span[]){SPAN_LIT("LINDEX"), buf_span(&key), buf_span(&index)}, 3,
		&g->view->arena);
	*ret_said = !v;
	if (!v)
		return STATUS_FOUND;
	return v->text.len > 0 ? note_chunk(g, v->text) : 0;
}

/* 0 or a status, said. */
static int read_latest(const struct reading *g, const struct division *d)
{
	struct apart_side *side = g->side;
	bool said = false;
	int r = note_block(g, buf_span(&side->record.packed), side->record.packed_n);

	if (r == 0)
		r = note_entries(g, buf_span(&side->record.tail));
	for (size_t i = d->n_chunks; i > 0 && r == 0 && side->n_latest < APART_LATEST; i--)
		r = note_chunk(g, d->chunks[i - 1]);
	for (uint32_t i = d->keep; i > 0 && r == 0 && side->n_latest < APART_LATEST; i--)
		r = note_sealed(g, i - 1, &said);
	return r == 0 || said ? r : say(g->t, r);
}

/* ---- sides ------------------------------------------------------------------------------- */

static void count_caps(struct apart_side *side)
{
	const struct journey *j = side->record.journey;

	for (size_t i = 0; i < j->n_sends; i++) {
		const struct send *s = &j->sends[i];

		if (s->state != SEND_RELEASED && s->class < APART_CLASSES &&
			s->channel < JOB_CHANNEL_COUNT)
			side->caps[s->class][s->channel]++;
	}
}

static int read_side(struct reading *g, struct apart_side *side, const struct division *d)
{
	int r;

	side->nobody = d->record.len == 0;
	if (side->nobody)
		return 0;
	r = record_decode(d->record, &side->record);
	if (r != 0)
		return say(g->t, r);
	side->nobody = side->record.journey->n_events == 0;
	count_caps(side);
	g->side = side;
	return read_latest(g, d);
}

/* ---- consents ---------------------------------------------------------------------------- */

const char *apart_word_name(const struct consent *c)
{
	static const char *const names[] = {[CONSENT_WITHDRAWN] = "withdrawn",
		[CONSENT_SOFT] = "soft",
		[CONSENT_GIVEN] = "given"};

	return c ? names[c->word] : NULL;
}

static const struct consent *find_word(const struct apart_side *side, const struct consent *like)
{
	const struct journey *j = side->nobody ? NULL : side->record.journey;

	for (size_t i = 0; j && i < j->n_consents; i++)
		if (j->consents[i].channel == like->channel &&
			span_equal(text_span(j->consents[i].topic), text_span(like->topic)) &&
			span_equal(text_span(j->consents[i].side), text_span(like->side)))
			return &j->consents[i];
	return NULL;
}

/* Those of side WHICH that the other does not say likewise; of both sides' only once. */
static void add_words(
	const struct apart_view *v, enum apart_which which, struct apart_word *words, size_t *n)
{
	const struct apart_side *own = &v->sides[which], *other = &v->sides[!which];
	const struct journey *j = own->nobody ? NULL : own->record.journey;

	for (size_t i = 0; j && i < j->n_consents; i++) {
		const struct consent *c = &j->consents[i], *theirs = find_word(other, c);

		if (theirs && (which == APART_GOES || theirs->word == c->word))
			continue;
		words[*n] =
			(struct apart_word){.topic = text_span(c->topic), .channel = c->channel};
		words[*n].words[which] = c;
		words[(*n)++].words[!which] = theirs;
	}
}

static size_t n_words(const struct apart_side *side)
{
	return side->nobody ? 0 : side->record.journey->n_consents;
}

static int compare_words(struct apart_view *v)
{
	struct apart_word *words = arena_calloc(&v->arena,
		n_words(&v->sides[APART_STAYS]) + n_words(&v->sides[APART_GOES]) + 1,
		sizeof(*words));

	if (!words)
		return -ENOMEM;
	add_words(v, APART_STAYS, words, &v->n_words);
	add_words(v, APART_GOES, words, &v->n_words);
	v->words = words;
	return 0;
}

/* ---- jobs -------------------------------------------------------------------------------- */

static const char *fate_of(const struct apart_view *v, const struct divided_job *job)
{
	if (!job->made)
		return "unmade";
	if (job->side.len == 0)
		return "ends";
	return span_equal(job->side, v->key) ? "moves" : "stays";
}

static bool is_sent(const struct apart_job *job)
{
	return job->job->made && span_is(job->state, "done");
}

/* What has become of it until now: it lies where the customer is. 0 or a status, said. */
static int read_job(struct reading *g, uint32_t p, struct apart_job *job)
{
	_cleanup_(buf_release) struct buf key = BUF_INIT;
	const struct redis_value *v;

	key_add_id(&key, p, "job", job->job->id);
	if (buf_failed(&key) < 0)
		return say(g->t, -ENOMEM);
	v = tool_ask(g->t, g->redis,
		(struct span[]){SPAN_LIT("HMGET"), buf_span(&key), SPAN_LIT("s"), SPAN_LIT("ch"),
			SPAN_LIT("cl")},
		5, &g->view->arena);
	if (!v)
		return STATUS_FOUND;
	if (v->n_items == 3) {
		job->state = v->items[0].text;
		job->channel = v->items[1].text;
		job->class = v->items[2].text;
	}
	if (job->job->side.len == 0 && is_sent(job))
		job->fate = "kept";
	return 0;
}

static void count_sent(struct apart_view *v, struct apart_sent *list, const struct apart_job *job)
{
	struct span side = job->job->side;
	size_t i = 0;

	while (i < v->n_sent && !(span_equal(list[i].class, job->class) &&
					span_equal(list[i].channel, job->channel)))
		i++;
	if (i == v->n_sent) {
		list[v->n_sent++] =
			(struct apart_sent){.class = job->class, .channel = job->channel};
	}
	if (side.len == 0)
		list[i].n[APART_SIDES]++;
	else
		list[i].n[span_equal(side, v->key) ? APART_GOES : APART_STAYS]++;
}

/* Each class and channel once. 0 or -ENOMEM. */
static int sum_sent(struct apart_view *v)
{
	struct apart_sent *list = arena_calloc(&v->arena, v->n_jobs + 1, sizeof(*list));

	for (size_t i = 0; list && i < v->n_jobs; i++)
		if (is_sent(&v->jobs[i]))
			count_sent(v, list, &v->jobs[i]);
	v->sent = list;
	return list ? 0 : -ENOMEM;
}

static int read_jobs(struct reading *g, uint32_t p)
{
	struct apart_view *v = g->view;
	const struct divided *d = v->divided;
	struct apart_job *jobs = arena_calloc(&v->arena, d->n_jobs + 1, sizeof(*jobs));
	int r = 0;

	if (!jobs)
		return say(g->t, -ENOMEM);
	for (size_t i = 0; i < d->n_jobs && r == 0; i++) {
		jobs[i].job = &d->jobs[i];
		jobs[i].fate = fate_of(v, jobs[i].job);
		if (jobs[i].job->made)
			r = read_job(g, p, &jobs[i]);
	}
	v->jobs = jobs;
	v->n_jobs = d->n_jobs;
	return r || sum_sent(v) == 0 ? r : say(g->t, -ENOMEM);
}

/* ---- all of it --------------------------------------------------------------------------- */

void apart_view_release(struct apart_view *v)
{
	for (size_t i = 0; i < APART_SIDES; i++)
		record_release(&v->sides[i].record);
	arena_release(&v->arena);
}

int apart_view_make(
	struct apart_view *v, struct tool *t, struct redis *redis, const struct apart_view_ask *ask)
{
	_cleanup_(packer_freep) struct packer *packer = NULL;
	struct reading g = {.t = t, .redis = redis, .view = v};
	int r;

	*v = (struct apart_view){
		.divided = ask->divided, .key = ask->key, .now = ask->now, .lapse = ask->lapse};
	arena_init(&v->arena);
	v->sides[APART_STAYS].key = ask->customer;
	v->sides[APART_GOES].key = ask->key;
	for (size_t i = 0; i < APART_SIDES; i++)
		v->sides[i].record = RECORD_INIT;
	r = packer_new(&packer);
	if (r < 0)
		return say(t, r);
	g.packer = packer;
	r = read_side(&g, &v->sides[APART_STAYS], &ask->divided->stays);
	if (r == 0)
		r = read_side(&g, &v->sides[APART_GOES], &ask->divided->goes);
	if (r == 0)
		r = read_jobs(&g, partition_of(ask->customer, t->program.dataset.partitions));
	if (r)
		return r;
	r = compare_words(v);
	return r < 0 ? say(t, r) : 0;
}
