/* SPDX-License-Identifier: MIT */
/*
 * Leasing goes in rounds. A round asks all partitions what is next, takes the most urgent of all,
 * looks at each of those with its customer's record, has it judged, and leases or settles it. What
 * another consumer was faster with, and what a gate refused, makes the next round necessary.
 */
#include "base/hash.h"
#include "codec/link.h"

#include "job_desk_impl.h"

#define ROUNDS_MAX    8	  /* of one question */
#define JUDGED_MAX    4	  /* times one job is judged in a round */
#define BROUGHT_MAX   4	  /* and rules are waited for */
#define DUE_SCAN      500 /* members of `later` that one call puts into their places */
#define WORDS_SIZE    200
#define ARRIVING_MS   MS_SECOND
#define UNREADABLE_MS (5 * MS_MINUTE) /* until a job of an unreadable record is tried again */

/* A job that may be leased. */
struct candidate {
	struct leasing *leasing;
	uint32_t partition;
	struct span member; /* sorts */
	unsigned judged;    /* how often so far */
	unsigned brought;   /* how often rules were waited for */
	char token[JOB_TOKEN_SIZE];
	struct span json; /* of the last look */
	int64_t fire_at;
};

struct leasing {
	struct job_desk *desk;
	struct job_lease_ask ask;
	struct span channels[JOB_CHANNELS_MAX];
	struct arena arena; /* of the question: the answer lies here */
	struct arena round; /* of the round */
	struct candidate *found;
	size_t n_found, cap_found;
	size_t waiting;	 /* answers of the round to come, and one while we still ask */
	uint32_t next;	 /* the partition whose members come next */
	unsigned rounds; /* that are over */
	bool more;	 /* the round ended with something left */
	bool moved;	 /* something became of a candidate of this round */
	struct job_leased jobs[JOB_LEASE_MAX]; /* by their members: the most urgent first */
	struct span members[JOB_LEASE_MAX];
	size_t n_jobs;
	int r;
	char words[WORDS_SIZE];
};

static struct leasing *leasing_free(struct leasing *l)
{
	if (!l)
		return NULL;
	arena_release(&l->arena);
	arena_release(&l->round);
	free(l->found);
	free(l);
	return NULL;
}

static void leasing_end(struct leasing *l)
{
	/* What was leased is handed out even if the rest went wrong: it is theirs now. */
	int r = l->n_jobs > 0 ? 0 : l->r;
	const struct job_lease_answer answer = {l->jobs, l->n_jobs, l->more, l->words};

	l->desk->pending--;
	l->ask.fn(l->ask.user, r, &answer);
	leasing_free(l);
}

static void note(struct leasing *l, int r, const char *words)
{
	if (l->r == 0)
		(void)snprintf(l->words, sizeof(l->words), "%s", words);
	if (l->r == 0)
		l->r = r < 0 ? JOB_DESK_AWAY : r;
}

static int send_script(struct leasing *l, struct job_call *call)
{
	int r;

	call->now = l->desk->now;
	call->day = job_desk_day(l->desk);
	r = job_script_send(l->desk->redis, call);
	l->waiting += r == 0;
	if (r < 0)
		note(l, r, strerror(-r));
	return r;
}

static bool start_round(struct leasing *l);

static void round_landed(struct leasing *l)
{
	if (--l->waiting > 0)
		return;
	if (l->r == 0 && l->n_jobs < l->ask.max && l->moved && ++l->rounds < ROUNDS_MAX &&
		start_round(l))
		return;
	leasing_end(l);
}

/* ---- one candidate ----------------------------------------------------------------------- */

static void look_at(struct candidate *c);

/* `p7-` and 32 hex digits that nobody can guess who does not know the desk's secret. */
static void make_token(struct candidate *c)
{
	struct job_desk *desk = c->leasing->desk;
	uint64_t halves[2];

	for (size_t i = 0; i < ARRAY_SIZE(halves); i++) {
		char text[48];

		(void)snprintf(text, sizeof(text), "token %zu of lease %llu", i,
			(unsigned long long)desk->n_tokens);
		halves[i] = siphash24(desk->secret, span_str(text));
	}
	desk->n_tokens++;
	(void)snprintf(c->token, sizeof(c->token), "p%u-%016llx%016llx", c->partition,
		(unsigned long long)halves[0], (unsigned long long)halves[1]);
}

