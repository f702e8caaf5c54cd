/* SPDX-License-Identifier: MIT */
/*
 * Several partitions, each with its own log, owner and outbox, and messages that take their time,
 * come twice, and are in the air while owners die. Whatever the order in which all that happens, a
 * customer who is known by several names is one customer in the end, with one history and one set
 * of jobs.
 */
#include "check.h"

#include "base/hash.h"
#include "base/instant.h"
#include "codec/link.h"
#include "codec/record.h"
#include "codec/rule_json.h"
#include "store/keys.h"
#include "store/memory_store.h"
#include "store/pump.h"

#define PARTS	4
#define MAILS	512
#define JOBS	256
#define BASE_AT INT64_C(1700000000000)

static const char rule_text[] =
	"[{\"id\":\"cart\",\"class\":\"marketing\",\"gates\":\"off\",\"key\":\"cart_id\","
	"\"key_else\":\"customer\",\"arm\":[\"Product Added\"],\"cancel\":[{\"event\":"
	"\"Order Completed\",\"match\":\"customer\"}],"
	"\"wait\":\"60s\",\"grace\":\"0s\",\"round\":\"1ms\",\"stale_after\":\"never\","
	"\"tombstone\":\"0s\",\"channels\":[\"email\"]}]";

/* What is on its way. */
struct mail {
	uint32_t to;
	char *bytes;
	size_t lens[4]; /* head, event, meta, record */
	bool sent;
};

struct shore {
	struct store store; /* first */
	struct world *world;
	uint32_t partition;
	struct memory_store *memory;
	struct pump *pump;
	struct position position, next;
	struct mail mails[MAILS];
	size_t n_mails, n_removed;
	uint64_t seq; /* of log ids */
	int64_t at;
	store_commit_fn *fn;
	void *user;
};

struct world {
	struct rules *rules;
	struct event_decoder *decoder;
	struct shore shores[PARTS];
	int64_t clock;
	uint64_t chance;
	unsigned n_messages;
	struct {
		char id[33];
		char customer[64];
		bool retracted;
	} jobs[JOBS];
	size_t n_jobs;
	uint64_t counters[COUNTER_COUNT];
};

static void copy(char *out, size_t size, struct span text)
{
	size_t n = text.len < size ? text.len : size - 1;

	memcpy(out, text.ptr, n);
	out[n] = '\0';
}

static unsigned roll(struct world *w, unsigned n)
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

static int shore_commit(
	struct store *store, uint32_t p, const struct commit *c, store_commit_fn *fn, void *user)
{
	struct shore *s = shore_of(store);

	CHECK_INT(c->from.seq, s->position.seq);
	CHECK_INT(c->to.out, c->from.out + c->n_messages);
	s->next = c->to;
	s->fn = fn;
	s->user = user;
	for (size_t i = 0; i < c->n_messages; i++)
		keep_mail(s, &c->messages[i]);
	s->world->n_messages += (unsigned)c->n_messages;
	return inner(store)->ops->commit(inner(store), p, c, on_inner_commit, s);
}

static const struct store_ops shore_ops = {false, shore_fetch, shore_load, shore_commit, shore_seen,
	shore_marks, shore_held, shore_heard};

