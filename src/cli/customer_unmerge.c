/* SPDX-License-Identifier: MIT */
/*
 * Taking apart what was made one (store/divide.h): what each side would be is made from the log and
 * shown, and with --yes it is posted. It holds for one state of the customer; where something was
 * applied to them meanwhile the worker lets it pass, and it is made again.
 */
#include <time.h>

#include "apart_log.h"
#include "apart_view.h"
#include "backtest_gone.h"
#include "base/instant.h"
#include "codec/gone_name.h"
#include "codec/link.h"
#include "codec/record.h"
#include "core/message.h"
#include "customer_apart.h"
#include "rule_sets.h"
#include "rules_at_hand.h"
#include "store/divide.h"
#include "store/keys.h"

#define TRIES	20
#define WAIT_MS 10000
#define POLL_MS 20

#define ON_THEIR_WAY "they are on their way to each other still; try again soon."

/* The customer, what they were before, and the position that both are of. */
static const char script[] =
	"#!lua flags=no-writes\n"
	"local p = redis.call('HMGET', KEYS[3], 'id', 'clock', 'rules_first')\n"
	"return {redis.call('GET', KEYS[1]) or '', redis.call('HGET', KEYS[2], ARGV[1]) or '',\n"
	"  p[1] or '', p[2] or '', p[3] or ''}\n";

struct unmerge {
	struct tool *t;
	struct redis *redis;
	const struct customer_ask *ask;
	struct arena arena; /* of one try */
	struct rule_sets *sets;
	struct rules *stand_in; /* where the log names none */
	struct event_decoder *decoder;
	struct span key; /* who leaves; empty: nobody is known */
	struct link link;
	bool ruleless;	    /* those that the log began with cannot be had */
	uint32_t partition; /* the customer's */
	struct apart_log log;
	struct backtest_gone gone; /* in the customer's partition */
	char sum[DIVISION_SUM_SIZE], state[DIVISION_SUM_SIZE];
	struct divide_ask divide_ask;
	struct divide *divide;
	struct divided divided;
};

static void unmerge_release(struct unmerge *u)
{
	divide_free(u->divide);
	backtest_gone_release(&u->gone);
	event_decoder_free(u->decoder);
	rules_free(u->stand_in);
	rule_sets_free(u->sets);
	arena_release(&u->arena);
}

#define GONE_UNREAD "who was erased cannot be read."

static int say(const struct unmerge *u, const char *words)
{
	return tool_say(&u->t->program, STATUS_FOUND, "%s", words);
}

static struct span key_of(struct unmerge *u, uint32_t p, const char *name, struct span id)
{
	_cleanup_(buf_release) struct buf key = BUF_INIT;

	if (id.len > 0)
		key_add_id(&key, p, name, id);
	else
		key_add(&key, p, name);
	return arena_copy(&u->arena, buf_span(&key));
}

/* ---- what there is ----------------------------------------------------------------------- */

/* Was the owner of KEY, in the partition P, told to keep it out? 0, 1 or a negative errno. */
static int is_gone(struct unmerge *u, struct span key, uint32_t p)
{
	unsigned char name[GONE_NAME_SIZE];
	int r = backtest_gone_read(&u->gone, u->redis, p);

	if (r == 0 && u->gone.n > 0)
		r = gone_name(u->gone.salt, key, name);
	for (size_t i = 0; i < u->gone.n && r == 0; i++)
		r = memcmp(u->gone.names[i].name, name, sizeof(name)) == 0;
	return r;
}

