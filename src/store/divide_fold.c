/* SPDX-License-Identifier: MIT */
/* The pump and the applier over a store in memory that knows one customer. */
#include "divide_fold.h"

#include "codec/message_json.h"
#include "core/mark.h"
#include "core/news.h"
#include "store/pump.h"
#include "store/seen.h"

void *items_add(struct items *l, size_t size)
{
	void *item;

	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 16;
		void *list = realloc(l->list, cap * size);

		if (!list)
			return NULL;
		l->list = list;
		l->cap = cap;
	}
	item = (char *)l->list + l->n++ * size;
	memset(item, 0, size);
	return item;
}

void fold_release(struct fold *f)
{
	free(f->jobs.list);
	free(f->words.list);
	free(f->snapshots.list);
	free(f->chunks.list);
	free(f->heard.list);
	free(f->waited.list);
}

static struct span keep(struct fold *f, struct span s)
{
	struct span copy = s.len > 0 ? arena_copy(f->arena, s) : SPAN_EMPTY;

	if (s.len > 0 && !copy.ptr)
		f->failed = -ENOMEM;
	return copy;
}

/* ---- what comes out ---------------------------------------------------------------------- */

static void keep_job(struct fold *f, const struct commit_job *from)
{
	struct folded_job *job = items_add(&f->jobs, sizeof(*job));
	const struct decision *d = &from->decision;

	if (!job) {
		f->failed = -ENOMEM;
		return;
	}
	*job = (struct folded_job){.id = keep(f, from->id),
		.rule = keep(f, d->rule),
		.key = keep(f, d->key),
		.step = keep(f, d->step),
		.subject = keep(f, d->subject),
		.episode = d->episode,
		.epoch = d->epoch,
		.fire_at = d->fire_at};
}

static void on_job(void *user, const struct commit_job *job, const struct commit_retract *retract)
{
	struct fold *f = user;
	struct folded_job *jobs = f->jobs.list;

	if (job) {
		keep_job(f, job);
		return;
	}
	for (size_t i = 0; i < f->jobs.n; i++)
		if (span_equal(jobs[i].id, retract->id))
			jobs[i].retracted = true;
}

static void keep_word(struct fold *f, const struct commit *c, const struct commit_message *said)
{
	struct folded_word *word;
	struct message m;

	if (message_parse(said->head, f->arena, &m) != 0)
		return;
	if (m.kind != MESSAGE_CLAIM && m.kind != MESSAGE_RESTORE)
		return;
	word = items_add(&f->words, sizeof(*word));
	if (word)
		*word = (struct folded_word){m.kind, keep(f, m.to), c->to.id};
	else
		f->failed = -ENOMEM;
}

/* Of two of before the same customer the later counts. */
static void keep_snapshot(struct fold *f, const struct commit_snapshot *from)
{
	struct division_snapshot *list = f->snapshots.list, *own = NULL;

	for (size_t i = 0; i < f->snapshots.n && !own; i++)
		if (span_equal(list[i].of, from->of))
			own = &list[i];
	if (!own)
		own = items_add(&f->snapshots, sizeof(*own));
	if (own)
		*own = (struct division_snapshot){keep(f, from->of), keep(f, from->bytes)};
	else
		f->failed = -ENOMEM;
}

static void on_committed(void *user, const struct commit *c)
{
	struct fold *f = user;

	for (size_t i = 0; i < c->n_messages; i++)
		keep_word(f, c, &c->messages[i]);
	for (size_t i = 0; i < c->n_snapshots; i++)
		keep_snapshot(f, &c->snapshots[i]);
}

static int keep_state(struct fold *f, const struct memory_store *store)
{
	f->record = keep(f, memory_store_record(store, f->customer));
	for (size_t i = 0; f->failed == 0; i++) {
		struct span chunk = memory_store_chunk(store, f->customer, i), *kept;

		if (chunk.len == 0)
			break;
		kept = items_add(&f->chunks, sizeof(*kept));
		if (!kept)
			return -ENOMEM;
		*kept = keep(f, chunk);
	}
	return f->failed;
}

/* ---- the run ----------------------------------------------------------------------------- */

static void on_idle(void *user, int64_t next_due)
{
	(void)user;
	(void)next_due;
}

static void on_stop(void *user, int why, struct span customer)
{
	struct fold *f = user;

	(void)customer;
	f->failed = why < 0 ? why : why == PUMP_RULES ? -ENOENT : -EIO;
}

