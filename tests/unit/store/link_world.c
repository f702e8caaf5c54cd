/* SPDX-License-Identifier: MIT */
#include "link_world.h"

#include "codec/message_json.h"
#include "core/link_rules.h"

static const char rule_text[] =
	"[{\"id\":\"cart\",\"class\":\"marketing\",\"gates\":\"off\",\"key\":\"cart_id\","
	"\"key_else\":\"customer\",\"arm\":[\"Product Added\"],\"cancel\":[{\"event\":"
	"\"Order Completed\",\"match\":\"customer\"}],"
	"\"wait\":\"60s\",\"grace\":\"0s\",\"round\":\"1ms\",\"stale_after\":\"never\","
	"\"tombstone\":\"0s\",\"channels\":[\"email\"]}]";

void world_copy(char *out, size_t size, struct span text)
{
	size_t n = text.len < size ? text.len : size - 1;

	memcpy(out, text.ptr, n);
	out[n] = '\0';
}

unsigned world_roll(struct world *w, unsigned n)
{
	w->chance = w->chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(w->chance >> 33) % n;
}

/* ---- the store of one -------------------------------------------------------------------- */

static struct shore *shore_of(struct store *s)
{
	return (struct shore *)s;
}

static struct store *inner(struct store *s)
{
	return memory_store_store(shore_of(s)->memory);
}

static int shore_fetch(struct store *s, uint32_t p, const struct fetch_request *request,
	store_fetch_fn *fn, void *user)
{
	return inner(s)->ops->fetch(inner(s), p, request, fn, user);
}

static int shore_load(struct store *s, uint32_t p, const struct span *customers, size_t n,
	store_load_fn *fn, void *user)
{
	return inner(s)->ops->load(inner(s), p, customers, n, fn, user);
}

static int shore_seen(struct store *s, uint32_t p, int64_t hour, store_seen_fn *fn, void *user)
{
	return inner(s)->ops->seen(inner(s), p, hour, fn, user);
}

static int shore_marks(struct store *s, uint32_t p, store_marks_fn *fn, void *user)
{
	return inner(s)->ops->marks(inner(s), p, fn, user);
}

static int shore_held(struct store *s, uint32_t p, const struct held_request *request,
	store_held_fn *fn, void *user)
{
	return inner(s)->ops->held(inner(s), p, request, fn, user);
}

static int shore_heard(struct store *s, uint32_t p, store_heard_fn *fn, void *user)
{
	return inner(s)->ops->heard(inner(s), p, fn, user);
}

static int shore_gone(struct store *s, uint32_t p, store_gone_fn *fn, void *user)
{
	return inner(s)->ops->gone(inner(s), p, fn, user);
}

static void on_inner_commit(void *user, int r)
{
	struct shore *s = user;

	s->position = s->next;
	s->fn(s->user, r);
}

static void keep_mail(struct shore *s, const struct commit_message *m)
{
	const struct span parts[] = {m->head, m->event, m->meta, m->record};
	struct mail *mail = &s->mails[s->n_mails++];
	size_t len = 0;

	REQUIRE(s->n_mails <= MAILS);
	mail->to = m->to;
	for (size_t i = 0; i < 4; i++)
		len += mail->lens[i] = parts[i].len;
	mail->bytes = malloc(len + 1);
	len = 0;
	for (size_t i = 0; i < 4; i++) {
		if (parts[i].len)
			memcpy(mail->bytes + len, parts[i].ptr, parts[i].len);
		len += parts[i].len;
	}
}

struct world_snapshot *world_snapshot_of(struct shore *s, struct span customer, struct span of)
{
	for (size_t i = 0; i < s->n_snapshots; i++)
		if (span_is(customer, s->snapshots[i].customer) && span_is(of, s->snapshots[i].of))
			return &s->snapshots[i];
	return NULL;
}

static void keep_snapshot(struct shore *s, const struct commit_snapshot *from)
{
	struct world_snapshot *to = world_snapshot_of(s, from->customer, from->of);

	if (!to) {
		REQUIRE(s->n_snapshots < SNAPSHOTS);
		to = &s->snapshots[s->n_snapshots++];
	}
	free(to->bytes);
	world_copy(to->customer, sizeof(to->customer), from->customer);
	world_copy(to->of, sizeof(to->of), from->of);
	to->bytes = span_dup(from->bytes);
	to->len = from->bytes.len;
}

