/* SPDX-License-Identifier: MIT */
/*
 * How far an order has got. The ranks are those of triggers.md, section 13; what each list of
 * words comes to is worked out by hand.
 */
#include "core/detail.h"
#include "core/journey.h"
#include "core/merge.h"
#include "core/rule.h"

#include "chance.h"
#include "check.h"

/* One event about the order O. */
struct word {
	enum event_kind kind;
	int64_t at;
	const char *stage;  /* or status; NULL: none */
	const char *number; /* of the parcel; NULL: none */
	bool corrects;
};

static struct value text_value(const char *text)
{
	return (struct value){.type = VALUE_STRING, .text = span_str(text), .raw = span_str(text)};
}

static void say(struct journey *j, const struct word *w)
{
	struct value fields[FIELD_FIXED_COUNT] = {{0}}, details[2] = {{0}};
	struct event_details found = {.values = details};
	struct event e = {
		.kind = w->kind,
		.name = vocab_name(w->kind),
		.occurred_at = w->at,
		.user_id = SPAN_LIT("u"),
		.fields = fields,
		.n_fields = FIELD_FIXED_COUNT,
		.details = &found,
	};

	fields[FIELD_ORDER_ID] = text_value("O");
	if (w->number)
		fields[FIELD_TRACKING_NUMBER] = text_value(w->number);
	if (w->stage && w->kind == EVENT_ORDER_STAGE_ENTERED) {
		details[0] = text_value(w->stage);
		found.at[DETAIL_STAGE] = 1;
	} else if (w->stage) {
		fields[FIELD_STATUS] = text_value(w->stage);
	}
	if (w->corrects) {
		details[1].type = VALUE_TRUE;
		found.at[DETAIL_CORRECTION] = 2;
	}
	REQUIRE(journey_fold(j, &e) == 0);
}

#define STAGE(AT, NAME)                                                                            \
	{                                                                                          \
		EVENT_ORDER_STAGE_ENTERED, (AT), (NAME), NULL, false                               \
	}
#define RIGHT(AT, NAME)                                                                            \
	{                                                                                          \
		EVENT_ORDER_STAGE_ENTERED, (AT), (NAME), NULL, true                                \
	}
#define NEWS(KIND, AT)                                                                             \
	{                                                                                          \
		EVENT_##KIND, (AT), NULL, NULL, false                                              \
	}

/* placed → paid → in_production → quality_check → packed → shipped → out_for_delivery → (ready) →
 * delivered → return_requested → returned → refunded; cancelled is the end. */
static void test_ranks(void)
{
	static const char *const names[] = {"placed", "paid", "in_production", "quality_check",
		"packed", "shipped", "out_for_delivery", "ready_for_pickup", "delivered",
		"return_requested", "returned", "refunded", "cancelled"};

	REQUIRE(ARRAY_SIZE(names) == MILESTONE_COUNT);
	for (unsigned i = 0; i < MILESTONE_COUNT; i++) {
		CHECK_STR(milestone_name(milestone_of_rank(i)), names[i]);
		CHECK_INT(milestone_rank(milestone_of_rank(i)), i);
	}
}

/* ---- word by word ------------------------------------------------------------------------ */

#define WORDS_MAX 8