static void on_seeded(void *user, int r)
{
	struct fold *f = user;

	if (r < 0)
		f->failed = r;
}

static size_t seed_holds(const struct journey *j, struct commit_hold *holds)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_instances; i++) {
		const struct instance *in = &j->instances[i];
		size_t k = 0;

		if (in->missing.len == 0)
			continue;
		while (k < n && !span_equal(holds[k].source, text_span(in->missing)))
			k++;
		if (k == n)
			holds[n++] = (struct commit_hold){
				text_span(j->customer), text_span(in->missing), in->deadline_at};
		holds[k].at = int64_min(holds[k].at, in->deadline_at);
	}
	if (j->n_dates > 0 ||
		(j->profile && j->profile->times[PROFILE_FIRST_ORDER_AT] != TIME_NEVER))
		holds[n++] = (struct commit_hold){text_span(j->customer), MARK_RULES, 0};
	return n;
}

/* What is only needed until the store has it. */
struct seeds {
	struct arena arena;
	struct record base;
	struct commit_hold *holds;
	size_t n_holds;
	struct marks marks;
	struct commit_seen *seen;
	size_t n_seen;
};

static void seeds_release(struct seeds *s)
{
	arena_release(&s->arena);
	record_release(&s->base);
	marks_release(&s->marks);
}

static int seed_marks(const struct fold *f, struct seeds *s)
{
	int r = 0;

	for (size_t i = 0; i < f->n_marks && r >= 0; i++)
		r = marks_move(&s->marks, f->marks[i].source, f->marks[i].at);
	return r < 0 ? r : 0;
}

/* Their places in the indexes of those held. */
static int seed_indexes(const struct fold *f, struct seeds *s)
{
	const struct journey *j = s->base.journey;
	struct followed followed;
	int r = followed_of(j, &s->arena, &followed);

	if (r < 0)
		return r;
	s->holds = arena_calloc(&s->arena, j->n_instances + followed.n + 2, sizeof(*s->holds));
	if (!s->holds)
		return -ENOMEM;
	s->n_holds = seed_holds(j, s->holds);
	for (size_t i = 0; i < followed.n; i++) {
		struct span key = news_product_key(followed.list[i], &s->arena);

		if (key.len == 0)
			return -ENOMEM;
		s->holds[s->n_holds++] = (struct commit_hold){f->customer, key, 0};
	}
	if (followed_site_holds(j, &s->marks, j->received_at))
		s->holds[s->n_holds++] = (struct commit_hold){f->customer, NEWS_SITE, 0};
	return 0;
}

/* What was heard before the base was written is not told again. */
static int seed_seen(const struct fold *f, struct seeds *s)
{
	const struct folded_news *news = f->heard.list;

	s->seen = arena_calloc(&s->arena, f->heard.n + f->n_known + 1, sizeof(*s->seen));
	if (!s->seen)
		return -ENOMEM;
	for (size_t i = 0; i < f->n_known; i++)
		s->seen[s->n_seen++] = (struct commit_seen){f->known[i].hour, f->known[i].mark};
	for (size_t i = 0; i < f->heard.n; i++) {
		char *mark = arena_alloc(&s->arena, SEEN_BYTES);

		if (!mark)
			return -ENOMEM;
		if (!news_concern(s->base.journey, news[i].key, &s->marks, news[i].heard_at))
			continue;
		seen_news_mark(f->customer, news[i].at, news[i].content, mark);
		s->seen[s->n_seen++] = (struct commit_seen){
			seen_hour(news[i].heard_at), span_of(mark, SEEN_BYTES)};
	}
	return 0;
}

static int seed_base(const struct fold *f, struct seeds *s)
{
	int r = record_decode(f->base, &s->base);

	if (r > 0)
		r = -EBADMSG;
	if (r == 0)
		r = seed_marks(f, s);
	if (r == 0)
		r = seed_indexes(f, s);
	return r == 0 ? seed_seen(f, s) : r;
}