static void mend(struct shore *s, const struct commit_mend *m)
{
	struct world_snapshot *gone =
		m->kind == MEND_SNAPSHOT ? world_snapshot_of(s, m->customer, m->key) : NULL;

	if (gone)
		gone->customer[0] = '\0';
	for (size_t i = 0; m->kind == MEND_JOB && i < s->world->n_jobs; i++)
		if (span_is(m->key, s->world->jobs[i].id))
			world_copy(s->world->jobs[i].owner, sizeof(s->world->jobs[i].owner),
				m->customer);
}

static int shore_commit(
	struct store *store, uint32_t p, const struct commit *c, store_commit_fn *fn, void *user)
{
	struct shore *s = shore_of(store);

	CHECK_INT(c->from.seq, s->position.seq);
	s->n_commits++;
	CHECK_INT(c->to.out, c->from.out + c->n_messages);
	s->next = c->to;
	s->fn = fn;
	s->user = user;
	for (size_t i = 0; i < c->n_messages; i++)
		keep_mail(s, &c->messages[i]);
	for (size_t i = 0; i < c->n_mends; i++)
		mend(s, &c->mends[i]);
	for (size_t i = 0; i < c->n_snapshots; i++)
		keep_snapshot(s, &c->snapshots[i]);
	s->world->n_messages += (unsigned)c->n_messages;
	return inner(store)->ops->commit(inner(store), p, c, on_inner_commit, s);
}

static const struct store_ops shore_ops = {false, shore_fetch, shore_load, shore_commit, shore_seen,
	shore_marks, shore_held, shore_heard, shore_gone};

static void on_job(void *user, const struct commit_job *job, const struct commit_retract *retract)
{
	struct shore *s = user;
	struct world *w = s->world;
	struct span id = job ? job->id : retract->id;

	for (size_t i = 0; !job && i < w->n_jobs; i++)
		if (span_is(id, w->jobs[i].id))
			w->jobs[i].retracted = span_is(retract->reason, "unmerged") ? ENDED : 1;
	if (!job)
		return;
	REQUIRE(w->n_jobs < JOBS);
	(void)snprintf(w->jobs[w->n_jobs].id, sizeof(w->jobs[0].id), "%.32s", job->id.ptr);
	w->jobs[w->n_jobs].fire_at = job->decision.fire_at;
	world_copy(w->jobs[w->n_jobs].owner, sizeof(w->jobs[0].owner), job->customer);
	world_copy(w->jobs[w->n_jobs++].customer, sizeof(w->jobs[0].customer),
		job->decision.subject.len ? job->decision.subject : job->customer);
}

static void on_idle(void *user, int64_t next_due)
{
	(void)user;
	(void)next_due;
}

static void on_stop(void *user, int why, struct span customer)
{
	(void)user;
	(void)customer;
	CHECK_INT(why, 0);
}

/* ---- the world --------------------------------------------------------------------------- */

/* The owner dies, and another takes over where it was. */
static void take_over(struct shore *s)
{
	struct pump_options options = {
		.store = &s->store,
		.partition = s->partition,
		.batch = 3,
		.applier = {.rules = s->world->rules,
			.decoder = s->world->decoder,
			.cache_customers = 2,
			.identity = s->world->identity,
			.partition = s->partition,
			.partitions = PARTS},
		.idle = on_idle,
		.stop = on_stop,
		.user = s,
	};

	s->pump = pump_free(s->pump);
	s->position.epoch++;
	CHECK(pump_new(&options, &s->pump) == 0);
	CHECK(pump_start(s->pump, &s->position) == 0);
	memory_store_run(s->memory);
}

void world_restart(struct world *w)
{
	for (uint32_t p = 0; p < PARTS; p++)
		take_over(&w->shores[p]);
}

static void init(struct world *w, uint64_t seed, const char *rules, const struct identity *identity)
{
	struct rule_source source = {"rule.json", span_str(rules)};
	struct rule_options options = {.store_zone = SPAN_LIT("UTC")};
	static struct file_problems problems;

	memset(w, 0, sizeof(*w));
	w->chance = seed;
	w->identity = identity;
	w->clock = BASE_AT;
	CHECK(rules_compile(&source, 1, &options, &problems, &w->rules) == 0);
	CHECK(event_decoder_new(&w->rules->fields, identity, &w->decoder) == 0);
	for (uint32_t p = 0; p < PARTS; p++) {
		struct shore *s = &w->shores[p];

		s->store.ops = &shore_ops;
		arena_init(&s->arena);
		s->world = w;
		s->partition = p;
		CHECK(memory_store_new(on_job, s, &s->memory) == 0);
		take_over(s);
	}
}