static void on_job(void *user, const struct commit_job *job, const struct commit_retract *retract)
{
	struct shore *s = user;
	struct world *w = s->world;
	struct span id = job ? job->id : retract->id;

	for (size_t i = 0; !job && i < w->n_jobs; i++)
		if (span_is(id, w->jobs[i].id))
			w->jobs[i].retracted = true;
	if (!job || w->n_jobs == JOBS)
		return;
	(void)snprintf(w->jobs[w->n_jobs].id, sizeof(w->jobs[0].id), "%.32s", job->id.ptr);
	copy(w->jobs[w->n_jobs++].customer, sizeof(w->jobs[0].customer),
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

static void world_init(struct world *w, uint64_t seed)
{
	struct rule_source source = {"rule.json", SPAN_LIT(rule_text)};
	struct rule_options options = {.store_zone = SPAN_LIT("UTC")};
	static struct rule_problems problems;

	memset(w, 0, sizeof(*w));
	w->chance = seed;
	w->clock = BASE_AT;
	CHECK(rules_compile(&source, 1, &options, &problems, &w->rules) == 0);
	CHECK(event_decoder_new(&w->rules->fields, &IDENTITY_DEFAULT, &w->decoder) == 0);
	for (uint32_t p = 0; p < PARTS; p++) {
		struct shore *s = &w->shores[p];

		s->store.ops = &shore_ops;
		s->world = w;
		s->partition = p;
		CHECK(memory_store_new(on_job, s, &s->memory) == 0);
		take_over(s);
	}
}

static void world_release(struct world *w)
{
	for (uint32_t p = 0; p < PARTS; p++) {
		struct shore *s = &w->shores[p];

		for (size_t i = 0; i < s->n_mails; i++)
			free(s->mails[i].bytes);
		pump_free(s->pump);
		memory_store_free(s->memory);
	}
	event_decoder_free(w->decoder);
	rules_free(w->rules);
}

static void append(struct shore *s, struct log_entry *e)
{
	struct world *w = s->world;

	s->seq = s->at == w->clock ? s->seq + 1 : 0;
	s->at = w->clock;
	e->id = (struct log_id){(uint64_t)w->clock, s->seq};
	CHECK(memory_store_append(s->memory, e) == 0);
}

static void deliver_one(struct shore *s, struct mail *m)
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
	n = 1 + roll(s->world, (unsigned)n);
	for (i = s->n_removed; i < s->n_removed + n; i++)
		deliver_one(s, &s->mails[i]);
	if (roll(s->world, 4) != 0)
		s->n_removed = i;
}

static void work(struct shore *s)
{
	memory_store_clock(s->memory, s->world->clock - 1);
	pump_poke(s->pump, s->world->clock - 1);
	memory_store_run(s->memory);
}

/* An event as a source with RIGHTS sent it. */
static void say(struct world *w, unsigned rights, const char *json)
{
	_cleanup_(buf_release) struct buf meta = BUF_INIT;
	_cleanup_(arena_release) struct arena a;
	const struct log_meta m = {.source = SPAN_LIT("shop"),
		.channel = CHANNEL_WEB,
		.link_rights = rights,
		.recv_at = w->clock,
		.sent_at = TIME_NEVER};
	struct event_origin origin = {.id = {1, 0}};
	struct log_entry e = {.event = span_str(json)};
	struct event_fault fault;
	struct event event;

	arena_init(&a);
	log_meta_add(&meta, &m);
	e.meta = buf_span(&meta);
	REQUIRE(event_decode(w->decoder, e.event, &origin, &a, &event, &fault) == 0);
	append(&w->shores[partition_of(event.customer, PARTS)], &e);
}

/* Something happens somewhere. */
static void stir(struct world *w)
{
	struct shore *s = &w->shores[roll(w, PARTS)];

	w->clock += roll(w, 5);
	switch (roll(w, 8)) {
	case 0:
		take_over(s);
		break;
	case 1:
	case 2:
	case 3:
		deliver(s);
		break;
	default:
		work(s);
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

/* Until nobody has anything to say any more. */
static void settle(struct world *w)
{
	unsigned before;

	do {
		before = w->n_messages;
		w->clock++;
		for (uint32_t p = 0; p < PARTS; p++)
			deliver(&w->shores[p]);
		w->clock++;
		for (uint32_t p = 0; p < PARTS; p++)
			work(&w->shores[p]);
	} while (!is_quiet(w, before));
}

static void finish(struct world *w)
{
	settle(w);
	w->clock += 10 * MS_MINUTE;
	settle(w);
	for (uint32_t p = 0; p < PARTS; p++)
		for (unsigned c = 0; c < COUNTER_COUNT; c++)
			w->counters[c] +=
				memory_store_counter(w->shores[p].memory, (enum counter)c);
}

/* ---- what it came to --------------------------------------------------------------------- */

static struct span value_of(const struct world *w, const char *key)
{
	struct span k = span_str(key);

	return memory_store_record(w->shores[partition_of(k, PARTS)].memory, k);
}

/* Where KEY leads in the end, its record in *ret_r; false: nobody. */
static bool canonical(const struct world *w, const char *key, struct record *ret_r, char *ret_key)
{
	char at[CUSTOMER_MAX + 1];

	(void)snprintf(at, sizeof(at), "%s", key);
	for (int hops = 0; hops < 20; hops++) {
		struct span value = value_of(w, at);
		struct link link;

		if (value.len == 0)
			return false;
		if (!link_is(value)) {
			(void)snprintf(ret_key, CUSTOMER_MAX + 1, "%s", at);
			return record_decode(value, ret_r) == 0;
		}
		if (link_decode(value, &link) != 0)
			return false;
		copy(at, sizeof(at), link.to);
	}
	return false; /* a cycle */
}

/* KEY leads to WANT, who has seen N events and has that many entries of them on the timeline. */
static void check_customer(const struct world *w, const char *key, const char *want, unsigned n)
{
	_cleanup_(record_release) struct record r = RECORD_INIT;
	char got[CUSTOMER_MAX + 1] = "";

	CHECK(canonical(w, key, &r, got));
	CHECK_STR(span_str(got), want);
	if (!r.journey || n == 0)
		return;
	CHECK_INT(r.journey->n_events, n);
}

static size_t n_live(const struct world *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_jobs; i++)
		n += !w->jobs[i].retracted;
	return n;
}

#define B LINK_BROWSER
#define T LINK_TRUSTED
#define X (LINK_TRUSTED | LINK_EXPLICIT)

struct speech {
	unsigned rights;
	const char *json;
};

#define TRACK(NAME, WHO, PROPERTIES)                                                               \
	"{\"type\":\"track\",\"event\":\"" NAME "\"," WHO ",\"properties\":{" PROPERTIES "}}"
#define ADDED(WHO, CART) TRACK("Product Added", WHO, "\"cart_id\":\"" CART "\"")
#define BOUGHT(WHO)	 TRACK("Order Completed", WHO, "\"order_id\":\"o1\"")
#define ANON(ID)	 "\"anonymousId\":\"" ID "\""
#define USER(ID)	 "\"userId\":\"" ID "\""
#define IDENTIFY(WHO)	 "{\"type\":\"identify\"," WHO "}"
#define MAIL(ADDRESS)	 "\"identifiers\":{\"email\":\"" ADDRESS "\"}"

/* Says LINES in their order, with so much happening in between as chance wants. */
static void play(struct world *w, const struct speech *lines, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (unsigned k = roll(w, 12); k > 0; k--)
			stir(w);
		w->clock++;
		say(w, lines[i].rights, lines[i].json);
	}
	for (unsigned k = roll(w, 20); k > 0; k--)
		stir(w);
	finish(w);
	CHECK_INT(w->counters[COUNTER_QUARANTINED], 0);
	CHECK_INT(w->counters[COUNTER_APPLIED], n);
}

#define ROUNDS 60

static struct world world;

static int compare_texts(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The ids of the jobs that were not taken back, in order. */
static void live_jobs(const struct world *w, char (*ids)[33])
{
	size_t n = 0;

	memset(ids, 0, JOBS * sizeof(*ids));
	for (size_t i = 0; i < w->n_jobs; i++)
		if (!w->jobs[i].retracted)
			memcpy(ids[n++], w->jobs[i].id, 33);
	qsort(ids, n, sizeof(*ids), compare_texts);
}

/* Runs LINES under each seed and asks CHECK_FN; the jobs are always the same. */
static void each(const struct speech *lines, size_t n, void (*check_fn)(struct world *w))
{
	static char first[JOBS][33], jobs[JOBS][33];

	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		int before = check_failures;

		world_init(&world, seed * 7919);
		play(&world, lines, n);
		check_fn(&world);
		live_jobs(&world, seed == 1 ? first : jobs);
		if (seed > 1)
			CHECK(memcmp(first, jobs, sizeof(jobs)) == 0);
		world_release(&world);
		if (check_failures > before) {
			fprintf(stderr, "# seed %llu\n", (unsigned long long)seed);
			return;
		}
	}
}

/* ---- the stories ------------------------------------------------------------------------- */

static void no_job(struct world *w)
{
	check_customer(w, "anon:a", "u1", 3);
	CHECK_INT(n_live(w), 0);
	CHECK_INT(w->counters[COUNTER_ARMED], 1);
}

/* A cart without a name, the name, the purchase under it: nobody writes about the cart. */
static void cart_then_user(void)
{
	static const struct speech lines[] = {{B, ADDED(ANON("a"), "k1")},
		{B, IDENTIFY(USER("u1") "," ANON("a"))}, {T, BOUGHT(USER("u1"))}};

	each(lines, ARRAY_SIZE(lines), no_job);
}

static void one_job(struct world *w)
{
	check_customer(w, "anon:a", "u1", 4);
	check_customer(w, "u1", "u1", 4);
	CHECK_INT(w->n_jobs, 1);
	CHECK_INT(n_live(w), 1);
}

/* The same cart by both names is one cart, and the mail one mail. */
static void one_cart(void)
{
	static const struct speech lines[] = {{B, ADDED(ANON("a"), "k1")},
		{B, IDENTIFY(USER("u1") "," ANON("a"))}, {B, ADDED(ANON("a"), "k1")},
		{B, ADDED(USER("u1") "," ANON("a"), "k1")}};

	each(lines, ARRAY_SIZE(lines), one_job);
}

/* The name comes before anything else is heard of who bears it. */
static void identify_first(void)
{
	static const struct speech lines[] = {{B, IDENTIFY(USER("u1") "," ANON("a"))},
		{B, ADDED(ANON("a"), "k1")}, {B, ADDED(ANON("a"), "k1")},
		{B, ADDED(USER("u1"), "k1")}};

	each(lines, ARRAY_SIZE(lines), one_job);
}

static void guest_bought(struct world *w)
{
	check_customer(w, "anon:a", "email:a@y.org", 3);
	check_customer(w, "email:b@y.org", "email:a@y.org", 3);
	CHECK_INT(n_live(w), 0);
}

/* A guest checks out with another address than the one that is known of the visitor. */
static void other_address(void)
{
	static const struct speech lines[] = {{T, ADDED(ANON("a"), "k1")},
		{T, IDENTIFY(MAIL("b@y.org") "," ANON("a"))},
		{T, BOUGHT(MAIL("a@y.org") "," ANON("a"))}};

	each(lines, ARRAY_SIZE(lines), guest_bought);
}

static void two_devices(struct world *w)
{
	check_customer(w, "anon:a", "u1", 6);
	check_customer(w, "anon:b", "u1", 6);
	CHECK_INT(n_live(w), 0);
	CHECK(w->counters[COUNTER_IDENTITY_MERGED] + w->counters[COUNTER_IDENTITY_LINKED] >= 2);
}

static void devices(void)
{
	static const struct speech lines[] = {{B, ADDED(ANON("a"), "k1")},
		{B, ADDED(ANON("b"), "k2")}, {B, IDENTIFY(USER("u1") "," ANON("a"))},
		{B, IDENTIFY(USER("u1") "," ANON("b"))}, {B, ADDED(ANON("b"), "k2")},
		{T, BOUGHT(USER("u1"))}};

	each(lines, ARRAY_SIZE(lines), two_devices);
}

static void all_one(struct world *w)
{
	static const char *const keys[] = {"email:a@y.org", "email:b@y.org", "email:c@y.org",
		"email:d@y.org", "anon:a", "anon:b", "anon:c"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		check_customer(w, keys[i], "email:a@y.org", 7);
}

/* b-c, d-c, a-b by what they have in common, each way round: a chain, closed to a circle. */
static void chain_and_circle(void)
{
	static const struct speech lines[] = {{T, ADDED(MAIL("d@y.org") "," ANON("a"), "k1")},
		{T, ADDED(MAIL("c@y.org") "," ANON("a"), "k2")},
		{T, ADDED(MAIL("c@y.org") "," ANON("b"), "k3")},
		{T, ADDED(MAIL("b@y.org") "," ANON("b"), "k4")},
		{T, ADDED(MAIL("a@y.org") "," ANON("c"), "k5")},
		{T, ADDED(MAIL("b@y.org") "," ANON("c"), "k6")},
		{T, ADDED(MAIL("d@y.org") "," ANON("c"), "k7")}};

	each(lines, ARRAY_SIZE(lines), all_one);
}

static void stay_two(struct world *w)
{
	check_customer(w, "u1", "u1", 2);
	check_customer(w, "u2", "u2", 1);
	check_customer(w, "anon:a", "u1", 2);
	CHECK_INT(n_live(w), 2);
}

/* Two who log in one after the other on one machine; what is done there without a name is the first
 * one's. It is settled before the second comes, since who comes first is what counts. */
static void shared_machine(void)
{
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		world_init(&world, seed);
		say(&world, B, ADDED(USER("u1") "," ANON("a"), "k1"));
		settle(&world);
		say(&world, B, ADDED(USER("u2") "," ANON("a"), "k2"));
		for (unsigned k = roll(&world, 12); k > 0; k--)
			stir(&world);
		say(&world, B, ADDED(ANON("a"), "k1"));
		finish(&world);
		stay_two(&world);
		CHECK_INT(world.counters[COUNTER_IDENTITY_REFUSED], 1);
		world_release(&world);
	}
}

static void name_of_then(struct world *w)
{
	check_customer(w, "anon:a", "u1", 2);
	CHECK_INT(w->n_jobs, 1);
	CHECK_STR(span_str(w->jobs[0].customer), "anon:a");
}

/* The cart of a visitor whose name is heard after: its mail bears the name of then, and comes
 * once. */
static void named_later(void)
{
	static const struct speech lines[] = {
		{B, ADDED(ANON("a"), "k1")}, {B, IDENTIFY(USER("u1") "," ANON("a"))}};

	each(lines, ARRAY_SIZE(lines), name_of_then);
}

static void two_carts(struct world *w)
{
	check_customer(w, "u2", "u1", 4);
	CHECK_INT(n_live(w), 2);
}

/* Somebody who may says that two users are one, and somebody else the other way round. */
static void opposite(void)
{
	static const struct speech lines[] = {{T, ADDED(USER("u1"), "k1")},
		{T, ADDED(USER("u2"), "k2")},
		{X, "{\"type\":\"alias\",\"userId\":\"u2\",\"previousId\":\"u1\"}"},
		{X, "{\"type\":\"alias\",\"userId\":\"u1\",\"previousId\":\"u2\"}"}};

	each(lines, ARRAY_SIZE(lines), two_carts);
}

static const struct check_case cases[] = {
	{"a cart, a name, a purchase", cart_then_user},
	{"one cart by two names", one_cart},
	{"the name comes first", identify_first},
	{"a guest with another address", other_address},
	{"two devices", devices},
	{"a chain and a circle", chain_and_circle},
	{"two on one machine", shared_machine},
	{"named after arming", named_later},
	{"two users, both ways at once", opposite},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
