/* SPDX-License-Identifier: MIT */
/*
 * Consents of a customer who was several, whatever the order in which words and links come in. The
 * model takes them in the order in which they happened: whoever becomes one with somebody has the
 * stricter of what both said last, and whatever they say then is the word of both.
 */
#include "check.h"

#include "../chance.h"
#include "core/effect.h"
#include "core/link_rules.h"
#include "core/merge.h"
#include "core/policy.h"
#include "core/rule.h"

#define ITEMS_MAX 6
#define KEYS	  4
#define ROUNDS	  60

static const char *const keys[KEYS] = {"user", "email:a@b", "phone:1", "anon:v"};

/* A word of FROM, or that FROM is TO's. */
struct item {
	int64_t at;
	size_t from, to;
	bool is_link, by_mail, passed;
	enum consent_word word;
};

struct history {
	struct item items[ITEMS_MAX];
	size_t n;
};

/* ---- the model --------------------------------------------------------------------------- */

static void say_as(int *words, const size_t *group, size_t of, int word)
{
	for (size_t k = 0; k < KEYS; k++)
		if (group[k] == group[of])
			words[k] = word;
}

/* What everybody comes to who is one with the first key; -1: nothing. ITEMS are in order of time.
 */
static int model(const struct history *h)
{
	int words[KEYS];
	size_t group[KEYS];

	for (size_t k = 0; k < KEYS; k++) {
		words[k] = -1;
		group[k] = k;
	}
	for (size_t i = 0; i < h->n; i++) {
		const struct item *item = &h->items[i];
		size_t old = group[item->from];
		int one = words[item->from], other = words[item->to];

		if (!item->is_link) {
			say_as(words, group, item->from, (int)item->word);
			continue;
		}
		for (size_t k = 0; k < KEYS; k++)
			if (group[k] == old)
				group[k] = group[item->to];
		say_as(words, group, item->to,
			one < 0 || (other >= 0 && other < one) ? other : one);
	}
	return words[0];
}

/* ---- customers --------------------------------------------------------------------------- */

struct town {
	struct journey *journeys[KEYS];
	size_t link[KEYS]; /* to whom; KEYS: to nobody */
	struct rules *rules;
	struct effects effects;
};

static void town_init(struct town *t)
{
	REQUIRE(rules_new(&t->rules) == 0);
	effects_init(&t->effects);
	for (size_t k = 0; k < KEYS; k++) {
		REQUIRE(journey_new(span_str(keys[k]), &t->journeys[k]) == 0);
		t->link[k] = KEYS;
	}
}

static void town_release(struct town *t)
{
	for (size_t k = 0; k < KEYS; k++)
		journey_free(t->journeys[k]);
	effects_release(&t->effects);
	t->rules = rules_free(t->rules);
}

static size_t owner(const struct town *t, size_t key)
{
	while (t->link[key] < KEYS)
		key = t->link[key];
	return key;
}

static struct event event_of(const struct town *t, const struct item *item, size_t key)
{
	size_t to = owner(t, key);

	return (struct event){.kind = EVENT_CONSENT_UPDATED,
		.customer = span_str(keys[to]),
		.subject = to == key ? SPAN_EMPTY : span_str(keys[key]),
		.occurred_at = item->at,
		.received_at = 100,
		.link_rights = LINK_TRUSTED | LINK_EXPLICIT};
}

static void hear_word(struct town *t, const struct item *item)
{
	static const char *const words[] = {"withdrawn", "soft", "given"};
	struct value fields[FIELD_FIXED_COUNT] = {{0}};
	struct event e = event_of(t, item, item->from);

	fields[FIELD_STATUS].type = VALUE_STRING;
	fields[FIELD_STATUS].text = fields[FIELD_STATUS].raw = span_str(words[item->word]);
	e.fields = fields;
	e.n_fields = ARRAY_SIZE(fields);
	if (item->by_mail && item->word == CONSENT_WITHDRAWN)
		e.kind = EVENT_UNSUBSCRIBED;
	REQUIRE(journey_fold(t->journeys[owner(t, item->from)], &e) == 0);
}

/* Unless it is said again, FROM is by itself yet. Either TO's customer asked for it, or the answer
 * came to TO when that had become somebody else's, and was passed on. */