/* What was typed is no part of anybody: because they were erased? */
static int explain_no_part(struct unmerge *u)
{
	struct span id = u->ask->customer;
	struct customer_keys keys;
	int r = customer_keys_of(u->t, id, &keys);

	for (size_t i = 0; r == 0 && i < keys.n; i++)
		r = is_gone(u, keys.list[i],
			partition_of(keys.list[i], u->t->program.dataset.partitions));
	if (r < 0)
		return say(u, GONE_UNREAD);
	if (r > 0)
		return tool_say(&u->t->program, STATUS_FOUND,
			"%.*s was erased. Nothing is kept of them, so there is nothing to take "
			"apart.",
			(int)id.len, id.ptr);
	return tool_say(&u->t->program, STATUS_FOUND,
		"%.*s is not a part of another customer, so there is nothing to take apart. Name "
		"the one who became a part; the timeline says who did.",
		(int)id.len, id.ptr);
}

static int read_link(struct unmerge *u)
{
	uint32_t p = partition_of(u->key, u->t->program.dataset.partitions);
	const struct redis_value *v;

	if (u->key.len == 0)
		return explain_no_part(u);
	v = tool_ask(u->t, u->redis, (struct span[]){SPAN_LIT("GET"), key_of(u, p, "c", u->key)}, 2,
		&u->arena);
	if (!v)
		return STATUS_FOUND;
	if (!link_is(v->text))
		return explain_no_part(u);
	if (link_decode(v->text, &u->link) != 0)
		return say(u, "what stands there cannot be read.");
	u->partition = u->link.partition;
	return 0;
}

/* Of what state it is made: of all that stands there, and of what a replay has of it. */
static int name_state(struct unmerge *u)
{
	_cleanup_(record_release) struct record record = RECORD_INIT;
	int r = record_decode(u->divide_ask.record, &record);

	if (r == 0)
		r = division_state(record.journey, u->state);
	if (r == 0)
		r = division_sum(u->divide_ask.record, u->sum);
	return r == 0 ? 0 : say(u, "what stands there cannot be read.");
}

static int read_customer(struct unmerge *u)
{
	struct divide_ask *d = &u->divide_ask;
	const struct redis_value *v = tool_ask(u->t, u->redis,
		(struct span[]){SPAN_LIT("EVAL"), SPAN_LIT(script), SPAN_LIT("3"),
			key_of(u, u->partition, "c", u->link.to),
			key_of(u, u->partition, "m", u->link.to),
			key_of(u, u->partition, "pos", SPAN_EMPTY), u->key},
		7, &u->arena);
	uint64_t clock, digest = 0;
	struct link on;

	if (!v)
		return STATUS_FOUND;
	d->record = v->items[0].text;
	d->snapshot = v->items[1].text;
	if (link_is(d->record) && link_decode(d->record, &on) == 0)
		return tool_say(&u->t->program, STATUS_FOUND,
			"%.*s, of whom it is a part, has become a part of %.*s since; first undo "
			"that: waymark customer unmerge %.*s",
			(int)u->link.to.len, u->link.to.ptr, (int)on.to.len, on.to.ptr,
			(int)u->link.to.len, u->link.to.ptr);
	if (d->record.len == 0 || log_id_parse(v->items[2].text, &u->log.until) != 0 ||
		span_to_u64(v->items[3].text, INT64_MAX, &clock) != 0)
		return say(u, ON_THEIR_WAY);
	d->clock = (int64_t)clock;
	(void)rules_digest_parse(v->items[4].text, &digest);
	u->ruleless = digest > 0 && !rule_sets_find(u->sets, digest, &d->rules, &d->decoder);
	if (digest == 0 || u->ruleless) {
		d->rules = u->stand_in;
		d->decoder = u->decoder;
	}
	return name_state(u);
}

/* ---- what cannot be ---------------------------------------------------------------------- */

/* What made them one is not in the log. */
static int explain_trimmed(const struct unmerge *u)
{
	struct log_id first = u->log.first.ms > 0 ? u->log.first : u->log.until;
	char then[INSTANT_SIZE], from[INSTANT_SIZE];

	if ((int64_t)first.ms <= u->link.linked_at)
		return say(u, ON_THEIR_WAY);
	instant_format(u->link.linked_at, then);
	instant_format((int64_t)first.ms, from);
	return tool_say(&u->t->program, STATUS_FOUND,
		"they became one at %s, and the log was trimmed up to %s, so what each would be "
		"cannot be found out%s.",
		then, from,
		u->log.archived ? "" : " from it; say where the archive is: --archive DIR");
}