static struct span id_of(const struct candidate *c)
{
	return span_of(c->member.ptr + JOB_MEMBER_ID_AT, c->member.len - JOB_MEMBER_ID_AT);
}

static void note_wait(struct job_desk *desk, int64_t waited_ms)
{
	static const int64_t bounds[] = {
#define X(SECONDS) SECONDS,
		JOB_WAIT_BUCKETS(X)
#undef X
	};

	_Static_assert(ARRAY_SIZE(bounds) == JOB_WAIT_BUCKET_COUNT, "a bucket for each bound");
	desk->wait_n++;
	desk->wait_sum_ms += (uint64_t)int64_max(waited_ms, 0);
	for (size_t i = 0; i < ARRAY_SIZE(bounds); i++)
		desk->waits[i] += waited_ms <= bounds[i] * MS_SECOND;
}

/* A place for JOB among those that were leased before, in order of MEMBER. */
static void insert(struct leasing *l, struct span member, const struct job_leased *job)
{
	size_t i = l->n_jobs++;

	for (; i > 0 && span_compare(l->members[i - 1], member) > 0; i--) {
		l->members[i] = l->members[i - 1];
		l->jobs[i] = l->jobs[i - 1];
	}
	l->members[i] = member;
	l->jobs[i] = *job;
}

/* until, tries, channel, now */
static void take(struct candidate *c, const struct redis_value *reply)
{
	struct leasing *l = c->leasing;
	struct span member = arena_copy(&l->arena, c->member);
	struct job_leased job = {.token = arena_copy(&l->arena, span_str(c->token)),
		.json = arena_copy(&l->arena, c->json)};
	int64_t now;

	if (reply->n_items != 5 || !number_of(reply->items[1].text, &job.until) ||
		span_to_u64(reply->items[2].text, UINT64_MAX, &job.tries) != 0 ||
		!number_of(reply->items[4].text, &now)) {
		note(l, JOB_DESK_CORRUPT, "an answer of another form");
		return;
	}
	job.channel = arena_copy(&l->arena, reply->items[3].text);
	l->desk->leased++;
	if (job.tries == 1 && c->fire_at != INT64_MIN)
		note_wait(l->desk, now - c->fire_at);
	/* One that cannot be told comes back when its lease ends. */
	if (!member.ptr || !job.token.ptr || !job.json.ptr || !job.channel.ptr) {
		note(l, JOB_DESK_AWAY, "out of memory");
		return;
	}
	job.id = span_of(member.ptr + JOB_MEMBER_ID_AT, member.len - JOB_MEMBER_ID_AT);
	insert(l, member, &job);
}

static void on_decided(void *user, const struct redis_value *reply)
{
	struct candidate *c = user;
	struct leasing *l = c->leasing;
	char words[WORDS_SIZE];
	int r = job_reply_outcome(reply, words, sizeof(words));

	l->moved = true;
	if (r != 0) {
		note(l, r, words);
	} else if (redis_value_is(&reply->items[0], "leased")) {
		take(c, reply);
	} else if (redis_value_is(&reply->items[0], "changed")) {
		l->desk->rejudged++;
		if (c->judged < JUDGED_MAX)
			look_at(c);
	} else if (redis_value_is(&reply->items[0], "gone")) {
		l->desk->raced++;
	}
	round_landed(l);
}

/* A number as an argument, in the round's memory. */
static struct span number_arg(struct leasing *l, int64_t n)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", (long long)n);
	return arena_copy(&l->round, span_str(text));
}

/* The bytes by which a record is known again (codec/record.h: version and checksum). */
static struct span head_of(struct span record)
{
	return span_of(record.ptr, record.len < 5 ? record.len : 5);
}