static void hear_link(struct town *t, const struct item *item)
{
	size_t to = owner(t, item->to);
	struct journey *into = t->journeys[to], *from = t->journeys[item->from];
	struct event e = event_of(t, item, item->to);
	struct event_id id = {span_str(keys[item->from]), 0};
	struct message m = {.to = span_str(keys[to]),
		.of = span_str(keys[item->from]),
		.said_at = item->at,
		.linked_at = 100};
	bool again = t->link[item->from] < KEYS;
	struct span stronger;

	e.ids = &id;
	e.n_ids = 1;
	into->n_events++; /* that one */
	message_pass(&m, m.of, 100);
	if (item->passed && !again)
		message_pass(&m, span_str(keys[item->to]), 100);
	else
		REQUIRE(link_claims(&IDENTITY_DEFAULT, into, &e, &t->effects, NULL, &stronger) ==
			0);
	effects_reset(&t->effects);
	if (again)
		return;
	if (from->n_events > 0) {
		const struct merge_terms terms = {.said_at = item->at, .under = message_under(&m)};

		REQUIRE(merge_journeys(t->rules, into, from, &terms, 100) == 0);
		REQUIRE(link_merged(into, &m, 100, &t->effects) == 0);
	} else {
		REQUIRE(link_linked(into, &m, 100, &t->effects) == 0);
	}
	t->link[item->from] = to;
	effects_reset(&t->effects);
}

static enum consent_answer answer_in(const struct history *h, const size_t *order)
{
	enum consent_answer answer;
	struct town t;

	town_init(&t);
	for (size_t i = 0; i < h->n; i++) {
		const struct item *item = &h->items[order[i]];

		if (item->is_link)
			hear_link(&t, item);
		else
			hear_word(&t, item);
	}
	answer = journey_consent_answer(
		t.journeys[owner(&t, 0)], SPAN_LIT("news"), JOB_CHANNEL_EMAIL);
	town_release(&t);
	return answer;
}

/* ---- all orders -------------------------------------------------------------------------- */

static bool next_order(size_t *order, size_t n)
{
	size_t i = n - 1, k = n - 1, swap;

	assert(n > 1 && n <= ITEMS_MAX);
	while (i > 0 && order[i - 1] > order[i])
		i--;
	if (i == 0)
		return false;
	while (order[k] < order[i - 1])
		k--;
	swap = order[i - 1];
	order[i - 1] = order[k];
	order[k] = swap;
	for (size_t a = i, b = n - 1; a < b; a++, b--) {
		swap = order[a];
		order[a] = order[b];
		order[b] = swap;
	}
	return true;
}

static void show(const struct history *h, const size_t *order)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct item *item = &h->items[i];

		fprintf(stderr, "# %lld %s", (long long)item->at, keys[item->from]);
		if (item->is_link)
			fprintf(stderr, " is %s's%s\n", keys[item->to],
				item->passed ? ", passed on" : "");
		else
			fprintf(stderr, " says %d%s\n", (int)item->word,
				item->by_mail ? " of mail" : "");
	}
	fprintf(stderr, "# in order");
	for (size_t i = 0; i < h->n; i++)
		fprintf(stderr, " %lld", (long long)h->items[order[i]].at);
	fprintf(stderr, "\n");
}

static void check_orders(const struct history *h, enum consent_answer want)
{
	size_t order[ITEMS_MAX] = {0};

	for (size_t i = 0; i < h->n; i++)
		order[i] = i;
	do {
		enum consent_answer got = answer_in(h, order);

		if (got != want)
			show(h, order);
		CHECK_INT(got, want);
	} while (check_failures == 0 && next_order(order, h->n));
}

static void add_words(struct chance *c, struct history *h, size_t n, bool by_mail)
{
	/* Between the links, and of each kind. */
	for (size_t i = 0; i < n; i++)
		h->items[h->n++] = (struct item){.from = chance_below(c, KEYS),
			.word = chance_below(c, 4) ? (enum consent_word)(2 * chance_below(c, 2))
						   : CONSENT_SOFT,
			.by_mail = by_mail && chance_below(c, 2)};
}

/* Chains and stars that end at the user; a key may stay by itself. */
static void add_links(struct chance *c, struct history *h, size_t n)
{
	size_t from = KEYS;

	for (size_t i = 0; i < n; i++) {
		from = 1 + chance_below(c, from - 1);
		h->items[h->n++] = (struct item){.is_link = true,
			.from = from,
			.to = chance_below(c, from),
			.passed = chance_below(c, 2)};
		if (from == 1)
			break;
	}
}

static void shuffle(struct chance *c, struct history *h)
{
	for (size_t i = h->n; i > 1; i--) {
		size_t k = chance_below(c, i);
		struct item swap = h->items[i - 1];

		h->items[i - 1] = h->items[k];
		h->items[k] = swap;
	}
	for (size_t i = 0; i < h->n; i++)
		h->items[i].at = 10 * (int64_t)(i + 1);
}