static int explain_rules(const struct unmerge *u)
{
	return say(u, "rules that were in force since they became one are not kept any more, or "
		      "this version cannot read them, so what each would be cannot be found out. "
		      "Nothing was changed. Take them apart with the version of Waymark that these "
		      "rules were loaded by.");
}

static bool erased_since(const struct unmerge *u)
{
	return u->gone.n > 0 && u->gone.names[u->gone.n - 1].at >= u->link.linked_at;
}

/* Of somebody who brought nothing along the customer's whole log is needed. */
static int explain_different(const struct unmerge *u)
{
	char from[INSTANT_SIZE];

	if (u->ruleless)
		return explain_rules(u);
	if (erased_since(u))
		return say(u,
			"somebody was erased since they became one, and what the log had of them "
			"went with that, also what came to these two by them: what each would be "
			"cannot be found out any more. Nothing was changed. They stay one; who of "
			"them does not want to be kept so can be erased, with the other, and "
			"be told of anew.");
	if (u->log.trimmed.ms == 0 || u->log.archived)
		return say(u,
			"what the log has, folded again, is not what the customer is: entries "
			"of theirs were taken out of it, or another version of Waymark "
			"wrote what stands there. Nothing was changed. Take them apart with "
			"that version; if there was none, it is a fault of ours: please "
			"report it.");
	instant_format((int64_t)u->log.trimmed.ms, from);
	return tool_say(&u->t->program, STATUS_FOUND,
		"what the log has does not lead to what the customer is: it was trimmed up to %s; "
		"say where the archive is: --archive DIR. Nothing was changed.",
		from);
}

static int explain(const struct unmerge *u, int r)
{
	const struct span *later = &u->divided.later;

	switch (r) {
	case DIVIDE_TRIMMED:
		return explain_trimmed(u);
	case DIVIDE_DIFFERENT:
		return explain_different(u);
	case DIVIDE_LATER:
		return tool_say(&u->t->program, STATUS_FOUND,
			"%.*s came to them by an event of %.*s; first undo that: waymark customer "
			"unmerge %.*s",
			(int)later->len, later->ptr, (int)u->key.len, u->key.ptr, (int)later->len,
			later->ptr);
	case -ENOENT:
		return explain_rules(u);
	default:
		return tool_say(&u->t->program, STATUS_FOUND, "%s.", strerror(-r));
	}
}

static int read_gone(struct unmerge *u)
{
	struct divide_ask *d = &u->divide_ask;

	if (backtest_gone_read(&u->gone, u->redis, u->partition) < 0)
		return say(u, GONE_UNREAD);
	d->gones = u->gone.names;
	d->n_gones = u->gone.n;
	d->gone_salt = u->gone.salt;
	return 0;
}

/* What each would be, from what stands there now. 0 or a status. */
static int make(struct unmerge *u)
{
	int r;

	u->divide = divide_free(u->divide);
	arena_reset(&u->arena);
	r = read_link(u);
	if (r == 0)
		r = read_customer(u);
	if (r == 0)
		r = read_gone(u);
	if (r)
		return r;
	u->divide_ask.customer = u->link.to;
	u->divide_ask.key = u->key;
	u->divide_ask.frozen = u->link.frozen;
	u->divide_ask.linked_at = u->link.linked_at;
	u->log.partition = u->partition;
	u->log.key_partition = partition_of(u->key, u->t->program.dataset.partitions);
	u->log.customer = u->link.to;
	r = divide_new(&u->divide_ask, &u->divide);
	if (r < 0)
		return explain(u, r);
	r = apart_log_feed(&u->log, u->divide);
	if (r)
		return r;
	r = divide_finish(u->divide, &u->divided);
	return r == 0 ? 0 : explain(u, r);
}