static const struct scene {
	struct word words[WORDS_MAX]; /* up to the first without an instant */
	enum milestone rank;
	enum order_side side;
	enum milestone about; /* and when that was reached */
	int64_t at;
	bool open;
} scenes[] = {
	/* The way through the workshop. */
	{{NEWS(ORDER_COMPLETED, 1), STAGE(2, "in_production")}, MILESTONE_IN_PRODUCTION,
		ORDER_SIDE_COUNT, MILESTONE_IN_PRODUCTION, 2, true},
	{{NEWS(ORDER_COMPLETED, 1), STAGE(2, "In production"), STAGE(3, "quality-check")},
		MILESTONE_QUALITY_CHECK, ORDER_SIDE_COUNT, MILESTONE_IN_PRODUCTION, 2, true},
	{{NEWS(ORDER_COMPLETED, 1), {EVENT_ORDER_UPDATED, 4, "packed", NULL, false},
		 NEWS(PAYMENT_APPROVED, 5)},
		MILESTONE_PACKED, ORDER_SIDE_COUNT, MILESTONE_PACKED, 4, true},
	/* Packed after it was shipped, by the clocks: the rank stays, the time is noted. */
	{{NEWS(ORDER_COMPLETED, 1), NEWS(ORDER_SHIPPED, 5), STAGE(7, "packed")}, MILESTONE_SHIPPED,
		ORDER_SIDE_COUNT, MILESTONE_PACKED, 7, true},
	/* Wanted back: beyond its delivery, and before it is back. */
	{{NEWS(ORDER_COMPLETED, 1), NEWS(ORDER_DELIVERED, 5), NEWS(RETURN_REQUESTED, 6)},
		MILESTONE_RETURN_REQUESTED, ORDER_SIDE_COUNT, MILESTONE_RETURN_REQUESTED, 6, false},
	{{NEWS(ORDER_COMPLETED, 1), NEWS(ORDER_DELIVERED, 5), NEWS(RETURN_REQUESTED, 6),
		 NEWS(ORDER_RETURNED, 9)},
		MILESTONE_RETURNED, ORDER_SIDE_COUNT, MILESTONE_RETURN_REQUESTED, 6, false},
	/* Whoever wants it back has it, even if nobody said so; but not for having a part of it. */
	{{NEWS(ORDER_COMPLETED, 1), NEWS(RETURN_REQUESTED, 6)}, MILESTONE_RETURN_REQUESTED,
		ORDER_SIDE_COUNT, MILESTONE_DELIVERED, TIME_NEVER, false},
	{{NEWS(ORDER_COMPLETED, 1), {EVENT_SHIPMENT_DELIVERED, 4, NULL, "T", false},
		 {EVENT_SHIPMENT_UPDATED, 5, "shipped", "U", false}, NEWS(RETURN_REQUESTED, 6)},
		MILESTONE_RETURN_REQUESTED, ORDER_SIDE_COUNT, MILESTONE_DELIVERED, TIME_NEVER,
		true},
	/* Taken back, it is waited for again. */
	{{NEWS(ORDER_COMPLETED, 1), NEWS(RETURN_REQUESTED, 6),
		 {EVENT_ORDER_UPDATED, 7, "packed", NULL, true}},
		MILESTONE_PACKED, ORDER_SIDE_COUNT, MILESTONE_RETURN_REQUESTED, TIME_NEVER, true},
	/* Beside its way, until it goes on. */
	{{NEWS(ORDER_COMPLETED, 1), STAGE(2, "on_hold")}, MILESTONE_PLACED, ORDER_ON_HOLD,
		MILESTONE_PAID, TIME_NEVER, true},
	{{STAGE(2, "on_hold"), NEWS(ORDER_COMPLETED, 3)}, MILESTONE_PLACED, ORDER_ON_HOLD,
		MILESTONE_PLACED, 3, true},
	{{NEWS(ORDER_COMPLETED, 1), STAGE(2, "in_production"),
		 {EVENT_ORDER_UPDATED, 3, "backordered", NULL, false}},
		MILESTONE_IN_PRODUCTION, ORDER_BACKORDERED, MILESTONE_IN_PRODUCTION, 2, true},
	{{NEWS(ORDER_COMPLETED, 1), STAGE(3, "backordered"), STAGE(4, "on_hold")}, MILESTONE_PLACED,
		ORDER_ON_HOLD, MILESTONE_PLACED, 1, true},
	{{NEWS(ORDER_COMPLETED, 1), STAGE(2, "on_hold"), STAGE(5, "packed")}, MILESTONE_PACKED,
		ORDER_SIDE_COUNT, MILESTONE_PACKED, 5, true},
	/* In production again, which is not its first time. */
	{{NEWS(ORDER_COMPLETED, 1), STAGE(2, "in_production"), STAGE(3, "on_hold"),
		 STAGE(4, "in_production")},
		MILESTONE_IN_PRODUCTION, ORDER_SIDE_COUNT, MILESTONE_IN_PRODUCTION, 2, true},
	{{NEWS(ORDER_COMPLETED, 1), STAGE(3, "on_hold"), STAGE(3, "packed")}, MILESTONE_PACKED,
		ORDER_SIDE_COUNT, MILESTONE_PACKED, 3, true},
	/* The other two, and whose word is which. */
	{{NEWS(ORDER_COMPLETED, 1), STAGE(2, "payment_pending")}, MILESTONE_PLACED,
		ORDER_PAYMENT_PENDING, MILESTONE_PAID, TIME_NEVER, true},
	{{NEWS(ORDER_COMPLETED, 1), NEWS(PAYMENT_APPROVED, 2), STAGE(3, "payment_pending")},
		MILESTONE_PAID, ORDER_SIDE_COUNT, MILESTONE_PAID, 2, true},
	{{NEWS(ORDER_COMPLETED, 1), NEWS(PAYMENT_APPROVED, 2), STAGE(3, "backordered"),
		 {EVENT_ORDER_UPDATED, 4, "payment_pending", NULL, false}},
		MILESTONE_PAID, ORDER_BACKORDERED, MILESTONE_PAID, 2, true},
	{{NEWS(ORDER_COMPLETED, 1), NEWS(ORDER_SHIPPED, 2), NEWS(DELIVERY_FAILED, 3)},
		MILESTONE_SHIPPED, ORDER_EXCEPTION, MILESTONE_SHIPPED, 2, true},
	{{NEWS(ORDER_COMPLETED, 1), {EVENT_SHIPMENT_UPDATED, 3, "Exception", "T", false}},
		MILESTONE_PLACED, ORDER_EXCEPTION, MILESTONE_SHIPPED, TIME_NEVER, true},
	{{NEWS(ORDER_COMPLETED, 1), STAGE(3, "exception"),
		 {EVENT_SHIPMENT_UPDATED, 4, "in_transit", "T", false}},
		MILESTONE_SHIPPED, ORDER_SIDE_COUNT, MILESTONE_SHIPPED, 4, true},
	{{NEWS(ORDER_COMPLETED, 1), {EVENT_ORDER_UPDATED, 3, "exception", NULL, false},
		 {EVENT_SHIPMENT_DELIVERED, 4, NULL, "T", false},
		 {EVENT_SHIPMENT_UPDATED, 2, "in_transit", "U", false}},
		MILESTONE_SHIPPED, ORDER_SIDE_COUNT, MILESTONE_SHIPPED, 2, true},
	{{NEWS(ORDER_COMPLETED, 1), STAGE(3, "exception"), STAGE(3, "on_hold"),
		 STAGE(3, "backordered")},
		MILESTONE_PLACED, ORDER_EXCEPTION, MILESTONE_PLACED, 1, true},
	/* What is over is beside no way. */
	{{NEWS(ORDER_COMPLETED, 1), NEWS(ORDER_CANCELLED, 2), STAGE(3, "on_hold")},
		MILESTONE_CANCELLED, ORDER_SIDE_COUNT, MILESTONE_CANCELLED, 2, false},
	/* A carrier's hold is none of the shop's. */
	{{NEWS(ORDER_COMPLETED, 1), {EVENT_SHIPMENT_UPDATED, 4, "on_hold", "T", false}},
		MILESTONE_PLACED, ORDER_SIDE_COUNT, MILESTONE_SHIPPED, TIME_NEVER, true},
	/* A correction, and nothing else, lowers the rank: it was not delivered, nor shipped. */
	{{NEWS(ORDER_COMPLETED, 1), NEWS(ORDER_SHIPPED, 3), NEWS(ORDER_DELIVERED, 5),
		 RIGHT(6, "packed")},
		MILESTONE_PACKED, ORDER_SIDE_COUNT, MILESTONE_DELIVERED, TIME_NEVER, true},
	{{NEWS(ORDER_COMPLETED, 1), NEWS(ORDER_SHIPPED, 3), NEWS(ORDER_DELIVERED, 5),
		 STAGE(6, "packed")},
		MILESTONE_DELIVERED, ORDER_SIDE_COUNT, MILESTONE_PACKED, 6, false},
	/* What is said behind it counts, though it had been said before. */
	{{NEWS(ORDER_COMPLETED, 1), NEWS(ORDER_DELIVERED, 5), RIGHT(6, "packed"),
		 NEWS(ORDER_DELIVERED, 9)},
		MILESTONE_DELIVERED, ORDER_SIDE_COUNT, MILESTONE_DELIVERED, 9, false},
	{{NEWS(ORDER_COMPLETED, 1), {EVENT_SHIPMENT_DELIVERED, 5, NULL, "T", false},
		 RIGHT(6, "shipped"), {EVENT_SHIPMENT_DELIVERED, 8, NULL, "T", false}},
		MILESTONE_DELIVERED, ORDER_SIDE_COUNT, MILESTONE_DELIVERED, 8, false},
	{{NEWS(ORDER_COMPLETED, 1), {EVENT_SHIPMENT_DELIVERED, 5, NULL, "T", false},
		 RIGHT(6, "shipped")},
		MILESTONE_SHIPPED, ORDER_SIDE_COUNT, MILESTONE_DELIVERED, TIME_NEVER, true},
	/* Behind it, too, the rank never goes down: delivered, and then shipped by the clocks. */
	{{NEWS(ORDER_COMPLETED, 1), NEWS(ORDER_DELIVERED, 5), RIGHT(6, "packed"),
		 NEWS(ORDER_DELIVERED, 7), NEWS(ORDER_SHIPPED, 8)},
		MILESTONE_DELIVERED, ORDER_SIDE_COUNT, MILESTONE_DELIVERED, 7, false},
	/* Two parcels, of which one arrives behind it: the other had. And then not. */
	{{NEWS(ORDER_COMPLETED, 1), {EVENT_SHIPMENT_DELIVERED, 3, NULL, "T", false},
		 {EVENT_SHIPMENT_DELIVERED, 4, NULL, "U", false}, RIGHT(6, "shipped"),
		 {EVENT_SHIPMENT_DELIVERED, 8, NULL, "U", false}},
		MILESTONE_DELIVERED, ORDER_SIDE_COUNT, MILESTONE_DELIVERED, 8, false},
	{{NEWS(ORDER_COMPLETED, 1), NEWS(ORDER_DELIVERED, 4), RIGHT(6, "shipped"),
		 {EVENT_SHIPMENT_DELIVERED, 8, NULL, "U", false},
		 {EVENT_ORDER_SHIPPED, 9, NULL, "T", false}},
		MILESTONE_SHIPPED, ORDER_SIDE_COUNT, MILESTONE_DELIVERED, TIME_NEVER, true},
	{{NEWS(ORDER_COMPLETED, 1), NEWS(ORDER_DELIVERED, 3), RIGHT(5, "packed"),
		 {EVENT_SHIPMENT_DELIVERED, 6, NULL, "T", false}, NEWS(RETURN_REQUESTED, 8)},
		MILESTONE_RETURN_REQUESTED, ORDER_SIDE_COUNT, MILESTONE_DELIVERED, 6, false},
	/* Not cancelled after all; what ranks no higher stays as it was. */
	{{NEWS(ORDER_COMPLETED, 1), NEWS(PAYMENT_APPROVED, 2), NEWS(ORDER_CANCELLED, 4),
		 {EVENT_ORDER_UPDATED, 7, "paid", NULL, true}},
		MILESTONE_PAID, ORDER_SIDE_COUNT, MILESTONE_PAID, 2, true},
	/* At its very instant it takes back, too; a word that nobody knows corrects nothing. */
	{{NEWS(ORDER_COMPLETED, 1), NEWS(ORDER_CANCELLED, 7), RIGHT(7, "paid")}, MILESTONE_PAID,
		ORDER_SIDE_COUNT, MILESTONE_CANCELLED, TIME_NEVER, true},
	{{NEWS(ORDER_COMPLETED, 1), NEWS(ORDER_CANCELLED, 4), RIGHT(7, "somewhere")},
		MILESTONE_CANCELLED, ORDER_SIDE_COUNT, MILESTONE_CANCELLED, 4, false},
	/* Of two the later one; of two at one instant the lower. */
	{{NEWS(ORDER_COMPLETED, 1), NEWS(ORDER_DELIVERED, 3), RIGHT(5, "packed"),
		 RIGHT(6, "shipped")},
		MILESTONE_SHIPPED, ORDER_SIDE_COUNT, MILESTONE_SHIPPED, 6, true},
	{{NEWS(ORDER_COMPLETED, 1), NEWS(ORDER_DELIVERED, 3), RIGHT(5, "delivered"),
		 RIGHT(5, "paid")},
		MILESTONE_PAID, ORDER_SIDE_COUNT, MILESTONE_DELIVERED, TIME_NEVER, true},
};