static void send_lease(struct candidate *c, const struct job_found *found, struct span record)
{
	struct leasing *l = c->leasing;
	struct span args[] = {id_of(c), SPAN_EMPTY, number_arg(l, l->ask.lease_ms), l->ask.consumer,
		head_of(record), number_arg(l, (int64_t)record.len), found->rules};
	struct job_call call = {.script = JOB_SCRIPT_LEASE,
		.partition = c->partition,
		.args = args,
		.n_args = ARRAY_SIZE(args),
		.fn = on_decided,
		.user = c};

	make_token(c);
	args[1] = span_str(c->token);
	if (!args[2].ptr || !args[5].ptr)
		note(l, -ENOMEM, "out of memory");
	else
		(void)send_script(l, &call);
}

/* What a verdict makes of a job, and what the customer's log hears of it. */
static const struct settlement {
	const char *state;
	enum job_fate fate;
} settlements[] = {
	[JOB_ALLOW] = {"", JOB_FATE_COUNT},
	[JOB_DEFER] = {"ready", JOB_FATE_DEFERRED},
	[JOB_REROUTE] = {"ready", JOB_FATE_COUNT},
	[JOB_CANCEL] = {"cancelled", JOB_FATE_CANCELLED},
	[JOB_EXPIRE] = {"expired", JOB_FATE_CANCELLED},
	[JOB_GIVE_UP] = {"failed", JOB_FATE_FAILED},
};

static void send_settlement(struct candidate *c, const struct job_found *found,
	const struct job_verdict *v, struct span record)
{
	_cleanup_(buf_release) struct buf event = BUF_INIT, meta = BUF_INIT;
	struct leasing *l = c->leasing;
	const struct settlement *s = &settlements[v->answer];
	int64_t now = job_desk_day(l->desk);
	struct job_event e = {.identity = l->desk->identity,
		.fate = s->fate,
		.at = now,
		.reason = span_str(v->reason),
		.gate = v->gate,
		.words = span_str(v->words),
		.until = v->until};
	struct span args[] = {id_of(c), head_of(record), number_arg(l, (int64_t)record.len),
		span_str(s->state), v->answer == JOB_REROUTE ? v->channel : SPAN_EMPTY,
		number_arg(l, v->answer == JOB_DEFER ? v->until : 0), span_str(v->reason),
		SPAN_EMPTY, SPAN_EMPTY, found->rules};
	struct job_call call = {.script = JOB_SCRIPT_SETTLE,
		.partition = c->partition,
		.args = args,
		.n_args = ARRAY_SIZE(args),
		.fn = on_decided,
		.user = c};
	int r = s->fate == JOB_FATE_COUNT || v->silent ? 0
						       : job_tell(found, &e, now, &event, &meta);

	args[7] = buf_span(&event);
	args[8] = buf_span(&meta);
	l->desk->denied++;
	if (r < 0 || !args[2].ptr || !args[5].ptr)
		note(l, -ENOMEM, "out of memory");
	else
		(void)send_script(l, &call);
}

/* Of which the customer's log hears nothing. */
static void put_off(struct job_verdict *v, int64_t until, const char *reason)
{
	*v = (struct job_verdict){.answer = JOB_DEFER, .until = until, .silent = true};
	(void)snprintf(v->reason, sizeof(v->reason), "%s", reason);
}

/*
 * Whose job it was has become part of the customer of R, who has not heard of it yet: what was
 * known of them, and may disprove the job, is still on its way. Where there were more names than
 * are remembered (journey_knows_id) nothing follows from one that is missing.
 */
static bool is_arriving(const struct record *r, struct span whose)
{
	const struct journey *j = r->journey;
	enum id_state state = ID_REFUSED;
	bool known = journey_knows_id(j, whose, &state);

	/* Claimed is asked for, and no more. */
	return !span_equal(text_span(j->customer), whose) &&
	       journey_n_marks(j) < JOURNEY_ID_MARKS_MAX && !(known && state == ID_LINKED);
}

static uint64_t rules_named(const struct job_found *found)
{
	uint64_t digest = 0;

	(void)rules_digest_parse(found->rules, &digest);
	return digest;
}

static bool is_over(const struct job_found *found, int64_t now)
{
	return found->view.valid_until <= now;
}

static void on_rules(void *arg)
{
	struct candidate *c = arg;

	look_at(c);
	round_landed(c->leasing);
}