/* ---- the preview ------------------------------------------------------------------------- */

static int preview(const struct unmerge *u)
{
	_cleanup_(apart_view_release) struct apart_view view;
	const struct apart_view_ask ask = {.customer = u->link.to,
		.key = u->key,
		.divided = &u->divided,
		.now = u->divide_ask.clock,
		.lapse = u->stand_in->policy.lapse};
	int r = apart_view_make(&view, u->t, u->redis, &ask);

	if (r)
		return r;
	if (!u->t->program.common.json) {
		apart_print(&view);
		return 0;
	}
	return apart_print_json(&view) < 0 ? say(u, "out of memory.") : 0;
}

/* For people; JSON is only the preview. */
static void tell(const struct unmerge *u, const char *words)
{
	if (!u->t->program.common.json)
		(void)printf("%s\n", words);
}

/* ---- doing it ---------------------------------------------------------------------------- */

static void rest(void)
{
	const struct timespec step = {0, POLL_MS * 1000000L};

	(void)nanosleep(&step, NULL);
}

/* Who was erased has no parts either; and whoever is without one says so, even if they are nobody
 * else. 0 or a status. */
static int check_there(const struct unmerge *u, struct arena *a)
{
	_cleanup_(buf_release) struct buf key = BUF_INIT;
	const struct redis_value *v;

	key_add_id(&key, u->partition, "c", u->link.to);
	v = tool_ask(u->t, u->redis, (struct span[]){SPAN_LIT("EXISTS"), buf_span(&key)}, 2, a);
	if (!v)
		return STATUS_FOUND;
	if (v->integer > 0)
		return 0;
	return tool_say(&u->t->program, STATUS_FOUND,
		"%.*s was erased meanwhile. Whether %.*s was apart from them by then, waymark "
		"customer export tells.",
		(int)u->link.to.len, u->link.to.ptr, (int)u->key.len, u->key.ptr);
}

/* Has the worker passed AT? Then in *ret_done whether it took it. 0 or a status. */
static int look(struct unmerge *u, struct log_id at, bool *ret_passed, bool *ret_done)
{
	_cleanup_(arena_release) struct arena a;
	const struct redis_value *v;
	struct log_id id = {0, 0};

	arena_init(&a);
	v = tool_ask(u->t, u->redis,
		(struct span[]){SPAN_LIT("HGET"), key_of(u, u->partition, "pos", SPAN_EMPTY),
			SPAN_LIT("id")},
		3, &a);
	if (!v)
		return STATUS_FOUND;
	*ret_passed = log_id_parse(v->text, &id) == 0 && log_id_compare(id, at) >= 0;
	if (!*ret_passed)
		return 0;
	v = tool_ask(u->t, u->redis,
		(struct span[]){
			SPAN_LIT("SISMEMBER"), key_of(u, u->partition, "ids", u->link.to), u->key},
		3, &a);
	if (!v)
		return STATUS_FOUND;
	*ret_done = v->integer == 0;
	return *ret_done ? check_there(u, &a) : 0;
}

/* Each time something came first. */
static int give_up(const struct unmerge *u, int64_t ms)
{
	return tool_say(&u->t->program, STATUS_FOUND,
		"%d times something came in for %.*s before it was done, which takes %lld "
		"ms here. Nothing was changed. Try again when less comes in for them, or hold "
		"back for so long what sends it.",
		TRIES, (int)u->link.to.len, u->link.to.ptr, (long long)(ms / TRIES));
}

/* Says W where it holds, and *ret_at is where; or *ret_missed: it does not any more, by what stands
 * at *ret_at. 0 or a status. */
static int say_word(
	struct unmerge *u, const struct staff_word *w, struct log_id *ret_at, bool *ret_missed)
{
	struct log_id seen = u->log.until, at = {0, 0};
	struct staff_word word = *w;
	bool missed = false;
	int r = 0;

