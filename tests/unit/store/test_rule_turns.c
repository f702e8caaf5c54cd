/* SPDX-License-Identifier: MIT */
/*
 * Rules that change in the middle of a log. The entry says from where on: what came before it is
 * judged by the old set, timers too, and what comes after it by the new one; where the set is not
 * at hand the pump says which one it wants and goes on once it has it.
 */
#include "check.h"

#include "codec/rule_json.h"
#include "store/keys.h"
#include "store/memory_store.h"
#include "store/pump.h"

#define BASE_AT INT64_C(1700000000000)
#define JOB_MAX 16

/* A waits ten seconds for carts; B waits three, and fires nothing for customers without a name. */
static const char *const texts[2] = {
	"{\"id\":\"cart\",\"class\":\"marketing\",\"gates\":\"off\",\"key\":\"cart_id\",\"arm\":["
	"\"Product Added\"],"
	"\"cancel\":[\"Order Completed\"],\"wait\":\"10s\",\"grace\":\"0s\",\"round\":\"1ms\","
	"\"channels\":[\"email\"]}",
	"{\"id\":\"cart\",\"class\":\"marketing\",\"gates\":\"off\",\"key\":\"cart_id\",\"arm\":["
	"\"Cart Viewed\"],"
	"\"cancel\":[\"Order Completed\"],\"wait\":\"3s\",\"grace\":\"0s\",\"round\":\"1ms\","
	"\"channels\":[\"email\"]}",
};

struct bench {
	struct memory_store *memory;
	struct pump *pump;
	struct rules *rules[2];
	struct event_decoder *decoders[2];
	bool at_hand[2];
	struct position position;
	int stopped;
	char jobs[JOB_MAX][48]; /* key and instant */
	size_t n_jobs;
};

/* The digests are whatever names the sets; here 10 and 11. */
static bool find_rules(void *user, uint64_t digest, const struct rules **ret_rules,
	const struct event_decoder **ret_decoder)
{
	struct bench *b = user;

	if (digest < 10 || digest > 11 || !b->at_hand[digest - 10])
		return false;
	*ret_rules = b->rules[digest - 10];
	*ret_decoder = b->decoders[digest - 10];
	return true;
}

static void on_job(void *user, const struct commit_job *job, const struct commit_retract *retract)
{
	struct bench *b = user;
	char key[20] = "";

	CHECK(!retract && b->n_jobs < JOB_MAX && job->decision.key.len < sizeof(key));
	memcpy(key, job->decision.key.ptr, job->decision.key.len);
	(void)snprintf(b->jobs[b->n_jobs++], sizeof(b->jobs[0]), "%s +%lld", key,
		(long long)(job->decision.fire_at - BASE_AT));
}

static void on_idle(void *user, int64_t next_due)
{
	(void)user;
	(void)next_due;
}

static void on_stop(void *user, int why, struct span customer)
{
	(void)customer;
	((struct bench *)user)->stopped = why;
}

static void on_commit(void *user, const struct commit *c)
{
	((struct bench *)user)->position = c->to;
}

static void start(struct bench *b, bool fixed)
{
	struct pump_options options = {.store = memory_store_store(b->memory),
		.batch = 5,
		.applier = {.cache_customers = 100,
			.find_rules = fixed ? NULL : find_rules,
			.rules_user = b},
		.idle = on_idle,
		.stop = on_stop,
		.committed = on_commit,
		.user = b};
	size_t set = b->position.rules == 11 ? 1 : 0;

	options.applier.rules = b->rules[set];
	options.applier.decoder = b->decoders[set];
	pump_free(b->pump);
	b->stopped = 0;
	b->position.epoch++;
	CHECK(pump_new(&options, &b->pump) == 0);
	CHECK(pump_start(b->pump, &b->position) == 0);
}

static void bench_init(struct bench *b)
{
	static struct file_problems problems;

	memset(b, 0, sizeof(*b));
	b->position.rules = 10;
	for (size_t i = 0; i < 2; i++) {
		struct rule_source source = {"rule.json", span_str(texts[i])};
		struct rule_options options = {.store_zone = SPAN_LIT("UTC")};

		CHECK(rules_compile(&source, 1, &options, &problems, &b->rules[i]) == 0);
		CHECK(event_decoder_new(&b->rules[i]->fields, &IDENTITY_DEFAULT, &b->decoders[i]) ==
			0);
		b->at_hand[i] = true;
	}
	CHECK(memory_store_new(on_job, b, &b->memory) == 0);
}

static void bench_release(struct bench *b)
{
	pump_free(b->pump);
	memory_store_free(b->memory);
	for (size_t i = 0; i < 2; i++) {
		event_decoder_free(b->decoders[i]);
		rules_free(b->rules[i]);
	}
}