static void check_scene(const struct journey *j, const struct scene *s, size_t n)
{
	const struct order *o = journey_order(j, SPAN_LIT("O"));
	int before = check_failures;

	REQUIRE(o);
	CHECK_SPAN(milestone_name(order_rank(o)), milestone_name(s->rank));
	CHECK_INT(order_side(o, INT64_MIN), s->side);
	CHECK_INT(order_reached_at(o, s->about), s->at);
	CHECK_INT(order_is_open(o), s->open);
	if (check_failures != before)
		fprintf(stderr, "# scene %zu\n", n);
}

/* Told as it happened, and in any other order. */
static void test_scenes(void)
{
	struct chance c = chance_new();

	for (size_t n = 0; n < 20 * ARRAY_SIZE(scenes); n++) {
		_cleanup_(journey_freep) struct journey *j = NULL;
		const struct scene *s = &scenes[n % ARRAY_SIZE(scenes)];
		size_t n_words = 0, order[WORDS_MAX];

		REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
		for (; n_words < WORDS_MAX && s->words[n_words].at != 0; n_words++)
			order[n_words] = n_words;
		for (size_t i = n_words; i > 0; i--) {
			size_t k = n < ARRAY_SIZE(scenes) ? 0 : chance_below(&c, i);
			size_t taken = order[k];

			memmove(&order[k], &order[k + 1], (n_words - k - 1) * sizeof(order[0]));
			say(j, &s->words[taken]);
		}
		check_scene(j, s, n % ARRAY_SIZE(scenes));
	}
}