static void test_orders(void)
{
	struct chance c = chance_new();
	size_t n = 0;

	for (int round = 0; round < ROUNDS && check_failures == 0; round++) {
		struct history h = {.n = 0};
		bool by_mail = round % 2;
		size_t in_time[ITEMS_MAX] = {0, 1, 2, 3, 4, 5};

		add_links(&c, &h, 2);
		add_words(&c, &h, 5 - h.n + chance_below(&c, 2), by_mail);
		shuffle(&c, &h);
		/* Of one way and of all there is no model as small: the orders agree. */
		check_orders(&h,
			by_mail ? answer_in(&h, in_time) : (enum consent_answer)(model(&h) + 1));
		n += h.n;
	}
	printf("# %d histories of %zu words and links\n", ROUNDS, n);
}

/* ---- by hand ----------------------------------------------------------------------------- */

#define NO  CONSENT_WITHDRAWN
#define YES CONSENT_GIVEN
#define SAID(FROM, WORD, AT)                                                                       \
	{                                                                                          \
		.at = (AT), .from = (FROM), .word = (WORD)                                         \
	}
#define IS(FROM, TO, AT)                                                                           \
	{                                                                                          \
		.at = (AT), .from = (FROM), .to = (TO), .is_link = true                            \
	}

static const struct {
	const char *name;
	struct history history;
	enum consent_answer want;
} stories[] = {
	{"no as a visitor, yes as a user", {{SAID(3, NO, 1), SAID(0, YES, 2), IS(3, 0, 3)}, 3},
		CONSENT_IS_WITHDRAWN},
	{"and yes when they were one",
		{{SAID(3, NO, 1), SAID(0, YES, 2), IS(3, 0, 3), SAID(0, YES, 4)}, 4},
		CONSENT_IS_GIVEN},
	{"a yes as a visitor after it is the user's",
		{{SAID(0, NO, 1), IS(3, 0, 2), SAID(3, YES, 3)}, 3}, CONSENT_IS_GIVEN},
	{"no, yes, and a new device", {{SAID(0, NO, 1), SAID(0, YES, 2), IS(3, 0, 3)}, 3},
		CONSENT_IS_GIVEN},
	{"a visitor's no, a guest's yes when they were one, and then a user",
		{{SAID(3, NO, 1), IS(3, 1, 2), SAID(1, YES, 3), IS(1, 0, 4)}, 4}, CONSENT_IS_GIVEN},
	{"a guest's yes when they were one, and the user's no before",
		{{SAID(0, NO, 1), IS(3, 1, 2), SAID(3, YES, 3), IS(1, 0, 4)}, 4},
		CONSENT_IS_WITHDRAWN},
	{"a guest's visitor is the user's only since the guest is",
		{{SAID(3, NO, 1), IS(3, 1, 2), SAID(0, YES, 3), IS(1, 0, 4)}, 4},
		CONSENT_IS_WITHDRAWN},
	{"a yes in the instant in which they become one is the visitor's",
		{{SAID(0, NO, 1), SAID(3, YES, 2), IS(3, 0, 2)}, 3}, CONSENT_IS_WITHDRAWN},
	{"what makes them one is said twice",
		{{SAID(3, NO, 1), IS(3, 0, 2), SAID(0, YES, 3), IS(3, 0, 4)}, 4}, CONSENT_IS_GIVEN},
};

static void test_stories(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(stories); i++) {
		struct history h = stories[i].history;

		CHECK_INT(model(&h) + 1, stories[i].want);
		check_orders(&h, stories[i].want);
		for (size_t k = 0; k < h.n; k++)
			h.items[k].passed = true;
		check_orders(&h, stories[i].want);
		if (check_failures > 0) {
			fprintf(stderr, "# %s\n", stories[i].name);
			return;
		}
	}
}

/* An id goes, and with it whose word it was: a no is the customer's since the link, a yes does not
 * go before what they say themselves. */