	word.behind = &seen;
	for (int i = 0; i < TRIES && r == 0 && !missed && at.ms == 0; i++) {
		r = apart_log_missed(&u->log, u->divide, &u->divided, &seen, &missed);
		if (r == 0 && !missed)
			r = apart_post(u->t, u->redis, &word, &at);
	}
	*ret_missed = at.ms == 0;
	*ret_at = at.ms == 0 ? seen : at;
	return r;
}

static int explain_waiting(const struct unmerge *u, bool missed)
{
	return say(u, missed ? "news of what they follow stand in the log, and no worker has come "
			       "to them. Nothing was changed; try again later."
			     : "it is in the log, and no worker has come to it; look again later.");
}

/* *ret_done: the worker took it; else something else came first. 0 or a status. */
static int post(struct unmerge *u, bool *ret_done)
{
	_cleanup_(buf_release) struct buf record = BUF_INIT;
	bool passed = false, missed = false;
	char who[104];
	struct log_id at;
	struct message m = {.kind = MESSAGE_UNMERGE,
		.to = u->link.to,
		.of = u->key,
		.linked_at = u->link.linked_at,
		.said_at = io_wall_now(),
		.by = span_str(apart_who(u->ask, who, sizeof(who))),
		.reason = span_str(u->ask->reason),
		.sum = span_str(u->sum),
		.state = span_str(u->state)};
	struct staff_word word = {.partition = u->partition, .message = &m};
	int r;

	if (divided_encode(&u->divided, &record) < 0)
		return say(u, "out of memory.");
	if (record.len > DIVISION_MAX)
		return say(u, "what they would be is too large for the log.");
	word.record = buf_span(&record);
	r = say_word(u, &word, &at, &missed);
	for (int waited = 0; r == 0 && !passed && waited < WAIT_MS; waited += POLL_MS) {
		r = look(u, at, &passed, ret_done);
		if (!passed)
			rest();
	}
	return r == 0 && !passed ? explain_waiting(u, missed) : r;
}

static int begin(struct unmerge *u)
{
	struct program *p = &u->t->program;
	int r = rule_sets_read(u->t, u->redis, &u->sets);

	if (r == 0)
		r = rules_at_hand(u->t, u->redis, "", "", &u->stand_in);
	if (r)
		return r;
	if (!u->stand_in)
		return say(u, "there are no rules to fold by.");
	if (event_decoder_new(&u->stand_in->fields, p->identity, &u->decoder) < 0)
		return say(u, "out of memory.");
	u->divide_ask.find_rules = rule_sets_find;
	u->divide_ask.rules_user = u->sets;
	u->divide_ask.identity = p->identity;
	u->divide_ask.partitions = p->dataset.partitions;
	return 0;
}

int customer_unmerge(struct tool *t, struct redis *redis, const struct customer_ask *ask)
{
	_cleanup_(unmerge_release) struct unmerge u = {.t = t,
		.redis = redis,
		.ask = ask,
		.log = {.tool = t, .redis = redis, .archive = ask->archive}};
	int64_t begun = io_mono_now();
	bool done = false;
	int r;

	arena_init(&u.arena);
	backtest_gone_init(&u.gone);
	r = begin(&u);
	if (r == 0)
		r = customer_key(t, redis, ask->customer, &u.key);
	for (int i = 0; i < TRIES && r == 0 && !done; i++) {
		r = make(&u);
		if (r == 0 && i == 0)
			r = preview(&u);
		if (r == 0 && !ask->yes) {
			tell(&u, "\nNothing was changed. Do it with --yes --reason TEXT.");
			return STATUS_DONE;
		}
		if (r == 0)
			r = post(&u, &done);
	}
	if (r)
		return r;
	if (!done)
		return give_up(&u, io_mono_now() - begun);
	tell(&u, "They are two again.");
	return STATUS_DONE;
}