/* ---- the law ----------------------------------------------------------------------------- */

/* What a word says of which milestone, and which words mean none; written down apart from the
 * tables of the fold. */
static const struct {
	const char *name;
	unsigned rank; /* MILESTONE_COUNT: none */
	enum order_side side;
} stages[] = {
	{"paid", 1, ORDER_SIDE_COUNT},
	{"in_production", 2, ORDER_SIDE_COUNT},
	{"quality_check", 3, ORDER_SIDE_COUNT},
	{"packed", 4, ORDER_SIDE_COUNT},
	{"shipped", 5, ORDER_SIDE_COUNT},
	{"out_for_delivery", 6, ORDER_SIDE_COUNT},
	{"ready_for_pickup", 7, ORDER_SIDE_COUNT},
	{"delivered", 8, ORDER_SIDE_COUNT},
	{"return_requested", 9, ORDER_SIDE_COUNT},
	{"returned", 10, ORDER_SIDE_COUNT},
	{"refunded", 11, ORDER_SIDE_COUNT},
	{"cancelled", 12, ORDER_SIDE_COUNT},
	{"payment_pending", MILESTONE_COUNT, ORDER_PAYMENT_PENDING},
	{"backordered", MILESTONE_COUNT, ORDER_BACKORDERED},
	{"on_hold", MILESTONE_COUNT, ORDER_ON_HOLD},
	{"exception", MILESTONE_COUNT, ORDER_EXCEPTION},
};
enum { DELIVERED = 8, PLACED = 0, PAID = 1 };