void world_init(struct world *w, uint64_t seed)
{
	world_init_with(w, seed, rule_text);
}

void world_init_limited(struct world *w, uint64_t seed, const struct identity *identity)
{
	init(w, seed, rule_text, identity);
}

void world_init_with(struct world *w, uint64_t seed, const char *rules)
{
	init(w, seed, rules, &IDENTITY_DEFAULT);
}

void world_release(struct world *w)
{
	for (uint32_t p = 0; p < PARTS; p++) {
		struct shore *s = &w->shores[p];

		for (size_t i = 0; i < s->n_mails; i++)
			free(s->mails[i].bytes);
		for (size_t i = 0; i < s->n_snapshots; i++)
			free(s->snapshots[i].bytes);
		arena_release(&s->arena);
		pump_free(s->pump);
		memory_store_free(s->memory);
	}
	event_decoder_free(w->decoder);
	rules_free(w->rules);
}

static struct span duplicate(struct shore *s, struct span bytes)
{
	return arena_copy(&s->arena, bytes);
}

static void append(struct shore *s, struct log_entry *e)
{
	struct world *w = s->world;

	w->clock += w->prompt && message_is_news(e->message);
	s->seq = s->at == w->clock ? s->seq + 1 : 0;
	s->at = w->clock;
	e->id = (struct log_id){(uint64_t)w->clock, s->seq};
	CHECK(memory_store_append(s->memory, e) == 0);
	REQUIRE(s->n_log < LOG_MAX);
	s->log[s->n_log++] = (struct log_entry){.id = e->id,
		.event = duplicate(s, e->event),
		.meta = duplicate(s, e->meta),
		.message = duplicate(s, e->message),
		.record = duplicate(s, e->record)};
}

void world_deliver(struct shore *s, struct mail *m)
{
	const char *at = m->bytes;
	struct span parts[4];
	struct log_entry e = {.id = {0, 0}};

	for (size_t i = 0; i < 4; i++) {
		parts[i] = span_of(at, m->lens[i]);
		at += m->lens[i];
	}
	e.message = parts[0];
	e.event = parts[1];
	e.meta = parts[2];
	e.record = parts[3];
	m->sent = true;
	append(&s->world->shores[m->to], &e);
}

/* The courier of S goes: as far as chance lets it, and it may die before it has taken away. */
static void deliver(struct shore *s)
{
	size_t n = s->n_mails - s->n_removed, i;

	if (n == 0)
		return;
	n = s->world->prompt ? n : 1 + world_roll(s->world, (unsigned)n);
	for (i = s->n_removed; i < s->n_removed + n; i++)
		world_deliver(s, &s->mails[i]);
	if (s->world->prompt || world_roll(s->world, 4) != 0)
		s->n_removed = i;
}

void world_read(struct shore *s)
{
	memory_store_clock(s->memory, s->world->clock - 1);
	pump_poke(s->pump, s->world->clock - 1);
	memory_store_run(s->memory);
}

/* As whoever takes events does, in one write with the event. */
static void announce(struct world *w, const struct event *event, struct span key)
{
	const struct message m = {.from = MESSAGE_FROM_STAFF,
		.seq = 1,
		.kind = MESSAGE_NAMED,
		.to = key,
		.of = event->customer};

	if (link_may_claim(w->identity, event->link_rights, event->customer, key))
		world_tell(w, partition_of(key, PARTS), &m, SPAN_EMPTY);
}

void world_say(struct world *w, unsigned rights, const char *json)
{
	_cleanup_(buf_release) struct buf meta = BUF_INIT;
	_cleanup_(arena_release) struct arena a;
	const struct log_meta m = {.source = SPAN_LIT("shop"),
		.channel = CHANNEL_WEB,
		.link_rights = rights,
		.recv_at = w->clock,
		.sent_at = TIME_NEVER};
	struct event_origin origin = {.id = {1, 0}, .link_rights = rights};
	struct log_entry e = {.event = span_str(json)};
	struct event_fault fault;
	struct event event;

	arena_init(&a);
	log_meta_add(&meta, &m);
	e.meta = buf_span(&meta);
	REQUIRE(event_decode(w->decoder, e.event, &origin, &a, &event, &fault) == 0);
	for (size_t i = 0; i < event.n_ids && !w->silent; i++)
		announce(w, &event, event.ids[i].key);
	append(&w->shores[partition_of(event.customer, PARTS)], &e);
}