/* True: there is what C can be judged by. Else it is looked at again when there is, or the question
 * ends. */
static bool has_rules(struct candidate *c, const struct job_found *found)
{
	struct leasing *l = c->leasing;
	struct job_desk *desk = l->desk;
	int r = 0;

	if (desk->have_rules && c->brought == BROUGHT_MAX)
		r = -EAGAIN;
	else if (desk->have_rules)
		r = desk->have_rules(desk->rules_user, rules_named(found), on_rules, c);
	if (r == JOB_RULES_COMING) {
		c->brought++;
		l->waiting++;
	} else if (r == -ENOENT) {
		note(l, JOB_DESK_RULES, "there are no rules to judge by");
	} else if (r < 0) {
		note(l, r, "the rules cannot be read");
	}
	return r == 0;
}

static void judge(
	struct candidate *c, const struct job_found *found, struct span record, int64_t now)
{
	struct job_desk *desk = c->leasing->desk;
	struct job_verdict v = {.answer = JOB_ALLOW};
	struct record decoded = RECORD_INIT;
	struct job_look look = {.job = &found->view,
		.rules = rules_named(found),
		.channel = found->channel,
		.tries = found->tries,
		.incident = found->incident,
		.now = now};
	bool nowhere = link_is(record);
	int r = record.len && !nowhere ? record_decode(record, &decoded) : 0;

	c->judged++;
	if (record.len && !nowhere && r == 0)
		look.record = &decoded;
	if (is_over(found, now))
		v = (struct job_verdict){.answer = JOB_EXPIRE, .reason = "expired"};
	else if (found->tries >= desk->max_tries)
		v = (struct job_verdict){.answer = JOB_GIVE_UP, .reason = "tries"};
	else if (r != 0) /* It must not stand in the way of the others. */
		put_off(&v, now + UNREADABLE_MS, "record_unreadable");
	else if (nowhere || (look.record && is_arriving(look.record, found->view.whose)))
		put_off(&v, now + ARRIVING_MS, "customer_moving");
	else if (desk->judge)
		desk->judge(desk->judge_user, &look, &v);
	if (v.answer == JOB_ALLOW)
		send_lease(c, found, record);
	else
		send_settlement(c, found, &v, record);
	if (look.record)
		record_release(&decoded);
}

static void on_look(void *user, const struct redis_value *reply)
{
	struct candidate *c = user;
	struct leasing *l = c->leasing;
	struct job_found found;
	struct span record;
	int64_t now;
	char words[WORDS_SIZE];
	int r = job_reply_outcome(reply, words, sizeof(words));

	if (r == 0)
		r = job_found_read(reply, &l->round, &found, &record, &now);
	if (r != 0) {
		note(l, r, r == JOB_DESK_CORRUPT ? "a job that cannot be read" : words);
	} else if (!span_is(found.state, "ready")) {
		l->desk->raced++;
		l->moved = true;
	} else {
		c->fire_at = found.view.fire_at;
		c->json = arena_copy(&l->round, found.json);
		if (!c->json.ptr)
			note(l, -ENOMEM, "out of memory");
		else if (is_over(&found, now) || has_rules(c, &found))
			judge(c, &found, record, now);
	}
	round_landed(l);
}

static void look_at(struct candidate *c)
{
	const struct span args[] = {id_of(c), SPAN_LIT("1")};
	struct job_call call = {.script = JOB_SCRIPT_LOOK,
		.partition = c->partition,
		.args = args,
		.n_args = ARRAY_SIZE(args),
		.fn = on_look,
		.user = c};

	(void)send_script(c->leasing, &call);
}

/* ---- a round ----------------------------------------------------------------------------- */

static int by_member(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return span_compare(x->member, y->member);
}

/* The most urgent first, and once each: one whose end has come stands in both lists. */
static void order_candidates(struct leasing *l)
{
	size_t n = 0;

	if (l->n_found > 0)
		qsort(l->found, l->n_found, sizeof(*l->found), by_member);
	for (size_t i = 0; i < l->n_found; i++)
		if (n == 0 || !span_equal(l->found[n - 1].member, l->found[i].member))
			l->found[n++] = l->found[i];
	l->n_found = n;
}