/* A word, and what it means. */
struct meant {
	struct word word;
	unsigned rank;
	enum order_side side;
};

static struct meant chance_word(struct chance *c, bool corrections)
{
	static const struct {
		enum event_kind kind;
		unsigned rank;
		enum order_side side;
		bool of_parcel;
	} kinds[] = {
		{EVENT_ORDER_COMPLETED, PLACED, ORDER_SIDE_COUNT, false},
		{EVENT_PAYMENT_APPROVED, PAID, ORDER_SIDE_COUNT, false},
		{EVENT_ORDER_SHIPPED, 5, ORDER_SIDE_COUNT, true},
		{EVENT_SHIPMENT_DELIVERED, DELIVERED, ORDER_SIDE_COUNT, true},
		{EVENT_ORDER_DELIVERED, DELIVERED, ORDER_SIDE_COUNT, false},
		{EVENT_RETURN_REQUESTED, 9, ORDER_SIDE_COUNT, false},
		{EVENT_DELIVERY_FAILED, MILESTONE_COUNT, ORDER_EXCEPTION, true},
		{EVENT_ORDER_STAGE_ENTERED, 0, ORDER_SIDE_COUNT, false},
		{EVENT_ORDER_STAGE_ENTERED, 0, ORDER_SIDE_COUNT, false},
		{EVENT_ORDER_UPDATED, 0, ORDER_SIDE_COUNT, false},
	};
	static const char *const numbers[] = {NULL, "T1", "T2"};
	size_t kind = chance_below(c, ARRAY_SIZE(kinds)), stage;
	struct meant m = {.rank = kinds[kind].rank, .side = kinds[kind].side};