static void test_forgotten(void)
{
	for (int word = NO; word <= YES; word += YES - NO) {
		const struct item before[] = {SAID(0, (enum consent_word)(YES - word), 1),
			SAID(3, (enum consent_word)word, 2), IS(3, 0, 3)};
		const struct item after = SAID(0, YES, 4);
		struct journey *j;
		struct town t;

		town_init(&t);
		hear_word(&t, &before[0]);
		hear_word(&t, &before[1]);
		hear_link(&t, &before[2]);
		j = t.journeys[0];
		CHECK_INT(j->n_consents, 2);
		REQUIRE(j->n_ids == 1);
		journey_remove_id(j, 0);
		CHECK_INT(j->n_consents, 1);
		CHECK_INT(j->consents[0].side.len, 0);
		CHECK_INT(j->consents[0].at, word == NO ? 3 : 1);
		CHECK_INT(journey_consent_answer(j, SPAN_LIT("news"), JOB_CHANNEL_EMAIL),
			CONSENT_IS_WITHDRAWN);
		hear_word(&t, &after);
		CHECK_INT(journey_consent_answer(j, SPAN_LIT("news"), JOB_CHANNEL_EMAIL),
			CONSENT_IS_GIVEN);
		town_release(&t);
	}
}

/* ---- links that are said again ----------------------------------------------------------- */

#define EDGES 6

/* A and B are one since AT, or since a later link. */
struct edge {
	size_t a, b;
	int64_t at;
};

/* Since when each two are one: no path between them has an earlier latest link. */
static void model_since(const struct edge *edges, size_t n, int64_t since[KEYS][KEYS])
{
	for (size_t a = 0; a < KEYS; a++)
		for (size_t b = 0; b < KEYS; b++)
			since[a][b] = a == b ? INT64_MIN : INT64_MAX;
	for (size_t i = 0; i < n; i++) {
		int64_t *one = &since[edges[i].a][edges[i].b];

		*one = int64_min(*one, edges[i].at);
		since[edges[i].b][edges[i].a] = *one;
	}
	for (size_t k = 0; k < KEYS; k++)
		for (size_t a = 0; a < KEYS; a++)
			for (size_t b = 0; b < KEYS; b++)
				since[a][b] =
					int64_min(since[a][b], int64_max(since[a][k], since[k][b]));
}

/* Whom KEY was part of AT, as the ids have it. */
static size_t part_at(const struct journey *j, size_t key, int64_t at)
{
	while (key > 0) {
		const struct customer_id *id = journey_id(j, span_str(keys[key]));
		size_t up = 0;

		if (!id || id->first_at > at)
			break;
		for (size_t k = 1; k < KEYS; k++)
			if (span_equal(text_span(id->under), span_str(keys[k])))
				up = k;
		key = up;
	}
	return key;
}

static void hear_edge(struct town *t, const struct edge *edge, bool first)
{
	const struct item item = {.at = edge->at, .from = edge->a, .to = edge->b, .is_link = true};
	struct event_id id = {span_str(keys[edge->b]), 0};
	struct event e = event_of(t, &item, edge->a);
	struct span stronger;

	if (first) {
		hear_link(t, &item);
		return;
	}
	e.ids = &id;
	e.n_ids = 1;
	REQUIRE(link_claims(&IDENTITY_DEFAULT, t->journeys[0], &e, &t->effects, NULL, &stronger) ==
		0);
	CHECK_INT(stronger.len, 0);
	effects_reset(&t->effects);
}

static void check_since(const struct edge *edges, size_t n)
{
	int64_t since[KEYS][KEYS];
	struct town t;

	model_since(edges, n, since);
	town_init(&t);
	for (size_t i = 0; i < n; i++)
		hear_edge(&t, &edges[i], i < KEYS - 1);
	for (size_t a = 0; a < KEYS; a++)
		for (size_t b = 0; b < a; b++)
			for (int64_t at = 0; at < 10; at++)
				CHECK_INT(part_at(t.journeys[0], a, at) ==
						  part_at(t.journeys[0], b, at),
					since[a][b] <= at);
	town_release(&t);
}

/* All are the user's; and then any two of them are named together, earlier or later. */
static void test_since(void)
{
	struct chance c = chance_new();

	for (int round = 0; round < 2000 && check_failures == 0; round++) {
		struct edge edges[EDGES];

		for (size_t i = 0; i < EDGES; i++) {
			size_t a = i < KEYS - 1 ? i + 1 : 1 + chance_below(&c, KEYS - 1);

			edges[i] = (struct edge){a, i < KEYS - 1 ? 0 : chance_below(&c, a),
				(int64_t)chance_below(&c, 10)};
		}
		for (size_t i = KEYS - 1; i < EDGES && round % 2; i++) {
			size_t a = edges[i].a;

			edges[i].a = edges[i].b;
			edges[i].b = a;
		}
		check_since(edges, EDGES);
	}
}

static const struct check_case cases[] = {
	{"by hand", test_stories},
	{"of an id that goes", test_forgotten},
	{"any order, a model", test_orders},
	{"links said again", test_since},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