static void on_picked_all(struct leasing *l)
{
	size_t want = l->ask.max - l->n_jobs;

	order_candidates(l);
	l->more = l->n_found > want;
	l->moved = false;
	l->waiting = 1;
	for (size_t i = 0; i < l->n_found && i < want && l->r == 0; i++)
		look_at(&l->found[i]);
	round_landed(l);
}

static void add_candidates(struct leasing *l, uint32_t partition, const struct redis_value *list)
{
	for (size_t i = 0; i < list->n_items; i++) {
		struct span member = list->items[i].text;

		if (member.len <= JOB_MEMBER_ID_AT)
			continue;
		if (l->n_found == l->cap_found) {
			size_t cap = l->cap_found ? 2 * l->cap_found : 128;
			struct candidate *grown = realloc(l->found, cap * sizeof(*grown));

			if (!grown) {
				note(l, -ENOMEM, "out of memory");
				return;
			}
			l->found = grown;
			l->cap_found = cap;
		}
		member = arena_copy(&l->round, member);
		if (member.ptr)
			l->found[l->n_found++] = (struct candidate){
				.leasing = l, .partition = partition, .member = member};
		else
			note(l, -ENOMEM, "out of memory");
	}
}

static void on_picked(void *user, const struct redis_value *reply)
{
	struct leasing *l = user;
	uint32_t partition = l->next++;
	char words[WORDS_SIZE];
	int r = job_reply_outcome(reply, words, sizeof(words));

	if (r == 0 && reply->n_items != 2)
		r = JOB_DESK_CORRUPT;
	if (r != 0)
		note(l, r, r == JOB_DESK_CORRUPT ? "an answer of another form" : words);
	for (size_t i = 0; r == 0 && i < 2; i++)
		add_candidates(l, partition, &reply->items[i]);
	if (--l->waiting == 0)
		on_picked_all(l);
}

/* False: nobody could be asked. */
static bool start_round(struct leasing *l)
{
	struct span args[2 + JOB_CHANNELS_MAX];
	char most[24], due[24];
	struct job_call call = {.script = JOB_SCRIPT_PICK,
		.args = args,
		.n_args = 2 + l->ask.n_channels,
		.fn = on_picked,
		.user = l};

	arena_reset(&l->round);
	l->n_found = 0;
	l->next = 0;
	(void)snprintf(most, sizeof(most), "%zu", l->ask.max - l->n_jobs + 1);
	(void)snprintf(due, sizeof(due), "%d", DUE_SCAN);
	args[0] = span_str(most);
	args[1] = span_str(due);
	for (size_t i = 0; i < l->ask.n_channels; i++)
		args[2 + i] = l->channels[i];
	for (uint32_t p = 0; p < l->desk->partitions && l->r == 0; p++) {
		call.partition = p;
		(void)send_script(l, &call);
	}
	return l->waiting > 0;
}

int job_lease(struct job_desk *desk, const struct job_lease_ask *ask)
{
	struct leasing *l;
	bool copied;

	assert(ask->max > 0 && ask->max <= JOB_LEASE_MAX && ask->n_channels <= JOB_CHANNELS_MAX);
	assert(ask->consumer.len > 0 && ask->consumer.len <= JOB_CONSUMER_MAX);
	if (desk->partitions == 0 || !redis_is_up(desk->redis))
		return -ENOTCONN;
	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->desk = desk;
	l->ask = *ask;
	arena_init(&l->arena);
	arena_init(&l->round);
	l->ask.consumer = arena_copy(&l->arena, ask->consumer);
	copied = l->ask.consumer.ptr;
	for (size_t i = 0; i < ask->n_channels; i++) {
		l->channels[i] = arena_copy(&l->arena, ask->channels[i]);
		copied = copied && l->channels[i].ptr;
	}
	if (!copied) {
		leasing_free(l);
		return -ENOMEM;
	}
	if (!start_round(l)) {
		leasing_free(l);
		return -ENOTCONN;
	}
	desk->pending++;
	return 0;
}