	m.word.kind = kinds[kind].kind;
	m.word.at = 1 + (int64_t)chance_below(c, 9);
	if (kinds[kind].of_parcel)
		m.word.number = numbers[chance_below(c, ARRAY_SIZE(numbers))];
	if (m.word.kind == EVENT_ORDER_STAGE_ENTERED || m.word.kind == EVENT_ORDER_UPDATED) {
		stage = chance_below(c, ARRAY_SIZE(stages));
		m.word.stage = stages[stage].name;
		m.word.corrects = corrections && chance_below(c, 3) == 0;
		m.rank = stages[stage].rank;
		m.side = stages[stage].side;
	}
	return m;
}

/* The words of an order, and the last correction among them. */
struct told {
	struct meant words[12];
	size_t n;
	int64_t corrected_at;
	unsigned corrected_to;
};

static struct told chance_told(struct chance *c, bool corrections)
{
	struct told t = {.n = 1 + chance_below(c, ARRAY_SIZE(t.words)), .corrected_at = 0};

	for (size_t i = 0; i < t.n; i++) {
		const struct meant *m = &t.words[i];

		t.words[i] = chance_word(c, corrections);
		if (!m->word.corrects || m->rank == MILESTONE_COUNT)
			continue;
		if (m->word.at > t.corrected_at ||
			(m->word.at == t.corrected_at && m->rank < t.corrected_to)) {
			t.corrected_at = m->word.at;
			t.corrected_to = m->rank;
		}
	}
	return t;
}

static bool stands(const struct told *t, unsigned rank, int64_t at)
{
	return t->corrected_at == 0 || rank <= t->corrected_to || at > t->corrected_at;
}