static void append(struct bench *b, int64_t after, uint64_t seq, const char *event, int cart)
{
	char json[256], at[INSTANT_SIZE];
	struct log_entry e = {.id = {(uint64_t)(BASE_AT + after), seq},
		.meta = SPAN_LIT("shop/web 1700000000000 -")};

	instant_format(BASE_AT + after, at);
	(void)snprintf(json, sizeof(json),
		"{\"type\":\"track\",\"event\":\"%s\",\"userId\":\"u\",\"timestamp\":\"%s\","
		"\"properties\":{\"cart_id\":\"%d\"}}",
		event, at, cart);
	e.event = span_str(json);
	CHECK(memory_store_append(b->memory, &e) == 0);
}

static void append_rules(struct bench *b, int64_t after, uint64_t seq, const char *name)
{
	struct log_entry e = {.id = {(uint64_t)(BASE_AT + after), seq}, .rules = span_str(name)};

	CHECK(memory_store_append(b->memory, &e) == 0);
}

#define SET_B "000000000000000b"

static void catch_up(struct bench *b, int64_t after)
{
	memory_store_clock(b->memory, BASE_AT + after);
	pump_poke(b->pump, BASE_AT + after);
	memory_store_run(b->memory);
}

static void append_log(struct bench *b)
{
	append(b, 0, 0, "Product Added", 1);	/* due at 10 s */
	append(b, 1000, 0, "Cart Viewed", 2);	/* arms nothing in A */
	append(b, 2000, 0, "Product Added", 3); /* due at 12 s, in the millisecond of the change */
	append_rules(b, 12000, 0, SET_B);
	append(b, 12000, 1, "Cart Viewed", 4);	 /* due at 15 s */
	append(b, 13000, 0, "Product Added", 5); /* arms nothing in B */
	append(b, 14000, 0, "Cart Viewed", 6);	 /* due at 17 s */
}

static void check_jobs(const struct bench *b)
{
	static const char *const want[] = {
		"cart:1 +10000", "cart:3 +12000", "cart:4 +15000", "cart:6 +17000"};

	CHECK_INT(b->n_jobs, ARRAY_SIZE(want));
	for (size_t i = 0; i < ARRAY_SIZE(want) && i < b->n_jobs; i++)
		CHECK_STR(span_str(b->jobs[i]), want[i]);
	CHECK_INT(b->position.rules, 11);
}

static void change_takes_its_place(void)
{
	static struct bench b;

	/* All at once, and step by step. */
	for (int step = 0; step < 2; step++) {
		bench_init(&b);
		start(&b, false);
		append_log(&b);
		for (int64_t at = 0; step && at < 60000; at += 500)
			catch_up(&b, at);
		catch_up(&b, 60000);
		CHECK_INT(b.stopped, 0);
		check_jobs(&b);
		bench_release(&b);
	}
}

static void set_not_at_hand(void)
{
	static struct bench b;

	bench_init(&b);
	b.at_hand[1] = false;
	start(&b, false);
	append_log(&b);
	catch_up(&b, 60000);
	CHECK_INT(b.stopped, PUMP_RULES);
	CHECK_INT(pump_wanted_rules(b.pump), 11);
	CHECK_INT(b.n_jobs, 1); /* what was due before the change, and not in its millisecond */
	CHECK_INT(b.position.rules, 10);
	b.at_hand[1] = true;
	start(&b, false);
	catch_up(&b, 60000);
	CHECK_INT(b.stopped, 0);
	check_jobs(&b);
	/* The next owner begins where this one ended, with the set in force there. */
	start(&b, false);
	append(&b, 70000, 0, "Cart Viewed", 7);
	catch_up(&b, 80000);
	CHECK_INT(b.n_jobs, 5);
	bench_release(&b);
}

static void fixed_rules_stay(void)
{
	static struct bench b;

	bench_init(&b);
	start(&b, true);
	append_log(&b);
	catch_up(&b, 60000);
	CHECK_INT(b.stopped, 0);
	CHECK_INT(b.n_jobs, 3);
	CHECK_STR(span_str(b.jobs[2]), "cart:5 +23000");
	bench_release(&b);
}

static void bad_names_are_put_aside(void)
{
	static const char *const names[] = {"b", "000000000000000B", "0000000000000000",
		"000000000000000bb", "00000000 000000b"};
	static struct bench b;

	bench_init(&b);
	start(&b, false);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		append_rules(&b, 1, i, names[i]);
	append(&b, 2, 0, "Product Added", 1);
	catch_up(&b, 20000);
	CHECK_INT(memory_store_bad(b.memory), ARRAY_SIZE(names));
	CHECK_INT(b.n_jobs, 1);
	CHECK_INT(b.position.rules, 10);
	bench_release(&b);
}

static const struct check_case cases[] = {
	{"a change takes its place in the log", change_takes_its_place},
	{"a set that is not at hand is asked for", set_not_at_hand},
	{"whoever brings rules to stay keeps them", fixed_rules_stay},
	{"names that are none are put aside", bad_names_are_put_aside},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