void world_tell(struct world *w, uint32_t p, const struct message *m, struct span cargo)
{
	_cleanup_(buf_release) struct buf head = BUF_INIT;
	struct log_entry e = {.record = cargo};

	message_json(m, &head);
	e.message = buf_span(&head);
	append(&w->shores[p], &e);
}

void world_claim(struct world *w, const char *winner, const char *key)
{
	const struct message m = {.from = MESSAGE_FROM_STAFF,
		.seq = 1,
		.kind = MESSAGE_CLAIM,
		.to = span_str(key),
		.of = span_str(winner),
		.rights = LINK_TRUSTED | LINK_EXPLICIT,
		.linked_at = w->clock,
		.said_at = w->clock,
		.by = SPAN_LIT("Eva"),
		.reason = SPAN_LIT("the same hand")};

	world_tell(w, partition_of(m.to, PARTS), &m, SPAN_EMPTY);
}

/* ---- what happens -------------------------------------------------------------------------- */

void world_work(struct world *w, uint32_t p)
{
	struct shore *s = &w->shores[p];

	world_read(s);
	for (; s->n_removed < s->n_mails; s->n_removed++)
		world_deliver(s, &s->mails[s->n_removed]);
}

void world_stir(struct world *w)
{
	struct shore *s = &w->shores[world_roll(w, PARTS)];

	w->clock += world_roll(w, 5);
	switch (world_roll(w, 8)) {
	case 0:
		take_over(s);
		break;
	case 1:
	case 2:
	case 3:
		deliver(s);
		break;
	default:
		world_read(s);
		break;
	}
}

static bool is_quiet(const struct world *w, unsigned before)
{
	for (uint32_t p = 0; p < PARTS; p++)
		if (w->shores[p].n_removed < w->shores[p].n_mails)
			return false;
	return w->n_messages == before;
}

void world_settle(struct world *w)
{
	unsigned before;

	do {
		before = w->n_messages;
		w->clock++;
		for (uint32_t p = 0; p < PARTS; p++)
			deliver(&w->shores[p]);
		w->clock++;
		for (uint32_t p = 0; p < PARTS; p++)
			world_read(&w->shores[p]);
	} while (!is_quiet(w, before));
}

void world_finish(struct world *w)
{
	world_settle(w);
	w->clock += 10 * MS_MINUTE;
	world_settle(w);
	for (uint32_t p = 0; p < PARTS; p++)
		for (unsigned c = 0; c < COUNTER_COUNT; c++)
			w->counters[c] +=
				memory_store_counter(w->shores[p].memory, (enum counter)c);
}

/* ---- what it came to --------------------------------------------------------------------- */

struct span world_value(const struct world *w, const char *key)
{
	struct span k = span_str(key);

	return memory_store_record(w->shores[partition_of(k, PARTS)].memory, k);
}

bool world_canonical(const struct world *w, const char *key, struct record *ret_r, char *ret_key)
{
	char at[CUSTOMER_MAX + 1];

	(void)snprintf(at, sizeof(at), "%s", key);
	for (int hops = 0; hops < 20; hops++) {
		struct span value = world_value(w, at);
		struct link link;

		if (value.len == 0)
			return false;
		if (!link_is(value)) {
			(void)snprintf(ret_key, CUSTOMER_MAX + 1, "%s", at);
			return record_decode(value, ret_r) == 0;
		}
		if (link_decode(value, &link) != 0)
			return false;
		world_copy(at, sizeof(at), link.to);
	}
	return false; /* a cycle */
}

void world_check_customer(const struct world *w, const char *key, const char *want, unsigned n)
{
	_cleanup_(record_release) struct record r = RECORD_INIT;
	char got[CUSTOMER_MAX + 1] = "";

	CHECK(world_canonical(w, key, &r, got));
	CHECK_STR(span_str(got), want);
	if (!r.journey || n == 0)
		return;
	CHECK_INT(r.journey->n_events, n);
}

size_t world_n_live(const struct world *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_jobs; i++)
		n += !w->jobs[i].retracted;
	return n;
}