static bool of_parcel(const struct meant *m)
{
	return m->word.number && m->rank == DELIVERED;
}

/* Is every parcel that was ever named said to have arrived, and one of them so that it stands? */
static bool parcels_arrived(const struct told *t)
{
	bool there[2] = {false, false}, arrived[2] = {false, false}, standing = false;

	for (size_t i = 0; i < t->n; i++) {
		const struct meant *m = &t->words[i];

		if (!m->word.number)
			continue;
		there[m->word.number[1] - '1'] = true;
		if (!of_parcel(m))
			continue;
		arrived[m->word.number[1] - '1'] = true;
		standing = standing || stands(t, DELIVERED, m->word.at);
	}
	return standing && arrived[0] == there[0] && arrived[1] == there[1];
}

static bool has_reached(const struct told *t, unsigned rank)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->words[i].rank == rank && !of_parcel(&t->words[i]) &&
			stands(t, rank, t->words[i].word.at))
			return true;
	return rank == DELIVERED && parcels_arrived(t);
}

static unsigned told_rank(const struct told *t)
{
	unsigned rank = 0;

	for (unsigned i = 0; i < MILESTONE_COUNT; i++)
		rank = has_reached(t, i) ? i : rank;
	return rank;
}

static bool names_parcel(const struct told *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->words[i].word.number)
			return true;
	return false;
}

/* Of several parcels it may be one that is wanted back. */
static bool told_open(const struct told *t)
{
	for (unsigned i = DELIVERED; i < MILESTONE_COUNT; i++)
		if ((i != 9 || !names_parcel(t)) && has_reached(t, i))
			return false;
	return has_reached(t, PLACED);
}

static enum order_side told_side(const struct told *t)
{
	enum order_side side = ORDER_SIDE_COUNT;
	int64_t at = 0;

	if (!told_open(t))
		return ORDER_SIDE_COUNT;
	for (size_t i = 0; i < t->n; i++) {
		const struct meant *m = &t->words[i];

		if (m->side == ORDER_SIDE_COUNT || m->word.at < at ||
			(m->side == ORDER_PAYMENT_PENDING && has_reached(t, PAID)))
			continue;
		side = m->word.at > at || m->side > side ? m->side : side;
		at = m->word.at;
	}
	for (size_t i = 0; i < t->n; i++)
		if (t->words[i].rank != MILESTONE_COUNT && t->words[i].rank != PLACED &&
			t->words[i].word.at >= at)
			return ORDER_SIDE_COUNT;
	return side;
}

/* One of its words that stand, and the earliest where nothing was corrected. */
static void check_instant(const struct told *t, unsigned rank, int64_t at)
{
	bool found = at == TIME_NEVER;

	CHECK_INT(at != TIME_NEVER, has_reached(t, rank));
	for (size_t i = 0; i < t->n; i++) {
		const struct meant *m = &t->words[i];

		if (m->rank != rank)
			continue;
		found = found || (m->word.at == at && stands(t, rank, at));
		if (t->corrected_at == 0 && !of_parcel(m))
			CHECK(at <= m->word.at);
	}
	CHECK(found);
}

/* How far it is when each word, and each of its corrections, is followed in its turn; of what was
 * said of no parcel. */
static unsigned followed_rank(const struct told *t)
{
	bool reached[MILESTONE_COUNT] = {false};
	unsigned rank = 0;

	for (int64_t at = 1; at < 10; at++) {
		for (size_t i = 0; i < t->n; i++)
			if (t->words[i].word.at == at && t->words[i].rank < MILESTONE_COUNT)
				reached[t->words[i].rank] = true;
		for (size_t i = 0; i < t->n; i++)
			for (unsigned r = t->words[i].rank + 1;
				t->words[i].word.at == at && t->words[i].word.corrects &&
				r < MILESTONE_COUNT;
				r++)
				reached[r] = false;
	}
	for (unsigned r = 0; r < MILESTONE_COUNT; r++)
		rank = reached[r] ? r : rank;
	return rank;
}