/* The store as it was when the base was written. */
static int seed(struct fold *f, struct memory_store *store, size_t n_gones)
{
	_cleanup_(seeds_release) struct seeds seeds = {.base = RECORD_INIT};
	const struct commit_value value = {f->customer, f->base};
	struct commit_due due = {f->customer, TIME_NEVER};
	struct commit c = {.marks = f->marks,
		.n_marks = f->n_marks,
		.gones = f->ask->gones,
		.n_gones = n_gones,
		.gone_salt = f->ask->gone_salt};
	struct store *s = memory_store_store(store);
	int r = 0;

	arena_init(&seeds.arena);
	marks_init(&seeds.marks);
	if (f->base.len > 0) {
		r = seed_base(f, &seeds);
		if (r < 0)
			return r;
		due.at = seeds.base.journey->due_at;
		c.records = &value;
		c.n_records = 1;
		c.dues = &due;
		c.n_dues = 1;
		c.holds = seeds.holds;
		c.n_holds = seeds.n_holds;
		c.seen = seeds.seen;
		c.n_seen = seeds.n_seen;
	}
	r = s->ops->commit(s, 0, &c, on_seeded, f);
	memory_store_run(store);
	return r < 0 ? r : f->failed;
}

/* ---- who is kept out --------------------------------------------------------------------- */

/* That N are, which left the log with what it was about. */
static int suppress(
	const struct fold *f, struct memory_store *store, const struct commit_gone *gones, size_t n)
{
	_cleanup_(buf_release) struct buf head = BUF_INIT, names = BUF_INIT;
	const struct message m = {.from = MESSAGE_FROM_STAFF,
		.seq = 1,
		.kind = MESSAGE_SUPPRESS,
		.reason = gones->by,
		.salt = f->ask->gone_salt};
	struct log_entry e = {.id = {(uint64_t)gones->at - 1, UINT64_MAX}};

	for (size_t i = 0; i < n; i++)
		buf_add(&names, gones[i].name, GONE_NAME_BYTES);
	message_json(&m, &head);
	if (buf_failed(&head) < 0 || buf_failed(&names) < 0)
		return -ENOMEM;
	e.message = buf_span(&head);
	e.record = buf_span(&names);
	return memory_store_append(store, &e);
}

/* Those of before the first entry are known at the beginning. */
static size_t gone_before(const struct fold *f, const struct log_entry *entries, size_t n)
{
	size_t k = 0;

	while (n > 0 && k < f->ask->n_gones && (uint64_t)f->ask->gones[k].at <= entries[0].id.ms)
		k++;
	return k;
}

/* The entries, and where it was said between them that somebody is kept out. Within the instant of
 * such a word, which came first is not known: it is said before all of it. */
static int append(
	struct fold *f, struct memory_store *store, const struct log_entry *entries, size_t n)
{
	const struct commit_gone *gones = f->ask->gones;
	size_t k = gone_before(f, entries, n), from;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		while (r == 0 && k < f->ask->n_gones && (uint64_t)gones[k].at <= entries[i].id.ms) {
			from = k;
			while (k < f->ask->n_gones && gones[k].at == gones[from].at)
				k++;
			r = suppress(f, store, gones + from, k - from);
		}
		if (r == 0)
			r = memory_store_append(store, &entries[i]);
	}
	return r;
}

static int run(struct fold *f, struct memory_store *store, struct log_id from)
{
	struct pump_options options = {
		.store = memory_store_store(store),
		.partition = partition_of(f->customer, f->ask->partitions),
		.batch = 1, /* so that it is known what said what */
		.applier = {.rules = f->rules,
			.decoder = f->decoder,
			.cache_customers = 16,
			.partition = partition_of(f->customer, f->ask->partitions),
			.partitions = f->ask->partitions,
			.identity = f->ask->identity,
			.no_links = true,
			.waited = f->waited.list,
			.n_waited = f->waited.n,
			.find_rules = f->ask->find_rules,
			.rules_user = f->ask->rules_user},
		.idle = on_idle,
		.stop = on_stop,
		.committed = on_committed,
		.user = f,
	};
	const struct position position = {
		.epoch = 1, .id = from, .clock = INT64_MIN, .rules = f->digest};
	struct pump *pump;
	int r = pump_new(&options, &pump);

	if (r < 0)
		return r;
	memory_store_clock(store, f->ask->clock);
	r = pump_start(pump, &position);
	if (r == 0) {
		pump_poke(pump, f->ask->clock);
		memory_store_run(store);
	}
	pump_free(pump);
	return r < 0 ? r : f->failed;
}

int fold_run(struct fold *f, const struct log_entry *entries, size_t n)
{
	struct memory_store *store;
	struct log_id from = {0, 0};
	int r = memory_store_new(on_job, f, &store);

	if (r < 0)
		return r;
	r = seed(f, store, gone_before(f, entries, n));
	if (r == 0)
		r = append(f, store, entries, n);
	if (r == 0)
		r = run(f, store, from);
	if (r == 0)
		r = keep_state(f, store);
	memory_store_free(store);
	return r;
}