static void check_told(const struct told *t, const struct order *o)
{
	if (!names_parcel(t))
		CHECK_INT(milestone_rank(order_rank(o)), followed_rank(t));
	CHECK_INT(milestone_rank(order_rank(o)), told_rank(t));
	CHECK_INT(order_is_open(o), told_open(t));
	CHECK_INT(order_side(o, INT64_MIN), told_side(t));
	for (unsigned rank = 0; rank < MILESTONE_COUNT; rank++)
		check_instant(t, rank, order_reached_at(o, milestone_of_rank(rank)));
}

static void same(const struct order *a, const struct order *b)
{
	for (unsigned m = 0; m < MILESTONE_COUNT; m++) {
		CHECK_INT(a->at[m], b->at[m]);
		CHECK_INT(a->last[m], b->last[m]);
	}
	for (unsigned i = 0; i < ORDER_SIDE_COUNT; i++)
		CHECK_INT(a->side_at[i], b->side_at[i]);
	CHECK_INT(a->parcel_said_at, b->parcel_said_at);
	CHECK_INT(a->corrected_at, b->corrected_at);
	CHECK_INT(a->corrected_to, b->corrected_to);
}

/* Any order of arrival, also to two who turn out to be one, gives the same: what the words say. */
static void test_law(void)
{
	_cleanup_(rules_freep) struct rules *rules = NULL;
	struct merge_terms terms = {.said_at = 20, .under = SPAN_LIT("u")};
	struct chance c = chance_new();

	REQUIRE(rules_new(&rules) == 0);
	for (int round = 0; round < 4000 && check_failures == 0; round++) {
		_cleanup_(journey_freep) struct journey *a = NULL, *b = NULL, *other = NULL;
		struct told t = chance_told(&c, round & 1);
		struct span order = SPAN_LIT("O");
		size_t left = t.n;
		struct meant words[ARRAY_SIZE(t.words)];

		memcpy(words, t.words, sizeof(words));
		REQUIRE(journey_new(SPAN_LIT("u"), &a) == 0 && journey_new(SPAN_LIT("u"), &b) == 0);
		REQUIRE(journey_new(SPAN_LIT("v"), &other) == 0);
		for (size_t i = 0; i < t.n; i++)
			say(a, &t.words[i].word);
		while (left > 0) {
			size_t k = chance_below(&c, left--);

			say(round & 2 && chance_below(&c, 2) ? other : b, &words[k].word);
			words[k] = words[left];
		}
		REQUIRE(merge_journeys(rules, b, other, &terms, 20) == 0);
		check_told(&t, journey_order(a, order));
		same(journey_order(a, order), journey_order(b, order));
	}
}

/* How far it has got behind W. */
static unsigned rank_behind(struct journey *j, struct word w)
{
	/* A second parcel may undo that all have arrived. */
	w.number = NULL;
	say(j, &w);
	return milestone_rank(order_rank(journey_order(j, SPAN_LIT("O"))));
}

static void check_never_down(const struct told *t)
{
	_cleanup_(journey_freep) struct journey *j = NULL;
	unsigned before = 0;

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	for (size_t i = 0; i < t->n; i++) {
		unsigned rank = rank_behind(j, t->words[i].word);

		CHECK(rank >= before);
		before = rank;
	}
}

/* Without corrections, and with one parcel, the rank never goes down. */
static void test_never_down(void)
{
	struct chance c = chance_new();

	for (int round = 0; round < 500; round++) {
		struct told t = chance_told(&c, false);

		check_never_down(&t);
	}
}

static const struct check_case cases[] = {
	{"ranks", test_ranks},
	{"word by word, in any order", test_scenes},
	{"any words in any order", test_law},
	{"the rank never goes down", test_never_down},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
